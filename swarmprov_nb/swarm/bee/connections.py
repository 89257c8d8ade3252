"""HTTP to one server: connections that are kept, answers of bounded size, everything by one deadline, no redirects.

``http.client`` is used directly: a chunk takes one small request, and a library that does more for each costs more than
the node itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, cast

from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.endpoint import Endpoint
from swarmprov_nb.swarm.bee.faults import broken, fault
from swarmprov_nb.swarm.bee.timed_socket import TimedSocket

_KEPT = 32


@dataclass(frozen=True)
class Request:
    """What is asked: a method and a path, with headers and a body, and how long and how large the answer may be.

    ``check`` is called about twice a second while waiting; what it raises ends the request. ``once`` is for requests
    that must never be sent twice.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = 30
    limit: int = 1 << 20
    check: Callable[[], None] | None = None
    once: bool = False


class Connections:
    """Connections to one endpoint, shared by threads; each is used by one at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._idle: list[HTTPConnection] = []
        self._lock = threading.Lock()

    def exchange(self, request: Request) -> Answer:
        """Send one request and return its answer, whatever its status.

        Raises
        ------
        StorageError
            Nothing answers, or what comes is no HTTP, cut off, too much or too late; ``kind`` tells which.
        """
        try:
            kept = None if request.once else self._take()
            if kept is not None:
                # the server may have closed a kept connection meanwhile, which only shows when it is used
                with suppress(ConnectionError, HTTPException):
                    return self._over(kept, request)
            return self._over(self._open(request), request)
        except (OSError, HTTPException, ValueError) as error:
            raise broken(self.endpoint.shown, error) from error

    def _take(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self, request: Request) -> HTTPConnection:
        connection = HTTPConnection(self.endpoint.host, self.endpoint.port)
        connection.sock = TimedSocket(self.endpoint, seconds=request.seconds, check=request.check)
        connection.auto_open = 0
        return connection

    def _over(self, connection: HTTPConnection, request: Request) -> Answer:
        sock = cast("TimedSocket", connection.sock)
        sock.check = request.check
        sock.renew(request.seconds)
        try:
            self._send(connection, request)
            response = connection.getresponse()
            body = self._body(response, request.limit)
        except BaseException:
            connection.close()
            raise
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close or connection.sock is None:
            connection.close()
        else:
            sock.check = None
            self._keep(connection)
        return Answer(self.endpoint.shown, response.status, headers, body)

    def _send(self, connection: HTTPConnection, request: Request) -> None:
        path = self.endpoint.prefix + request.path
        connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self.endpoint.host_header)
        for name, value in request.headers.items():
            connection.putheader(name, value)
        if request.method not in {"GET", "HEAD"}:
            connection.putheader("Content-Length", str(len(request.body or b"")))
        # head and body go in one piece
        connection.endheaders(request.body or None)

    def _body(self, response: HTTPResponse, limit: int) -> bytes:
        shown = self.endpoint.shown
        body = response.read(limit + 1)
        if len(body) > limit:
            raise fault(
                "garbage", f"{shown} answers more than the {limit} bytes that an answer can have.", "Check the address."
            )
        left: Any = response.length
        if left:
            raise fault("cut", f"The connection to {shown} was cut within an answer.", "Try again.")
        return body

    def _keep(self, connection: HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < _KEPT:
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for connection in kept:
            connection.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["endpoint"])  # type: ignore[misc] # connections do not travel between processes
