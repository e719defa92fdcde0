"""The execution node as the consensus spec sees it: an `ExecutionEngine` over the Engine API.

https://github.com/ethereum/execution-apis/blob/main/src/engine/prague.md
"""

import base64
import hashlib
import hmac
import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from .consensus import spec

# How long a node that does not answer, or says that it is still busy with an ancestor, is given.
PATIENCE_SECONDS = 5.0
RETRY_SECONDS = 0.1


class EngineError(Exception):
    """The execution node refused a call, or the chain it was given."""


class Unreachable(EngineError):
    """The execution node did not answer."""


class JsonRpc:
    """A JSON-RPC client over one kept connection. Not for use by several threads."""

    def __init__(self, url: str, jwt_secret: bytes | None = None):
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"not an http:// address: {url}")
        self._url = url
        self._path = parts.path or "/"
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=30)
        self._jwt_secret = jwt_secret
        self._id = 0

    def call(self, method: str, *params: Any) -> Any:
        """The result of a call. Raises `Unreachable`, or `EngineError` with the node's own words."""
        self._id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        if self._jwt_secret is not None:
            headers["Authorization"] = f"Bearer {_token(self._jwt_secret)}"
        try:
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            # The next call opens a new connection.
            self._connection.close()
            raise Unreachable(f"{method} at {self._url}: {error or type(error).__name__}") from error
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise EngineError(f"{method} at {self._url}: HTTP {response.status}, {text[:200]!r}") from error
        if "error" in answer:
            raise EngineError(f"{method} at {self._url}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def call_patiently(self, method: str, *params: Any, patience: float = PATIENCE_SECONDS) -> Any:
        """Like `call`, but tries again while the node cannot be reached. For calls that may be repeated."""
        deadline = time.monotonic() + patience
        while True:
            try:
                return self.call(method, *params)
            except Unreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)


class Engine:
    """Has the methods of the spec's `ExecutionEngine` that a node with its own chain uses."""

    def __init__(self, rpc: JsonRpc):
        self._rpc = rpc

    def notify_forkchoice_updated(
        self,
        head_block_hash: spec.Hash32,
        safe_block_hash: spec.Hash32,
        finalized_block_hash: spec.Hash32,
        payload_attributes: spec.PayloadAttributes | None,
    ) -> spec.PayloadId | None:
        """Sets the node's head and, with attributes, has it begin the next block."""
        forkchoice = {
            "headBlockHash": _hex(head_block_hash),
            "safeBlockHash": _hex(safe_block_hash),
            "finalizedBlockHash": _hex(finalized_block_hash),
        }
        attributes = None
        if payload_attributes is not None:
            attributes = {
                "timestamp": hex(payload_attributes.timestamp),
                "prevRandao": _hex(payload_attributes.prev_randao),
                "suggestedFeeRecipient": _hex(payload_attributes.suggested_fee_recipient),
                "withdrawals": [_withdrawal_to_rpc(each) for each in payload_attributes.withdrawals],
                "parentBeaconBlockRoot": _hex(payload_attributes.parent_beacon_block_root),
            }

        def call() -> tuple[dict, dict]:
            result = self._rpc.call_patiently("engine_forkchoiceUpdatedV3", forkchoice, attributes)
            return result["payloadStatus"], result

        result = _until_valid("engine_forkchoiceUpdatedV3", call)
        payload_id = result["payloadId"]
        return None if payload_id is None else spec.PayloadId(_bytes(payload_id))

    def get_payload(self, payload_id: spec.PayloadId) -> spec.GetPayloadResponse:
        """The block the node has built, transactions of its pool included."""
        result = self._rpc.call_patiently("engine_getPayloadV4", _hex(payload_id))
        bundle = result["blobsBundle"]
        return spec.GetPayloadResponse(
            execution_payload=_payload_from_rpc(result["executionPayload"]),
            block_value=spec.Uint256(int(result["blockValue"], 16)),
            blobs_bundle=spec.BlobsBundle(
                commitments=[spec.KZGCommitment(_bytes(each)) for each in bundle["commitments"]],
                proofs=[spec.KZGProof(_bytes(each)) for each in bundle["proofs"]],
                blobs=[spec.Blob(_bytes(each)) for each in bundle["blobs"]],
            ),
            execution_requests=[_bytes(each) for each in result["executionRequests"]],
        )

    def verify_and_notify_new_payload(self, request: spec.NewPayloadRequest) -> bool:
        """Has the node execute a block. Anything but a valid one is an error: it is the node's own."""
        params = [
            _payload_to_rpc(request.execution_payload),
            [_hex(each) for each in request.versioned_hashes],
            _hex(request.parent_beacon_block_root),
            [_hex(each) for each in spec.get_execution_requests_list(request.execution_requests)],
        ]

        def call() -> tuple[dict, bool]:
            return self._rpc.call_patiently("engine_newPayloadV4", *params), True

        return _until_valid("engine_newPayloadV4", call)


def _until_valid(method: str, call: Any) -> Any:
    """Repeats a call while its status is that the node is still at work on an earlier block."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        status, result = call()
        if status["status"] == "VALID":
            return result
        if status["status"] not in ("SYNCING", "ACCEPTED") or time.monotonic() > deadline:
            raise EngineError(f"{method}: {status['status']}, {status.get('validationError')}")
        time.sleep(RETRY_SECONDS)


def _token(secret: bytes) -> str:
    """A JWT by HS256 with the time it was issued at, which the node accepts for a minute."""

    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    def document(value: dict) -> bytes:
        return part(json.dumps(value, separators=(",", ":")).encode())

    signed = document({"alg": "HS256", "typ": "JWT"}) + b"." + document({"iat": int(time.time())})
    return (signed + b"." + part(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


def _hex(data: bytes) -> str:
    return "0x" + bytes(data).hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


# Fields of an execution payload whose names differ by more than their case, or that are not plain data or quantities.
_SPECIAL = {"transactions", "withdrawals"}


def _rpc_name(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _payload_to_rpc(payload: spec.ExecutionPayload) -> dict:
    result: dict[str, Any] = {}
    for name in payload.fields():
        value = getattr(payload, name)
        if name not in _SPECIAL:
            result[_rpc_name(name)] = _hex(value) if isinstance(value, bytes) else hex(value)
    result["transactions"] = [_hex(each) for each in payload.transactions]
    result["withdrawals"] = [_withdrawal_to_rpc(each) for each in payload.withdrawals]
    return result


def _payload_from_rpc(data: dict) -> spec.ExecutionPayload:
    values: dict[str, Any] = {}
    for name, kind in spec.ExecutionPayload.fields().items():
        if name not in _SPECIAL:
            text = data[_rpc_name(name)]
            values[name] = kind(_bytes(text) if issubclass(kind, bytes) else int(text, 16))
    return spec.ExecutionPayload(
        **values,
        transactions=[spec.Transaction(_bytes(each)) for each in data["transactions"]],
        withdrawals=[
            spec.Withdrawal(
                index=int(each["index"], 16),
                validator_index=int(each["validatorIndex"], 16),
                address=_bytes(each["address"]),
                amount=int(each["amount"], 16),
            )
            for each in data["withdrawals"]
        ],
    )


def _withdrawal_to_rpc(withdrawal: spec.Withdrawal) -> dict:
    return {
        "index": hex(withdrawal.index),
        "validatorIndex": hex(withdrawal.validator_index),
        "address": _hex(withdrawal.address),
        "amount": hex(withdrawal.amount),
    }
