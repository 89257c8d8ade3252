"""Lineage records looked through: whether they can be read, and each cell run bears this user's mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage, fault_in
from swarmprov_nb.fsck.databases import hurt_database
from swarmprov_nb.lineage import Artifact, Record, Session
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.view.captions import plural

_CURE = (
    "A record cannot be rebuilt from anything. Restore it from a backup; or move its folder away and run the notebook"
    " again.\nWhat was published is kept elsewhere and is not hurt."
)


def hurt_record(folder: Path, key: bytes, *, published: bool) -> tuple[Sequence[Damage], Sequence[Artifact]]:
    """Look at the record of a folder; returns its damage, and the stored artifacts of what is whole.

    A session of which nothing bears the user's mark came from elsewhere, and is not hurt; unless all are so in a folder
    from which the user `published`.
    """
    path = folder / FOLDER / FILE
    damage = list(hurt_database(path, _CURE, "sessions"))
    artifacts: list[Artifact] = []
    if damage:
        return damage, ()
    try:
        with Record(folder, key=key, create=False) as record:
            sessions = record.sessions()
            for session in sessions:
                marks = record.marks(session)
                if any(marks) and not all(marks):
                    what = f"{plural(marks.count(False), 'row')} of session {session.id} are not as they were recorded"
                    damage.append(Damage(path, what, _CURE))
                if session.trusted:
                    artifacts += [each for each in record.lineage(session.id).artifacts if each.stored]
            if published and sessions and not artifacts:
                damage += _unmarked(path, record, sessions)
    except SwarmprovError as error:
        damage.append(Damage(path, fault_in(path, error), _CURE))
    return damage, [each for each in artifacts if each.stored and each.stored.reference]


def _unmarked(path: Path, record: Record, sessions: Sequence[Session]) -> Iterator[Damage]:
    if not any(mark for session in sessions for mark in record.marks(session)):
        what = "none of it bears your mark, though you published from it: keys/record.key is another, or the file is"
        yield Damage(path, what, f"Restore keys/record.key from a backup, if that changed.\n{_CURE}")
