"""Sending a signed transaction, and waiting until it is included: never twice, never lost, whatever answers are lost.

The same bytes may be sent any number of times: a nonce is used once. So whatever is unclear is asked again or sent
again, and a transaction is given up only where the network says that its nonce was used by another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from swarmprov_nb.chain.anchors import (
    NotFunded,
    NotIncluded,
    PreparedStale,
    PreparedTransaction,
    Underpriced,
)
from swarmprov_nb.chain.finality import State
from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import NodeSilent, Provider, ask, ask_number, ask_object, number, strange
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.errors import ChainError

T = TypeVar("T")

INCLUSION_SECONDS = 180.0
POLL_SECONDS = 0.5
SLOWEST_POLL = 4.0
BELIEVED_AFTER = 5  # looks: nodes behind one address lag behind each other, so one look proves nothing
LOST_LOOKS = 3  # in a row that may fail before it is said that the node is silent
LOOK_AT_POOL = 5  # looks: so often a transaction that may have been dropped is sent again

# What nodes say, in words of their own: go-ethereum, reth and anvil, Nethermind, Erigon, Besu, hardhat.
_KNOWN: Final = ("already known", "already imported", "known transaction", "alreadyknown", "same hash")
_BLOCKED: Final = ("replacement", "replaced", "toocompete")
_TOO_CHEAP: Final = ("underpriced", "feetoolow", "fee too low", "less than block base fee", "below current base fee",
                     "less than the block", "gas price too low", "tip needed", "max fee per gas")  # fmt: skip
_NO_MONEY: Final = ("insufficient funds", "insufficientfunds", "upfront cost", "insufficient balance")


def next_nonce(provider: Provider, address: str) -> int:
    """The account's next nonce, behind what waits in the pool."""
    return ask_number(provider, "eth_getTransactionCount", address, "pending")


def receipt_of(provider: Provider, tx_hash: str) -> Mapping[str, Any] | None:
    """The receipt of a transaction, None where it is in no block.

    Raises `NodeSilent` for a receipt of something else, or without a status.
    """
    receipt = ask_object(provider, "eth_getTransactionReceipt", tx_hash)
    if receipt is None or receipt.get("blockNumber") is None:
        return None
    if str(receipt.get("transactionHash")).lower() != tx_hash.lower() or receipt.get("status") not in ("0x0", "0x1"):
        raise strange("eth_getTransactionReceipt")
    return receipt


def is_known(provider: Provider, tx_hash: str) -> bool:
    """Whether the node has a transaction, in a block or in its pool."""
    return ask_object(provider, "eth_getTransactionByHash", tx_hash) is not None


