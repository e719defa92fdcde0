"""The standard beacon node API, as far as a light client's relayer needs it.

https://ethereum.github.io/beacon-APIs/
"""

import json
import re
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qs, urlsplit

from . import __version__
from .consensus import FORK, constants, fork_schedule, spec
from .encoding import to_json
from .history import BlockRecord, History
from .light_client import LightClientData

_JSON = "application/json"
_SSZ = "application/octet-stream"


class ApiError(Exception):
    """An answer in the API's form of an error."""

    def __init__(self, status: HTTPStatus, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Request:
    """A request, taken apart."""

    parameters: dict[str, str]
    query: dict[str, list[str]]
    # Whether the client would rather have SSZ than JSON.
    ssz: bool

    def integer(self, name: str) -> int:
        """A required integer of the query."""
        values = self.query.get(name, [])
        if len(values) != 1 or not re.fullmatch(r"[0-9]{1,20}", values[0]):
            raise ApiError(HTTPStatus.BAD_REQUEST, f"Invalid {name}: one decimal integer expected")
        return int(values[0])


@dataclass(frozen=True)
class Answer:
    """A body, as JSON or as bytes, and headers beyond the usual."""

    body: Any = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


class BeaconApi:
    """Answers requests out of the history and the light-client data. Knows nothing of HTTP's wire."""

    def __init__(self, genesis_state: spec.BeaconState, history: History, light_client: LightClientData):
        self._genesis_time = genesis_state.genesis_time
        self._genesis_validators_root = genesis_state.genesis_validators_root
        self._history = history
        self._light_client = light_client
        self._spec = {name: to_json(value) for name, value in sorted(constants().items())}
        block = "/eth/v1/beacon/blocks/{block_id}"
        self._routes = [
            (_pattern(path), handler)
            for path, handler in (
                ("/eth/v1/node/version", self._version),
                ("/eth/v1/node/syncing", self._syncing),
                ("/eth/v1/node/health", lambda _: Answer()),
                ("/eth/v1/config/spec", lambda _: Answer({"data": self._spec})),
                ("/eth/v1/config/fork_schedule", lambda _: Answer({"data": to_json(fork_schedule())})),
                ("/eth/v1/beacon/genesis", self._genesis),
                ("/eth/v1/beacon/headers", self._headers),
                ("/eth/v1/beacon/headers/{block_id}", self._header),
                (f"{block}/root", self._block_root),
                ("/eth/v2/beacon/blocks/{block_id}", self._block),
                ("/eth/v1/beacon/states/{state_id}/finality_checkpoints", self._finality_checkpoints),
                ("/eth/v1/beacon/light_client/bootstrap/{block_root}", self._bootstrap),
                ("/eth/v1/beacon/light_client/updates", self._updates),
                ("/eth/v1/beacon/light_client/finality_update", self._finality_update),
                ("/eth/v1/beacon/light_client/optimistic_update", self._optimistic_update),
            )
        ]

    def answer(self, target: str, accept: str | None) -> Answer:
        """The answer to a GET of `target`. Raises `ApiError`."""
        url = urlsplit(target)
        for pattern, handler in self._routes:
            if match := pattern.fullmatch(url.path):
                return handler(Request(match.groupdict(), parse_qs(url.query), _prefers_ssz(accept)))
        raise ApiError(HTTPStatus.NOT_FOUND, f"Route {url.path} not found")

    # The node

    def _version(self, _: Request) -> Answer:
        spec_version = version("eth-consensus-specs")
        return Answer({"data": {"version": f"beacon-devnet/{__version__} (eth-consensus-specs/{spec_version})"}})

    def _syncing(self, _: Request) -> Answer:
        return Answer(
            {
                "data": {
                    "head_slot": to_json(self._history.head.slot),
                    "sync_distance": "0",
                    "is_syncing": False,
                    "is_optimistic": False,
                    "el_offline": False,
                }
            }
        )

    # The chain

    def _genesis(self, _: Request) -> Answer:
        data = {
            "genesis_time": self._genesis_time,
            "genesis_validators_root": self._genesis_validators_root,
            "genesis_fork_version": spec.config.GENESIS_FORK_VERSION,
        }
        return Answer({"data": to_json(data)})

    def _headers(self, request: Request) -> Answer:
        if "parent_root" in request.query:
            parent_root = _root(request.query["parent_root"][0], "parent_root")
            records = self._history.children(parent_root)
            if "slot" in request.query:
                slot = request.integer("slot")
                records = [record for record in records if record.slot == slot]
        elif "slot" in request.query:
            record = self._history.by_slot(request.integer("slot"))
            records = [] if record is None else [record]
        else:
            records = [self._history.head]
        final = bool(records) and all(map(self._history.is_finalized, records))
        return Answer(self._chain_answer([_header_data(record) for record in records], final))

    def _header(self, request: Request) -> Answer:
        record = self._find_block(request)
        return Answer(self._chain_answer(_header_data(record), self._history.is_finalized(record)))

    def _block_root(self, request: Request) -> Answer:
        record = self._find_block(request)
        return Answer(self._chain_answer({"root": to_json(record.root)}, self._history.is_finalized(record)))

    def _block(self, request: Request) -> Answer:
        record = self._find_block(request)
        headers = {"Eth-Consensus-Version": FORK}
        if request.ssz:
            return Answer(data=record.block_ssz, headers=headers)
        answer = self._chain_answer(to_json(record.block()), self._history.is_finalized(record))
        return Answer({"version": FORK, **answer}, headers=headers)

    def _finality_checkpoints(self, request: Request) -> Answer:
        record = self._find_state(request)
        return Answer(self._chain_answer(to_json(asdict(record.checkpoints)), self._history.is_finalized(record)))

    # Light clients

    def _bootstrap(self, request: Request) -> Answer:
        bootstrap = self._light_client.bootstrap(_root(request.parameters["block_root"], "block_root"))
        if bootstrap is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "LC bootstrap unavailable")
        return _versioned(bootstrap, request)

    def _updates(self, request: Request) -> Answer:
        start, count = request.integer("start_period"), request.integer("count")
        if count < 1:
            raise ApiError(HTTPStatus.BAD_REQUEST, "Invalid count: at least 1 expected")
        updates = self._light_client.updates(start, min(count, int(spec.MAX_REQUEST_LIGHT_CLIENT_UPDATES)))
        if request.ssz:
            return Answer(data=b"".join(map(self._response_chunk, updates)))
        return Answer([{"version": FORK, "data": to_json(update)} for update in updates])

    def _finality_update(self, request: Request) -> Answer:
        update = self._light_client.finality_update
        if update is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "No finality update available")
        return _versioned(update, request)

    def _optimistic_update(self, request: Request) -> Answer:
        update = self._light_client.optimistic_update
        if update is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "No optimistic update available")
        return _versioned(update, request)

    def _response_chunk(self, update: spec.LightClientUpdate) -> bytes:
        epoch = spec.compute_epoch_at_slot(update.attested_header.beacon.slot)
        digest = spec.compute_fork_digest(self._genesis_validators_root, epoch)
        payload = update.encode_bytes()
        return struct.pack("<Q", len(digest) + len(payload)) + digest + payload

    # Identifiers

    def _find_block(self, request: Request) -> BlockRecord:
        block_id = request.parameters["block_id"]
        record = self._find(block_id, "block", self._history.by_root)
        if record is None:
            raise ApiError(HTTPStatus.NOT_FOUND, f"Block {block_id} not found")
        return record

    def _find_state(self, request: Request) -> BlockRecord:
        state_id = request.parameters["state_id"]
        record = self._find(state_id, "state", self._history.by_state_root)
        if record is None:
            raise ApiError(HTTPStatus.NOT_FOUND, f"State {state_id} not found")
        return record

    def _find(self, identifier: str, kind: str, by_root: Callable[[bytes], BlockRecord | None]) -> BlockRecord | None:
        if identifier in ("head", "genesis", "finalized", "justified"):
            return getattr(self._history, identifier)
        if re.fullmatch(r"[0-9]{1,20}", identifier):
            return self._history.by_slot(int(identifier))
        if re.fullmatch(r"0x[0-9a-fA-F]{64}", identifier):
            return by_root(bytes.fromhex(identifier[2:]))
        raise ApiError(HTTPStatus.BAD_REQUEST, f"Invalid {kind} ID: {identifier}")

    @staticmethod
    def _chain_answer(data: Any, finalized: bool) -> dict:
        return {"execution_optimistic": False, "finalized": finalized, "data": data}


