"""A full disk: the notebook goes on, one error says what to do, nothing is half there, and with room all goes on."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from disks import LIMIT, limited, mounted
from studies import make_study

from swarmprov_nb.carrying import get, load, save
from swarmprov_nb.errors import StorageError, SwarmprovError
from swarmprov_nb.freeing import free
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.kept_lines import append_line, read_lines
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.swarm import PackStore
from swarmprov_nb.swarm.pack_use import alone
from swarmprov_nb.verifying import verify

LOAD = "%load_ext swarmprov"
QUIET = {"yes": True, "say": lambda _: None}
PAGE = 4096


# -- recording


@pytest.fixture(params=["a full disk", "files that may not grow"])
def room(request, tmp_path, monkeypatch):
    """Return two functions: one takes the room for a kernel's files away, one gives it back."""
    if request.param == "a full disk":
        with mounted(tmp_path / "work") as work, mounted(tmp_path / "home") as home:
            yield (lambda _: (work.fill(), home.fill())), (lambda _: (work.free(), home.free()))
    else:
        settings = tmp_path / "ipython" / "profile_default" / "ipython_kernel_config.py"
        settings.parent.mkdir(parents=True)
        settings.write_text("c.HistoryManager.enabled = False\n")  # else IPython says that it cannot write its history
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        yield (lambda k: k.run(LIMIT + "files_up_to(0)")), (lambda k: k.run("files_up_to(NO_LIMIT)"))


def told(*said):
    """Return the errors of ours that cells showed."""
    return [each.traceback for each in said if getattr(each, "traceback", "")]


def test_cells_run_as_always_and_are_recorded_when_there_is_room(room, kernel, recorded):
    """Every run on a full disk is in the record afterwards, in order; one error in two parts, and no other output."""
    take, give = room
    k = kernel()
    k.run(LOAD)
    k.run("a = 1", "a")
    took = take(k)
    said = [k.run(f"b{n} = a + {n}\nprint(b{n})\nb{n}", f"b{n}") for n in range(3)]
    gave = give(k)
    k.run("c = b2", "c")
    found = recorded()
    (error,) = told(took, *said, gave)
    flows = {(found.run(edge.writer).cell_id, found.run(edge.reader).cell_id) for edge in found.edges}

    shown = [(each.stdout, each.text, each.stderr, each.status) for each in said]
    assert shown == [(f"{n + 1}\n", f"{n + 1}", "", "ok") for n in range(3)]
    assert len(error.strip().splitlines()) == 2
    assert "cannot be written" in error
    assert "room" in error
    assert [run.cell_id for run in found.runs if run.cell_id] == ["a", "b0", "b1", "b2", "c"]
    assert found.session.trusted
    assert flows >= {("a", "b0"), ("a", "b1"), ("a", "b2"), ("b2", "c")}


def test_a_dataset_for_which_there_was_no_room_is_a_gap_that_is_said(room, kernel, recorded, tmp_path):
    """The cell does its work and does not fail; what could not be stored is noted, and stored once it is made again."""
    take, give = room
    k = kernel()
    k.run(LOAD)
    k.run("%%provenance first --dataset kept\nimport pandas as pd\nkept = pd.DataFrame({'a': range(9)})", "first")
    take(k)
    said = k.run("%%provenance second --dataset lost\nlost = kept * 2\nprint(len(lost))\nlost.shape", "second")
    give(k)
    k.run("x = 1", "after")
    before = {artifact.name: artifact for artifact in recorded().artifacts}
    k.run("%%provenance second --dataset lost\nlost = kept * 2", "second")
    after = {artifact.name: artifact for artifact in recorded().artifacts}

    assert (said.stdout.splitlines()[0], said.text, said.status) == ("9", "(9, 1)", "ok")
    assert all("Traceback" not in each for each in told(said))
    assert before["kept"].stored is not None
    assert (before["lost"].declared, before["lost"].stored) == (True, None)
    assert before["lost"].note
    assert after["lost"].stored is not None
    health = fsck(Home(tmp_path / "home"), tmp_path / "work")
    assert (health.exit_code, str(health)) == (0, str(health))


# -- publishing


@pytest.fixture(params=["a full disk", "files that may not grow"])
def scarce(request, tmp_path):
    """Return a home, and a function that lets something run with so many bytes left on its disk."""
    home = Home(tmp_path / "home")
    if request.param == "a full disk":
        with mounted(home.root, megabytes=8) as disk:
            yield home, disk.with_only
    else:
        yield home, limited


def attempt(what, *arguments, **options):
    """Do something for which there may be no room; returns what is told if there is none."""
    try:
        what(*arguments, **options)
    except SwarmprovError as error:
        return error.what if error.next_step else ""
    return None


def half_done(home):
    """Return the files of a home that were begun and are not whole."""
    names = [path for path in home.root.rglob("*") if path.is_file() and path.name != ".filler"]
    return [path.name for path in names if path.name.startswith(".") or path.suffix in (".part", ".idxpart")]


