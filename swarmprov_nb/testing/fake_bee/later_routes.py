"""Paths that a publisher of this version does not use: their batch is checked, then they are answered 501."""

from __future__ import annotations

from swarmprov_nb.testing.fake_bee.answer import Answer, Request, message, refuse
from swarmprov_nb.testing.fake_bee.node import Node
from swarmprov_nb.testing.fake_bee.parameters import Parameters, required, to_bytes
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.uploading import BATCH, NEITHER, STAMP

_LATER = "FakeBee has no single-owner chunks by this path, no feeds, envelopes and grantees."


def owned(node: Node, request: Request) -> Answer:
    """Check the batch as /chunks does."""
    headers = Parameters(request, "header")
    batch_id = headers.take(BATCH, to_bytes, b"")
    headers.check()
    if not batch_id and not request.header(STAMP):
        raise refuse(400, NEITHER)
    if batch_id:
        node.stamping(batch_id)
    return later(node, request)


def stamped(node: Node, request: Request) -> Answer:
    """Check the batch as /bytes does."""
    headers = Parameters(request, "header")
    batch_id = headers.take(BATCH, to_bytes, b"", rule=required)
    headers.check()
    node.stamping(batch_id)
    return later(node, request)


def later(_node: Node, _request: Request) -> Answer:
    """Say that there is nothing here."""
    return message(501, _LATER)


ROUTES = [
    Route("/soc/{owner}/{id}", {"POST": owned, "GET": later}),
    Route("/feeds/{owner}/{topic}", {"POST": stamped, "GET": later}),
    Route("/envelope/{address}", {"POST": stamped}),
    Route("/grantee", any=later),
    Route("/grantee/{address}", any=later),
]
