"""The lineage in an output of a real Lab: it leads to cells, folds, exports, and opens without kernel and trust."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import nbformat
import pytest
from labs import OpenNotebook
from playwright.sync_api import expect

LOAD = "%load_ext swarmprov\nimport pandas as pd"
RAW = "raw = pd.DataFrame({'mass': [3750, 3800, 3250]})"
CLEAN = "%%provenance clean --dataset clean --license CC0-1.0\nclean = raw[raw.mass > 3300]"
FILLERS = ("'''" + "one line\n" * 30 + "'''",) * 6
MIME_TYPE = "application/vnd.swarmprov.lineage+json"


def drawing(notebook: OpenNotebook):
    """The last lineage among the outputs."""
    return notebook.page.locator(f".jp-OutputArea [data-mime-type='{MIME_TYPE}']").last


def test_a_click_leads_to_the_cell_however_far_it_is(open_notebook):
    """A node that is clicked brings its cell into view, many screens above, and the cell flashes."""
    notebook = open_notebook(LOAD, RAW, CLEAN, *FILLERS, "%provenance")
    notebook.run_all()
    node = drawing(notebook).locator(".swp-node[aria-label^='cell run'][aria-label*='clean']").first
    node.scroll_into_view_if_needed()
    expect(notebook.cells.nth(2)).not_to_be_in_viewport()
    node.click()

    expect(notebook.cells.nth(2)).to_have_class(re.compile("swarmprov-flash"))
    expect(notebook.cells.nth(2)).to_be_in_viewport()


def test_runs_again_fold_and_unfold(open_notebook):
    """Runs of one cell are one shape with a count; its badge opens them, and closes them again."""
    notebook = open_notebook(LOAD, RAW, CLEAN, "%provenance")
    notebook.run_all()
    for _ in range(2):
        notebook.run(2)
    notebook.run(3)
    output = drawing(notebook)
    expect(output.locator(".swp-node", has_text="+2 earlier runs")).to_have_count(1)
    folded = output.locator(".swp-node").count()
    output.locator(".swp-badge").first.click()
    expect(output.locator(".swp-node[aria-label^='cell run'][aria-label*='clean']")).to_have_count(3)
    output.get_by_role("button", name="Fold all").click()
    expect(output.locator(".swp-node")).to_have_count(folded)


def test_the_picture_is_saved_from_an_output(open_notebook, tmp_path):
    """SVG, PNG and page come as files, under Lab's own rules for what a page may do."""
    notebook = open_notebook(LOAD, RAW, CLEAN, "%provenance")
    notebook.run_all()
    files = {}
    for ending in ("SVG", "PNG", "HTML"):
        with notebook.page.expect_download() as download:
            drawing(notebook).get_by_role("button", name=f"Save as {ending}").click()
        files[ending] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[ending])

    assert "clean" in "".join(ET.parse(files["SVG"]).getroot().itertext())
    assert files["PNG"].read_bytes()[:4] == b"\x89PNG"
    assert "clean" in files["HTML"].read_text(encoding="utf-8")


@pytest.mark.parametrize("application", ["jupyterlab", "notebook"])
def test_a_stranger_without_a_kernel_sees_it(application, request, open_notebook):
    """Opened from another folder, untrusted and with no kernel chosen, the lineage is drawn and can be walked."""
    server = request.getfixturevalue("lab" if application == "jupyterlab" else "notebook7")
    notebook = open_notebook(LOAD, RAW, CLEAN, "%provenance", server=server)
    notebook.run_all()
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    came = nbformat.read(notebook.path, as_version=4)
    came.metadata.kernelspec = {"name": "a-kernel-of-theirs", "display_name": "Theirs", "language": "theirs"}
    came.metadata.pop("language_info", None)
    path = notebook.path.with_name("came-by-mail.ipynb")
    nbformat.write(came, path)
    again = OpenNotebook(server, notebook.page.context.new_page(), path)
    again.go_without_kernel()

    expect(drawing(again).locator(".swp-node").first).to_be_visible()
    assert again.page.evaluate("() => !window.jupyterapp.shell.currentWidget.context.sessionContext.session")
    drawing(again).locator(".swp-node[tabindex='0']").focus()
    again.page.keyboard.press("ArrowRight")
    again.page.keyboard.press("Enter")
    expect(drawing(again).locator(".swp-details")).to_be_visible()
