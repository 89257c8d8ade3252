"""Lines of JSON in a file that only grows: each is on the disk before it counts, and half a line counts for nothing."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.file_lock import LOCK_SECONDS, locked_within
from swarmprov_nb.secret_values import SecretBytes


def read_lines(path: Path) -> Iterator[Any]:
    """Yield what the lines hold, nothing where there is no file.

    Raises SwarmprovError where a line is damaged: what a kill leaves is a beginning of the last line, and nothing else.
    """
    try:
        *lines, last = map(SecretBytes, path.read_bytes().split(b"\n"))
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, 1):
        yield _value(line, path, number)
    if _decoded(last)[1]:  # whole but for its end
        yield _value(last, path, len(lines) + 1)


def append_line(path: Path, value: Any) -> None:
    """Write one more line; on return it is on the disk. The file is private. Raises OSError, then all is as before."""
    line = SecretBytes(json.dumps(value, sort_keys=True).encode() + b"\n")  # a journal's may hold salts
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        if not locked_within(handle, LOCK_SECONDS):
            raise OSError(errno.EWOULDBLOCK, "another process keeps it locked", str(path))
        data = SecretBytes(path.read_bytes())
        last = SecretBytes(data[data.rfind(b"\n") + 1 :])
        whole = _decoded(last)[1] > 0
        if not whole:
            os.ftruncate(handle, len(data) - len(last))  # half a line that a kill left
        _write_all(handle, b"\n" + line if whole else line)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    """Write to the end of a file, all or nothing: a disk that becomes full takes a part first, and says nothing."""
    before = os.fstat(handle).st_size
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    except OSError:
        os.ftruncate(handle, before)
        raise


def damaged(path: Path, number: int) -> SwarmprovError:
    """Return the error for a line that is not as it was written."""
    return SwarmprovError(f"{path} is damaged in line {number}.", "Ask what that hurts by: swarmprov fsck")


def _value(line: bytes, path: Path, number: int) -> Any:
    value, end = _decoded(line)
    if not line.isascii() or not 0 < end == len(line):
        raise damaged(path, number)
    return value


def _decoded(text: bytes) -> tuple[Any, int]:
    """Return the JSON value at the beginning of a text and where it ends, None and 0 where there is none."""
    try:
        return json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except ValueError:
        return None, 0
