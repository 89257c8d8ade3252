"""A Bee node's HTTP API (version 7.3 to 8.x, Bee 2.6 to 2.8), asked so that every failure comes back in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.answer import BUSY, Answer
from swarmprov_nb.swarm.bee.connections import Connections, Request
from swarmprov_nb.swarm.bee.endpoint import Endpoint
from swarmprov_nb.swarm.bee.faults import TRANSIENT, fault, is_transient
from swarmprov_nb.swarm.bee.patience import Patience, wait

if TYPE_CHECKING:
    from swarmprov_nb.swarm.bee.node_state import NodeState

_LOOK = 0.5


@dataclass(frozen=True)
class BeeNode:
    """A Bee node at an address; making one asks nothing of the network.

    >>> BeeNode.at("http://127.0.0.1:1633")
    BeeNode('http://127.0.0.1:1633')
    """

    endpoint: Endpoint
    patience: Patience = field(default_factory=Patience)
    connections: Connections = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "connections", Connections(self.endpoint))

    @classmethod
    def at(cls, url: str, *, patience: Patience | None = None) -> BeeNode:
        """Name the node at a URL.

        Raises
        ------
        UsageError
            The URL has no scheme, a wrong one, credentials, or something after host and port.
        """
        return cls(Endpoint.parse(url), patience or Patience())

    @property
    def shown(self) -> str:
        """Scheme, host and port: what messages say."""
        return self.endpoint.shown

    def __repr__(self) -> str:
        return f"BeeNode({self.shown!r})"

    def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send one request, once, and return its answer whatever its status; options are those of ``Request``.

        Raises
        ------
        StorageError
            No answer came; ``kind`` tells why.
        """
        return self.connections.exchange(Request(method, path, **{"seconds": self.patience.answer, **options}))

    def insist(
        self, method: str, path: str, doing: str, *, accept: Iterable[int] = (200, 201), **options: Any
    ) -> Answer:
        """As ``ask``, again after 429, 5xx and cut connections, a bounded number of times.

        Raises
        ------
        StorageError
            The answer has none of the statuses accepted; the message says that ``doing`` failed, and why.
        """
        request = Request(method, path, **{"seconds": self.patience.answer, **options})
        return insist(self.connections, request, doing, accept=frozenset(accept), patience=self.patience)

    def json(self, path: str, doing: str, **options: Any) -> dict[str, Any]:
        """GET a JSON object, insisting.

        Raises
        ------
        StorageError
            It cannot be had.
        """
        return self.insist("GET", path, doing, **options).json()

    def await_ready(self, check: Callable[[], None] | None = None) -> None:
        """Return once the node is ready, as after a restart.

        Raises
        ------
        StorageError
            It was not within ``patience.restart`` seconds, or is no longer a Bee node.
        """
        end = time.monotonic() + self.patience.restart
        while True:
            try:
                answer = self.ask("GET", "/readiness", seconds=min(5, self.patience.answer), check=check)
                if answer.status == HTTPStatus.OK:
                    answer.json()
                    return
                if answer.status not in {400, *BUSY}:
                    raise answer.failure("telling whether it is ready")
                last = f"The node at {self.shown} is not ready again"
            except StorageError as error:
                if not is_transient(error):
                    raise
                last = f"The node at {self.shown} does not answer any more"
            if time.monotonic() > end:
                raise fault(
                    "syncing",
                    f"{last} after {self.patience.restart:.0f} seconds.",
                    "Start it or wait until it is ready, then run the same command again: it goes on from there.",
                )
            wait(_LOOK, check)

    def state(
        self, batch: str | None = None, *, addresses: Iterable[bytes] | None = None, days: float | None = None
    ) -> NodeState:
        """Test whether one can publish to this node, and say in words what is in the way.

        Parameters
        ----------
        batch
            The postage batch that is to pay; without one, whether any of the node's can.
        addresses
            Chunks that are to be sent: then also whether the batch has room for exactly these.
        days
            How long they are to stay.
        """
        from swarmprov_nb.swarm.bee.node_state import state_of

        return state_of(self, batch, addresses=addresses, days=days)


def insist(
    connections: Connections, request: Request, doing: str, *, accept: frozenset[int], patience: Patience
) -> Answer:
    """Send a request until an answer is no passing failure, a bounded number of times and within its seconds in all.

    Raises
    ------
    StorageError
        The last failure, in words.
    """
    end = time.monotonic() + max(request.seconds, patience.answer)
    pauses = patience.pauses()
    while True:
        try:
            answer = connections.exchange(replace(request, seconds=min(request.seconds, _left(end))))
            if answer.status in accept:
                return answer
            failed = answer.failure(doing)
        except StorageError as error:
            failed = error
        pause = next(pauses, None)
        if failed.kind not in TRANSIENT or pause is None or time.monotonic() + pause > end:
            raise failed
        wait(pause, request.check)


def _left(end: float) -> float:
    return max(0.05, end - time.monotonic())
