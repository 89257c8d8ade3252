"""Files that our own verbs wrote in this process: a cell that calls them has made no data of the user's."""

from __future__ import annotations

import os
from pathlib import Path

_written: set[Path] = set()


def note_own(path: Path) -> None:
    """Remember that a verb of ours wrote this file or folder.

    >>> note_own(Path("publication.swarm"))
    >>> is_own(Path("publication.swarm").absolute())
    True
    """
    _written.add(Path(os.path.realpath(path)))


def is_own(path: Path) -> bool:
    """Tell whether a real path is, or lies in, what a verb of ours wrote."""
    return any(path == own or path.is_relative_to(own) for own in _written)
