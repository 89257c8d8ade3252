"""The chains that this package knows by name."""

from __future__ import annotations

from dataclasses import dataclass

from swarmprov_nb.errors import UsageError


@dataclass(frozen=True)
class Network:
    """A chain, and whether a record on it proves anything to others.

    >>> EMBEDDED.public
    False
    """

    name: str
    chain_id: int
    public: bool
    label: str


# The chain id spells "swpv" and belongs to no chain: what is signed for the embedded chain is worth nothing elsewhere.
EMBEDDED = Network(name="embedded", chain_id=0x73777076, public=False, label="local chain: proves nothing to others")

NETWORKS = (EMBEDDED,)


def network_named(name: str) -> Network:
    """Look a network up by its name.

    >>> network_named("embedded").label
    'local chain: proves nothing to others'

    Raises `UsageError` for a name that is not in the table.
    """
    for network in NETWORKS:
        if network.name == name:
            return network
    names = ", ".join(network.name for network in NETWORKS)
    raise UsageError(f"There is no network named {name!r}.", f"Use one of: {names}.")


def is_private(chain_id: int) -> bool:
    """Whether a chain id belongs to a network of the table that is not public.

    >>> is_private(EMBEDDED.chain_id), is_private(1)
    (True, False)
    """
    return any(network.chain_id == chain_id and not network.public for network in NETWORKS)
