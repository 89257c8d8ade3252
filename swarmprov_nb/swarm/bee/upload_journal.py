"""What an upload has sent and what was taken, on the disk before and after each act, so that a kill loses nothing.

Format: a file of records, appended only until it is done: kind (1 byte), length (u32), CRC-32 of kind and body (u32),
body; all little-endian. Kinds: ``H`` head (JSON), ``N`` new session (JSON: tag, split before), ``S`` addresses about to
be sent, ``A`` addresses acked, ``K`` everything so far is kept by the node, ``F`` forgotten (addresses that were lost),
``U`` everything so far is unsure, ``D`` done. A torn last record, and all after it, counts as not written.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from struct import Struct
from typing import Any

from swarmprov_nb.errors import StorageError
from swarmprov_nb.file_lock import locked_within
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.drafts import draft
from swarmprov_nb.swarm.pack_file import write_durably
from swarmprov_nb.swarm.reference import ADDRESS_SIZE

_RECORD = Struct("<BII")
_LARGEST = 1 << 24
_VERSION = 1


@dataclass(frozen=True)
class Session:
    """Chunks sent under one tag, which the node counts when the session ends: ``split`` was its count before."""

    tag: str
    split: int


class UploadJournal:
    """The state of one upload, kept in a file; None keeps it in memory only.

    ``acked`` and ``unsure`` (sent, and neither acked nor known to be kept) are disjoint.

    Raises
    ------
    StorageError
        The file cannot be used, or another process uploads the same.
    """

    def __init__(self, file: Path | None, head: dict[str, Any]) -> None:
        self.file = file
        self.acked: set[bytes] = set()
        self.unsure: dict[bytes, None] = {}
        self.session: Session | None = None
        self.in_session: list[bytes] = []
        self.done = False
        self._descriptor: int | None = None
        self._head = {"version": _VERSION, **head}
        if file is not None:
            self._open(file)

    @classmethod
    def within(cls, folder: Path | None, name: str, head: dict[str, Any]) -> UploadJournal:
        """Open the journal called ``name`` in a folder; one of another upload, or of an older node, begins anew."""
        if folder is None:
            return cls(None, head)
        return cls(folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.upload", head)

    def _open(self, file: Path) -> None:
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            if not locked_within(self._descriptor, 0):
                raise fault(
                    "stopped", "The same upload is under way already.", "Wait for it, or stop the other process."
                )
            self._read_or_begin()
        except OSError as error:
            self.close()
            raise _unusable(file, error) from error
        except StorageError:
            self.close()
            raise

    def _read_or_begin(self) -> None:
        assert self._descriptor is not None
        size = os.fstat(self._descriptor).st_size
        data = os.pread(self._descriptor, size, 0)
        good = 0
        for kind, body, end in _records(data):
            if good == 0 and (kind != "H" or json.loads(body) != self._head):
                break
            self._apply(kind, body)
            good = end
        if good < size:
            os.ftruncate(self._descriptor, good)
        if not good:
            self._write("H", json.dumps(self._head).encode(), durable=True)

    def _apply(self, kind: str, body: bytes) -> None:
        if kind == "S":
            self.unsure.update(dict.fromkeys(_addresses(body)))
        elif kind == "A":
            self._take(_addresses(body))
        elif kind == "F":
            self._forget(_addresses(body))
        elif kind == "N":
            self.session = Session(**json.loads(body))
            self.in_session = []
        elif kind == "K":
            self.in_session = []
        elif kind == "U":
            self._doubt()
        elif kind == "D":
            self.done = True

    def _doubt(self) -> None:
        self.unsure.update(dict.fromkeys(self.acked))
        self.acked.clear()
        self.in_session = []

    def _take(self, addresses: Iterable[bytes]) -> None:
        for address in addresses:
            self.acked.add(address)
            self.in_session.append(address)
            self.unsure.pop(address, None)

    def _forget(self, addresses: Iterable[bytes]) -> None:
        for address in addresses:
            self.acked.discard(address)
            self.unsure.pop(address, None)

    def sending(self, addresses: list[bytes]) -> None:
        """Note chunks that are about to be sent."""
        self.unsure.update(dict.fromkeys(addresses))
        self._write("S", b"".join(addresses))

    def took(self, addresses: list[bytes]) -> None:
        """Note chunks that the node acked, or holds."""
        self._take(addresses)
        self._write("A", b"".join(addresses))

    def forget(self, addresses: list[bytes]) -> None:
        """Note chunks that have to be sent again."""
        if addresses:
            self._forget(addresses)
            self._write("F", b"".join(addresses))

    def begin(self, session: Session) -> None:
        """Note a new session."""
        self.session = session
        self.in_session = []
        self._write("N", json.dumps({"tag": session.tag, "split": session.split}).encode(), durable=True)

    def kept(self) -> None:
        """Note that everything acked so far is kept by the node."""
        self.in_session = []
        self._write("K", b"", durable=True)

    def doubt(self) -> None:
        """Note that whatever was acked has to be asked for before it is believed."""
        self._doubt()
        self._write("U", b"", durable=True)

    def finished(self) -> None:
        """Note that the upload is done; a short file takes the place of the long one, which a kill leaves as it is."""
        self.done = True
        if self.file is None:
            return
        with _explained(self.file), draft(self.file, partial(Path.touch, mode=0o600)) as short:
            write_durably(short, _record("H", json.dumps(self._head).encode()) + _record("D", b""))
            short.replace(self.file)

    def restart(self) -> None:
        """Forget everything: what was done has been lost since."""
        self.done = False
        self.acked.clear()
        self.unsure.clear()
        self.in_session = []
        self.session = None
        if self._descriptor is not None:
            with _explained(self.file):
                os.ftruncate(self._descriptor, 0)
        self._write("H", json.dumps(self._head).encode(), durable=True)

    def _write(self, kind: str, body: bytes, *, durable: bool = False) -> None:
        if self._descriptor is None:
            return
        data = _record(kind, body)
        with _explained(self.file):
            # one write straight to the kernel: a kill of this process cannot take it back
            if os.write(self._descriptor, data) != len(data):
                raise OSError(28, os.strerror(28))
            if durable:
                os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file, and of the lock."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def _explained(file: Path | None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unusable(file, error) from error


def _unusable(file: Path | None, error: OSError) -> StorageError:
    return StorageError(
        f"The upload's journal {file} cannot be written: {error.strerror or error}.",
        "Free space or change the folder's permissions, then run the same command again.",
    )


def _record(kind: str, body: bytes) -> bytes:
    return _RECORD.pack(ord(kind), len(body), zlib.crc32(body, zlib.crc32(kind.encode()))) + body


def _addresses(body: bytes) -> list[bytes]:
    return [body[at : at + ADDRESS_SIZE] for at in range(0, len(body), ADDRESS_SIZE)]


def whole_size(data: bytes) -> int:
    """Return how much of a journal's bytes is records as they were written."""
    return max((end for _, _, end in _records(data)), default=0)


def _records(data: bytes) -> Iterator[tuple[str, bytes, int]]:
    """Kind, body and end of each whole record."""
    at = 0
    while at + _RECORD.size <= len(data):
        kind, size, checksum = _RECORD.unpack_from(data, at)
        end = at + _RECORD.size + size
        body = data[at + _RECORD.size : end]
        if size > _LARGEST or len(body) != size or zlib.crc32(body, zlib.crc32(bytes((kind,)))) != checksum:
            return
        yield chr(kind), body, end
        at = end
