"""The listening end: a thread for each connection, and the faults that stand before a node."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress

from swarmprov_nb.testing.fake_bee.answer import Answer, Hangup, Request, message
from swarmprov_nb.testing.fake_bee.connection import Connection, RequestBody
from swarmprov_nb.testing.fake_bee.faults import Faults
from swarmprov_nb.testing.fake_bee.stream import Upgrade

_BACKLOG = 256
_TICK = 0.02
_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to the proxy</h1></body></html>\n"

Handle = Callable[[Request], Answer]


class Server:
    """Serves one node on loopback; it can stop and start again on the same port."""

    def __init__(self, handle: Handle, faults: Faults, seen: list[tuple[str, str]]) -> None:
        self._handle = handle
        self._faults = faults
        self._seen = seen
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._threads: set[threading.Thread] = set()
        self._listener: socket.socket | None = None
        self._generation = 0
        self.failures: list[str] = []

    def start(self, port: int) -> int:
        """Listen and return the port; 0 takes a free one."""
        listener = socket.create_server(("127.0.0.1", port), backlog=_BACKLOG)
        self._listener = listener
        self._generation += 1
        self._spawn(self._accept, listener)
        taken: int = listener.getsockname()[1]
        return taken

    @property
    def connected(self) -> int:
        """How many connections are served now."""
        with self._lock:
            return len(self._open)

    def stop(self, *, reset: bool = False) -> None:
        """Close the port and every connection; with `reset` the other sides see a reset."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            connections = [*self._open]
        for connection in connections:
            if reset:
                connection.reset()
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        for thread in [*self._threads]:
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def _spawn(self, work: Callable[[socket.socket], None], sock: socket.socket) -> None:
        thread = threading.Thread(target=self._guarded, args=(work, sock), daemon=True)
        with self._lock:  # whoever closes joins only threads that have begun
            thread.start()
            self._threads.add(thread)

    def _guarded(self, work: Callable[[socket.socket], None], sock: socket.socket) -> None:
        try:
            work(sock)
        except OSError:
            pass  # the other side is gone
        except Exception as error:  # noqa: BLE001 - a fault of the double itself: told when it is closed
            # but for a reader that stopping closed under a thread
            if self._listener is not None or not isinstance(error, ValueError):
                self.failures.append(traceback.format_exc())
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _accept(self, listener: socket.socket) -> None:
        while listener is self._listener:
            sock, _ = listener.accept()
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        with self._lock:
            self._open.add(connection)
        try:
            while self._listener is not None and self._one(connection):
                pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _one(self, connection: Connection) -> bool:
        """Serve one request; whether the connection goes on."""
        request = connection.request()
        if request is None:
            return False
        self._seen.append((request.method, request.target))
        body = request.body
        assert isinstance(body, RequestBody)
        try:
            answer = self._faulty(connection, request) or self._handle(request)
        except Hangup:
            return False
        except ConnectionError:
            connection.reset()
            return False
        if self._due("lost_answer", request):
            connection.reset()
            return False
        return self._send(connection, request, body, answer)

    def _send(self, connection: Connection, request: Request, body: RequestBody, answer: Answer) -> bool:
        if isinstance(answer, Upgrade):
            connection.send(answer)
            answer.run(connection)
            return False
        if request.method == "GET" and self._due("cut", request):
            _cut(answer)
        drained = body.drop()
        close = not drained or answer.broken or request.header("Connection").lower() == "close"
        try:
            connection.send(answer, head_only=request.method == "HEAD", close=close and not answer.broken)
        except ConnectionError:
            connection.reset()
            return False
        return not close

    def _due(self, name: str, request: Request) -> bool:
        return self._faults.applies(request.path) and self._faults.take(name)

    def _faulty(self, connection: Connection, request: Request) -> Answer | None:
        """Return what stands before the node answers instead of it, if anything."""
        faults = self._faults
        if faults.slow:
            time.sleep(faults.slow)
        while faults.hang and self._listener is not None:
            time.sleep(_TICK)
        if faults.html:
            return Answer(faults.html, {"Content-Type": "text/html; charset=utf-8"}, _PAGE)
        if faults.redirect:
            return Answer(307, {"Location": faults.redirect + request.target})
        if request.method == "POST" and self._due("cut", request):
            _read_half(connection, request)
            raise ConnectionResetError
        return self._instead(request)

    def _instead(self, request: Request) -> Answer | None:
        if self._due("too_many", request):
            return message(429, "Too Many Requests")
        if self._due("server_error", request):
            return message(500)
        if self._due("garbage", request):
            return Answer(200, {"Content-Type": "application/octet-stream"}, os.urandom(1000))
        if self._due("endless", request):
            return Answer(200, {"Content-Type": "application/octet-stream"}, stream=_endless(), sized=False)
        return None


def _read_half(connection: Connection, request: Request) -> None:
    length = request.header("Content-Length")
    left = int(length) // 2 if length.isdigit() else 0
    while left > 0:
        left -= len(connection.reader.read(min(left, 1 << 16))) or left


def _cut(answer: Answer) -> None:
    """Let an answer end in a reset, half-way through its body (of a long one, through its first block)."""
    whole = answer.body if answer.stream is None else next(iter(answer.stream), b"")
    answer.length = len(whole) if answer.length is None else answer.length
    answer.stream = _half(whole)


def _half(whole: bytes) -> Iterator[bytes]:
    yield whole[: len(whole) // 2]
    raise ConnectionResetError


def _endless() -> Iterator[bytes]:
    yield from itertools.repeat(bytes(1 << 16))
