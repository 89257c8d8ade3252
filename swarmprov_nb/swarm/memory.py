"""Chunks in a dictionary: the smallest Storage, for tests and for looking at bytes before they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swarmprov_nb.errors import ChunkNotFound
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch
from swarmprov_nb.swarm.storage import Status, Stored, UploadPlan


class MemoryStorage:
    """A Storage that lives as long as its process.

    >>> storage = MemoryStorage()
    >>> storage.has([bytes(32)])
    [False]
    """

    def __init__(self) -> None:
        self._chunks: dict[bytes, Chunk] = {}
        self._pins: set[bytes] = set()

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for; ChunkNotFound names one that is not held."""
        for address in addresses:
            if address not in self._chunks:
                raise ChunkNotFound(f"Chunk {address.hex()} is not in memory.", "Look for it in another store.")
            yield self._chunks[address]

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether each address is held."""
        return [address in self._chunks for address in addresses]

    def upload(self, root: bytes, plan: UploadPlan) -> MemoryUpload:
        """Open an upload; chunks are there as soon as they are put."""
        del plan
        return MemoryUpload(self, root)

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Mark a root as kept, or no longer."""
        (self._pins.add if keep else self._pins.discard)(root)

    def pins(self) -> Iterator[bytes]:
        """Roots that are kept."""
        return iter(sorted(self._pins))

    def status(self, root: bytes) -> Status:
        """Whether the root's chunk is held."""
        return Status(retrievable=root in self._chunks)

    def addresses(self) -> set[bytes]:
        """Every address held."""
        return set(self._chunks)

    def replace(self, chunk: Chunk) -> None:
        """Put a chunk under its stated address, right or wrong."""
        self._chunks[chunk.address] = chunk

    def forget(self, address: bytes) -> None:
        """Lose a chunk."""
        self._chunks.pop(address, None)


class MemoryUpload:
    """An upload into a MemoryStorage."""

    def __init__(self, storage: MemoryStorage, root: bytes) -> None:
        self._storage = storage
        self._root = root
        self._chunks = self._new = self._bytes = 0

    def put(self, batch: ChunkBatch) -> None:
        """Take chunks, copying their payloads."""
        for chunk in batch:
            self._chunks += 1
            if not self._storage.has([chunk.address])[0]:
                self._new += 1
                self._bytes += len(chunk.payload)
                self._storage.replace(chunk)

    def finish(self) -> Stored:
        """Say what was put."""
        return Stored(self._root, self._chunks, self._new, self._bytes)
