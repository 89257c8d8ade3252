"""fsck: read all that a home keeps and say which file is hurt, which publication by it, and what can be rebuilt.

It looks while other processes record; a publish under way it does not disturb, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.freeing import record_folders
from swarmprov_nb.fsck.damage import Damage
from swarmprov_nb.fsck.files import hurt_files
from swarmprov_nb.fsck.mirror import mirrored
from swarmprov_nb.fsck.packs import hurt_mark, hurt_packs
from swarmprov_nb.fsck.receipts import hurt_receipts
from swarmprov_nb.fsck.records import hurt_record
from swarmprov_nb.fsck.resting import artifact, publication
from swarmprov_nb.fsck.witnesses import hurt_chain, hurt_transactions, other_keys, short_ledger
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.receipts import whole_receipts
from swarmprov_nb.view.captions import plural


@dataclass(frozen=True)
class Health:
    """What was looked at, and every file that is hurt.

    >>> print(Health("1 pack", ()))
    All is whole: 1 pack.
    """

    seen: str
    damage: tuple[Damage, ...]

    @property
    def exit_code(self) -> int:
        """0 where all is whole, else 1."""
        return int(bool(self.damage))

    def __str__(self) -> str:
        if not self.damage:
            return f"All is whole: {self.seen}."
        hurt = len({damage.file for damage in self.damage})
        end = f"Looked at {self.seen}: {hurt} {'file is' if hurt == 1 else 'files are'} hurt, the rest is whole."
        return "\n".join([*map(str, self.damage), end])


def fsck(home: Home, folder: Path) -> Health:
    """Look through a home, and through the record of a folder and of those of the notebooks published from here.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     print(fsck(Home(Path(place) / "home"), Path(place)))
    All is whole: nothing is kept here yet.

    Nothing is changed. Raises SwarmprovError while a publish is under way.
    """
    if not home.root.is_dir():
        return Health("nothing is kept here yet", ())
    with publishing_lock(home, wait=False):
        return _looked(home, folder)


def repair(home: Home, folder: Path, *, say: Callable[[str], None] = lambda _: None) -> Health:
    """Look, `say` what is hurt, rebuild what can be rebuilt without loss, and return what is left.

    What is hurt is moved aside (NAME.hurt) and never deleted. Raises what ``fsck`` does, and StorageError while
    something is being stored.
    """
    if not home.root.is_dir():
        return fsck(home, folder)
    with publishing_lock(home, wait=False):
        found = _looked(home, folder)
        mends = [damage.mend for damage in found.damage if damage.mend]
        if not mends:
            return found
        say(str(found))
        for mend in mends:
            mend()
        say(f"\n{plural(len(mends), 'file')} mended. What is left:\n")
        return _looked(home, folder)


def _looked(home: Home, folder: Path) -> Health:
    own = whole_receipts(home)[0]
    folders = record_folders(own, folder)
    damage = [*hurt_files(home), *other_keys(home, own), *hurt_transactions(home, own), *hurt_chain(home, own)]
    damage += short_ledger(home)
    seen = [plural(len(folders), "record")]
    recorded: list[tuple[Artifact, Path]] = []
    key = _record_key(home)
    for each in folders if key else ():
        published = any(Path(receipt.notebook).parent == each for receipt in own)
        found, artifacts = hurt_record(each, key, published=published)
        damage += found
        recorded += [(made, each) for made in artifacts]
    if home.store.is_dir():
        damage += hurt_mark(home.store)
        known = {bytes.fromhex(receipt.reference): receipt for receipt in own}
        with mirrored(home.store) as mirror:
            roots = {*_pins(home.store), *known}
            resting = [publication(mirror, root, known.get(root)) for root in sorted(roots)]
            resting += [artifact(mirror, made, where) for made, where in recorded]
            damage += [*hurt_packs(home.store, mirror, resting), *hurt_receipts(home, mirror.store)]
            seen = [plural(len(roots), "publication"), plural(mirror.packs, "pack"), *seen]
    seen += [plural(len(list(home.receipts.glob("*.json"))), "receipt")]
    seen += [plural(len(list(home.journal.rglob("*.jsonl"))), "journal")]
    return Health(", ".join(seen), tuple(damage))


def _record_key(home: Home) -> bytes:
    """Return the key that marks records, empty where there is none: looking makes no key."""
    with suppress(SwarmprovError):
        return home.secret(RECORD_KEY) if (home.keys / RECORD_KEY).exists() else b""
    return b""


def _pins(store: Path) -> Iterator[bytes]:
    names = (path.name for path in (store / "pins").glob("*"))
    yield from (bytes.fromhex(name) for name in names if re.fullmatch("[0-9a-f]{64}", name))
