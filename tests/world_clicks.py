"""What a person clicks in Lab to publish to a Bee node and a chain with a wallet of their own."""

from __future__ import annotations

import re

from labs import OpenNotebook
from playwright.sync_api import Page, expect

PUBLISH = re.compile(r"^Publish \d+ items?$")
STUDY = (
    "%load_ext swarmprov",
    "import pandas as pd\nraw = pd.DataFrame({'mass': [3750, 3800, 3250]})",
    "%%provenance clean --dataset clean --license CC0-1.0\nclean = raw[raw.mass > 3300]",
)


def phase(notebook: OpenNotebook, name: str):
    """The publish card of the panel, in this phase."""
    return notebook.panel.locator(f".swarmprov-publish[data-phase='{name}']")


def see(notebook: OpenNotebook, name: str) -> None:
    """Wait until the publish card is in this phase."""
    expect(phase(notebook, name)).to_be_visible(timeout=90_000)


def choose_the_world(notebook: OpenNotebook, store: str) -> None:
    """Look at the preview, type a Bee node's address, choose the chain, and wait until both are ready."""
    notebook.command("swarmprov:publish")
    see(notebook, "preview")
    preview = phase(notebook, "preview")
    preview.get_by_role("combobox", name="Store").select_option("typing:bee")
    field = preview.get_by_role("textbox", name="Address of the store")
    field.fill(store)
    field.press("Enter")
    expect(preview.locator(".swarmprov-test", has_text="ready: stored in batch")).to_be_visible(timeout=60_000)
    preview.get_by_role("combobox", name="Chain").select_option("anvil")
    expect(preview.locator(".swarmprov-test", has_text="ready: anvil")).to_be_visible(timeout=60_000)


def press(notebook: OpenNotebook) -> None:
    """Press the one button, once it may be pressed."""
    button = notebook.panel.get_by_role("button", name=PUBLISH)
    expect(button).to_have_attribute("aria-disabled", "false", timeout=60_000)
    button.click()


def unlock(link, page: Page, password: str) -> str:
    """Follow a link to the page that asks for a password, and give it there; returns where that was."""
    expect(link).to_be_visible(timeout=60_000)
    with page.context.expect_page() as opened:
        link.click()
    opened.value.get_by_label("Password").fill(password)
    opened.value.get_by_role("button", name="Unlock").click()
    expect(opened.value.get_by_text("Thank you")).to_be_visible(timeout=60_000)
    address = opened.value.url
    opened.value.close()
    return address


def reference_of(notebook: OpenNotebook) -> str:
    """Wait for the receipt, and return its reference."""
    see(notebook, "receipt")
    return phase(notebook, "receipt").locator(".swarmprov-terms code").first.get_attribute("title")
