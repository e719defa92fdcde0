"""`python -m beacon_devnet`: starts the network and keeps it going until told to stop."""

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from . import __version__, consensus
from .api import BeaconApi, serve
from .chain import Chain
from .consensus import spec
from .engine import Engine, EngineError, JsonRpc
from .events import Events
from .execution_node import ExecutionNode
from .genesis import beacon_genesis, execution_genesis
from .history import BlockRecord, History
from .light_client import LightClientData

_START_PATIENCE_SECONDS = 60.0


class Stopped(Exception):
    """Somebody asked the network to stop."""


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line. Ends the program with a message where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="beacon_devnet",
        description="An Ethereum network on one machine: the executable consensus spec (Electra, minimal preset) "
        "drives an execution node and serves the standard beacon API. Events come on standard output, one JSON "
        "object a line.",
    )
    node = parser.add_argument_group("execution node: either one to start, or one that runs")
    node.add_argument("--spawn-execution", type=Path, metavar="FILE", help="program of @ethereumjs/client to start")
    node.add_argument("--data-dir", type=Path, metavar="DIR", help="where a started node keeps its files; must be new")
    node.add_argument("--execution-rpc-port", type=_port, default=8545, metavar="PORT", help="0 for any (default 8545)")
    node.add_argument(
        "--execution-engine-port", type=_port, default=8551, metavar="PORT", help="0 for any (default 8551)"
    )
    node.add_argument("--execution-rpc-url", metavar="URL", help="JSON-RPC of a running node")
    node.add_argument("--execution-engine-url", metavar="URL", help="Engine API of a running node")
    node.add_argument("--jwt", type=Path, metavar="FILE", help="secret of a running node's Engine API, as hex")
    node.add_argument(
        "--write-genesis", type=Path, metavar="FILE", help="write the genesis file for a node of your own, and end"
    )
    chain = parser.add_argument_group("chain")
    chain.add_argument("--chain-id", type=_positive, default=31337, metavar="N", help="(default 31337)")
    chain.add_argument("--validators", type=_positive, default=64, metavar="N", help="at least 32 (default 64)")
    chain.add_argument(
        "--genesis-time", type=_positive, default=None, metavar="UNIX", help="of a started node (default now)"
    )
    chain.add_argument(
        "--slot-ms", type=_count, default=0, metavar="N", help="real milliseconds a slot (default 0: as fast as it can)"
    )
    chain.add_argument(
        "--history", type=_positive, default=32_768, metavar="N", help="blocks to remember (default 32768)"
    )
    api = parser.add_argument_group("beacon API")
    api.add_argument("--beacon-host", default="127.0.0.1", metavar="HOST", help="(default 127.0.0.1)")
    api.add_argument("--beacon-port", type=_port, default=5052, metavar="PORT", help="0 for any (default 5052)")
    process = parser.add_argument_group("process")
    process.add_argument("--exit-with-parent", action="store_true", help="stop when the starting process is gone")
    process.add_argument("--version", action="version", version=__version__)

    options = parser.parse_args(arguments)
    running = (options.execution_rpc_url, options.execution_engine_url, options.jwt)
    if options.validators < spec.SLOTS_PER_EPOCH * spec.TARGET_COMMITTEE_SIZE:
        parser.error("argument --validators: at least 32, a committee of four for each slot of an epoch")
    if options.history < 8 * spec.SLOTS_PER_EPOCH:
        parser.error(f"argument --history: at least {8 * spec.SLOTS_PER_EPOCH}, all that may not be final yet")
    if options.write_genesis is None:
        if options.spawn_execution is not None:
            if options.data_dir is None or any(running):
                parser.error("--spawn-execution needs --data-dir, and no address of a running node")
        elif not all(running):
            parser.error("give --spawn-execution, or all of --execution-rpc-url, --execution-engine-url and --jwt")
    return options


def main() -> int:
    """Runs the network. The exit status: 0 when stopped, 1 when something failed."""
    options = parse_arguments()
    consensus.configure(options.chain_id)
    genesis_time = options.genesis_time or int(time.time())
    if options.write_genesis is not None:
        _write_genesis(options.write_genesis, options.chain_id, genesis_time)
        return 0

    stop = _stop_on_signals(options.exit_with_parent)
    try:
        return _run_to_the_end(options, genesis_time, stop)
    except BrokenPipeError:
        # Nobody reads the events any more; there is no one to tell. Python must not try to on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run_to_the_end(options: argparse.Namespace, genesis_time: int, stop: threading.Event) -> int:
    """Starts a node if there is one to start, runs the network, ends the node, and says how it ended."""
    events = Events()
    node = None
    try:
        if options.spawn_execution is not None:
            node = ExecutionNode(
                options.spawn_execution,
                options.data_dir,
                execution_genesis(options.chain_id, genesis_time),
                options.execution_rpc_port,
                options.execution_engine_port,
            )
        _run(options, node, events, stop)
    except Stopped:
        events.emit("stopped")
    except BrokenPipeError:
        raise
    except (EngineError, OSError, ValueError) as error:
        message = str(error)
        if node is not None and node.exit_status() is not None:
            message = f"the execution node ended with status {node.exit_status()}: {node.log_tail()}"
        print(f"beacon_devnet: {message}", file=sys.stderr)
        events.emit("error", message=message)
        return 1
    finally:
        _ignore_signals()
        if node is not None:
            node.stop()
    return 0


