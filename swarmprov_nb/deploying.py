"""Deploy: put the contract where it belongs on a network that does not have it yet; and list the networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from swarmprov_nb.destinations import Destinations
from swarmprov_nb.errors import SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.spending import Purse

if TYPE_CHECKING:
    from swarmprov_nb.publisher import Publisher


def deploy(publisher: Publisher, *, consent: Callable[[str], bool]) -> str | None:
    """Put the contract at its one address on the publisher's network; None where consent to the cost is not given.

    Where it stands already nothing is sent. Raises UsageError for this machine's own chain, PublishRefused over a cap,
    ChainError where the network does not take it.
    """
    from swarmprov_nb.chain.contract import allowed_contract
    from swarmprov_nb.chain.evm_anchors import EvmAnchors

    anchors = publisher.anchors()
    if publisher.endpoint is None or not isinstance(anchors, EvmAnchors):
        raise UsageError("This machine's own chain has the contract already.", "Name a network: --chain NAME")
    address = allowed_contract("1").address
    quote = anchors.quote_deployment(publisher.wallet.address)
    if not quote.total and not quote.gas:
        return address
    if not consent(f"at most {quote.text}"):
        return None
    most = None
    if not publisher.wallet.dev:
        most = quote.total * 5 // 4
        Purse.of(publisher.home, anchors.network.name, anchors.network.coin).promise(
            f"deploy on {publisher.chain}", most
        )
    with publisher.unlocked():
        anchors.deploy(publisher.wallet, most=most)
    return address


def networks(home: Home) -> Iterator[str]:
    """Yield a line for each network that is known by name: its chain id, what a record there is worth, its nodes."""
    from swarmprov_nb.chain.choosing import choose
    from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS

    chains = Destinations.of(home).chains
    names = [*chains, *(each.name for each in NETWORKS if each != EMBEDDED and each.name not in chains)]
    yield f"{'local':<14} {EMBEDDED.chain_id:>10}  {EMBEDDED.label}"
    for name in names:
        mark = "*" if name in chains else " "
        try:
            endpoint = choose(name, chains)
        except SwarmprovError as error:
            yield f"{name:<14} {'?':>10} {mark}{error.what}"
            continue
        network = endpoint.network
        worth = network.label if not network.public else f"{network.label}: public, {network.coin}"
        yield f"{name:<14} {network.chain_id:>10} {mark}{worth}; {', '.join(endpoint.shown) or 'no node known'}"
    yield f"* in your settings ({home.config}): asked at every verification"
