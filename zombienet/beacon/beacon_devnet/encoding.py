"""SSZ values as JSON, the way the beacon API writes them: integers as decimal strings, bytes as 0x hex."""

from typing import Any

from eth_consensus_specs.utils.ssz.ssz_typing import (
    BitList,
    BitVector,
    Boolean,
    Container,
    List,
    Uint,
    Vector,
    View,
)


def to_json(value: Any) -> Any:
    """The JSON form of an SSZ value, or of a plain structure that holds SSZ values."""
    if isinstance(value, Boolean):
        return bool(value)
    if isinstance(value, (BitList, BitVector)):
        return "0x" + value.encode_bytes().hex()
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Container):
        return {name: to_json(getattr(value, name)) for name in value.fields()}
    if isinstance(value, (List, Vector, list, tuple)):
        return [to_json(element) for element in value]
    if isinstance(value, dict):
        return {key: to_json(element) for key, element in value.items()}
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (Uint, int)):
        return str(int(value))
    raise TypeError(f"no JSON form for {type(value)}")


def from_json(kind: type[View], data: Any) -> View:
    """The SSZ value of type `kind` that `data` is the JSON form of. Unknown and missing fields are errors."""
    if issubclass(kind, Boolean):
        return kind(data)
    if issubclass(kind, (BitList, BitVector)):
        return kind.decode_bytes(bytes.fromhex(data[2:]))
    if issubclass(kind, Uint):
        return kind(int(data))
    if issubclass(kind, bytes):
        return kind.decode_bytes(bytes.fromhex(data[2:]))
    if issubclass(kind, Container):
        fields = kind.fields()
        if odd := set(fields) ^ set(data):
            raise ValueError(f"{kind.__name__}: missing or unknown fields {sorted(odd)}")
        return kind(**{name: from_json(field, data[name]) for name, field in fields.items()})
    if issubclass(kind, (List, Vector)):
        return kind(*(from_json(kind.element_cls(), element) for element in data))
    raise TypeError(f"no JSON form for {kind}")
