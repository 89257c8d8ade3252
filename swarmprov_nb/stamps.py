"""Stamps: a Bee node's postage batches as a person thinks of them: how much, how long, what it costs.

Nothing is bought unasked: a price is shown, consent is given, and it is within the cap of the user's settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.errors import StorageError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.spending import BZZ, Purse
from swarmprov_nb.view.captions import byte_size

if TYPE_CHECKING:
    from swarmprov_nb.swarm.bee import Batches
    from swarmprov_nb.swarm.bee.batch import Batch

_LABEL: Final = 24  # characters of a batch's label that are shown
_DECIMALS: Final = 16  # of BZZ: 1 BZZ is 10^16 PLUR


def batches_of(store: str) -> Batches:
    """Open the batches of a Bee node; UsageError for a gateway, which has none."""
    from swarmprov_nb.remotes import GATEWAY
    from swarmprov_nb.swarm.bee import Batches, BeeNode

    if store.startswith(GATEWAY):
        raise UsageError("A gateway has no postage batches of yours.", "Name a Bee node: http://127.0.0.1:1633")
    return Batches(BeeNode.at(store))


def in_lines(batches: Batches) -> Iterator[str]:
    """Yield a line for each batch: what it holds, how full it is, how long it lasts; and the node's wallet."""
    from swarmprov_nb.swarm.bee.postage import capacity

    found = batches.list()
    for batch in found:
        full = f"fullest bucket {batch.utilization} of {batch.places}"
        kind = "immutable" if batch.immutable else "mutable: overwrites when full"
        note = f", {why}" if (why := batch.unfit()) else ""
        yield f"{batch.id}  about {byte_size(capacity(batch.depth))}, {full}, {_lasts(batch)}, {kind}{note}"
    if not found:
        yield "This node has no postage batch. See what one costs by: swarmprov stamps buy --size 1GB --days 90"
    try:
        wallet = batches.wallet()
    except StorageError:  # a node that shows no wallet has batches all the same
        return
    yield f"The node's wallet holds {wallet.bzz} BZZ and {wallet.coin} xDAI."


def to_choose(store: str) -> dict[str, str]:
    """Return what a person may choose of a store's postage batches: by id what each holds and how long it lasts.

    Empty at a gateway. Raises StorageError where the node does not tell.
    """
    from swarmprov_nb.remotes import GATEWAY
    from swarmprov_nb.swarm.bee.postage import capacity

    if store.startswith(GATEWAY):
        return {}
    found = batches_of(store).list()
    holds = {each.id: f"about {byte_size(capacity(each.depth))}, {_lasts(each)}" for each in found}
    return {each.id: f"{each.label[:_LABEL]} {each.id[:8]}…: {holds[each.id]}".strip() for each in found}


def buy(
    batches: Batches, *, size: int, days: float, label: str, home: Home, consent: Callable[[str], bool],
    say: Callable[[str], None],
) -> str | None:  # fmt: skip
    """Buy a batch for so many bytes and days at a price that is shown first; None where consent is not given.

    Raises UsageError, StorageError, and PublishRefused over the cap for BZZ.
    """
    from swarmprov_nb.swarm.bee.postage import capacity

    price = batches.price(size, days)
    what = f"a batch of depth {price.depth} (about {byte_size(capacity(price.depth))}) for {days:g} days"
    if not _agreed(price, what, home, consent):
        return None
    _purse(home).promise(f"batch {label or what} at {batches.node.shown}", price.plur)
    return batches.buy(price, label, say=say)


def top_up(
    batches: Batches, batch: str, *, days: float, home: Home, consent: Callable[[str], bool], say: Callable[[str], None]
) -> Any:
    """Pay for so many days more for a batch, at a price that is shown first; None where consent is not given."""
    price = batches.price_of_top_up(batch, days)
    if not _agreed(price, f"{days:g} days more for batch {batch[:8]}…", home, consent):
        return None
    _purse(home).promise(f"top-up of {batch} until {price.expires:%Y-%m-%d}", price.plur)
    return batches.top_up(batch, price, say=say)


def bytes_in(text: str) -> int:
    """Return how many bytes a text like "500MB" means.

    >>> bytes_in("1.5GB"), bytes_in("4096")
    (1500000000, 4096)

    Raises UsageError for what is no size.
    """
    units = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "b": 1}
    word = text.strip().lower().replace(" ", "")
    unit = next((each for each in units if word.endswith(each)), "")
    try:
        size = float(word.removesuffix(unit)) * units.get(unit, 1)
    except ValueError:
        size = 0.0
    if not 1 <= size < 1e16:  # noqa: PLR2004 - ten petabytes
        raise UsageError(f"{text[:40]!r} is no size.", "Give a number with a unit: 500MB, 1GB")
    return int(size)


def _lasts(batch: Batch) -> str:
    return "without an end" if batch.days_left is None else f"{batch.days_left:.0f} days left"


def _agreed(price: Any, what: str, home: Home, consent: Callable[[str], bool]) -> bool:
    _purse(home).require(price.plur, what[0].upper() + what[1:])
    return consent(f"{what} costs {price.bzz} BZZ at today's price, until about {price.expires:%Y-%m-%d}")


def _purse(home: Home) -> Purse:
    return Purse.of(home, BZZ, "BZZ", decimals=_DECIMALS)
