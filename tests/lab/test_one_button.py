"""One button in a real JupyterLab: from the first cell to a publication that verifies, whatever happens on the way."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager

import nbformat
import pytest
from labs import ROOT, OpenNotebook
from playwright.sync_api import expect

from swarmprov_nb.home import Home
from swarmprov_nb.journal import publishing_lock
from swarmprov_nb.receipts import Receipt, receipts

LOAD = "%load_ext swarmprov"
STUDY = (
    LOAD,
    "import pandas as pd\nraw = pd.DataFrame({'mass': [3750, 3800, 3250]})",
    "%%provenance clean --dataset clean --license CC0-1.0\nclean = raw[raw.mass > 3300]",
    "mean = clean.mass.mean()\nclean.to_csv('clean.csv', index=False)",
)
PUBLISH = re.compile(r"^Publish \d+ items?$")
SETTINGS = "swarmprov-nb/plugin.jupyterlab-settings"
RUN_MANY = """async ([count, source]) => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  for (let left = count; left > 0; left -= 50) {
    const runs = Array.from({ length: Math.min(50, left) }, () => kernel.requestExecute({ code: source }).done);
    await Promise.all(runs);
  }
}"""
LONG_TASKS = """() => {
  window.longTasks = [];
  new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(each => each.duration)))
    .observe({ type: 'longtask' });
}"""


class Publishing:
    """The publish card of a notebook's panel, and what its publishes left in the home."""

    def __init__(self, notebook: OpenNotebook) -> None:
        self.notebook = notebook
        self.button = notebook.panel.get_by_role("button", name=PUBLISH)
        self.code = self.phase("receipt").locator(".swarmprov-terms code").first

    def phase(self, name: str):
        return self.notebook.panel.locator(f".swarmprov-publish[data-phase='{name}']")

    def look(self) -> None:
        """Press Publish in the toolbar and wait for the preview."""
        self.notebook.page.locator("[data-jp-item-name='swarmprov-publish']:visible").click()
        self.see("preview")

    def see(self, phase: str) -> None:
        expect(self.phase(phase)).to_be_visible(timeout=90_000)

    def press(self) -> None:
        expect(self.button).to_have_attribute("aria-disabled", "false", timeout=60_000)
        self.button.click()

    def reference(self) -> str:
        """Wait for the receipt and return its reference."""
        self.see("receipt")
        expect(self.code).to_have_attribute("title", re.compile("^[0-9a-f]{64}$"))
        return self.code.get_attribute("title")

    @property
    def made(self) -> list[Receipt]:
        """The receipts of this notebook in the home."""
        home = Home(self.notebook.server.home)
        return [each for each in receipts(home) if each.notebook == str(self.notebook.path)]


@contextmanager
def held_up(notebook: OpenNotebook):
    """Have every publish of this home wait, as it does for another one's turn, as long as this lasts."""
    with publishing_lock(Home(notebook.server.home)):
        yield


def verified(notebook: OpenNotebook, reference: str) -> subprocess.CompletedProcess[str]:
    """Verify in a process of its own."""
    command = [sys.executable, "-m", "swarmprov_nb.cli", "verify", reference]
    environment = os.environ | {"SWARMPROV_HOME": str(notebook.server.home), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=notebook.server.folder, env=environment
    )


def wait_saved(notebook: OpenNotebook) -> nbformat.NotebookNode:
    """Return the notebook's file, once it is as on the screen."""
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    return nbformat.read(notebook.path, as_version=4)


def add_cell(notebook: OpenNotebook, source: str) -> None:
    """Write one more cell at the end, and leave the document unsaved."""
    notebook.page.evaluate(
        """source => window.jupyterapp.shell.currentWidget.model.sharedModel.addCell({cell_type: 'code', source})""",
        source,
    )


def all_run(open_notebook, *more: str) -> Publishing:
    """Open the study with its panel, and run it."""
    notebook = open_notebook(*STUDY, *more)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.filter(has_text="mean")).to_have_count(1, timeout=30_000)
    return Publishing(notebook)


def test_from_the_first_cell_to_a_publication_that_verifies(open_notebook):
    """Load, record, follow, look at the graph, preview, publish, verify: here by a paste, and in another process."""
    publishing = all_run(open_notebook)
    notebook = publishing.notebook
    notebook.panel.get_by_role("button", name="Graph").click()
    graph = notebook.page.locator(".swarmprov-graphview")
    graph.locator(".swp-node[aria-label^='cell run'][aria-label*='clean']").first.click()
    expect(notebook.cells.nth(2)).to_have_class(re.compile("swarmprov-flash"))
    expect(notebook.cells.nth(2)).to_be_in_viewport()
    add_cell(notebook, "written = 'and not saved'")
    publishing.look()
    assert wait_saved(notebook).cells[-1].source == "written = 'and not saved'"
    publishing.press()
    reference = publishing.reference()

    (receipt,) = publishing.made
    assert receipt.reference == reference
    assert wait_saved(notebook).metadata["swarmprov"]["reference"] == reference
    checked = verified(notebook, reference)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    notebook.command("swarmprov:verify")
    notebook.panel.get_by_label("Reference", exact=True).fill(reference)
    notebook.panel.get_by_role("button", name="Verify", exact=True).click()
    report = notebook.panel.locator(".swarmprov-verify[data-phase='report']")
    expect(report).to_be_visible(timeout=60_000)
    expect(report.locator(".swarmprov-result")).to_have_attribute("data-tone", "pass")
    expect(report.locator(".swp-node").first).to_be_visible()


