"""Every step at which our code writes, found while it runs; and a process that forks, to be killed at any of them.

A step is a file opened for writing, a write and half of it, a sync, a rename, a deletion, an SQL statement that changes
something: named by what is done and by the line of ours that does it, so that a new one is found without a list. This
runs in the process to be killed, without pytest: `serve` takes orders, one JSON object a line, and forks for each.
"""

from __future__ import annotations

import builtins
import importlib
import io
import json
import os
import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

OURS = "swarmprov_nb" + os.sep
EVENTS = {"os.rename": "rename", "os.remove": "remove", "os.link": "link", "os.symlink": "link", "os.mkdir": "folder",
          "os.rmdir": "remove", "os.chmod": "chmod", "os.utime": "utime", "os.truncate": "truncate"}  # fmt: skip
READS = {"SELECT", "BEGIN", "ROLLBACK"}
END = "end"


class Steps:
    """Counts the steps of this process by name, and kills it where the one that was asked for comes."""

    def __init__(self, *, kill: tuple[str, int] | None = None) -> None:
        self.taken: list[str] = []
        self._kill = kill
        self._sync, self._write, self._open, self._connect = os.fsync, os.write, io.open, sqlite3.connect

    def begin(self) -> None:
        """From here on, every step counts."""
        os.fsync = self._synced  # type: ignore[assignment]
        os.write = self._written  # type: ignore[assignment]
        io.open = builtins.open = self._opened  # type: ignore[assignment]
        sqlite3.connect = self._connected
        sys.addaudithook(self._hear)

    def step(self, what: str) -> None:
        """Note a step that is about to be taken, or die."""
        by = _ours()
        if by or what == END:
            self._note(f"{what} {by}".strip())

    def data(self, write: Callable[[Any], int], data: Any) -> int:
        """Write; or die before it, or with half of it written."""
        by, view = _ours(), memoryview(data).cast("B")
        if by:
            self._note(f"write {by}")
            if len(view) > 1:
                self._note(f"half a write {by}", lambda: write(view[: len(view) // 2]))
        return write(view)

    def _note(self, name: str, last: Callable[[], object] = lambda: None) -> None:
        self.taken.append(name)
        if self._kill == (name, self.taken.count(name) - 1):
            last()
            os.kill(os.getpid(), signal.SIGKILL)

    def _synced(self, descriptor: int) -> None:
        self.step("sync")
        self._sync(descriptor)

    def _written(self, descriptor: int, data: bytes) -> int:
        return self.data(lambda part: self._write(descriptor, part), data)

    def _opened(self, file: Any, mode: str = "r", buffering: int = -1, encoding: Any = None, errors: Any = None,  # noqa: PLR0917 - as open has them
                newline: Any = None, closefd: bool = True, opener: Any = None) -> Any:  # noqa: FBT001, FBT002 # fmt: skip
        """Open as Python does, with every write that reaches the system a step."""
        if not set(mode) & set("wax+") or not _ours():
            return self._open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        raw.steps = self
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT:
            if arguments[2] & os.O_TRUNC or not os.path.lexists(arguments[0]):
                self.step("open")
        elif event in EVENTS and not (event == "os.mkdir" and os.path.lexists(arguments[0])):
            self.step(EVENTS[event])

    def _connected(self, *arguments: Any, **options: Any) -> sqlite3.Connection:
        connection = self._connect(*arguments, **options)
        connection.set_trace_callback(self._stated)
        return connection

    def _stated(self, statement: str) -> None:
        word, _, _ = statement.strip().upper().partition(" ")
        if word not in READS and (word != "PRAGMA" or "=" in statement):
            self.step(f"SQL {word}")


class _Raw(io.FileIO):
    steps: Steps

    def write(self, data: Any) -> int:
        return self.steps.data(super().write, data)


def _ours() -> str:
    """Return the line of ours that does it, and which file of ours called that; empty where none of ours does."""
    found: list[str] = []
    frame = sys._getframe(2)
    while frame is not None and len(found) < 2:
        _, is_ours, name = frame.f_code.co_filename.rpartition(OURS)
        if is_ours and not found:
            found.append(f"{name}:{frame.f_lineno}")
        elif is_ours and not found[0].startswith(name):
            found.append(name)
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(found)


def report(text: str) -> None:
    """Say that something is done: whoever ordered it counts on it from here on."""
    os.write(1, f"{text}\n".encode())


def serve(act: Callable[..., object]) -> None:
    """Take orders until there are none; act in a fork for each, and answer with how it ended and its steps.

    An order has the arguments of `act`, the file for what it reports, and either the step to be killed at (``kill``,
    name and number) or a time after which it is killed from outside (``after``, in seconds), or neither.
    """
    assert threading.active_count() == 1  # a fork has but the one that forks
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            _act(act, order)
        if "after" in order:
            time.sleep(order["after"])
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code == 0:
            _warm(Path(order["said"]).with_suffix(".modules"))
        sys.stdout.write(json.dumps({"code": code, "seconds": time.monotonic() - begun}) + "\n")
        sys.stdout.flush()


def _warm(modules: Path) -> None:
    """Import what a whole run has imported: the next fork need not."""
    for name in json.loads(modules.read_text()):
        if name not in sys.modules:
            with suppress(Exception):
                importlib.import_module(name)


def _act(act: Callable[..., object], order: dict[str, Any]) -> None:
    code = 1
    try:
        said = Path(order["said"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        steps = Steps(kill=tuple(order["kill"]) if order.get("kill") else None)
        steps.begin()
        act(*order["arguments"])
        steps.step(END)
        said.with_suffix(".steps").write_text(json.dumps(steps.taken))
        said.with_suffix(".modules").write_text(json.dumps(sorted(sys.modules)))
        code = 0
    except BaseException:  # noqa: BLE001 - nothing of the fork runs on behind the server's back
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def chosen(steps: Sequence[str], times: int) -> list[tuple[str, int]]:
    """Return at which steps to be killed: each name so many times, spread over the times that it comes."""
    return [(name, number * _last(count) // max(1, times - 1))
            for name, count in Counter(steps).items() for number in range(times)]  # fmt: skip


def _last(count: int) -> int:
    return count - 1 - count // 10  # of many the next run may have a few fewer, as its keys are others
