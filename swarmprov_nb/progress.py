"""Progress of a publish: which stage it is in, how many bytes are through, and whether a person wants it to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from swarmprov_nb.errors import SwarmprovError

STAGES: Final = ("artifacts", "manifest", "signature", "seal", "store", "push", "anchor", "receipt")
_SAID: Final = {"store": "storing …", "push": "sending …", "anchor": "anchoring …"}


class PublishCancelled(SwarmprovError):
    """A person stopped a publish; what was done is in its journal, and the next publish goes on from there."""

    def __init__(self) -> None:
        super().__init__("The publish was cancelled: nothing is lost.", "Publish again: it goes on from there.")


class Progress(Protocol):
    """Who is told how far a publish is, and may stop it between two steps."""

    def stage(self, name: str) -> None:
        """Hear that a stage of `STAGES` begins."""

    def bytes(self, done: int, total: int) -> None:
        """Hear how many bytes of the publication are known to be in the store."""

    def detail(self, words: str, link: str | None = None) -> None:
        """Hear what a stage waits for, in words, and where a person can look that up."""

    def check(self) -> None:
        """Raise PublishCancelled to stop here, where nothing can be lost or paid for twice."""


class Told:
    """Progress in words, for a terminal or a cell's output; it never stops anything.

    >>> Told(print).stage("store")
    storing …
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def stage(self, name: str) -> None:
        """Say what takes a while."""
        if name in _SAID:
            self._say(_SAID[name])

    def bytes(self, done: int, total: int) -> None:
        """Say nothing: a line for each would be too many."""

    def detail(self, words: str, link: str | None = None) -> None:
        """Say nothing: what came of it is said at the end."""

    def check(self) -> None:
        """Go on."""


class Counted(Told):
    """Progress in words and megabytes, for a command that only sends.

    >>> Counted(print).bytes(2_000_000, 4_000_000)
    sending … 2.0 of 4.0 MB
    """

    def bytes(self, done: int, total: int) -> None:
        """Say how much is through."""
        self._say(f"sending … {done / 1e6:.1f} of {total / 1e6:.1f} MB")
