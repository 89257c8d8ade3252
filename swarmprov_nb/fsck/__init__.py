"""fsck: read all that a home keeps and say which file is hurt, which publication by it, and what can be rebuilt.

It looks while other processes record; a publish under way it does not disturb, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage
from swarmprov_nb.fsck.databases import hurt_chain, hurt_contents
from swarmprov_nb.fsck.journals import hurt_journals
from swarmprov_nb.fsck.keys import hurt_keys, hurt_lists
from swarmprov_nb.fsck.mirror import mirrored
from swarmprov_nb.fsck.packs import hurt_mark, hurt_packs
from swarmprov_nb.fsck.receipts import hurt_receipts
from swarmprov_nb.fsck.records import hurt_record
from swarmprov_nb.fsck.resting import artifact, publication
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.receipts import Receipt, whole_receipts
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


def repair(home: Home, folder: Path) -> int:
    """Rebuild what can be rebuilt without loss; returns how many files that was.

    What is hurt is moved aside (NAME.hurt) and never deleted. Raises what ``fsck`` does, and StorageError while
    something is being stored.
    """
    if not home.root.is_dir():
        return 0
    with publishing_lock(home, wait=False):
        mends = [damage.mend for damage in _looked(home, folder).damage if damage.mend]
        for mend in mends:
            mend()
    return len(mends)


def _looked(home: Home, folder: Path) -> Health:
    known = {receipt.reference: receipt for receipt in whole_receipts(home)[0]}
    own = known.values()
    folders = _folders(folder, own)
    damage = [*hurt_keys(home, own), *hurt_lists(home), *hurt_journals(home, own)]
    damage += [*hurt_contents(home), *hurt_chain(home, own)]
    recorded: list[tuple[Artifact, Path]] = []
    key = _record_key(home)
    for each in folders if key else ():
        published = any(Path(receipt.notebook).parent == each for receipt in own)
        found, artifacts = hurt_record(each, key, published=published)
        damage += found
        recorded += [(made, each) for made in artifacts]
    seen = [plural(len(folders), "record")]
    if home.store.is_dir():
        damage += hurt_mark(home.store)
        with mirrored(home.store) as mirror:
            roots = {*_pins(home.store), *map(bytes.fromhex, known)}
            resting = [publication(mirror, root, known.get(root.hex())) for root in sorted(roots)]
            resting += [artifact(mirror, each, where) for each, where in recorded]
            damage += [*hurt_packs(home.store, mirror, resting), *hurt_receipts(home, mirror.store, own, folders)]
            seen = [plural(len(roots), "publication"), plural(mirror.packs, "pack"), *seen]
    return Health(", ".join([*seen, *_counted(home)]), tuple(damage))


def _record_key(home: Home) -> bytes:
    """Return the key that marks records, empty where there is none: looking makes no key."""
    with suppress(SwarmprovError):
        return home.secret(RECORD_KEY) if (home.keys / RECORD_KEY).exists() else b""
    return b""


def _counted(home: Home) -> Iterator[str]:
    for name, files in (("receipt", home.receipts.glob("*.json")), ("journal", home.journal.rglob("*.jsonl"))):
        yield plural(len(list(files)), name)


def _folders(folder: Path, known: Iterable[Receipt]) -> list[Path]:
    """Return the folders whose records are at hand: this one, and those of the notebooks published from here."""
    places = [folder.absolute(), *(Path(receipt.notebook).parent for receipt in known)]
    return [each for each in dict.fromkeys(places) if (each / FOLDER / FILE).is_file()]


def _pins(store: Path) -> Iterator[bytes]:
    for path in (store / "pins").glob("*"):
        if re.fullmatch("[0-9a-f]{64}", path.name):
            yield bytes.fromhex(path.name)
