"""kill -9 at every step of recording: each cell run that was said to be finished is there, once and whole."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory

import pytest
from kernels import Kernel
from killing import Forge, Ran, forge, healthy, kills, named, only_mine
from studies import write_notebook

from swarmprov_nb.errors import RecordError
from swarmprov_nb.freeing import free, spare
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Lineage, Record
from swarmprov_nb.lineage.graph import ancestors_of
from swarmprov_nb.publishing import publish
from swarmprov_nb.storing import Keeper
from swarmprov_nb.verifying import verify

CELLS = {
    "load": "%load_ext swarmprov",
    "raw": "import pandas as pd\nraw = pd.read_csv('raw.csv')",
    "clean": "%%provenance clean --dataset clean\nclean = raw[raw.n > 1]",
    "write": "clean.to_csv('clean.csv')",
    "cite": "%%provenance cite --dataset raw\nlen(raw)",  # says more of what another run recorded
    "fit": "%%provenance fit --model weights\nimport numpy as np\nweights = clean.n.to_numpy() * 2.0",
}
RECORD = """
import json, os
from pathlib import Path
import numpy, pandas
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
import swarmprov, swarmprov_nb.magics, swarmprov_nb.catalogue, swarmprov_nb.storing, swarmprov_nb.artifacts.registry
import swarmprov_nb.capture.environment, swarmprov_nb.manifest.finding_paths
from steps import report

def act(notebook, home, cells="99"):
    os.environ.update(SWARMPROV_HOME=home, SWARMPROV_NOTEBOOK=notebook)
    os.chdir(Path(notebook).parent)
    shell = InteractiveShell.instance(config=Config(HistoryManager={"enabled": False}))
    code = [cell for cell in json.loads(Path(notebook).read_text())["cells"] if cell["cell_type"] == "code"]
    for cell in code[: int(cells)]:
        assert shell.run_cell(cell["source"], store_history=True, cell_id=cell["id"]).success
        report("finished " + cell["id"])
"""


def folder_of(place: Path) -> Path:
    """Make a folder with a notebook that nobody has run."""
    place.mkdir(parents=True)
    (place / "raw.csv").write_text("n\n" + "".join(f"{number}\n" for number in range(50)))
    write_notebook(place / "study.ipynb", CELLS)
    return place


def sessions_in(folder: Path, home: Home) -> list[Lineage]:
    """Return all that is recorded in a folder, oldest first."""
    try:
        with Record(folder, key=home.secret(RECORD_KEY), create=False) as record:
            return [record.lineage(session.id) for session in record.sessions()]
    except RecordError as error:
        assert "Nothing has been recorded" in error.what  # noqa: PT017 - what the words are is the point
        return []


def told(lineage: Lineage, home: Home) -> object:
    """Return all that a lineage says but for times and the session's name, every stored byte read back."""
    keeper, own = Keeper(home), lineage.session.id
    artifacts = {
        artifact.id.replace(own, ""): (artifact.declared, artifact.kind, artifact.summary, artifact.note,
                                       artifact.stored and artifact.stored.content_id,
                                       [run.step for run in ancestors_of(lineage, artifact).runs])
        for artifact in lineage.artifacts
    }  # fmt: skip
    for artifact in lineage.artifacts:
        if artifact.stored is not None and artifact.stored.reference is not None:
            assert sum(map(len, keeper.read(artifact.stored))) == artifact.stored.size
    runs = [(run.cell_id, run.sequence, run.status, run.source, run.step, run.gap) for run in lineage.runs]
    edges = sorted((e.writer.replace(own, ""), e.reader.replace(own, ""), e.name, e.kind) for e in lineage.edges)
    uses = sorted((use.run.replace(own, ""), use.artifact.replace(own, "")) for use in lineage.uses)
    return lineage.session.trusted, runs, edges, uses, artifacts


@pytest.fixture
def recorder(tmp_path):
    with forge(RECORD, tmp_path / "forge") as started:
        yield started


def expected_after_each(recorder: Forge, place: Path) -> list[object]:
    """Return what the record says after no cell run, after one, and so on, where nothing is killed."""
    after: list[object] = []
    for cells in range(1, len(CELLS) + 1):
        folder, home = folder_of(place / f"{cells}"), Home(place / f"{cells}" / "home")
        assert recorder.run(folder / "study.ipynb", home.root, cells).code == 0
        (lineage,) = sessions_in(folder, home)
        after.append(told(lineage, home))
    assert all(len(told[1]) == number for number, told in enumerate(after, 1))
    return after


