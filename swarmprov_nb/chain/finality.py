"""How settled a block is: included → safe → finalized, and how long until then."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import Provider, ask_number, ask_object, number
from swarmprov_nb.chain.rpc_errors import RpcError

State: TypeAlias = Literal["dropped", "pending", "included", "safe", "finalized"]
"""Of a transaction or a record: not known to the network, waiting, in a block, unlikely to leave, irreversible."""

CONFIRMATIONS: Final = 64  # blocks on top, where a chain of the user's own knows no tags; half of them count as safe
CLOCK_AHEAD: Final = 900  # seconds that a chain's newest block may be old before a note says so
CLOCK_BEHIND: Final = 120  # seconds that it may lie in the future


def state_of_block(provider: Provider, network: Network, block: int) -> State:
    """How settled a block is that the node has.

    It is what the tags `finalized` and `safe` say (github.com/ethereum/execution-apis). Blocks are counted only where
    there are no tags, and only on a network that is not in the table: those there have them.
    """
    final, known = _tagged(provider, "finalized")
    if final is not None and block <= final:
        return "finalized"
    if not known and network.final_after is None and network != EMBEDDED:
        on_top = ask_number(provider, "eth_blockNumber") - block
        return "finalized" if on_top >= CONFIRMATIONS else "safe" if 2 * on_top >= CONFIRMATIONS else "included"
    safe, _ = _tagged(provider, "safe")
    return "safe" if safe is not None and block <= safe else "included"


def seconds_to_final(provider: Provider, network: Network, since: int, state: State) -> int | None:
    """About how many seconds until a block of that time is finalized; None where nobody knows."""
    if state == "finalized":
        return 0
    if network.final_after is None:
        return None
    latest = ask_object(provider, "eth_getBlockByNumber", "latest", False) or {}
    return max(1, network.final_after - max(0, number(latest.get("timestamp"), "eth_getBlockByNumber") - since))


def clock_note(latest: Mapping[str, Any], network: Network) -> str | None:
    """A sentence where this machine's clock and the network's newest block do not fit together, else None."""
    if network == EMBEDDED:
        return None
    seconds = int(time.time()) - number(latest.get("timestamp"), "eth_getBlockByNumber")
    if seconds < -CLOCK_BEHIND:
        return f"This machine's clock is {_minutes(-seconds)} behind the time of {network.name}'s newest block."
    if seconds > CLOCK_AHEAD and network.final_after is not None:
        return (
            f"The newest block of {network.name} is {_minutes(seconds)} old by this machine's clock: "
            "the clock is wrong, or the node is behind."
        )
    return None


def _tagged(provider: Provider, tag: str) -> tuple[int | None, bool]:
    """The number of the block with this tag, None where there is none; and whether the node knows the tag."""
    try:
        block = ask_object(provider, "eth_getBlockByNumber", tag, False)
    except RpcError:
        return None, False
    return (number(block.get("number"), "eth_getBlockByNumber") if block is not None else None), True


def _minutes(seconds: int) -> str:
    return f"{round(seconds / 60)} minutes"
