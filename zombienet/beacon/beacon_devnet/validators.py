"""The network's validators: deterministic keys, and their signatures."""

import hashlib
from collections.abc import Iterable
from functools import cache

from eth_consensus_specs.utils import bls

from .consensus import spec

_CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


@cache
def secret_key(index: int) -> int:
    """The interoperability key of validator `index`: sha256 of the index as 32 little-endian bytes, below the order.

    https://github.com/ethereum/eth2.0-pm/blob/master/interop/mocked_start/README.md
    """
    return int.from_bytes(hashlib.sha256(index.to_bytes(32, "little")).digest(), "little") % _CURVE_ORDER


@cache
def public_key(index: int) -> bytes:
    """The compressed BLS public key of validator `index`."""
    return bls.SkToPk(secret_key(index))


def sign(index: int, message: bytes) -> spec.BLSSignature:
    """Signs as one validator."""
    return spec.BLSSignature(bls.Sign(secret_key(index), message))


def sign_together(indices: Iterable[int], message: bytes) -> spec.BLSSignature:
    """The aggregate of the signatures of all `indices` under one message.

    BLS is linear, so the aggregate equals one signature by the sum of the keys: the very same point, for the cost of
    one. An index given twice counts twice, as it does in a sync committee.
    """
    key = sum(map(secret_key, indices)) % _CURVE_ORDER
    return spec.BLSSignature(bls.Sign(key, message))
