"""WebSocket frames of the chunk stream, held against websocket-client's own."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websocket import ABNF

from swarmprov_nb.swarm.bee.frames import ACK, BINARY, CLOSE, FrameReader, close_reason, frames


def unmasked(data: bytes) -> list[tuple[int, bytes]]:
    """Read masked frames as a server does."""
    found = []
    while data:
        size, at = data[1] & 0x7F, 2
        assert data[0] & 0x80
        assert data[1] & 0x80
        if size == 126:
            size, at = int.from_bytes(data[2:4]), 4
        key, at = data[at : at + 4], at + 4
        body = bytes(byte ^ key[index % 4] for index, byte in enumerate(data[at : at + size]))
        found.append((data[0] & 0x0F, body))
        data = data[at + size :]
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=300) | st.integers(4000, 4104).map(bytes), max_size=6))
def test_a_server_reads_the_messages_that_were_framed(messages):
    """Masked frames of any length up to a chunk's read back in order."""
    assert unmasked(frames(messages)) == [(BINARY, message) for message in messages]


def test_every_frame_has_its_own_mask():
    """The same message twice looks different on the wire, as the standard demands."""
    one, two = frames([b"x" * 4104]), frames([b"x" * 4104])

    assert one != two
    assert len({bytes(frame[4:8]) for frame in (one, two)}) == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=12), st.data())
def test_frames_are_read_however_the_connection_cuts_them(payloads, data):
    """Every frame comes out once and whole, whatever pieces arrive."""
    wire = b"".join(ABNF(1, 0, 0, 0, ABNF.OPCODE_BINARY, 0, payload).format() for payload in payloads)
    reader, found = FrameReader(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += reader.feed(wire[:size])
        wire = wire[size:]

    assert found == [(BINARY, payload) for payload in payloads]


def test_many_acks_at_once_are_counted():
    """A run of acks, with half of one more, is that many frames; the half waits."""
    reader = FrameReader()

    assert len(list(reader.feed(ACK * 1000 + ACK[:1]))) == 1000
    assert len(list(reader.feed(ACK[1:]))) == 1


@pytest.mark.parametrize(
    "wire", [b"HTTP/1.1 200 OK", b"\x02\x00", b"\xc2\x00", b"\x82\x80\0\0\0\0", b"\x82\x7e\x10\x00"]
)
def test_what_is_no_frame_of_a_chunk_stream_is_refused(wire):
    """Text, fragments, extensions, masks and large messages come from no Bee."""
    with pytest.raises(ValueError, match="not a frame"):
        FrameReader().feed(wire)


def test_a_close_frame_says_why():
    """Code and text are read, and an empty one has none; control characters do not reach a terminal."""
    body = (1011).to_bytes(2) + b"batch is \x1b[31moverissued"

    assert close_reason(body) == (1011, "batch is [31moverissued")
    assert close_reason(b"") == (1005, "")
    assert list(FrameReader().feed(bytes((0x88, len(body))) + body)) == [(CLOSE, body)]
