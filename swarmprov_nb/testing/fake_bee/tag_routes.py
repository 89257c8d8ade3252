"""Paths of tags: made, listed, read, given an address, deleted."""

from __future__ import annotations

import json

from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.testing.fake_bee.answer import Answer, Hangup, Request, json_answer, message, refuse
from swarmprov_nb.testing.fake_bee.node import Node
from swarmprov_nb.testing.fake_bee.parameters import Parameters, Unparsable, required, to_bytes, to_integer, to_unsigned
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.tags import Tag

_PRIVATE = "no-cache, private, max-age=0"
_MOST_BODY = 1024


def _uid(request: Request) -> int:
    path = Parameters(request, "path")
    uid: int = path.take("id", to_unsigned, 0, rule=required)
    path.check()
    return uid


def _known(node: Node, uid: int) -> Tag:
    tag = node.tags.get(uid)
    if tag is None:
        raise refuse(404, "tag not present")
    return tag


def create(node: Node, request: Request) -> Answer:
    """Make a tag; a body is not looked at."""
    request.body.read_all(_MOST_BODY)
    with node.lock:
        tag = node.tags.create()
        node.save_tag(tag)
    return json_answer(tag.as_json(), 201, Cache_Control=_PRIVATE)


def read(node: Node, request: Request) -> Answer:
    """Tell a tag's counters."""
    node.push()
    return json_answer(_known(node, _uid(request)).as_json(), 200, Cache_Control=_PRIVATE)


def listed(node: Node, request: Request) -> Answer:
    """List tags, oldest first; Hangup for a negative limit, as Bee's handler fails at it."""
    query = Parameters(request, "query")
    offset = query.take("offset", to_integer, 0)
    limit = query.take("limit", to_integer, 100)
    query.check()
    if limit < 0 or offset < 0:
        raise Hangup
    return json_answer({"tags": [tag.as_json() for tag in node.tags.list()[offset:][:limit]]})


def set_address(node: Node, request: Request) -> Answer:
    """Give a tag an address."""
    uid = _uid(request)
    body = request.body.read_all(_MOST_BODY)
    try:
        address = str(json.loads(body).get("address", "")) if body else ""
        wrong = bool(address) and len(to_bytes(address)) not in {ADDRESS_SIZE, 2 * ADDRESS_SIZE}
    except (ValueError, AttributeError, Unparsable) as error:
        raise refuse(500, "error unmarshaling metadata") from error
    if wrong:
        return message(500, "error unmarshaling metadata")
    with node.lock:
        tag = _known(node, uid)
        tag.address = address or tag.address
        node.save_tag(tag)
    return message(200, "ok")


def delete(node: Node, request: Request) -> Answer:
    """Forget a tag, known or not."""
    uid = _uid(request)
    with node.lock:
        node.tags.delete(uid)
        if node.disk is not None:
            node.disk.forget_tag(uid)
    return Answer(204, {"Content-Type": "application/json; charset=utf-8"})


ROUTES = [
    Route("/tags", {"GET": listed, "POST": create}),
    Route("/tags/{id}", {"GET": read, "DELETE": delete, "PATCH": set_address}),
]
