"""Parquet with equal bytes for equal frames, on one version of pyarrow (it writes its own version into the file)."""

from __future__ import annotations

import io
import json
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.family import Encoded

_ROWS = 1 << 17  # rows a group
_OPTIONS: dict[str, Any] = {"compression": "zstd", "version": "2.6", "row_group_size": _ROWS}


class NotParquet(ValueError):
    """Parquet cannot hold this frame; says why."""


def write_parquet(frame: Any, stream: BinaryIO) -> Encoded:
    """Write a pandas frame as Parquet; NotParquet, and nothing written, where that is not possible.

    >>> import io, pandas
    >>> write_parquet(pandas.DataFrame({"a": [1]}), io.BytesIO()).suffix
    '.parquet'
    """
    table = _table(frame)
    from pyarrow import parquet

    parquet.write_table(table, stream, **_OPTIONS)
    return Encoded("application/vnd.apache.parquet", ".parquet", _flattened(table))


def _table(frame: Any) -> Any:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise NotParquet("pyarrow is not installed (pip install 'swarmprov-nb[tables]')") from error
    try:
        table = pa.Table.from_pandas(frame, nthreads=1)
        table = table.replace_schema_metadata(_without_versions(table.schema.metadata))
        parquet.write_table(table.slice(0, 0), io.BytesIO(), **_OPTIONS)  # refuses before the first byte leaves
    except (pa.ArrowException, ValueError, TypeError, OverflowError, OSError) as error:
        raise NotParquet(f"Parquet cannot hold this table ({_reason(error)})") from error
    return table


def _reason(error: Exception) -> str:
    """Say what was refused, without the values that Arrow's own message may quote."""
    if str(error).startswith("Duplicate column names"):
        return "duplicate column names"
    return str(error.args[-1])[:120] if len(error.args) > 1 else "a column of a type that it lacks"


def _flattened(table: Any) -> tuple[str, ...]:
    """Say which columns come back without their categories: Parquet keeps those of texts only."""
    from pyarrow import types

    plain = (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    lost = [
        field.name
        for field in table.schema
        if types.is_dictionary(field.type) and not any(kind(field.type.value_type) for kind in plain)
    ]
    return tuple(f"the categories of column {name} are stored as plain values" for name in lost)


def _without_versions(metadata: dict[bytes, bytes]) -> dict[bytes, bytes]:
    """Keep what pandas needs to restore index and types; leave out who wrote it and the frame's attrs."""
    stated = json.loads(metadata[b"pandas"])
    kept = {key: item for key, item in stated.items() if key not in ("creator", "attributes")}
    kept["pandas_version"] = "1.4.0"  # the version of this metadata's format that readers look for
    return {b"pandas": json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()}
