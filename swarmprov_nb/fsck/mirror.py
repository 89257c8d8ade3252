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
class HurtPack:
    """A pack with other bytes than were written: how many chunks its index names, and which of them are hurt."""

    chunks: int
    hurt: Collection[bytes]


@dataclass(frozen=True)
class Mirror:
    """What of a store is whole, the packs (by name) without a good index, and those that are hurt."""

    store: PackStore
    packs: int
    unindexed: Collection[str]
    hurt: Mapping[str, HurtPack]

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
            names = sorted(path.stem for path in (folder / "packs").glob("*.pack"))
            unindexed = [name for name in names if not _indexed(folder / "packs" / f"{name}.idx")]
            for name in names:
                (store.folder / "packs" / f"{name}.pack").symlink_to((folder / "packs" / f"{name}.pack").absolute())
                if name not in unindexed:
                    (store.folder / "packs" / f"{name}.idx").symlink_to((folder / "packs" / f"{name}.idx").absolute())
            store.sweep()  # makes the indexes that are not there
            store.refresh()  # holds all files open: what is merged away meanwhile can still be read
        try:
            yield Mirror(store, len(names), unindexed, {pack.path.stem: _mended(store, pack) for pack in _hurt(store)})
        finally:
            for pack in store.packs():
                pack.close()


def whole_chunks(pack: PackFile) -> set[bytes]:
    """Return the addresses of a pack's chunks whose bytes still hash to them."""
    return {address for address, offset in pack.index if _is_whole(pack, address, offset)}


def _hurt(store: PackStore) -> list[PackFile]:
    return [pack for pack in store.packs() if not pack.sound()]


def _mended(store: PackStore, pack: PackFile) -> HurtPack:
    whole = whole_chunks(pack)
    hurt = frozenset(address for address, _ in pack.index if address not in whole)
    store.set_aside(pack, whole)
    return HurtPack(len(pack.index), hurt)


def _indexed(path: Path) -> bool:
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
