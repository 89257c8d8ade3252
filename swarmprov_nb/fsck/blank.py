"""A database into which nothing was ever written: a kill at its making leaves that, and so may a disk."""

from __future__ import annotations

import sqlite3
from functools import partial
from pathlib import Path
from typing import Final

from swarmprov_nb.fsck.damage import Damage, move_all_aside
from swarmprov_nb.fsck.database import rows

_CURE: Final = (
    "It is what a kill leaves where nothing was written yet: it is moved aside by: swarmprov fsck --repair"
    "\nIf something was in it, restore it from a backup."
)


def blank_database(path: Path) -> list[Damage]:
    """Look whether a database that is there has nothing in it."""
    try:
        blank = path.exists() and not rows(path, "SELECT name FROM sqlite_schema")
    except (sqlite3.Error, UnicodeDecodeError):
        blank = False
    return [Damage(path, "nothing is in it", _CURE, mend=partial(move_all_aside, path))] if blank else []
