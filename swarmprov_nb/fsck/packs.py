"""The store looked through: its mark, each index and each pack, and what rests on the chunks that are lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from swarmprov_nb.fsck.damage import Damage, move_aside
from swarmprov_nb.fsck.mirror import HurtPack, Mirror, whole_chunks
from swarmprov_nb.fsck.resting import Resting
from swarmprov_nb.swarm import PackStore
from swarmprov_nb.swarm.pack_file import write_durably
from swarmprov_nb.swarm.pack_use import alone
from swarmprov_nb.swarm.packs import VERSION
from swarmprov_nb.view.captions import plural

_ASIDE: Final = "Its good chunks are put into a new pack, and the hurt one is moved aside, by: swarmprov fsck --repair"


def hurt_mark(folder: Path) -> Iterator[Damage]:
    """Look at the file that says of which version a store is."""
    mark = folder / "store"
    text = mark.read_bytes() if mark.is_file() else b""
    if text == VERSION.encode():
        return
    if text[:-2] == VERSION.encode()[:-2] and text[-2:-1].isdigit():
        cure = f"A newer swarmprov may have made the store: use that. If none did, write {VERSION.strip()!r} into it."
        yield Damage(mark, "it names another version of the store", cure)
    else:
        cure = "It says one thing, the version of the store, and is written anew by: swarmprov fsck --repair"
        yield Damage(mark, "it does not name the version of the store", cure, mend=partial(_mark, mark))


def hurt_packs(folder: Path, mirror: Mirror, resting: Sequence[Resting]) -> Iterator[Damage]:
    """Look at indexes and packs, and at what rests on them."""
    for name in mirror.unindexed:
        cure = "It is rebuilt from its pack by: swarmprov fsck --repair"
        what = "it is missing or damaged, and a pack without one is not read"
        yield Damage(folder / "packs" / f"{name}.idx", what, cure, mend=partial(_index, folder))
    known: set[bytes] = set()
    for name, pack in mirror.hurt.items():
        lost = mirror.missing(pack.hurt)
        known |= lost
        harmed = {said: each.cure for each in resting if (said := each.hurt_by(lost))}
        cures = dict.fromkeys([_ASIDE, *harmed.values()])
        mend = partial(_set_aside, folder, name)
        yield Damage(folder / "packs" / f"{name}.pack", _what(pack, lost), "\n".join(cures), tuple(harmed), mend)
    for each in resting:
        elsewhere = each.chunks - known
        if said := each.hurt_by(elsewhere):
            what = f"it lacks {plural(len(elsewhere), 'chunk')}"
            yield Damage(folder / "packs", what, each.cure, (said,))


def _what(pack: HurtPack, lost: frozenset[bytes]) -> str:
    if not pack.hurt:
        return f"its end or its checksum is wrong, though {plural(pack.chunks, 'chunk')} in it can be read"
    said = f"{len(pack.hurt)} of {plural(pack.chunks, 'chunk')} cannot be read"
    return said if lost else f"{said}, and other packs have them too"


def _mark(mark: Path) -> None:
    if mark.exists():
        move_aside(mark)
    write_durably(mark, VERSION.encode())


def _index(folder: Path) -> None:
    PackStore.open(folder, create=False).sweep()


def _set_aside(folder: Path, name: str) -> None:
    store = PackStore.open(folder, create=False)
    with alone(folder):
        for pack in store.packs():
            if pack.path.stem == name:
                store.set_aside(pack, whole_chunks(pack))
