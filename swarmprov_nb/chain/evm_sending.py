"""Signing a transaction for a network, sending it, and waiting until it is included."""

from __future__ import annotations

import time
from typing import Any

from swarmprov_nb.chain.anchors import PreparedStale
from swarmprov_nb.chain.networks import Network
from swarmprov_nb.chain.rpc import Provider, ask, number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.wallet import Wallet
from swarmprov_nb.errors import ChainError

INCLUSION_SECONDS = 180.0
POLL_SECONDS = 0.5
_KNOWN = ("already known", "already imported", "known transaction")


def sign(provider: Provider, network: Network, wallet: Wallet, to: str, data: bytes) -> tuple[int, str, str]:
    """Sign a type-2 transaction (EIP-1559) with this account's next nonce: nonce, hash and raw bytes as 0x-text.

    Raises `RpcError` where the node says that it would fail.
    """
    from eth_utils.crypto import keccak

    call = {"from": wallet.address, "to": to, "data": "0x" + data.hex()}
    gas = number(ask(provider, "eth_estimateGas", call))
    base = number(ask(provider, "eth_getBlockByNumber", "latest", False)["baseFeePerGas"])
    tip = number(ask(provider, "eth_maxPriorityFeePerGas"))
    nonce = number(ask(provider, "eth_getTransactionCount", wallet.address, "pending"))
    raw = wallet.sign_transaction(
        {
            "type": 2,
            "chainId": network.chain_id,
            "nonce": nonce,
            "to": to,
            "value": 0,
            "data": data,
            "gas": gas + gas // 10,
            "maxFeePerGas": 2 * base + tip,
            "maxPriorityFeePerGas": tip,
        }
    )
    return nonce, "0x" + keccak(raw).hex(), "0x" + raw.hex()


def send(provider: Provider, raw: str, tx_hash: str) -> dict[str, Any]:
    """Send a signed transaction, also one that was sent before, and wait for it: its receipt.

    Raises `PreparedStale` where its nonce was taken by another, `ChainError` where the network refuses it or does
    not include it in time.
    """
    try:
        ask(provider, "eth_sendRawTransaction", raw)
    except RpcError as error:
        if not _is_there(provider, tx_hash) and not any(each in error.message.lower() for each in _KNOWN):
            raise _refusal(error) from error
    return _receipt(provider, tx_hash)


def _is_there(provider: Provider, tx_hash: str) -> bool:
    return ask(provider, "eth_getTransactionByHash", tx_hash) is not None


def _refusal(error: RpcError) -> ChainError:
    if "nonce" in error.message.lower():
        return PreparedStale(
            "Another transaction of this account took the nonce of this one.", "Prepare it anew and submit that."
        )
    return ChainError(
        f"The network refused the transaction: {error.message}.", "Nothing was anchored: mend that, and publish again."
    )


def _receipt(provider: Provider, tx_hash: str) -> dict[str, Any]:
    deadline = time.monotonic() + INCLUSION_SECONDS
    while True:
        receipt: dict[str, Any] | None = ask(provider, "eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            return receipt
        if time.monotonic() > deadline:
            raise ChainError(
                f"The transaction {tx_hash} was sent, but not included in {INCLUSION_SECONDS:.0f} seconds.",
                "Publish again later: the same transaction is looked for, none is sent twice.",
            )
        time.sleep(POLL_SECONDS)
