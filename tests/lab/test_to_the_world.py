"""One click in a real JupyterLab, to a Bee node and a chain, with a wallet that is unlocked on its page."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from real_networks import PASSWORD, finalize, funded_wallet, mark_public
from world_clicks import STUDY, choose_the_world, phase, press, reference_of, unlock

from swarmprov_nb.home import Home
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify


def test_unlock_press_and_read_the_receipt(lab, open_notebook, anvil_url, tmp_path):
    """Type a node's address, choose a chain, press, unlock, read; a stranger with another node finds it anchored."""
    home = Home(lab.home)
    mark_public(home, anvil_url)
    made = funded_wallet(home, anvil_url)
    with FakeBee() as bee, FakeBee(peer=bee) as other:
        notebook = open_notebook(*STUDY)
        notebook.show_panel()
        notebook.run_all()
        choose_the_world(notebook, bee.url)
        preview = phase(notebook, "preview")
        expect(preview.locator(".swarmprov-total")).to_contain_text("at most 0.0")
        expect(preview.locator(".swarmprov-signer")).to_contain_text("holds 1 test ETH on anvil")
        press(notebook)
        link = phase(notebook, "publishing").get_by_role("link", name="Unlock wallet work")
        unlock(link, notebook.page, PASSWORD)
        reference = reference_of(notebook)
        receipt = phase(notebook, "receipt")
        expect(receipt).to_contain_text(f"{bee.url}, until about")
        expect(receipt).to_contain_text("not final yet")
        stranger = Home(tmp_path / "stranger")
        mark_public(stranger, anvil_url)
        finalize(anvil_url)
        receipt.get_by_role("button", name=re.compile("Look again")).click()
        expect(receipt).not_to_contain_text("not final yet", timeout=30_000)
        report = verify(reference, store=other.url, home=stranger, any_signer=True)

    (kept,) = receipts(home)
    assert (kept.reference, kept.wallet, kept.anchor["state"]) == (reference, made.address, "finalized")
    assert kept.pushed_to(bee.url)["chunks"] == len(bee.received)
    assert (report.level, report.exit_code) == ("anchored", 0)
