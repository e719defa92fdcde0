"""What happens, on standard output: one JSON object a line, for whoever started the network to wait on."""

import json
import sys
from typing import Any, TextIO


class Events:
    """Writes events. A reader that has gone away ends the network: nobody would."""

    def __init__(self, stream: TextIO | None = None):
        self._stream = stream or sys.stdout

    def emit(self, event: str, **details: Any) -> None:
        """Writes one event. Integers stay numbers, bytes become 0x hex. Raises `BrokenPipeError`."""
        line = json.dumps({"event": event, **{key: _plain(value) for key, value in details.items()}})
        self._stream.write(line + "\n")
        self._stream.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value
