"""Collections: written as Bee's /bzz does, read back whole, bombs refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm import (
    Chunk,
    Collection,
    Entry,
    MemoryStorage,
    UploadPlan,
    chunk_address,
    collection,
    collection_addresses,
    mantaray,
    read_collection,
    split,
    write_collection,
)

GOLDENS = json.loads((Path(__file__).parent / "goldens" / "swarm.json").read_text("utf-8"))["manifests"]


def entries_of(case):
    return [Entry(path, bytes.fromhex(address), meta["Content-Type"]) for path, address, meta in case["entries"]]


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_collections_equal_bees(case):
    """Types, file names and the website node come out as Bee's collection upload writes them."""
    index = (case["website"] or {}).get("website-index-document")
    assert write_collection(entries_of(case), index_document=index, upload=None).hex() == case["reference"]


def stored(files, index_document="a"):
    storage = MemoryStorage()
    upload = storage.upload(b"", UploadPlan("test"))
    entries = [Entry(path, split(data, upload), "text/plain") for path, data in files.items()]
    return storage, write_collection(entries, index_document=index_document, upload=upload), entries


names = st.text("ab/é .", min_size=1, max_size=40).filter(lambda path: path != "/")


@given(st.dictionaries(names, st.binary(min_size=1, max_size=50), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_a_collection_reads_back_and_rebuilds(files):
    """What is read is what was written, and writing the sorted listing again gives the same reference."""
    ordered = dict(sorted(files.items(), key=lambda item: item[0].encode()))
    storage, root, entries = stored(ordered)
    read = read_collection(storage, root)
    assert read == Collection(tuple(entries), "a", None)
    assert write_collection(read.entries, index_document="a", upload=None) == root
    addresses = list(collection_addresses(storage, root))
    assert set(addresses) == storage.addresses()
    assert addresses[-1] == root


def test_many_files_make_nodes_larger_than_a_chunk():
    """A node over 4096 bytes is a file tree of its own, and is read and walked as one."""
    files = {f"{chr(0x21 + index)}file with a rather long name": b"content %d" % index for index in range(60)}
    files.pop("/file with a rather long name")
    storage, root, entries = stored(dict(sorted(files.items())))
    assert read_collection(storage, root).entries == tuple(entries)
    assert set(collection_addresses(storage, root)) == storage.addresses()


def test_metadata_of_others_is_kept_for_rebuilding():
    """Keys that we would not write, and a file name that we would not, come back and rebuild the reference."""
    entry = Entry("a/b.txt", b"\1" * 32, "x", {"Filename": "other", "extra": "1"})
    storage = MemoryStorage()
    root = write_collection(
        [entry], index_document=None, error_document="e", upload=storage.upload(b"", UploadPlan("t"))
    )
    read = read_collection(storage, root)
    assert read == Collection((entry,), None, "e")
    assert write_collection(read.entries, index_document=None, error_document="e", upload=None) == root


def test_a_missing_type_does_not_rebuild():
    """A listing that another program made differs once written again: nothing can be slipped in."""
    storage = MemoryStorage()
    root = mantaray.Node()
    root.add(b"a", b"\1" * 32, {"Filename": "a"})
    made = saved(storage, root)
    read = read_collection(storage, made)
    assert write_collection(read.entries, index_document=None, upload=None) != made


def saved(storage, root):
    upload = storage.upload(b"", UploadPlan("test"))
    return split(root.encode(lambda node: split(node, upload)), upload)


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [Entry("", bytes(32), "x")],
        [Entry("/", bytes(32), "x")],
        [Entry("a" * 5000, bytes(32), "x")],
        [Entry("a", bytes(64), "x")],
        [Entry("\ud800", bytes(32), "x")],
        [Entry("a", bytes(32), "x"), Entry("a", bytes(32), "y")],
    ],
)
def test_listings_that_cannot_be_meant_are_refused(entries):
    """No file, no path, a path twice, no reference: each is an error before anything is stored."""
    with pytest.raises(StorageError):
        write_collection(entries, index_document=None, upload=None)


def test_a_missing_or_changed_manifest_chunk_is_named():
    """The error has the address of the node."""
    storage, root, _ = stored({"a": b"1", "b": b"2"})
    storage.replace(Chunk(root, 10, b"x" * 10))
    with pytest.raises(ChunkCorrupt, match=root.hex()):
        read_collection(storage, root)
    storage.forget(root)
    with pytest.raises(ChunkNotFound, match=root.hex()):
        read_collection(storage, root)


def test_a_plain_file_is_no_collection():
    """Pointing at a file's reference is told apart."""
    storage = MemoryStorage()
    root = split(b"x" * 200, storage.upload(b"", UploadPlan("test")))
    with pytest.raises(StorageError, match="may name a plain file"):
        read_collection(storage, root)


def test_a_value_that_is_no_file_is_refused():
    """Values without a reference, metadata beside a file that is not there, unknown website keys: all refused."""
    for path, entry, metadata in [
        (b"dir", b"", {}),
        (b"", b"\1" * 32, {}),
        (b"/", b"", {"other": "x"}),
        (b"\xff", b"\1" * 32, {}),
    ]:
        storage = MemoryStorage()
        root = mantaray.Node()
        root.add(b"a", b"\1" * 32, {})
        root.add(path, entry, metadata)
        with pytest.raises(StorageError, match="no honest program"):
            read_collection(storage, saved(storage, root))


def test_metadata_without_a_value_is_refused():
    """A fork with metadata that leads to no file would be lost in a listing, so it is no collection."""
    storage = MemoryStorage()
    root = mantaray.Node()
    root.add(b"ab", b"\1" * 32, {})
    root.add(b"ac", b"\1" * 32, {})
    root.forks[ord("a")].kind |= mantaray.METADATA
    root.forks[ord("a")].metadata = {"hidden": "text"}
    with pytest.raises(StorageError, match="metadata and no file"):
        read_collection(storage, saved(storage, root))


def test_too_many_files_are_refused(monkeypatch):
    """The count stops the walk."""
    monkeypatch.setattr(collection, "MAX_ENTRIES", 3)
    storage, root, _ = stored(dict.fromkeys("abcd", b"1"))
    with pytest.raises(StorageError, match="past 3 files"):
        read_collection(storage, root)


def test_a_bomb_of_nodes_without_files_is_refused(monkeypatch):
    """Forty nodes that each lead twice to the next would be 2**40 paths; the walk stops."""
    monkeypatch.setattr(collection, "_MAX_NODES", 2000)
    storage = MemoryStorage()
    child = saved(storage, mantaray.Node())
    for _ in range(40):
        node = mantaray.Node(reference_size=32)
        node.forks = {byte: mantaray.Fork(bytes([byte]), mantaray.EDGE, reference=child) for byte in b"ab"}
        child = saved(storage, node)
    with pytest.raises(StorageError, match="past 2000 nodes"):
        read_collection(storage, child)


def test_a_path_without_end_is_refused():
    """A chain of prefixes over 4096 bytes stops the walk."""
    storage = MemoryStorage()
    root = mantaray.Node()
    root.add(b"x" * 5000, b"\1" * 32, {})
    with pytest.raises(StorageError, match="4096 bytes of path"):
        read_collection(storage, saved(storage, root))


def test_a_manifest_that_claims_gigabytes_is_refused():
    """A node's size is limited before its content is read."""
    storage = MemoryStorage()
    huge = Chunk.of(1 << 40, chunk_address(0, b"") * 128)
    storage.replace(huge)
    with pytest.raises(StorageError, match="more than the"):
        read_collection(storage, huge.address)
