"""Paths that keep content: pins in the node's own store, stewardship of what is in the network."""

from __future__ import annotations

from swarmprov_nb.swarm.bmt import chunk_address
from swarmprov_nb.testing.fake_bee.answer import Answer, Request, json_answer, message, refuse, to_json
from swarmprov_nb.testing.fake_bee.content import Unreadable
from swarmprov_nb.testing.fake_bee.node import Data, Node, NotFound
from swarmprov_nb.testing.fake_bee.parameters import Parameters, is_level, required, to_bytes, to_unsigned
from swarmprov_nb.testing.fake_bee.references import reference_in
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.uploading import BATCH, LEVEL, in_words
from swarmprov_nb.testing.fake_bee.walking import addresses_below, is_whole


def _pinned(request: Request) -> bytes:
    path = Parameters(request, "path")
    reference: bytes = path.take("reference", to_bytes, b"", rule=required)
    path.check()
    return reference


def pins(node: Node, _request: Request) -> Answer:
    """List what is pinned."""
    return json_answer({"references": [reference.hex() for reference in [*node.pins]]})


def pin(node: Node, request: Request) -> Answer:
    """Pin a reference with everything below it."""
    reference = _pinned(request)
    if reference in node.pins:
        return message(200)
    try:
        below = [*dict.fromkeys(addresses_below(node.get, reference))]
    except (NotFound, Unreadable):
        return message(404 if node.peers == "many" else 500, "pin collection failed")
    with node.lock:
        node.pins[reference] = below
        if node.disk is not None:
            node.disk.pin(reference, below)
    return message(201)


def is_pinned(node: Node, request: Request) -> Answer:
    """Say whether a reference is pinned."""
    reference = _pinned(request)
    return json_answer({"reference": reference.hex()}) if reference in node.pins else message(404)


def unpin(node: Node, request: Request) -> Answer:
    """Pin a reference no longer."""
    reference = _pinned(request)
    with node.lock:
        if node.pins.pop(reference, None) is None:
            return message(404)
        if node.disk is not None:
            node.disk.unpin(reference)
    return message(200)


def check_pins(node: Node, request: Request) -> Answer:
    """Tell of one pin, or of each, how many of its chunks are missing or wrong."""
    query = Parameters(request, "query")
    wanted = query.take("ref", to_bytes, b"")
    query.check()
    lines = [_checked(node, reference) for reference in ([wanted] if wanted else [*node.pins])]
    return Answer(200, {"Content-Type": "application/json; charset=utf-8"}, b"".join(lines), chunked=True)


def _checked(node: Node, reference: bytes) -> bytes:
    below = node.pins.get(reference, [])
    held = [(address, node.chunks.get(address)) for address in below]
    missing = sum(data is None for _, data in held)
    wrong = sum(data is not None and chunk_address(*data) != address for address, data in held)
    told = {"reference": reference.hex(), "total": len(below), "missing": missing, "invalid": wrong}
    return to_json(told)[:-1]


def is_retrievable(node: Node, request: Request) -> Answer:
    """Say whether the network has everything below a reference."""

    def in_network(address: bytes) -> Data:
        if not node.is_in_network(address):
            raise NotFound
        return node.network.chunks[address]

    return json_answer({"isRetrievable": is_whole(in_network, reference_in(request))})


def push_again(node: Node, request: Request) -> Answer:
    """Push again everything below a reference; all of it must be in the own store."""
    headers = Parameters(request, "header")
    batch_id = headers.take(BATCH, to_bytes, b"", rule=required)
    headers.take(LEVEL, to_unsigned, None, rule=is_level)
    headers.check()
    reference = reference_in(request)
    issuer = node.stamping(batch_id)

    def local(address: bytes) -> Data:
        if not node.is_local(address):
            raise NotFound
        return node.chunks[address]

    try:
        below = [*dict.fromkeys(addresses_below(local, reference))]
    except (NotFound, Unreadable) as error:
        raise refuse(500, "re-upload failed") from error
    with node.lock, in_words("re-upload failed"):
        for address in below:
            issuer.place(address)
            node.push_chunk(address)
    return message(200)


ROUTES = [
    Route("/pins", {"GET": pins}),
    Route("/pins/check", {"GET": check_pins}),
    Route("/pins/{reference}", {"GET": is_pinned, "POST": pin, "DELETE": unpin}),
    Route("/stewardship/{address}", {"GET": is_retrievable, "PUT": push_again}),
]
