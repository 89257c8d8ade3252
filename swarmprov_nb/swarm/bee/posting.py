"""Chunks by POST on several connections at once: for gateways, and where a stream cannot be had.

Source: Bee ``pkg/api/chunk.go``. With a tag a chunk is kept when it is answered and pushed later; without one it has
been pushed before the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.connections import Connections, Request
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.node import insist
from swarmprov_nb.swarm.bee.parallel import WORKERS, Stop
from swarmprov_nb.swarm.bee.patience import Patience
from swarmprov_nb.swarm.bee.stream import Item

_SLICE = 0.5
_AHEAD = 4 * WORKERS


class Posting:
    """Sends chunks; ``on_ack`` is told which were taken, in the thread that called."""

    def __init__(
        self,
        connections: Connections,
        *,
        batch: str | None,
        tag: str | None,
        on_ack: Callable[[list[Item]], None],
        check: Callable[[], None] | None = None,
        patience: Patience,
    ) -> None:
        self._connections = connections
        self._on_ack = on_ack
        self._check = check
        self._patience = patience
        named = {"Swarm-Postage-Batch-Id": batch, "Swarm-Tag": tag}
        self._headers = {name: value for name, value in named.items() if value is not None}
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="bee-post")
        self._stop = Stop()
        self._under_way: dict[Future[None], Item] = {}

    @property
    def unacked(self) -> list[Item]:
        """Chunks of which nothing is known yet."""
        return list(self._under_way.values())

    def send(self, items: Sequence[Item]) -> None:
        """Send chunks, waiting only where too many are under way.

        Raises
        ------
        StorageError
            One was refused, or could not be sent after several tries.
        """
        for number, item in enumerate(items):
            if self._check is not None and number % WORKERS == 0:
                self._check()
            while len(self._under_way) >= _AHEAD:
                self._collect()
            self._under_way[self._pool.submit(self._post, item)] = item

    def flush(self) -> None:
        """Return once every chunk is acked.

        Raises
        ------
        StorageError
            As ``send``.
        """
        while self._under_way:
            self._collect()

    def _post(self, item: Item) -> None:
        address, data = item
        request = Request("POST", "/chunks", self._headers, data, seconds=self._patience.answer, check=self._stop)
        answer = insist(
            self._connections, request, "taking a chunk", accept=frozenset({200, 201}), patience=self._patience
        )
        check_reference(answer, address)

    def _collect(self) -> None:
        ended, _ = wait(self._under_way, _SLICE, FIRST_COMPLETED)
        if self._check is not None:
            self._check()
        good, failed = [], None
        for future in ended:
            error = future.exception()
            if error is None:
                good.append(self._under_way.pop(future))
            else:
                failed = error
        if good:
            self._on_ack(good)
        if failed is not None:
            raise failed

    def close(self) -> None:
        """End: nothing is under way after ``flush``."""
        self._stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    abandon = close


def check_reference(answer: Answer, address: bytes) -> None:
    """Compare the address that the node gives a chunk with ours.

    Raises
    ------
    StorageError
        It is another, or none.
    """
    given = answer.json().get("reference")
    if given != address.hex():
        raise wrong_address(answer.shown, address)


def wrong_address(shown: str, address: bytes) -> StorageError:
    """Say that a node took other bytes than were sent."""
    return fault(
        "address",
        f"{shown} answered with another address for chunk {address.hex()}: it did not keep what was sent.",
        "Do not use this node or gateway; choose another.",
    )