def _run(options: argparse.Namespace, node: ExecutionNode | None, events: Events, stop: threading.Event) -> None:
    """Sets everything up, then makes blocks until an exception ends it."""
    started = time.monotonic()
    rpc_url = node.rpc_url if node else options.execution_rpc_url
    engine_url = node.engine_url if node else options.execution_engine_url
    secret = node.jwt_secret if node else _read_secret(options.jwt)

    execution_block = _first_execution_block(JsonRpc(rpc_url), node, options.chain_id)
    state, block = beacon_genesis(execution_block, options.validators)
    history = History(BlockRecord.of(block, state), options.history)
    light_client = LightClientData(options.history)
    chain = Chain(Engine(JsonRpc(engine_url, secret)), state, block, history, light_client, events)

    server = serve(BeaconApi(state, history, light_client), options.beacon_host, options.beacon_port)
    threading.Thread(target=server.serve_forever, name="beacon-api", daemon=True).start()
    host, port = server.server_address[:2]
    events.emit(
        "ready",
        beacon_url=f"http://{host}:{port}",
        execution_rpc_url=rpc_url,
        execution_engine_url=engine_url,
        chain_id=options.chain_id,
        genesis_time=state.genesis_time,
        genesis_validators_root=state.genesis_validators_root,
        preset=spec.config.PRESET_BASE,
        fork=consensus.FORK,
        validators=options.validators,
        slots_per_epoch=spec.SLOTS_PER_EPOCH,
        pid=os.getpid(),
        execution_pid=node.pid if node else None,
        took_ms=round((time.monotonic() - started) * 1000),
    )
    _make_blocks(chain, options.slot_ms / 1000, stop)


def _make_blocks(chain: Chain, slot_seconds: float, stop: threading.Event) -> None:
    due = time.monotonic()
    while not stop.is_set():
        # A slot that took too long delays those after it; they do not hurry to catch up.
        due = max(due + slot_seconds, time.monotonic())
        chain.advance()
        time.sleep(max(0.0, due - time.monotonic()))
    raise Stopped


def _first_execution_block(rpc: JsonRpc, node: ExecutionNode | None, chain_id: int) -> dict:
    """Waits for the execution node and makes sure that it is the right one, at the beginning of its chain."""
    deadline = time.monotonic() + _START_PATIENCE_SECONDS
    while True:
        try:
            answered = int(rpc.call_patiently("eth_chainId", patience=1.0), 16)
            break
        except EngineError:
            if time.monotonic() > deadline or (node is not None and node.exit_status() is not None):
                raise
    if answered != chain_id:
        raise ValueError(f"the execution node has chain id {answered}, not {chain_id}")
    height = int(rpc.call("eth_blockNumber"), 16)
    if height != 0:
        raise ValueError(f"the execution node is at block {height}: a network can only begin at block 0")
    return rpc.call("eth_getBlockByNumber", "0x0", False)


def _read_secret(file: Path) -> bytes:
    text = file.read_text().strip().removeprefix("0x")
    secret = bytes.fromhex(text)
    if len(secret) != 32:
        raise ValueError(f"{file}: 32 bytes of hex expected, {len(secret)} found")
    return secret


def _write_genesis(file: Path, chain_id: int, genesis_time: int) -> None:
    file.write_text(json.dumps(execution_genesis(chain_id, genesis_time), indent=1))


def _stop_on_signals(exit_with_parent: bool) -> threading.Event:
    """Raises `Stopped` wherever the program is. Where Python swallows that (in a destructor), the event tells."""
    stop = threading.Event()

    def on_signal(_signal: int, _frame: object) -> None:
        stop.set()
        raise Stopped

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    if exit_with_parent:
        # Not the kernel's parent-death signal: that one is of the thread that started us, which may end earlier.
        parent = os.getppid()

        def watch() -> None:
            while os.getppid() == parent:
                time.sleep(1)
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=watch, name="parent", daemon=True).start()
    return stop


def _ignore_signals() -> None:
    """So that a second Ctrl-C does not cut the clean-up short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("not below 0")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("above 0 expected")
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError("a port is 0 to 65535")
    return value


if __name__ == "__main__":
    sys.exit(main())
