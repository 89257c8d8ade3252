"""The working folder at one moment: what another program wrote there shows as a difference of two looks."""

from __future__ import annotations

import os
from typing import Final

_FILES: Final = 5_000
_SKIPPED: Final = frozenset({"__pycache__", "node_modules"})

Look = dict[str, tuple[int, int, int]]


def look(folder: str) -> Look:
    """Return (mtime in ns, size, inode) of up to 5,000 files below `folder`; hidden folders are left out.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     look(place)
    {}
    """
    found: Look = {}
    stack = [folder]
    while stack and len(found) < _FILES:
        try:
            entries = list(os.scandir(stack.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            _add(entry, stack, found)
    return found


def _add(entry: os.DirEntry[str], stack: list[str], found: Look) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            stack.append(entry.path)
            return
        status = entry.stat()
    except OSError:
        return
    found[os.path.realpath(entry.path)] = (status.st_mtime_ns, status.st_size, status.st_ino)


def changed(before: Look, after: Look) -> list[str]:
    """Return the paths that are new or different in `after`."""
    return sorted(path for path, status in after.items() if before.get(path) != status)
