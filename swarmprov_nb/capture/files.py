"""File flows: who wrote which file in this session, and which runs read it. Databases count as whole files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from swarmprov_nb.capture import folder as folders
from swarmprov_nb.capture.audit import Event, Listener
from swarmprov_nb.capture.observation import FileAccess, Flow
from swarmprov_nb.capture.places import Places

_UPDATING: Final = re.compile(r">>|\b(?:sed|perl)\b[^|\n]*\s-\w*i|\btee\s+-a\b|\bpatch\b")
_LISTING: Final = re.compile(
    r"\b(listdir|scandir|i?r?glob|walk|iterdir|rmtree|copytree|make_archive|ls|find|cat|zip|tar)\b"
)


@dataclass
class FileOutcome:
    """What a run did to files."""

    flows: list[Flow] = field(default_factory=list)
    accesses: list[FileAccess] = field(default_factory=list)


@dataclass
class _Run:
    """The accesses of one run, by real path, in order of their first event."""

    sequence: int
    source: str
    commands: str  # all text that may have gone to other programs
    places: Places
    reads: dict[str, str] = field(default_factory=dict)  # path -> confidence
    writes: dict[str, None] = field(default_factory=dict)
    databases: dict[str, None] = field(default_factory=dict)

    def named(self, path: str) -> bool:
        return Path(path).name in self.source

    def mentions(self, path: str) -> bool:
        return Path(path).name in self.commands and self.is_data(path)

    def is_data(self, path: str) -> bool:
        return self.places.is_data(path, named=Path(path).name in self.commands)


class Files:
    """The ledger of one session's files."""

    def __init__(self) -> None:
        self._writers: dict[str, int] = {}
        self._databases: dict[str, tuple[int, int] | None] = {}
        self._before: folders.Look | None = None
        self._folder = _working_folder()

    def begin(self) -> Listener:
        """Start listening for one run."""
        self._before = None
        self._folder = _working_folder()
        return Listener(self._look)

    def _look(self) -> None:
        self._before = folders.look(self._folder)

    def settle(
        self, sequence: int, source: str, listener: Listener, *, texts: Iterable[str] = (), connected: bool = False
    ) -> FileOutcome:
        """Return what run `sequence` did to files.

        `texts` are values that commands may have named, `connected` says that it used an open database connection.
        """
        commands = "\n".join([source, *texts, *listener.commands])
        run = _Run(sequence, source, commands, Places(self._folder))
        for event in listener.events:
            self._take(run, event)
        if listener.processes:
            self._by_others(run)
        if connected:
            run.databases |= dict.fromkeys(self._databases)
        outcome = FileOutcome()
        self._databases_used(run, outcome)
        self._conclude(run, outcome)
        return outcome

    # -- events --------------------------------------------------------------------------------------------------

    def _take(self, run: _Run, event: Event) -> None:
        path = os.path.realpath(event.path)
        if event.action == "connect":
            if not event.path.endswith((":memory:", os.sep)) and run.is_data(path):
                run.databases.setdefault(path)
        elif event.action == "list":
            if _LISTING.search(run.source):
                self._listed(run, path)
        elif event.action == "remove":
            run.writes.pop(path, None)
        elif event.action == "rename":
            self._renamed(run, path, os.path.realpath(event.target))
        elif run.is_data(path):
            self._opened(run, event.action, path)

    def _opened(self, run: _Run, action: str, path: str) -> None:
        if action in {"read", "update"} and path not in run.writes and (action == "read" or path in self._writers):
            run.reads.setdefault(path, "exact")
        if action in {"write", "update"}:
            run.writes.setdefault(path)

    def _listed(self, run: _Run, directory: str) -> None:
        for path in self._writers:
            if os.path.dirname(path) == directory and path not in run.writes:  # noqa: PTH120 - text
                run.reads.setdefault(path, "coarse")

    def _renamed(self, run: _Run, source: str, target: str) -> None:
        moved = {path: target + path[len(source) :] for path in [*self._writers, *run.writes] if _below(path, source)}
        for old, new in (moved or {source: target}).items():
            written_here = old in run.writes
            run.writes.pop(old, None)
            if not written_here and run.is_data(old):
                run.reads.setdefault(old, "exact")
            if run.is_data(new) or run.is_data(old):
                run.writes.setdefault(new)

    def _by_others(self, run: _Run) -> None:
        """What other programs wrote is a difference of the folder; what they read is guessed from the cell's text."""
        after = folders.look(self._folder)
        written = [path for path in folders.changed(self._before or {}, after) if run.is_data(path)]
        overwritten = set(written) if not _UPDATING.search(run.source) else set()
        for path in dict.fromkeys([*self._writers, *after]):
            if path not in run.writes and path not in overwritten and run.mentions(path) and self._was_there(path):
                run.reads.setdefault(path, "coarse")
        for path in written:
            run.writes.setdefault(path)

    def _was_there(self, path: str) -> bool:
        return path in self._writers or path in (self._before or {})

    # -- conclusions ---------------------------------------------------------------------------------------------

    def _databases_used(self, run: _Run, outcome: FileOutcome) -> None:
        for path in run.databases:
            status, writer = _status(path), self._writers.get(path)
            changed = self._databases.get(path) != status
            self._databases[path] = status
            if writer is not None and writer != run.sequence:
                outcome.flows.append(Flow(writer, f"db:{run.places.label(path)}", "db", "coarse"))
            mode = "write" if changed else "read"
            outcome.accesses.append(FileAccess(path, mode, writer, named=run.named(path)))
            if changed:
                self._writers[path] = run.sequence

    def _conclude(self, run: _Run, outcome: FileOutcome) -> None:
        for path, confidence in run.reads.items():
            if path in run.databases:
                continue
            writer = self._writers.get(path)
            if writer is not None and writer != run.sequence:
                outcome.flows.append(Flow(writer, f"file:{run.places.label(path)}", "file", confidence))
            outcome.accesses.append(FileAccess(path, "read", writer, named=run.named(path)))
        for path in run.writes:
            if path in run.databases:
                continue
            outcome.accesses.append(FileAccess(path, "write", self._writers.get(path), named=run.named(path)))
            self._writers[path] = run.sequence


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + os.sep)


def _status(path: str) -> tuple[int, int] | None:
    """Return time and size of a database file, or of its write-ahead log where that is newer."""
    found = []
    for each in (path, f"{path}-wal"):
        try:
            status = os.stat(each)  # noqa: PTH116 - text
        except OSError:
            continue
        found.append((status.st_mtime_ns, status.st_size))
    return max(found) if found else None


def _working_folder() -> str:
    """Return the working folder as the audit events write it; the root where somebody removed it."""
    try:
        return os.getcwd()  # noqa: PTH109 - text
    except OSError:
        return os.sep
