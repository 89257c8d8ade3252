"""Options of where a publish goes: stores and chains by ids that hold no secret; what they stand for stays in here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from swarmprov_nb.destinations import LOCAL, NO_CHAIN, Destinations
from swarmprov_nb.errors import SwarmprovError

CONFIGURED: Final = "configured"  # the id of what the user's settings give as a URL
_STORE_HERE: Final = "this machine"
_CHAIN_HERE: Final = "this machine's chain: proves nothing to others"
_NO_ANCHOR: Final = "none: no anchor"
_MOST: Final = 40  # of one kind, with those that were typed
_LONGEST: Final = 2048  # characters of a URL


class Options:
    """What one may choose for a store or a chain, and what is chosen; only ids and labels leave the kernel.

    `read` checks a typed text and returns what may be shown of it.
    """

    def __init__(self, offered: dict[str, str], texts: dict[str, str], chosen: str, read: Callable[[str], str]) -> None:
        self._labels = offered
        self._texts = texts
        self._read = read
        self.chosen = chosen
        self.refused = ""

    def __repr__(self) -> str:
        return f"Options({', '.join(self._labels)})"

    @property
    def text(self) -> str:
        """What is chosen, as it is asked for: it may hold a key."""
        return self._texts[self.chosen]

    @property
    def label(self) -> str:
        """What is chosen, as it may be shown."""
        return self._labels[self.chosen]

    def choose(self, id_: str) -> None:
        """Choose one of what is offered; anything else is `refused`."""
        if id_ in self._labels:
            self.chosen, self.refused = id_, ""
        else:
            self.refused = "That is no longer there to choose. Choose another."

    def add(self, text: str) -> None:
        """Offer and choose what a person typed; where it cannot be meant, `refused` says why, without repeating it."""
        text = text.strip()
        try:
            label = self._read(text[:_LONGEST])
        except SwarmprovError as error:
            self.refused = f"{error.what} {error.next_step}"
            return
        id_ = next((id_ for id_, each in self._texts.items() if each == text), None)
        if id_ is None and len(self._labels) >= _MOST:
            self.refused = f"There are {_MOST} to choose from already. Choose one of them, or restart the kernel."
            return
        if id_ is None:
            id_ = f"typed-{secrets.token_hex(4)}"
            self._labels[id_], self._texts[id_] = label, text
        self.choose(id_)

    def told(self) -> dict[str, Any]:
        """Return what front ends are told."""
        options = [{"id": id_, "label": label} for id_, label in self._labels.items()]
        return {"id": self.chosen, "options": options, "refused": self.refused}


def stores(stated: Destinations) -> Options:
    """Return the stores to choose from: this machine's own, and that of the user's settings."""
    labels, texts = {LOCAL: _STORE_HERE}, {LOCAL: LOCAL}
    if stated.store != LOCAL:
        labels[CONFIGURED], texts[CONFIGURED] = f"{_shown(stated.store)} (your settings)", stated.store
    return Options(labels, texts, CONFIGURED if CONFIGURED in labels else LOCAL, _store_read)


def chains(stated: Destinations) -> Options:
    """Return the chains to choose from: this machine's, none, those of the user's settings, those known by name."""
    from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS

    labels = {LOCAL: _CHAIN_HERE, NO_CHAIN: _NO_ANCHOR}
    known = [network.name for network in NETWORKS if network != EMBEDDED]
    for name in dict.fromkeys((*stated.chains, *known)):
        if name not in labels:
            labels[name] = _chain_label(name, stated)
    texts = {id_: id_ for id_ in labels}
    if stated.chain in labels:
        return Options(labels, texts, stated.chain, _chain_read)
    labels[CONFIGURED], texts[CONFIGURED] = f"{_chain_shown(stated.chain)} (your settings)", stated.chain
    return Options(labels, texts, CONFIGURED, _chain_read)


def _chain_label(name: str, stated: Destinations) -> str:
    from swarmprov_nb.chain.choosing import choose

    try:
        network = choose(name, stated.chains).network
    except SwarmprovError:
        return f"{name}: your settings cannot be read"
    return name if network.public else f"{name} ({network.label})"


def _shown(store: str) -> str:
    from swarmprov_nb.remotes import shown_store

    try:
        return shown_store(store)
    except SwarmprovError:
        return "a store that cannot be meant"


def _chain_shown(chain: str) -> str:
    try:
        return _chain_read(chain)
    except SwarmprovError:
        return "a chain that cannot be meant"


def _store_read(text: str) -> str:
    from swarmprov_nb.remotes import remote_url, shown_store

    return shown_store(remote_url(text))


def _chain_read(text: str) -> str:
    """Return what may be shown of a chain's URL; a name that was typed is refused, for a half-typed URL is one too."""
    from swarmprov_nb.chain.rpc_urls import checked_url, shown_url

    return shown_url(checked_url(text))
