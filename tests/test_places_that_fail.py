"""Places that take no writes or go away: the notebook goes on, one error says what to do, what was there is whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disks import mounted
from studies import make_study, write_notebook

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Record
from swarmprov_nb.publishing import publish
from swarmprov_nb.verifying import verify

LOAD = "%load_ext swarmprov"
KEY = b"k" * 32
TABLE = "%%provenance make --dataset df\nimport pandas as pd\ndf = pd.DataFrame({'a': range(9)})\nlen(df)"


def told(*said):
    """Return the errors of ours that cells showed; each is two lines."""
    errors = [each.traceback.strip() for each in said if each.traceback]
    assert all(len(error.splitlines()) == 2 for error in errors)
    return errors


# -- that may not be written


@pytest.fixture(params=["for everybody", "for this user"])
def closable(request, tmp_path):
    """Return a function that makes tmp_path/work or home a folder that takes no writes, and one that opens it again."""
    if request.param == "for everybody":
        with mounted(tmp_path / "work") as work, mounted(tmp_path / "home") as home:
            disks = {"work": work, "home": home}
            yield (lambda name: disks[name].read_only()), (lambda name: disks[name].writable())
        return
    if os.geteuid() == 0:
        pytest.skip("root may write into every folder")
    folders = []

    def close(name):
        folders[:] = [path for path in ((tmp_path / name), *(tmp_path / name).rglob("*")) if path.is_dir()]
        for path in folders:
            path.chmod(0o500)

    def reopen(_):
        for path in folders:
            path.chmod(0o700)

    (tmp_path / "work").mkdir()
    (tmp_path / "home").mkdir()
    yield close, reopen
    reopen(None)


def test_a_notebook_in_a_folder_that_cannot_be_written_runs_as_always(closable, kernel, recorded, tmp_path):
    """Nothing can be recorded, which is said once; once it can be, all of the session is."""
    close, reopen = closable
    notebook = write_notebook(tmp_path / "work" / "study.ipynb", {})
    close("work")
    k = kernel(notebook=notebook)
    cells = {"load": LOAD, "a": "a = 1\na", "make": TABLE, "b": "b = a + 1\nb"}
    said = [k.run(cell, name) for name, cell in cells.items()]
    (error,) = told(*said)
    reopen("work")
    k.run("c = b + 1", "c")

    assert [each.text for each in said] == ["", "1", "9", "2"]
    assert {each.status for each in said} == {"ok"}
    assert "cannot be written" in error
    assert [run.cell_id for run in recorded().runs] == ["load", "a", "make", "b", "c"]
    assert recorded().session.trusted


def test_a_home_that_cannot_be_written_keeps_nothing_and_breaks_nothing(closable, kernel, recorded, tmp_path):
    """Cells run and are recorded, what cannot be stored is noted, publishing says why not; with it open it goes."""
    close, reopen = closable
    k = kernel({"make": TABLE})
    k.run(LOAD)
    k.run("a = 1", "a")
    close("home")
    said = k.run(TABLE, "make")
    refused = k.run("%publish --yes --chain none")
    (noted,) = [artifact for artifact in recorded().artifacts if artifact.name == "df"]
    reopen("home")
    again = k.run(TABLE, "make")
    published = k.run("%publish --yes --chain none")

    assert (said.text, said.status) == ("9", "ok")
    assert told(said)
    assert (noted.stored, bool(noted.note)) == (None, True)
    assert told(refused)
    assert (again.traceback, again.text) == ("", "9")
    assert "reference" in published.stdout, published
    assert fsck(Home(tmp_path / "home"), tmp_path / "work").damage == ()


def test_a_publication_is_read_where_nothing_may_be_written(closable, tmp_path):
    """Verifying needs no right to write; publishing what is published already neither hurts nor repeats it."""
    close, reopen = closable
    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "study")
    reference = publish(study.notebook, home=home, chain="none", yes=True, say=lambda _: None).reference
    close("home")
    report = verify(reference, home=home)
    with pytest.raises(SwarmprovError) as refused:
        publish(study.notebook, home=home, chain="local", again=True, yes=True, say=lambda _: None)
    reopen("home")

    assert report.exit_code == 0
    assert refused.value.next_step
    assert publish(study.notebook, home=home, chain="none", yes=True, say=lambda _: None).unchanged
    assert fsck(home, study.folder).damage == ()


def test_what_a_killed_kernel_left_in_the_log_is_read_where_nothing_may_be_written(tmp_path, closable):
    """A record whose last runs are still in SQLite's log shows them in a read-only folder too."""
    close, _ = closable
    script = """
import os, sys
from pathlib import Path
from swarmprov_nb.lineage import *
record = Record(Path(sys.argv[1]), key=b"k" * 32)
record.add_session(Session("s", "n.ipynb", 1.0))
record.add_run(CellRun("s:1", "s", 1, "x", "00", "ok", 1.0, 2.0))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "work")], check=True)
    assert (tmp_path / "work" / ".swarmprov" / "record.sqlite-wal").stat().st_size > 0
    close("work")
    with Record(tmp_path / "work", key=KEY, create=False) as record:
        assert [run.id for run in record.lineage("s").runs] == ["s:1"]
        assert record.lineage("s").session.trusted


# -- that go away


def test_a_record_that_is_removed_under_a_session_begins_anew(kernel, recorded, tmp_path):
    """It is said once, with what to do; what ran before is gone, what came from it has a gap, and it publishes."""
    k = kernel({"make": TABLE, "use": "part = df[:3]\npart.to_csv('part.csv')"})
    (tmp_path / "work" / "raw.csv").write_text("a\n1\n")
    k.run(LOAD)
    k.run("raw = open('raw.csv').read()", "raw")
    k.run(TABLE, "make")
    shutil.rmtree(tmp_path / "work" / ".swarmprov")
    said = [k.run("part = df[:3]\npart.to_csv('part.csv')", "use"), k.run("x = len(part)\nx", "x")]
    k.run("again = open('raw.csv').read()", "again")
    found = recorded()
    (error,) = told(*said)

    assert said[1].text == "3"
    assert "was removed" in error
    assert "first cell" in error
    assert [run.cell_id for run in found.runs] == ["use", "x", "again"]
    assert found.session.trusted
    assert "df" in found.runs[0].gap
    assert found.runs[1].gap is None
    known = {artifact.id for artifact in found.artifacts}
    assert {use.artifact for use in found.uses} <= known
    assert {edge.writer for edge in found.edges} <= {run.id for run in found.runs}
    assert any(artifact.name == "raw.csv" for artifact in found.artifacts)
    published = k.run("%publish --yes --chain none")
    assert "reference" in published.stdout, published.traceback
    reference = published.stdout.partition("reference")[2].split()[0]
    assert verify(reference, home=Home(tmp_path / "home")).exit_code == 0
    assert "not seen whole" in published.stdout
    assert fsck(Home(tmp_path / "home"), tmp_path / "work").damage == ()


def test_a_record_that_is_moved_with_its_folder_goes_on(kernel, tmp_path):
    """Renaming the project's folder under a session loses nothing: the record goes with it."""
    k = kernel()
    k.run(LOAD)
    k.run("a = 1", "a")
    (tmp_path / "work").rename(tmp_path / "moved")
    said = k.run("b = a + 1\nb", "b")
    key = Home(tmp_path / "home").secret(RECORD_KEY)
    with Record(tmp_path / "moved", key=key, create=False) as record:
        (session,) = record.sessions()
        found = record.lineage(session.id)

    assert (said.text, said.traceback) == ("2", "")
    assert [run.cell_id for run in found.runs if run.cell_id] == ["a", "b"]
    assert not (tmp_path / "work").exists()


