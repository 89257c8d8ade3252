"""Searching bytes for marks: in every form that a text may be written in, and inside what is packed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote


def forms(mark: bytes) -> dict[str, bytes]:
    """Return how bytes may be written: raw, in hex, in base64 wherever they begin, and a text escaped."""
    shifted = [base64.b64encode(b"\0" * shift + mark) for shift in range(3)]
    inner = [each[4 * bool(shift) : -4] for shift, each in enumerate(shifted)]
    found = {"raw": mark, "hex": mark.hex().encode(), "HEX": mark.hex().upper().encode()}
    found["as Python shows bytes"] = repr(bytes(mark))[2:-1].encode()
    found["sha256, which confirms a guess"] = hashlib.sha256(mark).hexdigest().encode()
    for shift, each in enumerate(inner):
        found[f"base64 from {shift}"] = each
        found[f"web base64 from {shift}"] = each.replace(b"+", b"-").replace(b"/", b"_")
    with suppress(UnicodeDecodeError):
        text = mark.decode()
        found |= {
            "percent": quote(text, safe="").encode(),
            "all percent": "".join(f"%{byte:02X}" for byte in mark).encode(),
            "JSON": json.dumps(text)[1:-1].encode(),
            "escaped twice": json.dumps(json.dumps(text)[1:-1])[1:-1].encode(),
            "HTML": html.escape(text).encode(),
            "UTF-16 little": text.encode("utf-16-le"),
            "UTF-16 big": text.encode("utf-16-be"),
            "reversed": mark[::-1],
        }
    return found


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield bytes, and what is packed in them: gzip, zlib, zip (skops, npz), Parquet."""
    yield name, data
    if data[:2] == b"\x1f\x8b":
        yield from unpacked(f"{name} (gzip)", gzip.decompress(data))
    if data[:1] == b"\x78":
        with suppress(zlib.error):
            yield f"{name} (zlib)", zlib.decompress(data)
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                yield f"{name}/{member} (name)", member.encode()
                yield from unpacked(f"{name}/{member}", archive.read(member))
    if data[:4] == b"PAR1":
        yield f"{name} (Parquet)", _read_parquet(data)


def _read_parquet(data: bytes) -> bytes:
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(data))
    metadata = repr(table.schema.metadata)
    return f"{table.schema} {metadata} {table.to_pylist()!r}".encode()


def leaks(marks: dict[str, bytes], texts: dict[str, bytes]) -> list[tuple[str, str, str]]:
    """Return (mark, form, place) of every mark in any form in any of the texts."""
    written = {name: forms(mark) for name, mark in marks.items()}
    return [
        (mark, form, place)
        for name, data in texts.items()
        for place, each in unpacked(name, data)
        for mark, ways in written.items()
        for form, way in ways.items()
        if way in each
    ]
