"""The whole way without a mouse: from the first run to the receipt and the report, with the focus always seen."""

from __future__ import annotations

import re

from playwright.sync_api import expect

STUDY = (
    "import pandas as pd\nraw = pd.DataFrame({'mass': [3750, 3800, 3250]})",
    "%%provenance clean --dataset clean --license CC0-1.0\nclean = raw[raw.mass > 3300]",
)
FOCUSED = """() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  const front = node.querySelector('.swp-front, .swp-ring');
  const ringed = front && parseFloat(getComputedStyle(front).strokeWidth) >= 2;
  const words = node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent;
  const ours = !!node.closest('#swarmprov-panel, .swarmprov-graphview, .swp-lineage');
  return { words: words.trim().replace(/\\s+/g, ' '), seen: Boolean(outlined || ringed), ours };
}"""


class Keys:
    """A person's keyboard; `unseen` is what had the focus without showing it."""

    def __init__(self, notebook) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.unseen: list[str] = []

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def palette(self, label: str) -> None:
        """Run a command as the palette does: open it, type, Enter."""
        self.press("Control+Shift+c")
        field = self.page.locator(".lm-CommandPalette-input:visible").first
        expect(field).to_be_focused()
        self.page.keyboard.type(label)
        item = self.page.locator(".lm-CommandPalette-item[data-command^='swarmprov']:visible").first
        expect(item).to_contain_text(label[:12])
        self.press("ArrowDown") if "lm-mod-active" not in (item.get_attribute("class") or "") else None
        self.press("Enter")

    def walk_to(self, words: str, *, key: str = "Tab", most: int = 40) -> None:
        """Press a key until what has the focus says these words."""
        passed = []
        for _ in range(most):
            here = self.page.evaluate(FOCUSED)
            if here["ours"] and not here["seen"]:
                self.unseen.append(here["words"][:60])
            if re.search(words, here["words"]):
                return
            passed.append(here["words"][:40])
            self.press(key)
            self.page.wait_for_timeout(30)
        raise AssertionError(f"{words} was not reached; passed {passed}")


def test_from_first_run_to_report_without_a_mouse(open_notebook):
    """Load, run, walk the steps, see the graph, preview, publish, read the receipt, verify: by keys alone."""
    notebook = open_notebook(*STUDY)
    keys, panel = Keys(notebook), notebook.panel
    keys.palette("Show the provenance panel")
    expect(panel).to_be_visible()
    keys.walk_to("^Insert and run this cell$")
    keys.press("Enter")
    expect(notebook.state).to_have_text("recording", timeout=30_000)
    notebook.run_all()
    expect(notebook.steps).to_have_count(2)

    keys.palette("Show the provenance panel")
    keys.walk_to(r"^Run \d+")
    keys.press("End")
    keys.walk_to("clean")
    keys.walk_to("^Graph$")
    keys.press("Enter")
    graph = notebook.page.locator(".swarmprov-graphview")
    expect(graph.locator(".swp-node").first).to_be_visible()
    keys.walk_to("cell run|dataset", most=60)
    keys.press("ArrowRight", "Enter")
    expect(graph.locator(".swp-details")).to_be_visible()
    keys.press("Escape")

    keys.palette("Publish this notebook…")
    expect(panel.locator("[data-phase='preview']")).to_be_visible(timeout=60_000)
    keys.walk_to("^clean")
    keys.walk_to("Licence")
    keys.page.keyboard.type("cc-by")
    expect(panel.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    keys.press("ArrowDown", "Enter")
    expect(panel.get_by_role("combobox", name="Licence")).to_have_value(re.compile("^CC-BY"))
    keys.walk_to(r"^Publish \d+ items?$")
    expect(panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))).to_have_attribute(
        "aria-disabled", "false", timeout=60_000
    )
    keys.press("Enter")
    receipt = panel.locator("[data-phase='receipt']")
    expect(receipt).to_contain_text("Stored and signed on this machine", timeout=90_000)
    expect(receipt).to_contain_text("Proves nothing to others until it is on Swarm and on a public chain.")
    reference = receipt.locator(".swarmprov-terms code").first.get_attribute("title")
    keys.walk_to("^Copy the reference$")
    keys.walk_to("^Copy the verify command$")
    keys.walk_to("^Copy the save command$")

    keys.palette("Verify a publication…")
    keys.walk_to("^Reference$")
    keys.page.keyboard.type(reference)
    keys.press("Enter")
    report = panel.locator(".swarmprov-verify[data-phase='report']")
    expect(report.locator(".swarmprov-result")).to_have_attribute("data-tone", "pass", timeout=60_000)
    assert keys.unseen == []
