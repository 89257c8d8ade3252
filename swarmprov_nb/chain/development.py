"""Development nodes on this machine: chains without value, with accounts that the node itself unlocks."""

from __future__ import annotations

import time
from typing import Final

from swarmprov_nb.chain.networks import DEVELOPMENT_IDS, Network
from swarmprov_nb.chain.rpc import Provider, ask, ask_number, ask_object, number, strange
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.errors import ChainError

GIFT: Final = 10**18  # wei: enough for thousands of anchors at a development node's prices
FUNDING_SECONDS: Final = 60.0
_PROGRAMS: Final = ("anvil", "hardhat")
_POLL_SECONDS: Final = 0.1


def is_development(provider: Provider, network: Network, *, loopback: bool) -> bool:
    """Whether this is a development node: on this machine, with a development node's chain id and program."""
    return loopback and network.chain_id in DEVELOPMENT_IDS and is_development_program(provider)


def is_development_program(provider: Provider) -> bool:
    """Whether the node calls itself anvil or hardhat, whatever chain it serves: it may be a copy of a public one."""
    try:
        version = ask(provider, "web3_clientVersion")
    except RpcError:
        return False
    return isinstance(version, str) and version.lower().startswith(_PROGRAMS)


def fund_from_node(provider: Provider, address: str, wei: int = GIFT) -> str:
    """Let the node pay an address from an account that it unlocks; the transaction's hash.

    Only for what `is_development` found to be one. Raises `ChainError` where no such account holds enough, or where the
    node makes no block.
    """
    for account in _accounts(provider):
        if ask_number(provider, "eth_getBalance", account, "latest") > 2 * wei and account.lower() != address.lower():
            payment = {"from": account, "to": address, "value": hex(wei)}
            return _paid(provider, str(ask(provider, "eth_sendTransaction", payment)))
    raise ChainError(
        "The development node has no unlocked account that could pay.",
        f"Give {address} some of its coins, or start the node with its accounts.",
    )


def _accounts(provider: Provider) -> list[str]:
    accounts = ask(provider, "eth_accounts")
    if not (isinstance(accounts, list) and all(isinstance(each, str) for each in accounts)):
        raise strange("eth_accounts")
    return accounts


def _paid(provider: Provider, payment: str) -> str:
    deadline = time.monotonic() + FUNDING_SECONDS
    while (receipt := ask_object(provider, "eth_getTransactionReceipt", payment)) is None:
        if time.monotonic() > deadline:
            raise ChainError(
                "The development node takes transactions and makes no blocks.", "Start it without --no-mining."
            )
        time.sleep(_POLL_SECONDS)
    if number(receipt.get("status"), "eth_getTransactionReceipt") != 1:
        raise ChainError("The development node's payment failed.", "Look at its log.")
    return payment
