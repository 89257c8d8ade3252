"""File trees: references equal to Bee's, reading that believes nothing."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm import (
    Chunk,
    ChunkBatch,
    UploadPlan,
    chunk_address,
    chunk_addresses,
    file_size,
    read_file,
    reference_of,
    split,
)
from swarmprov_nb.swarm.memory import MemoryStorage

FILES = json.loads((Path(__file__).parent / "goldens" / "swarm.json").read_text("utf-8"))["files"]


def content(size: int) -> bytes:
    return (bytes(range(255)) * (size // 255 + 1))[:size]


def naive_reference(data: bytes) -> bytes:
    """The tree level by level, in memory, written apart from the streaming one."""
    level = [
        (len(leaf), chunk_address(len(leaf), leaf))
        for leaf in (data[at : at + 4096] for at in range(0, len(data), 4096))
    ]
    level = level or [(0, chunk_address(0, b""))]
    while len(level) > 1:
        groups = [level[at : at + 128] for at in range(0, len(level), 128)]
        level = [
            group[0]
            if len(group) == 1
            else (sum(s for s, _ in group), chunk_address(sum(s for s, _ in group), b"".join(a for _, a in group)))
            for group in groups
        ]
    return level[0][1]


def stored(data: bytes) -> tuple[MemoryStorage, bytes]:
    storage = MemoryStorage()
    upload = storage.upload(b"", UploadPlan("test"))
    root = split(data, upload)
    upload.finish()
    return storage, root


class Lying(MemoryStorage):
    """Storage whose trees are made by hand."""

    def add(self, span: int, payload: bytes) -> bytes:
        chunk = Chunk.of(span, payload)
        self.upload(b"", UploadPlan("lie")).put(ChunkBatch.of([chunk]))
        return chunk.address


@pytest.mark.parametrize("size", [int(size) for size in FILES])
def test_references_equal_bees(size):
    """Every figure from Bee's own code, from nothing to 64 MiB and carriers included, comes out."""
    data = content(size)
    assert reference_of(data).hex() == FILES[str(size)]
    if size < 6_000_000:
        assert reference_of(io.BytesIO(data)).hex() == FILES[str(size)]


@given(st.integers(0, 128 * 3 + 2), st.integers(0, 4095), st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_any_length_equals_the_plain_definition_and_reads_back(leaves, rest, seed):
    """Splitting equals the level-wise definition, what was written is read, and the walk misses nothing."""
    data = (bytes((index * seed) % 251 for index in range(4096)) * (leaves + 1))[: leaves * 4096 + rest]
    storage, root = stored(data)
    assert root == naive_reference(data)
    assert b"".join(read_file(storage, root)) == data
    assert file_size(storage, root) == len(data)
    walked = list(chunk_addresses(storage, root))
    assert set(walked) == storage.addresses()
    assert walked[-1] == root


class Dribble(io.RawIOBase):
    """A stream without readinto that gives less than it is asked for, as a socket does."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    readinto = None

    def read(self, size=-1):
        return self._inner.read(min(size, 1000))


def test_short_reads_change_nothing():
    """A stream that dribbles gives the same reference."""
    assert reference_of(Dribble(content(12293))).hex() == FILES["12293"]


def test_streaming_keeps_little_in_memory():
    """48 MiB pass through under 16 MiB of memory."""

    class Zeros(io.RawIOBase):
        left = 48 << 20

        def readable(self):
            return True

        def readinto(self, buffer):
            count = min(len(buffer), self.left)
            self.left -= count
            return count

    tracemalloc.start()
    try:
        split(Zeros())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_a_stream_that_fails_is_named():
    """A read error becomes two sentences."""

    class Failing(io.RawIOBase):
        def readinto(self, buffer):
            raise OSError(5, "Input/output error")

    with pytest.raises(StorageError, match="Input/output error"):
        split(Failing())


def test_a_missing_chunk_is_named():
    """Reading stops at a missing leaf and names its address."""
    storage, root = stored(content(20480))
    leaf = chunk_address(4096, content(20480)[8192:12288])
    storage.forget(leaf)
    with pytest.raises(ChunkNotFound, match=leaf.hex()):
        list(read_file(storage, root))


def test_a_changed_chunk_is_named():
    """Reading stops at a changed leaf and names its address."""
    storage, root = stored(content(20480))
    leaf = chunk_address(4096, content(20480)[:4096])
    storage.replace(Chunk(leaf, 4096, b"x" * 4096))
    with pytest.raises(ChunkCorrupt, match=leaf.hex()):
        list(read_file(storage, root))


def test_the_limit_stops_before_content_is_read():
    """A file over the limit is refused from its root alone."""
    storage, root = stored(content(20480))
    storage.forget(chunk_address(4096, content(4096)))
    with pytest.raises(StorageError, match="20480 bytes, more than the 20479"):
        list(read_file(storage, root, limit=20479))


def test_a_root_that_claims_more_than_it_holds_is_refused():
    """A span that the number of addresses does not bear out is corrupt."""
    lying = Lying()
    leaf = lying.add(4096, content(4096))
    with pytest.raises(ChunkCorrupt, match="asks for 3 addresses"):
        list(read_file(lying, lying.add(4096 * 3, leaf * 2)))


def test_a_child_that_contradicts_its_parent_is_refused():
    """A leaf, or an inner chunk, with another span than its place gives it is corrupt."""
    lying = Lying()
    short = lying.add(100, content(100))
    full = lying.add(4096, content(4096))
    with pytest.raises(ChunkCorrupt, match=f"{short.hex()} says it has 100"):
        list(read_file(lying, lying.add(4096 * 2, short + full)))
    inner = lying.add(4096 * 2, full + full)
    with pytest.raises(ChunkCorrupt, match=inner.hex()):
        list(read_file(lying, lying.add(4096 * 129, inner + full)))


def test_a_leaf_whose_payload_is_not_its_span_is_refused():
    """Hashing does not tie a payload's length to its span; the reader does."""
    lying = Lying()
    with pytest.raises(ChunkCorrupt, match="holds 3 bytes and says 5"):
        list(read_file(lying, lying.add(5, b"abc")))


def test_a_root_with_redundancy_is_told_apart():
    """A level in the span's top byte is named instead of read as a length."""
    lying = Lying()
    with pytest.raises(StorageError, match="redundancy"):
        file_size(lying, lying.add((0x81 << 56) | 8192, bytes(32 * 11)))


def test_a_bomb_of_one_repeated_subtree_is_walked_once():
    """A file of 8 TiB made of five chunks lists its distinct inner chunks and ends."""
    lying = Lying()
    child, span = lying.add(4096, content(4096)), 4096
    for _ in range(4):
        span *= 128
        child = lying.add(span, child * 128)
    assert set(chunk_addresses(lying, child)) == lying.addresses()
    with pytest.raises(StorageError, match="more than"):
        list(read_file(lying, child, limit=1 << 30))


def test_storage_that_answers_with_another_chunk_is_not_believed():
    """The chunk that comes must be the one asked for."""

    class Swapping(MemoryStorage):
        def read(self, addresses):
            yield from (Chunk.of(3, b"abc") for _ in addresses)

    with pytest.raises(ChunkCorrupt, match="was asked for"):
        list(read_file(Swapping(), bytes(32)))


def test_storage_that_answers_too_little_is_not_believed():
    """An answer with fewer chunks than asked for is a missing chunk."""

    class Silent(MemoryStorage):
        def read(self, addresses):
            return iter(())

    with pytest.raises(ChunkNotFound, match="did not come"):
        list(read_file(Silent(), bytes(32)))
