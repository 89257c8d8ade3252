"""The journal of a publish: each step is written down, with its signatures and times, before it is done.

A publish that was killed is taken up by any later process from the last entry, and gives the same bytes: the same
manifest, the same seal, the same transaction. One file a publish, one JSON object a line, synced line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn

from swarmprov_nb.checksum import checked, unchecked
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.file_lock import locked_within
from swarmprov_nb.home import Home
from swarmprov_nb.kept_lines import append_line, damaged, read_lines

_PATIENCE: Final = 300.0  # seconds: whoever holds the lock may wait for a chain, or for a person's password


class Journal:
    """The entries of one publish, by step. SwarmprovError where the file is damaged.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "w.jsonl")
    ...     journal.write("seal", {"signedAt": 1})
    ...     Journal(journal.path).entries
    {'seal': {'signedAt': 1}}
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: dict[str, Any] = dict(steps_of(path))

    def write(self, step: str, entry: dict[str, Any]) -> None:
        """Write down what will be done; on return it is on the disk."""
        try:
            append_line(self.path, [step, checked(entry, step)])
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

    def __reduce__(self) -> NoReturn:
        raise TypeError("A journal is not pickled: it may hold salts.")


@contextmanager
def publishing_lock(home: Home, *, wait: bool = True, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold the one lock under which this user's publishes run, one after the other.

    `waiting` is called again and again meanwhile. Raises SwarmprovError where another process holds it for five
    minutes, or at all where this one shall not wait.
    """
    path = home.private_folder(home.journal) / "lock"
    try:
        stream = path.open("a")
    except OSError as error:
        raise SwarmprovError(
            f"The lock {path} cannot be taken: {error.strerror}.", "Make its folder writable, with room to spare."
        ) from error
    with stream:
        if not locked_within(stream.fileno(), _PATIENCE if wait else 0, waiting=waiting):
            said = f"A publish has been under way for {_PATIENCE / 60:.0f} minutes." if wait else None
            raise SwarmprovError(
                said or "A publish is under way.", "Wait for it, or end it if it hangs, then run the command again."
            )
        yield


def journal_of(home: Home, work: str) -> Journal:
    """Return the journal of the publish with this workId, empty if there is none."""
    return Journal(home.private_folder(home.journal) / f"{work}.jsonl")


def steps_of(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the steps of a journal with their entries, in order; SwarmprovError at one that is damaged."""
    for number, line in enumerate(read_lines(path), 1):
        try:
            step, entry = line
            yield str(step), unchecked(entry, step)
        except (TypeError, ValueError) as error:
            raise damaged(path, number) from error
