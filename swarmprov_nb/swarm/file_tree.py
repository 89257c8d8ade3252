"""Files as trees of chunks: split into a reference, read back with every chunk and every length checked.

Format: Bee ``pkg/file/pipeline`` and ``pkg/file/joiner`` at redundancy level 0. Leaves hold 4096 bytes; an inner chunk
holds up to 128 addresses, its span the bytes under it. A last group of exactly one address is not wrapped: it is
carried up until it has siblings. So the whole shape follows from the length, and a reader can demand it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import IO

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm.bmt import CHUNK_SIZE, hash_chunks
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch, ChunkKind, verify_chunks
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.swarm.storage import Storage, Upload

BRANCHES = CHUNK_SIZE // ADDRESS_SIZE
# 32 x 24 leaves: whole groups of 128, and whole sets of the fast engine's lanes
_BLOCK_CHUNKS = 768
_BLOCK = _BLOCK_CHUNKS * CHUNK_SIZE
_FLUSH_GROUPS = 24
# the top byte of a span holds the redundancy level
_MAX_SPAN = (1 << 56) - 1


@dataclass
class _Level:
    spans: list[int] = field(default_factory=list)
    addresses: bytearray = field(default_factory=bytearray)

    def take(self, count: int) -> tuple[list[int], bytes]:
        spans, addresses = self.spans[:count], bytes(self.addresses[: count * ADDRESS_SIZE])
        del self.spans[:count]
        del self.addresses[: count * ADDRESS_SIZE]
        return spans, addresses


class _Splitter:
    """Builds the tree bottom-up while leaves arrive: one list of addresses a level, so memory is O(log n)."""

    def __init__(self, upload: Upload | None, kind: ChunkKind) -> None:
        self._upload = upload
        self._kind = kind
        self._levels: list[_Level] = []

    def leaves(self, payloads: bytes | memoryview, length: int) -> None:
        full, rest = divmod(length, CHUNK_SIZE)
        spans = [CHUNK_SIZE] * full + ([rest] if rest or not length else [])
        self._chunks(0, payloads, spans, spans, self._kind)

    def _chunks(
        self, level: int, payloads: bytes | memoryview, lengths: list[int], spans: list[int], kind: ChunkKind
    ) -> None:
        addresses = hash_chunks(payloads, spans)
        if self._upload is not None:
            self._upload.put(ChunkBatch(payloads, lengths, spans, addresses, kind))
        self._add(level, spans, addresses)

    def _add(self, level: int, spans: Sequence[int], addresses: bytes) -> None:
        if level == len(self._levels):
            self._levels.append(_Level())
        here = self._levels[level]
        here.spans += spans
        here.addresses += addresses
        groups = len(here.spans) // BRANCHES
        if groups >= _FLUSH_GROUPS:
            self._wrap(level, groups * BRANCHES)

    def _wrap(self, level: int, count: int) -> None:
        spans, addresses = self._levels[level].take(count)
        lengths = [len(spans[at : at + BRANCHES]) * ADDRESS_SIZE for at in range(0, count, BRANCHES)]
        sums = [sum(spans[at : at + BRANCHES]) for at in range(0, count, BRANCHES)]
        payloads = addresses + bytes(-len(addresses) % CHUNK_SIZE)
        self._chunks(level + 1, payloads, lengths, sums, "manifest" if self._kind == "manifest" else "tree")

    def root(self) -> bytes:
        level = 0
        while True:
            here = self._levels[level]
            top = level + 1 == len(self._levels)
            if top and len(here.spans) == 1:
                return bytes(here.addresses)
            carried = len(here.spans) % BRANCHES == 1
            if len(here.spans) > carried:
                self._wrap(level, len(here.spans) - carried)
            if carried:
                self._add(level + 1, *here.take(1))
            level += 1


def split(source: IO[bytes] | bytes, upload: Upload | None = None, *, kind: ChunkKind = "data") -> bytes:
    """Split a file, or bytes, into chunks and return its 32-byte level-0 root; with ``upload``, put the chunks there.

    Streams: memory stays below 16 MiB whatever the size.

    >>> split(b"hello world").hex()[:8]
    '92672a47'

    Raises
    ------
    StorageError
        The source cannot be read, or the upload fails.
    """
    splitter = _Splitter(upload, kind)
    if isinstance(source, bytes) and len(source) <= CHUNK_SIZE:
        splitter.leaves(source.ljust(CHUNK_SIZE, b"\0"), len(source))
        return splitter.root()
    stream = BytesIO(source) if isinstance(source, bytes) else source
    buffer = bytearray(min(_BLOCK, len(source) + -len(source) % CHUNK_SIZE) if isinstance(source, bytes) else _BLOCK)
    view = memoryview(buffer)
    first = True
    while (length := _fill(stream, view)) or first:
        padded = max(CHUNK_SIZE, length + -length % CHUNK_SIZE)
        view[length:padded] = bytes(padded - length)
        splitter.leaves(view[:padded], length)
        first = False
        if length < len(buffer):
            break
    return splitter.root()


def _fill(stream: IO[bytes], view: memoryview) -> int:
    """Read until the view is full or the stream ends: a single read may return less than it could."""
    read_into = getattr(stream, "readinto", None)
    filled = 0
    try:
        while filled < len(view):
            if read_into is not None:
                count = read_into(view[filled:])
            else:
                data = stream.read(len(view) - filled)
                count = len(data)
                view[filled : filled + count] = data
            if not count:
                break
            filled += count
    except OSError as error:
        raise StorageError(f"The file cannot be read: {error.strerror}.", "Check the file and try again.") from error
    return filled


def reference_of(source: IO[bytes] | bytes) -> bytes:
    """Return the level-0 root (32 bytes) that the content has on Swarm, storing nothing.

    >>> reference_of(b"").hex()[:8]
    'b34ca8c2'
    """
    return split(source)


@dataclass(frozen=True)
class _Node:
    """A chunk's address and the content length that its parent, or the reader, says it has."""

    address: bytes
    span: int


