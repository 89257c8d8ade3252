"""What a network says about a record or a transaction, and whether its answers fit together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from swarmprov_nb.chain.anchors import AnchorRecord
from swarmprov_nb.chain.contract import decode_error
from swarmprov_nb.chain.evm_contract import DeployedContract
from swarmprov_nb.chain.evm_sending import is_known, receipt_of
from swarmprov_nb.chain.finality import State, clock_note, seconds_to_final, state_of_block
from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import NodeSilent, Provider, ask_object, number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.errors import ChainError, UsageError


class Reading:
    """Records and transactions as one network tells them, compared with the blocks that hold them."""

    def __init__(self, network: Network, provider: Provider, contract: DeployedContract) -> None:
        self._network = network
        self._provider = provider
        self._contract = contract

    def record(self, attester: str, subject: bytes) -> AnchorRecord | None:
        """The record, None if there is none; `ChainError` where its blocks are not of the times that it names."""
        found = self._contract.view("recordOf", attester, subject)
        block = found["anchoredBlock"] or found["revokedBlock"]
        if not block:
            return None
        for where, when in (("anchoredBlock", "anchoredAt"), ("revokedBlock", "revokedAt")):
            if found[where]:
                self._require_time(found[where], found[when])
        state = state_of_block(self._provider, self._network, block)
        since = found["anchoredAt"] or found["revokedAt"]
        return AnchorRecord(
            attester=attester,
            subject=subject,
            anchored_at=found["anchoredAt"] or None,
            anchored_block=found["anchoredBlock"] or None,
            revoked_at=found["revokedAt"] or None,
            revoked_block=found["revokedBlock"] or None,
            kind=found["kind"],
            network=self._network,
            contract=self._contract.address,
            state=state,
            seconds_to_final=seconds_to_final(self._provider, self._network, since, state),
        )

    def state_of(self, tx_hash: str) -> State:
        """How settled a transaction is; `ChainError` for one that failed."""
        self._contract.require_chain()
        receipt = receipt_of(self._provider, tx_hash)
        if receipt is None:
            return "pending" if is_known(self._provider, tx_hash) else "dropped"
        if number(receipt["status"]) == 0:
            raise ChainError(
                f"The transaction {tx_hash} is in a block and failed.",
                "Look at the record of this manifest before you publish again.",
            )
        block = number(receipt["blockNumber"], "eth_getTransactionReceipt")
        standing = ask_object(self._provider, "eth_getBlockByNumber", hex(block), False)
        if standing is None or standing.get("hash") != receipt.get("blockHash"):
            return "pending"  # a reorganisation took its block away while we looked
        return state_of_block(self._provider, self._network, block)

    def notes(self) -> tuple[str, ...]:
        """What a person should know: endpoints that are silent, a clock that does not fit."""
        silent: tuple[str, ...] = tuple(getattr(self._provider, "notes", ()))
        if self._network == EMBEDDED:
            return silent
        try:
            latest = ask_object(self._provider, "eth_getBlockByNumber", "latest", False)
            clock = clock_note(latest, self._network) if latest is not None else None
        except (RpcError, NodeSilent):  # whoever asks for notes has been told
            clock = None
        return (*silent, clock) if clock else silent

    def _require_time(self, block: int, at: int) -> None:
        """A block's own time is what the contract wrote down."""
        found = ask_object(self._provider, "eth_getBlockByNumber", hex(block), False)
        if found is None or number(found.get("timestamp"), "eth_getBlockByNumber") != at:
            raise NodeSilent(
                f"The node of {self._network.name} contradicts itself about block {block}.",
                "Ask another node of this network.",
            )


@contextmanager
def explained() -> Iterator[None]:
    """Say what a node answered, where no step above knew better."""
    try:
        yield
    except RpcError as error:
        if error.data:
            reason = decode_error(error.data) or "without a reason"
            raise ChainError(
                f"The contract refused: {reason}.", "Look at the record of this manifest before you publish again."
            ) from error
        raise ChainError(f"The node answered: {error.message}.", "Check the endpoint, and try again.") from error


def checksummed(text: str) -> str:
    """An address as EIP-55 writes it. Raises `UsageError` for text that is none."""
    from eth_utils.address import is_address, to_checksum_address

    if not is_address(text):
        raise UsageError(f"{text!r} is no address.", "Give 0x and 40 hexadecimal digits.")
    return to_checksum_address(text)
