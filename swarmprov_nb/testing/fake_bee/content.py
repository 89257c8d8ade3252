"""Files read from a node's chunks: a range of one, and the addresses of all its chunks.

Level 0 only: a span with a redundancy level in its top byte is `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from swarmprov_nb.swarm.bmt import CHUNK_SIZE
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.testing.fake_bee.node import Data

_BRANCHES = CHUNK_SIZE // ADDRESS_SIZE
_LEVEL_SHIFT = 56

Get = Callable[[bytes], Data]


class Unreadable(Exception):
    """A chunk is no part of a file that this double can read."""


def size_of(get: Get, root: bytes) -> int:
    """Return the length of a file; NotFound, Unreadable."""
    span, _ = get(root)
    if span >> _LEVEL_SHIFT:
        raise Unreadable
    return span


def read_range(get: Get, root: bytes, start: int, end: int) -> Iterator[bytes]:
    """Yield a file's bytes from start up to end, reading only what is needed; NotFound, Unreadable."""
    span, payload = get(root)
    if span <= CHUNK_SIZE:
        yield payload[start:end]
        return
    below = _child_span(span)
    for index in range(start // below, -(-min(end, span) // below)):
        child = payload[index * ADDRESS_SIZE : (index + 1) * ADDRESS_SIZE]
        if len(child) < ADDRESS_SIZE:
            raise Unreadable
        first = index * below
        yield from read_range(get, child, max(0, start - first), min(below, end - first))


def read_all(get: Get, root: bytes, most: int = 1 << 26) -> bytes:
    """Return a whole file that is not large; NotFound, Unreadable."""
    size = size_of(get, root)
    if size > most:
        raise Unreadable
    return b"".join(read_range(get, root, 0, size))


def file_addresses(get: Get, root: bytes) -> Iterator[bytes]:
    """Yield the address of every chunk of a file, the root first; NotFound, Unreadable."""
    yield root
    span, payload = get(root)
    if span <= CHUNK_SIZE:
        return
    if span >> _LEVEL_SHIFT:
        raise Unreadable
    deeper = _child_span(span) > CHUNK_SIZE
    for at in range(0, len(payload), ADDRESS_SIZE):
        child = payload[at : at + ADDRESS_SIZE]
        if deeper:
            yield from file_addresses(get, child)
        else:
            get(child)
            yield child


def _child_span(span: int) -> int:
    child = CHUNK_SIZE
    while child * _BRANCHES < span:
        child *= _BRANCHES
    return child
