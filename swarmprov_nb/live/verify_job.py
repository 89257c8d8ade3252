"""A verification for a front end: of a reference, or of a saved file that was dropped there, in a worker thread.

Its state is the dictionary that widget and panel draw: ``phase`` (empty, checking, report or problem), ``source``,
``report``, ``lineage``, ``problem``. It needs no recorder, opens no page and runs nothing of what it verifies.
"""

from __future__ import annotations

import logging
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import InvalidReference, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.live.sharing import shareable
from swarmprov_nb.live.worker import Worker
from swarmprov_nb.view.labels import clean

State = dict[str, Any]

LARGEST: Final = 256 << 20  # bytes of a dropped file: it comes through the kernel's memory
_LABEL: Final = 120


class VerifyJob:
    """Verifies what a front end names or hands over; safe to ask from any thread.

    >>> job = VerifyJob(Home(Path("/nowhere")))
    >>> job.state["phase"]
    'empty'
    """

    def __init__(self, home: Home | None = None) -> None:
        self._home = home or Home.of_user()
        self._worker = Worker("verify", failed=_log)
        self._lock = threading.RLock()
        self._listeners: list[Callable[[State], None]] = []
        self._asked = 0  # only the newest question is answered
        self._state: State = _said("empty", "")

    @property
    def state(self) -> State:
        """What there is to show now: plain JSON values, not to be changed."""
        return self._state

    def listen(self, listener: Callable[[State], None]) -> Callable[[], None]:
        """Have each new state told to `listener`, on any thread; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def handle(self, message: Mapping[str, Any], *, buffers: Sequence[Any] = ()) -> None:
        """Take ``{op: "verify", source}`` or ``{op: "verify", name}`` with a file's bytes, and return at once."""
        if message.get("op") != "verify":
            return
        with self._lock:
            self._asked += 1
            number = self._asked
            if buffers:
                name, data = clean(str(message.get("name") or "a saved file"), limit=_LABEL), buffers[0]
                self._tell(_said("checking", name))
                self._worker.do(lambda: self._verify(number, name, lambda: self._verify_bytes(data)))
            else:
                source = str(message.get("source") or "").strip()
                named = clean(source, limit=_LABEL)
                self._tell(_said("checking", named))
                self._worker.do(lambda: self._verify(number, named, lambda: self._verify_reference(source)))

    def close(self) -> None:
        """End the worker, after what is under way."""
        self._worker.close()

    # -- what the worker does

    def _verify(self, number: int, source: str, verify: Callable[[], Any]) -> None:
        if number != self._asked:
            return
        try:
            report = verify()
            drawn = None if report.failed else report.picture().to_json()
            found = {**_said("report", source), "report": report.told(), "lineage": drawn}
        except Exception as error:  # noqa: BLE001 - every question is answered, and the next one too
            found = {**_said("problem", source), "problem": _problem(error)}
        with self._lock:
            if number == self._asked:
                self._tell(found)

    def _verify_reference(self, source: str) -> Any:
        """Verify a reference; a path that somebody types here opens no file."""
        from swarmprov_nb.swarm import Reference
        from swarmprov_nb.verifying import verify

        words = source.removeprefix("$").split()
        text = words[2] if words[:2] == ["swarmprov", "verify"] and len(words) > 2 else source  # noqa: PLR2004
        try:
            Reference.parse(text)
        except InvalidReference:
            raise InvalidReference(
                "That is no reference of a publication: 64 characters from 0-9 and a-f.",
                "Copy it whole from the receipt, or drop a saved file here.",
            ) from None
        return verify(text, home=self._home)

    def _verify_bytes(self, data: Any) -> Any:
        """Verify a saved file from its bytes, which stand in a private file for that moment."""
        from swarmprov_nb.verifying import verify

        if len(data) > LARGEST:
            raise UsageError(
                f"That file has over {LARGEST >> 20} MiB.", "Verify it where it lies: swarmprov verify FILE"
            )
        folder = self._home.private_folder(self._home.root / "tmp")
        with tempfile.TemporaryDirectory(dir=folder) as place:
            file = Path(place) / "dropped.swarm"
            file.write_bytes(data)
            return verify(file, home=self._home)

    # -- telling

    def _tell(self, state: State) -> None:
        with self._lock:
            self._state = shareable(state, self._home)
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(self._state)


def _problem(error: Exception) -> dict[str, str]:
    if isinstance(error, SwarmprovError):
        return {"what": error.what, "next": error.next_step}
    what = f"Verifying failed in a way that nobody foresaw ({type(error).__name__})."
    return {"what": what, "next": "Do not rely on it, and try it in a terminal: swarmprov verify"}


def _log(error: Exception) -> None:
    """Keep what went wrong where a front end was told: it is gone, or it does not take what it was sent."""
    logging.getLogger("swarmprov").warning("A front end could not be told of a verification: %r", error)


def _said(phase: str, source: str) -> State:
    return {"phase": phase, "source": source, "report": None, "lineage": None, "problem": None}
