"""Run: notebooks executed in real kernels from the command line, and what people wrote into them, everywhere shown."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from studies import write_notebook

from swarmprov_nb.cli import main
from swarmprov_nb.errors import RecordError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.receipts import receipts
from swarmprov_nb.running import CellFailed, run
from swarmprov_nb.showing import lineage

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>\n\r\x1b[2J\u202egnp.exe\u2066 "
FILE = "a<svg onload=alert(3)>\u202egnp\n'\".csv"


def swarmprov(capsys, *words):
    capsys.readouterr()
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_every_cell_runs_once_in_order_and_the_file_stays(folder):
    """All cells, the last too, each with its own id; no cell added, and the notebook byte for byte what it was."""
    path = write_notebook(folder / "n.ipynb", {"a": "x = [1]", "empty": " ", "b": "x.append(2)", "c": "y = sum(x)"})
    before = path.read_bytes()
    ran = run(path)
    recorded = lineage(path).runs

    assert ran.cells == 3
    assert [(one.cell_id, one.execution_count, one.status) for one in recorded] == [
        ("a", 1, "ok"), ("b", 2, "ok"), ("c", 3, "ok"),
    ]  # fmt: skip
    assert [cell.id for cell in ran.document.cells] == ["title", "a", "empty", "b", "c"]
    assert path.read_bytes() == before
    assert sorted(each.name for each in folder.iterdir()) == [".swarmprov", "n.ipynb"]


def test_the_executed_notebook_is_written_where_asked(folder, capsys):
    """-o writes what the cells answered, also of a run that failed; the place is tried before anything runs."""
    path = write_notebook(folder / "n.ipynb", {"a": "print('here')\n6 * 7", "b": "1 / 0", "c": "open('late', 'w')"})
    code, out, err = swarmprov(capsys, "run", path, "-o", "done.ipynb")
    done = nbformat.read("done.ipynb", as_version=4)

    assert (code, out) == (1, "")
    assert err.splitlines()[0] == "swarmprov: Cell 2 of n.ipynb raised ZeroDivisionError: division by zero."
    assert [output.output_type for output in done.cells[1].outputs] == ["stream", "execute_result"]
    assert done.cells[2].outputs[0].ename == "ZeroDivisionError"
    assert not Path("late").exists()
    for place in ("no/such/done.ipynb", "."):
        with pytest.raises(UsageError, match="cannot be written"):
            run(path, output=place)
    assert len(json.loads(Path("n.ipynb").read_text())["cells"]) == 4


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("x = = 1", "SyntaxError"),
        ("raise KeyboardInterrupt", "raised KeyboardInterrupt."),
        ("raise ValueError('two\\nlines \\x1b[2J' + 'x' * 5000)", "ValueError: two lines"),
        ("import os; os._exit(3)", "The kernel ended in cell 1"),
    ],
)
def test_a_cell_that_fails_is_named(folder, capsys, source, says):
    """The first and only cell: by its number and what it raised, in two lines; a kernel that died is noticed."""
    path = write_notebook(folder / "n.ipynb", {"a": source})
    code, out, err = swarmprov(capsys, "run", path)

    assert (code, out) == (1, "")
    assert says in err
    assert len(err.splitlines()) == 2
    assert "\x1b" not in err


def test_a_cell_that_takes_too_long_is_interrupted_and_recorded(folder):
    """The time for one cell: the record has the run as interrupted, and no later cell ran."""
    path = write_notebook(folder / "n.ipynb", {"a": "import time\ntime.sleep(60)", "b": "x = 1"})
    with pytest.raises(CellFailed, match="took too long"):
        run(path, timeout=1)

    assert [one.status for one in lineage(path).runs] == ["interrupted"]


def test_an_interrupted_run_is_recorded_as_such(folder):
    """Ctrl-C interrupts the cell under way, ends the kernel, and says so in two lines; exit code 130."""
    source = "open('begun', 'w').close()\nimport time\ntime.sleep(60)"
    path = write_notebook(folder / "n.ipynb", {"a": source, "b": "x = 1"})
    command = [sys.executable, "-m", "swarmprov_nb.cli", "run", str(path)]
    env = {**os.environ, "PYTHONPATH": str(NOTEBOOKS.parent)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as ran:
        while not Path("begun").exists() and ran.poll() is None:
            time.sleep(0.05)
        ran.send_signal(signal.SIGINT)
        said = ran.communicate(timeout=60)[1]

    assert ran.returncode == 130
    assert len(said.splitlines()) == 2, said
    assert [one.status for one in lineage(path).runs] == ["interrupted"]


def test_a_run_that_records_nothing_says_so(folder, monkeypatch, tmp_path):
    """Where the record cannot be written the cells run all the same, but run does not claim that they are recorded."""
    path = write_notebook(folder / "n.ipynb", {"a": "x = 1"})
    (folder / ".swarmprov").write_text("in the way")
    with pytest.raises(RecordError):
        run(path)


def test_publish_execute_runs_first_and_refuses_a_failed_run(folder, capsys):
    """--execute --yes: run, publish and answer; where a cell fails nothing is published."""
    good = write_notebook(folder / "good.ipynb", {"a": "x = [1, 2]", "b": "open('o.txt', 'w').write(str(x))"})
    bad = write_notebook(folder / "bad.ipynb", {"a": "open('p.txt', 'w').write('1')", "b": "1 / 0"})
    before = good.read_bytes()
    code, out, err = swarmprov(capsys, "publish", good, "--execute", "--yes", "--json")
    failed, *_ = swarmprov(capsys, "publish", bad, "--execute", "--yes")
    reference = json.loads(out)["reference"]

    assert (code, failed) == (0, 1)
    assert "o.txt" in err
    assert "\r" not in err
    assert [receipt.reference for receipt in receipts(Home.of_user())] == [reference]
    assert good.read_bytes() == before
    assert swarmprov(capsys, "verify", reference)[0] == 0


class Page(HTMLParser):
    """Collects the elements and attribute names of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture
