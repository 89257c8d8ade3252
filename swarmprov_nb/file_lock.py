"""Wait for a lock on an open file (flock), and not for ever: who holds it may hang, or wait for a person."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable
from typing import Final

LOCK_SECONDS: Final = 60.0  # for locks that are held for a moment, or while some hundred megabytes are written
_LOOK_AGAIN: Final = 0.02  # seconds


def locked_within(
    descriptor: int, seconds: float, *, share: bool = False, waiting: Callable[[], None] = lambda: None
) -> bool:
    """Take the lock alone, or a `share` of it, within some seconds; False where others hold it that long.

    It is asked for again and again: one that waits in line for it alone would hold off a second share of a process that
    has one, and so wait for it for ever. `waiting` is called before each pause, and may raise.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     locked_within(file.fileno(), 0)
    True
    """
    deadline = time.monotonic() + seconds
    while not _taken(descriptor, fcntl.LOCK_SH if share else fcntl.LOCK_EX):
        if time.monotonic() >= deadline:
            return False
        waiting()
        time.sleep(_LOOK_AGAIN)
    return True


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
