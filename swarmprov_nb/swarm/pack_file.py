"""One pack: chunk records one after the other, written once and never changed.

Format, little-endian: 16 bytes of mark and version; then records of payload length (u16), span (u64) and payload (at
most 4096 bytes); then length 0xFFFF, the number of records (u64) and the CRC-32 of all before (u32). A pack states no
addresses: whoever reads it hashes.
"""

from __future__ import annotations

import fcntl
import os
import weakref
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct
from uuid import uuid4

from swarmprov_nb.errors import ChunkCorrupt, StorageError
from swarmprov_nb.swarm.bmt import CHUNK_SIZE
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch
from swarmprov_nb.swarm.pack_index import PackIndex, index_bytes

MARK = b"swarmprov pack 1"
RECORD = Struct("<HQ")
END = Struct("<HQI")
_END_LENGTH = 0xFFFF
_READ = 1 << 20


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a failure of the operating system into a StorageError about the store in this folder."""
    try:
        yield
    except FileNotFoundError as error:
        raise StorageError(f"The store {folder} is missing {error.filename}.", "Name another store.") from error
    except OSError as error:
        raise StorageError(
            f"The store {folder} cannot be used: {error.strerror or error}.",
            "Free space or change the folder's permissions, or name another store.",
        ) from error


def make_durable(descriptor: int) -> None:
    """Return once the file's bytes are on the disk, and on macOS past the drive's own cache."""
    os.fsync(descriptor)
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)
    if full_sync is not None:
        with suppress(OSError):  # not every file system has it
            fcntl.fcntl(descriptor, full_sync)


def make_folder_durable(folder: Path) -> None:
    """Return once the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class PackWriter:
    """A pack being written beside the store's packs, locked by this process while it lives."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"{uuid4().hex}.part"
        self.offsets: dict[bytes, int] = {}
        self._file = self.path.open("xb", buffering=0)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.size = 0
        self._checksum = 0
        try:
            self._write(MARK)
        except OSError:
            self.discard()
            raise

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self._checksum = zlib.crc32(data, self._checksum)
        self.size += len(data)

    def add(self, batch: ChunkBatch, numbers: list[int]) -> None:
        """Append the batch's chunks with these numbers."""
        parts: list[bytes | memoryview] = []
        at = self.size
        for number in numbers:
            self.offsets[batch.address(number)] = at
            length = batch.lengths[number]
            parts.append(RECORD.pack(length, batch.spans[number]))
            parts.append(batch.payload(number))
            at += RECORD.size + length
        self._write(b"".join(parts))

    def add_record(self, address: bytes, record: bytes) -> None:
        """Append a record of another pack as it is; a damaged one stays visibly damaged."""
        self.offsets[address] = self.size
        self._write(record)

    def seal(self) -> tuple[Path, Path]:
        """End the pack, write its index beside it, both on the disk; returns their paths."""
        self._write(END.pack(_END_LENGTH, len(self.offsets), self._checksum))
        make_durable(self._file.fileno())
        index = self.path.with_suffix(".idxpart")
        write_durably(index, index_bytes(self.offsets))
        return self.path, index

    def close(self) -> None:
        """Let go of the file; what was not committed counts as garbage from now on."""
        self._file.close()

    def discard(self) -> None:
        """Give up this pack and remove what was written of it."""
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".idxpart").unlink(missing_ok=True)
        self.close()


def write_durably(path: Path, data: bytes) -> None:
    """Write a whole file and return once it is on the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        make_durable(file.fileno())


class PackFile:
    """A committed pack and its index, open for reading."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index = PackIndex(path.with_suffix(".idx"))
        self._file = path.open("rb", buffering=0)
        self._let_go = weakref.finalize(self, self._file.close)  # by itself a file that is dropped warns in a cell
        self.size = os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        """Let go of the file."""
        self._let_go()

    def record(self, offset: int) -> bytes:
        """Bytes of the record at an offset; empty when there is none that could be whole."""
        if not len(MARK) <= offset < self.size:
            return b""
        raw = os.pread(self._file.fileno(), RECORD.size + CHUNK_SIZE, offset)
        if len(raw) < RECORD.size:
            return b""
        length, _ = RECORD.unpack_from(raw)
        return raw[: RECORD.size + length] if len(raw) >= RECORD.size + length and length <= CHUNK_SIZE else b""

    def record_size(self, offset: int) -> int:
        """Bytes that the record at an offset says it has."""
        return RECORD.size + RECORD.unpack(os.pread(self._file.fileno(), RECORD.size, offset))[0]

    def sound(self) -> bool:
        """Whether the bytes are those that were written, by the checksum, with a record wherever the index says."""
        checksum, at, last = 0, 0, self.size - END.size
        while at < last and (part := os.pread(self._file.fileno(), min(_READ, last - at), at)):
            checksum = zlib.crc32(part, checksum)
            at += len(part)
        end = END.pack(_END_LENGTH, len(self.index), checksum)
        return at == last and os.pread(self._file.fileno(), END.size, last) == end and self._found_all()

    def _found_all(self) -> bool:
        return all(self.record(offset) for _, offset in self.index)

    def chunk(self, address: bytes, offset: int) -> Chunk:
        """Unverified chunk that the index says is at an offset.

        Raises
        ------
        ChunkCorrupt
            No record can be there.
        """
        record = self.record(offset)
        if not record:
            raise ChunkCorrupt(
                f"Chunk {address.hex()} in {self.path} is damaged.",
                "Restore the pack from a backup, or delete it with its .idx and store its contents again.",
            )
        return Chunk(address, RECORD.unpack_from(record)[1], record[RECORD.size :], origin=str(self.path))


def records(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Offset, span and payload of each record of a pack, up to its end or to where it is damaged."""
    with path.open("rb", buffering=_READ) as file:
        if file.read(len(MARK)) != MARK:
            return
        at = len(MARK)
        while len(head := file.read(RECORD.size)) == RECORD.size:
            length, span = RECORD.unpack(head)
            payload = file.read(length) if length <= CHUNK_SIZE else b""
            if length > CHUNK_SIZE or len(payload) < length:
                return
            yield at, span, payload
            at += RECORD.size + length


def rebuild_index(path: Path) -> None:
    """Write a pack's index anew by hashing what the pack holds."""
    offsets = {Chunk.of(span, payload).address: at for at, span, payload in records(path)}
    fresh = path.with_name(f"{uuid4().hex}.idxpart")
    write_durably(fresh, index_bytes(offsets))
    fresh.replace(path.with_suffix(".idx"))
    make_folder_durable(path.parent)
