from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from swarmprov_nb.errors import RecordError
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Record, Session, Stored, Use

KEY = b"k" * 32


def a_run(number: int, session: str = "s") -> CellRun:
    return CellRun(f"{session}:{number}", session, number, f"x = {number}", "00" * 32, "ok", 1.0, 2.0, bound=("x",))


def test_what_is_recorded_comes_back_equal(tmp_path):
    """A cell run, its edges, artifacts and uses read back as they were written."""
    stored = Stored("ab" * 32, 3, "table:1", "text/csv", ".csv", "cd" * 32, ("fallback",))
    artifact = Artifact("s:1/x@1", "s:1", "x", 1, "dataset", True, (2, 3), (("a", "int64"),), "2 rows",
                        declaration=Declaration(license="MIT"), stored=stored)  # fmt: skip
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "n.ipynb", 1.5, {"python": {"version": "3"}}))
        record.add_run(a_run(1), artifacts=[artifact])
        record.add_run(a_run(2), edges=[Edge("s:1", "s:2", "x")], uses=[Use("s:2", artifact.id)])
    with Record(tmp_path, key=KEY, create=False) as record:
        found = record.lineage("s")

    assert found.runs == (a_run(1), a_run(2))
    assert found.artifacts == (artifact,)
    assert found.edges == (Edge("s:1", "s:2", "x"),)
    assert found.uses == (Use("s:2", artifact.id),)
    assert found.session.trusted


def test_a_record_from_another_home_is_foreign(tmp_path):
    """Without this home's key the sessions are shown and not trusted."""
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "n.ipynb", 1.0))
        record.add_run(a_run(1))

    with Record(tmp_path, key=b"z" * 32) as record:
        assert not record.sessions()[0].trusted
        assert not record.lineage("s").session.trusted


@pytest.mark.parametrize("link", [".swarmprov", ".swarmprov/record.sqlite"])
@pytest.mark.parametrize("create", [True, False])
def test_a_link_to_ones_own_record_is_no_record(tmp_path, link, create):
    """A folder that a stranger made does not lead to what was recorded elsewhere, which bears this home's mark."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    with Record(mine, key=KEY) as record:
        record.add_session(Session("s", "study.ipynb", 1.0))
    (theirs / link).parent.mkdir(parents=True)
    (theirs / link).symlink_to(mine / link)
    with pytest.raises(RecordError, match="is a link"):
        Record(theirs, key=KEY, create=create)


def test_a_link_beside_a_record_makes_no_file_elsewhere(tmp_path):
    """The ignore file of a record is not written through a link that stands in its place."""
    elsewhere = tmp_path / ".bash_profile"
    (tmp_path / "theirs" / ".swarmprov").mkdir(parents=True)
    (tmp_path / "theirs" / ".swarmprov" / ".gitignore").symlink_to(elsewhere)
    with Record(tmp_path / "theirs", key=KEY) as record:
        record.add_session(Session("s", "study.ipynb", 1.0))
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE runs SET body = replace(body, 'x = 1', 'x = 9')",
        "DELETE FROM edges",
        "UPDATE artifacts SET body = replace(body, 'MIT', 'GPL')",
        "UPDATE edges SET name = 'y'",
        "INSERT INTO uses VALUES ('s:1', 'a', 'exact')",
        "UPDATE sessions SET environment = '{}'",
    ],
)
def test_a_changed_row_makes_the_session_foreign(tmp_path, forgery):
    """Whatever is changed behind the recorder's back, the session is no longer trusted."""
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "n.ipynb", 1.0, {"a": 1}))
        declared = Artifact("a", "s:1", "x", 1, "file", declaration=Declaration(license="MIT"))
        record.add_run(a_run(1), artifacts=[declared])
        record.add_run(a_run(2), edges=[Edge("s:1", "s:2", "x")])
        path = record.path
    database = sqlite3.connect(path)
    with database:
        database.execute(forgery)
    database.close()

    with Record(tmp_path, key=KEY) as record:
        assert not record.lineage("s").session.trusted


def test_bytes_that_are_stored_later_keep_the_record_trusted(tmp_path):
    """Updating an artifact marks its run anew."""
    artifact = Artifact("a", "s:1", "x", 1, "dataset")
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "n.ipynb", 1.0))
        record.add_run(a_run(1), artifacts=[artifact])
        record.update_artifact(replace(artifact, declared=True))
        found = record.lineage("s")

    assert found.session.trusted
    assert found.artifacts[0].declared


def test_renaming_a_notebook_does_not_make_its_record_foreign(tmp_path):
    """The notebook's name is a hint, not part of what is marked."""
    with Record(tmp_path, key=KEY) as record:
        record.add_session(Session("s", "old.ipynb", 1.0))
        record._db.execute("UPDATE sessions SET notebook = 'new.ipynb'")

        assert record.sessions("new.ipynb")[0].trusted


