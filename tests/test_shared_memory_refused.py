"""A file system that shares no memory between processes, as many network ones: a rollback journal instead of a log.

SQLite's shared memory is the file NAME-shm. A link to nowhere in its place cannot be opened, so it is refused.
"""

from __future__ import annotations

import importlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from studies import make_study

from swarmprov_nb.doctor.check import NOTE, OK
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import CellRun, Record, Session
from swarmprov_nb.publishing import publish
from swarmprov_nb.verifying import verify

KEY = b"k" * 32
WRITER = """
import sys
from pathlib import Path
from swarmprov_nb.lineage import *
name = sys.argv[2]
with Record(Path(sys.argv[1]), key=b"k" * 32) as record:
    record.add_session(Session(name, "n.ipynb", 1.0))
    for n in range(1, 21):
        record.add_run(CellRun(f"{name}:{n}", name, n, "x", "00", "ok", 1.0, 2.0))
        assert len(record.lineage(name).runs) == n
"""


def refuse(database: Path) -> None:
    """Let no shared memory be had for a database, from now on."""
    database.parent.mkdir(parents=True, exist_ok=True)
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
    database.with_name(f"{database.name}-shm").symlink_to("no/where")


def journal_of(database: Path) -> int:
    """Return 1 for a database with a rollback journal, 2 for one with a log: https://sqlite.org/fileformat.html#2.1."""
    return database.read_bytes()[18]


@pytest.fixture
def record_file(tmp_path):
    return tmp_path / "work" / ".swarmprov" / "record.sqlite"


def test_a_new_record_has_a_rollback_journal(record_file, tmp_path):
    """It is made and read again; with shared memory it has a log, so that this emulation refuses what it should."""
    refuse(record_file)
    for folder in ("work", "local"):
        (tmp_path / folder).mkdir(exist_ok=True)
        with Record(tmp_path / folder, key=KEY) as record:
            record.add_session(Session("s", "n.ipynb", 1.0))
            record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
        with Record(tmp_path / folder, key=KEY, create=False) as record:
            assert [run.id for run in record.lineage("s").runs] == ["s:1"]

    assert journal_of(record_file) == 1
    assert journal_of(tmp_path / "local" / ".swarmprov" / "record.sqlite") == 2


@pytest.mark.parametrize("killed", [False, True], ids=["closed", "killed"])
def test_a_record_with_a_log_is_taken_out_of_it(record_file, tmp_path, killed):
    """A record that was copied to such a place is read with all its runs, those in the log too, and written."""
    (tmp_path / "work").mkdir()
    end = "import os; os._exit(0)" if killed else ""
    script = WRITER.replace("        assert len", f"        if n == 20: {end or 'pass'}\n        assert len")
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "work"), "s"], check=True)
    assert journal_of(record_file) == 2
    assert record_file.with_name("record.sqlite-wal").exists() == killed
    refuse(record_file)
    with Record(tmp_path / "work", key=KEY, create=False) as record:
        assert len(record.lineage("s").runs) == 20
        assert record.lineage("s").session.trusted
        record.add_run(CellRun("s:21", "s", 21, "x", "00", "ok", 1.0, 2.0))
    assert journal_of(record_file) == 1


def test_several_processes_make_and_write_one_record(record_file, tmp_path):
    """Four that begin at once lose nothing to each other."""
    refuse(record_file)
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "work"), name]) for name in "abcd"]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0, 0]
    with Record(tmp_path / "work", key=KEY, create=False) as record:
        assert [len(record.lineage(name).runs) for name in "abcd"] == [20] * 4
        assert all(record.lineage(name).session.trusted for name in "abcd")
    assert journal_of(record_file) == 1


def test_a_notebook_there_is_recorded_as_anywhere(kernel, recorded, record_file, tmp_path):
    """A kernel records, shows and publishes without a word of it."""
    refuse(record_file)
    refuse(tmp_path / "home" / "chain" / "chain.sqlite")
    make = "import pandas as pd\ndf = pd.DataFrame({'a': [1]})\ndf.to_csv('a.csv')"
    k = kernel({"make": make})
    said = [k.run("%load_ext swarmprov"), k.run(make, "make"), k.run("%provenance --table"), k.run("%publish --yes")]

    assert [each.traceback for each in said] == [""] * 4
    assert "reference" in said[3].stdout
    assert [run.cell_id for run in recorded().runs if run.cell_id] == ["make"]
    assert journal_of(record_file) == 1


def test_a_home_there_keeps_a_chain_as_anywhere(tmp_path):
    """The embedded chain is made, anchors and is read; one with a log is taken out of it."""
    home = Home(tmp_path / "home")
    chain = home.chain / "chain.sqlite"
    refuse(chain)
    one, two = make_study(home, tmp_path / "one"), make_study(home, tmp_path / "two")
    two.notebook.write_text(two.notebook.read_text().replace("# A study", "# Another"))
    first = publish(one.notebook, home=home, yes=True, say=lambda _: None)
    assert (journal_of(chain), verify(first.reference, home=home).exit_code) == (1, 0)
    with sqlite3.connect(chain) as db:
        chain.with_name("chain.sqlite-shm").unlink()
        assert db.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    db.close()
    assert journal_of(chain) == 2
    refuse(chain)
    second = publish(two.notebook, home=home, yes=True, say=lambda _: None)
    assert journal_of(chain) == 1
    for each in (first, second):
        report = verify(each.reference, home=home)
        assert (report.exit_code, each.receipt.anchor is not None) == (0, True)
    assert fsck(home, one.folder).damage == ()


def test_the_doctor_says_where_it_is_so(tmp_path, monkeypatch):
    """A recording can be written there, and is slower: that is a note and no fault."""
    place = importlib.import_module("swarmprov_nb.doctor.places")

    def said():
        (found,) = [each for each in place.places(Home(tmp_path / "home"), tmp_path) if each.name == "this folder"]
        return found

    plain = said()
    # the probe has a new name each time; in this VFS of SQLite no file has shared memory: https://sqlite.org/vfs.html
    monkeypatch.setattr(place, "_connected", lambda path: sqlite3.connect(
        f"{path.as_uri()}?vfs=unix-dotfile", uri=True, isolation_level=None))  # fmt: skip
    refused = said()

    assert (plain.state, plain.next_step) == (OK, "")
    assert (refused.state, "shares no memory" in refused.said, "local disk" in refused.next_step) == (NOTE, True, True)
    assert list(tmp_path.iterdir()) == []
