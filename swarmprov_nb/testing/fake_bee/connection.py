"""HTTP/1.1 on one socket: requests are read, their bodies as they come, and answers written.

Written by hand because a double must send what a Go server sends: its header names, a Content-Length of a body that
never comes, an end without an answer.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from email.utils import formatdate
from http import HTTPStatus
from io import BufferedReader
from typing import cast

from swarmprov_nb.testing.fake_bee.answer import Answer, Hangup, Request, refuse

_LINE = 1 << 16
_BUFFER = 1 << 18


class Connection:
    """A socket with a buffer before it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = cast("BufferedReader", sock.makefile("rb", buffering=_BUFFER))

    def request(self) -> Request | None:
        """Read the next request's head; None where the client is gone."""
        line = self.reader.readline(_LINE)
        words = line.decode("latin-1").split()
        if not line.endswith(b"\n") or len(words) != 3 or not words[2].startswith("HTTP/"):  # noqa: PLR2004 - its parts
            return None
        headers = self._headers()
        return Request(words[0], words[1], headers, _body(self, headers), _is_empty(headers))

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := self.reader.readline(_LINE)) not in {b"\r\n", b"\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        return headers

    def send(self, answer: Answer, *, head_only: bool = False, close: bool = False) -> None:
        """Write an answer; of one to HEAD only the head."""
        head = _head(answer, head_only=head_only, close=close)
        if head_only or answer.broken:
            self.sock.sendall(head)
        elif answer.stream is not None:
            self.sock.sendall(head)
            for block in answer.stream:
                self.sock.sendall(block)
        elif answer.chunked:
            self.sock.sendall(head + b"".join(_chunked(answer.body)))
        else:
            self.sock.sendall(head + answer.body)

    def reset(self) -> None:
        """Close so that the other side sees a reset."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def close(self) -> None:
        """Close socket and buffer."""
        with suppress(OSError):
            self.reader.close()
        with suppress(OSError):
            self.sock.close()


def _head(answer: Answer, *, head_only: bool, close: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
    headers = {**answer.headers, "Date": formatdate(usegmt=True)}
    if answer.chunked:
        headers["Transfer-Encoding"] = "chunked"
    elif answer.sized and answer.status not in {101, 204, 304}:
        headers["Content-Length"] = str(len(answer.body) if answer.length is None else answer.length)
    if head_only and answer.sized is False:
        headers.pop("Content-Length", None)
    if close:
        headers["Connection"] = "close"
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Status"


def _chunked(body: bytes) -> Iterable[bytes]:
    for at in range(0, len(body), _BUFFER):
        block = body[at : at + _BUFFER]
        yield b"%x\r\n" % len(block) + block + b"\r\n"
    yield b"0\r\n\r\n"


def _is_empty(headers: dict[str, str]) -> bool:
    return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers


def _body(connection: Connection, headers: dict[str, str]) -> RequestBody:
    waits = headers.get("expect", "").lower() == "100-continue"
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return RequestBody(connection, None, waits=waits)
    length = headers.get("content-length", "0")
    return RequestBody(connection, int(length) if length.isdigit() else 0, waits=waits)


class RequestBody:
    """A body of known length, or (length None) in HTTP chunks; an end before its time raises ConnectionError."""

    def __init__(self, connection: Connection, length: int | None, *, waits: bool) -> None:
        self._connection = connection
        self._chunked = length is None
        self._left = length or 0
        self._ended = length == 0
        self._waits = waits

    @property
    def ended(self) -> bool:
        """Whether all has been read."""
        return self._ended

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view; 0 at the end."""
        self._ask()
        if self._chunked and not self._left and not self._ended:
            self._next_chunk()
        if self._ended:
            return 0
        count = self._connection.reader.readinto(view[: self._left])
        if not count:
            raise ConnectionAbortedError
        self._left -= count
        if not self._left:
            self._finish_block()
        return int(count)

    def _ask(self) -> None:
        if self._waits and not self._ended:
            self._waits = False
            self._connection.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _next_chunk(self) -> None:
        line = self._connection.reader.readline(_LINE)
        try:
            self._left = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise Hangup from error
        if not self._left:
            while self._connection.reader.readline(_LINE) not in {b"\r\n", b"\n", b""}:
                pass
            self._ended = True

    def _finish_block(self) -> None:
        if self._chunked:
            self._connection.reader.readline(_LINE)
        else:
            self._ended = True

    def read_all(self, limit: int | None = None) -> bytes:
        """Read what is left; RefusedRequest 413 past the limit."""
        parts: list[bytes] = []
        size = 0
        buffer = memoryview(bytearray(min(_BUFFER, self._left or _BUFFER)))
        while count := self.readinto(buffer):
            size += count
            if limit is not None and size > limit:
                raise refuse(413, "Request Entity Too Large")
            parts.append(bytes(buffer[:count]))
        return b"".join(parts)

    def drop(self, most: int = 1 << 18) -> bool:
        """Read on to the end of what nobody wanted, as Go's server does up to 256 KiB; whether the end was reached."""
        if self._ended or self._waits:
            return self._ended
        buffer = memoryview(bytearray(_BUFFER))
        while most > 0:
            count = self.readinto(buffer)
            if not count:
                break
            most -= count
        return self._ended
