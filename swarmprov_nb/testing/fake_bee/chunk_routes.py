"""Paths of single chunks: posted with span and payload, read back, looked for in the node's own store."""

from __future__ import annotations

from swarmprov_nb.swarm.bmt import CHUNK_SIZE, SPAN, chunk_address
from swarmprov_nb.testing.fake_bee.answer import Answer, Request, message, refuse
from swarmprov_nb.testing.fake_bee.node import Data, Node, NotFound
from swarmprov_nb.testing.fake_bee.owner import SOC_SIZE, STAMP_SIZE, Stamp, owned_address
from swarmprov_nb.testing.fake_bee.parameters import Parameters, to_bool, to_bytes, to_unsigned
from swarmprov_nb.testing.fake_bee.references import reference_in
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.session import Session
from swarmprov_nb.testing.fake_bee.uploading import BATCH, NEITHER, STAMP, TAG, created, in_words, tag_of


def upload(node: Node, request: Request) -> Answer:
    """Take one chunk; without a tag it is pushed before the answer."""
    headers = Parameters(request, "header")
    batch_id = headers.take(BATCH, to_bytes, b"")
    stamp = headers.take(STAMP, to_bytes, b"")
    uid = headers.take(TAG, to_unsigned, 0)
    headers.check()
    tag = tag_of(node, uid, create=False)
    if not batch_id and not stamp:
        raise refuse(400, NEITHER)
    issuer = None if stamp else node.stamping(batch_id)
    placed = _check_batch(node, stamp) if stamp else None
    address, data = parse_chunk(request.body.read_all(SOC_SIZE))
    if placed is not None and not placed.is_by(node.network.chain.batches[placed.batch_id].owner, address):
        raise refuse(400, "stamp signature is invalid")
    with in_words("chunk write error"), Session(node, issuer, tag=tag, deferred=tag is not None) as session:
        session.add([address], [data], kept=placed is not None and not _fits(node, placed, address))
        session.commit()
    return created(node, address, tag)


def _check_batch(node: Node, raw: bytes) -> Stamp:
    if len(raw) != STAMP_SIZE:
        raise refuse(400, "Stamp deserialization failure")
    stamp = Stamp.parse(raw)
    if not node.network.chain.is_seen(stamp.batch_id):
        raise refuse(400, "invalid batch id")
    return stamp


def _fits(node: Node, stamp: Stamp, address: bytes) -> bool:
    return stamp.is_placed(address, node.network.chain.batches[stamp.batch_id].depth_at(node.network.chain.seen))


def parse_chunk(data: bytes) -> tuple[bytes, Data]:
    """Return address, span and payload of a posted chunk, single-owner where it is too long for a plain one."""
    if len(data) < SPAN.size:
        raise refuse(400, "insufficient data length")
    if len(data) <= SPAN.size + CHUNK_SIZE:
        span, payload = SPAN.unpack(data[: SPAN.size])[0], data[SPAN.size :]
        return chunk_address(span, payload), (span, payload)
    address = owned_address(data)
    if address is None:
        raise refuse(500, "create chunk error")
    return address, (SPAN.unpack(data[: SPAN.size])[0], data[SPAN.size :])


def download(node: Node, request: Request) -> Answer:
    """Give a chunk, from the network where need be; a node with few peers says 500 for what nobody has."""
    headers = Parameters(request, "header")
    keep = headers.take("Swarm-Cache", to_bool, default=True)
    headers.check()
    try:
        span, payload = node.get(reference_in(request), keep=keep)
    except NotFound:
        return message(404, "chunk not found") if node.peers == "many" else message(500, "read chunk failed")
    return Answer(200, {"Content-Type": "binary/octet-stream"}, SPAN.pack(span) + payload)


def has(node: Node, request: Request) -> Answer:
    """Say whether the node's own store has a chunk."""
    return message(200 if node.is_local(reference_in(request)) else 404)


ROUTES = [
    Route("/chunks", {"POST": upload}),
    Route("/chunks/{address}", {"GET": download, "HEAD": has}),
]
