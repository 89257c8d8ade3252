"""What the extension takes from Lab's services: palette, status bar, settings, notifications, translation, layout."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from pathlib import Path

import pytest
from labs import Lab
from playwright.sync_api import expect

SCHEMA = Path(__file__).parents[2] / "labextension/schema/plugin.json"
STUDY = (
    "%load_ext swarmprov",
    "%%provenance clean --dataset clean --license CC0-1.0\nimport pandas as pd\nclean = pd.DataFrame({'mass': [1, 2]})",
)
COMMANDS = {
    "Load swarmprov in this notebook",
    "Pause recording",
    "Publish this notebook…",
    "Resume recording",
    "Show the lineage graph",
    "Show the provenance panel",
    "Verify a publication…",
}
HEAD = {"domain": "swarmprov_nb", "language": "de", "plural_forms": "nplurals=2; plural=(n != 1);"}
GERMAN = {
    "Provenance": ["Herkunft"],
    "Graph": ["Bild"],
    "recording": ["zeichnet auf"],
    "%1 run": ["ein Lauf", "%1 Läufe"],
}


@contextmanager
def settings(lab: Lab, plugin: str, **values):
    """Have the user's settings of a plugin say this, as the settings editor writes it."""
    path = lab.place / "settings" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values))
    try:
        yield
    finally:
        path.unlink()


def published(notebook) -> None:
    """Publish from the toolbar, and look at something else before it is done."""
    notebook.page.locator("[data-jp-item-name='swarmprov-publish']").click()
    press = notebook.panel.get_by_role("button", name=re.compile(r"^Publish \d+ items?$"))
    expect(press).to_have_attribute("aria-disabled", "false", timeout=60_000)
    press.click()
    notebook.page.evaluate("() => window.jupyterapp.shell.collapseRight()")


def test_the_palette_offers_every_command_in_one_category(open_notebook):
    """Whoever searches the palette for provenance finds all that the extension can do."""
    notebook = open_notebook(*STUDY)
    notebook.command("apputils:activate-command-palette")
    palette = notebook.page.locator("#command-palette:visible, .lm-CommandPalette:visible").first
    palette.locator("input").fill("provenance")
    labels = palette.locator(".lm-CommandPalette-header:has-text('Provenance') ~ .lm-CommandPalette-item")
    expect(labels.filter(has_text="Publish this notebook…")).to_have_count(1)
    texts = set(palette.locator(".lm-CommandPalette-itemLabel").all_text_contents())

    assert texts >= COMMANDS


def test_the_status_item_counts_and_opens_the_panel(open_notebook):
    """The status bar says whether the notebook records and how much; pressed, the panel opens."""
    notebook = open_notebook(*STUDY)
    item = notebook.page.locator(".swarmprov-statusitem button")
    expect(item).to_have_text("Provenance: not loaded")
    notebook.run_all()
    expect(item).to_have_text("Provenance: recording · 1 run")
    expect(notebook.panel).to_be_hidden()
    item.click()

    expect(notebook.panel).to_be_visible()
    expect(notebook.steps).to_have_count(1)


def test_every_setting_has_a_title_a_description_and_its_default():
    """The schema is what the settings editor shows: nothing in it is unnamed."""
    described = json.loads(SCHEMA.read_text(encoding="utf-8"))
    assert described["title"] == "Provenance"
    for name, setting in described["properties"].items():
        assert {"title", "description", "type", "default"} <= set(setting), name


def test_the_settings_editor_shows_our_settings(open_notebook):
    """In Lab's settings editor there is a Provenance section, with a title for each setting."""
    notebook = open_notebook(*STUDY)
    notebook.command("settingeditor:open", query="Provenance")
    editor = notebook.page.locator(".jp-SettingsPanel")
    for setting in json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"].values():
        expect(editor.get_by_text(setting["title"], exact=True).first).to_be_visible(timeout=30_000)


@pytest.mark.parametrize("opens", [True, False])
def test_the_panel_opens_by_itself_only_where_the_setting_says_so(lab, open_notebook, opens):
    """The panel opens when recording starts where the setting says so, and nothing opens without it."""
    with settings(lab, "swarmprov-nb/plugin", openPanelOnLoad=opens):
        notebook = open_notebook(*STUDY)
        notebook.run_all()
        expect(notebook.page.locator(".swarmprov-statusitem")).to_contain_text("1 run")
        expect(notebook.panel).to_be_visible(visible=opens)


def test_the_list_keeps_still_where_following_is_off(lab, open_notebook):
    """With "Follow the run" off the newest step is added out of sight; a reader's place in the list stays."""
    with settings(lab, "swarmprov-nb/plugin", followRun=False):
        notebook = open_notebook(*STUDY, *(f"value{number} = {number}" for number in range(30)))
        notebook.show_panel()
        notebook.run_all()
        expect(notebook.steps).to_have_count(31, timeout=30_000)

        expect(notebook.steps.first).to_be_in_viewport()
        expect(notebook.steps.last).not_to_be_in_viewport()


@pytest.mark.parametrize("tells", [True, False])
def test_a_publication_that_is_done_is_told_where_nobody_looks(lab, open_notebook, tells):
    """With the panel closed a notification says that it is done and leads to the receipt, unless that is turned off."""
    with settings(lab, "swarmprov-nb/plugin", notifyOnPublish=tells):
        notebook = open_notebook(*STUDY)
        notebook.run_all()
        published(notebook)
        notebook.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget.model.getMetadata('swarmprov')?.reference", timeout=90_000
        )
        notice = notebook.page.get_by_text(re.compile(r"^Published\. Stored and signed on this machine\.$"))
        if not tells:
            expect(notice).to_have_count(0)
            return
        expect(notice.first).to_be_visible()
        notebook.page.get_by_role("button", name="Show", exact=True).first.click()

    expect(notebook.panel.locator("[data-phase='receipt']")).to_be_visible()


def test_words_come_from_labs_language_packs(lab, open_notebook, tabs):
    """In another language our names are what its language pack for swarmprov_nb says; what it lacks stays English."""
    pack = {"data": {"swarmprov_nb": {"": HEAD, **GERMAN}}, "message": ""}
    tabs.route(re.compile(r"/lab/api/translations/de_DE"), lambda route: route.fulfill(json=pack))
    with settings(lab, "@jupyterlab/translation-extension/plugin", locale="de_DE"):
        notebook = open_notebook(*STUDY)
        notebook.show_panel()
        notebook.run_all()

        expect(notebook.panel.get_by_role("heading", name="Herkunft")).to_be_visible()
        expect(notebook.state).to_have_text("zeichnet auf")
        expect(notebook.panel.get_by_role("button", name="Bild")).to_be_visible()
        expect(notebook.panel.get_by_role("button", name="Pause")).to_be_visible()


def test_the_panel_is_there_again_after_a_reload(open_notebook):
    """Lab restores the open panel where it was, without a command."""
    notebook = open_notebook(*STUDY)
    notebook.show_panel()
    notebook.run_all()
    expect(notebook.steps).to_have_count(1)
    notebook.reload()

    expect(notebook.panel).to_be_visible(timeout=30_000)
    expect(notebook.steps).to_have_count(1, timeout=30_000)
