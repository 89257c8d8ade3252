"""scripts/quickstart --lab: the quickstart opens in Lab, with the panel and the button beside it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from labs import ROOT, Lab
from playwright.sync_api import expect

HERE = Path(sys.prefix)


class Quickstart(Lab):
    """The server that the script starts, in a copy of the checkout whose environment is this one."""

    def _settle(self) -> None:
        super()._settle()
        (self.place / "share/labextensions/swarmprov-nb").unlink()  # what was installed with [lab] is enough
        for name in ("scripts", "notebooks"):
            shutil.copytree(ROOT / name, self.folder / name)
        (self.folder / ".venv").symlink_to(HERE)

    def _command(self) -> list[str]:
        return ["scripts/quickstart", "--lab", *(word for word in super()._command()[3:] if "ServerApp.ip" not in word)]


@pytest.fixture
def quickstart(tmp_path):
    """Start it, where this environment is one that the scripts made."""
    stamp = HERE / ".swarmprov-installed"
    if not stamp.is_file() or "lab" not in stamp.read_text().strip().split(","):
        pytest.skip("this environment was not made by scripts/test, so scripts/quickstart would install one")
    server = Quickstart("jupyterlab", tmp_path)
    server.start()
    yield server
    server.stop()


def test_the_quickstart_opens_in_lab(quickstart, open_notebook):
    """One command gives Lab with the notebook, its Publish button and the panel, and the first cell records."""
    notebook = open_notebook(server=quickstart, path=quickstart.folder / "notebooks/quickstart.ipynb")
    expect(notebook.page.locator("[data-jp-item-name='swarmprov-publish']")).to_be_visible()
    expect(notebook.page.locator(".swarmprov-statusitem")).to_contain_text("not loaded")
    notebook.show_panel()
    notebook.run(0)

    expect(notebook.state).to_have_text("recording", timeout=30_000)
