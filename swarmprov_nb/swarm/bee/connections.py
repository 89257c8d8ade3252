"""HTTP to one server: connections that are kept, answers of bounded size, everything by one deadline, no redirects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.endpoint import Endpoint
from swarmprov_nb.swarm.bee.faults import broken, fault
from swarmprov_nb.swarm.bee.http_line import HttpLine, TooMuch
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
        self._idle: list[HttpLine] = []
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
                with suppress(ConnectionError):
                    return self._over(kept, request)
            return self._over(self._open(request), request)
        except TooMuch as error:
            raise fault(
                "garbage",
                f"{self.endpoint.shown} answers more than the {request.limit} bytes that an answer can have.",
                "Check the address and its port.",
            ) from error
        except (OSError, EOFError, ValueError) as error:
            raise broken(self.endpoint.shown, error) from error

    def _take(self) -> HttpLine | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self, request: Request) -> HttpLine:
        return HttpLine(TimedSocket(self.endpoint, seconds=request.seconds, check=request.check))

    def _over(self, line: HttpLine, request: Request) -> Answer:
        line.sock.check = request.check
        line.sock.renew(request.seconds)
        try:
            response = line.ask(self._text(request), limit=request.limit, bodiless=request.method == "HEAD")
        except BaseException:
            line.close()
            raise
        line.sock.check = None
        if response.last or not self._kept(line):
            line.close()
        return Answer(self.endpoint.shown, response.status, response.headers, response.body)

    def _text(self, request: Request) -> bytes:
        body = request.body or b""
        sized = {} if request.method in {"GET", "HEAD"} else {"Content-Length": str(len(body))}
        headers = {"Host": self.endpoint.host_header, **request.headers, **sized}
        lines = [f"{request.method} {self.endpoint.prefix}{request.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header of several lines")
        # head and body go in one piece
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _kept(self, line: HttpLine) -> bool:
        with self._lock:
            if len(self._idle) >= _KEPT:
                return False
            self._idle.append(line)
            return True

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            kept, self._idle = self._idle, []
        for line in kept:
            line.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["endpoint"])  # type: ignore[misc] # connections do not travel between processes
