"""One process at a time for one account, so that no two sign the same nonce."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from swarmprov_nb.errors import ChainError
from swarmprov_nb.file_lock import locked_within

_PATIENCE: Final = 300.0  # seconds: whoever holds it waits for a chain

# flock belongs to an open file, so it does not hold off another thread of this process that opens its own: this does.
_threads: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
_held: set[str] = set()


@contextmanager
def account_lock(folder: Path, network: str, address: str) -> Iterator[None]:
    """Wait for this account's turn on this network; a process that dies gives it back. May be nested.

    Raises `ChainError` where the folder cannot be written, and where it is not its turn for five minutes.
    """
    path = folder / f"{network}-{address.lower()}.lock"
    with _threads[str(path)]:
        if str(path) in _held:
            yield
            return
        descriptor = _lock(path, address)
        _held.add(str(path))
        try:
            yield
        finally:
            _held.discard(str(path))
            os.close(descriptor)


def _lock(path: Path, address: str) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ChainError(
            f"The account's lock {path} cannot be taken: {error.strerror}.", "Give swarmprov a folder it may write."
        ) from error
    if not locked_within(descriptor, _PATIENCE):
        os.close(descriptor)
        raise ChainError(
            f"Another process has used the account {address} for {_PATIENCE / 60:.0f} minutes.",
            "Wait for it, or end it if it hangs, then publish again: it goes on from here.",
        )
    return descriptor
