"""Cost: what a planned publish would cost where it goes, asked of the store and the chain before anything is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.destinations import LOCAL, NO_CHAIN
from swarmprov_nb.errors import SwarmprovError

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.publisher import Publisher

_FREE: Final = "free"


@dataclass(frozen=True)
class Cost:
    """What a publish would cost, in words: the anchor and the storage, and what speaks against it.

    >>> Cost().offered()
    {'text': 'free', 'detail': 'on this machine'}
    """

    anchor: str = ""
    storage: str = ""
    advice: tuple[str, ...] = ()

    def offered(self) -> dict[str, Any]:
        """Return what a front end shows."""
        if not (self.anchor or self.storage):
            return {"text": _FREE, "detail": "on this machine"}
        return {"text": self.anchor or _FREE, "detail": self.storage or "stored on this machine"}


def cost_of(planned: Plan, publisher: Publisher) -> Cost:
    """Ask store and chain what this publish would cost; what cannot be asked is said, and stops nothing yet."""
    advice: list[str] = []
    anchor = storage = ""
    if publisher.remote is not None:
        storage = _asked(lambda: _storage(planned, publisher), advice)
    if publisher.endpoint is not None:
        anchor = _asked(lambda: _anchor(planned, publisher), advice)
    return Cost(anchor, storage, tuple(advice))


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


def _asked(ask: Any, advice: list[str]) -> str:
    try:
        return str(ask())
    except SwarmprovError as error:
        advice.append(f"{error.what} {error.next_step}")
        return ""


def _storage(planned: Plan, publisher: Publisher) -> str:
    from swarmprov_nb.remotes import storage_offer

    assert publisher.remote is not None
    return storage_offer(publisher.remote, batch=publisher.batch, size=planned.size)


def _anchor(planned: Plan, publisher: Publisher) -> str:
    from swarmprov_nb.anchoring import quote_for

    parents = {a.parent.manifest for a in planned.lineage.artifacts if a.parent is not None}
    return "free" if publisher.wallet.dev else quote_for(publisher, edges=1 + len(parents))
