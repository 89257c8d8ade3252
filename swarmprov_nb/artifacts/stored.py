"""Snapshots: an object or a file as it is now, with its digests, ready to be stored."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from swarmprov_nb.artifacts.family import Description, Encoded
from swarmprov_nb.artifacts.files import media_type, size_text
from swarmprov_nb.artifacts.registry import family_of
from swarmprov_nb.errors import ArtifactError, ArtifactTooLarge, StorageError

SETTING = "max_artifact_bytes"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EIO})
_PATIENCE = 8  # how far past the limit a size is still counted, so that the refusal can name it


@dataclass(frozen=True)
class Snapshot:
    """What was there: its description, how it is written, what it holds, and the file that holds it."""

    description: Description
    encoded: Encoded
    content_id: str
    sha256: str
    size: int
    path: Path


def snapshot(value: Any, *, folder: Path, limit: int, name: str) -> Snapshot:
    """Write an object into a new file in `folder`, which the caller deletes.

    ArtifactError if no family takes the object or can write it; ArtifactTooLarge over `limit` bytes; StorageError
    where the disk takes none.

    >>> import numpy
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     taken = snapshot(numpy.arange(3), folder=Path(folder), limit=1000, name="steps")
    >>> taken.size, taken.description.summary
    (152, '3 values, int64')
    """
    family = family_of(value, declared=True)
    if family is None:
        raise ArtifactError(
            f"{name} is a {type(value).__name__}, which no artifact family can write down.",
            "Write it to a file in the cell, or register a family for it (swarmprov_nb.artifacts.register_family).",
        )
    try:
        handle, path = tempfile.mkstemp(prefix="artifact-", dir=folder)
    except OSError as error:
        raise _explained(error, name, limit) from error
    try:
        with os.fdopen(handle, "wb") as file:
            counted = _Counted(file, limit)
            encoded = family.encode(value, cast("BinaryIO", counted))
        counted.check(name)
        made = (family.describe(value), encoded, family.content_id(value), counted.sha256, counted.size)
    except BaseException as error:
        Path(path).unlink()
        raise _explained(error, name, limit) from error
    return Snapshot(*made, Path(path))


def snapshot_file(path: Path, *, limit: int) -> Snapshot:
    """Hash a file as it is, in parts; the snapshot's path is the file itself.

    ArtifactError if it is gone, is no plain file, or changes meanwhile; ArtifactTooLarge over `limit` bytes.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            before = os.fstat(file.fileno())
            _check_file(path, before, limit)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = (os.fstat(file.fileno()), path.stat())
    except OSError as error:
        raise ArtifactError(
            f"{path.name} cannot be read: {error.strerror or error}.", "Run the cell that writes it again."
        ) from error
    if any(_state(state) != _state(before) for state in after):
        raise ArtifactError(f"{path.name} was changed while it was read.", "Let its writer finish, then try again.")
    kind = media_type(path)
    described = Description("file", None, None, f"{kind}, {size_text(before.st_size)}")
    encoded = Encoded(kind, path.suffix, ())
    return Snapshot(described, encoded, f"file:sha256:{digest}", digest, before.st_size, path)


class _Counted:
    """A stream that hashes and counts what is written, keeps none of it past the limit, and gives up far past it."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._limit = limit
        self._digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.size += view.nbytes
        if self.size <= self._limit:
            self._digest.update(view)
            self._file.write(view)
        elif self.size > self._limit * _PATIENCE:
            raise _Endless
        return view.nbytes

    def tell(self) -> int:
        return self.size

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Leave flushing to the file below."""

    def close(self) -> None:
        """Leave the file below open: some writers close what they are given."""

    def check(self, name: str) -> None:
        if self.size > self._limit:
            raise too_large(name, f"{self.size:,} bytes", self._limit)


class _Endless(Exception):
    """The object is so far over the limit that its size is not counted to the end."""


def too_large(name: str, size: str, limit: int) -> ArtifactTooLarge:
    """Return the error for an artifact over the limit: its size, and the setting that allows more."""
    return ArtifactTooLarge(
        f"{name} takes {size}; an artifact may take {limit:,}.",
        f"Raise the setting {SETTING}, or keep a smaller part of it.",
    )


def _explained(error: BaseException, name: str, limit: int) -> BaseException:
    if isinstance(error, _Endless):
        return too_large(name, f"over {_PATIENCE * limit:,} bytes", limit)
    if isinstance(error, ArtifactError) or not isinstance(error, Exception):
        return error
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return StorageError(
            f"{name} cannot be written down: {os.strerror(error.errno)}.",
            "Make room, or see that you may write to your home for swarmprov; then run the cell again.",
        )
    reason = (str(error) or type(error).__name__).splitlines()[0].strip(". ")
    return ArtifactError(f"{name} cannot be written down: {reason}.", "Write it to a file in the cell instead.")


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check_file(path: Path, state: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise ArtifactError(f"{path.name} is no plain file.", "Name a file, not a folder or a device.")
    if state.st_size > limit:
        raise too_large(path.name, f"{state.st_size:,} bytes", limit)


def _state(state: os.stat_result) -> tuple[int, ...]:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
