"""What a store holds and nothing needs: found by what is needed, and freed pack by pack.

Packs never change, so what is kept of one goes into a new pack before the old one is removed. A pack that an upload
relied on since garbage was looked for stays; so does one whose bytes are damaged, for whoever may yet mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from swarmprov_nb.swarm.chunk import verify_chunks
from swarmprov_nb.swarm.pack_file import PackFile
from swarmprov_nb.swarm.pack_use import alone
from swarmprov_nb.swarm.packs import PackStore

_LEAST_SHARE = 64  # a pack is rewritten where at least this part of it is garbage
_TOGETHER = 128 << 20  # bytes of packs that are rewritten into one, while uploads wait
_BATCH = 128  # chunks


@dataclass(frozen=True)
class _Pack:
    """A pack as it was looked at: its bytes, those that nothing needs, and when an upload last relied on it."""

    name: str
    size: int
    garbage: int
    used: int


@dataclass(frozen=True)
class Garbage:
    """Chunks that nothing needs, and copies of needed ones: which packs go, and what stays for now because it is new.

    `damaged` are packs whose bytes are not those that were written; they are left alone.
    """

    packs: tuple[_Pack, ...]
    needed: Collection[bytes]
    copied: frozenset[bytes]
    young: int
    damaged: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of chunks to free; their index entries come on top."""
        return sum(pack.garbage for pack in self.packs)


def sound_packs(store: PackStore) -> set[str]:
    """Return the names of the packs whose bytes are those that were written: every byte is read."""
    return {pack.path.stem for pack in store.packs() if pack.sound()}


def find_garbage(
    store: PackStore, needed: Collection[bytes], *, before: float, checked: Collection[str] = ()
) -> Garbage:
    """Find what is not among the needed addresses, or there twice, in packs that no upload relied on since `before`.

    `before` is a time in seconds since 1970; `checked` are packs that were found sound just now. Call it ``alone`` with
    the store, where the result is to be freed.

    >>> import tempfile, pathlib
    >>> from swarmprov_nb.swarm import UploadPlan, split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = PackStore(pathlib.Path(folder) / "store")
    ...     upload = store.upload(b"", UploadPlan("x"))
    ...     root = split(b"hello world", upload)
    ...     stored = upload.finish()
    ...     find_garbage(store, {root}, before=2e9).size, find_garbage(store, set(), before=3e9).size
    (0, 21)
    """
    everything = store.packs()
    sound = [pack for pack in everything if pack.path.stem in checked or pack.sound()]
    used = {pack.path.stem: pack.path.stat().st_mtime_ns for pack in sound}
    limit = int(before * 1e9)
    seen: set[bytes] = set()
    copied: set[bytes] = set()
    found: list[_Pack] = []
    young = 0
    # what stays anyway comes first, and then the large: of two copies that in the smaller pack goes
    for pack in sorted(sound, key=lambda pack: (used[pack.path.stem] <= limit, -pack.size)):
        garbage = _garbage_in(pack, needed, seen, copied)
        name = pack.path.stem
        if used[name] > limit:
            young += garbage
        elif garbage * _LEAST_SHARE >= pack.size:
            found.append(_Pack(name, pack.size, garbage, used[name]))
    damaged = tuple(pack.path.name for pack in everything if pack not in sound)
    return Garbage(tuple(found), needed, frozenset(copied), young, damaged)


def _garbage_in(pack: PackFile, needed: Collection[bytes], seen: set[bytes], copied: set[bytes]) -> int:
    garbage = 0
    for address, offset in pack.index:
        if address in needed and address not in seen:
            seen.add(address)
            continue
        if address in seen:
            copied.add(address)
        garbage += pack.record_size(offset)
    return garbage


def free(store: PackStore, garbage: Garbage) -> int:
    """Free what was found, group by group, uploads going on between two groups; returns the bytes freed on the disk.

    Raises ChunkCorrupt, and leaves that group, where a chunk that is kept can no longer be read.
    """
    freed = 0
    for group in _groups(garbage):
        with alone(store.folder):
            packs = {pack.path.stem: pack for pack in store.packs()}
            still = [packs[each.name] for each in group if _unused(packs.get(each.name), each)]
            if still:
                freed += _freed(store, still, garbage, list(packs.values()))
    return freed


def _groups(garbage: Garbage) -> Iterator[list[_Pack]]:
    group: list[_Pack] = []
    for pack in garbage.packs:
        group.append(pack)
        if sum(each.size - each.garbage for each in group) >= _TOGETHER:
            yield group
            group = []
    if group:
        yield group


def _unused(pack: PackFile | None, found: _Pack) -> bool:
    return pack is not None and pack.path.stat().st_mtime_ns == found.used


def _freed(store: PackStore, packs: list[PackFile], garbage: Garbage, everything: list[PackFile]) -> int:
    others = [pack for pack in everything if pack not in packs and pack.path.name not in garbage.damaged]

    def keep(address: bytes) -> bool:
        if address not in garbage.needed:
            return False
        return address not in garbage.copied or all(other.index.offset(address) is None for other in others)

    for pack in packs:
        _read_back(pack, keep)
    before = _on_disk(store)
    store.rewrite(packs, keep)
    return before - _on_disk(store)


def _read_back(pack: PackFile, keep: Callable[[bytes], bool]) -> None:
    """Hash what will be kept: nothing goes before its copy would be right."""
    kept = [entry for entry in pack.index if keep(entry[0])]
    for start in range(0, len(kept), _BATCH):
        verify_chunks([pack.chunk(*entry) for entry in kept[start : start + _BATCH]])


def _on_disk(store: PackStore) -> int:
    return sum(path.stat().st_size for path in (store.folder / "packs").iterdir())
