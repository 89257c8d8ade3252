"""Between cells: the moment in which a user's objects may be looked at without stepping into a running cell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.progress import PublishCancelled

if TYPE_CHECKING:
    from swarmprov_nb.recording import Recorder

_LOOK: Final = 0.1  # seconds between two looks whether it is over


class BetweenCells:
    """Stores artifacts on the main thread, between two cells, for a worker that waits for it."""

    def __init__(self, recorder: Recorder, on_main: Callable[[Callable[[], None]], None]) -> None:
        self._recorder = recorder
        self._on_main = on_main
        self._over = threading.Event()
        self._busy = threading.Event()
        self._given_up = False
        self._failures: list[tuple[str, SwarmprovError]] = []
        self._broken: Exception | None = None

    def store(
        self, artifacts: Sequence[Artifact], tell_waiting: Callable[[], None], stop: threading.Event
    ) -> list[tuple[str, SwarmprovError]]:
        """Store what is still current; returns what could not be stored. PublishCancelled where `stop` is set."""
        self._on_main(lambda: self._try(artifacts))
        told = False
        while not self._over.wait(_LOOK):
            if stop.is_set():
                self._given_up = True
                raise PublishCancelled
            if not told:
                told = True
                tell_waiting()
            if self._busy.is_set():
                self._busy.clear()
                self._on_main(lambda: self._try(artifacts))
        if self._broken is not None:
            raise self._broken
        return self._failures

    def _try(self, artifacts: Sequence[Artifact]) -> None:
        if self._given_up:
            return
        if self._recorder.engine.current_sequence is not None:  # a cell that awaits lets the loop go on
            self._busy.set()
            return
        try:
            for artifact in artifacts:
                self._store(artifact)
        except Exception as error:  # noqa: BLE001 - the worker hears of it, not the kernel's loop
            self._broken = error
        self._over.set()

    def _store(self, artifact: Artifact) -> None:
        try:
            self._recorder.store_current(artifact)
        except SwarmprovError as error:
            self._failures.append((artifact.name, error))
