"""Files that another process keeps locked: a wait with an end, a sentence that says so, and nothing lost after it."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from studies import make_study

from swarmprov_nb import journal, kept_lines, storing
from swarmprov_nb.chain import account_lock
from swarmprov_nb.errors import ChainError, RecordError, StorageError, SwarmprovError
from swarmprov_nb.file_lock import locked_within
from swarmprov_nb.freeing import free
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import CellRun, Record, Session
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.progress import PublishCancelled, Told
from swarmprov_nb.publishing import Choices, Publisher, carry_out, plan_of, publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.showing import lineage
from swarmprov_nb.spending import Purse
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.swarm import pack_use, packs

KEY = b"k" * 32
LOAD = "%load_ext swarmprov"
TABLE = "%%provenance make --dataset df\nimport pandas as pd\ndf = pd.DataFrame({'a': range(9)})\nlen(df)"
QUIET = {"yes": True, "say": lambda _: None}

FLOCK = """
import fcntl, sys
file = open(sys.argv[1], "ab")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
# a writer, as long as it likes; and a program that lets nobody even read
WRITING = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
ALONE = WRITING.replace('db.execute("BEGIN', 'db.execute("PRAGMA locking_mode = EXCLUSIVE")\ndb.execute("BEGIN')


@contextmanager
def held(how, path):
    """Let another process hold a file until this ends."""
    holder = subprocess.Popen([sys.executable, "-c", how, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        yield
    finally:
        holder.stdin.close()
        assert holder.wait(30) == 0
        holder.stdout.close()


# -- databases


@pytest.mark.parametrize("how", [WRITING, ALONE], ids=["by a writer", "by one who is alone"])
def test_cells_run_while_the_record_is_locked_and_are_recorded_after(kernel, recorded, tmp_path, how):
    """Each wait has an end, only the first is long; it is said once, and every run is in the record in the end."""
    database = tmp_path / "work" / ".swarmprov" / "record.sqlite"
    k = kernel()
    k.run("import swarmprov_nb.recording as r\nr._PATIENCE, r._NO_PATIENCE = 0.4, 0.1")
    with Record(tmp_path / "work", key=KEY):
        pass
    if how == WRITING:  # nobody can be alone with a file that is open
        k.run(LOAD)
    with held(how, database):
        loaded = k.run(LOAD)
        said = [k.run(f"b{n} = {n}\nb{n}", f"b{n}") for n in range(4)]
    after = k.run("c = b3", "c")
    told = [each.traceback.strip() for each in (loaded, *said, after) if each.traceback]

    assert [(each.text, each.status) for each in said] == [(str(n), "ok") for n in range(4)]
    assert len(told) == 1
    assert "locked by another program" in told[0]
    assert len(told[0].splitlines()) == 2
    assert [run.cell_id for run in recorded().runs if run.cell_id] == ["b0", "b1", "b2", "b3", "c"]
    assert recorded().session.trusted


@pytest.mark.parametrize("end", ["%unload_ext swarmprov", "the kernel is shut down"])
def test_what_could_not_be_recorded_is_published_by_nobody_and_written_at_the_end(kernel, recorded, tmp_path, end):
    """A publish would miss the last runs, so it says so; unloading the extension or ending the kernel writes them."""
    k = kernel({"make": TABLE})
    k.run("import swarmprov_nb.recording as r\nr._PATIENCE, r._NO_PATIENCE = 0.4, 0.1")
    k.run(LOAD)
    k.run(TABLE, "make")
    with held(WRITING, tmp_path / "work" / ".swarmprov" / "record.sqlite"):
        k.run("del df", "gone")
        refused = k.run("%publish --yes --chain none")
    k.run(end) if end.startswith("%") else k.manager.shutdown_kernel(now=False)

    assert "locked by another program" in refused.traceback
    assert len(refused.traceback.strip().splitlines()) == 2
    assert [run.cell_id for run in recorded().runs if run.cell_id] == ["make", "gone"]


def test_a_record_is_read_while_another_program_writes(tmp_path):
    """Asking needs no turn to write; who wants to write waits for it, and what failed is not half there."""
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "n.ipynb", 1.0))
        path = record.path
    with held(WRITING, path), Record(tmp_path, key=KEY, create=False, patience=0.2) as record:
        assert [session.id for session in record.sessions()] == ["s"]
        for _ in range(2):
            with pytest.raises(RecordError, match="locked by another program"):
                record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
        assert record.lineage("s").runs == ()
    with held(ALONE, path), pytest.raises(RecordError, match="locked by another program") as refused:
        Record(tmp_path, key=KEY, create=False, patience=0.2)
    assert refused.value.next_step
    with Record(tmp_path, key=KEY) as record:
        record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
        record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))  # as who does not know that it was taken
        assert len(record.lineage("s").runs) == 1


def test_a_reader_that_holds_a_commit_off_leaves_the_record_usable(tmp_path):
    """With a rollback journal a reader can stop a commit: it is taken back whole, and comes when the reader is gone."""
    reading = WRITING.replace('BEGIN EXCLUSIVE")', 'BEGIN")\ndb.execute("SELECT * FROM sessions")')
    (tmp_path / ".swarmprov").mkdir()
    (tmp_path / ".swarmprov" / "record.sqlite-shm").symlink_to("no/where")
    with Record(tmp_path, key=KEY, patience=0.2) as record:
        record.add_session(Session("s", "n.ipynb", 1.0))
        with held(reading, record.path):
            for _ in range(2):
                with pytest.raises(RecordError, match="locked by another program"):
                    record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
        record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
        assert len(record.lineage("s").runs) == 1


