"""Saved files: a whole publication in one file, of which nothing but its chunks is believed."""

from __future__ import annotations

import hashlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm import (
    Chunk,
    Entry,
    MemoryStorage,
    PackStore,
    SavedFile,
    Storage,
    UploadPlan,
    collection_addresses,
    load,
    read_collection,
    read_file,
    save,
    split,
    write_collection,
)


def published(files):
    storage = MemoryStorage()
    upload = storage.upload(b"", UploadPlan("test"))
    entries = [Entry(path, split(data, upload), "text/plain") for path, data in sorted(files.items())]
    return storage, write_collection(entries, index_document="a", upload=upload)


FILES = {"a": b"hello", "b/c": bytes(range(256)) * 600, "empty": b"", "zeros": bytes(4096 * 130)}


@pytest.fixture
def saved(tmp_path):
    storage, root = published(FILES)
    save(storage, root, tmp_path / "it.swarmprov")
    return tmp_path / "it.swarmprov", root


def contents(storage, root):
    listing = read_collection(storage, root)
    return {entry.path: b"".join(read_file(storage, entry.address)) for entry in listing.entries}


def test_a_saved_publication_is_read_from_its_file(saved):
    """The file is a Storage with the same root, files and addresses."""
    path, root = saved
    opened = SavedFile(path)
    assert isinstance(opened, Storage)
    assert opened.root == root
    assert contents(opened, root) == FILES
    assert opened.has([root, bytes(32)]) == [True, False]
    assert opened.status(root).retrievable is True
    assert list(opened.pins()) == [root]


def test_loading_puts_the_publication_into_a_store(saved, tmp_path):
    """After loading, the store alone is enough; loading again writes nothing."""
    path, root = saved
    store = PackStore(tmp_path / "store")
    assert load(path, store) == root
    assert contents(store, root) == FILES
    assert set(collection_addresses(store, root)) == set(SavedFile(path)._offsets)
    assert load(path, store) == root
    assert len(list((tmp_path / "store" / "packs").glob("*.pack"))) == 1


@given(
    st.dictionaries(
        st.text("abc/é", min_size=1, max_size=9).filter(lambda name: name != "/"),
        st.binary(max_size=9000),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=15, deadline=None)
def test_any_publication_survives(tmp_path_factory, files):
    """Saving and opening returns every file."""
    path = tmp_path_factory.mktemp("saved") / "it"
    storage, root = published(files)
    save(storage, root, path)
    assert contents(SavedFile(path), root) == files


def test_saving_twice_gives_the_same_bytes(saved, tmp_path):
    """The format leaves no choice."""
    path, root = saved
    save(SavedFile(path), root, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == path.read_bytes()


def test_a_file_is_not_overwritten_unasked(saved):
    """Overwriting needs the option."""
    path, root = saved
    storage, other = published({"x": b"1"})
    with pytest.raises(StorageError, match="there already"):
        save(storage, other, path)
    assert SavedFile(path).root == root
    save(storage, other, path, overwrite=True)
    assert SavedFile(path).root == other


def test_saving_what_is_not_whole_leaves_no_file(tmp_path):
    """A missing chunk is named and nothing appears."""
    storage, root = published(FILES)
    missing = next(iter(collection_addresses(storage, root)))
    storage.forget(missing)
    with pytest.raises(ChunkNotFound, match=missing.hex()):
        save(storage, root, tmp_path / "it")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StorageError, match="cannot be written"):
        save(*published({"x": b"1"}), tmp_path / "no" / "folder")


def test_every_cut_is_seen(saved):
    """Whatever was cut off the end, the file is refused with what to do."""
    path, _ = saved
    whole = path.read_bytes()
    for length in [0, 5, 17, 18, 30, 50, 55, 70, len(whole) // 2, len(whole) - 42, len(whole) - 10, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(StorageError, match="is cut off"):
            SavedFile(path)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_change_is_seen(tmp_path_factory, data):
    """A flipped byte anywhere is refused on opening."""
    path = tmp_path_factory.mktemp("saved") / "it"
    save(*published({"a": b"hello", "b": b"x" * 5000}), path)
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    with pytest.raises(StorageError):
        SavedFile(path)
    path.write_bytes(whole + b"x")
    with pytest.raises(StorageError):
        SavedFile(path)


def forge(root, chunks):
    body = b"swarmprov saved 1\n" + root
    body += b"".join(struct.pack("<HQ", len(chunk.payload), chunk.span) + chunk.payload for chunk in chunks)
    return body + struct.pack("<HQ", 0xFFFF, len(chunks)) + hashlib.sha256(body).digest()


def test_a_forged_file_proves_nothing(tmp_path):
    """Right checksums over wrong chunks give addresses of those chunks, and the claimed root is not there."""
    storage, root = published({"a": b"hello" * 1000})
    chunks = [*storage.read(list(collection_addresses(storage, root)))]
    path = tmp_path / "forged"
    path.write_bytes(forge(root, [Chunk.of(5, b"other"), *chunks[1:]]))
    store = PackStore(tmp_path / "store")
    with pytest.raises(StorageError, match="whole publication"):
        load(path, store)
    assert list((tmp_path / "store" / "packs").iterdir()) == []
    path.write_bytes(forge(root, chunks[:1]))
    with pytest.raises(ChunkNotFound, match=root.hex()):
        load(path, store)


def test_loading_takes_no_stowaways(tmp_path):
    """Chunks that the publication does not consist of are left behind."""
    storage, root = published({"a": b"hello"})
    stowaway = Chunk.of(3, b"abc")
    path = tmp_path / "it"
    path.write_bytes(forge(root, [stowaway, *storage.read(list(collection_addresses(storage, root)))]))
    store = PackStore(tmp_path / "store")
    assert load(path, store) == root
    assert store.has([stowaway.address]) == [False]


def test_a_file_that_changes_after_opening_is_seen(saved):
    """Each read hashes again."""
    path, root = saved
    opened = SavedFile(path)
    data = bytearray(path.read_bytes())
    offset = opened._offsets[root]
    data[offset + 12] ^= 1
    path.write_bytes(data)
    with pytest.raises(ChunkCorrupt, match=str(path)):
        list(opened.read([root]))
    path.write_bytes(data[:offset])
    with pytest.raises(StorageError, match="cut off"):
        list(opened.read([root]))


def test_foreign_and_newer_files_are_told_apart(tmp_path):
    """What is no saved file, and what a newer version saved, have different next steps."""
    path = tmp_path / "it"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(StorageError, match="swarmprov save"):
        SavedFile(path)
    path.write_bytes(b"swarmprov saved 2\n" + bytes(100))
    with pytest.raises(StorageError, match="newer swarmprov"):
        SavedFile(path)
    with pytest.raises(StorageError, match="No such file"):
        SavedFile(tmp_path / "missing")


def test_a_saved_file_is_read_only(saved):
    """Uploading and pinning point to load."""
    opened = SavedFile(saved[0])
    for act in (lambda: opened.upload(b"", UploadPlan("x")), lambda: opened.pin(bytes(32), True)):
        with pytest.raises(StorageError, match="swarmprov load"):
            act()
