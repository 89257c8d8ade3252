"""Many small requests at once, their results in order, with a bounded number under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_SLICE = 0.5
WORKERS = 16

Given = TypeVar("Given")
Made = TypeVar("Made")


def in_order(
    act: Callable[[Given], Made],
    items: Iterable[Given],
    *,
    ahead: int = 4 * WORKERS,
    check: Callable[[], None] | None = None,
) -> Iterator[Made]:
    """Results of ``act`` in the order of the items, at most ``ahead`` of them waiting; the first failure ends it.

    >>> list(in_order(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    items = iter(items)
    first = next(items, None)
    if first is None:
        return
    second = next(items, None)
    if second is None:
        yield act(first)
        return
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="bee")
    waiting: deque[Future[Made]] = deque([pool.submit(act, first), pool.submit(act, second)])
    try:
        while waiting:
            while len(waiting) < ahead and (item := next(items, None)) is not None:
                waiting.append(pool.submit(act, item))
            yield _result(waiting.popleft(), check)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _result(future: Future[Made], check: Callable[[], None] | None) -> Made:
    while True:
        try:
            return future.result(_SLICE if check is not None else None)
        except TimeoutError:
            if future.done():
                raise
            if check is not None:
                check()
