"""WebSocket frames as a server needs them (RFC 6455), many messages in one reading."""

from __future__ import annotations

import base64
import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SHORT, _LONG = 126, 127
_READ = 1 << 18
_MOST = 1 << 20


@dataclass(frozen=True)
class Message:
    """A whole message, or a control frame."""

    kind: int
    data: bytes


def accept_key(key: str) -> str:
    """Return what a server answers to a client's key.

    >>> accept_key("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()  # noqa: S324 - the protocol's


def frame(kind: int, data: bytes = b"") -> bytes:
    """Return an unmasked frame.

    >>> frame(BINARY).hex()
    '8200'
    """
    size = len(data)
    if size < _SHORT:
        head = struct.pack("!BB", 0x80 | kind, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", 0x80 | kind, _SHORT, size)
    else:
        head = struct.pack("!BBQ", 0x80 | kind, _LONG, size)
    return head + data


def close_frame(code: int, reason: str) -> bytes:
    """Return the frame that says why a server closes."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode())


class Frames:
    """Reads a client's messages, as many at a time as have come."""

    def __init__(self, reader: BufferedReader) -> None:
        self._reader = reader
        self._buffer = bytearray()
        self._parts: list[bytes] = []
        self._kind = 0

    def batch(self) -> list[Message]:
        """Wait for at least one message and return all that are there; none where the client is gone."""
        while not (found := [*self._whole()]):
            data = self._reader.read1(_READ)
            if not data:
                return []
            self._buffer += data
        return found

    def _whole(self) -> Iterator[Message]:
        view = bytes(self._buffer)
        at = 0
        while (parsed := _parse(view, at)) is not None:
            final, kind, data, at = parsed
            if kind >= CLOSE:
                yield Message(kind, data)
                continue
            self._kind = kind or self._kind
            self._parts.append(data)
            if final:
                yield Message(self._kind, b"".join(self._parts))
                self._parts = []
        del self._buffer[:at]


def _parse(data: bytes, at: int) -> tuple[bool, int, bytes, int] | None:
    """Return final, kind, payload and where the next frame begins; None where the frame is not all there."""
    if len(data) < at + 2:
        return None
    first, second = data[at], data[at + 1]
    size, start = second & 0x7F, at + 2
    if size >= _SHORT:
        wide = 2 if size == _SHORT else 8
        if len(data) < start + wide:
            return None
        size = int.from_bytes(data[start : start + wide], "big")
        start += wide
    if size > _MOST:
        raise ConnectionAbortedError
    masked = bool(second & 0x80)
    begin = start + 4 * masked
    if len(data) < begin + size:
        return None
    payload = data[begin : begin + size]
    if masked:
        payload = _unmasked(payload, data[start:begin])
    return bool(first & 0x80), first & 0x0F, payload, begin + size


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    # as one large number: no call for each byte
    size = len(payload)
    pattern = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")
