"""The Lab extension in real JupyterLab and Notebook 7: it follows, draws, publishes, and finds its way back."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from labs import write_cells
from playwright.sync_api import expect

LOAD = "%load_ext swarmprov"
STUDY = (
    LOAD,
    "import pandas as pd\nraw = pd.DataFrame({'mass': [3750, 3800, 3250]})",
    "%%provenance clean\nclean = raw[raw.mass > 3300]",
    "mean = clean.mass.mean()\nclean.to_csv('clean.csv')",
)
MIME_TYPE = "application/vnd.swarmprov.lineage+json"
LINEAGE = "%provenance"


def test_the_first_run_shows_three_steps_and_takes_the_first(open_notebook):
    """Where nothing is loaded the panel says what to do; its button puts the cell first and runs it."""
    notebook = open_notebook("x = 1")
    notebook.show_panel()
    expect(notebook.state).to_have_text("not loaded")
    expect(notebook.panel.locator(".swarmprov-three > li")).to_have_count(3)
    notebook.panel.get_by_role("button", name="Insert and run this cell").click()

    expect(notebook.state).to_have_text("recording", timeout=30_000)
    expect(notebook.cells.first).to_contain_text(LOAD)
    expect(notebook.cells).to_have_count(2)
    assert not notebook.is_enabled("swarmprov:load")


def test_a_notebook_that_has_the_cell_gets_no_second_one(open_notebook):
    """The button runs the cell that loads swarmprov, where the notebook has one."""
    notebook = open_notebook("x = 1", LOAD)
    notebook.show_panel()
    notebook.panel.get_by_role("button", name="Insert and run this cell").click()

    expect(notebook.state).to_have_text("recording", timeout=30_000)
    expect(notebook.cells).to_have_count(2)


def test_the_panel_follows_the_run(open_notebook):
    """Every run becomes a step with what it read and made; a failure says so; pressed, a step shows its cell."""
    notebook = open_notebook(*STUDY, "1 / 0")
    notebook.show_panel()
    notebook.run_all()
    clean = notebook.steps.filter(has_text="clean").first
    expect(notebook.steps.filter(has_text="stopped: ZeroDivisionError")).to_have_count(1)
    expect(clean).to_contain_text("raw → clean")
    expect(notebook.page.locator(".swarmprov-statusitem")).to_contain_text("recording")
    clean.get_by_role("button").click()

    expect(notebook.cells.nth(2)).to_have_class(re.compile("swarmprov-flash"))


def test_steps_are_walked_by_keyboard(open_notebook):
    """The list is one stop of the Tab key; arrows walk it, Home and End leap, and Enter shows the cell."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    first, last = notebook.steps.first.get_by_role("button"), notebook.steps.last.get_by_role("button")
    expect(notebook.steps.last).to_contain_text("mean")
    expect(notebook.steps.locator("[tabindex='0']")).to_have_count(1)
    first.focus()
    notebook.page.keyboard.press("End")
    expect(last).to_be_focused()
    notebook.page.keyboard.press("ArrowUp")
    expect(last).not_to_be_focused()
    notebook.page.keyboard.press("Home")
    expect(first).to_be_focused()
    notebook.page.keyboard.press("End")
    notebook.page.keyboard.press("Enter")

    expect(notebook.cells.nth(3)).to_have_class(re.compile("swarmprov-flash"))


def test_pause_and_resume(open_notebook):
    """What runs while recording is paused is no step; each command is offered where it does something."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run(0)
    notebook.panel.get_by_role("button", name="Pause").click()
    expect(notebook.state).to_have_text("paused")
    assert (notebook.is_enabled("swarmprov:pause"), notebook.is_enabled("swarmprov:resume")) == (False, True)
    notebook.run(1)
    notebook.panel.get_by_role("button", name="Resume").click()
    expect(notebook.state).to_have_text("recording")
    notebook.run(3)

    expect(notebook.steps.filter(has_text="mean")).to_have_count(1)
    expect(notebook.steps.filter(has_text="raw =")).to_have_count(0)


def test_a_page_that_is_loaded_again_finds_its_way_back(open_notebook):
    """After a reload the panel shows what the kernel has recorded, without a new cell run."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.last).to_contain_text("mean")
    steps = notebook.steps.count()
    notebook.reload()
    notebook.show_panel()

    expect(notebook.state).to_have_text("recording", timeout=30_000)
    expect(notebook.steps).to_have_count(steps)


