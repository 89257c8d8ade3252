"""The chunk stream: one WebSocket on which chunks go up and an empty message comes back for each, in order.

Source: Bee ``pkg/api/chunk_stream.go``. With a tag the node counts and pushes what it took only once the connection has
ended, and forgets it when it dies before: an ack says "taken", the tag's ``split`` says "kept".
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import NoReturn

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.answer import Answer, disk_full, full, unknown, unusable, unwritten
from swarmprov_nb.swarm.bee.faults import broken, fault
from swarmprov_nb.swarm.bee.frames import BINARY, CLOSE, PING, PONG, FrameReader, close_reason, frames
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.timed_socket import TimedSocket

WINDOW = 1024
_BURST = 32
_RECEIVE = 1 << 16
_NORMAL = b"\x03\xe8"
_GOING_AWAY = frozenset({1001, 1006, 1012, 1013})
_LAST_WORDS = 2.0
_HANDSHAKE = 1 << 16
_GATHER = 0.004
Item = tuple[bytes, bytes]


class ChunkStream:
    """An open stream. ``send`` takes (address, span and payload) pairs; ``on_ack`` is told addresses as they are acked.

    Raises
    ------
    StorageError
        The node does not open it; ``kind`` tells why.
    """

    def __init__(
        self,
        node: BeeNode,
        *,
        batch: str,
        tag: str,
        on_ack: Callable[[list[Item]], None],
        check: Callable[[], None] | None = None,
    ) -> None:
        self._node = node
        self._on_ack = on_ack
        self._seconds = node.patience.answer
        self._check = check
        self._reader = FrameReader()
        self.unacked: deque[Item] = deque()
        self._sock = _opened(node, {"Swarm-Postage-Batch-Id": batch, "Swarm-Tag": tag}, check)

    def send(self, items: Sequence[Item]) -> None:
        """Send chunks, waiting for acks only where too many are outstanding.

        Raises
        ------
        StorageError
            The node refuses a chunk, or the stream broke; what is in ``unacked`` is then uncertain.
        """
        for start in range(0, len(items), _BURST):
            burst = items[start : start + _BURST]
            if self._check is not None:
                self._check()
            if len(self.unacked) + len(burst) > WINDOW:
                # to half: sending again at the first ack would make a system call of each chunk
                self._receive_down_to(WINDOW // 2)
            self.unacked.extend(burst)
            self._write(frames([data for _, data in burst]))
            if self._sock.has_data():
                self._receive()

    def flush(self) -> None:
        """Return once every chunk is acked.

        Raises
        ------
        StorageError
            As ``send``.
        """
        self._receive_down_to(0)

    def _write(self, data: bytes) -> None:
        self._sock.renew(self._seconds)
        try:
            self._sock.sendall(data)
        except TimeoutError as error:
            raise broken(self._node.shown, error) from error
        except OSError:
            # a node that closes says why before it does: reading ends with its reason, or with the cut
            self._sock.renew(_LAST_WORDS)
            while True:
                self._receive()

    def _receive_down_to(self, outstanding: int) -> None:
        while len(self.unacked) > outstanding:
            self._sock.renew(self._seconds)
            self._receive()
            if len(self.unacked) > outstanding:
                # waking up for each ack would take the processor from a node on the same machine
                time.sleep(_GATHER)

    def _receive(self) -> None:
        try:
            data = self._sock.recv(_RECEIVE)
        except OSError as error:
            raise broken(self._node.shown, error) from error
        if not data:
            raise fault("cut", f"{self._node.shown} ended the chunk stream.", "Check that the node still runs.")
        try:
            received = self._reader.feed(data)
        except ValueError as error:
            raise self._garbage() from error
        acks = 0
        for opcode, payload in received:
            if opcode == BINARY and not payload:
                acks += 1
            elif opcode == CLOSE:
                self._acked(acks)
                self._refused(*close_reason(payload))
            elif opcode == PING:
                self._write(frames([payload], PONG))
            elif opcode != PONG:
                raise self._garbage()
        self._acked(acks)

    def _acked(self, count: int) -> None:
        if count > len(self.unacked):
            raise self._garbage()
        if count:
            self._on_ack([self.unacked.popleft() for _ in range(count)])

    def _garbage(self) -> StorageError:
        return fault("garbage", f"{self._node.shown} answers no chunk stream.", "Check the address and its port.")

    def _refused(self, code: int, said: str) -> NoReturn:
        shown = self._node.shown
        if "overissued" in said:
            raise full(shown)
        if "not usable" in said:
            raise unusable(shown)
        if "batch not found" in said:
            raise unknown(shown)
        if "no space left" in said:
            raise disk_full(shown)
        if code in _GOING_AWAY:
            raise fault("cut", f"The node at {shown} is shutting down.", "Start it again.")
        raise unwritten(shown, f" (it said {said or f'WebSocket {code}'})")

    def close(self) -> None:
        """Tell the node that nothing more comes, and wait shortly for it to end the connection, which it then keeps."""
        with suppress(OSError, StorageError):
            self._sock.renew(_LAST_WORDS)
            self._sock.sendall(frames([_NORMAL], CLOSE))
            while self._sock.recv(_RECEIVE):
                pass
        self._sock.close()

    def abandon(self) -> None:
        """Close the connection and wait for nothing."""
        self._sock.close()


def _opened(node: BeeNode, headers: dict[str, str], check: Callable[[], None] | None) -> TimedSocket:
    import websocket

    try:
        sock = TimedSocket(node.endpoint, seconds=node.patience.answer, check=check)
    except OSError as error:
        raise broken(node.shown, error) from error
    scheme = "wss" if node.endpoint.scheme == "https" else "ws"
    sock.budget = _HANDSHAKE
    try:
        opened = websocket.create_connection(
            f"{scheme}://{node.endpoint.host_header}{node.endpoint.prefix}/chunks/stream",
            socket=sock,
            header=[f"{name}: {value}" for name, value in headers.items()],
            # a node answers 403 to origins that it does not know
            suppress_origin=True,
            redirect_limit=0,
            enable_multithread=False,
        )
    except BaseException as error:
        sock.close()
        failed = _unopened(node, error)
        if failed is None:
            raise
        raise failed from error
    status = opened.getstatus() or 0
    if status != HTTPStatus.SWITCHING_PROTOCOLS:
        sock.close()
        raise Answer(node.shown, status, {}, b"").failure("a chunk stream")
    sock.budget = None
    return sock


def _unopened(node: BeeNode, error: BaseException) -> StorageError | None:
    import websocket

    if isinstance(error, websocket.WebSocketBadStatusException):
        body = error.resp_body if isinstance(error.resp_body, bytes) else b""
        return Answer(node.shown, error.status_code, error.resp_headers or {}, body).failure("a chunk stream")
    if isinstance(error, websocket.WebSocketTimeoutException):
        return broken(node.shown, TimeoutError())
    if isinstance(error, websocket.WebSocketConnectionClosedException):
        return broken(node.shown, ConnectionError())
    if isinstance(error, OSError):
        return broken(node.shown, error)
    return broken(node.shown, ValueError()) if isinstance(error, websocket.WebSocketException | ValueError) else None
