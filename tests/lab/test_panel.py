"""The panel in a real Lab, past the steps: gaps and what is published, findings that lead to cells, a dropped file."""

from __future__ import annotations

import base64
import re

from labs import OpenNotebook
from playwright.sync_api import expect

from swarmprov_nb.carrying import save
from swarmprov_nb.home import Home

LOAD = "%load_ext swarmprov"
BEFORE = "import pandas as pd\nbefore = pd.DataFrame({'mass': [3750, 3800]})"
CLEAN = "%%provenance clean --dataset clean --license CC0-1.0\nclean = before[before.mass > 3760]"
DROP = """(zone, [name, data]) => {
  const bytes = Uint8Array.from(atob(data), each => each.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  zone.dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def preview(notebook: OpenNotebook):
    """Open the preview in the panel and return its button."""
    notebook.command("swarmprov:publish")
    press = notebook.panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))
    expect(press).to_be_visible(timeout=60_000)
    return press


def publish(notebook: OpenNotebook) -> str:
    """Publish in the panel and return the reference."""
    press = preview(notebook)
    expect(press).to_have_attribute("aria-disabled", "false", timeout=60_000)
    press.click()
    receipt = notebook.panel.locator("[data-phase='receipt']")
    expect(receipt).to_be_visible(timeout=90_000)
    return receipt.locator(".swarmprov-terms code").first.get_attribute("title")


def test_gaps_and_what_is_published_are_marked(open_notebook):
    """What recording could not see is said at its step; after publishing the steps that it holds carry a mark."""
    notebook = open_notebook(BEFORE, LOAD, CLEAN, "1 + 1")
    notebook.show_panel()
    notebook.run_all()
    clean, other = (notebook.steps.filter(has_text=text) for text in ("clean", "1 + 1"))
    expect(clean.locator(".swarmprov-gap")).to_contain_text("gap: ")
    expect(notebook.panel.locator(".swarmprov-counts")).to_contain_text("1 gap")
    expect(clean.locator(".swarmprov-marks .swarmprov-good")).to_have_count(0)
    publish(notebook)
    notebook.panel.get_by_role("button", name="Back to the steps").click()

    expect(clean.locator(".swarmprov-marks .swarmprov-good")).to_have_count(1)
    expect(clean.get_by_role("button")).to_have_accessible_name(re.compile("published"))
    expect(other.locator(".swarmprov-marks .swarmprov-good")).to_have_count(0)


def test_a_finding_leads_to_its_cell_and_can_be_left_out(open_notebook):
    """Show brings the cell of a finding into view; Leave out takes its item away, and the button can be pressed."""
    token = "ghp_" + "0123456789abcdefghij" * 2
    notebook = open_notebook(
        LOAD,
        BEFORE,
        CLEAN,
        "address = 'https://ana:hunter2@lab.example/data'",
        f"open('notes.txt', 'w').write({token[:40]!r})",
    )
    notebook.show_panel()
    notebook.run_all()
    press = preview(notebook)
    findings = notebook.panel.get_by_role("list", name="Findings")
    findings.get_by_role("button", name=re.compile("^Show: .*cell")).first.click()
    expect(notebook.page.locator(".jp-CodeCell.swarmprov-flash")).to_have_count(1)
    expect(press).to_have_attribute("aria-disabled", "true")
    leave = findings.get_by_role("button", name=re.compile("^Leave out notes.txt"))
    leave.first.click()

    expect(leave).to_have_count(0, timeout=30_000)
    ticks = notebook.panel.locator(".swarmprov-item", has_text="notes.txt").get_by_role("checkbox")
    expect(ticks).not_to_be_checked()


def test_a_saved_file_is_dropped_and_its_lineage_drawn(open_notebook):
    """A publication's saved file, dropped on the panel: the report, the signer, and the lineage, without running it."""
    notebook = open_notebook(LOAD, BEFORE, CLEAN)
    notebook.show_panel()
    notebook.run_all()
    reference = publish(notebook)
    file = save(reference, notebook.server.folder / "study.swarm", home=Home(notebook.server.home))
    notebook.command("swarmprov:verify")
    zone = notebook.panel.locator(".swarmprov-zone")
    zone.evaluate(DROP, ["study.swarm", base64.b64encode(file.read_bytes()).decode()])
    report = notebook.panel.locator("[data-phase='report']")

    expect(report).to_be_visible(timeout=60_000)
    expect(report).to_contain_text("Signed by")
    expect(report).to_contain_text(reference[:8])
    expect(report.locator(".swp-node").first).to_be_visible()
