"""The pack store: nothing is lost, nothing is half there, nothing damaged is believed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import forge, kills, named

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm import (
    Chunk,
    ChunkBatch,
    PackStore,
    Storage,
    UploadPlan,
    chunk_addresses,
    pack_file,
    pack_upload,
    read_file,
    reference_of,
    split,
)
from swarmprov_nb.swarm.pack_index import PackIndex, index_bytes


def put(store, data):
    root = reference_of(data)
    upload = store.upload(root, UploadPlan(root.hex()))
    split(data, upload)
    return root, upload.finish()


def noise(size, seed=1):
    import random

    return random.Random(seed).randbytes(size)


@pytest.fixture
def store(tmp_path):
    return PackStore(tmp_path / "store")


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@given(st.lists(st.tuples(st.integers(0, 2**56), st.binary(max_size=4096)), max_size=30))
@settings(max_examples=20, deadline=None)
def test_what_is_put_is_read_back(tmp_path_factory, contents):
    """Any chunks come back as they were, in a fresh instance too, and nothing else is held."""
    store = PackStore(tmp_path_factory.mktemp("store"))
    assert isinstance(store, Storage)
    chunks = [Chunk.of(span, payload) for span, payload in contents]
    upload = store.upload(b"", UploadPlan("x"))
    upload.put(ChunkBatch.of(chunks))
    assert upload.finish().new_chunks == len(set(chunks))
    addresses = [chunk.address for chunk in chunks]
    for reader in (store, PackStore(store.folder, create=False)):
        assert list(reader.read(addresses)) == chunks
        assert reader.has([*addresses, bytes(32)]) == [True] * len(chunks) + [False]


def test_a_large_file_takes_little_more_than_its_bytes(store):
    """Packs and indexes together stay within 1.05 times the content."""
    data = noise(8 << 20)
    root, stored = put(store, data)
    assert b"".join(read_file(store, root)) == data
    assert size_of(store.folder) <= 1.05 * len(data)
    assert stored.new_chunks == stored.chunks == 2048 + 16 + 1
    assert store.status(root).retrievable is True
    assert store.status(bytes(32)).retrievable is False


def test_a_second_put_writes_nothing(store):
    """Chunks that are held are recognised, within one upload, in the next, and in another process's instance."""
    data = noise(300_000)
    put(store, data)
    before = sorted(store.folder.rglob("*"))
    for again in (store, PackStore(store.folder)):
        assert put(again, data)[1].new_chunks == 0
    assert sorted(store.folder.rglob("*")) == before
    assert put(store, bytes(4096 * 100))[1].new_chunks == 2


def test_other_instances_see_commits_and_nothing_before(store):
    """A reader that was open before finds what another commits, and not what is only being written."""
    reader = PackStore(store.folder)
    upload = store.upload(b"", UploadPlan("x"))
    root = split(b"abc", upload)
    assert reader.has([root]) == [False]
    with pytest.raises(ChunkNotFound, match=root.hex()):
        list(reader.read([root]))
    upload.finish()
    assert reader.has([root]) == [True]
    assert [chunk.payload for chunk in reader.read([root])] == [b"abc"]


def test_an_upload_without_its_root_is_no_success(store):
    """Finish does not say stored when the root was never put."""
    upload = store.upload(bytes(32), UploadPlan("x"))
    split(b"other", upload)
    with pytest.raises(StorageError, match="ended before its root"):
        upload.finish()


def test_pins_are_kept_and_taken_back(store):
    """Pins are listed in every instance until they are taken back."""
    roots = sorted(put(store, data)[0] for data in (b"a", b"b"))
    for root in roots:
        store.pin(root, True)
    assert list(PackStore(store.folder).pins()) == roots
    store.pin(roots[0], False)
    store.pin(roots[0], False)
    assert list(store.pins()) == roots[1:]


def test_small_packs_are_merged_and_readers_go_on(store):
    """After many small commits there are few files, and an instance that had the old ones open reads everything."""
    reader = PackStore(store.folder)
    roots = []
    for number in range(40):
        roots.append(put(store, b"%d" % number)[0])
        assert [chunk.payload for chunk in reader.read(roots[-1:])] == [b"%d" % number]
    assert len(list((store.folder / "packs").glob("*.pack"))) < 20
    for instance in (store, reader, PackStore(store.folder)):
        assert len(list(instance.read(roots))) == 40


