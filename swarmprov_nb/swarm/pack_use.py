"""Who uses a store and who frees what it holds: uploads share a lock, and whoever frees takes it alone.

The lock is the file ``uses`` (flock), so that it goes with the process that held it. What is stored and not yet pinned
or named by anything is safe for as long as its upload, or whoever stored it, holds the lock.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from swarmprov_nb.errors import StorageError
from swarmprov_nb.file_lock import LOCK_SECONDS, locked_within

_FILE = "uses"


class Use:
    """A share in the lock, held until it is closed or nobody knows it any more; waits while something is freed.

    Raises StorageError where that takes over a minute.
    """

    def __init__(self, folder: Path) -> None:
        self._close: Callable[[], object] = lambda: None
        try:
            descriptor = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError:  # where we may not write, nothing is freed by us either
            return
        self._close = weakref.finalize(self, os.close, descriptor)
        if not locked_within(descriptor, LOCK_SECONDS, share=True):
            self._close()
            raise StorageError(
                f"Another process has kept the store {folder} to itself for {LOCK_SECONDS:.0f} seconds.",
                "Wait until it has freed or mended what it wants, then run this again.",
            )

    def close(self) -> None:
        """Let others free again."""
        self._close()


@contextmanager
def alone(folder: Path, *, patience: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock alone: nothing is being stored, and nothing begins to be, until this ends.

    Raises StorageError where something is being stored for more than `patience` seconds.
    """
    with (folder / _FILE).open("ab") as file:
        if not locked_within(file.fileno(), patience):
            raise StorageError("Something is being stored just now.", "Wait for it, then run the command again.")
        yield
