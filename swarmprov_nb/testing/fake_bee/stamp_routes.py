"""Paths of postage: own batches, their buckets, buying, topping up, diluting, labels; all batches on the chain."""

from __future__ import annotations

import json
import secrets
from typing import Any

from swarmprov_nb.testing.fake_bee.answer import Answer, Request, json_answer, message, refuse
from swarmprov_nb.testing.fake_bee.chain import ChainRefused
from swarmprov_nb.testing.fake_bee.node import CHAINLESS, NO_CHAIN, Node
from swarmprov_nb.testing.fake_bee.parameters import (
    Parameters,
    length_32,
    required,
    to_amount,
    to_bool,
    to_byte,
    to_bytes,
    to_unsigned,
)
from swarmprov_nb.testing.fake_bee.postage import BUCKET_DEPTH, Issuer
from swarmprov_nb.testing.fake_bee.router import Handler, Route
from swarmprov_nb.testing.fake_bee.version import Version

_LEAST_DEPTH = 17


def _batch_id(request: Request) -> bytes:
    path = Parameters(request, "path")
    batch_id: bytes = path.take("batch_id", to_bytes, b"", rule=length_32)
    path.check()
    return batch_id


def _with_chain(handler: Handler) -> Handler:
    """Refuse on a node that has no chain."""

    def guarded(node: Node, request: Request) -> Answer:
        return message(403, NO_CHAIN) if node.mode in CHAINLESS else handler(node, request)

    return guarded


def _issuer(node: Node, batch_id: bytes) -> Issuer:
    issuer = node.issuer(batch_id)
    if issuer is None:
        raise refuse(404, "issuer does not exist")
    if not node.is_usable(batch_id):
        raise refuse(400, "batch not usable")
    return issuer


def _stamp(node: Node, issuer: Issuer) -> dict[str, Any]:
    chain = node.network.chain
    batch = chain.batches[issuer.batch_id]
    told: dict[str, Any] = {"batchID": issuer.batch_id.hex(), "utilization": issuer.fullest}
    if node.version.ratio:
        ratio = issuer.fullest / issuer.capacity
        told["utilizationRatio"] = int(ratio) if ratio.is_integer() else ratio
    told |= {"usable": node.is_usable(batch.id), "label": issuer.label, "depth": issuer.depth}
    told |= {"amount": str(batch.amount_at(chain.seen)), "bucketDepth": BUCKET_DEPTH, "blockNumber": batch.bought}
    return told | {"immutableFlag": batch.immutable, "exists": True, "batchTTL": chain.seconds_left(batch.id)}


def stamps(node: Node, _request: Request) -> Answer:
    """List the node's own batches."""
    known = [issuer for batch_id in node.issuers if (issuer := node.issuer(batch_id))]
    shown = [_stamp(node, issuer) for issuer in known if node.network.chain.is_seen(issuer.batch_id)]
    return json_answer({"stamps": shown})


def stamp(node: Node, request: Request) -> Answer:
    """Tell of one own batch."""
    return json_answer(_stamp(node, _issuer(node, _batch_id(request))))


def buckets(node: Node, request: Request) -> Answer:
    """Tell how full each bucket of an own batch is."""
    issuer = _issuer(node, _batch_id(request))
    listed = [{"bucketID": number, "collisions": count} for number, count in enumerate(issuer.buckets)]
    told = {"depth": issuer.depth, "bucketDepth": BUCKET_DEPTH, "bucketUpperBound": issuer.capacity, "buckets": listed}
    answer = json_answer(told)
    answer.chunked = True
    return answer


def buy(node: Node, request: Request) -> Answer:
    """Buy a batch."""
    path = Parameters(request, "path")
    amount = path.take("amount", to_amount, 0)
    depth = path.take("depth", to_byte, 0, rule=_is_depth)
    path.check()
    headers = Parameters(request, "header")
    immutable = headers.take("Immutable", to_bool, default=True)
    _gas(headers)
    try:
        batch = node.buy(amount, depth, immutable=immutable, label=request.query.get("label", ""))
    except ChainRefused as refused:
        return message(400, str(refused))
    return _sent(batch.id, 201)


