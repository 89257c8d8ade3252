"""Change tokens of pandas objects, per column: how pandas keeps its blocks, and moves them, is no change.

Covers pandas 2 and 3 (copy-on-write, Arrow strings, masked and categorical arrays), through ``sys.modules`` only.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.capture import arrays

if TYPE_CHECKING:
    from swarmprov_nb.capture.walk import Walker

_INNER: Final = ("_ndarray", "_data", "_mask", "_pa_array", "_left", "_right", "_sparse_values")


def walk(walker: Walker, value: Any, kind: type) -> bool:
    """Emit a frame, series, index, extension array or grouping; False for anything else."""
    pd = sys.modules.get("pandas")
    if pd is None or not hasattr(pd, "DataFrame") or not any(b.__module__.startswith("pandas") for b in kind.__mro__):
        return False
    if issubclass(kind, pd.DataFrame | pd.Series):
        _frame(walker, value)
    elif issubclass(kind, pd.Index):
        _index(walker, value, pd)
    elif issubclass(kind, pd.api.extensions.ExtensionArray):
        _extension(walker, value)
    elif issubclass(kind, pd.api.extensions.ExtensionDtype):
        walker.emit(str(value))
    elif hasattr(value, "obj") and kind.__module__.startswith("pandas.core"):
        walker.push([value.obj])  # a grouping or a window over a frame
    elif kind.__module__.startswith("pandas._libs"):
        walker.emit(str(value))
    else:
        return False
    return True


def _frame(walker: Walker, value: Any) -> None:
    walker.owned.add(id(value))
    np = sys.modules["numpy"]
    manager = value._mgr  # noqa: SLF001 - the only way to the data without making new objects
    walker.emit(len(manager.axes))
    columns: dict[int, tuple[str, Any]] = {}
    for block in manager.blocks:
        places = block.mgr_locs.as_array.tolist() if value.ndim > 1 else [0]
        _block(walker, block.values, places, columns)
    labels = list(manager.axes[0]) if value.ndim > 1 and walker.first() else []
    for place in sorted(columns):
        kind, cells = columns[place]
        start = walker.length
        walker.emit(kind)
        if isinstance(cells, np.ndarray) and not cells.dtype.hasobject:
            arrays.cells(walker, cells, np)
        else:
            walker.aside(cells, shares=True)
        if labels:
            walker.columns[labels[place]] = walker.since(start)
    walker.push([*manager.axes, value._attrs, *([value.name] if value.ndim == 1 else [])])  # noqa: SLF001 - as above


def _block(walker: Walker, values: Any, places: list[int], columns: dict[int, tuple[str, Any]]) -> None:
    kind = str(values.dtype)
    if getattr(values, "ndim", 1) == 1:
        columns.update(dict.fromkeys(places, (kind, values)))
        return
    base = values = getattr(values, "_ndarray", values)
    while base is not None:  # the block is shared by views; its columns are what is compared
        walker.owned.add(id(base))
        base = getattr(base, "base", None)
    for row, place in enumerate(places):
        columns[place] = kind, values[row]


def _index(walker: Walker, value: Any, pd: Any) -> None:
    walker.emit(len(value.names))
    walker.push(value.names)
    if isinstance(value, pd.MultiIndex):
        walker.push([*value.codes, *value.levels])
    elif isinstance(value, pd.RangeIndex):
        walker.emit(value.start, value.stop, value.step)
    else:
        walker.emit(str(getattr(value, "freq", "")))
        walker.push([value._data])  # noqa: SLF001 - `.values` may build a new array


def _extension(walker: Walker, value: Any) -> None:
    walker.owned.add(id(value))
    walker.emit(str(value.dtype))
    categories = getattr(value.dtype, "categories", None)
    inner = [getattr(value, name, None) for name in _INNER]
    for part in [part for part in inner if part is not None]:
        if hasattr(part, "chunks"):
            _arrow(walker, part)
        else:
            walker.push([part])
    walker.push([categories])


def _arrow(walker: Walker, value: Any) -> None:
    """Hash Arrow buffers: their objects never change, but their addresses are given out again."""
    walker.emit(str(value.type))
    for chunk in value.chunks:
        walker.emit(len(chunk), chunk.offset)
        for buffer in chunk.buffers():
            walker.buffer(buffer if buffer is not None else b"")
