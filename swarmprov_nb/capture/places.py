"""Which paths are a study's data, and which belong to the machinery: caches, temporary files, IPython, fonts."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

_PARTS: Final = frozenset({
    ".swarmprov", "__pycache__", ".ipynb_checkpoints", ".git", "site-packages", "dist-packages", ".cache", ".config",
    ".ipython", ".jupyter", ".matplotlib", "Caches",
})  # fmt: skip
_RUNTIME: Final = (
    "/jupyter/runtime/", "/Library/Jupyter/", "/ipykernel_", "/matplotlib-", "/pymp-", "/joblib_memmapping_",
)  # fmt: skip
_JOURNALS: Final = ("-wal", "-shm", "-journal")


class Places:
    """Tells data from machinery, seen from a working folder.

    >>> Places("/study").is_data("/study/data/raw.csv", named=False)
    True
    >>> Places("/study").is_data("/study/.swarmprov/record.sqlite", named=False)
    False
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self._temporary = tuple(
            {os.path.realpath(place) + os.sep for place in (tempfile.gettempdir(), "/tmp", "/var/tmp")}  # noqa: S108
        )

    def below(self, path: str) -> bool:
        """Whether the path lies in the working folder."""
        return path.startswith(self.folder + os.sep)

    def is_data(self, path: str, *, named: bool) -> bool:
        """Whether a file is data; a temporary one only if the cell's text names it."""
        inside = path[len(self.folder) :] if self.below(path) else path
        if not _PARTS.isdisjoint(Path(inside).parts) or any(part in path for part in _RUNTIME):
            return False
        if path.endswith(_JOURNALS) or Path(path).is_dir():
            return False
        return named or self.below(path) or not path.startswith(self._temporary)

    def label(self, path: str) -> str:
        """Name a file for people: relative below the working folder, else its last part.

        >>> Places("/study").label("/study/data/raw.csv"), Places("/study").label("/home/raw.csv")
        ('data/raw.csv', 'raw.csv')
        """
        return path[len(self.folder) + 1 :] if self.below(path) else Path(path).name
