"""Checksums within the JSON that we keep: what was changed on the disk is seen, and never read as what was meant.

The member ``checksum`` is "crc32:" and the CRC-32 (hex) of the rest as JSON, names sorted. What was written without
one, by an older version, is taken as it is.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

CHECKSUM: Final = "checksum"
_MARK: Final = "crc32:"


def checked(value: Mapping[str, Any], *about: str) -> dict[str, Any]:
    """Return a JSON object with a checksum over itself, and over words that it is filed under.

    >>> checked({"a": 1})
    {'a': 1, 'checksum': 'crc32:ed3f64ca'}
    """
    return {**value, CHECKSUM: _sum(value, about)}


def unchecked(value: Any, *about: str) -> dict[str, Any]:
    """Return a JSON object without its checksum, where it has one; ValueError where that is wrong, or it is no object.

    >>> unchecked(checked({"a": 1}))
    {'a': 1}
    """
    if not isinstance(value, dict):
        raise ValueError("it holds no JSON object")  # noqa: TRY004 - as every other fault of the text
    rest = {name: each for name, each in value.items() if name != CHECKSUM}
    renamed = any(isinstance(each, str) and each.startswith(_MARK) for each in rest.values())
    if renamed or (CHECKSUM in value and value[CHECKSUM] != _sum(rest, about)):
        raise ValueError("its checksum is wrong")
    return rest


def _sum(value: Mapping[str, Any], about: tuple[str, ...]) -> str:
    return f"{_MARK}{zlib.crc32(json.dumps([*about, value], sort_keys=True).encode()):08x}"
