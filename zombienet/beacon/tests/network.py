"""A network of its own for a test, as a child process."""

import http.client
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

_BEACON = Path(__file__).resolve().parent.parent
EXECUTION_BINARY = Path(os.environ.get("EXECUTION_BINARY", _BEACON.parent / "node_modules" / ".bin" / "ethereumjs"))


def command(*arguments: str | Path) -> list[str]:
    """The command line of the network with `arguments`."""
    return [sys.executable, "-m", "beacon_devnet", *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(_BEACON)}


class Network:
    """A running network on free ports. `with` ends it and removes its files."""

    def __init__(self, *arguments: str, prefix: tuple[str, ...] = ()):
        self.data_dir = Path(tempfile.mkdtemp(prefix="beacon-devnet-"))
        self.process = subprocess.Popen(
            [
                *prefix,
                *command("--spawn-execution", EXECUTION_BINARY, "--data-dir", self.data_dir),
                *("--execution-rpc-port", "0", "--execution-engine-port", "0", "--beacon-port", "0"),
                *arguments,
            ],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._events: queue.Queue[dict | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready = self.wait_for("ready")

    def __enter__(self) -> "Network":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.process.stdout.close()
        shutil.rmtree(self.data_dir)

    def wait_for(self, event: str, matches: Callable[[dict], bool] = lambda _: True, seconds: float = 120) -> dict:
        """The next event of that name that matches. Events before it are gone."""
        deadline = time.monotonic() + seconds
        while True:
            found = self._events.get(timeout=max(0.1, deadline - time.monotonic()))
            if found is None:
                raise AssertionError(f"the network ended before {event!r}")
            if found["event"] == event and matches(found):
                return found

    def beacon(self, path: str, accept: str | None = None, method: str = "GET") -> "Response":
        """A request to the beacon API."""
        return request(self.ready["beacon_url"], path, accept, method)

    def data(self, path: str) -> object:
        """The `data` of a beacon API answer that must be there."""
        response = self.beacon(path)
        assert response.status == 200, f"{path}: {response.status} {response.body!r}"
        return response.json()["data"]

    def execution(self, method: str, *params: object) -> object:
        """A call of the execution node's JSON-RPC."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        answer = request(self.ready["execution_rpc_url"], "/", None, "POST", body).json()
        assert "error" not in answer, answer
        return answer["result"]

    def _read(self) -> None:
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)


class Response:
    """An answer over HTTP."""

    def __init__(self, response: http.client.HTTPResponse):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self) -> object:
        return json.loads(self.body)


def request(url: str, path: str, accept: str | None, method: str, body: str | None = None) -> Response:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    headers = {"Content-Type": "application/json"} | ({"Accept": accept} if accept else {})
    try:
        connection.request(method, path, body, headers)
        return Response(connection.getresponse())
    finally:
        connection.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that ended but was not yet asked for its status does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