def all_is_there(reported, folder: Path, home: Home, after: list[object]) -> None:
    """Hold what is recorded against what was reported: each finished run once, whole, and at most one more."""
    finished = [line.split()[1] for line in reported if line.startswith("finished ")]
    (lineage,) = [found for found in sessions_in(folder, home) if found.runs] or [None]
    runs = [] if lineage is None else [run.cell_id for run in lineage.runs]
    assert runs == list(CELLS)[: len(runs)]
    assert len(finished) <= len(runs) <= len(finished) + 1
    if lineage is not None:
        assert told(lineage, home) == after[len(runs) - 1]


def goes_on(recorder: Forge, folder: Path, home: Home, after: list[object]) -> None:
    """Record it all by another process, beside what is there; then free what the killed one left."""
    before = sessions_in(folder, home)
    assert recorder.run(folder / "study.ipynb", home.root).code == 0
    *earlier, last = sessions_in(folder, home)
    assert earlier == before
    assert told(last, home) == after[-1]
    free(home, folder, hours=0)
    assert spare(home, folder, hours=0).nothing
    assert told(sessions_in(folder, home)[-1], home) == after[-1]


def publishes(folder: Path, home: Home) -> None:
    """Publish what is recorded, and verify it."""
    done = publish(folder / "study.ipynb", chain="none", yes=True, home=home, say=str)
    assert verify(done.reference, home=home).exit_code == 0


def killed_everywhere(recorder: Forge, place: Path, times: int) -> int:
    """Kill a recording at every step so many times; returns at how many steps."""
    after = expected_after_each(recorder, place / "whole")
    folder = folder_of(place / "steps")
    whole = recorder.run(folder / "study.ipynb", folder / "home")
    for number, order in enumerate(kills(whole, times)):
        folder = folder_of(place / "killed")
        home = Home(folder / "home")
        with named(order):
            killed = recorder.run(folder / "study.ipynb", home.root, **order)
            assert killed.code == -signal.SIGKILL or "after" in order
            only_mine(home)
            all_is_there(killed.said, folder, home, after)
            healthy(home, folder)
            if number % (2 * times) == 1 and "finished clean" in killed.said:
                publishes(folder, home)
            if number % (3 * times) == times // 2:
                goes_on(recorder, folder, home, after)
                healthy(home, folder)
        shutil.rmtree(folder)
    return len(set(whole.steps))


@pytest.mark.timeout(900)
def test_kill_9_at_every_step_of_recording_loses_no_finished_run(recorder, tmp_path):
    """Three times at each step, and at any time: what was finished is recorded whole, and recording goes on."""
    assert killed_everywhere(recorder, tmp_path, 3) > 35


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_kill_9_at_every_step_of_recording_a_hundred_times(recorder, tmp_path):
    """As above, 100 times each."""
    assert killed_everywhere(recorder, tmp_path, 100) > 35


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(1800)
def test_a_hundred_kernels_killed_at_any_time(recorder, tmp_path):
    """Real kernels, killed from outside while they run cells one after the other."""
    after = expected_after_each(recorder, tmp_path / "whole")
    whole = kernel_killed(tmp_path / "unharmed", 600.0, patience=60)
    assert whole.said == [f"finished {name}" for name in CELLS]
    for number in range(100):
        folder = tmp_path / "killed"
        order = {"after": whole.seconds * (number + 0.5) / 100}
        with named(order):
            ended = kernel_killed(folder, order["after"])
            all_is_there(ended.said, folder, Home(folder / "home"), after)
            healthy(Home(folder / "home"), folder)
        shutil.rmtree(folder)


def kernel_killed(folder: Path, seconds: float, *, patience: float = 3) -> Ran:
    """Run the cells in a kernel that is killed so long after the first began; returns what was heard to be finished."""
    folder_of(folder)
    said: list[str] = []
    with TemporaryDirectory(prefix="k") as sockets:  # ipc paths are short
        kernel = Kernel(folder, folder / "home", folder / "study.ipynb", Path(sockets))
        begun = time.monotonic()
        killer = threading.Timer(seconds, kernel.manager.signal_kernel, [signal.SIGKILL])
        killer.start()
        with suppress(Empty):
            for name, source in CELLS.items():
                kernel.run(source, name, timeout=patience)
                said.append(f"finished {name}")
        took = time.monotonic() - begun
        killer.cancel()
        killer.join()
        kernel.stop()
    return Ran(0, took, said, [])
