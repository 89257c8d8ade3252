"""The link to the page that asks for a password, in a cell's output, and taken out of it when that is over."""

from __future__ import annotations

import secrets
from html import escape
from typing import TYPE_CHECKING, Any

from swarmprov_nb.keys import wallets

if TYPE_CHECKING:
    from swarmprov_nb.chain.asking import Opens
    from swarmprov_nb.home import Home
    from swarmprov_nb.passwords import Page


def page_in_cell(shell: Any, home: Home) -> Page | None:
    """Return what asks for a password by a link in the output of the cell under way.

    None outside a kernel, and where nobody sits at it: a front end says so by not letting cells ask for input
    (https://jupyter-client.readthedocs.io/en/stable/messaging.html#execute, ``allow_stdin``).
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not getattr(kernel, "_allow_stdin", False):
        return None

    def ask(address: str, opens: Opens) -> None:
        from swarmprov_nb.live.unlock_page import ask_by_page

        name = next((each.name for each in wallets(home) if each.address == address), address)
        shown = _Output()
        try:
            ask_by_page(address, opens, show=lambda link: shown.link(link, name), name=name)
        finally:
            shown.over(name)

    return ask


class _Output:
    """One part of a cell's output, which changes in place."""

    def __init__(self) -> None:
        self._id = f"swarmprov-unlock-{secrets.token_hex(8)}"
        self._shown = False

    def link(self, link: str, name: str) -> None:
        """Show where the password is asked for: worth nothing once it was given."""
        said = f"The wallet {name} is locked. Unlock it: "
        text = f'<a href="{escape(link)}" target="_blank" rel="noopener noreferrer">Unlock wallet {escape(name)}</a>'
        self._put({"text/plain": f"{said}{link}", "text/html": f"<p>The wallet {escape(name)} is locked. {text}</p>"})

    def over(self, name: str) -> None:
        """Show no link any more: the notebook may be saved and shared."""
        if self._shown:
            self._put({"text/plain": f"The wallet {name} was asked for on its page."})

    def _put(self, data: dict[str, str]) -> None:
        from IPython.display import display

        display(data, raw=True, display_id=self._id, update=self._shown)
        self._shown = True
