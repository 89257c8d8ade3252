"""The journal of a publish: each step is written down, with its signatures and times, before it is done.

A publish that was killed is taken up by any later process from the last entry, and gives the same bytes: the same
manifest, the same seal, the same transaction. One file a publish, one JSON object a line, synced line by line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home


class Journal:
    """The entries of one publish, by step.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "w.jsonl")
    ...     journal.write("seal", {"signedAt": 1})
    ...     Journal(journal.path).entries
    {'seal': {'signedAt': 1}}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Any] = dict(_whole_lines(path))

    def write(self, step: str, entry: dict[str, Any]) -> None:
        """Write down what will be done; on return it is on the disk."""
        line = json.dumps([step, entry], sort_keys=True).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                self._cut_torn_line(handle)
                os.write(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise SwarmprovError(
                f"The journal {self.path} cannot be written: {error.strerror}.",
                "Nothing was signed or stored by this step. Make room, then publish again: it goes on from here.",
            ) from error
        self.entries[step] = entry

    def once(self, step: str, make: Any) -> Any:
        """Return the entry of a step, made and written down now if an earlier try did not get so far."""
        if step not in self.entries:
            self.write(step, make())
        return self.entries[step]

    def close(self, kept_at: Path) -> None:
        """Move the journal out of the way, beside the receipt: with it the same publication can be stored again."""
        if self.path != kept_at and self.path.exists():
            self.path.replace(kept_at)

    def _cut_torn_line(self, handle: int) -> None:
        """Drop half a line that a kill or a full disk left at the end."""
        data = self.path.read_bytes()
        if data and not data.endswith(b"\n"):
            os.ftruncate(handle, data.rfind(b"\n") + 1)


@contextmanager
def publishing_lock(home: Home, *, wait: bool = True) -> Iterator[None]:
    """Hold the one lock under which this user's publishes run, one after the other.

    Raises SwarmprovError where another process holds it and this one shall not wait.
    """
    path = home.private_folder(home.journal) / "lock"
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SwarmprovError("A publish is under way.", "Wait for it, then run the command again.") from None
        yield


def journal_of(home: Home, work: str) -> Journal:
    """Return the journal of the publish with this workId, empty if there is none."""
    return Journal(home.private_folder(home.journal) / f"{work}.jsonl")


def _whole_lines(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return
    for line in lines:
        step, entry = json.loads(line)
        yield step, entry
