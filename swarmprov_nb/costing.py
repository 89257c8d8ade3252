"""Cost: what a planned publish would cost where it goes, asked of the store and the chain before anything is signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.destinations import LOCAL, NO_CHAIN
from swarmprov_nb.errors import SwarmprovError

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.publisher import Publisher

_FREE: Final = "free"


@dataclass(frozen=True)
class Cost:
    """What a publish would cost, in words: the anchor and the storage, and what speaks against the store or the chain.

    >>> Cost().offered()
    {'text': 'free', 'detail': 'on this machine'}
    """

    anchor: str = ""
    storage: str = ""
    problems: Mapping[str, SwarmprovError] = field(default_factory=dict)

    @property
    def advice(self) -> tuple[str, ...]:
        """What is wrong, and what to do."""
        return tuple(f"{error.what} {error.next_step}" for error in self.problems.values())

    def offered(self) -> dict[str, Any]:
        """Return what a front end shows."""
        if not (self.anchor or self.storage):
            return {"text": _FREE, "detail": "on this machine"}
        if self.anchor in ("", _FREE):
            return {"text": _FREE, "detail": f"here; {self.storage}" if self.storage else "to anchor"}
        return {"text": self.anchor, "detail": f"to anchor; {self.storage}" if self.storage else "to anchor"}


def cost_of(planned: Plan, publisher: Publisher) -> Cost:
    """Ask store and chain what this publish would cost; what cannot be asked is said, and stops nothing yet."""
    problems: dict[str, SwarmprovError] = {}
    anchor = storage = ""
    if publisher.remote is not None:
        storage = _asked("store", lambda: _storage(planned, publisher), problems)
    if publisher.endpoint is not None:
        anchor = _asked("chain", lambda: _anchor(planned, publisher), problems)
    return Cost(anchor, storage, problems)


def require_ready(publisher: Publisher, size: int) -> None:
    """Ask store and chain, before anything is signed, whether they can take a publication of `size` bytes.

    Raises StorageError, ChainError and PublishRefused with what is wrong and what to do.
    """
    from swarmprov_nb.anchoring import quote_for
    from swarmprov_nb.remotes import require_remote

    if publisher.remote is not None:
        require_remote(publisher.remote, batch=publisher.batch, size=size)
    if publisher.endpoint is not None and not publisher.wallet.dev:
        quote_for(publisher)


def store_label(publisher: Publisher) -> str:
    """Return the store's name for people."""
    return "local store" if publisher.remote is None else publisher.store


def chain_label(publisher: Publisher) -> str:
    """Return the chain's name for people."""
    return {LOCAL: "local chain", NO_CHAIN: "no chain"}.get(publisher.chain, publisher.chain)


def chain_proves(publisher: Publisher) -> str:
    """Say what an anchor there is worth to others."""
    if publisher.chain == NO_CHAIN:
        return "nowhere: no anchor is made"
    if publisher.endpoint is None:
        return "on this machine's own chain: proves nothing to others"
    network = publisher.endpoint.network
    return f"on {network.name}" + ("" if network.public else f" ({network.label})")


def _asked(what: str, ask: Callable[[], str], problems: dict[str, SwarmprovError]) -> str:
    try:
        return ask()
    except SwarmprovError as error:
        problems[what] = error
        return ""


def _storage(planned: Plan, publisher: Publisher) -> str:
    from swarmprov_nb.remotes import storage_offer

    assert publisher.remote is not None
    return storage_offer(publisher.remote, batch=publisher.batch, size=planned.size)


def _anchor(planned: Plan, publisher: Publisher) -> str:
    from swarmprov_nb.anchoring import quote_for

    parents = {a.parent.manifest for a in planned.lineage.artifacts if a.parent is not None}
    return "free" if publisher.wallet.dev else quote_for(publisher, edges=1 + len(parents))