def test_forgetting_deletes_one_notebook_and_leaves_the_others(tmp_path):
    """Forget removes every row of the notebook's sessions and no other."""
    with Record(tmp_path, key=KEY) as record:
        for session, notebook in (("s", "a.ipynb"), ("t", "b.ipynb")):
            record.add_session(Session(session, notebook, 1.0))
            record.add_run(a_run(1, session), artifacts=[Artifact(f"{session}/a", f"{session}:1", "x", 1, "file")])
            record.add_run(a_run(2, session), edges=[Edge(f"{session}:1", f"{session}:2", "x")])

        assert record.forget("a.ipynb") == 1
        assert [session.id for session in record.sessions()] == ["t"]
        assert len(record.lineage("t").edges) == 1
        counts = [record._db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("runs", "edges", "artifacts")]
        assert counts == [2, 1, 1]


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no database, but long enough to be read" * 40, "cannot be read"), (None, "is not a swarmprov record")],
)
def test_a_corrupt_or_foreign_file_is_named_in_two_sentences(tmp_path, content, says):
    """What is no record of ours is refused with what happened and what to do."""
    path = tmp_path / ".swarmprov" / "record.sqlite"
    path.parent.mkdir()
    if content is None:
        database = sqlite3.connect(path)
        database.execute("CREATE TABLE other (x)")
        database.close()
    else:
        path.write_bytes(content)

    with pytest.raises(RecordError, match=says) as error:
        Record(tmp_path, key=KEY)
    assert error.value.next_step


def test_a_newer_record_is_refused_with_the_upgrade_command(tmp_path):
    """A record of a later version is not touched."""
    with Record(tmp_path, key=KEY) as record:
        record._db.execute("PRAGMA user_version = 99")

    with pytest.raises(RecordError, match="newer swarmprov") as error:
        Record(tmp_path, key=KEY)
    assert "pip install --upgrade" in error.value.next_step


def test_two_processes_and_threads_record_at_once(tmp_path):
    """Several kernels write one record; nothing is lost and nothing is mixed."""
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from swarmprov_nb.lineage import *
        name = sys.argv[2]
        with Record(Path(sys.argv[1]), key=b"k" * 32) as record:
            record.add_session(Session(name, "n.ipynb", 1.0))
            for n in range(1, 41):
                record.add_run(CellRun(f"{name}:{n}", name, n, "x", "00", "ok", 1.0, 2.0))
        """
    )
    workers = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path), name]) for name in "abc"]

    assert [worker.wait(60) for worker in workers] == [0, 0, 0]
    with Record(tmp_path, key=KEY) as record:
        lineages = [record.lineage(name) for name in "abc"]
    assert [[run.sequence for run in lineage.runs] for lineage in lineages] == [list(range(1, 41))] * 3
    assert all(lineage.session.trusted for lineage in lineages)


def test_a_kill_leaves_every_finished_run_and_no_half_one(tmp_path):
    """After kill -9 in mid-write the record opens, with each run whose write had returned."""
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from swarmprov_nb.lineage import *
        with Record(Path(sys.argv[1]), key=b"k" * 32) as record:
            record.add_session(Session("s", "n.ipynb", 1.0))
            for n in range(1, 100000):
                edges = [Edge(f"s:{n - 1}", f"s:{n}", f"v{k}") for k in range(30)] if n > 1 else []
                record.add_run(CellRun(f"s:{n}", "s", n, "x" * 4000, "00", "ok", 1.0, 2.0), edges=edges)
                print(n, flush=True)
        """
    )
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    written = 0
    for line in worker.stdout:
        written = int(line)
        if written == 25:
            os.kill(worker.pid, signal.SIGKILL)
            break
    written = max([written, *(int(line) for line in worker.stdout.read().split())])
    worker.wait()
    worker.stdout.close()

    with Record(tmp_path, key=KEY) as record:
        found = record.lineage("s")
    assert found.session.trusted
    assert [run.sequence for run in found.runs] == list(range(1, len(found.runs) + 1))
    assert written <= len(found.runs) <= written + 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """A record in a place that takes no files fails in two sentences."""
    blocked = tmp_path / "file"
    blocked.write_text("")

    with pytest.raises(RecordError, match="cannot be written") as error:
        Record(blocked, key=KEY)
    assert "writable" in error.value.next_step


def test_the_record_keeps_itself_out_of_git(tmp_path):
    """The folder carries its own .gitignore."""
    with Record(tmp_path, key=KEY) as record:
        ignore = record.path.parent / ".gitignore"

    assert "*" in Path(ignore).read_text().splitlines()