def test_a_folder_that_is_removed_under_a_session_is_not_made_again(kernel, recorded, tmp_path):
    """Cells run on without their folder, which is said once; with the folder there again they are recorded in it."""
    k = kernel()
    k.run(LOAD)
    k.run("a = 1", "a")
    shutil.rmtree(tmp_path / "work")
    said = [k.run(f"b{n} = a\nb{n}", f"b{n}") for n in range(3)]
    gone = not (tmp_path / "work").exists()
    (tmp_path / "work").mkdir()
    write_notebook(tmp_path / "work" / "study.ipynb", {})
    k.run("c = 1", "c")

    assert [each.text for each in said] == ["1", "1", "1"]
    assert {each.status for each in said} == {"ok"}
    assert 1 <= len(told(*said)) <= 2  # that the record is gone, and that no other can be written
    assert gone
    assert [run.cell_id for run in recorded().runs] == ["b0", "b1", "b2", "c"]
    assert recorded().session.trusted


def test_a_home_that_is_removed_under_a_session(kernel, recorded, tmp_path):
    """It is made again; what was stored in it is gone, which a publish says, and what is made again is published."""
    k = kernel({"make": TABLE})
    k.run(LOAD)
    k.run(TABLE, "make")
    shutil.rmtree(tmp_path / "home")
    said = k.run("b = len(df)\nb", "b")
    refused = k.run("%publish --yes --chain none")
    again = k.run(TABLE, "make")
    published = k.run("%publish --yes --chain none")

    assert (said.text, said.traceback) == ("9", "")
    assert "no longer in the store" in refused.traceback
    assert told(refused)
    assert (again.text, again.traceback) == ("9", "")
    assert "reference" in published.stdout, published.traceback


@pytest.mark.parametrize("named", [True, False], ids=["of a notebook", "of no notebook"])
def test_a_kernel_whose_folder_is_gone(kernel, tmp_path, named):
    """Loading the extension and running cells works as well as it can where the working folder does not exist."""
    k = kernel() if named else kernel(notebook=Path())
    k.run("import os\nos.makedirs('gone')\nos.chdir('gone')\nos.rmdir('../gone')")
    said = [k.run(LOAD), k.run("a = 1\na"), k.run("b = a + 1\nb")]

    assert [each.text for each in said] == ["", "1", "2"]
    assert not any("Traceback" in each.traceback for each in said)
    assert {each.status for each in said[1:]} == {"ok"}


@pytest.mark.skipif(sys.version_info[:3] == (3, 13, 0), reason="Python 3.13.0 itself fails to import in such a folder")
def test_a_command_in_a_folder_that_is_gone_is_told_in_two_lines(tmp_path):
    """No command shows a traceback where its working folder was removed."""
    script = """
import os, sys
os.mkdir("x")
os.chdir("x")
os.rmdir("../x")
from swarmprov_nb.cli import main
for words in (["status"], ["gc"], ["fsck"], ["show", "study.ipynb"], ["publish", "study.ipynb"], ["doctor"]):
    code = main(words)
    print("code", code)
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    codes = [line for line in ran.stdout.splitlines() if line.startswith("code ")]

    assert ran.returncode == 0, ran.stderr
    assert len(codes) == 6
    assert "Traceback" not in ran.stderr
