"""How long to wait for what, and how often to try again: every wait at a node has an end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_SLICE = 0.5
_LONGEST_PAUSE = 8.0


@dataclass(frozen=True)
class Patience:
    """Limits in seconds, and a number of tries.

    ``answer`` for one request, ``chunk`` for reading one chunk with all tries, ``restart`` until a node that went away
    is ready again, ``counted`` until a tag counts a session that ended, ``push`` without any progress of the push into
    the network (a full node that has just started pushes nothing for up to 300), ``confirm`` for the network to find a
    root, ``usable`` for a new batch to become usable, ``pause`` before the first try again (doubled each time).

    >>> Patience(answer=5).answer
    5
    """

    answer: float = 30
    chunk: float = 90
    restart: float = 240
    counted: float = 10
    push: float = 420
    confirm: float = 600
    usable: float = 600
    tries: int = 6
    pause: float = 0.25

    def pauses(self) -> Iterator[float]:
        """Seconds to wait before each further try."""
        for number in range(self.tries - 1):
            yield min(_LONGEST_PAUSE, self.pause * 2**number) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret


def wait(seconds: float, check: Callable[[], None] | None = None) -> None:
    """Sleep, calling ``check`` about twice a second; what it raises ends the wait."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if check is not None:
            check()
        time.sleep(min(left, _SLICE))
