"""An upload into a pack store: what is not held yet goes into packs, each committed when it is full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.chunk import ChunkBatch
from swarmprov_nb.swarm.pack_file import PackWriter, explained
from swarmprov_nb.swarm.pack_use import Use
from swarmprov_nb.swarm.storage import Stored

if TYPE_CHECKING:
    from swarmprov_nb.swarm.packs import PackStore

_PACK_SIZE = 128 << 20


class PackUpload:
    """An upload into a PackStore: packs of up to 128 MiB, each committed when it is full."""

    def __init__(self, store: PackStore, root: bytes, use: Use) -> None:
        self._store = store
        self._root = root
        self._use = use
        self._relied_on: set[str] = set()  # packs that hold what was not written again
        self._writer: PackWriter | None = None
        self._chunks = self._new = self._bytes = 0

    def put(self, batch: ChunkBatch) -> None:
        """Write the chunks that the store does not hold yet.

        Raises
        ------
        StorageError
            The disk is full, read-only or gone. What was finished before is safe.
        """
        with self._giving_up(), explained(self._store.folder):
            numbers = self._new_ones(batch)
            self._chunks += len(batch)
            if not numbers:
                return
            self._new += len(numbers)
            self._bytes += sum(batch.lengths[number] for number in numbers)
            self._write(batch, numbers)

    @contextmanager
    def _giving_up(self) -> Iterator[None]:
        """Let others free again where this fails: a traceback that somebody keeps would keep the share in the lock."""
        try:
            yield
        except BaseException:
            self._use.close()
            raise

    def _write(self, batch: ChunkBatch, numbers: list[int]) -> None:
        if self._writer is None:
            self._writer = self._store.new_writer()
        try:
            self._writer.add(batch, numbers)
        except OSError:
            self._writer.discard()
            self._writer = None
            raise
        if self._writer.size >= _PACK_SIZE:
            self._commit()

    def _new_ones(self, batch: ChunkBatch) -> list[int]:
        written = self._writer.offsets if self._writer is not None else {}
        fresh: dict[bytes, int] = {}
        for number in range(len(batch)):
            address = batch.address(number)
            if address not in written:
                fresh.setdefault(address, number)
        places = self._store.places(list(fresh))
        self._relied_on |= {place for place in places if place is not None}
        return [number for number, place in zip(fresh.values(), places, strict=True) if place is None]

    def _commit(self) -> None:
        if self._writer is not None:
            writer, self._writer = self._writer, None
            self._store.commit(writer)

    def finish(self) -> Stored:
        """Commit what was put and return once it is on the disk.

        Raises
        ------
        StorageError
            It could not be written, or the root that the upload was opened for was never put.
        """
        with self._giving_up(), explained(self._store.folder):
            self._commit()
            if self._relied_on:
                self._store.freshen(self._relied_on)
        self._use.close()
        if self._root and not self._store.has([self._root])[0]:
            raise StorageError(f"The upload of {self._root.hex()} ended before its root.", "Store it again.")
        return Stored(self._root, self._chunks, self._new, self._bytes)
