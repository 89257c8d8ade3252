"""HTTP as a node speaks it: read whole however it is cut, and refused where it is anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.swarm.bee.http_line import HttpLine, TooMuch


class Wire:
    """A connection that gives these bytes in pieces of given sizes, then ends."""

    def __init__(self, data: bytes, sizes=()):
        self.data, self.sizes, self.sent = data, list(sizes), b""

    def sendall(self, data):
        self.sent += data

    def recv(self, most):
        size = min(self.sizes.pop(0), most) if self.sizes else most
        piece, self.data = self.data[:size], self.data[size:]
        return piece

    def close(self):
        pass


def ask(data: bytes, sizes=(), *, limit=1 << 16, bodiless=False):
    return HttpLine(Wire(data, sizes)).ask(b"GET / HTTP/1.1\r\n\r\n", limit=limit, bodiless=bodiless)


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(f"{len(piece):x};x=1\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\nA: b\r\n\r\n"


@settings(max_examples=80)
@given(st.binary(max_size=400), st.integers(1, 50), st.sampled_from(["length", "chunked", "end"]), st.data())
def test_a_body_is_read_whole_however_it_is_sent_and_cut(body, size, how, data):
    """Stated length, chunked coding or the connection's end: the same bytes, in whatever pieces they come."""
    head = {
        "length": f"Content-Length: {len(body)}\r\n",
        "chunked": "Transfer-Encoding: chunked\r\n",
        "end": "",
    }[how]
    wire = f"HTTP/1.1 200 OK\r\nX-Y:  z \r\n{head}\r\n".encode() + (chunked(body, size) if how == "chunked" else body)
    sizes = data.draw(st.lists(st.integers(1, 40), max_size=30))
    response = ask(wire, sizes)

    assert (response.status, response.body, response.headers["x-y"]) == (200, body, "z")
    assert response.last == (how == "end")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_body_has_none(status):
    """A length beside it is of what is not sent."""
    assert ask(f"HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n".encode()).body == b""


def test_the_answer_to_head_has_no_body():
    """Its length, which Bee can even get wrong, is not waited for."""
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n", bodiless=True).body == b""


def test_interim_answers_are_passed_over():
    """100 Continue comes before the answer and is none."""
    assert ask(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 X\r\nContent-Length: 1\r\n\r\ny").status == 404


@pytest.mark.parametrize(
    ("head", "last"),
    [("HTTP/1.1 200 OK\r\n", False), ("HTTP/1.0 200 OK\r\n", True), ("HTTP/1.1 200 OK\r\nConnection: Close\r\n", True)],
)
def test_a_connection_is_used_again_where_that_is_meant(head, last):
    """Not after HTTP/1.0, nor where the server says that it closes."""
    assert ask(f"{head}Content-Length: 0\r\n\r\n".encode()).last is last


def test_a_connection_with_more_than_the_answer_is_not_used_again():
    """Bytes after the answer would be read as the next one's: an old trick."""
    assert ask(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n").last


@pytest.mark.parametrize(
    "wire",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 10_000,
    ],
)
def test_what_is_no_http_is_refused(wire):
    """Odd status lines, headers, lengths and codings are never guessed at."""
    with pytest.raises(ValueError):  # noqa: PT011 - any of them
        ask(wire)


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(b"x" * 100, 9),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
    ],
)
def test_more_than_was_asked_for_is_not_read(wire):
    """A body over its limit is refused, whichever way its size is told."""
    with pytest.raises(TooMuch):
        ask(wire, limit=99)


@pytest.mark.parametrize("size", range(1, 70, 6))
def test_an_answer_that_is_cut_off_is_none(size):
    """Wherever the connection ends within it."""
    wire = b"HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 30\r\n\r\n" + b"x" * 30
    with pytest.raises(EOFError):
        ask(wire[:size])


def test_a_connection_that_ends_before_an_answer_was_closed_meanwhile():
    """So it is told apart from a cut within an answer, and may be tried again."""
    with pytest.raises(ConnectionError):
        ask(b"")
