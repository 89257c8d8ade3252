"""Anchors in the project's contract on any EVM chain, and on the embedded one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from swarmprov_nb.chain.account_lock import account_lock
from swarmprov_nb.chain.anchors import (
    AnchoredEvent,
    AnchorEdge,
    AnchorRecord,
    AnchorRequest,
    Capabilities,
    LineageEvent,
    PreparedStale,
    PreparedTransaction,
)
from swarmprov_nb.chain.contract import (
    FACTORY_ADDRESS,
    allowed_contract,
    decode_answer,
    decode_error,
    deployment,
    encode_call,
)
from swarmprov_nb.chain.evm_events import BlockEvents
from swarmprov_nb.chain.evm_sending import send, sign
from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import Provider, ask, number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.wallet import Wallet
from swarmprov_nb.errors import ChainError, UsageError

# What estimate answers where the contract is not deployed yet (facts: benchmarks/chain.py).
GAS_OF_ANCHOR = 75_000
GAS_OF_EDGE = 28_000
MOST_EDGES = 256

_NOBODY = "0x" + "00" * 20


class EvmAnchors:
    """An `AnchorBackend` on one network, over a JSON-RPC provider: the embedded node, or any of web3.py's.

    Before it signs or reads, the chain id must be the network's and the code at the contract's address must hash to
    the allow-listed value. Only on a network that is not public does it deploy the contract, at first use.
    """

    def __init__(self, network: Network, provider: Provider, *, lock_folder: Path, contract_version: str = "1") -> None:
        self._network = network
        self._provider = provider
        self._lock_folder = lock_folder
        self._version = contract_version
        self._contract = allowed_contract(contract_version)
        self._events = BlockEvents(provider, self._contract.address)

    @property
    def network(self) -> Network:
        """The network of the table that it writes to and reads from."""
        return self._network

    @property
    def capabilities(self) -> Capabilities:
        """What the contract can do."""
        return Capabilities(most_edges=MOST_EDGES, revoke=True, lineage=True)

    def turn(self, address: str) -> AbstractContextManager[None]:
        """Hold while preparing and submitting: no other process here uses this account's nonces meanwhile."""
        return account_lock(self._lock_folder, self._network.name, address)

    def prepare(self, request: AnchorRequest, wallet: Wallet) -> PreparedTransaction:
        """Sign an anchor and send nothing.

        Raises `ChainError` for a subject that this wallet revoked, a wrong chain, or foreign code.
        """
        if len(request.edges) > MOST_EDGES:
            raise UsageError(f"An anchor carries at most {MOST_EDGES} edges.", "Name the others in the manifest only.")
        edges = [(edge.attester, edge.subject, edge.relation) for edge in request.edges]
        data = encode_call("anchor", [request.subject, request.locator, request.kind, edges])
        return self._prepare("anchor", request.subject, data, wallet)

    def prepare_revoke(self, subject: bytes, replacement: bytes, wallet: Wallet) -> PreparedTransaction:
        """Sign a revocation and send nothing. What is revoked before it is anchored can never be anchored."""
        request = AnchorRequest(subject=subject, locator=replacement, kind=0)  # both 32 bytes, the first not zero
        return self._prepare("revoke", subject, encode_call("revoke", [request.subject, request.locator]), wallet)

    def submit(self, prepared: PreparedTransaction) -> AnchorRecord:
        """Send, and wait until it is included. Any number of times gives one transaction and the same record.

        Raises `PreparedStale` where it can no longer be included and nothing of it is on the chain, `ChainError`
        where the network or the contract refuses it.
        """
        self._require_own(prepared)
        with self.turn(prepared.attester), _explained():
            done = self._done(prepared)
            if done is None:
                self._send(prepared)
                done = self._done(prepared)
        if done is None:
            raise ChainError(
                f"The contract refused to {prepared.action} this manifest for {prepared.attester}.",
                "It may have been revoked meanwhile: look at its record before you publish again.",
            )
        return done

    def get(self, attester: str, subject: bytes) -> AnchorRecord | None:
        """The record, None if there is none. Raises `ChainError` for a wrong chain or foreign code."""
        with _explained():
            address = _address(attester)
            if not self._is_deployed():
                return None
            found = self._view("recordOf", address, subject)
            if not (found["anchoredBlock"] or found["revokedBlock"]):
                return None
            return AnchorRecord(
                attester=address,
                subject=subject,
                anchored_at=found["anchoredAt"] or None,
                anchored_block=found["anchoredBlock"] or None,
                revoked_at=found["revokedAt"] or None,
                revoked_block=found["revokedBlock"] or None,
                kind=found["kind"],
                network=self._network,
                contract=self._contract.address,
                finalized=self._is_final(found["anchoredBlock"] or found["revokedBlock"]),
            )

    def anchored_event(self, attester: str, subject: bytes) -> AnchoredEvent | None:
        """The anchor's event with locator and transaction; None where there is no anchor."""
        record = self.get(attester, subject)
        if record is None or record.anchored_block is None:
            return None
        with _explained():
            return self._events.anchored(record.anchored_block, record.attester, subject)

    def edges_of(self, attester: str, subject: bytes) -> tuple[AnchorEdge, ...]:
        """The edges that the anchor claimed, in its order, each once; none where there is no anchor."""
        record = self.get(attester, subject)
        if record is None or record.anchored_block is None:
            return ()
        with _explained():
            return self._events.edges(record.anchored_block, record.attester, subject)

    def lineage(self, attester: str, subject: bytes, *, limit: int = 1000) -> Iterator[LineageEvent]:
        """What the chain says about (attester, subject), newest first: its anchor, and who claims to descend from it.

        Anyone may claim to descend from anything: filter by the attesters that you know.
        """
        with _explained():
            address = _address(attester)
            if self._is_deployed():
                head = self._view("headOf", address, subject)
                yield from islice(self._events.walk(head["lastBlock"], address, subject), limit)

    def estimate(self, request: AnchorRequest) -> int:
        """The gas that anchoring this would take, for an attester who has not anchored it."""
        with _explained():
            if not self._is_deployed():
                return GAS_OF_ANCHOR + GAS_OF_EDGE * len(request.edges)
            edges = [(edge.attester, edge.subject, edge.relation) for edge in request.edges]
            data = encode_call("anchor", [request.subject, request.locator, request.kind, edges])
            call = {"from": _NOBODY, "to": self._contract.address, "data": "0x" + data.hex()}
            return number(ask(self._provider, "eth_estimateGas", call))

    def _prepare(self, action: str, subject: bytes, data: bytes, wallet: Wallet) -> PreparedTransaction:
        with self.turn(wallet.address), _explained():
            if not self._is_deployed():
                self._deploy(wallet)
            unsigned = PreparedTransaction(
                network=self._network.name,
                chain_id=self._network.chain_id,
                contract=self._contract.address,
                action=action,
                attester=wallet.address,
                subject="0x" + subject.hex(),
                nonce=0,
                hash="",
                raw="",
            )
            if self._done(unsigned) is not None:
                return unsigned
            nonce, tx_hash, raw = sign(self._provider, self._network, wallet, self._contract.address, data)
            return PreparedTransaction(**{**unsigned.to_json(), "nonce": nonce, "hash": tx_hash, "raw": raw})

    def _done(self, prepared: PreparedTransaction) -> AnchorRecord | None:
        """The record, if what was prepared is on the chain, by this transaction or another."""
        record = self.get(prepared.attester, bytes.fromhex(prepared.subject[2:]))
        if record is None or (record.anchored_at if prepared.action == "anchor" else record.revoked_at) is None:
            return None
        return record

    def _send(self, prepared: PreparedTransaction) -> None:
        if not prepared.raw:
            raise PreparedStale("The record that this was prepared for is no longer on the chain.", "Prepare it anew.")
        try:
            send(self._provider, prepared.raw, prepared.hash)
        except PreparedStale:
            if self._done(prepared) is None:
                raise

    def _require_own(self, prepared: PreparedTransaction) -> None:
        mine = (self._network.name, self._network.chain_id, self._contract.address)
        if (prepared.network, prepared.chain_id, prepared.contract) != mine:
            raise UsageError(
                f"This transaction was prepared for {prepared.contract} on {prepared.network}.",
                f"Submit it there: this is {self._contract.address} on {self._network.name}.",
            )

    def _view(self, name: str, attester: str, subject: bytes) -> dict[str, Any]:
        data = encode_call(name, [attester, subject])
        call = {"to": self._contract.address, "data": "0x" + data.hex()}
        return decode_answer(name, bytes.fromhex(ask(self._provider, "eth_call", call, "latest")[2:]))

    def _is_final(self, block: int) -> bool:
        try:
            final = ask(self._provider, "eth_getBlockByNumber", "finalized", False)
        except RpcError:  # a node that does not know the tag vouches for nothing
            return False
        return final is not None and block <= number(final["number"])

    def _is_deployed(self) -> bool:
        """Whether the contract is there; `ChainError` for another chain, other code, or none on a public network."""
        from eth_utils.crypto import keccak

        chain_id = number(ask(self._provider, "eth_chainId"))
        if chain_id != self._network.chain_id:
            raise ChainError(
                f"The endpoint serves chain {chain_id}, not {self._network.name} ({self._network.chain_id}).",
                "Give the endpoint of that network.",
            )
        code = bytes.fromhex(ask(self._provider, "eth_getCode", self._contract.address, "latest")[2:])
        if code and "0x" + keccak(code).hex() != self._contract.code_hash:
            raise ChainError(
                f"The code at {self._contract.address} on {self._network.name} is not that of our contract.",
                "Anchor and verify on another network, and report this.",
            )
        if not code and self._network.public:
            raise ChainError(
                f"The contract, version {self._version}, is not deployed on {self._network.name}.",
                "Choose a network where it is.",
            )
        return bool(code)

    def _deploy(self, wallet: Wallet) -> None:
        """Put the contract where it belongs. Another wallet may do so at the same time: then theirs is there."""
        try:
            _, tx_hash, raw = sign(self._provider, self._network, wallet, FACTORY_ADDRESS, deployment(self._version))
            send(self._provider, raw, tx_hash)
        except (RpcError, ChainError):
            if not self._is_deployed():
                raise
        if not self._is_deployed():
            raise ChainError(
                f"The contract could not be deployed on {self._network.name}.",
                "Check that the chain has the CREATE2 factory, and try again.",
            )


