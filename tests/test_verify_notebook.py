"""The notebook that checks a stranger's saved file: it runs to its end, and the file is what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from our_notebooks import executed, told

from swarmprov_nb.carrying import get
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import from_did
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.running import run
from swarmprov_nb.verifying import verify

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
FILE = NOTEBOOKS / "penguins.swarm"
LARGEST = 300_000
KEY = 32  # bytes of an Ed25519 key, either half


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOKS / "verify.ipynb", as_version=4)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return the notebook as nbclient ran it, in a folder and home of its own."""
    for name in ("pandas", "pyarrow", "skops"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'swarmprov-nb[tables,ml]'")
    folder = tmp_path_factory.mktemp("stranger")
    for name in ("verify.ipynb", FILE.name):
        shutil.copy(NOTEBOOKS / name, folder)
    return executed(folder / "verify.ipynb", folder=folder)


def test_an_unknown_signer_is_shown_trusted_and_shown_by_name(done):
    """First the signer is unknown, which stops nothing; after the one word of trust it has the reader's name for it."""
    cells = told(done)

    assert "the signer is unknown" in cells["verify-first"]
    assert "claims to be A penguin watcher" in cells["verify-first"]
    assert cells["verify-again"] == "Valid: level signed, signed by Penguin watcher.\n"
    assert cells["trust-no-longer"] == "Penguin watcher is no longer trusted.\n"


def test_the_lineage_is_drawn_from_the_file(done):
    """The picture shows the stranger's steps and results, though nothing was recorded here."""
    (drawn,) = next(cell.outputs for cell in done.cells if cell.id == "draw-the-lineage")

    assert "data:image/svg+xml;base64," in drawn.data["text/html"]
    assert all(name in drawn.data["text/plain"] for name in ("load", "clean", "fit", "Flipper length and body mass"))


def test_the_data_are_used_and_nothing_is_unpickled(done, committed):
    """The table is read as Parquet, the model as skops with no type trusted that is not known to be harmless."""
    source = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "code")

    assert told(done)["look-into-the-model"] == "[]"
    assert "weighs about 4,156 g" in told(done)["load-the-model"]
    assert re.search(r"pickle|joblib|np\.load|\beval\b|\bexec\b", source) is None


def test_each_forged_copy_is_told_from_the_real_one(done):
    """One changed byte, the same under a new checksum, and another publication: each is refused as what it is."""
    cells = told(done)

    assert "is damaged" in cells["forge-one-byte"]
    assert "1 of 18 checks failed: chunks." in cells["forge-the-checksum"]
    assert "The file holds the publication" in cells["demand-the-reference"]


def test_what_it_shows_in_the_repository_is_what_it_says(done, committed):
    """The outputs kept for readers without a kernel are those of a run, tables and widgets aside."""
    kept, now = told(committed), told(done)
    for cells in (kept, now):
        del cells["read-the-table"], cells["verify-by-hand"]

    assert kept == now


def test_the_widget_is_shown_to_whoever_has_a_kernel(done, committed):
    """Running the notebook shows the verify widget; the committed file holds nothing that would wait for one."""
    (shown,) = next(cell.outputs for cell in done.cells if cell.id == "verify-by-hand")
    kept = next(cell.outputs for cell in committed.cells if cell.id == "verify-by-hand")

    assert "application/vnd.jupyter.widget-view+json" in shown.data
    assert kept == []


def test_its_outputs_name_no_machine(committed):
    """No output holds a path of the machine that it ran on, nor asks for a kernel to be shown."""
    outputs = [output for cell in committed.cells for output in cell.get("outputs", ())]
    text = str(outputs)

    assert re.search(r"(?<![\w.])/(home|root|tmp|Users|private|var|work)/", text) is None
    assert "widget-view" not in text
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs)


def test_it_runs_from_the_folder_above(tmp_path):
    """Started elsewhere, as papermill does, the notebook still finds its file."""
    source = nbformat.read(NOTEBOOKS / "verify.ipynb", as_version=4).cells[1].source
    (tmp_path / "notebooks").mkdir()
    shutil.copy(FILE, tmp_path / "notebooks")
    program = f"import os; os.chdir({str(tmp_path)!r})\n{source}\nprint(FILE.as_posix())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ran.stdout == "notebooks/penguins.swarm\n"


def test_the_saved_file_is_small_and_valid():
    """Every check on the file passes but those that need somebody's word or a network."""
    report = verify(FILE)

    assert FILE.stat().st_size < LARGEST
    assert (report.exit_code, report.level, report.label) == (3, "signed", None)
    assert {check.name for check in report.checks if check.outcome == "not checked"} <= {
        "signer", "previous", "anchor", "exports",
    }  # fmt: skip


def test_no_hex_text_in_it_is_the_private_key(tmp_path):
    """Nothing that is written in the publication as a number of 32 bytes is the private half of its author's key."""
    folder = get(FILE, tmp_path / "out")
    texts = [path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]
    numbers = {bytes.fromhex(found) for text in texts for found in re.findall(r"(?<!\w)(?:0x)?([0-9a-f]{64})\b", text)}

    assert numbers
    assert from_did(verify(FILE).author) not in map(public_half, numbers)


@pytest.mark.long
def test_no_bytes_in_it_are_the_private_key(tmp_path):
    """No 32 bytes in a row, of the saved file or of a file in it, are the private half of its author's key."""
    folder = get(FILE, tmp_path / "out")
    held = [FILE.read_bytes(), *(path.read_bytes() for path in folder.rglob("*") if path.is_file())]
    windows = {data[at : at + KEY] for data in held for at in range(len(data) - KEY + 1)}

    assert from_did(verify(FILE).author) not in map(public_half, windows)


def public_half(private):
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


@pytest.mark.long
def test_it_can_be_made_again_from_itself(tmp_path):
    """The notebook in the saved file, run on the raw table, publishes the same tables under a new key."""
    old = get(FILE, tmp_path / "old")
    study = tmp_path / "study"
    (study / "data").mkdir(parents=True)
    shutil.copy(old / "flippers.ipynb", study)
    shutil.copy(NOTEBOOKS / "data/penguins-raw.csv", study / "data")
    home = Home(tmp_path / "home")
    run(study / "flippers.ipynb")
    new = verify(publish(study / "flippers.ipynb", yes=True, chain=NO_CHAIN, home=home, say=str).reference, home=home)

    assert new.label == "me"
    assert new.author != verify(FILE).author
    assert tables(new) == tables(verify(FILE))


def tables(report):
    entities = report.statement["predicate"]["entities"]
    return {one["name"]: one.get("contentId") for one in entities if one["kind"] == "dataset"}
