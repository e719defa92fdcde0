"""The network as a process: it ends when told, takes its node with it, and says what is wrong before it begins."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from beacon_devnet.execution_node import ExecutionNode

from .network import EXECUTION_BINARY, Network, command, environment, is_alive, wait_until


def run(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True, timeout=120)


class EndTest(unittest.TestCase):
    def test_a_signal_ends_it_cleanly(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number), Network("--slot-ms", "200") as network:
                network.wait_for("slot")
                network.process.send_signal(number)
                network.wait_for("stopped")
                self.assertEqual(network.process.wait(30), 0)
                self.assertFalse(is_alive(network.ready["execution_pid"]))

    def test_the_node_does_not_outlive_it(self) -> None:
        with Network() as network:
            network.process.kill()
            node = network.ready["execution_pid"]
            wait_until(lambda: not is_alive(node), "the execution node is gone")

    def test_it_ends_with_its_parent_if_asked_to(self) -> None:
        # A parent of its own in between, which passes on what comes and is then killed.
        parent = (
            sys.executable,
            "-c",
            "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)",
        )
        with Network("--exit-with-parent", prefix=parent) as network:
            self.assertNotEqual(network.ready["pid"], network.process.pid)
            network.process.kill()
            for pid in (network.ready["pid"], network.ready["execution_pid"]):
                wait_until(lambda pid=pid: not is_alive(pid), f"process {pid} is gone")

    def test_it_ends_with_the_reader_of_its_events(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            node = ("--spawn-execution", EXECUTION_BINARY, "--data-dir", folder)
            ports = ("--execution-rpc-port", "0", "--execution-engine-port", "0", "--beacon-port", "0")
            process = subprocess.Popen(command(*node, *ports), env=environment(), stdout=subprocess.PIPE)
            ready = json.loads(process.stdout.readline())
            process.stdout.close()
            self.assertEqual(process.wait(30), 0)
            self.assertFalse(is_alive(ready["execution_pid"]))

    def test_the_nodes_death_is_an_error(self) -> None:
        with Network() as network:
            os.kill(network.ready["execution_pid"], signal.SIGKILL)
            error = network.wait_for("error")
            self.assertIn("status -9", error["message"])
            self.assertEqual(network.process.wait(30), 1)


class RunningNodeTest(unittest.TestCase):
    def test_it_drives_a_node_that_somebody_else_started(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            genesis = Path(folder) / "genesis.json"
            self.assertEqual(run("--write-genesis", genesis, "--chain-id", "31337").returncode, 0)
            node = ExecutionNode(EXECUTION_BINARY, Path(folder) / "node", json.loads(genesis.read_text()), 0, 0)
            self.addCleanup(node.stop)
            arguments = ("--execution-rpc-url", node.rpc_url, "--execution-engine-url", node.engine_url)
            arguments += ("--jwt", Path(folder) / "node" / "jwt.hex", "--beacon-port", "0")
            with subprocess.Popen(command(*arguments), env=environment(), stdout=subprocess.PIPE) as process:
                ready, slot = (json.loads(process.stdout.readline()) for _ in range(2))
                process.terminate()
            self.assertEqual((ready["event"], slot["event"]), ("ready", "slot"))
            self.assertIsNone(ready["execution_pid"])
            self.assertEqual(process.returncode, 0)
            self.assertIsNone(node.exit_status())


class BeginTest(unittest.TestCase):
    def error(self, result: subprocess.CompletedProcess) -> str:
        self.assertEqual(result.returncode, 1, result.stderr)
        event = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual(event["event"], "error")
        return event["message"]

    def test_a_used_folder_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "execution").mkdir()
            result = run("--spawn-execution", EXECUTION_BINARY, "--data-dir", folder)
            self.assertIn("earlier network", self.error(result))

    def test_a_missing_program_is_named(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            result = run("--spawn-execution", "/no/such/program", "--data-dir", folder)
            self.assertIn("/no/such/program", self.error(result))

    def test_a_program_that_ends_is_quoted(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "node"
            program.write_text("#!/bin/sh\necho no such network\nexit 3\n")
            program.chmod(0o755)
            message = self.error(run("--spawn-execution", program, "--data-dir", Path(folder) / "data"))
            self.assertIn("status 3: no such network", message)

    def test_a_bad_secret_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            secret = Path(folder) / "jwt"
            secret.write_text("0x1234")
            result = run(
                *("--execution-rpc-url", "http://127.0.0.1:1", "--execution-engine-url", "http://127.0.0.1:1"),
                *("--jwt", secret),
            )
            self.assertIn("32 bytes", self.error(result))

    def test_a_running_node_must_be_at_its_beginning_and_on_the_right_chain(self) -> None:
        with Network() as network:
            network.wait_for("slot")
            node = ("--execution-rpc-url", network.ready["execution_rpc_url"])
            node += ("--execution-engine-url", network.ready["execution_engine_url"])
            node += ("--jwt", network.data_dir / "jwt.hex", "--beacon-port", "0")
            self.assertIn("begin at block 0", self.error(run(*node)))
            self.assertIn("chain id 31337, not 5", self.error(run(*node, "--chain-id", "5")))


if __name__ == "__main__":
    unittest.main()
