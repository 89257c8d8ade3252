"""The whole way through real JupyterLab and Notebook 7, seen: every scene in every theme, width and zoom.

The pictures are kept in .screenshots, for whoever wants to look; what a machine can see is asserted here: nothing of
ours stands out of its place, and axe-core finds no violation.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from labs import OpenNotebook
from looks import Looks, kept, new_folder
from playwright.sync_api import expect

from swarmprov_nb.home import Home
from swarmprov_nb.journal import publishing_lock

ROOT = Path(__file__).parents[2]
SCENES = {"preview", "progress", "receipt", "recorded", "verified"}
BOTH = ["jupyterlab", pytest.param("notebook", marks=pytest.mark.long)]
STUDY = (
    "%load_ext swarmprov",
    "import pandas as pd\nraw = pd.DataFrame({'mass': [3750, 3800, 3250]})",
    "%%provenance clean --dataset clean --license CC0-1.0\nclean = raw[raw.mass > 3300]",
    "%provenance",
)


def quickstart(folder: Path) -> Path:
    """Copy the quickstart and its data, with a cell that fails and one that verifies at its end."""
    for package in ("matplotlib", "sklearn", "skops"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'swarmprov-nb[ml]'")
    shutil.copytree(ROOT / "notebooks/data", folder / "data", dirs_exist_ok=True)
    notebook = nbformat.read(ROOT / "notebooks/quickstart.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    notebook.cells += [nbformat.v4.new_code_cell(each) for each in ("reported['sexx']", "%publish --widget")]
    path = folder / "quickstart.ipynb"
    nbformat.write(notebook, path)
    return path


def as_it_came(path: Path) -> Path:
    """Copy a notebook as somebody gets it by mail: not trusted, and its kernel is not there."""
    came = nbformat.read(path, as_version=4)
    came.metadata.kernelspec = {"name": "a-kernel-of-theirs", "display_name": "Theirs", "language": "theirs"}
    came.metadata.pop("language_info", None)
    copy = path.with_name("came-by-mail.ipynb")
    nbformat.write(came, copy)
    return copy


@pytest.mark.long
@pytest.mark.once
@pytest.mark.parametrize("tabs", [2], indirect=True)  # pixels of the screen for one of the page, for 200 %
@pytest.mark.parametrize("application", ["jupyterlab", "notebook"])
@pytest.mark.timeout(900)  # forty-five pictures
def test_every_scene_in_every_theme_and_size(application, request, open_notebook):
    """Recorded, previewed, publishing, published, verified, and opened by a stranger without a kernel."""
    server = request.getfixturevalue("lab" if application == "jupyterlab" else "notebook7")
    new_folder()
    notebook = open_notebook(server=server, path=quickstart(server.folder))
    looks = Looks(notebook.page, application)
    panel = notebook.panel
    notebook.show_panel()
    notebook.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    notebook.command("notebook:run-all-cells")
    expect(notebook.steps.filter(has_text="stopped: KeyError")).to_have_count(1, timeout=120_000)
    looks.keep("recorded", show=".jp-OutputArea .swp-lineage")

    notebook.command("swarmprov:publish")
    publish = panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))
    expect(publish).to_have_attribute("aria-disabled", "false", timeout=60_000)
    looks.keep("preview")
    with publishing_lock(Home(server.home)):
        publish.click()
        expect(panel.locator("[data-phase='publishing']")).to_be_visible()
        looks.keep("progress")
    receipt = panel.locator("[data-phase='receipt']")
    expect(receipt).to_be_visible(timeout=120_000)
    looks.keep("receipt")
    reference = receipt.locator(".swarmprov-terms code").first.get_attribute("title")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    notebook.command("swarmprov:verify")
    panel.get_by_label("Reference", exact=True).fill(reference)
    panel.get_by_role("button", name="Verify", exact=True).click()
    expect(panel.locator("[data-phase='report']")).to_be_visible(timeout=120_000)
    looks.keep("verified")
    assert looks.wrong == {}
    assert kept(application) >= SCENES


@pytest.mark.parametrize("tabs", [2], indirect=True)
@pytest.mark.parametrize("application", BOTH)
def test_what_a_stranger_sees_in_every_theme_and_size(application, request, open_notebook):
    """A notebook that came by mail, not trusted and without its kernel."""
    server = request.getfixturevalue("lab" if application == "jupyterlab" else "notebook7")
    new_folder()
    notebook = open_notebook(*STUDY, server=server)
    notebook.run_all()
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    again = OpenNotebook(server, notebook.page.context.new_page(), as_it_came(notebook.path))
    again.go_without_kernel()
    again.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    expect(again.page.locator(".jp-OutputArea .swp-node").first).to_be_visible()
    looks = Looks(again.page, application)
    looks.keep("stranger", show=".jp-OutputArea .swp-lineage")
    assert looks.wrong == {}
    assert "stranger" in kept(application)
