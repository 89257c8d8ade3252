"""The stream of chunks: GET /chunks/stream, a binary message for each, an empty one back (pkg/api/chunk_stream.go)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from swarmprov_nb.swarm.bmt import CHUNK_SIZE, SPAN, hash_chunks
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.testing.fake_bee.answer import Answer, Request, refuse
from swarmprov_nb.testing.fake_bee.connection import Connection
from swarmprov_nb.testing.fake_bee.node import Node
from swarmprov_nb.testing.fake_bee.owner import STAMP_SIZE, Stamp
from swarmprov_nb.testing.fake_bee.parameters import Parameters, Unparsable, required, to_bytes, to_unsigned
from swarmprov_nb.testing.fake_bee.postage import BucketFull, Issuer
from swarmprov_nb.testing.fake_bee.router import Route
from swarmprov_nb.testing.fake_bee.session import DiskFull, Session
from swarmprov_nb.testing.fake_bee.tags import Tag
from swarmprov_nb.testing.fake_bee.uploading import BATCH, TAG, tag_of
from swarmprov_nb.testing.fake_bee.version import Version
from swarmprov_nb.testing.fake_bee.websocket import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    Frames,
    Message,
    accept_key,
    close_frame,
    frame,
)

_ACK = frame(BINARY)
_MOST_AT_ONCE = 96


@dataclass
class Upgrade(Answer):
    """The answer that turns a connection into a stream; `run` then has the connection."""

    run: Callable[[Connection], None] = field(default=lambda _connection: None)


class _Stop(Exception):
    """The stream ends: with a close frame (code, reason), or without where the code is 0."""

    def __init__(self, code: int = 0, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def open_stream(node: Node, request: Request) -> Answer:
    """Check the headers and upgrade the connection."""
    version = node.version
    headers = Parameters(request, "header")
    batch_id = headers.take(BATCH, to_bytes, b"", rule=None if version.stamped_stream else required)
    uid = headers.take(TAG, to_unsigned, 0)
    headers.check()
    if not uid and version.stamped_stream:
        uid = _tag_in_query(request)
    tag = tag_of(node, uid, create=False)
    issuer = node.stamping(batch_id) if batch_id else None
    refused = _no_upgrade(node, request)
    if refused is not None:
        return refused
    switched = {"Upgrade": "websocket", "Connection": "Upgrade"}
    switched["Sec-Websocket-Accept"] = accept_key(request.header("Sec-WebSocket-Key"))
    return Upgrade(101, switched, sized=False, run=_Stream(node, issuer, tag).run)


def _tag_in_query(request: Request) -> int:
    try:
        text = request.query.get("swarm-tag", "")
        return to_unsigned(text) if text else 0
    except Unparsable as error:
        raise refuse(400, "invalid swarm-tag query parameter") from error


def _no_upgrade(node: Node, request: Request) -> Answer | None:
    status, words = 0, ""
    if request.header("Upgrade").lower() != "websocket" or node.faults.no_stream or request.method != "GET":
        status, words = 400, "Bad Request"
    elif request.header("Origin").lower() not in {"", "http://" + request.header("Host").lower(), *node.origins}:
        status, words = 403, "Forbidden"
    if not status:
        return None
    plain = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    body = f'{words}\n{{"code":400,"message":"upgrade failed"}}\n\n'.encode()
    return Answer(status, {**plain, "Sec-Websocket-Version": "13"}, body)


class _Stream:
    """One stream: messages are taken as they come, hashed together and acknowledged one by one."""

    def __init__(self, node: Node, issuer: Issuer | None, tag: Tag | None) -> None:
        self._node = node
        self._issuer = issuer
        self._tag = tag

    def run(self, connection: Connection) -> None:
        frames = Frames(connection.reader)
        with self._session() as session:
            try:
                while messages := frames.batch():
                    self._take(connection, session, messages)
            except _Stop as stop:
                if stop.code:
                    connection.sock.sendall(close_frame(stop.code, stop.reason))
            finally:
                # however a stream ends, what came through it counts; only a node that is killed forgets it
                session.close()

    def _session(self) -> Session:
        return Session(self._node, self._issuer, tag=self._tag, deferred=self._tag is not None)

    def _take(self, connection: Connection, session: Session, messages: Sequence[Message]) -> None:
        waiting: list[bytes] = []
        for message in messages:
            if message.kind == BINARY and self._is_chunk(message.data) and not self._is_cut():
                waiting.append(message.data)
                if len(waiting) == _MOST_AT_ONCE:
                    self._store(connection, session, waiting)
                    waiting = []
                continue
            self._store(connection, session, waiting)
            waiting = []
            self._other(connection, message)
        self._store(connection, session, waiting)

    def _is_cut(self) -> bool:
        if not self._node.faults.count_down("cut_stream"):
            return False
        self._node.faults.cut_stream = None
        raise ConnectionResetError

    def _is_chunk(self, data: bytes) -> bool:
        stamp = 0 if self._issuer else STAMP_SIZE
        return stamp + SPAN.size <= len(data) <= stamp + SPAN.size + CHUNK_SIZE

    def _other(self, connection: Connection, message: Message) -> None:
        """Answer what is no chunk: a ping, a close, or something that ends the stream."""
        if message.kind == PING:
            connection.sock.sendall(frame(PONG, message.data))
        elif message.kind == CLOSE:
            raise _Stop
        elif message.kind == BINARY:
            raise self._bad_chunk(message.data)
        elif message.kind != PONG:
            raise _Stop(1003, "invalid message")

    def _bad_chunk(self, data: bytes) -> _Stop:
        if len(data) < SPAN.size:
            return _Stop()
        if self._issuer is None:
            if len(data) < STAMP_SIZE + SPAN.size:
                return _Stop(1011, "message too small for stamp + chunk")
            self._check_batch(data)
        return _Stop(1011, "invalid chunk data") if self._node.version.stamped_stream else _Stop()

    def _check_batch(self, data: bytes) -> Stamp:
        stamp = Stamp.parse(data)
        if not self._node.network.chain.is_seen(stamp.batch_id):
            raise _Stop(1011, "batch not found")
        return stamp

    def _store(self, connection: Connection, session: Session, messages: Sequence[bytes]) -> None:
        if not messages:
            return
        skip = 0 if self._issuer else STAMP_SIZE
        spans = [SPAN.unpack_from(data, skip)[0] for data in messages]
        payloads = [data[skip + SPAN.size :] for data in messages]
        hashed = hash_chunks(b"".join([payload.ljust(CHUNK_SIZE, b"\0") for payload in payloads]), spans)
        addresses = [hashed[at : at + ADDRESS_SIZE] for at in range(0, len(hashed), ADDRESS_SIZE)]
        if skip:
            self._check_stamps(messages, addresses)
        before = session.taken
        try:
            session.add(addresses, [*zip(spans, payloads, strict=True)])
        except (BucketFull, DiskFull) as error:
            self._acknowledge(connection, session.taken - before)
            full = isinstance(error, BucketFull)
            raise _Stop(1011, "batch is overissued" if full else "chunk write error") from error
        self._acknowledge(connection, len(messages))

    def _acknowledge(self, connection: Connection, count: int) -> None:
        if self._node.faults.slow_stream:
            for _ in range(count):
                time.sleep(self._node.faults.slow_stream)
                connection.sock.sendall(_ACK)
        else:
            connection.sock.sendall(_ACK * count)

    def _check_stamps(self, messages: Sequence[bytes], addresses: Sequence[bytes]) -> None:
        for data, address in zip(messages, addresses, strict=True):
            stamp = self._check_batch(data)
            if not stamp.is_by(self._node.network.chain.batches[stamp.batch_id].owner, address):
                raise _Stop(1011, "chunk write error")


def routes(version: Version) -> list[Route]:
    """Return the stream's path; an older Bee takes any method there."""
    if version.stamped_stream:
        return [Route("/chunks/stream", {"GET": open_stream})]
    return [Route("/chunks/stream", any=open_stream)]