def test_a_widget_in_a_cell_and_the_panel_are_one(open_notebook):
    """What is ticked, published and shown in one shows in the other."""
    publishing = all_run(open_notebook, "%publish --widget")
    notebook = publishing.notebook
    widget = notebook.cells.last.locator(".swarmprov-publish")
    expect(widget).to_have_attribute("data-phase", "preview", timeout=60_000)
    notebook.command("swarmprov:publish")
    publishing.see("preview")
    widget.locator(".swarmprov-item", has_text="clean.csv").get_by_role("checkbox").uncheck()
    other = notebook.panel.locator(".swarmprov-item", has_text="clean.csv").get_by_role("checkbox")
    expect(other).not_to_be_checked(timeout=30_000)
    other.check()
    expect(widget.locator(".swarmprov-item", has_text="clean.csv").get_by_role("checkbox")).to_be_checked(
        timeout=30_000
    )
    expect(widget.get_by_role("button", name=PUBLISH)).to_have_attribute("aria-disabled", "false", timeout=30_000)
    widget.get_by_role("button", name=PUBLISH).click()
    reference = publishing.reference()

    expect(widget.locator(".swarmprov-terms code").first).to_have_attribute("title", reference)
    assert [each.reference for each in publishing.made] == [reference]


def test_a_receipt_stays_out_of_the_notebook_where_the_setting_says_so(lab, open_notebook):
    """With "Keep the receipt in the notebook" off, publishing leaves the file as it was saved."""
    settings = lab.place / "settings" / SETTINGS
    settings.parent.mkdir(exist_ok=True)
    settings.write_text(json.dumps({"writeReceipt": False}))
    try:
        publishing = all_run(open_notebook)
        publishing.look()
        before = publishing.notebook.path.read_bytes()
        publishing.press()
        publishing.reference()
        publishing.notebook.page.wait_for_timeout(500)
    finally:
        settings.unlink()

    assert "swarmprov" not in wait_saved(publishing.notebook).metadata
    assert publishing.notebook.path.read_bytes() == before


def test_a_running_cell_is_neither_waited_for_nor_let_in(open_notebook):
    """While a cell runs for long, preview and publish go their way; what it makes is in the next publication."""
    publishing = all_run(open_notebook)
    notebook = publishing.notebook
    go = notebook.path.with_suffix(".go")
    add_cell(
        notebook,
        f"import os, time\nwhile not os.path.exists({go.name!r}):\n    time.sleep(0.05)\n"
        "late = clean.copy()\nlate.to_csv('late.csv')",
    )
    prompt = notebook.cells.last.locator(".jp-InputArea-prompt")
    notebook.cells.last.locator(".cm-content").click()
    notebook.command("notebook:run-cell")
    expect(prompt).to_have_text("[*]:")
    publishing.look()
    publishing.press()
    first = publishing.reference()
    expect(prompt).to_have_text("[*]:")
    go.touch()
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=30_000)
    expect(notebook.page.locator(".swarmprov-statusitem")).to_contain_text("4 runs", timeout=30_000)
    publishing.look()
    expect(publishing.phase("preview")).to_contain_text("late.csv")
    publishing.press()
    expect(publishing.code).not_to_have_attribute("title", first, timeout=90_000)
    second = publishing.reference()

    assert [each.reference for each in publishing.made] == [first, second]
    assert publishing.made[1].items > publishing.made[0].items
    assert verified(notebook, first).returncode == 0


def test_a_restart_while_publishing_leaves_nothing_half_done(open_notebook):
    """The kernel is restarted while it publishes: the panel finds its way back, and one publication comes of it."""
    publishing = all_run(open_notebook)
    notebook = publishing.notebook
    publishing.look()
    with held_up(notebook):
        publishing.press()
        publishing.see("publishing")
        notebook.restart()
    expect(notebook.panel.locator(".swarmprov-first")).to_be_visible(timeout=60_000)
    assert publishing.made == []
    notebook.run_all()
    publishing.look()
    publishing.press()
    reference = publishing.reference()

    assert [each.reference for each in publishing.made] == [reference]


def test_a_page_loaded_again_and_a_tab_closed_while_publishing_change_nothing(open_notebook):
    """The kernel goes on; the page that comes back, and a tab opened later, show the progress and then the receipt."""
    publishing = all_run(open_notebook)
    notebook = publishing.notebook
    publishing.look()
    with held_up(notebook):
        publishing.press()
        publishing.see("publishing")
        notebook.reload()
        notebook.command("swarmprov:publish")
        publishing.see("publishing")
        notebook.page.close()
        later = Publishing(open_notebook(path=notebook.path))
        later.notebook.command("swarmprov:publish")
        later.see("publishing")
    reference = later.reference()

    assert [each.reference for each in later.made] == [reference]


