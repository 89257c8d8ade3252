"""Running a call on a state and throwing its changes away: eth_call and eth_estimateGas."""

from __future__ import annotations

from swarmprov_nb.chain import embedded_engine  # noqa: F401 - before eth

# isort: split

from collections.abc import Mapping
from typing import Any

from eth.exceptions import Revert
from eth.vm.spoof import SpoofTransaction
from eth_utils.address import to_canonical_address
from eth_utils.exceptions import ValidationError

from swarmprov_nb.chain.rpc_errors import REFUSED, REVERTED, RpcError


def execute(vm: Any, transaction: Mapping[str, Any], gas: int) -> Any:
    """Run a JSON-RPC call object with this much gas; the computation, its changes undone.

    Raises `RpcError`: code 3 with data for a revert, -32000 for any other failure.
    """
    computation = _attempt(vm, transaction, gas)
    if computation.is_success:
        return computation
    if isinstance(computation.error, Revert):
        raise RpcError(REVERTED, "execution reverted", bytes(computation.output))
    raise RpcError(REFUSED, f"execution failed: {type(computation.error).__name__}")


def estimate(vm: Any, transaction: Mapping[str, Any], most: int) -> int:
    """The least gas with which a call succeeds: what it took, or more where it called on with 63/64 of the rest."""
    computation = execute(vm, transaction, most)
    low = most - computation.get_gas_remaining() - 1
    high = most
    guess = low + 1
    while low + 1 < high:
        if _succeeds(vm, transaction, guess):
            high = guess
        else:
            low = guess
        guess = (low + high) // 2
    return high


def _succeeds(vm: Any, transaction: Mapping[str, Any], gas: int) -> bool:
    try:
        return bool(_attempt(vm, transaction, gas).is_success)
    except RpcError:
        return False


def _attempt(vm: Any, call: Mapping[str, Any], gas: int) -> Any:
    state = vm.state
    sender = to_canonical_address(call.get("from") or "0x" + "00" * 20)
    unsigned = vm.get_transaction_builder().create_unsigned_transaction(
        nonce=state.get_nonce(sender),
        gas_price=0,
        gas=min(gas, int(call["gas"], 16)) if "gas" in call else gas,
        to=to_canonical_address(call["to"]) if call.get("to") else b"",
        value=int(call.get("value", "0x0"), 16),
        data=bytes.fromhex((call.get("data") or call.get("input") or "0x")[2:]),
    )
    snapshot = state.snapshot()
    try:
        return state.apply_transaction(SpoofTransaction(unsigned, from_=sender))
    except ValidationError as error:
        raise RpcError(REFUSED, str(error)) from error
    finally:
        state.revert(snapshot)