def _child_span(span: int) -> int:
    """Length of the content under each child of an inner chunk; the last may have less."""
    below = CHUNK_SIZE
    while below * BRANCHES < span:
        below *= BRANCHES
    return below


def _children(node: _Node, payload: bytes) -> list[_Node]:
    """Children of an inner chunk, with the spans that the tree's one possible shape gives them."""
    child_span = _child_span(node.span)
    count = len(payload) // ADDRESS_SIZE
    spans = [child_span] * (count - 1) + [node.span - child_span * (count - 1)]
    return [_Node(payload[at * ADDRESS_SIZE : (at + 1) * ADDRESS_SIZE], span) for at, span in enumerate(spans)]


def _misshapen(address: bytes, fault: str) -> ChunkCorrupt:
    return ChunkCorrupt(
        f"Chunk {address.hex()} {fault}.", "Do not use it: no honest program makes such a tree; ask its publisher."
    )


def fetch(storage: Storage, addresses: Sequence[bytes]) -> list[Chunk]:
    """Read chunks and check each: the address is the one asked for, the bytes hash to it and are as many as it says.

    Raises
    ------
    ChunkNotFound, ChunkCorrupt
        Naming the address.
    """
    chunks = list(storage.read(addresses))
    for address, chunk in zip(addresses, chunks, strict=False):
        if chunk.address != address:
            raise _misshapen(address, f"was asked for and {chunk.address.hex()} came")
    if len(chunks) != len(addresses):
        missing = addresses[min(len(chunks), len(addresses) - 1)]
        raise ChunkNotFound(f"Chunk {missing.hex()} was asked for and did not come.", "Try another store.")
    verify_chunks(chunks)
    for chunk in chunks:
        _require_length(chunk)
    return chunks


