"""Lineage records looked through: whether they can be read, and each cell run bears this user's mark."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.blank import blank_database
from swarmprov_nb.fsck.damage import Damage, fault_in
from swarmprov_nb.fsck.database import require_whole
from swarmprov_nb.lineage import Artifact, Record
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.view.captions import plural

_CURE: Final = (
    "A record cannot be rebuilt from anything. Restore it from a backup; or move its folder away and run the notebook"
    " again.\nWhat was published is kept elsewhere and is not hurt."
)


def hurt_record(folder: Path, key: bytes, *, published: bool) -> tuple[list[Damage], list[Artifact]]:
    """Look at the record of a folder; returns its damage, and the stored artifacts of what is whole.

    A session of which nothing bears the user's mark came from elsewhere, and is not hurt; unless all are so in a folder
    from which the user `published`.
    """
    path = folder / FOLDER / FILE
    if blank := blank_database(path):
        return blank, []
    faults, bearing = [], []
    artifacts: list[Artifact] = []
    try:
        require_whole(path, "sessions")
        with Record(folder, key=key, create=False) as record:
            for session in record.sessions():
                marks = record.marks(session)
                bearing.append(any(marks))
                if any(marks) and not all(marks):
                    lost = plural(marks.count(False), "row")
                    faults.append(f"{lost} of session {session.id} are not as they were recorded")
                if session.trusted:
                    artifacts += record.lineage(session.id).artifacts
    except SwarmprovError as error:
        faults.append(fault_in(path, error))
    damage = [Damage(path, fault, _CURE) for fault in faults]
    if published and bearing and not any(bearing):
        what = "none of it bears your mark, though you published from it: keys/record.key is another, or the file is"
        damage.append(Damage(path, what, f"Restore keys/record.key from a backup, if that changed.\n{_CURE}"))
    return damage, [each for each in artifacts if each.stored and each.stored.reference]
