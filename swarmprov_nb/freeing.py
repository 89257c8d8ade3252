"""Free what nothing needs: chunks of no publication and no artifact, copies, and what killed processes left.

Needed is what a pin or a receipt leads to, what the index of stored contents names, and what a record names that is at
hand: that of the current folder, and those beside the notebooks that were published from here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swarmprov_nb.errors import StorageError, SwarmprovError
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.lineage import Record
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.receipts import Receipt, receipts
from swarmprov_nb.storing import stored_of
from swarmprov_nb.view.captions import byte_size, plural

if TYPE_CHECKING:
    from swarmprov_nb.swarm import PackStore
    from swarmprov_nb.swarm.pack_garbage import Garbage

HOURS: Final = 24.0
_LOOK: Final = "Restore its packs from a backup, or move a hurt pack and its .idx away and load a saved copy."


@dataclass(frozen=True)
class Spare:
    """What could be freed: chunks of the store, and files that killed processes left in the home."""

    garbage: Garbage | None
    leftovers: tuple[Path, ...]
    hours: float

    @property
    def size(self) -> int:
        """Bytes of it."""
        left = sum(path.stat().st_size for path in self.leftovers if path.exists())
        return left + (self.garbage.size if self.garbage else 0)

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to free."""
        return not self.leftovers and not (self.garbage and self.garbage.packs)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        found = self.garbage
        if found and found.packs:
            yield f"{byte_size(found.size)} in {plural(len(found.packs), 'pack')} that no publication or artifact needs"
        if self.leftovers:
            size = sum(path.stat().st_size for path in self.leftovers if path.exists())
            yield f"{byte_size(size)} in {plural(len(self.leftovers), 'file')} that interrupted work left"
        if self.nothing:
            yield "Nothing to free."
        if found and found.young:
            yield f"{byte_size(found.young)} stay for now: stored in the last {self.hours:g} hours (--older-than 0)"
        for name in found.damaged if found else ():
            yield f"{name} is damaged and stays as it is. {_LOOK}"


def spare(home: Home, folder: Path, *, hours: float = HOURS) -> Spare:
    """Look for what nothing needs and no upload relied on for some hours; changes nothing.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     print(spare(Home(Path(place) / "home"), Path(place)))
    Nothing to free.

    Raises StorageError where something that is needed is hurt, since what lies below it is not known then;
    SwarmprovError while a publish is under way.
    """
    from swarmprov_nb.swarm import pack_garbage
    from swarmprov_nb.swarm.pack_use import alone

    if not home.root.is_dir():
        return Spare(None, (), hours)
    with publishing_lock(home, wait=False):
        store = _store(home)
        if store is None:
            return _spare(home, folder, None, hours)
        checked = pack_garbage.sound_packs(store)  # reads every byte: before uploads have to wait
        with alone(store.folder):
            return _spare(home, folder, store, hours, checked)


def free(home: Home, folder: Path, *, hours: float = HOURS) -> int:
    """Free what ``spare`` finds now; returns the bytes freed on the disk.

    A kill at any moment loses nothing that is needed; the next call goes on. Raises what ``spare`` does.
    """
    from swarmprov_nb.swarm import pack_garbage
    from swarmprov_nb.swarm.pack_use import alone

    with publishing_lock(home, wait=False):
        store = _store(home)
        freed = 0
        if store is None:
            found = _spare(home, folder, None, hours)
        else:
            checked = pack_garbage.sound_packs(store)
            with alone(store.folder):
                store.sweep()
                found = _spare(home, folder, store, hours, checked)
            assert found.garbage is not None
            freed = pack_garbage.free(store, found.garbage)
        for path in found.leftovers:
            if path.exists():
                freed += path.stat().st_size
                path.unlink()
                if path.parent.parent == home.root / "tmp":
                    with suppress(OSError):  # there is more in it
                        path.parent.rmdir()
    return freed


