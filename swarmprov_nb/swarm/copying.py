"""Copy: bring every chunk of a collection from one storage to another, each hashed on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from swarmprov_nb.swarm.chunk import ChunkBatch
from swarmprov_nb.swarm.collection import collection_addresses
from swarmprov_nb.swarm.file_tree import fetch
from swarmprov_nb.swarm.storage import Storage, UploadPlan

_BATCH: Final = 768


def copy(source: Storage, root: bytes, target: Storage) -> None:
    """Copy a collection; the target keeps it. Nothing is written where the source lacks a node of the tree.

    Raises ChunkNotFound and ChunkCorrupt for what the source does not hold, StorageError where the target takes none.
    """
    upload = target.upload(root, UploadPlan(f"copy-{root.hex()}"))
    for addresses in distinct_addresses(source, root):
        upload.put(ChunkBatch.of(fetch(source, addresses)))
    upload.finish()
    target.pin(root, keep=True)


def distinct_addresses(storage: Storage, root: bytes) -> Iterator[list[bytes]]:
    """Yield the addresses of a collection's chunks, each once, children before parents, in batches."""
    seen: set[bytes] = set()
    batch: list[bytes] = []
    for address in collection_addresses(storage, root):
        if address not in seen:
            seen.add(address)
            batch.append(address)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