def hostile(folder):
    """A notebook whose titles, steps, notes and file names hold HTML, line ends, controls, RTL and 10 kB of text."""
    long = f"{HOSTILE}{'long text ' * 1000}"
    declared = f"swarmprov.dataset(numpy.array(x), title={long!r}, purpose={long!r}, contact={HOSTILE!r})"
    cells = {
        "load": "%load_ext swarmprov",
        "step": '%%provenance "<b>step</b> \u202eRTL" --note "<i>note</i> ' + "n" * 10_000 + '"\nx = [1]',
        "title": f"import numpy, swarmprov\ny = {declared}",
        "file": f"open({FILE!r}, 'w').write(str(y))",
        "read": f"z = len(open({FILE!r}).read())",
        "last": f"# {HOSTILE.splitlines()[0]}\nopen('plain.txt', 'w').write(str(z))",
    }
    return write_notebook(folder / "<b>n.ipynb", cells, markdown=f"# {HOSTILE}")


def test_what_people_write_harms_nothing_that_shows_it(hostile, capsys, tmp_path):
    """Labels pass through run, show, publish, page and verify as text: no element, no control, no turned line."""
    assert swarmprov(capsys, "run", hostile)[0] == 0
    shown = [swarmprov(capsys, "show", hostile, *form) for form in ((), ("--table",), ("--all",))]
    _, out, err = swarmprov(capsys, "publish", hostile, "--yes", "--json")
    answer = json.loads(out)
    verified = swarmprov(capsys, "verify", answer["reference"])
    status = swarmprov(capsys, "status")
    swarmprov(capsys, "show", hostile, "--svg", tmp_path / "picture.svg")
    document = json.loads(swarmprov(capsys, "show", hostile, "--json")[1])
    page = Page(Path(answer["page"]).read_text("utf-8"))
    svg = Page((tmp_path / "picture.svg").read_text("utf-8"))

    assert [part[0] for part in (*shown, verified, status)] == [0, 0, 0, 0, 0]
    for text in (*(part[1] for part in (*shown, verified, status)), err):
        assert not {character for character in text if not character.isprintable()} - {"\n"}
        assert max(map(len, text.splitlines())) < 5000
    assert not page.tags & {"script", "b", "i", "iframe"}
    assert not svg.tags & {"script", "img", "foreignobject", "b", "i"}
    assert not {name for name in page.attributes | svg.attributes if name.startswith("on")}
    assert any(FILE in artifact["name"] for artifact in document["artifacts"])


def test_hostile_labels_leave_a_publication_that_can_be_got(hostile, capsys, tmp_path):
    """Every file gets a safe name inside the folder, and the saved file verifies as the same."""
    swarmprov(capsys, "publish", hostile, "--execute", "--yes")
    reference = receipts(Home.of_user())[0].reference

    assert swarmprov(capsys, "get", reference, tmp_path / "files")[0] == 0
    assert swarmprov(capsys, "save", reference, tmp_path / "n.swarm")[0] == 0
    assert swarmprov(capsys, "verify", tmp_path / "n.swarm")[0] == 0
    names = [path.name for path in (tmp_path / "files").rglob("*")]
    assert all(name.isprintable() and not set(name) & set("<>\"'\n\u202e") for name in names)


@pytest.mark.long
def test_the_quickstart_runs_from_the_command_line(folder, capsys):
    """The project's own notebook: run, show, publish, verify by the notebook."""
    pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install 'swarmprov-nb[ml]'")
    shutil.copytree(NOTEBOOKS / "data", folder / "data")
    path = Path(shutil.copy(NOTEBOOKS / "quickstart.ipynb", folder))

    assert swarmprov(capsys, "run", path)[0] == 0
    assert "model" in swarmprov(capsys, "show", path)[1]
    assert swarmprov(capsys, "publish", path, "--yes", "--write-receipt")[0] == 0
    assert swarmprov(capsys, "verify", path)[0] == 0
