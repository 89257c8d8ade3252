"""The mirror of a store: the same packs, looked at as they are at one moment and mended beside the store, never in it.

It is a folder of links that lives for one look. Hurt indexes are rebuilt there and hurt packs set aside, so that it
holds what the store would hold once it is repaired: whatever the mirror lacks is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from swarmprov_nb.errors import ChunkCorrupt, StorageError
from swarmprov_nb.swarm import PackStore, verify_chunks
from swarmprov_nb.swarm.pack_file import PackFile
from swarmprov_nb.swarm.pack_index import PackIndex
from swarmprov_nb.swarm.packs import locked


@dataclass(frozen=True)
class Mirror:
    """What of a store is whole, the packs (by name) without a good index, and those hurt, with their hurt chunks."""

    store: PackStore
    packs: int
    unindexed: Collection[str]
    hurt: Mapping[str, Collection[bytes]]

    def missing(self, addresses: Collection[bytes]) -> frozenset[bytes]:
        """Return those of some chunks that are in no pack, or only in a hurt part of one."""
        asked = list(addresses)
        return frozenset(each for each, held in zip(asked, self.store.has(asked), strict=True) if not held)


@contextmanager
def mirrored(folder: Path) -> Iterator[Mirror]:
    """Look at the store in a folder, whatever else stores or frees meanwhile; every byte is read.

    >>> with TemporaryDirectory() as place, mirrored(PackStore(Path(place) / "store").folder) as mirror:
    ...     mirror.hurt
    {}
    """
    with TemporaryDirectory(prefix="swarmprov-fsck-") as place:
        store = PackStore(Path(place) / "store")
        with locked(folder):
            packs = sorted((folder.absolute() / "packs").glob("*.pack"))
            unindexed = [pack.stem for pack in packs if not _is_index(pack.with_suffix(".idx"))]
            for pack in packs:
                (store.folder / "packs" / pack.name).symlink_to(pack)
                if pack.stem not in unindexed:
                    (store.folder / "packs" / f"{pack.stem}.idx").symlink_to(pack.with_suffix(".idx"))
            store.sweep()  # makes the indexes that are not there
            store.refresh()  # holds all files open: what is merged away meanwhile can still be read
        try:
            hurt = {pack.path.stem: set_aside(store, pack) for pack in store.packs() if not pack.sound()}
            yield Mirror(store, len(packs), unindexed, hurt)
        finally:
            for each in store.packs():
                each.close()


def set_aside(store: PackStore, pack: PackFile) -> Collection[bytes]:
    """Put what is whole of a hurt pack into a new one, the hurt one aside, and return its hurt chunks."""
    hurt = {address for address, offset in pack.index if not _is_whole(pack, address, offset)}
    store.set_aside(pack, {address for address, _ in pack.index} - hurt)
    return hurt


def _is_index(path: Path) -> bool:
    try:
        PackIndex(path)
    except (StorageError, FileNotFoundError):
        return False
    return True


def _is_whole(pack: PackFile, address: bytes, offset: int) -> bool:
    try:
        verify_chunks([pack.chunk(address, offset)])
    except ChunkCorrupt:
        return False
    return True
