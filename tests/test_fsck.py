"""fsck names the hurt file and the publication that is hurt by it, and repairs what can be repaired without loss."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hurting import QUIET, flipped, make_home
from studies import make_study

from swarmprov_nb.carrying import load
from swarmprov_nb.cli import main
from swarmprov_nb.errors import RecordError, SwarmprovError
from swarmprov_nb.fsck import fsck, repair
from swarmprov_nb.home import Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.lineage import Record
from swarmprov_nb.publication import listing
from swarmprov_nb.publishing import publish
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.swarm import PackStore, chunk_addresses
from swarmprov_nb.verifying import verify


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two notebooks and their publications, as they were made."""
    return make_home(tmp_path_factory.mktemp("fsck"), chain="none")


@pytest.fixture
def kept(made, tmp_path):
    """A copy of the home that a test may hurt, the folder of the first notebook, and the two references."""
    copy = made.copied(tmp_path)
    return copy.home, copy.folder, copy.references


def pack_of(home, address):
    """Return the pack that holds a chunk, and where."""
    for pack in PackStore.open(home.store, create=False).packs():
        if (offset := pack.index.offset(address)) is not None:
            return pack.path, offset
    raise AssertionError


def only(health):
    (damage,) = health.damage
    return damage


def files_of(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_whole_home_is_whole_and_stays_as_it_is(kept):
    """Nothing is found, and no byte is changed."""
    home, folder, _ = kept
    before = files_of(home.root)
    health = fsck(home, folder)
    assert (health.exit_code, health.damage) == (0, ())
    assert str(health).startswith("All is whole: 2 publications, ")
    assert files_of(home.root) == before


def test_a_hurt_chunk_names_its_pack_and_its_publication(kept):
    """One bit in a chunk of one publication: pack, publication and file are named, the other publication verifies."""
    home, folder, (one, two) = kept
    pack, offset = pack_of(home, bytes.fromhex(one))
    flipped(pack, offset + 30)
    damage = only(fsck(home, folder))
    assert damage.file == pack
    assert damage.what.endswith("cannot be read")
    assert damage.hurts == (f"the publication {one} of study.ipynb: its list of files",)
    assert "swarmprov load FILE" in damage.cure
    assert verify(two, home=home).exit_code == 0


def test_a_repaired_store_takes_the_lost_chunks_again(kept, made):
    """The hurt pack is moved aside, byte for byte; loading a saved copy then makes the publication whole."""
    home, folder, (one, two) = kept
    pack, offset = pack_of(home, bytes.fromhex(one))
    flipped(pack, offset + 30)
    hurt = pack.read_bytes()
    said = []
    left = repair(home, folder, say=said.append)
    assert "1 file mended" in said[-1]
    assert pack.with_name(f"{pack.name}.hurt").read_bytes() == hurt
    assert [damage.mend for damage in left.damage] == [None]
    assert fsck(home, folder) == left
    assert verify(two, home=home).exit_code == 0
    assert load(made.home.root.parent / "one.swarm", home=home) == one
    assert fsck(home, folder).exit_code == 0
    assert verify(one, home=home).exit_code == 0


def test_a_repaired_publication_is_stored_again_from_its_journal(kept):
    """Where what publishing made itself is lost, publishing the same notebook stores the same bytes again."""
    home, folder, (one, _) = kept
    pack, offset = pack_of(home, bytes.fromhex(one))
    flipped(pack, offset + 30)
    assert f"swarmprov publish {folder / 'study.ipynb'}" in only(fsck(home, folder)).cure
    repair(home, folder)
    assert publish(folder / "study.ipynb", home=home, chain="none", **QUIET).reference == one
    assert fsck(home, folder).exit_code == 0


def test_what_hurts_nothing_is_repaired_without_loss(kept):
    """A pack that lost its end after its last chunk hurts no publication, and is whole again after the repair."""
    home, folder, references = kept
    pack, _ = pack_of(home, bytes.fromhex(references[0]))
    pack.write_bytes(pack.read_bytes()[:-3])
    damage = only(fsck(home, folder))
    assert (damage.file, damage.hurts) == (pack, ())
    repair(home, folder)
    assert fsck(home, folder).exit_code == 0
    assert [verify(each, home=home).exit_code for each in references] == [0, 0]


def test_a_chunk_that_another_pack_has_too_hurts_nothing(kept):
    """Of two copies one is enough: repair leaves the good one."""
    home, folder, references = kept
    root = bytes.fromhex(references[0])
    pack, offset = pack_of(home, root)
    twin = pack.with_name("00000000000000000000000000000000.pack")
    shutil.copy(pack, twin)
    shutil.copy(pack.with_suffix(".idx"), twin.with_suffix(".idx"))
    flipped(pack, offset + 30)
    assert only(fsck(home, folder)).hurts == ()
    repair(home, folder)
    assert verify(references[0], home=home).exit_code == 0


@pytest.mark.parametrize("how", ["missing", "empty", "flipped"])
def test_an_index_is_rebuilt_from_its_pack(kept, how):
    """Without a good index a pack is named and rebuilt; the publication is not hurt."""
    home, folder, references = kept
    index = pack_of(home, bytes.fromhex(references[0]))[0].with_suffix(".idx")
    whole = index.read_bytes()
    if how == "flipped":
        flipped(index, 50)
    else:
        index.unlink()
    if how == "empty":
        index.touch()
    damage = only(fsck(home, folder))
    assert (damage.file, damage.hurts) == (index, ())
    repair(home, folder)
    assert index.read_bytes() == whole


def test_the_stored_bytes_of_a_record_are_named(kept):
    """An artifact that only a record names is hurt too, and by name."""
    home, folder, (one, _) = kept
    store = user_store(home)
    root = listing(store, bytes.fromhex(one))["data/clean.json"]
    pack, offset = pack_of(home, next(chunk_addresses(store, root)))
    flipped(pack, offset + 12)
    damage = only(fsck(home, folder))
    assert f"the publication {one} of study.ipynb: data/clean.json" in damage.hurts
    assert f"the stored bytes of clean, recorded in {folder}: they cannot be published" in damage.hurts


def test_the_mark_of_a_store_is_written_anew(kept):
    """Without it the store is no store; with it all is as before. One of another version is left alone."""
    home, folder, references = kept
    mark = home.store / "store"
    flipped(mark, 3)
    assert only(fsck(home, folder)).file == mark
    repair(home, folder)
    assert verify(references[0], home=home).exit_code == 0
    mark.write_text("swarmprov store 2\n")
    assert only(fsck(home, folder)).mend is None


def test_a_changed_row_of_the_record_is_named(kept):
    """A row that no longer bears the user's mark is said, and so is a file that SQLite refuses; nothing is repaired."""
    home, folder, _ = kept
    record = folder / ".swarmprov" / "record.sqlite"
    whole = record.read_bytes()
    db = sqlite3.connect(record)
    with db:
        db.execute("UPDATE runs SET body = replace(body, 'sorted', 'sortee')")
    db.close()
    damage = only(fsck(home, folder))
    assert (damage.file, damage.mend) == (record, None)
    assert damage.what.startswith("1 row of session")
    record.write_bytes(whole[:5000])
    assert only(fsck(home, folder)).file == record
    with pytest.raises(RecordError, match="cannot be read: database disk image is malformed"):
        Record(folder, key=bytes(32), create=False)
    record.write_bytes(b"")
    assert only(fsck(home, folder)).file == record
    with pytest.raises(RecordError, match="Nothing has been recorded"):
        Record(folder, key=bytes(32), create=False)
    record.write_bytes(whole)


def test_a_record_from_elsewhere_is_not_hurt(kept, tmp_path):
    """Of a record that another user made no row bears this user's mark, and that is no damage."""
    home, _, _ = kept
    other = make_study(Home(tmp_path / "other"), tmp_path / "theirs")
    assert fsck(home, other.folder).exit_code == 0


def test_fsck_waits_for_no_publish(kept):
    """While a publish runs, fsck says so."""
    home, folder, _ = kept
    with publishing_lock(home), pytest.raises(SwarmprovError, match="publish is under way"):
        fsck(home, folder)


def test_fsck_looks_while_something_is_stored(kept):
    """An upload under way neither waits for a look nor is found half done."""
    home, folder, _ = kept
    store = user_store(home)
    with store.in_use():
        put(store, b"abc" * 5000)
        assert fsck(home, folder).exit_code == 0


def test_fsck_finds_nothing_while_packs_come_and_are_merged(kept):
    """Another process stores small files, whose packs are merged away under our eyes: no look finds damage."""
    home, folder, _ = kept
    done = threading.Event()

    def store():
        mine = PackStore(home.store)
        for number in range(40):
            put(mine, str(number).encode() * 900)
        done.set()

    thread = threading.Thread(target=store)
    thread.start()
    while not done.is_set():
        assert fsck(home, folder).damage == ()
    thread.join()
    assert fsck(home, folder).damage == ()


@pytest.mark.parametrize("at", ["rename", "unlink"])
def test_a_repair_that_is_killed_loses_nothing(kept, monkeypatch, at):
    """Stopped before any of its renames, a repair leaves what is whole readable, and the next one finishes."""
    home, folder, (one, two) = kept
    pack, offset = pack_of(home, bytes.fromhex(one))
    flipped(pack, offset + 30)
    hurt = pack.read_bytes()

    was = getattr(Path, at)

    def killed(path, *to):
        if home.store in path.parents:
            raise KeyboardInterrupt
        return was(path, *to)

    with monkeypatch.context() as kill:
        kill.setattr(Path, at, killed)
        with suppress(KeyboardInterrupt):
            repair(home, folder)
    assert verify(two, home=home).exit_code == 0
    repair(home, folder)
    assert verify(two, home=home).exit_code == 0
    assert hurt in [path.read_bytes() for path in pack.parent.glob("*.pack.hurt")]


def test_the_command_says_what_is_hurt_and_what_is_left(kept, capsys, monkeypatch):
    """Exit code 1 while something is hurt, also after a repair that could not bring it all back; else 0."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    home, folder, (one, _) = kept
    monkeypatch.chdir(folder)
    assert main(["fsck"]) == 0
    pack, offset = pack_of(home, bytes.fromhex(one))
    index = pack.with_suffix(".idx")
    index.unlink()
    assert main(["fsck", "--repair"]) == 0
    assert "All is whole" in capsys.readouterr().out
    flipped(pack, offset + 30)
    assert main(["fsck"]) == 1
    assert main(["fsck", "--repair"]) == 1
    said = capsys.readouterr().out
    assert f"{pack} is hurt" in said
    assert "it lacks 1 chunk" in said
