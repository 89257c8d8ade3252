"""The notebook of two people: it runs to its end, and each of them sees what they should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAME = "two-people.ipynb"


def takes_both(test):
    return pytest.mark.long(pytest.mark.timeout(1200)(test))  # the quickstart is run, and a dozen commands


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOKS / NAME, as_version=4)


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Return what each cell printed or showed as text, as nbclient ran it in a folder and home of its own."""
    for name in ("matplotlib", "pandas", "pyarrow", "skops"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'swarmprov-nb[tables,ml]'")
    folder = tmp_path_factory.mktemp("people") / "notebooks"
    folder.mkdir()
    for name in (NAME, "quickstart.ipynb"):
        shutil.copy(NOTEBOOKS / name, folder)
    shutil.copytree(NOTEBOOKS / "data", folder / "data")
    own = {"SWARMPROV_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython"), "TMPDIR": str(folder),
           "SWARMPROV_NOTEBOOK": str(folder / NAME)}  # fmt: skip
    command = [sys.executable, "-m", "nbconvert", "--to=notebook", "--execute", "--inplace", NAME]
    ran = subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    done = nbformat.read(folder / NAME, as_version=4)
    code = (cell for cell in done.cells if cell.cell_type == "code")
    found = {cell.id: "".join(map(_text, cell.outputs)) for cell in code}
    assert not (folder / "home").exists()  # nothing of it is the reader's own
    return found


def _text(output):
    if output.output_type == "stream":
        return output.text
    return output.get("data", {}).get("text/plain", "")


def test_it_is_a_valid_notebook_without_outputs(committed):
    """It holds nothing of a run, names its cells readably, and says before each code cell what it is for."""
    nbformat.validate(committed)
    code = [cell for cell in committed.cells if cell.cell_type == "code"]

    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", cell.id) for cell in committed.cells)
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


def test_it_never_unpickles_or_trusts_by_itself(committed):
    """Bob opens nothing by any_signer before he was shown whose it is; nobody loads a pickle."""
    source = "\n".join(cell.source for cell in committed.cells if cell.cell_type == "code")

    assert "any_signer=True" not in source[: source.index("trust {key}")]
    assert re.search(r"pickle|joblib|\beval\b|\bexec\b", source) is None


@takes_both
def test_bob_gets_nothing_from_a_stranger_and_the_data_from_alice(cells):
    """First the signer is unknown; after the one word of trust there is a list, and a table in his own notebook."""
    assert cells["open-from-an-unknown"].startswith("Nothing was opened. It is valid, but you do not know its signer")
    assert cells["trust-alice"].endswith("is Alice, by your word.\n")
    assert "quickstart.ipynb signed by Alice, level signed: 11 files" in cells["list-the-files"]
    assert "cited: name and digests, opened from a publication by" in cells["bob-publishes"]
    assert "Builds on 1 publication" in cells["bob-publishes"]


@takes_both
def test_the_line_is_seen_from_both_sides(cells):
    """Bob sees Alice by his name for her; Carol sees where the line ends, and with Alice's file that it is so."""
    assert "└─ quickstart.ipynb · Alice · level signed · data/clean.parquet" in cells["show-the-line"]
    assert "1 not in your store" in cells["verify-his-file"]
    assert "the line ends here: its publication is not in your store" in cells["verify-his-file"]
    assert "✓ upstream       builds on 1 publication; what is stated of them is so" in cells["load-her-file"]


@takes_both
def test_what_alice_takes_back_fails_and_marks_what_rests_on_it(cells):
    """Hers fails for everybody who asks that network; his stays valid, with the mark; nobody opens hers any more."""
    assert "✓ Revoked on" in cells["revoke-it"]
    assert "checks failed: anchor." in cells["revoke-it"]
    assert "REVOKED: quickstart.ipynb" in cells["ask-her-network"]
    assert "Valid: level signed" in cells["ask-her-network"]
    assert "revoked on" in cells["open-what-was-revoked"]