def test_uploads_larger_than_a_pack_are_committed_pack_by_pack(store, monkeypatch):
    """Each full pack is committed, children first, so that the root is the last to be there."""
    monkeypatch.setattr(pack_upload, "_PACK_SIZE", 1 << 20)
    data = noise(7 << 20)
    upload = store.upload(b"", UploadPlan("x"))
    root = split(data, upload)
    other = PackStore(store.folder)
    assert len(list((store.folder / "packs").glob("*.pack"))) > 1
    assert other.has([root]) == [False]
    upload.finish()
    assert b"".join(read_file(other, root)) == data
    resumed = PackStore(store.folder)
    assert put(resumed, data)[1].new_chunks == 0


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def only(folder, pattern):
    (path,) = folder.rglob(pattern)
    return path


@pytest.mark.parametrize("at", [16, 17, 20, 30, 2000])
def test_a_flipped_byte_in_a_pack_is_named(store, at):
    """Length, span or payload: a change anywhere in a record is seen, with the pack and the address."""
    root, _ = put(store, noise(3000))
    pack = only(store.folder, "*.pack")
    flip(pack, at)
    with pytest.raises(ChunkCorrupt) as caught:
        list(PackStore(store.folder).read([root]))
    assert str(pack) in caught.value.what
    assert root.hex() in caught.value.what


@pytest.mark.parametrize("at", [0, 17, 26, 29, 40, -1, -40])
def test_a_damaged_index_is_rebuilt(store, at):
    """An index that is not whole is made anew from its pack, and everything is read."""
    data = noise(100_000)
    root, _ = put(store, data)
    index = only(store.folder, "*.idx")
    good = index.read_bytes()
    flip(index, at)
    assert b"".join(read_file(PackStore(store.folder), root)) == data
    assert index.read_bytes() == good
    index.write_bytes(b"")
    assert b"".join(read_file(PackStore(store.folder), root)) == data


def test_an_index_that_points_wrongly_is_not_believed(store):
    """A well-formed index with false offsets gives an error, not other bytes."""
    root, _ = put(store, noise(3000))
    other, _ = put(store, b"other")
    index = next(path for path in store.folder.rglob("*.idx") if PackIndex(path).offset(root))
    for offset in (3, 17, 1 << 40, (1 << 64) - 1):
        index.write_bytes(index_bytes({root: offset}))
        with pytest.raises(ChunkCorrupt):
            list(PackStore(store.folder).read([root]))
    assert list(PackStore(store.folder).read([other]))


def test_a_lost_index_loses_nothing(store):
    """A pack whose index was deleted is taken up again by the next upload."""
    root, _ = put(store, b"abc")
    only(store.folder, "*.idx").unlink()
    fresh = PackStore(store.folder)
    assert fresh.has([root]) == [False]
    put(fresh, b"other")
    assert fresh.has([root]) == [True]


@given(st.dictionaries(st.binary(min_size=32, max_size=32), st.integers(0, 2**64 - 1), max_size=200))
@settings(max_examples=40, deadline=None)
def test_an_index_finds_all_it_was_made_of(tmp_path_factory, offsets):
    """Every address is found at its offset, others are not, and iterating gives all."""
    path = tmp_path_factory.mktemp("index") / "a.idx"
    path.write_bytes(index_bytes(offsets))
    index = PackIndex(path)
    assert dict(index) == offsets
    assert len(index) == len(offsets)
    assert all(index.offset(address) == offset for address, offset in offsets.items())
    assert index.offset(bytes(31) + b"\x07") == offsets.get(bytes(31) + b"\x07")


def test_what_a_killed_process_left_is_swept(store):
    """Unfinished packs and indexes of merged ones go; a pack that someone is writing stays."""
    incoming = store.folder / "incoming"
    (incoming / "dead.part").write_bytes(b"half")
    (incoming / "dead.idxpart").write_bytes(b"half")
    (store.folder / "packs" / "gone.idx").write_bytes(index_bytes({}))
    alive = store.upload(b"", UploadPlan("alive"))
    root = split(b"alive", alive)
    put(PackStore(store.folder), b"other")
    assert len(list(incoming.iterdir())) == 1
    assert not (store.folder / "packs" / "gone.idx").exists()
    alive.finish()
    assert store.has([root]) == [True]


def test_folders_that_cannot_be_stores_are_refused(tmp_path):
    """A foreign folder, a missing one, a file, another version: two sentences each, nothing written."""
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.tex").touch()
    for folder, create in [(foreign, True), (tmp_path / "missing", False), (foreign / "thesis.tex", True)]:
        with pytest.raises(StorageError):
            PackStore.open(folder, create=create)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["foreign", "thesis.tex"]
    newer = PackStore(tmp_path / "newer").folder
    (newer / "store").write_text("swarmprov store 2\n")
    with pytest.raises(StorageError, match="newer swarmprov"):
        PackStore(newer)


