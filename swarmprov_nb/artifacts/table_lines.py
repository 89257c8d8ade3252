"""Typed JSON lines: any table as text, for what Parquet refuses.

The first line is an object: ``format`` (``swarmprov-table-lines/1``), ``rows``, ``index`` and ``columns`` as lists of
[label, logical type]. Each line after it is one row: an array of index values, then column values. Missing values are
null; numbers that JSON lacks (infinities), times, bytes (base64) and all other objects stand as text.
"""

from __future__ import annotations

import base64
import json
import math
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.codecs import codec_of
from swarmprov_nb.artifacts.family import Encoded

FORMAT = "swarmprov-table-lines/1"
_ROWS = 1 << 13
_AS_TEXT = "values that are no text, number or time are kept as text"


def write_lines(frame: Any, stream: BinaryIO) -> Encoded:
    """Write a pandas frame as typed JSON lines.

    >>> import io, pandas
    >>> stream = io.BytesIO()
    >>> _ = write_lines(pandas.DataFrame({"a": [1, "x", None]}), stream)
    >>> stream.getvalue().decode().splitlines()[1:]
    ['[0,1]', '[1,"x"]', '[2,null]']
    """
    index, columns = _typed(frame, index=True), _typed(frame, index=False)
    _line(stream, {"format": FORMAT, "rows": len(frame), "index": index, "columns": columns})
    for start in range(0, len(frame), _ROWS):
        part = frame.iloc[start : start + _ROWS]
        for row in zip(*(list(map(cell, column)) for column in _values(part)), strict=True):
            _line(stream, row)
    mixed = any(logical == "object" for _, logical in (*index, *columns))
    return Encoded("application/x-ndjson", ".jsonl", (_AS_TEXT,) if mixed else ())


def _line(stream: BinaryIO, value: Any) -> None:
    stream.write(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n")


def _typed(frame: Any, *, index: bool) -> list[tuple[str, str]]:
    from swarmprov_nb.artifacts.tables import held

    if index:
        levels = ((name, frame.index.get_level_values(place)) for place, name in enumerate(frame.index.names))
        return [("" if name is None else str(name), codec_of(held(level)).logical) for name, level in levels]
    labels = enumerate(frame.columns)
    return [(str(label), codec_of(held(frame.iloc[:, place])).logical) for place, label in labels]


def _values(frame: Any) -> list[Any]:
    levels = [frame.index.get_level_values(place) for place in range(frame.index.nlevels)]
    return [*levels, *(frame.iloc[:, place] for place in range(frame.shape[1]))]


def cell(value: Any) -> Any:
    """Return what stands for one value in JSON."""
    value = value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", 1) == 0 else value
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return None if str(value) in ("<NA>", "NaT") else str(value)
