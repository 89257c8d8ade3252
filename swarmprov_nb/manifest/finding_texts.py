"""What of a file can be read as text: texts, notebooks cell by cell, and the texts in Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from swarmprov_nb.bounded_json import loads

LIMIT = 16 << 20
_HEAD = 4096
_PART = 1 << 20
_PACKED = 4  # Parquet is read whole, or not at all
_BINARY, _SVG = ("image/", "audio/", "video/", "application/pdf"), "image/svg+xml"
_CONTROL = frozenset(range(9))


def texts_of_file(path: Path, *, place: str | None = None, limit: int = LIMIT) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of a file that can be read as text; nothing of one that cannot.

    At most `limit` bytes are read, and the place says so where there were more. Text that is not UTF-8 is read as
    Latin-1. A notebook gives a text a cell, one for its outputs and one for metadata, Parquet a text a column of texts.
    """
    with path.open("rb") as file:
        yield from texts_of_stream(place or path.name, iter(lambda: file.read(_PART), b""), limit=limit)


def texts_of_stream(place: str, parts: Iterable[bytes], *, limit: int = LIMIT) -> Iterator[tuple[str, str]]:
    """Yield (place, text) of a file's bytes as they come; `place` ends in the file's name.

    >>> list(texts_of_stream("data/notes.txt", [b"one", b" two"]))
    [('data/notes.txt', 'one two')]
    """
    suffix = PurePosixPath(place).suffix
    data, whole = _first(parts, limit if suffix != ".parquet" else limit * _PACKED)
    if suffix == ".parquet":
        yield from _columns(data, place, limit) if whole else ()
        return
    if _CONTROL & set(data[:_HEAD]):
        return
    text = _decoded(data, whole=whole)
    cells = list(_cells(text, place)) if suffix == ".ipynb" else []
    yield from cells or [(place if whole else f"{place} (first {limit:,} bytes)", text)]


def _first(parts: Iterable[bytes], limit: int) -> tuple[bytes, bool]:
    """Return the first `limit` bytes, and whether they are all."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > limit:
            return bytes(data[:limit]), False
    return bytes(data), True


def _decoded(data: bytes, *, whole: bool) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if not whole and error.start >= len(data) - 3:  # the limit cut a character
            return data[: error.start].decode()
        return data.decode("latin-1")


def _cells(text: str, place: str) -> Iterator[tuple[str, str]]:
    """Yield the sources, outputs and metadata of a notebook, decoded; nothing of what is no notebook."""
    try:
        document = loads(text, values=None)
        if metadata := document.get("metadata"):
            yield f"{place}, metadata", _written(metadata)
        for number, cell in enumerate(document["cells"], 1):
            yield f"{place}, cell {number}", _joined(cell["source"])
            if metadata := cell.get("metadata"):
                yield f"{place}, metadata of cell {number}", _written(metadata)
            if outputs := "\n".join(_joined(part) for output in cell.get("outputs", ()) for part in _parts(output)):
                yield f"{place}, output of cell {number}", outputs
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _written(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _joined(source: Any) -> str:
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else _written(source)


def _parts(output: dict[str, Any]) -> Iterator[Any]:
    yield from (output.get(key, "") for key in ("text", "ename", "evalue"))
    yield "\n".join(output.get("traceback", ()))
    yield from (part for kind, part in output.get("data", {}).items() if kind == _SVG or not kind.startswith(_BINARY))
    yield _written(output["metadata"]) if output.get("metadata") else ""


def _columns(data: bytes, place: str, limit: int) -> Iterator[tuple[str, str]]:
    """Yield one text a column of texts; a line is a row."""
    try:
        import pyarrow as pa
        from pyarrow import parquet, types
    except ImportError:
        return
    try:
        file = parquet.ParquetFile(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        return
    with file:
        fields = [field for field in file.schema_arrow if types.is_string(_plain(field.type))]
        for field in fields:
            rows: list[str] = []
            size = 0
            for batch in file.iter_batches(columns=[field.name]):
                rows += [" ".join(str(item or "").split("\n")) for item in batch.column(0).to_pylist()]
                size += batch.nbytes
                if size > limit:
                    break
            read = "" if len(rows) == file.metadata.num_rows else f" (first {len(rows):,} rows)"
            yield f"{place}, column {field.name}{read}", "\n".join(rows)


def _plain(kind: Any) -> Any:
    """Return the type of a column's values: large strings and categories of texts are texts."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.string() if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) else kind
