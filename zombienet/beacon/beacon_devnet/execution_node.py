"""An `@ethereumjs/client` as a child process that never outlives this one."""

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 3.0


class ExecutionNode:
    """A running execution node with its genesis file, secret, log and data in one folder."""

    def __init__(self, binary: Path, data_dir: Path, genesis: dict, rpc_port: int, engine_port: int):
        """Writes what the node needs and starts it. A port of 0 is replaced by a free one.

        Raises `ValueError` if there has been a node in that folder: its chain is another one.
        """
        if (data_dir / "execution").exists():
            raise ValueError(f"{data_dir} has the data of an earlier network: name a new folder, or remove it")
        self.rpc_port = rpc_port or _free_port()
        self.engine_port = engine_port or _free_port()
        self.jwt_secret = secrets.token_bytes(32)
        data_dir.mkdir(parents=True, exist_ok=True)
        data_dir = data_dir.resolve()
        genesis_file = data_dir / "genesis.json"
        genesis_file.write_text(json.dumps(genesis, indent=1))
        jwt_file = data_dir / "jwt.hex"
        jwt_file.touch(mode=0o600)
        jwt_file.write_text(self.jwt_secret.hex())
        self.log_file = data_dir / "execution.log"
        command = [
            str(binary.resolve()),
            f"--gethGenesis={genesis_file}",
            f"--dataDir={data_dir / 'execution'}",
            # No peers, no discovery, no port but the two below.
            "--sync=none",
            # There is nobody to be in step with: take transactions from the start.
            "--isSingleNode",
            "--rpc",
            "--rpcAddr=127.0.0.1",
            f"--rpcPort={self.rpc_port}",
            "--rpcEngine",
            "--rpcEngineAddr=127.0.0.1",
            f"--rpcEnginePort={self.engine_port}",
            f"--jwtSecret={jwt_file}",
            "--no-logFile",
            "--logLevel=warn",
        ]
        libc = ctypes.CDLL(None, use_errno=True)
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=data_dir,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches the whole group: the node's end is ours to bring about, after ours.
                start_new_session=True,
                # Runs in the child: when this process dies, however it dies, the kernel ends the node.
                preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def rpc_url(self) -> str:
        return f"http://127.0.0.1:{self.rpc_port}"

    @property
    def engine_url(self) -> str:
        return f"http://127.0.0.1:{self.engine_port}"

    def exit_status(self) -> int | None:
        """The status the node ended with, or None while it runs."""
        return self._process.poll()

    def log_tail(self) -> str:
        """The last lines the node wrote."""
        return self.log_file.read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """Ends the node: by a request, then by force. Returns when it is gone."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                os.kill(self._process.pid, signal.SIGKILL)
                self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
