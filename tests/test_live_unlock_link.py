"""The link in a cell's output that leads to the page for a wallet's password."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from real_networks import PASSWORD, unlock

from swarmprov_nb import keys
from swarmprov_nb.errors import WalletError
from swarmprov_nb.home import Home
from swarmprov_nb.live import unlock_page
from swarmprov_nb.live.unlock_link import page_in_cell


@pytest.fixture
def outputs(monkeypatch):
    """What was displayed: the data of each output, as it is in the end."""
    shown = {}

    def display(data, *, raw, display_id, update):
        assert raw
        assert update == (display_id in shown)
        shown[display_id] = data
        if "text/html" in data:
            shown["seen"] = data

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def shell(**kernel):
    return SimpleNamespace(kernel=SimpleNamespace(**kernel))


@pytest.mark.parametrize("where", [SimpleNamespace(), shell(), shell(_allow_stdin=False)])
def test_where_nobody_sits_nobody_is_asked(where, tmp_path):
    """Outside a kernel, and where a front end takes no input (nbclient, papermill), there is no page."""
    assert page_in_cell(where, Home(tmp_path)) is None


def test_the_link_is_taken_back_once_the_password_was_given(outputs, tmp_path, monkeypatch):
    """The wallet is named, a link without a way back leads to its page, and none is left in the output."""
    home = Home(tmp_path / "home")
    made = keys.new(home, "work", lambda: PASSWORD, n=2)
    ask = page_in_cell(shell(_allow_stdin=True), home)
    asked_by_page = unlock_page.ask_by_page

    def at_once(address, opens, *, show, name):
        def answered(link):
            show(link)
            unlock(link, PASSWORD)

        asked_by_page(address, opens, show=answered, name=name)

    monkeypatch.setattr(unlock_page, "ask_by_page", at_once)
    wallet = keys.open_wallet(home, page=ask)
    with wallet.unlocked():
        assert not wallet.locked
    seen = outputs.pop("seen")
    (left,) = outputs.values()

    assert wallet.address == made.address
    assert 'rel="noopener noreferrer">Unlock wallet work</a>' in seen["text/html"]
    assert "/unlock/" in seen["text/plain"]
    assert left == {"text/plain": "The wallet work was asked for on its page."}
    assert PASSWORD not in json.dumps([seen, left])


def test_the_link_is_taken_back_where_nobody_answers(outputs, tmp_path, monkeypatch):
    """Whatever ends the asking, the output keeps no link."""
    home = Home(tmp_path / "home")
    keys.new(home, "work", lambda: PASSWORD, n=2)

    def nobody(address, opens, *, show, name):
        show("http://127.0.0.1:1/unlock/x")
        raise WalletError(f"Nobody gave the password of {name}, {address}.", f"Begin again: {opens}.")

    monkeypatch.setattr(unlock_page, "ask_by_page", nobody)
    wallet = keys.open_wallet(home, page=page_in_cell(shell(_allow_stdin=True), home))
    with pytest.raises(WalletError, match="Nobody gave"), wallet.unlocked():
        pass
    outputs.pop("seen")

    assert "unlock/" not in json.dumps(list(outputs.values()))