def test_a_locked_index_of_contents_is_no_reason_to_move_it(tmp_path, monkeypatch):
    """What is only locked is said to be locked: whoever moved it away would lose it for nothing."""
    home = Home(tmp_path / "home")
    monkeypatch.setattr(storing, "_PATIENCE", 0.2)
    study = make_study(home, tmp_path / "one")
    with held(WRITING, home.root / "contents.sqlite"), pytest.raises(StorageError, match="locked") as refused:
        make_study(home, tmp_path / "two")
    assert "Move" not in refused.value.next_step
    assert publish(study.notebook, home=home, chain="none", **QUIET) is not None
    assert fsck(home, study.folder).damage == ()


# -- locks


@pytest.fixture
def impatient(monkeypatch):
    """Wait for locks as long as a test may."""
    for module in (packs, pack_use, kept_lines):
        monkeypatch.setattr(module, "LOCK_SECONDS", 0.3)
    for module in (journal, account_lock):
        monkeypatch.setattr(module, "_PATIENCE", 0.3)


def test_a_lock_that_is_never_given_back_is_not_waited_for_for_ever(tmp_path, impatient):
    """Each lock of ours, held by a process that hangs: two sentences, and the same works once it is gone."""
    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "work")
    Purse.of(home, "gnosis", "xDAI").promise("one", 1)
    chain = home.chain / "locks" / f"embedded-0x{'ab' * 20}.lock"
    chain.parent.mkdir(parents=True)
    home.private_folder(home.journal)

    def account():
        with account_lock.account_lock(chain.parent, "embedded", "0x" + "ab" * 20):
            pass

    cases = [
        (home.journal / "lock", lambda: publish(study.notebook, home=home, chain="none", **QUIET), SwarmprovError),
        (home.journal / "lock", lambda: free(home, study.folder), SwarmprovError),
        (home.store / "lock", lambda: put(user_store(home), b"1"), StorageError),
        (home.store / "uses", lambda: put(user_store(home), b"2"), StorageError),
        (chain, account, ChainError),
        (home.root / "spending.jsonl", lambda: Purse.of(home, "gnosis", "xDAI").promise("two", 2), StorageError),
    ]
    for path, what, kind in cases:
        with held(FLOCK, path), pytest.raises(kind) as refused:
            what()
        assert refused.value.next_step, path
        what()
    assert Purse.of(home, "gnosis", "xDAI").spent() == 3
    assert len(receipts(home)) == 1
    assert fsck(home, study.folder).damage == ()


def test_a_publish_that_waits_for_another_can_be_cancelled(tmp_path):
    """Whoever waits in line for a publish that does not end can leave it, and nothing was begun."""

    class Impatient(Told):
        def check(self):
            raise PublishCancelled

    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "work")
    publisher = Publisher.of(home, chain="none", store=None, batch=None, wallet=None)
    notebook = Notebook.read(study.notebook)
    planned = plan_of(notebook, lineage(study.notebook, home=home), publisher, choices=Choices())
    home.private_folder(home.journal)
    with held(FLOCK, home.journal / "lock"), pytest.raises(PublishCancelled):
        carry_out(planned, publisher, progress=Impatient(lambda _: None))
    assert list(home.journal.glob("*.jsonl")) == []
    assert publish(study.notebook, home=home, chain="none", **QUIET) is not None


def test_a_store_that_is_kept_alone_costs_a_cell_nothing_but_its_dataset(kernel, recorded, tmp_path):
    """The cell runs, the note says why the dataset is missing, and its cell stores it when it runs again."""
    k = kernel()
    k.run(LOAD)
    k.run(TABLE, "first")
    k.run("from swarmprov_nb.swarm import pack_use, packs\npack_use.LOCK_SECONDS = packs.LOCK_SECONDS = 0.3")
    with held(FLOCK, tmp_path / "home" / "store" / "uses"):
        said = k.run(TABLE.replace("9", "8"), "second")
    noted = [artifact for artifact in recorded().artifacts if artifact.name == "df"][-1]
    k.run(TABLE.replace("9", "8"), "second")
    again = [artifact for artifact in recorded().artifacts if artifact.name == "df"][-1]

    assert (said.text, said.status) == ("8", "ok")
    assert "kept the store" in said.traceback
    assert (noted.stored, "kept the store" in noted.note) == (None, True)
    assert again.stored is not None


def test_locks_are_shared_and_waited_for(tmp_path):
    """Shares go side by side, one alone waits for them, and is let in within its patience once they are gone."""
    path = tmp_path / "lock"
    with path.open("ab") as one, path.open("ab") as two, path.open("ab") as three:
        assert locked_within(one.fileno(), 0, share=True)
        assert locked_within(two.fileno(), 0, share=True)
        waits = []

        def waiting():
            waits.append(time.monotonic())
            if len(waits) == 3:
                one.close()
                two.close()

        assert not locked_within(three.fileno(), 0)
        assert locked_within(three.fileno(), 60, waiting=waiting)
        assert len(waits) == 3
