"""A worker: one thread that does what it is given, one thing after another, so that nobody who asks has to wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Worker:
    """A daemon thread with a queue, started by its first task; a task that raises does not end it.

    >>> done = threading.Event()
    >>> worker = Worker("example", failed=print)
    >>> worker.do(done.set)
    >>> done.wait(10)
    True
    >>> worker.close()
    """

    def __init__(self, name: str, *, failed: Callable[[Exception], None]) -> None:
        self._name = f"swarmprov-{name}"  # the capture room knows our threads by it
        self._failed = failed
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def do(self, task: Callable[[], None]) -> None:
        """Have a task done after those that wait already."""
        self._tasks.put(task)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread after the task under way; a later task starts it again."""
        with self._lock:
            if self._thread is not None:
                self._tasks.put(None)
                self._thread = None

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except Exception as error:  # noqa: BLE001 - told to whoever gave the task; the next one is done
                self._failed(error)