def published_in_the_end(home, scarce, folder, sizes):
    """Publish with less room than it takes, then with all: nothing is half there before, and one publication after."""
    study, begun = make_study(home, folder), []
    for size in sizes:
        with scarce(size):
            said = attempt(publish, study.notebook, home=home, **QUIET)
        assert half_done(home) == []
        assert said if said is not None else receipts(home)
        begun += [Journal(path).entries for path in home.journal.glob("*.jsonl")]
    result = publish(study.notebook, home=home, **QUIET)
    (receipt,) = receipts(home)
    assert verify(result.reference, home=home).exit_code == 0
    assert fsck(home, folder).damage == ()
    manifests = {base64.b64decode(entries["manifest"]["manifest"]) for entries in begun if entries}
    assert {hashlib.sha256(each).hexdigest() for each in manifests} <= {receipt.manifest}  # it did not begin again
    assert list(home.journal.glob("*.jsonl")) == []


def test_a_publish_without_room_is_whole_or_not_there(scarce, tmp_path):
    """Wherever the disk becomes full it is told, and with room again the publish goes on from there."""
    home, with_only = scarce
    published_in_the_end(home, with_only, tmp_path / "work", (0, 3 * PAGE, 8 * PAGE, 40 * PAGE))


@pytest.mark.long
@pytest.mark.parametrize("begin", range(8))
def test_a_publish_without_room_at_any_size(tmp_path, begin):
    """The same for every number of pages that may be left, each from a fresh start, and growing."""
    for pages in range(begin, 80, 8):
        with mounted(tmp_path / f"home{pages}", megabytes=8) as disk:
            published_in_the_end(Home(disk.folder), disk.with_only, tmp_path / f"work{pages}", [pages * PAGE])


def test_what_is_there_stays_whole_and_nothing_half_is_written(scarce, tmp_path):
    """Get, save, load and gc without room say so, leave nothing behind and hurt nothing; with room they work."""
    home, with_only = scarce
    study = make_study(home, tmp_path / "work")
    reference = publish(study.notebook, home=home, chain="none", **QUIET).reference
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    put(user_store(home), b"nothing needs this" * 1000)
    with with_only(PAGE):
        refused = [
            attempt(get, reference, elsewhere / "files", home=home),
            attempt(save, reference, elsewhere / "one.swarm", home=home),
            attempt(free, home, study.folder, hours=0),
        ]
    assert refused[0]
    assert refused[1]
    assert list(elsewhere.iterdir()) == []
    assert half_done(home) == []
    assert verify(reference, home=home).exit_code == 0
    get(reference, elsewhere / "files", home=home)
    save(reference, tmp_path / "one.swarm", home=home)
    other = Home(elsewhere / "home")
    with with_only(2 * PAGE):
        assert attempt(load, tmp_path / "one.swarm", home=other)
    assert load(tmp_path / "one.swarm", home=other) == reference
    free(home, study.folder, hours=0)
    assert (fsck(home, study.folder).damage, fsck(other, tmp_path).damage) == ((), ())
    assert verify(reference, home=home).exit_code == 0


def test_packs_that_cannot_be_merged_stay_as_they_are(tmp_path):
    """An upload that there was room for is no failure because there is none to tidy up; that is done with more room."""
    store = PackStore(tmp_path / "store")
    roots = [put(store, bytes([number]) * 20_000 + bytes(20_000)) for number in range(15)]
    with limited(100_000):
        roots.append(put(store, b"the sixteenth" * 5000))
    before = len(store.packs())
    roots.append(put(store, b"one more"))

    assert (before, len(store.packs())) == (16, 1)
    assert all(store.has(roots))


def test_who_keeps_the_error_of_a_store_does_not_keep_the_store(tmp_path):
    """A notebook keeps its last traceback: gc can free all the same after an upload that failed."""
    store = PackStore(tmp_path / "store")
    with limited(0), pytest.raises(StorageError) as kept:
        put(store, b"no room for this")
    with alone(store.folder, patience=0):
        assert kept.value.next_step


# -- lines


@pytest.mark.parametrize("size", range(0, 60, 7))
def test_half_a_line_is_no_line_and_is_told(tmp_path, size):
    """A disk takes the first half of a line without a word and then no more: that is an error, and leaves no half."""
    path = tmp_path / "lines.jsonl"
    append_line(path, ["first"])
    before = path.read_bytes()
    with limited(len(before) + size), pytest.raises(OSError, match="File too large"):
        append_line(path, ["second", "x" * 60])
    assert path.read_bytes() == before
    append_line(path, ["third"])
    assert list(read_lines(path)) == [["first"], ["third"]]
    assert [json.loads(line) for line in path.read_text().splitlines()] == [["first"], ["third"]]
