"""Hostile labels in every view of a real Lab: nothing is executed, nothing stands out, text stays text."""

from __future__ import annotations

import re

from looks import Looks
from playwright.sync_api import expect

HOSTILE = {
    "html": "<img/src=x onerror='window.hit=1'><b>bold</b>",
    "script": "</text></svg></script><script>window.hit=1</script>",
    "rtl": "\u202egnp.exe \u05e9\u05dc\u05d5\u05dd",
    "long": "W" * 10_000,
}
LOAD = f"%load_ext swarmprov\nimport builtins, pandas as pd, swarmprov\nbuiltins.HOSTILE = {HOSTILE!r}\n"
MAKE = """for place, text in enumerate(HOSTILE.values()):
    name = f'table{place}'
    globals()[name] = swarmprov.dataset(pd.DataFrame({text[:200]: [place]}), title=text[:200], license='CC0-1.0')
    open(text.replace('/', '_').replace(chr(0), '')[:80] + '.csv', 'w').write(text)"""
NAMED = (
    '%%provenance "<img/src=x onerror=\'window.hit=1\'>" --note "</script><script>window.hit=1</script>"\n'
    "x = len(table0)"
)
FAILS = "raise ValueError(HOSTILE['html'] + HOSTILE['long'])"
OURS = "#swarmprov-panel, .swarmprov-graphview, .swp-lineage, .swarmprov-card, .swarmprov-statusitem"


def test_hostile_labels_in_every_view(open_notebook):
    """Output, table, details, panel, graph, preview, receipt and report hold what users wrote as text."""
    notebook = open_notebook(LOAD, MAKE, NAMED, "%provenance", FAILS)
    page, panel, looks = notebook.page, notebook.panel, Looks(notebook.page, "hostile")
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps.filter(has_text="stopped: ValueError")).to_have_count(1, timeout=30_000)
    harmless(looks, "steps and output")
    output = notebook.page.locator(".jp-OutputArea .swp-lineage").first
    for node in output.locator(".swp-node").all()[:6]:
        node.evaluate("node => node.dispatchEvent(new MouseEvent('click', { bubbles: true }))")
        harmless(looks, "details")
    output.get_by_role("button", name="Table").click()
    harmless(looks, "table")
    panel.get_by_role("button", name="Graph").click()
    expect(page.locator(".swarmprov-graphview .swp-node").first).to_be_visible()
    harmless(looks, "graph")

    notebook.command("swarmprov:publish")
    press = panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))
    expect(press).to_be_visible(timeout=60_000)
    harmless(looks, "preview")
    for finding in panel.get_by_role("button", name=re.compile("^Publish it anyway")).all():
        finding.click()
    expect(press).to_have_attribute("aria-disabled", "false", timeout=60_000)
    press.click()
    receipt = panel.locator("[data-phase='receipt']")
    expect(receipt).to_be_visible(timeout=120_000)
    harmless(looks, "receipt")
    reference = receipt.locator(".swarmprov-terms code").first.get_attribute("title")
    notebook.command("swarmprov:verify")
    panel.get_by_label("Reference", exact=True).fill(reference)
    panel.get_by_role("button", name="Verify", exact=True).click()
    expect(panel.locator("[data-phase='report']")).to_be_visible(timeout=60_000)
    harmless(looks, "report")


def harmless(looks: Looks, where: str) -> None:
    """Assert that no script ran, that no element came of a text, and that nothing stands out of its place."""
    looks.page.wait_for_timeout(100)
    assert looks.page.evaluate("() => window.hit") is None, where
    grown = looks.page.evaluate(
        "ours => [...document.querySelectorAll(ours)].flatMap(root =>"
        " [...root.querySelectorAll('img, b, script, iframe, object, [onerror], a[href^=javascript]')]"
        ".map(node => node.outerHTML.slice(0, 120)))",
        OURS,
    )
    assert grown == [], where
    assert looks.spilled() == [], where
