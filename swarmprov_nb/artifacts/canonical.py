"""Digests of Python objects by what they hold: no identities, no memory addresses, no order of sets or dicts.

Each object becomes a frame (`swarmprov_nb.artifacts.digest`) under a tag:

- ``none``; ``bool`` one byte; ``int`` decimal text; ``float`` eight bytes IEEE 754, little-endian, every NaN the quiet
  one; ``complex`` two of them; ``str`` UTF-8; ``bytes`` as they are; NumPy scalars as the Python ones they stand for;
- ``list``: the digests of its items in order (tuples too);
- ``dict``: the digests of its pairs (key then value), sorted; ``set``: the digests of its members, sorted;
- ``array``: see `swarmprov_nb.artifacts.arrays`; ``table``: see `swarmprov_nb.artifacts.tables`;
- ``name``: a class or a function, by the name that it is imported by; ``code``: a function that cannot be imported
  (of the notebook itself, a lambda), by its bytecode, constants, names, defaults and closure: one Python version only;
- ``back``: an object that contains itself, by its depth;
- ``object``: anything else, through the five values of pickle's ``__reduce_ex__(4)``: constructor, arguments, state,
  items, pairs, less what `swarmprov_nb.artifacts.states` leaves out of a state; ``random``: a ``RandomState``, by what
  it will draw from.
"""

from __future__ import annotations

import copyreg
import math
import struct
import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from swarmprov_nb.artifacts.digest import framed, full_name, text
from swarmprov_nb.artifacts.states import lasting, random_state

_BUDGET = 2_000_000
_DEEPEST = 150  # objects inside objects; Python's own limit may have been raised by others, and the C stack has one too


class NotCanonical(ValueError):
    """The object has a part that only its own process can name: a lock, a generator, an open file."""


def object_digest(value: Any) -> bytes:
    """Return the digest (32 bytes) of an object; NotCanonical where there is none.

    >>> object_digest({"a": 1, "b": [2.5, None]}) == object_digest({"b": (2.5, None), "a": 1})
    True
    """
    try:
        return _Walk().digest(value)
    except RecursionError as error:
        raise NotCanonical("nested too deeply") from error


class _Walk:
    """One walk: counts what it visits, and knows what it is inside of."""

    def __init__(self) -> None:
        self._left = _BUDGET
        self._inside: dict[int, int] = {}

    def digest(self, value: Any) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise NotCanonical("too many parts")
        plain = _plain(value)
        return plain if plain is not None else self._nested(value)

    def _nested(self, value: Any) -> bytes:
        depth = self._inside.get(id(value))
        if depth is not None:
            return framed("back", str(depth).encode())
        if len(self._inside) >= _DEEPEST:
            raise NotCanonical("nested too deeply")
        self._inside[id(value)] = len(self._inside)
        try:
            return self._container(value)
        finally:
            del self._inside[id(value)]

    def _container(self, value: Any) -> bytes:
        kind = type(value)
        if kind in (list, tuple):
            return framed("list", *map(self.digest, value))
        if kind is dict:
            return framed("dict", *self._pairs(value))
        if kind in (set, frozenset):
            return framed("set", *sorted(map(self.digest, value)))
        if isinstance(value, FunctionType | CodeType):
            return self._code(value)
        if (drawn := random_state(value)) is not None:
            return framed("random", self.digest(drawn))
        return _library(value) or self._reduced(value)

    def _code(self, value: FunctionType | CodeType) -> bytes:
        if isinstance(value, CodeType):
            return framed("code", value.co_code, self.digest(value.co_consts), self.digest(value.co_names))
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return framed("function", *map(self.digest, (value.__code__, value.__defaults__, value.__kwdefaults__, cells)))

    def _pairs(self, pairs: Mapping[Any, Any]) -> list[bytes]:
        return sorted(self.digest(key) + self.digest(item) for key, item in pairs.items())

    def _reduced(self, value: Any) -> bytes:
        reduce = copyreg.dispatch_table.get(type(value))
        try:
            reduced = value.__reduce_ex__(4) if reduce is None else reduce(value)
        except Exception as error:  # a stranger's object may raise anything here
            raise NotCanonical(f"{full_name(type(value))} cannot be taken apart") from error
        if isinstance(reduced, str):
            return framed("name", text(f"{getattr(value, '__module__', type(value).__module__)}.{reduced}"))
        build, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        parts = (build, arguments, lasting(value, state), list(items or ()), dict(pairs or ()))
        return framed("object", *map(self.digest, parts))


def _plain(value: Any) -> bytes | None:
    """Return the digest of what has no parts; None for everything else."""
    if value is None:
        return framed("none")
    value = _scalar(value)
    write = _PLAIN.get(type(value))
    if write is not None:
        return framed(type(value).__name__, write(value))
    return _named(value) if isinstance(value, type | FunctionType | BuiltinFunctionType) else None


def _scalar(value: Any) -> Any:
    """Return the Python object that a NumPy scalar stands for; anything else as it is."""
    numpy = sys.modules.get("numpy")
    known = numpy is not None and isinstance(value, numpy.generic) and value.dtype.kind in "biufcSU"
    return value.item() if known else value


def _float(value: float) -> bytes:
    return struct.pack("<d", math.nan if math.isnan(value) else value)


_PLAIN: Mapping[type, Any] = {
    bool: lambda value: bytes([value]),
    int: lambda value: str(value).encode(),
    float: _float,
    complex: lambda value: _float(value.real) + _float(value.imag),
    str: text,
    bytes: bytes,
}


def _named(value: Any) -> bytes | None:
    """Return the digest of a name; None for a function that no other process could import by it."""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, type | ModuleType):
        raise NotCanonical("a method of one object")
    name = full_name(value)
    alone = isinstance(value, FunctionType) and ("<" in name or value.__module__ == "__main__")
    return None if alone else framed("name", text(name))


def _library(value: Any) -> bytes | None:
    """Return the digest of an array or a table; None for everything else."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        from swarmprov_nb.artifacts.arrays import array_digest

        return array_digest(numpy.asarray(value))
    if pandas is not None and isinstance(value, pandas.DataFrame | pandas.Series):
        from swarmprov_nb.artifacts.tables import table_digest

        return table_digest(value)
    return None
