"""Lineage records looked through: whether they can be read, and each cell run bears this user's mark."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage
from swarmprov_nb.lineage import Artifact, Record
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.view.captions import plural

_CURE = (
    "A record cannot be rebuilt from anything. Restore it from a backup; or move its folder away and run the notebook"
    " again.\nWhat was published is kept elsewhere and is not hurt."
)


def hurt_database(path: Path, cure: str) -> Iterator[Damage]:
    """Let SQLite check every page of a database; nothing is changed."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
            said = [str(row[0]) for row in db.execute("PRAGMA integrity_check(1)")]
    except sqlite3.Error as error:
        said = [str(error)]
    if said != ["ok"]:
        yield Damage(path, " ".join(said[0].split()).rstrip("."), cure)


def hurt_record(folder: Path, key: bytes) -> tuple[Sequence[Damage], Sequence[Artifact]]:
    """Look at the record of a folder; returns its damage, and the stored artifacts of what is whole.

    A session of which nothing bears the user's mark came from elsewhere, and is not hurt.
    """
    path = folder / FOLDER / FILE
    damage = list(hurt_database(path, _CURE))
    artifacts: list[Artifact] = []
    if damage:
        return damage, ()
    try:
        with Record(folder, key=key, create=False) as record:
            for session in record.sessions():
                marks = record.marks(session)
                if any(marks) and not all(marks):
                    what = f"{plural(marks.count(False), 'row')} of session {session.id} are not as they were recorded"
                    damage.append(Damage(path, what, _CURE))
                if session.trusted:
                    artifacts += [each for each in record.lineage(session.id).artifacts if each.stored]
    except SwarmprovError as error:
        damage.append(Damage(path, error.what.rstrip("."), _CURE))
    return damage, [each for each in artifacts if each.stored and each.stored.reference]
