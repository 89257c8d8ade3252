"""Chunk addresses: equal to Bee's, and the same from every engine."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import ChunkCorrupt, MissingExtra, StorageError
from swarmprov_nb.swarm import Chunk, bmt, chunk_address, hash_chunks, keccak, keccak256
from swarmprov_nb.swarm.chunk import ChunkBatch, verify_chunks


def plain_definition(span: int, payload: bytes) -> bytes:
    """The definition, word for word: all 128 segments, no shortcut."""
    nodes = [payload.ljust(4096, b"\0")[at : at + 32] for at in range(0, 4096, 32)]
    while len(nodes) > 1:
        nodes = [keccak256(left + right) for left, right in zip(nodes[::2], nodes[1::2], strict=True)]
    return keccak256(span.to_bytes(8, "little") + nodes[0])


def test_known_chunks_have_bees_addresses():
    """An empty chunk and "hello world" have the addresses that Bee gives."""
    assert chunk_address(0, b"").hex() == "b34ca8c22b9e982354f9c7f50b470d66db428d880c8a904d5fe4ec9713171526"
    assert chunk_address(11, b"hello world").hex() == "92672a471f4419b255d7cb0cf313474a6f5856fb347c5ece85fb706d644b630f"


chunks = st.tuples(
    st.integers(0, 2**64 - 1),
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, 4096).map(lambda size: bytes(index % 7 for index in range(size))),
        st.tuples(st.integers(0, 4090), st.binary(min_size=1, max_size=6)).map(lambda it: bytes(it[0]) + it[1]),
    ),
)


@given(st.lists(chunks, min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_shortcuts_change_no_address(given_chunks):
    """Skipping zero subtrees and batching give what the definition gives."""
    expected = [plain_definition(span, payload) for span, payload in given_chunks]
    assert [chunk_address(span, payload) for span, payload in given_chunks] == expected
    payloads = b"".join(payload.ljust(4096, b"\0") for _, payload in given_chunks)
    assert hash_chunks(payloads, [span for span, _ in given_chunks]) == b"".join(expected)


@pytest.mark.parametrize("count", [1, 23, 24, 25, 49])
def test_the_numba_engine_agrees_with_the_plain_one(count):
    """For full and part-filled lanes, from bytes, bytearrays and unaligned views, both engines say the same."""
    pytest.importorskip("numba")
    engine = bmt.fast_engine()
    assert engine is not None
    data = b"".join(keccak256(bytes([index % 256])) for index in range(128)) * count
    spans = [4096 * index**5 for index in range(count)]
    expected = bmt.hash_chunks_plain(data, spans)
    assert engine(data, spans) == expected
    assert engine(bytearray(data), spans) == expected
    assert engine(memoryview(b"x" + data)[1:], spans) == expected


def test_an_engine_that_disagrees_is_never_used():
    """The self-test against the plain engine decides whether the fast one may run."""
    assert not bmt._agrees(lambda _payloads, spans: bytes(32 * len(spans)))


def test_without_numba_the_plain_engine_is_used(monkeypatch):
    """A missing numba, or one that fails, is no error."""
    monkeypatch.setitem(sys.modules, "numba", None)
    assert bmt._Engines().load(wait=True) is None
    monkeypatch.setitem(sys.modules, "numba", object())
    assert bmt._Engines().load(wait=True) is None


def test_large_amounts_load_the_fast_engine_once(monkeypatch):
    """The plain engine goes on until 32 MB were hashed; one load follows, whatever the number of calls."""
    loads = []
    monkeypatch.setattr(bmt, "_trusted_numba_engine", lambda: loads.append(1) or bmt.hash_chunks_plain)
    engines = bmt._Engines()
    engines.choose(100)
    assert not loads
    for _ in range(3):
        engines.choose(8000)
    assert loads == [1]


def test_hashing_from_many_threads_gives_the_same_addresses():
    """Threads share nothing but read-only code."""
    data = bytes(range(256)) * 16 * 60
    expected = bmt.hash_chunks_plain(data, [4096] * 60)
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(hash_chunks(data, [4096] * 60) == expected)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 6


def test_keccak_falls_back_and_then_says_what_to_install(monkeypatch):
    """Without tiny-keccak pycryptodome serves; without both the error names the package."""
    monkeypatch.setitem(sys.modules, "tiny_keccak", None)
    pytest.importorskip("Crypto.Hash.keccak")
    assert keccak._fastest()(b"abc") == keccak256(b"abc")
    monkeypatch.setitem(sys.modules, "Crypto.Hash.keccak", None)
    with pytest.raises(MissingExtra, match="pip install tiny-keccak"):
        keccak._fastest()(b"abc")


def test_wrong_sizes_are_refused():
    """A payload over 4096 bytes and a buffer that does not fit its spans are errors, not wrong addresses."""
    with pytest.raises(StorageError, match="4097"):
        chunk_address(4097, bytes(4097))
    with pytest.raises(StorageError, match="for 2 chunks"):
        hash_chunks(bytes(4096), [1, 1])


def test_a_changed_chunk_is_named_with_its_origin():
    """Verification names the address and where the bytes came from; a made chunk needs none."""
    good = Chunk.of(3, b"abc")
    assert good.verified() is good
    bad = Chunk(good.address, 3, b"abd", origin="a.pack")
    with pytest.raises(ChunkCorrupt, match=f"{good.address.hex()} in a.pack"):
        verify_chunks([good, bad])
    with pytest.raises(ChunkCorrupt):
        Chunk(good.address, 3, bytes(5000)).verified()


def test_a_batch_gives_its_chunks_back():
    """Packing into one buffer and iterating returns the same chunks."""
    made = [Chunk.of(3, b"abc"), Chunk.of(0, b""), Chunk.of(4096, bytes(4096))]
    assert list(ChunkBatch.of(made)) == made
