"""Python's audit events as a source of file accesses (PEP 578). A hook cannot be removed, so it is gated by its sink.

The hook runs for every event of the process: it returns at once unless a run is under way and the event is one of ours,
and drops what lies under the interpreter's own folders before anything else is asked.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

_PROCESS: Final = frozenset({
    "subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec", "os.spawn", "pty.spawn",
})  # fmt: skip
_OTHER: Final = frozenset({"sqlite3.connect", "os.rename", "os.remove", "os.listdir", "os.scandir"})
_WRITE_FLAGS: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_OURSELVES: Final = tuple(
    {os.path.realpath(path) + os.sep for path in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix)}
    | {path + os.sep for path in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix)}
    | {"/usr/", "/proc/", "/sys/", "/dev/", "/etc/", "/lib/", "/System/", "/Library/"}
)
_SUFFIXES: Final = (".pyc", ".so", ".dylib", ".pth")


@dataclass(frozen=True)
class Event:
    """One thing done to a path: read, write, update (both), connect, rename (to `target`), remove or list."""

    action: str
    path: str
    target: str = ""


class Listener:
    """Collects the events of one run; `on_process` is called before the first other program starts."""

    def __init__(self, on_process: Callable[[], None]) -> None:
        self.events: list[Event] = []
        self.commands: list[str] = []
        self.processes = False
        self._on_process = on_process
        self._busy = threading.local()

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take one audit event; what this does itself is not heard."""
        if getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            self._take(event, arguments)
        finally:
            self._busy.now = False

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Hear nothing from this thread meanwhile."""
        before, self._busy.now = getattr(self._busy, "now", False), True
        try:
            yield
        finally:
            self._busy.now = before

    def note(self, action: str, path: Any) -> None:
        """Take an access that no audit event tells of (`native`)."""
        text = _text(path)
        busy = getattr(self._busy, "now", False)
        if text is not None and not busy and not text.startswith(_OURSELVES):
            self.events.append(Event(action, text))

    def _take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROCESS:
            first, self.processes = not self.processes, True
            self.commands.append(str(arguments)[:10_000])
            if first:
                self._on_process()
            return
        path = _text(arguments[0])
        if path is None or path.startswith(_OURSELVES) or path.endswith(_SUFFIXES):
            return
        if event == "open":
            self.events.append(Event(_mode(arguments[1], arguments[2]), path))
        elif event == "os.rename":
            self.events.append(Event("rename", path, _text(arguments[1]) or ""))
        elif event == "sqlite3.connect":
            self.events.append(Event("connect", path))
        elif event == "os.remove":
            self.events.append(Event("remove", path))
        elif not _importing():
            self.events.append(Event("list", path))


def _text(path: Any) -> str | None:
    if not isinstance(path, str | bytes | os.PathLike):
        return None
    try:
        text = os.fsdecode(path)
        made_up = text.startswith("<") and text.endswith(">")  # "<stdin>", "<string>"
        return None if made_up else os.path.abspath(text)  # noqa: PTH100 - no pathlib in a hook this hot
    except (OSError, ValueError, TypeError):
        return None


def _mode(mode: Any, flags: Any) -> str:
    if isinstance(mode, str):
        if "+" in mode or "a" in mode:
            return "update" if "w" not in mode else "write"
        return "write" if "w" in mode or "x" in mode else "read"
    if isinstance(flags, int) and flags & _WRITE_FLAGS:
        return "update" if flags & os.O_RDWR and not flags & os.O_TRUNC else "write"
    return "read"


def _importing() -> bool:
    """Whether the import system asked: it lists folders to find modules."""
    frame = sys._getframe(3)  # noqa: SLF001 - _take <- hear <- hook <- the caller
    return frame.f_code.co_filename.startswith(("<frozen", __file__))


_sink: Listener | None = None
_installed = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    sink = _sink
    if sink is None or (event != "open" and event not in _PROCESS and event not in _OTHER):
        return
    try:
        sink.hear(event, arguments)
    except Exception:
        return


def listen(listener: Listener | None) -> None:
    """Send events to `listener` from now on; None makes the hook inert."""
    global _sink, _installed  # noqa: PLW0603 - a process has one audit hook
    if listener is not None and not _installed:
        sys.addaudithook(_hook)
        _installed = True
    _sink = listener


@contextmanager
def unheard() -> Iterator[None]:
    """Let what this thread does inside be no file access of the run: a verb of ours reads, and not the notebook.

    >>> with unheard():
    ...     listener() is None
    True
    """
    sink = _sink
    if sink is None:
        yield
        return
    with sink.deaf():
        yield


def listener() -> Listener | None:
    """Return who hears events now."""
    return _sink
