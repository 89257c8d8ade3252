"""A connection of which each act ends by one deadline, however slowly the other side drips."""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from swarmprov_nb.swarm.bee.endpoint import Endpoint

# how often a wait looks whether it should go on
_SLICE = 0.5


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        import certifi
    except ImportError:
        return context
    # some Pythons know no authorities of their own; the machine's stay valid
    context.load_verify_locations(certifi.where())
    return context


class TimedSocket:
    """A connected socket with a deadline, set anew by ``renew``; ``check`` is called while it waits, and may raise.

    A socket's own timeout begins again with every byte; this one does not. With a ``budget`` it also receives no more
    than so many bytes.
    """

    def __init__(self, endpoint: Endpoint, *, seconds: float, check: Callable[[], None] | None = None) -> None:
        self.check = check
        self.budget: int | None = None
        self.renew(seconds)
        plain = socket.create_connection((endpoint.host, endpoint.port), timeout=seconds)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            plain.settimeout(self._left())
            self._sock: socket.socket = (
                _tls().wrap_socket(plain, server_hostname=endpoint.host) if endpoint.scheme == "https" else plain
            )
        except BaseException:
            plain.close()
            raise

    def renew(self, seconds: float) -> None:
        """Give the next acts this many seconds together."""
        self._deadline = time.monotonic() + seconds

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _waiting(self, act: Callable[[], Any]) -> Any:
        while True:
            left = self._left()
            self._sock.settimeout(left if self.check is None else min(left, _SLICE))
            try:
                return act()
            except TimeoutError:
                if self.check is not None:
                    self.check()

    def recv(self, size: int) -> bytes:
        """Receive what is there, at most ``size`` bytes; b"" at the end."""
        data: bytes = self._waiting(lambda: self._sock.recv(size))
        if self.budget is not None:
            self.budget -= len(data)
            if self.budget < 0:
                raise ValueError("more than an answer can have")
        return data

    def has_data(self) -> bool:
        """Whether something can be received at once."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, data: Any) -> int:
        """Send some of the data and return how much."""
        count: int = self._waiting(lambda: self._sock.send(data))
        return count

    def sendall(self, data: Any) -> None:
        """Send all of the data."""
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def gettimeout(self) -> float:
        """Seconds that are left."""
        return max(0.001, self._deadline - time.monotonic())

    def settimeout(self, seconds: float | None) -> None:
        """Do nothing: the deadline stands."""

    def fileno(self) -> int:
        """Descriptor of the socket."""
        return self._sock.fileno()

    def shutdown(self, how: int) -> None:
        """Shut down one or both halves."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the connection."""
        self._sock.close()
