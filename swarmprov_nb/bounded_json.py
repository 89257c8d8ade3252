"""JSON from others: measured before it is parsed, so that no text costs the process its stack or its memory.

Python's parser follows a deep text until the stack is gone, wherever a library has lifted the recursion limit (py-evm
and its parts do). A short text of many small values takes fifty times its length in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 1 << 19
# a string that nobody closes goes to the end: asked for its close, it would be sought anew from each of its quotes
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.?[^"\\]*)*"?', re.DOTALL)
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def loads(data: bytes | str, *, values: int | None = MAX_VALUES, **hooks: Any) -> Any:
    """Parse a JSON text in UTF-8 (RFC 8259 §8.1) of anybody; `hooks` are those of ``json.loads``.

    >>> loads(b'{"a": [1, 2]}')
    {'a': [1, 2]}

    Raises ValueError for what is no JSON, is nested over 64 deep, or holds more than `values` values (None: no bound).
    """
    # decoded here: json.loads takes UTF-16 too, in which brackets hide from a search for bytes
    text = shallow(data if isinstance(data, bytes) else data.encode(), values=values)
    return json.loads(text.decode("utf-8"), **hooks)


def shallow(data: bytes, *, values: int | None = MAX_VALUES) -> bytes:
    """Return the bytes of a JSON text if it may be parsed; ValueError where it is too deep or of too many values.

    >>> shallow(b'["[[["]')
    b'["[[["]'
    """
    depth = count = 0
    for piece in between_strings(data):
        count += sum(piece.count(mark) for mark in (b",", b"[", b"{"))
        if values is not None and count > values:
            raise ValueError(f"it holds more than {values} values")
        for bracket in piece.translate(None, _NO_BRACKETS):
            depth += 1 if bracket in b"[{" else -1
            if depth > MAX_DEPTH + 1:  # an empty one may stand at the deepest place
                raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    return data


def between_strings(data: bytes) -> Iterator[bytes]:
    """Yield what stands outside the strings of a JSON text.

    >>> b"".join(between_strings(b'{"a[": "}"}'))
    b'{: }'
    """
    at = 0
    for string in _STRING.finditer(data):
        yield data[at : string.start()]
        at = string.end()
    yield data[at:]
