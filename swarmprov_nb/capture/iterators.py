"""Change tokens of what can be consumed: generators, iterators, counters. Nothing is consumed by looking."""

from __future__ import annotations

import collections
import gc
import itertools
import types
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from swarmprov_nb.capture.walk import Walker

_WINDOWS: Final[tuple[type, ...]] = (
    type({}.keys()),
    type({}.values()),
    type({}.items()),
    types.MappingProxyType,
)


def walk(walker: Walker, value: Any, kind: type) -> bool:
    """Emit a generator, an iterator, a deque or a view of a dictionary; False for anything else."""
    if kind is types.GeneratorType:
        return _generator(walker, value)
    if issubclass(kind, collections.deque):
        walker.owned.add(id(value))
        walker.emit(len(value))
        walker.push(value)
        return True
    if kind is memoryview:
        walker.push([_behind(value)])
        return True
    if kind in _WINDOWS:
        walker.push(part for part in gc.get_referents(value) if type(part) is not type)
        return True
    if kind.__module__ not in {"builtins", "itertools", "_csv"} or not hasattr(kind, "__next__"):
        return False
    walker.owned.add(id(value))
    walker.emit(id(value), repr(value) if kind is itertools.count else "")
    walker.emit(value.__length_hint__() if hasattr(kind, "__length_hint__") else getattr(value, "line_num", 0))
    walker.push(part for part in gc.get_referents(value) if type(part) is not type)
    return True


def _behind(value: memoryview) -> Any:
    try:
        return value.obj
    except ValueError:  # released
        return None


def _generator(walker: Walker, value: types.GeneratorType[Any, Any, Any]) -> bool:
    walker.owned.add(id(value))
    frame = value.gi_frame
    walker.emit(id(value), frame.f_lasti if frame is not None else -1)
    if frame is not None:
        values = frame.f_locals
        walker.emit(*values)
        walker.push(values.values())
    return True
