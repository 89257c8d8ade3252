"""What a publish job hears of a publish under way, told to front ends; and how a person stops it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from swarmprov_nb.progress import PublishCancelled
from swarmprov_nb.swarm import CHUNK_SIZE

_BETWEEN: Final = 0.1  # seconds between two tellings of bytes


class Watch:
    """Progress of the job's publish: stages and what they wait for at once, bytes at most ten times a second."""

    def __init__(self, tell: Callable[..., None], stop: threading.Event) -> None:
        self._tell = tell
        self._stop = stop
        self._told = 0.0
        self._stage = ""

    def stage(self, name: str) -> None:
        """Tell the stage."""
        self._stage = name
        self._tell(stage=name, detail=None)

    def bytes(self, done: int, total: int) -> None:
        """Tell the bytes, unless that was told just now."""
        if done == total or time.monotonic() - self._told > _BETWEEN:
            self._told = time.monotonic()
            counted = {"chunks": {"done": -(-done // CHUNK_SIZE), "total": -(-total // CHUNK_SIZE)}}
            self._tell(bytes={"done": done, "total": total, **(counted if self._stage == "push" else {})})

    def detail(self, words: str, link: str | None = None) -> None:
        """Tell what is waited for."""
        self._tell(detail={"text": words, "link": link})

    def check(self) -> None:
        """Stop where a person said so."""
        if self._stop.is_set():
            raise PublishCancelled