def _require_length(chunk: Chunk) -> None:
    """Refuse a payload that is not as long as its span asks for: with zeros after it, it has the same address.

    Whoever kept such a chunk would no longer take the good one.
    """
    held = len(chunk.payload)
    if chunk.span <= CHUNK_SIZE:
        if held != chunk.span:
            raise _misshapen(chunk.address, f"holds {held} bytes and says {chunk.span}")
    elif chunk.span <= _MAX_SPAN:
        count = -(-chunk.span // _child_span(chunk.span))
        if held != count * ADDRESS_SIZE:
            raise _misshapen(chunk.address, f"holds {held} bytes where its length asks for {count} addresses")


def _checked(node: _Node, chunk: Chunk) -> Chunk:
    if chunk.span != node.span:
        raise _misshapen(node.address, f"says it has {chunk.span} bytes of content where its parent says {node.span}")
    return chunk


def _root_chunk(storage: Storage, root: bytes) -> tuple[_Node, Chunk]:
    (chunk,) = fetch(storage, [root])
    if chunk.span > _MAX_SPAN:
        raise StorageError(
            f"Chunk {root.hex()} is the root of a file with redundancy, which this version does not read.",
            "Open it with a newer swarmprov, or ask for the reference of redundancy level 0.",
        )
    node = _Node(root, chunk.span)
    return node, _checked(node, chunk)


def file_size(storage: Storage, root: bytes) -> int:
    """Length in bytes that a file's root declares, checked against the root chunk alone.

    Raises
    ------
    ChunkNotFound, ChunkCorrupt, StorageError
        The root is missing, is not what it should be, or has redundancy.
    """
    return _root_chunk(storage, root)[0].span


def read_file(storage: Storage, root: bytes, *, limit: int | None = None) -> Iterator[bytes]:
    """Content of a file in blocks of up to 512 KiB, every chunk re-hashed and every length checked.

    Memory is bounded whatever the file claims; with ``limit`` (bytes) a longer file is refused before its content
    is read.

    Raises
    ------
    ChunkNotFound, ChunkCorrupt
        A chunk is missing, changed or lies about its length; the message names its address.
    StorageError
        The declared length is over the limit.
    """
    node, chunk = _root_chunk(storage, root)
    if limit is not None and node.span > limit:
        raise StorageError(
            f"File {root.hex()} has {node.span} bytes, more than the {limit} allowed here.",
            "Check that the reference is the one you want.",
        )
    if node.span <= CHUNK_SIZE:
        yield chunk.payload
        return
    yield from _read_below(storage, node, chunk)


def _read_below(storage: Storage, node: _Node, chunk: Chunk) -> Iterator[bytes]:
    children = _children(node, chunk.payload)
    if children[0].span > CHUNK_SIZE:
        # one at a time: below each may be much; a carried last child may be a leaf
        for child in children:
            (below,) = fetch(storage, [child.address])
            _checked(child, below)
            if child.span > CHUNK_SIZE:
                yield from _read_below(storage, child, below)
            else:
                yield below.payload
        return
    named = list(dict.fromkeys(child.address for child in children))
    leaves = dict(zip(named, fetch(storage, named), strict=True))
    yield b"".join([_checked(child, leaves[child.address]).payload for child in children])


def chunk_addresses(storage: Storage, root: bytes, *, walked: set[bytes] | None = None) -> Iterator[bytes]:
    """Addresses of every chunk of a file, children before parents, the root last.

    Inner chunks are read and checked, leaves are only named. A subtree that repeats is walked once, in all the files
    that are given the same `walked`.

    Raises
    ------
    ChunkNotFound, ChunkCorrupt
        An inner chunk is missing, changed or lies about its length.
    """
    node, chunk = _root_chunk(storage, root)
    yield from _addresses_below(storage, node, chunk, set() if walked is None else walked)
    yield root


def _addresses_below(storage: Storage, node: _Node, chunk: Chunk, walked: set[bytes]) -> Iterator[bytes]:
    if node.span <= CHUNK_SIZE:
        return
    for child in _children(node, chunk.payload):
        if child.span > CHUNK_SIZE:
            if child.address in walked:
                continue
            walked.add(child.address)
            (below,) = fetch(storage, [child.address])
            yield from _addresses_below(storage, child, _checked(child, below), walked)
        yield child.address
