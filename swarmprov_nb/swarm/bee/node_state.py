"""The connection test: whether one can publish to a node, and in words what is in the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from swarmprov_nb.errors import StorageError, UsageError
from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.batch import Batch
from swarmprov_nb.swarm.bee.batch_id import parse_batch_id
from swarmprov_nb.swarm.bee.batches import Batches
from swarmprov_nb.swarm.bee.faults import Kind, fault
from swarmprov_nb.swarm.bee.node import BeeNode

_VERSION = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
_OLDEST = (2, 6)
_APIS = frozenset({7, 8})
_SECONDS = 10.0
_WRONG_MODES = {
    "ultra-light": "is ultra-light: it reads only, and cannot pay for storage",
    "dev": "is a development node: what it takes never reaches Swarm",
}
_ENOUGH_TRUNK = 80


@dataclass(frozen=True)
class NodeState:
    """What the connection test found: ``ok``, or ``what`` is in the way and the ``next_step``; ``kind`` in one word.

    >>> BeeNode.at("http://127.0.0.1:9").state().kind
    'no-node'
    """

    ok: bool
    what: str
    next_step: str
    kind: str = "ready"
    version: str = ""
    api: str = ""
    mode: str = ""
    peers: int | None = None
    batch: Batch | None = None


def state_of(
    node: BeeNode, batch: str | None = None, *, addresses: Iterable[bytes] | None = None, days: float | None = None
) -> NodeState:
    """Test a node; see ``BeeNode.state``."""
    state = NodeState(ok=True, what=f"The node at {node.shown} is ready.", next_step="")
    try:
        if batch is not None:
            batch = _readable(batch)
        state = _health(node, state)
        _ready(node)
        state = _mode(node, state)
        state = _peers(node, state)
        return _with_batch(node, state, batch, addresses, days)
    except StorageError as error:
        return replace(state, ok=False, what=error.what, next_step=error.next_step, kind=error.kind or "garbage")


def _readable(batch: str) -> str:
    try:
        return parse_batch_id(batch)
    except UsageError as error:
        raise fault("batch-malformed", error.what, error.next_step) from error


def _health(node: BeeNode, state: NodeState) -> NodeState:
    answer = node.ask("GET", "/health", seconds=min(_SECONDS, node.patience.answer))
    if answer.status != HTTPStatus.OK:
        raise _no_bee(node, answer)
    body = answer.json()
    version, api = _short(body.get("version")), _short(body.get("apiVersion"))
    found = _VERSION.match(version), _VERSION.match(api)
    if found[0] is None or found[1] is None:
        raise _no_bee(node, answer)
    release, major = (int(found[0][1]), int(found[0][2])), int(found[1][1])
    if release < _OLDEST or major < min(_APIS):
        raise fault(
            "version",
            f"The node at {node.shown} is Bee {version}, too old: its API is {api}.",
            "Update it to Bee 2.8.1 or later.",
        )
    if major not in _APIS:
        raise fault(
            "version",
            f"The node at {node.shown} is Bee {version} with API {api}, newer than this version knows.",
            "Update swarmprov, or use a node with API 8.",
        )
    return replace(state, version=version, api=api)


def _no_bee(node: BeeNode, answer: Answer) -> StorageError:
    failed = answer.failure("telling its health")
    if failed.kind in {"redirect", "not-bee", "refused", "syncing", "busy"}:
        return failed
    return fault(
        "not-bee",
        f"What answers at {node.shown} is no Bee node.",
        "Check the address and its port; a Bee node usually has port 1633.",
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text if letter.isprintable())[:_ENOUGH_TRUNK]


def _ready(node: BeeNode) -> None:
    answer = node.ask("GET", "/readiness", seconds=min(_SECONDS, node.patience.answer))
    if answer.status == HTTPStatus.OK:
        return
    if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE} and not answer.is_page:
        raise syncing(node)
    raise answer.failure("telling whether it is ready")


def syncing(node: BeeNode, how: str = "still starting: it syncs with its chain") -> StorageError:
    """Say that a node is not ready yet."""
    return fault(
        "syncing",
        f"The node at {node.shown} is {how}.",
        "Wait until it is ready and test again: a light node needs minutes, a full node hours.",
    )


def _mode(node: BeeNode, state: NodeState) -> NodeState:
    mode = _short(node.json("/node", "telling what kind of node it is").get("beeMode"))
    if mode in _WRONG_MODES:
        raise fault(
            "mode", f"The node at {node.shown} {_WRONG_MODES[mode]}.", "Run it as a light or a full node to publish."
        )
    return replace(state, mode=mode)


def _peers(node: BeeNode, state: NodeState) -> NodeState:
    answer = node.ask("GET", "/status")
    if answer.status != HTTPStatus.OK:
        return state  # a node may forbid or not know this path and publish all the same
    body = answer.json()
    peers = body.get("connectedPeers")
    if body.get("isWarmingUp") is True:
        raise syncing(node, "still warming up: it looks for its peers")
    if peers == 0:
        raise fault(
            "peers",
            f"The node at {node.shown} has no peers, so nothing would reach the network.",
            "See whether it may connect to the internet, and wait some minutes after its start.",
        )
    return replace(state, peers=peers if isinstance(peers, int) else None)


def _with_batch(
    node: BeeNode, state: NodeState, batch: str | None, addresses: Iterable[bytes] | None, days: float | None
) -> NodeState:
    wanted = None if addresses is None else set(addresses)
    if batch is not None:
        chosen = Batches(node).get(batch)
        _usable(chosen, wanted, days)
    else:
        chosen = _some_batch(node, wanted, days)
    until = f" until {chosen.expires:%Y-%m-%d}" if chosen.expires is not None else ""
    what = f"The node at {node.shown} is ready, and batch {chosen.id[:8]}… pays{until}."
    return replace(state, what=what, batch=chosen)


def _usable(batch: Batch, wanted: set[bytes] | None, days: float | None) -> None:
    short = f"The postage batch {batch.id[:8]}…"
    if batch.expired:
        raise fault("batch-expired", f"{short} has expired.", "Choose another, or buy one.")
    if not batch.usable:
        raise fault("batch-unusable", f"{short} is not usable yet.", "A new batch is usable after about two minutes.")
    if batch.unfit(days):
        raise fault("batch-expired", f"{short}: {batch.unfit(days)}.", "Top it up, or choose another.")
    if wanted is None:
        if batch.full and batch.immutable:
            raise fault("batch-full", f"{short} is full.", "Choose another, or dilute it.")
        return
    fit = batch.fits(wanted, days=days)
    if not fit.ok:
        kind: Kind = "batch-full" if batch.full else "batch-small"
        how = "full" if batch.full else "too small"
        raise fault(kind, f"{short} is {how} for this: {fit.why}.", "Choose another, or buy one that fits.")


def _some_batch(node: BeeNode, wanted: set[bytes] | None, days: float | None) -> Batch:
    batches = Batches(node).list()
    if not batches:
        raise fault(
            "no-batch",
            f"The node at {node.shown} has no postage batch to pay with.",
            "Buy one: its price is shown before anything is spent.",
        )
    failed: StorageError | None = None
    for batch in sorted(batches, key=lambda batch: not batch.immutable):
        try:
            _usable(batch, wanted, days)
        except StorageError as error:
            failed = failed or error
        else:
            return batch
    assert failed is not None
    if len(batches) == 1:
        raise failed
    raise fault(
        "no-batch", f"None of the node's {len(batches)} postage batches will do. {failed.what}", failed.next_step
    )
