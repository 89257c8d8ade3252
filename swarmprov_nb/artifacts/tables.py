"""Tables: pandas frames and series, written as Parquet.

The content id ``table-v1:sha256:HEX`` is the frame ``table`` of: the number of rows (eight bytes, little-endian), then
the leaf of each index level, then the leaf of each column, in order. A leaf is the frame ``index`` or ``field`` of the
canonical digest of its label (`swarmprov_nb.artifacts.canonical`), its logical type, and its column digest
(`swarmprov_nb.artifacts.columns`). So the leaves of two tables say which columns differ. A series is a table with one
column. Names of the column axis, ``attrs`` and memory layout are no content.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.canonical import object_digest
from swarmprov_nb.artifacts.codecs import codec_of
from swarmprov_nb.artifacts.columns import column_digest
from swarmprov_nb.artifacts.digest import framed, integer, text
from swarmprov_nb.artifacts.family import Description, Encoded


@dataclass(frozen=True)
class Column:
    """One column or index level of a table: label, logical type, and the digest of its leaf in hex."""

    label: str
    logical: str
    digest: str
    index: bool


def column_digests(value: Any) -> tuple[Column, ...]:
    """Return the index levels, then the columns of a table, with a digest each: compare two to see what changed.

    >>> import pandas
    >>> old = column_digests(pandas.DataFrame({"a": [1, 2], "b": [0.5, 1.5]}))
    >>> new = column_digests(pandas.DataFrame({"a": [1, 2], "b": [0.5, 2.5]}))
    >>> [column.label for column, other in zip(new, old) if column != other]
    ['b']
    """
    return tuple(_columns(_frame(value)))


def table_digest(value: Any) -> bytes:
    """Return the digest (32 bytes) of a frame or a series."""
    leaves = (bytes.fromhex(column.digest) for column in column_digests(value))
    return framed("table", integer(len(value)), *leaves)


class Tables:
    """The family of pandas frames and series.

    >>> import pandas
    >>> Tables().describe(pandas.DataFrame({"species": ["Adelie"], "mass": [3750.0]})).summary
    '1 row × 2 columns'
    """

    name = "tables"

    def matches(self, value: Any) -> bool:
        """Say whether it is a pandas frame or series; what only says that it is one counts when declared."""
        return issubclass(type(value), _kinds())

    def declarable(self, value: Any) -> bool:
        """Say whether it is a pandas frame or series, or says that it is one."""
        return isinstance(value, _kinds())

    def describe(self, value: Any) -> Description:
        """Say its rows, its columns and their logical types."""
        frame = _frame(value)
        rows, columns = frame.shape
        schema = tuple((str(label), codec_of(held).logical) for label, held in _fields(frame))
        summary = f"{rows:,} row{'s' * (rows != 1)} × {columns:,} column{'s' * (columns != 1)}"
        return Description("dataset", (rows, columns), schema, summary)

    def content_id(self, value: Any) -> str:
        """Name its labels, logical types and values, index included, over one digest a column."""
        return f"table-v1:sha256:{table_digest(value).hex()}"

    def encode(self, value: Any, stream: BinaryIO) -> Encoded:
        """Write Parquet, or typed JSON lines with a warning that says why, where Parquet refuses or is missing."""
        from swarmprov_nb.artifacts.parquet import NotParquet, write_parquet
        from swarmprov_nb.artifacts.table_lines import write_lines

        frame = _frame(value)
        try:
            return write_parquet(frame, stream)
        except NotParquet as refused:
            encoded = write_lines(frame, stream)
            return Encoded(encoded.media_type, encoded.suffix, (f"{refused}; stored as JSON lines", *encoded.warnings))


def _kinds() -> tuple[Any, ...]:
    pandas = sys.modules.get("pandas")
    return () if pandas is None else (getattr(pandas, "DataFrame", ()), getattr(pandas, "Series", ()))


def _frame(value: Any) -> Any:
    return value if hasattr(value, "columns") else value.to_frame()


def held(series: Any) -> Any:
    """Return a series' or an index's values without a copy: a NumPy array, or an extension array."""
    import numpy as np

    return series.to_numpy() if isinstance(series.dtype, np.dtype) else series.array


def _fields(frame: Any) -> Iterator[tuple[Any, Any]]:
    for place, label in enumerate(frame.columns):
        yield label, held(frame.iloc[:, place])


def _levels(frame: Any) -> Iterator[tuple[Any, Any]]:
    for level, name in enumerate(frame.index.names):
        yield name, held(frame.index.get_level_values(level))


def _columns(frame: Any) -> Iterator[Column]:
    for tag, fields in (("index", _levels(frame)), ("field", _fields(frame))):
        for label, values in fields:
            codec = codec_of(values)
            leaf = framed(tag, object_digest(label), text(codec.logical), column_digest(values, codec=codec))
            yield Column(str(label), codec.logical, leaf.hex(), tag == "index")
