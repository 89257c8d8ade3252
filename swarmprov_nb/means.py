"""Means: what a wallet holds on the network that it signs for, and what its user's caps leave."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Final

from swarmprov_nb.spending import Purse

if TYPE_CHECKING:
    from swarmprov_nb.publisher import Publisher

_DECIMALS: Final = 18
_SHOWN: Final = Decimal("0.000001")  # of a coin


@dataclass(frozen=True)
class Means:
    """What a wallet holds, and what one publish may cost now by the caps (empty where none applies), with the coin."""

    holds: str = ""
    left: str = ""


def means_of(publisher: Publisher) -> Means:
    """Ask the network what the publisher's wallet holds; nothing where it anchors on this machine's chain or nowhere.

    Raises ChainError where no node answers, or one of another network.
    """
    if publisher.endpoint is None:
        return Means()
    coin = publisher.endpoint.network.coin
    holds = rounded(publisher.anchors().balance(publisher.wallet.address), coin)
    if publisher.wallet.dev:
        return Means(holds)
    purse = Purse.of(publisher.home, publisher.endpoint.network.name, coin)
    return Means(holds, rounded(purse.left(), coin))


def rounded(units: int, coin: str) -> str:
    """Return an amount in words, rounded down to a millionth.

    >>> rounded(1_234_567_899_999_999_999, "xDAI"), rounded(1, "ETH"), rounded(0, "ETH")
    ('1.234567 xDAI', 'less than 0.000001 ETH', '0 ETH')
    """
    amount = Decimal(units).scaleb(-_DECIMALS)
    if 0 < amount < _SHOWN:
        return f"less than {_SHOWN:f} {coin}"
    return f"{amount.quantize(_SHOWN, ROUND_DOWN).normalize():f} {coin}"
