"""One line of ``swarmprov doctor``: what was looked at, how it is, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

OK, NOTE, BROKEN = "ok", "note", "broken"
_SIGNS: Final = {OK: "✓", NOTE: "!", BROKEN: "✗"}


@dataclass(frozen=True)
class Check:
    """What was looked at: `state` is ``ok``, ``note`` (something optional is missing) or ``broken``.

    >>> print(Check("Python", "ok", "3.11.7"))
    ✓ Python             3.11.7
    >>> print(Check("ml", "note", "skops is not installed", "pip install skops"))
    ! ml                 skops is not installed
                         → pip install skops
    """

    name: str
    state: str
    said: str
    next_step: str = ""

    def __str__(self) -> str:
        line = f"{_SIGNS[self.state]} {self.name:<18} {self.said}"
        return f"{line}\n{'':<21}→ {self.next_step}" if self.next_step else line

    def without(self, home: str) -> Check:
        """Return the same line with the user's home folder, which names the user, as ``~``, also in a shell's quotes.

        >>> Check("keys", "broken", "/home/ana/k y", "chmod 600 '/home/ana/k y'").without("/home/ana").next_step
        "chmod 600 ~/'k y'"
        """
        said, next_step = (text.replace(f"'{home}/", "~/'").replace(home, "~") for text in (self.said, self.next_step))
        return Check(self.name, self.state, said, next_step)


def home_folder() -> str:
    """Return the folder that is told as ``~``; empty where there is none."""
    try:
        home = str(Path.home())
    except RuntimeError:
        return ""
    return home if len(home) > 1 else ""
