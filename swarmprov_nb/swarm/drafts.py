"""Drafts: written beside their goal, renamed when whole; what a killed process left there is swept by the next.

A draft is locked (flock) while its process lives. Where a file system knows no locks, nothing is swept.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from swarmprov_nb.file_lock import locked_within


@contextmanager
def draft(goal: Path, make: Callable[[Path], object]) -> Iterator[Path]:
    """Yield a new file or folder beside the goal, as `make` made it: rename it to the goal, else it is removed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     goal = Path(folder) / "a.txt"
    ...     with draft(goal, Path.touch) as work:
    ...         _ = work.write_text("whole")
    ...         _ = work.rename(goal)
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    _sweep(goal)
    work, lock = _made(goal, make)
    try:
        yield work
    finally:
        with suppress(OSError):
            _remove(work)
        os.close(lock)


def _made(goal: Path, make: Callable[[Path], object]) -> tuple[Path, int]:
    while True:
        work = goal.with_name(f".{goal.name}.{uuid4().hex[:8]}.part")
        make(work)
        with suppress(FileNotFoundError):  # somebody swept it before it was locked
            lock = os.open(work, os.O_RDONLY)
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX)
            if work.exists():
                return work, lock
            os.close(lock)


def _sweep(goal: Path) -> None:
    """Remove the drafts for this goal whose processes are gone."""
    for path in goal.parent.glob(".*.part"):
        if re.fullmatch(rf"\.{re.escape(goal.name)}\.[0-9a-f]{{8}}\.part", path.name):
            with suppress(OSError):
                remove_abandoned(path)


def remove_abandoned(path: Path) -> None:
    """Remove what a process wrote and kept locked, unless it lives. Raises OSError."""
    lock = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        if locked_within(lock, 0):
            _remove(path)
    finally:
        os.close(lock)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