def test_two_tabs_that_press_at_once_publish_once(open_notebook):
    """Two tabs of one notebook press in the same moment: one publication, and both show its receipt."""
    first = all_run(open_notebook)
    second = Publishing(open_notebook(path=first.notebook.path))
    expect(second.notebook.page.locator(".swarmprov-statusitem")).to_contain_text("recording", timeout=30_000)
    first.look()
    second.look()
    first.see("preview")
    with held_up(first.notebook):
        for each in (first, second):
            expect(each.button).to_have_attribute("aria-disabled", "false", timeout=60_000)
            each.button.evaluate("button => void setTimeout(() => button.click(), 300)")
        for each in (first, second):
            each.see("publishing")
    references = {first.reference(), second.reference()}

    assert [{each.reference} for each in first.made] == [references]


def test_two_notebooks_with_one_home_publish_one_each(open_notebook):
    """Two kernels publish at the same time from one home: each has its own publication, and each verifies."""
    both = [all_run(open_notebook), all_run(open_notebook)]
    for each in both:
        each.look()
    with held_up(both[0].notebook):
        for each in both:
            each.press()
            each.see("publishing")
    references = [each.reference() for each in both]

    assert [[made.reference for made in each.made] for each in both] == [[reference] for reference in references]
    assert len(set(references)) == 2
    assert [
        verified(each.notebook, reference).returncode for each, reference in zip(both, references, strict=True)
    ] == [0, 0]


def test_cancelled_and_published_again(open_notebook):
    """Cancel stops a publish that waits for its turn, and leaves the preview; the next press publishes, once."""
    publishing = all_run(open_notebook)
    publishing.look()
    with held_up(publishing.notebook):
        publishing.press()
        publishing.see("publishing")
        publishing.notebook.panel.get_by_role("button", name="Cancel").click()
        publishing.see("preview")
    expect(publishing.phase("preview")).to_contain_text("Cancelled: nothing was published")
    assert publishing.made == []
    publishing.press()
    reference = publishing.reference()

    assert [each.reference for each in publishing.made] == [reference]


def test_unloaded_and_loaded_again(open_notebook):
    """%unload_ext ends the panel's list and %reload_ext brings it back; publishing works after both."""
    publishing = all_run(open_notebook, "1 + 1")
    notebook = publishing.notebook
    publishing.look()
    write_source(notebook, "%unload_ext swarmprov")
    expect(notebook.panel.locator(".swarmprov-first")).to_be_visible(timeout=30_000)
    for line in (LOAD, "%reload_ext swarmprov", "%reload_ext swarmprov"):
        write_source(notebook, line)
        expect(notebook.state).to_have_text("recording", timeout=30_000)
    write_source(notebook, "1 + 1")
    notebook.run_all()
    expect(notebook.steps.filter(has_text="mean")).to_have_count(1, timeout=30_000)
    publishing.look()
    publishing.press()
    reference = publishing.reference()

    assert [each.reference for each in publishing.made] == [reference]


def write_source(notebook: OpenNotebook, source: str) -> None:
    """Write the last cell anew and run it."""
    notebook.page.evaluate(
        "source => { const cells = window.jupyterapp.shell.currentWidget.model.sharedModel.cells;"
        " cells[cells.length - 1].setSource(source); }",
        source,
    )
    notebook.run(notebook.cells.count() - 1)


@pytest.mark.parametrize("many", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_many_runs_are_followed(open_notebook, record_property, many):
    """After so many runs the panel lists all of them and shows the newest; what one costs the page is reported."""
    notebook = open_notebook(LOAD, "x = 1")
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps).to_have_count(1, timeout=30_000)
    notebook.page.evaluate(LONG_TASKS)
    measures = notebook.page.context.new_cdp_session(notebook.page)
    measures.send("Performance.enable")
    before = metrics(measures)
    notebook.page.evaluate(RUN_MANY, [many, "x = x + 1"])
    expect(notebook.steps).to_have_count(1 + many, timeout=120_000)
    spent = {name: (value - before[name]) / many * 1000 for name, value in metrics(measures).items()}
    longest = max(notebook.page.evaluate("() => window.longTasks"), default=0)
    for name, value in {
        **{f"{name} ms a run": each for name, each in spent.items()},
        "longest task ms": longest,
    }.items():
        record_property(name, round(value, 3))

    expect(notebook.steps.last).to_be_in_viewport()
    notebook.reload()
    notebook.show_panel()
    expect(notebook.steps).to_have_count(1 + many, timeout=30_000)


def metrics(session) -> dict[str, float]:
    """Return the seconds that the page has spent so far."""
    found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return {name: found[name] for name in ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")}
