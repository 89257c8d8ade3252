"""The oldest Lab and Notebook that the extension is for, in an environment of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from labs import Lab, needs_extension
from playwright.sync_api import expect

OLDEST = ("jupyterlab==4.4.*", "notebook==7.4.*")
UNREACHABLE = ("connection broken by", "Max retries exceeded", "Temporary failure in name resolution")
STUDY = (
    "%load_ext swarmprov",
    "%%provenance clean --dataset clean --license CC0-1.0\nimport pandas as pd\nclean = pd.DataFrame({'mass': [1, 2]})",
    "%provenance",
)


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """The Python of an environment with the oldest Lab and Notebook; ours, kernels and tests stay where they are."""
    needs_extension()
    folder = tmp_path_factory.mktemp("oldest") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    command = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet", *OLDEST]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ""})
    if any(words in ran.stderr for words in UNREACHABLE):
        pytest.skip("no package index can be reached, so the oldest Lab cannot be installed")
    assert ran.returncode == 0, ran.stderr
    return str(folder / "bin/python")


@pytest.mark.long
@pytest.mark.parametrize("application", ["jupyterlab", "notebook"])
def test_the_oldest_has_everything(oldest, application, open_notebook, tmp_path):
    """Panel, picture, toolbar button, preview and receipt work there as in the newest."""
    server = Lab(application, tmp_path, python=oldest)
    server.start()
    try:
        notebook = open_notebook(*STUDY, server=server)
        notebook.show_panel()
        notebook.run_all()
        expect(notebook.steps).to_have_count(1, timeout=30_000)
        expect(notebook.cells.last.locator(".swp-node").first).to_be_visible()
        notebook.panel.get_by_role("button", name="Graph").click()
        expect(notebook.page.locator(".swarmprov-graphview .swp-node").first).to_be_visible()
        notebook.page.locator("[data-jp-item-name='swarmprov-publish']").click()
        press = notebook.panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))
        expect(press).to_have_attribute("aria-disabled", "false", timeout=60_000)
        press.click()
        expect(notebook.panel.locator("[data-phase='receipt']")).to_be_visible(timeout=90_000)
        notebook.page.close()
    finally:
        server.stop()