def test_a_full_disk_is_explained_and_leaves_nothing(store, monkeypatch):
    """An upload that fails says so, is removed, and the store goes on."""
    kept, _ = put(store, b"kept")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pack_file.PackWriter, "add", full)
    with pytest.raises(StorageError, match="No space left on device") as caught:
        split(b"lost", store.upload(b"", UploadPlan("x")))
    assert "Free space" in caught.value.next_step
    assert list((store.folder / "incoming").iterdir()) == []
    assert store.has([kept]) == [True]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_read_only_store_can_be_read(store):
    """Reading needs no right to write; writing says what is missing."""
    root, _ = put(store, b"abc")
    folders = [store.folder, *(path for path in store.folder.iterdir() if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)
    try:
        reader = PackStore(store.folder)
        assert list(reader.read([root]))
        with pytest.raises(StorageError, match="Permission denied"):
            put(reader, b"new")
    finally:
        for folder in folders:
            folder.chmod(0o700)


def test_a_store_that_vanishes_is_explained(store):
    """Deleting the folder under a running process gives two sentences."""
    put(store, b"abc")
    for path in sorted(store.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(StorageError, match="is missing"):
        store.has([bytes(32)])


def test_threads_and_instances_write_at_once(store):
    """Several writers, threads of one instance and other instances, lose nothing and see each other's chunks."""
    contents = [noise(30_000, seed) for seed in range(8)]
    failures = []

    def write(instance, data):
        try:
            root, _ = put(instance, data)
            assert b"".join(read_file(instance, root)) == data
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=(store if number % 2 else PackStore(store.folder), data))
        for number, data in enumerate(contents)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert all(store.has([reference_of(data) for data in contents]))


WRITER = textwrap.dedent("""
    import pathlib, sys
    from swarmprov_nb.swarm import PackStore, UploadPlan, packs, split

    packs._SMALL_PACKS = 4
    store = PackStore(pathlib.Path(sys.argv[1]))
    for number in range(12):
        upload = store.upload(b"", UploadPlan("x"))
        root = split(f"{sys.argv[2]} {number}".encode(), upload)
        upload.finish()
        assert [chunk.address for chunk in store.read([root])] == [root]
""")


def test_processes_write_and_merge_at_once(tmp_path):
    """Three processes that create, commit and merge in one folder lose nothing and read their own."""
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "s", name], cwd=Path(__file__).parents[1])
        for name in "abc"
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    store = PackStore(tmp_path / "s", create=False)
    assert all(store.has([reference_of(f"{name} {number}".encode()) for name in "abc" for number in range(12)]))
    assert len(list((store.folder / "packs").glob("*.pack"))) < 12


STORE = """
from pathlib import Path
from swarmprov_nb.swarm import PackStore, UploadPlan, packs, split
from steps import report

packs._SMALL_PACKS = 3

def act(folder):
    for number in range(3):
        upload = PackStore(Path(folder)).upload(b"", UploadPlan("x"))
        root = split(b"%d" % number * 9000, upload)
        upload.finish()
        report(root.hex())
"""


def expect_sound(folder, promised):
    store = PackStore(folder)
    roots = [reference_of(b"%d" % number * 9000) for number in range(3)]
    for number, root in enumerate(roots):
        if store.has([root])[0]:
            assert all(store.has(list(chunk_addresses(store, root))))
            assert b"".join(read_file(store, root)) == b"%d" % number * 9000
    assert all(store.has(promised))
    for number, root in enumerate(roots):
        assert put(store, b"%d" % number * 9000)[0] == root
    assert all(store.has(roots))
    put(store, b"whoever writes next sweeps")
    assert list((folder / "incoming").iterdir()) == []


def killed_everywhere(place, times):
    with forge(STORE, place / "forge") as process:
        whole = process.run(place / "whole")
        for number, order in enumerate(kills(whole, times)):
            with named(order):
                killed = process.run(place / f"{number}", **order)
                assert killed.code == -signal.SIGKILL or "after" in order
                expect_sound(place / f"{number}", [bytes.fromhex(line) for line in killed.said])
            shutil.rmtree(place / f"{number}")
        return len(whole.said), len(set(whole.steps))


def test_kill_9_at_every_step_loses_nothing(tmp_path):
    """Killed three times at each of its steps, and at any time, a process leaves a sound store with all it promised."""
    stored, steps = killed_everywhere(tmp_path, 3)
    assert (stored, steps >= 15) == (3, True)


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_kill_9_at_every_step_a_hundred_times(tmp_path):
    """As above, 100 times each."""
    stored, steps = killed_everywhere(tmp_path, 100)
    assert (stored, steps >= 15) == (3, True)