def _store(home: Home) -> PackStore | None:
    from swarmprov_nb.swarm import PackStore
    from swarmprov_nb.swarm.packs import is_begun

    return PackStore.open(home.store, create=False) if is_begun(home.store) else None


def _spare(home: Home, folder: Path, store: PackStore | None, hours: float, checked: Collection[str] = ()) -> Spare:
    from swarmprov_nb.swarm.pack_garbage import find_garbage

    before, garbage = time.time() - hours * 3600, None
    if store is not None:
        garbage = find_garbage(store, _needed(home, folder, store), before=before, checked=checked)
    return Spare(garbage, tuple(_leftovers(home, before)), hours)


def _leftovers(home: Home, before: float) -> Iterator[Path]:
    """Files that were being written when their process was killed; whatever is still written is younger."""
    places = (home.root, home.receipts, home.pages, home.keys, home.keys / "wallets")
    drafts = [path for place in places for path in place.glob(".*.????????")]
    half_made = [*home.store.glob("store.*.*"), *(home.journal / "push").glob(".*.part")]
    for path in (*sorted(drafts), *sorted(half_made), *sorted((home.root / "tmp").rglob("*"))):
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < before:
            yield path


def _needed(home: Home, folder: Path, store: PackStore) -> set[bytes]:
    needed: set[bytes] = set()
    for root in {*store.pins(), *(bytes.fromhex(receipt.reference) for receipt in receipts(home))}:
        needed.update(_publication(store, root))
    for reference in {*named_contents(home), *_recorded(home, folder)}:
        if store.has([reference])[0]:
            needed.update(_file(store, reference))
    return needed


def _publication(store: PackStore, root: bytes) -> Iterator[bytes]:
    from swarmprov_nb.swarm import chunk_addresses, collection_addresses

    try:
        try:
            yield from collection_addresses(store, root)
        except StorageError as error:
            if type(error) is not StorageError:
                raise
            yield from chunk_addresses(store, root)  # a program may have pinned a single file
    except StorageError as error:
        raise StorageError(f"Nothing was freed: the publication {root.hex()} is hurt. {error.what}", _LOOK) from error


def _file(store: PackStore, reference: bytes) -> Iterator[bytes]:
    from swarmprov_nb.swarm import chunk_addresses

    try:
        yield from chunk_addresses(store, reference)
    except StorageError as error:
        what = f"Nothing was freed: the stored file {reference.hex()} is hurt. {error.what}"
        raise StorageError(what, _LOOK) from error


def named_contents(home: Home) -> Iterator[bytes]:
    """Yield the references that the index of stored contents names.

    Raises StorageError where it cannot be read.
    """
    path = home.root / "contents.sqlite"
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=30)) as db:
            rows = db.execute("SELECT stored FROM contents").fetchall()
        stated = [stored_of(row[0]).reference for row in rows]
        yield from (bytes.fromhex(reference) for reference in stated if reference)
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise StorageError(f"Nothing was freed: {path} cannot be read: {error}.", _LOOK) from error


def record_folders(known: Collection[Receipt], folder: Path) -> list[Path]:
    """Return the folders whose records are at hand: this one, and those of the notebooks published from here."""
    places = [folder.absolute(), *(Path(receipt.notebook).parent for receipt in known)]
    return [each for each in dict.fromkeys(places) if (each / FOLDER / FILE).is_file()]


def _recorded(home: Home, folder: Path) -> Iterator[bytes]:
    for each in record_folders(receipts(home), folder):
        try:
            with Record(each, key=home.secret(RECORD_KEY), create=False) as record:
                for session in record.sessions():
                    for artifact in record.lineage(session.id).artifacts:
                        if artifact.stored is not None and artifact.stored.reference:
                            yield bytes.fromhex(artifact.stored.reference)
        except SwarmprovError as error:
            raise StorageError(f"Nothing was freed: {error.what}", _LOOK) from error
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(f"Nothing was freed: the record in {each} is damaged.", _LOOK) from error