def serve(api: BeaconApi, host: str, port: int) -> ThreadingHTTPServer:
    """A bound server of the API, still to be run. A port of 0 picks a free one."""

    class Handler(_Handler):
        beacon_api = api

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    beacon_api: BeaconApi
    protocol_version = "HTTP/1.1"
    # An answer leaves in one piece: without these two, every one would wait for an acknowledgement of its head.
    wbufsize = -1
    disable_nagle_algorithm = True
    # Connections kept open but silent are closed after this many seconds.
    timeout = 60

    def do_GET(self) -> None:
        try:
            answer = self.beacon_api.answer(self.path, self.headers.get("Accept"))
        except ApiError as error:
            self._send_error(error.status, error.message)
            return
        if answer.data is not None:
            self._send(HTTPStatus.OK, answer.data, _SSZ, answer.headers)
        elif answer.body is not None:
            self._send(HTTPStatus.OK, json.dumps(answer.body).encode(), _JSON, answer.headers)
        else:
            self._send(HTTPStatus.OK, b"", None, answer.headers)

    def _refuse_method(self) -> None:
        # Its body is not read, so the connection cannot be used again.
        self.close_connection = True
        self._send_error(HTTPStatus.METHOD_NOT_ALLOWED, f"Method {self.command} not allowed")

    do_POST = do_PUT = do_DELETE = do_PATCH = _refuse_method

    def _send_error(self, status: HTTPStatus, message: str) -> None:
        self._send(status, json.dumps({"code": int(status), "message": message}).encode(), _JSON, {})

    def _send(self, status: HTTPStatus, body: bytes, content_type: str | None, headers: dict[str, str]) -> None:
        self.send_response(status)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: requests come by the thousand, and what is wrong with one is said in its answer."""


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))


def _header_data(record: BlockRecord) -> dict:
    return {"root": to_json(record.root), "canonical": True, "header": to_json(record.header())}


def _versioned(value: Any, request: Request) -> Answer:
    headers = {"Eth-Consensus-Version": FORK}
    if request.ssz:
        return Answer(data=value.encode_bytes(), headers=headers)
    return Answer({"version": FORK, "data": to_json(value)}, headers=headers)


def _root(text: str, name: str) -> bytes:
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise ApiError(HTTPStatus.BAD_REQUEST, f"Invalid {name}: 32 bytes of 0x hex expected")
    return bytes.fromhex(text[2:])


def _prefers_ssz(accept: str | None) -> bool:
    """Whether SSZ has a higher weight than JSON in an Accept header. Raises if neither will do."""
    weights = {_JSON: 0.0, _SSZ: 0.0}
    for entry in (accept or "*/*").split(","):
        kind, *parameters = (part.strip() for part in entry.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        # A client that takes anything gets JSON.
        matched = _JSON if kind in ("*/*", "application/*") else kind
        if matched in weights:
            weights[matched] = max(weights[matched], weight)
    if not any(weights.values()):
        raise ApiError(HTTPStatus.NOT_ACCEPTABLE, f"Only {_JSON} and {_SSZ} are served")
    return weights[_SSZ] > weights[_JSON]
