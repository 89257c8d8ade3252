"""A publication in one file, to carry to another machine.

Format, little-endian: the line ``swarmprov saved 1`` with its line feed (18 bytes); the publication's address (32
bytes); records of payload length (u16), span (u64) and payload (at most 4096 bytes), children before parents, the root
last; then length 0xFFFF, the number of records (u64) and the SHA-256 of all before. No address of a chunk is stated:
whoever opens the file hashes each, and believes nothing else in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from struct import Struct
from typing import BinaryIO

from swarmprov_nb.errors import ChunkNotFound, StorageError
from swarmprov_nb.swarm.bmt import CHUNK_SIZE, hash_chunks
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch
from swarmprov_nb.swarm.copying import distinct_addresses
from swarmprov_nb.swarm.drafts import draft
from swarmprov_nb.swarm.file_tree import fetch
from swarmprov_nb.swarm.pack_file import make_durable
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.swarm.storage import Status, Storage, Upload, UploadPlan

MARK = b"swarmprov saved 1\n"
_FAMILY = b"swarmprov saved "
_RECORD = Struct("<HQ")
_END = Struct("<HQ32s")
_END_LENGTH = 0xFFFF
_BATCH = 768
_AGAIN = "Get the file again, or save the publication again."


def save(storage: Storage, root: bytes, file: Path, *, overwrite: bool = False) -> None:
    """Write every chunk of a collection to one file, which appears whole or not at all.

    Parameters
    ----------
    root
        The collection's level-0 address, 32 bytes.
    overwrite
        Replace a file that is there.

    Raises
    ------
    StorageError
        The file is there already or cannot be written, or the reference is no collection.
    ChunkNotFound, ChunkCorrupt
        The storage does not hold the whole publication; the message names the address.
    """
    file = Path(file)
    if file.exists() and not overwrite:
        raise StorageError(f"{file} is there already.", "Name another file, or allow it to be overwritten.")
    try:
        with draft(file, partial(Path.touch, exist_ok=False)) as part:
            with part.open("wb") as out:
                _write(storage, root, out)
                out.flush()
                make_durable(out.fileno())
            part.replace(file)
    except OSError as error:
        raise StorageError(
            f"{file} cannot be written: {error.strerror}.", "Name another file or free space."
        ) from error


def _write(storage: Storage, root: bytes, out: BinaryIO) -> None:
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        out.write(data)

    write(MARK + root)
    count = 0
    for addresses in distinct_addresses(storage, root):
        for chunk in fetch(storage, addresses):
            write(_RECORD.pack(len(chunk.payload), chunk.span) + chunk.payload)
        count += len(addresses)
    out.write(_END.pack(_END_LENGTH, count, digest.digest()))


class SavedFile:
    """A saved publication as a read-only Storage, its every chunk hashed when it is opened.

    Memory holds an address and an offset a chunk, never the payloads. ``root`` is the address that the file says it
    holds: it is true only once reading from there succeeds.

    Raises
    ------
    StorageError
        The file is missing, cut off, damaged, of another kind or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._offsets: dict[bytes, int] = {}
        with self._explained(), self.path.open("rb") as file:
            self.root = self._index(file)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(f"{self.path} cannot be read: {error.strerror}.", "Check the file's name.") from error

    def _index(self, file: BinaryIO) -> bytes:
        head = file.read(len(MARK) + ADDRESS_SIZE)
        if len(head) < len(MARK) + ADDRESS_SIZE and MARK.startswith(head[: len(MARK)]):
            raise self._cut_off()
        if not head.startswith(_FAMILY):
            raise StorageError(f"{self.path} is no saved publication.", "Name a file that `swarmprov save` has made.")
        if not head.startswith(MARK):
            raise StorageError(f"{self.path} was saved by another version.", "Open it with a newer swarmprov.")
        digest = hashlib.sha256(head)
        records = self._records(file, digest)
        count = 0
        while batch := list(islice(records, _BATCH)):
            count += len(batch)
            addresses = hash_chunks(
                b"".join([payload.ljust(CHUNK_SIZE, b"\0") for _, _, payload in batch]), [span for _, span, _ in batch]
            )
            for number, (offset, _, _) in enumerate(batch):
                self._offsets[addresses[number * ADDRESS_SIZE : (number + 1) * ADDRESS_SIZE]] = offset
        self._check_end(file, count, digest.digest())
        return head[len(MARK) :]

    def _records(self, file: BinaryIO, digest: hashlib._Hash) -> Iterator[tuple[int, int, bytes]]:
        """Offset, span and payload of each record, up to the mark of the end, which stays unread."""
        offset = len(MARK) + ADDRESS_SIZE
        while True:
            head = file.read(_RECORD.size)
            if len(head) < _RECORD.size:
                raise self._cut_off()
            length, span = _RECORD.unpack(head)
            if length == _END_LENGTH:
                file.seek(offset)
                return
            if length > CHUNK_SIZE:
                raise self._damaged()
            payload = file.read(length)
            if len(payload) < length:
                raise self._cut_off()
            digest.update(head + payload)
            yield offset, span, payload
            offset += len(head) + length

    def _check_end(self, file: BinaryIO, count: int, digest: bytes) -> None:
        end = file.read(_END.size + 1)
        if len(end) < _END.size:
            raise self._cut_off()
        if end != _END.pack(_END_LENGTH, count, digest):
            raise self._damaged()

    def _cut_off(self) -> StorageError:
        return StorageError(f"{self.path} is cut off.", _AGAIN)

    def _damaged(self) -> StorageError:
        return StorageError(f"{self.path} is damaged.", _AGAIN)

    def __len__(self) -> int:
        return len(self._offsets)

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for, each re-hashed: the file may have changed since it was opened.

        Raises
        ------
        ChunkNotFound, ChunkCorrupt
            The file does not hold one, or no longer.
        """
        with self._explained(), self.path.open("rb") as file:
            for address in addresses:
                yield self._chunk(file, address).verified()

    def _chunk(self, file: BinaryIO, address: bytes) -> Chunk:
        offset = self._offsets.get(address)
        if offset is None:
            raise ChunkNotFound(f"Chunk {address.hex()} is not in {self.path}.", _AGAIN)
        file.seek(offset)
        head = file.read(_RECORD.size)
        if len(head) < _RECORD.size:
            raise self._cut_off()
        length, span = _RECORD.unpack(head)
        return Chunk(address, span, file.read(length), origin=str(self.path))

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether each address is held."""
        return [address in self._offsets for address in addresses]

    def upload(self, root: bytes, plan: UploadPlan) -> Upload:
        """Refuse: a saved file is read-only."""
        del root, plan
        raise self._read_only()

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Refuse: a saved file is read-only."""
        del root, keep
        raise self._read_only()

    def _read_only(self) -> StorageError:
        return StorageError(f"{self.path} is read-only.", "Load it into a store first: `swarmprov load FILE`.")

    def pins(self) -> Iterator[bytes]:
        """Return the publication that the file was saved for."""
        return iter([self.root])

    def status(self, root: bytes) -> Status:
        """Whether the root's chunk is in the file."""
        return Status(retrievable=root in self._offsets)


def load(file: Path, store: Storage) -> bytes:
    """Put a saved publication into a store and return its address (32 bytes).

    Only chunks that the publication consists of are taken, each hashed, and all of them must be there.

    Raises
    ------
    StorageError, ChunkNotFound, ChunkCorrupt
        The file is no whole publication, or the store cannot take it.
    """
    saved = SavedFile(file)
    # the whole walk before the first write: a file that lacks something leaves nothing behind
    for addresses in distinct_addresses(saved, saved.root):
        if not all(saved.has(addresses)):
            raise StorageError(f"{file} does not hold the whole publication.", _AGAIN)
    upload = store.upload(saved.root, UploadPlan(f"load-{saved.root.hex()}"))
    for addresses in distinct_addresses(saved, saved.root):
        upload.put(ChunkBatch.of(fetch(saved, addresses)))
    upload.finish()
    return saved.root
