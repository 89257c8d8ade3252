"""Doing something for no longer than so many seconds, whatever it waits for."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, action: Callable[[], T]) -> T:
    """The action's result or its error.

    >>> within(5, lambda: 1 + 1)
    2

    Timeouts of sockets begin anew with each byte, and a look-up of a name has none: only another thread can stop
    waiting. It is left behind, as a daemon that holds up nothing. Raises `TimeoutError`.
    """
    (outcome,) = gathered(seconds, [action])
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def gathered(seconds: float, actions: Sequence[Callable[[], T]]) -> list[T | BaseException]:
    """Do several things at once: of each its result or its error, `TimeoutError` for those not done in time.

    >>> gathered(5, [lambda: 1, lambda: 2])
    [1, 2]
    """
    done: queue.SimpleQueue[tuple[int, T | BaseException]] = queue.SimpleQueue()

    def run(place: int, action: Callable[[], T]) -> None:
        try:
            done.put((place, action()))
        except BaseException as error:  # noqa: BLE001  handed to whoever waits
            done.put((place, error))

    for place, action in enumerate(actions):
        threading.Thread(target=run, args=(place, action), daemon=True, name="swarmprov-rpc").start()
    outcomes: list[T | BaseException] = [TimeoutError() for _ in actions]
    deadline = time.monotonic() + seconds
    for _ in actions:
        try:
            place, outcome = done.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        outcomes[place] = outcome
    return outcomes
