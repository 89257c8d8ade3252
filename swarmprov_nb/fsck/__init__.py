"""fsck: read all that a home keeps and say which file is hurt, which publication by it, and what can be rebuilt.

It looks while other processes record; a publish under way it does not disturb, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from swarmprov_nb.freeing import record_folders
from swarmprov_nb.fsck.damage import Damage, fault_of
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
from swarmprov_nb.receipts import Receipt, whole_receipts
from swarmprov_nb.swarm.packs import is_begun
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
    damage = [*hurt_files(home), *other_keys(home, own), *hurt_transactions(home, own), *short_ledger(home)]
    hurt, recorded = _records(home, own, folders)
    damage += [*hurt_chain(home, own), *hurt]
    seen = [plural(len(folders), "record")]
    if is_begun(home.store):
        known = {bytes.fromhex(receipt.reference): receipt for receipt in own}
        with mirrored(home.store) as mirror:
            roots = sorted({*_pins(home.store), *known})
            resting = [*(publication(mirror, root, known.get(root)) for root in roots),
                       *(artifact(mirror, made, where) for made, where in recorded)]  # fmt: skip
            damage += [*hurt_mark(home.store), *hurt_packs(home.store, mirror, resting)]
            damage += hurt_receipts(home, mirror.store)
        seen = [plural(len(roots), "publication"), plural(mirror.packs, "pack"), *seen]
    for what, files in (("receipt", home.receipts.glob("*.json")), ("journal", home.journal.rglob("*.jsonl"))):
        seen.append(plural(len(list(files)), what))
    return Health(", ".join(seen), tuple(damage))


def _records(
    home: Home, own: Sequence[Receipt], folders: Sequence[Path]
) -> tuple[list[Damage], list[tuple[Artifact, Path]]]:
    """Look at each record, if the key that marks them is at hand; returns their damage, and what they have stored."""
    damage: list[Damage] = []
    recorded: list[tuple[Artifact, Path]] = []
    path = home.keys / RECORD_KEY
    if not path.exists() or fault_of(path, partial(home.secret, RECORD_KEY)):  # looking makes no key
        return [], []
    published = {Path(receipt.notebook).parent for receipt in own}
    for folder in folders:
        found, artifacts = hurt_record(folder, home.secret(RECORD_KEY), published=folder in published)
        damage += found
        recorded += [(made, folder) for made in artifacts]
    return damage, recorded


def _pins(store: Path) -> Iterator[bytes]:
    names = (path.name for path in (store / "pins").glob("*"))
    yield from (bytes.fromhex(name) for name in names if re.fullmatch("[0-9a-f]{64}", name))
