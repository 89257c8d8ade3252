"""Paths of raw content: POST, GET and HEAD /bytes."""

from __future__ import annotations

from typing import IO, Any, cast

from swarmprov_nb.swarm.chunk import ChunkBatch
from swarmprov_nb.swarm.file_tree import split
from swarmprov_nb.testing.fake_bee.answer import Answer, Request
from swarmprov_nb.testing.fake_bee.download import serve_file
from swarmprov_nb.testing.fake_bee.node import Node, NotFound
from swarmprov_nb.testing.fake_bee.parameters import Parameters
from swarmprov_nb.testing.fake_bee.references import reference_in
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.session import Session
from swarmprov_nb.testing.fake_bee.uploading import Wanted, created, need_level_0, session_for, wanted

_SIGN = 1 << 63
# the splitter's buffer is larger than this
_SMALL = 1 << 20


class Watched:
    """A session that refuses trees of more than one chunk where redundancy is wanted."""

    def __init__(self, session: Session, want: Wanted) -> None:
        self._session = session
        self._want = want

    def put(self, batch: ChunkBatch) -> None:
        """Pass chunks on."""
        need_level_0(self._want, len(batch) + (batch.kind == "tree"))
        self._session.put(batch)

    def finish(self) -> Any:
        """Pass on."""
        return self._session.finish()


def upload(node: Node, request: Request) -> Answer:
    """Split the body into chunks and store them."""
    want = wanted(node, request, Parameters(request, "header"))
    with session_for(node, want) as (session, tag):
        reference = split(_content(request), Watched(session, want))
        session.commit(reference)
    return created(node, reference, tag)


def _content(request: Request) -> IO[bytes] | bytes:
    length = request.header("Content-Length")
    if length.isdigit() and int(length) <= _SMALL:
        return request.body.read_all()
    return cast("IO[bytes]", request.body)


def download(node: Node, request: Request) -> Answer:
    """Give the content, or ranges of it."""
    return serve_file(node, request, reference_in(request), {"Content-Type": "application/octet-stream"})


def head(node: Node, request: Request) -> Answer:
    """Tell the content's length: the root's span as it stands, its level included."""
    try:
        span, _ = node.get(reference_in(request))
    except NotFound:
        return Answer(404, sized=False)
    shown = span - (1 << 64) if span >= _SIGN else span
    exposed = {"Access-Control-Expose-Headers": "Accept-Ranges, Content-Encoding"}
    return Answer(200, {**exposed, "Content-Type": "application/octet-stream"}, length=shown)


ROUTES = [
    Route("/bytes", {"POST": upload}),
    Route("/bytes/{address}", {"GET": download, "HEAD": head}),
]
