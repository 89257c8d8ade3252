"""Change tokens of NumPy arrays, scalars and random generators; NumPy is reached through ``sys.modules`` only."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from swarmprov_nb.capture.walk import Walker

_FEW: Final = 2_000
_ROWS: Final = 1 << 14


def walk(walker: Walker, value: Any, kind: type) -> bool:
    """Emit an array, a scalar or a random generator; False for anything else."""
    if issubclass(kind, random.Random):
        return _random(walker, value)
    np = sys.modules.get("numpy")
    if np is None or not hasattr(np, "ndarray"):
        return False
    if issubclass(kind, np.ndarray):
        return _array(walker, value, np)
    if issubclass(kind, np.generic):
        walker.emit(str(value.dtype), value.tobytes())
        return True
    if issubclass(kind, np.dtype):
        walker.emit(str(value))
        return True
    return _generator(walker, value, kind)


def _random(walker: Walker, value: random.Random) -> bool:
    walker.owned.add(id(value))
    walker.emit(hash(value.getstate()) if not isinstance(value, random.SystemRandom) else 0)
    return True


def _generator(walker: Walker, value: Any, kind: type) -> bool:
    if not kind.__module__.startswith("numpy.random"):
        return False
    walker.owned.add(id(value))
    if hasattr(kind, "get_state"):
        walker.owned.add(id(getattr(value, "_bit_generator", value)))
        walker.aside(value.get_state(legacy=False))
    elif hasattr(kind, "bit_generator"):
        walker.push([value.bit_generator])
    elif hasattr(kind, "state"):
        walker.aside(value.state)
    else:
        walker.emit(getattr(value, "n_children_spawned", 0))
    return True


def _array(walker: Walker, value: Any, np: Any) -> bool:
    walker.owned.add(id(value))
    base = value.base
    while base is not None:
        walker.owned.add(id(base))
        base = getattr(base, "base", None)
    walker.emit(value.shape, str(value.dtype))
    if isinstance(value.base, np.ndarray) and not _within(value, value.base):
        walker.emit("gone")  # its base was resized: reading it would end the kernel
        return True
    plain = value.view(np.ndarray) if type(value) is not np.ndarray else value
    if value.dtype.hasobject:
        _objects(walker, plain)
    else:
        cells(walker, plain, np)
    if hasattr(type(value), "mask") and hasattr(value, "_mask"):
        walker.push([value._mask])  # noqa: SLF001 - reading `.mask` makes a new view
    return True


def _within(value: Any, base: Any) -> bool:
    """Whether the memory of a view still is its base's."""
    low, high = _bounds(value)
    start, end = _bounds(base)
    return value.size == 0 or (start <= low and high <= end)


def _bounds(value: Any) -> tuple[int, int]:
    place = value.__array_interface__["data"][0]
    steps = [(length - 1) * stride for length, stride in zip(value.shape, value.strides, strict=True)]
    return place + sum(min(0, step) for step in steps), place + sum(max(0, step) for step in steps) + value.itemsize


def _objects(walker: Walker, value: Any) -> None:
    items = value.ravel().tolist() if value.dtype.kind == "O" else [value.tolist()]
    if len(items) <= _FEW:
        walker.push(items)
    else:
        walker.ids(items)


def cells(walker: Walker, value: Any, np: Any) -> None:
    """Hash the elements in C order; long transposed and strided arrays go in slices, so that memory is not doubled."""
    if value.flags.c_contiguous:
        walker.buffer(value.reshape(-1).view(np.uint8))
    elif walker.quick and value.nbytes > 1 << 18:
        walker.complete = False
        walker.skipped += value.nbytes
        step = max(1, value.shape[0] // 64)
        walker.buffer(np.ascontiguousarray(value[::step].ravel()[:_ROWS]).view(np.uint8))
    else:
        for start in range(0, len(value), _ROWS):
            walker.buffer(np.ascontiguousarray(value[start : start + _ROWS]).reshape(-1).view(np.uint8))
