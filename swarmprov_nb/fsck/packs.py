"""The store looked through: its mark, each index and each pack, and what rests on the chunks that are lost."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from swarmprov_nb.fsck.damage import Damage, anew
from swarmprov_nb.fsck.mirror import Mirror, set_aside
from swarmprov_nb.fsck.resting import Resting
from swarmprov_nb.swarm import PackStore
from swarmprov_nb.swarm.pack_file import write_durably
from swarmprov_nb.swarm.pack_use import alone
from swarmprov_nb.swarm.packs import VERSION, is_begun
from swarmprov_nb.view.captions import plural

_ASIDE: Final = "Its good chunks are put into a new pack, and the hurt one is moved aside, by: swarmprov fsck --repair"
_INDEX: Final = "It is rebuilt from its pack by: swarmprov fsck --repair"
_MARK: Final = "It says one thing, the version of the store, and is written anew by: swarmprov fsck --repair"
_NEWER: Final = f"A newer swarmprov may have made the store: use that. If none did, write {VERSION.strip()!r} into it."


def hurt_mark(folder: Path) -> Iterator[Damage]:
    """Look at the file that says of which version a store is."""
    mark = folder / "store"
    text = mark.read_bytes() if mark.is_file() else b""
    if text == VERSION.encode() or not is_begun(folder):
        return
    if re.fullmatch(rb"swarmprov store \d+\n", text):
        yield Damage(mark, "it names another version of the store", _NEWER)
    else:
        mend = anew(mark, write_durably, VERSION.encode())
        yield Damage(mark, "it does not name the version of the store", _MARK, mend=mend)


def hurt_packs(folder: Path, mirror: Mirror, resting: Sequence[Resting]) -> Iterator[Damage]:
    """Look at indexes and packs, and at what rests on them."""
    packs = folder / "packs"
    for name in mirror.unindexed:
        what = "it is missing or damaged, and a pack without one is not read"
        yield Damage(packs / f"{name}.idx", what, _INDEX, mend=partial(_index, folder))
    known: set[bytes] = set()
    for name, hurt in mirror.hurt.items():
        lost = mirror.missing(hurt)
        known |= lost
        harmed = {said: each.cure for each in resting if (said := each.hurt_by(lost))}
        cures = "\n".join(dict.fromkeys([_ASIDE, *harmed.values()]))
        mend = partial(_set_aside, folder, name)
        yield Damage(packs / f"{name}.pack", _what(len(hurt), lost), cures, tuple(harmed), mend)
    for each in resting:
        elsewhere = each.chunks - known
        if said := each.hurt_by(elsewhere):
            yield Damage(packs, f"it lacks {plural(len(elsewhere), 'chunk')}", each.cure, (said,))


def _what(hurt: int, lost: Collection[bytes]) -> str:
    if not hurt:
        return "its end or its checksum is wrong, though every chunk in it can be read"
    return f"{plural(hurt, 'chunk')} of it cannot be read{'' if lost else ', and other packs have them too'}"


def _index(folder: Path) -> None:
    PackStore.open(folder, create=False).sweep()


def _set_aside(folder: Path, name: str) -> None:
    store = PackStore.open(folder, create=False)
    with alone(folder):
        for pack in store.packs():
            if pack.path.stem == name:
                set_aside(store, pack)
