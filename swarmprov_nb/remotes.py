"""Remote stores: which texts name one, whether it can take a publication, and which postage batch pays there."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import open_remote

if TYPE_CHECKING:
    from swarmprov_nb.swarm.bee import BeeNode, GatewayStorage

GATEWAY: Final = "gateway:"
SHORT_DAYS: Final = 14  # of storage left, under which a person is warned
_NEW_DAYS: Final = 90  # for which a batch is offered where none fits
_CHUNK: Final = 4096
_BESIDE: Final = 64  # chunks of manifest, page and collection


def remote_url(store: str) -> str:
    """Return the text of a remote store, if it is one; nothing is asked.

    Raises UsageError for a text without a scheme, and for a URL that no node can have.
    """
    open_remote(store)
    return store


def shown_store(store: str) -> str:
    """Return a remote store as it may be shown: without whatever key its URL holds."""
    gateway = _gateway(store)
    return f"{GATEWAY}{gateway.shown}" if gateway is not None else _node(store).shown


def batch_for(store: str, batch: str | None, addresses: Sequence[bytes]) -> str | None:
    """Return the postage batch that pays for these chunks: the one named, else the best that fits; None at a gateway.

    Raises StorageError where the store is not ready, or no batch fits: what is wrong, and what a new one would cost.
    """
    if _gateway(store) is not None:
        return batch
    node = _node(store)
    if batch is not None:
        _require(node, batch, addresses)
        return batch
    from swarmprov_nb.swarm.bee import Batches

    _require(node, None, None)
    best, reasons = Batches(node).best(addresses)
    if best is None:
        said = "; ".join(f"{each[:8]}…: {why}" for each, why in reasons.items())
        raise StorageError(
            f"No postage batch of {node.shown} has room for {len(addresses)} chunks ({said}).", _advice(node, addresses)
        )
    return best.id


def is_usable(store: str, batch: str) -> bool:
    """Tell whether a batch of a node still takes chunks; StorageError where the node does not answer."""
    from swarmprov_nb.swarm.bee import Batches

    try:
        found = Batches(_node(store)).get(batch)
    except StorageError as error:
        if error.kind.startswith("batch-"):
            return False
        raise
    return not found.unfit() and not found.full


def expiry_of(store: str, batch: str | None) -> datetime | None:
    """Return until when a batch pays at today's price; None at a gateway, for a batch without an end or one unknown.

    Raises StorageError where the node does not answer.
    """
    if batch is None or _gateway(store) is not None:
        return None
    from swarmprov_nb.swarm.bee import Batches

    try:
        return Batches(_node(store)).get(batch).expires
    except StorageError as error:
        if error.kind.startswith("batch-"):
            return None
        raise


def require_remote(store: str, *, batch: str | None, size: int) -> None:
    """Test, before anything is signed, whether a store could take about `size` bytes; StorageError where not."""
    if (gateway := _gateway(store)) is not None:
        gateway.test()
        return
    batch_for(store, batch, _like(size))


def storage_offer(store: str, *, batch: str | None, size: int) -> str:
    """Say what storing about `size` bytes there costs: in which batch, and until when that is paid for.

    Raises StorageError where it could not be stored there now.
    """
    if (gateway := _gateway(store)) is not None:
        gateway.test()
        return "stored by a gateway, for as long as it likes"
    from swarmprov_nb.swarm.bee import Batches

    chosen = batch_for(store, batch, _like(size))
    assert chosen is not None
    found = Batches(_node(store)).get(chosen)
    days = found.days_left
    if days is None:
        return f"stored in batch {found.id[:8]}… without an end"
    short = ": short, top it up soon" if days < SHORT_DAYS else ""
    return f"stored in batch {found.id[:8]}… for {days:.0f} days{short}"


def _require(node: BeeNode, batch: str | None, addresses: Sequence[bytes] | None) -> None:
    state = node.state(batch, addresses=addresses)
    if not state.ok:
        refused = StorageError(state.what, state.next_step)
        refused.kind = state.kind
        raise refused


def _advice(node: BeeNode, addresses: Sequence[bytes]) -> str:
    """Say what a batch that fits would cost; nothing is bought unasked."""
    from swarmprov_nb.swarm.bee import Batches

    try:
        price = Batches(node).price(addresses, _NEW_DAYS)
    except StorageError:
        return "Buy a larger one: swarmprov stamps buy --help"
    return (
        f"One for {_NEW_DAYS} days costs about {price.bzz} BZZ (depth {price.depth}): "
        f"swarmprov stamps buy --store {node.shown} --size {len(addresses) * _CHUNK} --days {_NEW_DAYS}"
    )


def _like(size: int) -> list[bytes]:
    """Return addresses as chunks of so many bytes could have: where they fall is chance, as it is with real ones."""
    return [secrets.token_bytes(32) for _ in range(-(-size // _CHUNK) * 129 // 128 + _BESIDE)]


def _gateway(store: str) -> GatewayStorage | None:
    from swarmprov_nb.swarm.bee import GatewayStorage

    opened = open_remote(store)
    return opened if isinstance(opened, GatewayStorage) else None


def _node(store: str) -> BeeNode:
    from swarmprov_nb.swarm.bee import BeeNode

    return BeeNode.at(store)