class Sending(Generic[T]):
    """One prepared transaction on its way: `settle` sends it and waits for what it does.

    `done` gives what it is to bring about, None as long as that is not there; `watch` hears of each state.
    """

    def __init__(
        self,
        provider: Provider,
        network: Network,
        prepared: PreparedTransaction,
        done: Callable[[], T | None],
        watch: Callable[[State], None] | None = None,
    ) -> None:
        self._provider = provider
        self._network = network
        self._prepared = prepared
        self._done = done
        self._watch = watch or (lambda _state: None)
        self._looks = 0
        self._odd_looks = 0
        self._lost_looks = 0
        self._patience = 1 if network == EMBEDDED else BELIEVED_AFTER

    def settle(self) -> T:
        """Send, and wait until what it brings about is there.

        Raises `PreparedStale` where its nonce was taken and nothing of it is on the chain, `Underpriced`, `NotFunded`
        or `ChainError` where the network refuses it, `NotIncluded` where it is not included in time.
        """
        deadline = time.monotonic() + INCLUSION_SECONDS
        pause = POLL_SECONDS
        self._send()
        self._watch("pending")
        while True:
            found = self._look_again()
            if found is not None:
                self._watch("included")
                return found
            if time.monotonic() > deadline:
                raise self._late()
            time.sleep(pause)
            pause = min(SLOWEST_POLL, pause * 1.2)
            self._watch("pending")

    def _look_again(self) -> T | None:
        """Look, also where the node is silent now and then: it is a long wait."""
        try:
            found = self._look()
        except NodeSilent:
            self._lost_looks += 1
            if self._lost_looks >= LOST_LOOKS:
                raise
            return None
        self._lost_looks = 0
        return found

    def _look(self) -> T | None:
        """What it brings about, if that is there by now; an error once it is sure that it never will be."""
        self._looks += 1
        receipt = receipt_of(self._provider, self._prepared.hash)
        if receipt is None and not self._is_nonce_used():
            self._odd_looks = 0
            if self._looks % LOOK_AT_POOL == 0 and not is_known(self._provider, self._prepared.hash):
                self._send()  # the pool dropped it, or a reorganisation did, or it never got there
            return None
        found = self._done()
        if found is None:
            self._odd_looks += 1
            if self._odd_looks >= self._patience:
                raise self._without_effect(receipt)
        return found

    def _is_nonce_used(self) -> bool:
        count = ask_number(self._provider, "eth_getTransactionCount", self._prepared.attester, "latest")
        return count > self._prepared.nonce

    def _without_effect(self, receipt: Mapping[str, Any] | None) -> ChainError:
        """Say why a transaction that is included, or whose nonce is used, did nothing."""
        if receipt is None:
            if next_nonce(self._provider, self._prepared.attester) <= self._prepared.nonce:
                return NodeSilent(
                    f"The node of {self._network.name} contradicts itself about what {self._prepared.attester} sent.",
                    "Ask another node of this network; the same transaction is looked for, none is sent twice.",
                )
            return _stale()
        if number(receipt["status"]) == 0:
            return ChainError(
                f"The contract refused to {self._prepared.action} this manifest for {self._prepared.attester}.",
                "It may have been revoked meanwhile: look at its record before you publish again.",
            )
        return NodeSilent(
            f"The node of {self._network.name} says that the transaction succeeded, and shows no record of it.",
            "Ask another node of this network; the same transaction is looked for, none is sent twice.",
        )

    def _send(self) -> None:
        try:
            ask(self._provider, "eth_sendRawTransaction", self._prepared.raw)
        except NodeSilent:
            pass  # it may have got there: the next look tells, and it is sent again if not
        except RpcError as error:
            self._weigh(error)

    def _weigh(self, error: RpcError) -> None:
        """Go on where a refusal means nothing, else say what it means."""
        said = error.message.lower()
        if any(each in said for each in _KNOWN) or is_known(self._provider, self._prepared.hash):
            return
        if "nonce" in said:
            if "high" in said and not self._is_nonce_used():  # a node without a queue: it never gets in
                raise _stale()
            return  # the next looks tell whether it is the nonce of this one
        if any(each in said for each in _BLOCKED):
            return  # another one waits with this nonce: the next looks tell which is included
        if any(each in said for each in _TOO_CHEAP):
            raise self._too_cheap()
        if any(each in said for each in _NO_MONEY):
            raise NotFunded(
                f"The wallet {self._prepared.attester} holds too little on {self._network.name} for this transaction.",
                f"Send it some {self._network.coin}, and publish again: it goes on from here.",
            )
        raise ChainError(
            f"The network refused the transaction: {error.message}.",
            "Nothing was anchored: mend that, and publish again.",
        )

    def _late(self) -> ChainError:
        """Say why it is not included yet."""
        address, nonce = self._prepared.attester, self._prepared.nonce
        latest = ask_object(self._provider, "eth_getBlockByNumber", "latest", False) or {}
        base = number(latest.get("baseFeePerGas", "0x0"), "eth_getBlockByNumber")
        if base > Transaction.of_raw(self._prepared.raw).most_fee:
            return self._too_cheap()
        waiting = ask_number(self._provider, "eth_getTransactionCount", address, "latest")
        if waiting < nonce:
            return NotIncluded(
                f"The transaction {self._prepared.hash} waits for an earlier one of {address} (nonce {waiting}).",
                "Resume what was interrupted with this wallet first, or wait; then publish again.",
            )
        return NotIncluded(
            f"The transaction {self._prepared.hash} was sent, but not included in {INCLUSION_SECONDS:.0f} seconds.",
            "Publish again later: the same transaction is looked for, none is sent twice.",
        )

    def _too_cheap(self) -> Underpriced:
        return Underpriced(
            f"{self._network.name} asks for a higher price than the transaction {self._prepared.hash} offers.",
            "Wait for a quieter time and publish again, or replace it by one that offers more.",
        )


def _stale() -> PreparedStale:
    return PreparedStale(
        "Another transaction of this account took the nonce of this one.", "Prepare it anew and submit that."
    )
