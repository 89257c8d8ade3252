"""Who uses a store and who frees what it holds: uploads share a lock, and whoever frees takes it alone.

The lock is the file ``uses`` (flock), so that it goes with the process that held it. What is stored and not yet pinned
or named by anything is safe for as long as its upload, or whoever stored it, holds the lock.
"""

from __future__ import annotations

import fcntl
import os
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from swarmprov_nb.errors import StorageError

_FILE = "uses"
_LOOK_AGAIN = 0.02  # seconds


class Use:
    """A share in the lock, held until it is closed or nobody knows it any more; waits while something is freed."""

    def __init__(self, folder: Path) -> None:
        self._close: Callable[[], object] = lambda: None
        try:
            descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:  # where we may not write, nothing is freed by us either
            return
        self._close = weakref.finalize(self, os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH)

    def close(self) -> None:
        """Let others free again."""
        self._close()


@contextmanager
def alone(folder: Path, *, patience: float = 60.0) -> Iterator[None]:
    """Hold the lock alone: nothing is being stored, and nothing begins to be, until this ends.

    Raises StorageError where something is being stored for more than `patience` seconds.
    """
    deadline = time.monotonic() + patience
    with (folder / _FILE).open("ab") as file:
        while not _taken(file.fileno()):  # asked for again and again: one that waits in line could hold off a second
            if time.monotonic() > deadline:  # share of a process that has one, and so wait for it for ever
                raise StorageError("Something is being stored just now.", "Wait for it, then run the command again.")
            time.sleep(_LOOK_AGAIN)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