def test_a_kernel_that_starts_again_starts_a_new_list(open_notebook):
    """After a restart nothing is loaded, and the panel says what to do; loaded again, it follows again."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.state).to_have_text("recording")
    notebook.restart()
    expect(notebook.state).to_have_text("not loaded", timeout=30_000)
    notebook.panel.get_by_role("button", name="Insert and run this cell").click()

    expect(notebook.state).to_have_text("recording", timeout=30_000)
    expect(notebook.cells).to_have_count(len(STUDY))


def test_the_panel_shows_the_notebook_that_is_worked_in(open_notebook):
    """With two notebooks open the steps are those of the one in front."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.last).to_contain_text("mean")
    other = write_cells(notebook.server.folder, "y = 2")
    notebook.command("docmanager:open", path=other.name)
    expect(notebook.state).to_have_text("not loaded", timeout=30_000)
    notebook.command("docmanager:open", path=notebook.path.name)

    expect(notebook.state).to_have_text("recording")
    expect(notebook.steps.last).to_contain_text("mean")


def test_two_tabs_show_the_same_steps(open_notebook):
    """A notebook that is open twice is followed in both tabs."""
    notebook = open_notebook(*STUDY)
    second = open_notebook(path=notebook.path)
    for each in (notebook, second):
        each.show_panel()
    notebook.run_all()

    for each in (notebook, second):
        expect(each.steps.last).to_contain_text("mean", timeout=30_000)


def test_the_toolbar_button_leads_to_a_preview(open_notebook):
    """Publish in the notebook's toolbar opens the panel with what a publication would hold."""
    notebook = open_notebook(*STUDY)
    notebook.run_all()
    button = notebook.page.locator("[data-jp-item-name='swarmprov-publish']")
    expect(button).to_have_text("Publish")
    button.click()

    expect(notebook.panel.locator("[data-phase='preview']")).to_be_visible(timeout=60_000)
    expect(notebook.panel.locator("[data-phase='preview']")).to_contain_text("clean")


def test_publishing_in_the_panel_saves_and_keeps_the_receipt(open_notebook):
    """One press publishes what was saved a moment before; the receipt shows, and enters the notebook's metadata."""
    notebook = open_notebook(*STUDY)
    notebook.run_all()
    notebook.command("swarmprov:publish")
    notebook.panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$")).click(timeout=60_000)
    receipt = notebook.panel.locator("[data-phase='receipt']")
    expect(receipt).to_contain_text("on this machine", timeout=120_000)
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    saved = nbformat.read(notebook.path, as_version=4)

    assert re.fullmatch(r"[0-9a-f]{64}", json.dumps(saved.metadata["swarmprov"]).split('"reference": "')[1][:64])
    assert [cell.source for cell in saved.cells] == list(STUDY)


def test_an_output_is_drawn_and_survives_without_kernel_and_trust(open_notebook):
    """A lineage in an output is drawn by the extension, also when somebody else opens the notebook."""
    notebook = open_notebook(LOAD, *STUDY[1:], LINEAGE)
    notebook.run_all()
    drawing = notebook.cells.last.locator(f"[data-mime-type='{MIME_TYPE}'] svg").first
    expect(drawing).to_be_visible()
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    stranger = nbformat.read(notebook.path, as_version=4)
    stranger.metadata["note"] = "as it came by mail"
    path = notebook.path.with_name("stranger.ipynb")
    nbformat.write(stranger, path)
    again = open_notebook(path=path)

    expect(again.cells.last.locator(f"[data-mime-type='{MIME_TYPE}'] svg").first).to_be_visible()


def test_the_graph_opens_beside_the_notebook_and_comes_back(open_notebook):
    """Graph draws the lineage in a view of its own, which a reload restores."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.last).to_contain_text("mean")
    notebook.panel.get_by_role("button", name="Graph").click()
    drawing = notebook.page.locator(".swarmprov-graphview svg").first
    expect(drawing).to_be_visible()
    notebook.reload()

    expect(drawing).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("width", [1280, 800])
def test_notebook_7_has_panel_and_button(notebook7, open_notebook, width):
    """The same extension works in Notebook 7: button, panel, steps and graph."""
    notebook = open_notebook(*STUDY, server=notebook7)
    notebook.page.set_viewport_size({"width": width, "height": 800})
    notebook.show_panel()
    notebook.run_all()

    expect(notebook.steps.last).to_contain_text("mean")
    expect(notebook.page.locator("[data-jp-item-name='swarmprov-publish']")).to_have_count(1)
    notebook.panel.get_by_role("button", name="Graph").click()
    expect(notebook.page.locator(".swarmprov-graphview svg").first).to_be_in_viewport(ratio=0.9)


def test_notebook_7_keeps_the_panel_open_for_the_button(notebook7, open_notebook):
    """Publish in the toolbar, pressed while the panel shows the steps, leads to the preview and hides nothing."""
    notebook = open_notebook(*STUDY, server=notebook7)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.last).to_contain_text("mean")
    for _ in range(2):
        notebook.page.locator("[data-jp-item-name='swarmprov-publish']").click()
        expect(notebook.panel.locator("[data-phase='preview']")).to_be_visible(timeout=60_000)
    notebook.command("swarmprov:verify")
    expect(notebook.panel.get_by_label("Reference", exact=True)).to_be_visible()
