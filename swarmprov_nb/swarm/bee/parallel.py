"""Many small requests at once, their results in order, with a bounded number under way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_SLICE = 0.5
WORKERS = 16

Given = TypeVar("Given")
Made = TypeVar("Made")
Check = Callable[[], None] | None


class Stopped(Exception):
    """Nobody waits for this request any more."""


class Stop:
    """Ends requests that are under way in other threads: to be handed to them as ``check``.

    >>> stop = Stop()
    >>> stop()
    >>> stop.set()
    >>> stop()
    Traceback (most recent call last):
    swarmprov_nb.swarm.bee.parallel.Stopped
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """End them, within about half a second."""
        self._event.set()

    def __call__(self) -> None:
        """Raise Stopped where it is set."""
        if self._event.is_set():
            raise Stopped


def in_order(
    act: Callable[[Given, Check], Made],
    items: Iterable[Given],
    *,
    ahead: int = 4 * WORKERS,
    check: Check = None,
) -> Iterator[Made]:
    """Results of ``act`` in the order of the items, at most ``ahead`` of them waiting; the first failure ends it.

    ``act`` is given an item, and what to call while it waits. ``check`` is only ever called in the caller's thread.

    >>> list(in_order(lambda number, check: -number, [1, 2, 3]))
    [-1, -2, -3]
    """
    items = iter(items)
    first = next(items, None)
    if first is None:
        return
    second = next(items, None)
    if second is None:
        yield act(first, check)
        return
    stop = Stop()
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="bee")
    waiting: deque[Future[Made]] = deque([pool.submit(act, first, stop), pool.submit(act, second, stop)])
    try:
        while waiting:
            while len(waiting) < ahead and (item := next(items, None)) is not None:
                waiting.append(pool.submit(act, item, stop))
            yield _result(waiting.popleft(), check)
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _result(future: Future[Made], check: Check) -> Made:
    while True:
        try:
            return future.result(_SLICE if check is not None else None)
        except TimeoutError:
            if future.done():
                raise
            if check is not None:
                check()