def _is_depth(depth: int) -> str:
    return required(depth) or ("" if depth >= _LEAST_DEPTH else f"want min:{_LEAST_DEPTH}")


def _gas(headers: Parameters) -> None:
    headers.take("Gas-Price", to_amount)
    headers.take("Gas-Limit", to_unsigned)
    headers.check()


def _sent(batch_id: bytes, status: int) -> Answer:
    return json_answer({"batchID": batch_id.hex(), "txHash": "0x" + secrets.token_hex(32)}, status)


def top_up(node: Node, request: Request) -> Answer:
    """Pay more for a batch, of whomever it is."""
    path = Parameters(request, "path")
    batch_id = path.take("batch_id", to_bytes, b"", rule=length_32)
    amount = path.take("amount", to_amount, 0)
    path.check()
    _gas(Parameters(request, "header"))
    try:
        node.top_up(batch_id, amount)
    except ChainRefused as refused:
        return message(402 if str(refused) == "out of funds" else 500, str(refused))
    return _sent(batch_id, 202)


def dilute(node: Node, request: Request) -> Answer:
    """Make an own batch deeper."""
    path = Parameters(request, "path")
    batch_id = path.take("batch_id", to_bytes, b"", rule=length_32)
    depth = path.take("depth", to_byte, 0, rule=required)
    path.check()
    _gas(Parameters(request, "header"))
    try:
        node.dilute(batch_id, depth)
    except ChainRefused as refused:
        return message(400 if str(refused) == "invalid depth" else 500, str(refused))
    return _sent(batch_id, 202)


def label(node: Node, request: Request) -> Answer:
    """Give an own batch another label."""
    batch_id = _batch_id(request)
    try:
        text = json.loads(request.body.read_all())["label"]
    except (ValueError, KeyError, TypeError) as error:
        raise refuse(400, "invalid request body") from error
    if not text:
        return message(400, "label is required")
    with node.lock:
        _issuer(node, batch_id).label = str(text)
        node.save_postage(batch_id)
    return message(200)


def batch(node: Node, request: Request) -> Answer:
    """Tell of any batch on the chain."""
    batch_id = _batch_id(request)
    if not node.network.chain.is_seen(batch_id):
        return message(404, "batch not found")
    return json_answer(_on_chain(node, batch_id))


def batches(node: Node, _request: Request) -> Answer:
    """Tell of all batches on the chain."""
    chain = node.network.chain
    return json_answer({"batches": [_on_chain(node, one) for one in [*chain.batches] if chain.is_seen(one)]})


def _on_chain(node: Node, batch_id: bytes) -> dict[str, Any]:
    chain = node.network.chain
    bought = chain.batches[batch_id]
    told: dict[str, Any] = {"batchID": batch_id.hex(), "value": str(bought.value_at(chain.seen))}
    told |= {"start": bought.bought, "owner": bought.owner.hex(), "depth": bought.depth_at(chain.seen)}
    more = {"bucketDepth": BUCKET_DEPTH, "immutable": bought.immutable, "batchTTL": chain.seconds_left(batch_id)}
    return told | more


def routes(version: Version) -> list[Route]:
    """Return the paths that a version has."""
    one: dict[str, Handler] = {"GET": stamp, "PATCH": label} if version.labels else {"GET": stamp}
    own: dict[str, dict[str, Handler]] = {
        "/stamps": {"GET": stamps},
        "/stamps/{batch_id}": one,
        "/stamps/{batch_id}/buckets": {"GET": buckets},
        "/stamps/topup/{batch_id}/{amount}": {"PATCH": top_up},
        "/stamps/dilute/{batch_id}/{depth}": {"PATCH": dilute},
        "/stamps/{amount}/{depth}": {"POST": buy},
    }
    known = [Route(path, {method: _with_chain(one) for method, one in table.items()}) for path, table in own.items()]
    chain = [Route("/batches", {"GET": batches})]
    return [*known, *chain, *([Route("/batches/{batch_id}", {"GET": batch})] if version.labels else [])]
