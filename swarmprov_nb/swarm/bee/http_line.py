"""HTTP/1.1 over one connection, as much of it as a node's API uses, strict and bounded.

A chunk is one small request, and a library's parser of mail headers takes longer for each than the node itself. Source:
RFC 9112 (message format, chunked coding). What is not exactly that is no HTTP here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from swarmprov_nb.swarm.bee.timed_socket import TimedSocket

_STATUS = re.compile(rb"HTTP/1\.([01]) (\d{3})(?: [^\r\n]*)?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*")
_LARGEST_HEAD = 1 << 16
_RECEIVE = 1 << 16
_BEGIN = b"HTTP/1."
_SIZE_LINE = 4096
_INTERIM, _MOST_INTERIM = 1, 8
_BODILESS = frozenset({204, 304})


class TooMuch(Exception):
    """A body is larger than what was asked for can be."""


@dataclass(frozen=True)
class Response:
    """Status, headers with names in lower case, and body; ``last`` when the connection cannot be used again."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    last: bool


class HttpLine:
    """One connection, for one request after the other."""

    def __init__(self, sock: TimedSocket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def ask(self, request: bytes, *, limit: int, bodiless: bool) -> Response:
        """Send a whole request and read its response; ``bodiless`` for HEAD.

        Raises
        ------
        ConnectionError, EOFError
            The connection ended before, or within, the response.
        TimeoutError
            The socket's deadline passed.
        ValueError
            What came is no HTTP.
        TooMuch
            The body has more bytes than ``limit``.
        """
        self.sock.sendall(request)
        for _ in range(_MOST_INTERIM):
            minor, status, headers = self._head()
            if status // 100 != _INTERIM:
                break
        if bodiless or status in _BODILESS:
            body, known = b"", True
        else:
            body, known = self._body(headers, limit)
        last = not known or minor == 0 or "close" in headers.get("connection", "").lower() or bool(self._buffer)
        return Response(status, headers, body, last)

    def _more(self) -> None:
        data = self.sock.recv(_RECEIVE)
        if not data:
            raise EOFError
        self._buffer += data

    def _head(self) -> tuple[int, int, dict[str, str]]:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._buffer.startswith(_BEGIN[: len(self._buffer)]) or len(self._buffer) > _LARGEST_HEAD:
                raise ValueError("no HTTP")
            try:
                self._more()
            except EOFError:
                if self._buffer:
                    raise
                raise ConnectionResetError from None
        first, *lines = bytes(self._buffer[:end]).split(b"\r\n")
        del self._buffer[: end + 4]
        found = _STATUS.fullmatch(first)
        if found is None:
            raise ValueError("no HTTP")
        return int(found[1]), int(found[2]), _headers(lines)

    def _body(self, headers: Mapping[str, str], limit: int) -> tuple[bytes, bool]:
        """Body, and whether its end was stated."""
        if "transfer-encoding" in headers:
            if headers["transfer-encoding"].lower() != "chunked":
                raise ValueError("no coding that was asked for")
            return self._chunked(limit), True
        if "content-length" in headers:
            size = int(headers["content-length"]) if headers["content-length"].isdecimal() else -1
            if size < 0:
                raise ValueError("no length")
            if size > limit:
                raise TooMuch
            return self._exactly(size), True
        return self._rest(limit), False

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._more()
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def _rest(self, limit: int) -> bytes:
        while len(self._buffer) <= limit:
            try:
                self._more()
            except EOFError:
                return self._exactly(len(self._buffer))
        raise TooMuch

    def _chunked(self, limit: int) -> bytes:
        parts: list[bytes] = []
        total = 0
        while size := int(self._line().partition(b";")[0].strip() or b"x", 16):
            total += size
            if size < 0 or total > limit:
                raise TooMuch
            parts.append(self._exactly(size))
            if self._line():
                raise ValueError("no chunked coding")
        while self._line():
            """Trailers say nothing that is used."""
        return b"".join(parts)

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _SIZE_LINE:
                raise ValueError("no line")
            self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def close(self) -> None:
        """Close the connection."""
        self.sock.close()


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise ValueError("no header")
        name, value = found[1].decode("ascii").lower(), found[2].decode("latin-1")
        if headers.setdefault(name, value) != value and name == "content-length":
            raise ValueError("two lengths")
    return headers
