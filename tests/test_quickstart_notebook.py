"""The quickstart notebook: a plain study that gives the same results wherever and however it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from swarmprov_nb.magics import step_request

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
RESULTS = ["accuracy_by_species.csv", "confusion.png", "predictions.csv"]


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOKS / "quickstart.ipynb", as_version=4)


@pytest.fixture(scope="module")
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def needs_the_study():
    """What the quickstart imports comes with the extras tables and ml."""
    for name in ("matplotlib", "pandas", "sklearn"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'swarmprov-nb[tables,ml]'")


@pytest.fixture(scope="module")
def plain(notebook, needs_the_study, tmp_path_factory):
    """Return the notebook as nbconvert ran it without its magics, and the folder that it ran in."""
    folder = copied(tmp_path_factory.mktemp("plain"))
    stripped = nbformat.from_dict(notebook)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
    nbformat.write(stripped, folder / "plain.ipynb")
    words = ("--to=notebook", "--execute", "--inplace", "plain.ipynb")
    return run("nbconvert", *words, folder=folder, written="plain.ipynb"), folder


@pytest.fixture(scope="module")
def recorded(needs_the_study, tmp_path_factory):
    """Return the unchanged notebook as nbconvert ran it in its own folder, and that folder."""
    folder = copied(tmp_path_factory.mktemp("recorded"))
    words = ("--to=notebook", "--execute", "--output=done.ipynb", "quickstart.ipynb")
    return run("nbconvert", *words, folder=folder, written="done.ipynb"), folder


@pytest.fixture(scope="module")
def papermilled(needs_the_study, tmp_path_factory):
    """Return the unchanged notebook as papermill ran it from the folder above, and the notebook's folder."""
    folder = copied(tmp_path_factory.mktemp("papermill"))
    words = ("notebooks/quickstart.ipynb", "notebooks/done.ipynb", "--no-progress-bar")
    return run("papermill", *words, folder=folder.parent, written="notebooks/done.ipynb"), folder


def copied(parent):
    """Copy the notebook and its data, and nothing that an earlier run wrote, below `parent`."""
    left_out = shutil.ignore_patterns("results", ".swarmprov", ".ipynb_checkpoints")
    return shutil.copytree(NOTEBOOKS, parent / "notebooks", ignore=left_out)


def run(tool, *words, folder, written):
    """Run a tool as people do, in a process and home of its own; return the notebook that it has written."""
    homes = {"SWARMPROV_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", tool, *words]
    ran = subprocess.run(
        command, cwd=folder, env={**os.environ, **homes}, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    return nbformat.read(folder / written, as_version=4)


def complaints(done):
    """Return what the cells of an executed notebook wrote to stderr, or raised."""
    outputs = [(cell.id, output) for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    return [
        (key, output) for key, output in outputs if output.output_type == "error" or output.get("name") == "stderr"
    ]


def test_the_table_is_the_published_one():
    """The raw table is the one whose source, licence and digest are stated beside it."""
    stated = (NOTEBOOKS / "data/README.md").read_text(encoding="utf-8")
    table = (NOTEBOOKS / "data/penguins-raw.csv").read_bytes()

    assert sha256(table).hexdigest() in stated
    assert len(table.splitlines()) == 1 + 344
    assert "CC0-1.0" in stated


def test_it_is_a_valid_notebook_without_outputs(notebook, code):
    """It is nbformat 4.5 with readable cell ids, and holds nothing of a run."""
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", key) for key in ids)
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def test_it_is_a_study_and_a_tutorial(notebook, code):
    """It has at least 14 code cells, headings that name its steps, and hardly a code cell without words before it."""
    kinds = [cell.cell_type for cell in notebook.cells]
    alone = sum(pair == ("code", "code") for pair in pairwise(kinds))
    headings = [cell.source for cell in notebook.cells if cell.source.startswith("## ")]

    assert len(code) >= 14
    assert len(headings) >= 10
    assert alone <= len(code) / 3


def test_it_loads_the_extension_first_and_never_publishes(code):
    """The first cell loads the extension, the last draw the lineage, and nothing leaves the machine by running it."""
    magics = [line for cell in code for line in cell.source.splitlines() if line.startswith("%")]

    assert code[0].source == "%load_ext swarmprov"
    assert code[-2].source == "%provenance"
    assert {line.split()[0] for line in magics} == {"%load_ext", "%provenance", "%%provenance"}


def test_its_magics_can_be_meant(code):
    """Every line after %%provenance is understood, and names variables of its own cell."""
    declared = 0
    for cell in code:
        first, _, body = cell.source.partition("\n")
        if not first.startswith("%%provenance "):
            continue
        request = step_request(first.removeprefix("%%provenance "))
        declared += len(request.declared)

        assert all(re.search(rf"\b{one.name}\b", body) for one in request.declared)
    assert declared >= 7


def test_it_runs_without_its_magics_and_without_warnings(plain):
    """Without the magics it is the same study: it runs in any kernel, warns of nothing, and writes its files."""
    done, folder = plain

    assert complaints(done) == []
    assert sorted(path.name for path in (folder / "results").iterdir()) == RESULTS


def test_what_it_finds_is_what_it_says(plain):
    """Its answer holds: both models are right about most birds of every species, on rows that they were not given."""
    import pandas as pd

    done, folder = plain
    accuracy = pd.read_csv(folder / "results/accuracy_by_species.csv")
    texts = "".join(output.text for cell in done.cells for output in cell.get("outputs", []) if "text" in output)
    train, test = map(int, re.findall(r"(\d+) rows to", texts))

    assert train + test == 333
    assert accuracy["rows"].sum() == test
    assert accuracy[["logistic", "forest"]].to_numpy().min() > 0.75


def test_it_runs_unchanged_under_nbconvert(recorded):
    """nbconvert --execute runs it as it is; no cell complains, and the last cells draw the lineage."""
    done, _ = recorded

    assert complaints(done) == []
    shown = [cell for cell in done.cells if cell.id.startswith("show-")]
    assert shown
    assert all("image/" in str(cell.outputs) or "<img" in str(cell.outputs) for cell in shown)


def test_it_runs_unchanged_under_papermill(papermilled):
    """Papermill, started in the folder above, runs it as it is and finds the data."""
    done, folder = papermilled

    assert [one for one in complaints(done) if one[1].output_type == "error"] == []
    assert sorted(path.name for path in (folder / "results").iterdir()) == RESULTS


def test_recording_changes_no_result(plain, recorded):
    """The files of a recorded run are byte for byte those of a plain run."""
    (_, plain_folder), (_, recorded_folder) = plain, recorded

    assert [(plain_folder / "results" / name).read_bytes() for name in RESULTS] == [
        (recorded_folder / "results" / name).read_bytes() for name in RESULTS
    ]
