"""The notebook that leads from this machine to Swarm runs off line, and what it says holds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from our_notebooks import executed, told

pytestmark = pytest.mark.timeout(600)  # it runs the whole quickstart, and publishes it

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """Return what each cell said, run in a folder and home of its own."""
    for name in ("matplotlib", "pandas", "pyarrow", "sklearn", "skops"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install 'swarmprov-nb[tables,ml]'")
    folder = tmp_path_factory.mktemp("swarm")
    shutil.copytree(NOTEBOOKS / "data", folder / "data")
    for name in ("quickstart.ipynb", "real-swarm.ipynb"):
        shutil.copy(NOTEBOOKS / name, folder)
    return told(executed(folder / "real-swarm.ipynb", folder=folder))


def test_postage_is_shown_and_not_bought(cells):
    """The batches are listed; a price is said, and nothing is bought without a yes."""
    assert "immutable" in cells["list-the-batches"]
    assert re.search(r"for 90 days costs [\d.]+ BZZ at today's price", cells["ask-the-price"])
    assert "Nothing was bought." in cells["ask-the-price"]


def test_one_command_publishes_to_the_node(cells):
    """The quickstart is pushed and anchored by one command; every chunk came once."""
    assert "pushed to   http://127.0.0.1:" in cells["publish-it"]
    assert "✓ Signed, and stored on this machine and at http://127.0.0.1:" in cells["publish-it"]
    assert cells["take-the-reference"].endswith(", True)")


def test_a_stranger_verifies_it_from_another_node(cells):
    """A home that has nothing but the reference, and a node that has only the pushed chunks, are enough."""
    assert "Valid: level signed" in cells["verify-elsewhere"]
    assert "'manifest.json'" in cells["get-it-elsewhere"]


def test_a_lying_node_is_found_out(cells):
    """The first chunk that is another is named."""
    assert "does not hash to its address" in cells["verify-a-lie"]


def test_the_status_knows_how_long_it_is_paid_for(cells):
    """The receipt has the day on which the rent ends."""
    assert re.search(r"stored at http://127.0.0.1:\d+, until about 20\d\d-\d\d-\d\d", cells["see-the-status"])
