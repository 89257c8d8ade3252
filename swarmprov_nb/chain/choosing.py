"""Which chain is meant: a name of the configuration or of the table, or a node's URL, and the nodes to ask for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NoReturn

from swarmprov_nb.chain.development import is_development_program
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.evm_reading import explained
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS, Network, network_of
from swarmprov_nb.chain.quorum import Quorum
from swarmprov_nb.chain.rpc import ask_number
from swarmprov_nb.chain.rpc_urls import checked_url, is_loopback, shown_url
from swarmprov_nb.errors import ChainError, UsageError

SETTINGS: Final[Mapping[str, tuple[type, ...]]] = {
    "chain_id": (int,), "rpc": (str, list), "public": (bool,), "label": (str,), "coin": (str,), "explorer": (str,),
    "op_stack": (bool,),
}  # fmt: skip
"""What `[chains.NAME]` of a user's configuration may say, and of which types."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_RESERVED: Final = (EMBEDDED.name, "local", "none")


@dataclass(frozen=True)
class Endpoint:
    """A network and the URLs of its nodes, which are never shown whole and never pickled: one may hold a key."""

    network: Network
    urls: tuple[str, ...] = field(repr=False)

    @property
    def shown(self) -> tuple[str, ...]:
        """Scheme, host and port of each node."""
        return tuple(map(shown_url, self.urls))

    @property
    def loopback(self) -> bool:
        """Whether all nodes are on this machine."""
        return all(map(is_loopback, self.urls))

    def __reduce__(self) -> NoReturn:
        raise TypeError("Nodes' addresses are not pickled: they may hold keys.")


def choose(text: str, configured: Mapping[str, Mapping[str, Any]] | None = None) -> Endpoint:
    """Find the network that a text means: a name in the configuration, one in the table, or a node's URL.

    >>> choose("gnosis", {"gnosis": {"rpc": "https://rpc.example/KEY"}})
    Endpoint(network=Network(name='gnosis', ...

    A URL's node is asked for its chain id: one of the configuration gives its name, else one of the table, else it is a
    private chain. A development node that serves a public chain's id is a copy, and proves nothing. Raises `UsageError`
    for an unknown name, a URL that must not be asked or a setting that is none, `ChainError` where no node answers.
    """
    configured = configured or {}
    if "://" in text:
        return _at(checked_url(text), configured)
    if text in configured:
        return _configured(text, configured[text])
    for network in NETWORKS:
        if network.name == text and network != EMBEDDED:
            return Endpoint(network, network.rpcs)
    names = ", ".join(dict.fromkeys([*configured, *(each.name for each in NETWORKS if each != EMBEDDED)]))
    raise UsageError(f"There is no chain named {text!r}.", f"Use local, none, a node's URL, or one of: {names}.")


def open_anchors(endpoint: Endpoint, *, lock_folder: Path) -> EvmAnchors:
    """The anchors on a network, over its node or over a quorum of several.

    Raises `UsageError` where no node is known, or one must not be asked.
    """
    if not endpoint.urls:
        name = endpoint.network.name
        raise UsageError(f"No node of {name} is known.", f"Give one in the configuration: [chains.{name}] rpc = …")
    nodes = [HttpRpc(url) for url in dict.fromkeys(endpoint.urls)]
    provider = nodes[0] if len(nodes) == 1 else Quorum(nodes)
    return EvmAnchors(endpoint.network, provider, lock_folder=lock_folder, loopback=endpoint.loopback)


def _at(url: str, configured: Mapping[str, Mapping[str, Any]]) -> Endpoint:
    node = HttpRpc(url)
    with explained():
        chain_id = ask_number(node, "eth_chainId")
        is_copy = is_development_program(node)
    if chain_id == EMBEDDED.chain_id:
        raise ChainError(
            f"{node.place} serves the embedded chain's id, which belongs to no other chain.",
            "Use --chain local, or another node.",
        )
    for name, settings in configured.items():
        if settings.get("chain_id") == chain_id:
            return Endpoint(_configured(name, settings).network, (url,))
    network = network_of(chain_id)
    if network is None:
        return Endpoint(Network.custom(chain_id), (url,))
    if is_copy and network.public:
        network = network.as_private(f"copy of {network.label} on a development node: proves nothing to others")
    return Endpoint(network, (url,))


def _configured(name: str, settings: Mapping[str, Any]) -> Endpoint:
    """A network as the user's configuration describes it, on top of what the table knows."""
    for key, value in settings.items():
        if type(value) not in SETTINGS.get(key, ()):
            raise _wrong(name, key)
    if name in _RESERVED or not _NAME.fullmatch(name):
        raise UsageError(
            f"[chains.{name}] has a name that means something else.", "Give the chain a name of letters, digits and -."
        )
    known = next((network for network in NETWORKS if network.name == name), None)
    chain_id = settings.get("chain_id", known.chain_id if known else None)
    if chain_id is None:
        raise UsageError(f"[chains.{name}] has no chain_id.", "Add it: it is checked before anything is signed.")
    if known is not None and chain_id != known.chain_id:
        raise UsageError(f"[chains.{name}] has another chain_id than {name}.", "Give that chain a name of its own.")
    unknown = Network.custom(chain_id)  # refuses the embedded chain's id
    base = known or network_of(chain_id) or unknown
    given = {key: settings[key] for key in ("public", "label", "coin", "explorer", "op_stack") if key in settings}
    network = replace(base, name=name, **given)
    if network.public and not base.public and "label" not in given:
        network = replace(network, label=name)
    return Endpoint(network, _urls(name, settings.get("rpc", list(base.rpcs))))


def _urls(name: str, given: str | list[Any]) -> tuple[str, ...]:
    listed = [given] if isinstance(given, str) else given
    if not all(isinstance(each, str) for each in listed):
        raise _wrong(name, "rpc")
    return tuple(checked_url(each) for each in listed)


def _wrong(name: str, key: str) -> UsageError:
    keys = ", ".join(SETTINGS)
    return UsageError(f"[chains.{name}] cannot have that {key}.", f"Its settings are {keys}.")
