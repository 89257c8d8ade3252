"""What a transaction may cost: our own estimate, in the network's coin, before anything is signed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Context
from typing import Any, Final, Self

from swarmprov_nb.chain.networks import Network
from swarmprov_nb.chain.rpc import Provider, ask, ask_number, ask_object, number, octets, strange
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.errors import ChainError

DECIMALS: Final = 18  # of the coin of every EVM chain
BLOCKS: Final = 20  # of history, from which the tip is taken
HEAD_ROOM: Final = 2  # times the base fee of now: it rises by an eighth a block at most (EIP-1559)

_EXACT: Final = Context(prec=200)  # decimal's own 28 digits would round large amounts

# Predeployed on every OP-stack chain (specs.optimism.io, predeploys): getL1Fee(bytes) of the unsigned transaction.
ORACLE: Final = "0x420000000000000000000000000000000000000F"
_GET_L1_FEE: Final = "49948e0e"


@dataclass(frozen=True)
class Quote:
    """The most that a transaction may cost, in the coin's smallest unit.

    >>> Quote(gas=50_000, max_fee_per_gas=2 * 10**9, tip=10**9, l1_fee=0, coin="xDAI").text
    '0.0001 xDAI'
    """

    gas: int
    max_fee_per_gas: int
    tip: int
    l1_fee: int
    coin: str

    @property
    def total(self) -> int:
        """Gas at the highest price that is signed, and the data fee with its head room."""
        return self.gas * self.max_fee_per_gas + self.l1_fee

    @property
    def text(self) -> str:
        """The total for people, rounded up to three digits."""
        return f"{about(self.total)} {self.coin}".strip()

    @classmethod
    def nothing(cls, network: Network) -> Self:
        """What it costs where nothing is to be done."""
        return cls(gas=0, max_fee_per_gas=0, tip=0, l1_fee=0, coin=network.coin)


def in_coins(wei: int) -> str:
    """An amount in coins as decimal text, exactly.

    >>> in_coins(105_021_000_735_147)
    '0.000105021000735147'
    """
    whole, rest = divmod(wei, 10**DECIMALS)
    return f"{whole}.{rest:0{DECIMALS}d}".rstrip("0").rstrip(".")


def about(wei: int) -> str:
    """An amount in coins as decimal text, rounded up to three digits.

    >>> about(105_021_000_735_147)
    '0.000106'
    """
    return in_coins(int(Context(prec=3, rounding=ROUND_UP).create_decimal(wei)))


def prices(provider: Provider, network: Network) -> tuple[int, int]:
    """The tip and the most that a unit of gas should be offered for now, in wei.

    The tip is the median over the last blocks of what the median transaction paid (eth_feeHistory, 50th percentile),
    with no floor: libraries put a gwei there, a hundred times too much on a roll-up.
    """
    latest = ask_object(provider, "eth_getBlockByNumber", "latest", False)
    if latest is None or "baseFeePerGas" not in latest:
        raise ChainError(
            f"The node of {network.name} tells no base fee: this chain is older than EIP-1559.",
            "Anchor on another network.",
        )
    base = number(latest["baseFeePerGas"], "eth_getBlockByNumber")
    tip = _tip(provider)
    if base:  # nodes drop what tips nothing; only the embedded chain has no price at all
        tip = max(1, tip)
    return tip, HEAD_ROOM * base + tip


def quote(provider: Provider, network: Network, transaction: Transaction) -> Quote:
    """What a transaction may cost at most, with its data fee on an OP-stack network."""
    l1_fee = HEAD_ROOM * _l1_fee(provider, network, transaction) if network.op_stack else 0
    return Quote(transaction.gas, transaction.most_fee, transaction.tip, l1_fee, network.coin)


def _tip(provider: Provider) -> int:
    try:
        history = ask_object(provider, "eth_feeHistory", hex(BLOCKS), "latest", [50])
        paid = _paid(history or {})
        if paid:
            return sorted(paid)[(len(paid) - 1) // 2]
    except RpcError:  # a node that keeps no history has an opinion
        pass
    return ask_number(provider, "eth_maxPriorityFeePerGas")


def _paid(history: Any) -> list[int]:
    """The median tips of blocks that had transactions."""
    ratios, rewards = history.get("gasUsedRatio") or [], history.get("reward") or []
    if not (isinstance(ratios, list) and isinstance(rewards, list) and all(isinstance(each, list) for each in rewards)):
        raise strange("eth_feeHistory")
    used = [each for ratio, each in zip(ratios, rewards, strict=False) if ratio and each]
    return [number(each[0], "eth_feeHistory") for each in used]


def _l1_fee(provider: Provider, network: Network, transaction: Transaction) -> int:
    from eth_abi.abi import encode

    data = "0x" + _GET_L1_FEE + encode(["bytes"], [transaction.unsigned()]).hex()
    answer = octets(ask(provider, "eth_call", {"to": ORACLE, "data": data}, "latest"), "eth_call")
    if len(answer) != 32:  # noqa: PLR2004  a word
        raise ChainError(
            f"The node of {network.name} does not tell the data fee, which may be most of the cost.",
            "Ask another node of this network.",
        )
    return int.from_bytes(answer, "big")