def open_embedded(folder: Path, *, create: bool = True) -> EvmAnchors:
    """Anchors on the embedded chain in a folder; with `create=False` only where there already is one.

    Raises `ChainError` where the folder cannot be written or, with `create=False`, holds no chain.
    """
    from swarmprov_nb.chain.embedded_node import EmbeddedNode

    path = folder / "chain.sqlite"
    if not create and not path.is_file():
        raise ChainError(f"There is no embedded chain in {folder}.", "Publish something first, or give another folder.")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ChainError(
            f"The folder {folder} cannot be made: {error.strerror}.", "Give swarmprov a folder it may write."
        ) from error
    return EvmAnchors(EMBEDDED, EmbeddedNode(path), lock_folder=folder / "locks")


@contextmanager
def _explained() -> Iterator[None]:
    """Say what a node answered, where no step above knew better."""
    try:
        yield
    except RpcError as error:
        if error.data is not None:
            reason = decode_error(error.data) or "without a reason"
            raise ChainError(
                f"The contract refused: {reason}.", "Look at the record of this manifest before you publish again."
            ) from error
        raise ChainError(f"The node answered: {error.message}.", "Check the endpoint, and try again.") from error


def _address(text: str) -> str:
    from eth_utils.address import is_address, to_checksum_address

    if not is_address(text):
        raise UsageError(f"{text!r} is no address.", "Give 0x and 40 hexadecimal digits.")
    return to_checksum_address(text)
