"""gc frees what nothing needs and nothing else, whatever is killed and whatever is stored meanwhile."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.artifacts import snapshot_file
from swarmprov_nb.carrying import load, save
from swarmprov_nb.cli import main
from swarmprov_nb.errors import StorageError, SwarmprovError
from swarmprov_nb.freeing import free, spare
from swarmprov_nb.home import Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.storing import Keeper, put, user_store
from swarmprov_nb.swarm import (
    PackStore,
    UploadPlan,
    chunk_addresses,
    pack_upload,
    pack_use,
    packs,
    read_file,
    split,
)
from swarmprov_nb.swarm.pack_garbage import find_garbage
from swarmprov_nb.swarm.pack_garbage import free as free_in
from swarmprov_nb.verifying import verify

LATER = 4e9  # seconds: every pack is older


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def stored(store, data):
    upload = store.upload(b"", UploadPlan("x"))
    root = split(data, upload)
    upload.finish()
    return root


def all_of(store, root):
    return set(chunk_addresses(store, root))


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def collected(store, needed):
    with pack_use.alone(store.folder):
        found = find_garbage(store, needed, before=LATER)
    return free_in(store, found)


@pytest.fixture
def store(tmp_path):
    return PackStore(tmp_path / "store")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 60_000)), min_size=1, max_size=8), st.data())
@settings(max_examples=15, deadline=None)
def test_what_is_needed_stays_and_the_rest_goes(tmp_path_factory, files, data):
    """Whatever is stored and needed is read back, and nothing else is held, in this process and in the next."""
    store = PackStore(tmp_path_factory.mktemp("gc") / "s")
    contents = [noise(size, seed) for seed, size in files]
    roots = [stored(store, each) for each in contents]
    kept = data.draw(st.sets(st.integers(0, len(files) - 1)))
    needed = set().union(*(all_of(store, roots[number]) for number in kept)) if kept else set()
    everything = set().union(*(all_of(store, root) for root in roots))
    collected(store, needed)
    fresh = PackStore(store.folder, create=False)
    for number in kept:
        assert b"".join(read_file(fresh, roots[number])) == contents[number]
    if everything - needed:
        held = sum(fresh.has(sorted(everything - needed)))
        assert held * 4096 * 64 <= size_of(store.folder) * 2  # a pack with hardly any garbage is left


def test_a_store_is_little_larger_than_what_is_needed(store):
    """After hundreds of versions of which some are needed, the store is at most 1.05 times their unique bytes."""
    base = bytearray(noise(1 << 20, 0))
    needed, unique = set(), {}
    for version in range(24):
        base[version * 4096 : (version + 1) * 4096] = noise(4096, version + 1)
        root = stored(store, bytes(base))
        if version % 3 == 0:
            needed |= all_of(store, root)
            unique |= {bytes(base[at : at + 4096]): 1 for at in range(0, len(base), 4096)}
    stored(store, noise(3 << 20, 99))
    before = size_of(store.folder)
    freed = collected(store, needed)
    assert before - size_of(store.folder) == freed > 3 << 20
    assert size_of(store.folder) <= 1.05 * 4096 * len(unique)
    assert all(store.has(sorted(needed)))


def test_chunks_stored_twice_are_kept_once(tmp_path):
    """Two processes that stored the same at once leave two copies; one goes, and the file is whole."""
    data = noise(200_000, 5)
    one, two = PackStore(tmp_path / "s"), PackStore(tmp_path / "s")
    uploads = [each.upload(b"", UploadPlan("x")) for each in (one, two)]
    root, _ = (split(data, each) for each in uploads)
    for each in uploads:
        each.finish()
    assert size_of(one.folder) > 2 * len(data)
    assert collected(one, all_of(one, root)) > len(data)
    assert b"".join(read_file(PackStore(tmp_path / "s"), root)) == data
    assert b"".join(read_file(two, root)) == data


def test_what_is_new_stays_for_now(store):
    """Packs that an upload wrote or relied on since the time given are left, and counted."""
    stored(store, noise(50_000, 1))
    found = find_garbage(store, set(), before=time.time() - 60)
    assert (found.packs, found.young > 50_000) == ((), True)


def test_an_upload_under_way_holds_gc_off(store):
    """While something is being stored nothing is freed, and after its process died it is."""
    upload = store.upload(b"", UploadPlan("x"))
    split(b"abc", upload)
    with pytest.raises(StorageError, match="being stored"), pack_use.alone(store.folder, patience=0.1):
        pass
    del upload
    with pack_use.alone(store.folder, patience=0.1):
        pass


def test_a_pack_relied_on_since_it_was_looked_at_stays(store):
    """An upload between looking and freeing that found its chunks there, and wrote none, loses none."""
    root = stored(store, noise(50_000, 1))
    garbage = find_garbage(store, set(), before=LATER)
    assert garbage.size > 50_000
    other = PackStore(store.folder)
    assert stored(other, noise(50_000, 1)) == root
    assert free_in(store, garbage) == 0
    assert b"".join(read_file(PackStore(store.folder), root)) == noise(50_000, 1)


def test_merging_does_not_make_old_packs_young_nor_relied_on_ones_old(store, monkeypatch):
    """A merged pack has the time of the newest that went into it."""
    monkeypatch.setattr(packs, "_SMALL_PACKS", 3)
    for number in range(2):
        stored(store, noise(500, number))
    for pack in (store.folder / "packs").glob("*.pack"):
        os.utime(pack, (1e9, 1e9))
    stored(store, noise(500, 1))  # relies on one of them
    stored(store, noise(500, 2))
    (pack,) = (store.folder / "packs").glob("*.pack")
    assert pack.stat().st_mtime > 1e9 + 1


def test_a_damaged_pack_is_left_and_does_not_count_as_a_copy(tmp_path):
    """Of two copies the one in a damaged pack is no reason to free the other."""
    data = noise(100_000, 5)
    one, two = PackStore(tmp_path / "s"), PackStore(tmp_path / "s")
    uploads = [each.upload(b"", UploadPlan("x")) for each in (one, two)]
    root, _ = (split(data, each) for each in uploads)
    for each in uploads:
        each.finish()
    hurt = min((one.folder / "packs").glob("*.pack"))
    damaged = bytearray(hurt.read_bytes())
    damaged[5000] ^= 1
    hurt.write_bytes(damaged)
    fresh = PackStore(tmp_path / "s")
    found = find_garbage(fresh, all_of(two, root), before=LATER)
    assert (found.damaged, found.packs) == ((hurt.name,), ())


def test_uploads_and_gc_at_once_lose_nothing(tmp_path):
    """Threads store, name and read what garbage was a moment ago while another frees without end: all is whole."""
    folder = PackStore(tmp_path / "s").folder
    named, failures, done = set(), [], threading.Event()
    lock = threading.Lock()

    def write(number):
        mine = PackStore(folder)
        for turn in range(8):
            data = noise(20_000, 10 * number + turn // 2)
            if turn % 2 == 0:
                stored(mine, data)
                continue
            with mine.in_use():
                root = stored(mine, data)
                with lock:
                    named.update(all_of(mine, root))
            assert b"".join(read_file(mine, root)) == data

    def collect():
        mine = PackStore(folder)
        while not done.is_set():
            with pack_use.alone(folder):
                with lock:
                    needed = set(named)
                found = find_garbage(mine, needed, before=LATER)
            free_in(mine, found)

    def guarded(act, *args):
        try:
            act(*args)
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failures.append(error)

    writers = [threading.Thread(target=guarded, args=(write, number)) for number in range(3)]
    collector = threading.Thread(target=guarded, args=(collect,))
    collector.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    collector.join()
    assert failures == []
    assert all(PackStore(folder).has(sorted(named)))


# -- the home


def test_nothing_of_a_publication_or_an_artifact_goes(study):
    """After a publish and gc, publication and artifacts are whole; what an abandoned upload left is gone."""
    published = publish(study.notebook, yes=True, home=study.home, say=str)
    lost = put(user_store(study.home), noise(300_000, 7))
    (study.folder / "big.bin").write_bytes(noise(100_000, 8))
    kept = Keeper(study.home).keep(snapshot_file(study.folder / "big.bin", limit=1 << 20))
    found = spare(study.home, study.folder, hours=0)
    assert 300_000 < found.size < 330_000
    assert free(study.home, study.folder, hours=0) > 300_000
    assert verify(published.reference, home=study.home).exit_code == 0
    keeper = Keeper(study.home)
    assert b"".join(keeper.read(kept)) == noise(100_000, 8)
    assert not keeper.store.has([lost])[0]
    assert publish(study.notebook, yes=True, home=study.home, say=str).unchanged
    assert spare(study.home, study.folder, hours=0).nothing


def test_what_only_a_record_names_stays(study):
    """Artifacts of the records at hand stay, even where the index of stored contents was moved away."""
    (study.home.root / "contents.sqlite").unlink()
    assert spare(study.home, study.folder, hours=0).nothing
    elsewhere = study.folder.parent
    assert not spare(study.home, elsewhere, hours=0).nothing


def test_gc_waits_for_no_publish(study):
    """While a publish runs, gc says so and changes nothing."""
    with publishing_lock(study.home), pytest.raises(SwarmprovError, match="publish is under way"):
        free(study.home, study.folder, hours=0)


def test_nothing_is_freed_where_something_needed_is_hurt(study, tmp_path):
    """With a publication that cannot be walked, gc does not know what is needed, and leaves all."""
    published = publish(study.notebook, yes=True, home=study.home, say=str)
    stored(user_store(study.home), noise(100_000, 7))
    before = size_of(study.home.store)
    for pack in (study.home.store / "packs").glob("*.pack"):
        data = pack.read_bytes()
        pack.write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
    with pytest.raises(StorageError, match=r"hurt"):
        free(study.home, study.folder, hours=0)
    assert size_of(study.home.store) == before
    assert published.reference in {receipt.reference for receipt in receipts(study.home)}


def test_a_loaded_publication_stays(study, tmp_path):
    """What was loaded from a saved file is pinned, and stays whole."""
    published = publish(study.notebook, yes=True, home=study.home, say=str)
    file = save(published.reference, tmp_path / "s.swarm", home=study.home)
    other = Home(tmp_path / "other")
    load(file, home=other)
    free(other, tmp_path, hours=0)
    assert verify(published.reference, any_signer=True, home=other).exit_code == 0


def test_leftovers_of_killed_processes_go_once_they_are_old(study):
    """Drafts of files and snapshots that nobody finished are counted, and go."""
    drafts = [study.home.private_folder(study.home.receipts) / ".x.json.abcdefgh", study.home.root / "tmp" / "v.npy"]
    study.home.private_folder(study.home.root / "tmp")
    for draft in drafts:
        draft.write_bytes(b"half")
    assert spare(study.home, study.folder).nothing
    for draft in drafts:
        os.utime(draft, (1e9, 1e9))
    assert spare(study.home, study.folder).size == 8
    assert free(study.home, study.folder) == 8
    assert not any(draft.exists() for draft in drafts)


def test_the_command_shows_first_and_frees_only_when_told(study, capsys, monkeypatch):
    """In a pipe without --yes nothing goes; with it the command says how much went."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.chdir(study.folder)
    stored(user_store(study.home), noise(100_000, 7))
    before = size_of(study.home.store)
    assert main(["gc", "--older-than", "0"]) == 0
    said = capsys.readouterr()
    assert "that no publication or artifact needs" in said.out
    assert "Nothing was freed" in said.err
    assert size_of(study.home.store) == before
    assert main(["gc", "--older-than", "0", "--yes"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("freed.")
    assert size_of(study.home.store) <= before - 100_000
    assert main(["gc"]) == 0
    assert "Nothing to free." in capsys.readouterr().out


def test_packs_of_several_sizes_are_rewritten_in_groups(store, monkeypatch):
    """Garbage that does not fit into one rewriting is freed in several, and all that is needed stays."""
    monkeypatch.setattr("swarmprov_nb.swarm.pack_garbage._TOGETHER", 100_000)
    monkeypatch.setattr(pack_upload, "_PACK_SIZE", 60_000)
    kept = [noise(4096 * 12, seed) for seed in range(8)]
    upload = store.upload(b"", UploadPlan("x"))
    roots = []
    for seed, data in enumerate(kept):
        roots.append(split(data, upload))
        split(noise(4096 * 4, 50 + seed), upload)
    upload.finish()
    needed = set().union(*(all_of(store, root) for root in roots))
    assert collected(store, needed) > 0
    fresh = PackStore(store.folder)
    assert [b"".join(read_file(fresh, root)) for root in roots] == kept
