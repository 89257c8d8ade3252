"""Anchors in the project's contract on any EVM chain, and on the embedded one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from swarmprov_nb.chain.account_lock import account_lock
from swarmprov_nb.chain.anchors import (
    AnchoredEvent,
    AnchorEdge,
    AnchorRecord,
    AnchorRequest,
    LineageEvent,
    PreparedStale,
    PreparedTransaction,
    RevokedEvent,
    RevokeRequest,
)
from swarmprov_nb.chain.contract import encode_call
from swarmprov_nb.chain.evm_contract import DeployedContract
from swarmprov_nb.chain.evm_events import BlockEvents
from swarmprov_nb.chain.evm_paying import Paying
from swarmprov_nb.chain.evm_reading import Reading, checksummed, explained
from swarmprov_nb.chain.evm_sending import Sending
from swarmprov_nb.chain.fees import Quote
from swarmprov_nb.chain.finality import State
from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import Provider
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.chain.wallet import Wallet
from swarmprov_nb.errors import ChainError, UsageError

if TYPE_CHECKING:
    from swarmprov_nb.chain.embedded_node import EmbeddedNode

# What estimate answers where the contract is not deployed yet (facts: benchmarks/chain.py).
GAS_OF_ANCHOR = 75_000
GAS_OF_EDGE = 28_000
GAS_OF_REVOCATION = 60_000
MOST_EDGES = 256

_NOBODY = "0x" + "00" * 20
_embedded: dict[Path, EmbeddedNode] = {}  # one a file: a process that publishes a thousand times holds it open once


class EvmAnchors:
    """An `AnchorBackend` on one network, over a JSON-RPC provider: the embedded node, `HttpRpc`, or a `Quorum`.

    Before it signs or reads, the chain id must be the network's and the code at the contract's address must hash to
    the allow-listed value. It deploys the contract at first use on the embedded chain and on a development node on this
    machine (`loopback`); elsewhere only `deploy` does. Dev wallets sign nowhere else, other wallets not for the
    embedded chain.
    """

    def __init__(
        self, network: Network, provider: Provider, *, lock_folder: Path, contract_version: str = "1",
        loopback: bool = False,
    ) -> None:  # fmt: skip
        self._network = network
        self._provider = provider
        self._lock_folder = lock_folder
        self._contract = DeployedContract(network, provider, contract_version)
        self._reading = Reading(network, provider, self._contract)
        self._paying = Paying(network, provider, self._contract, contract_version, loopback=loopback)
        self._events = BlockEvents(provider, self._contract.address)

    @property
    def network(self) -> Network:
        """The network that it writes to and reads from."""
        return self._network

    def turn(self, address: str) -> AbstractContextManager[None]:
        """Hold while preparing and submitting: no other process here uses this account's nonces meanwhile."""
        return account_lock(self._lock_folder, str(self._network.chain_id), address)

    def balance(self, address: str) -> int:
        """What an address holds, in the coin's smallest unit."""
        with explained():
            self._contract.require_chain()
            return self._paying.balance(checksummed(address))

    def quote(self, request: AnchorRequest | RevokeRequest, address: str) -> Quote:
        """What it may cost this address at most; nothing where the chain already holds it.

        Raises `NotDeployed` where the contract is missing and is not put there by itself, `ChainError` where the
        contract would refuse.
        """
        action, data = _action(request), _call(request)
        with explained():
            if not self._contract.stands():
                self._paying.require_own_chain()
                gas = _rough_gas(request)
            elif self._held(action, checksummed(address), request.subject) is not None:
                return Quote.nothing(self._network)
            else:
                gas = self._paying.gas(address, self._contract.address, data)
            return self._paying.quote(self._contract.address, data, gas)

    def prepare(self, request: AnchorRequest, wallet: Wallet, *, most: int | None = None) -> PreparedTransaction:
        """Sign an anchor and send nothing.

        Raises `ChainError` for a subject that this wallet revoked, a wrong chain, or foreign code; `OverCap` where it
        may cost more than `most`, `NotFunded` where the wallet holds less, `UsageError` for a wallet of the wrong kind.
        """
        if len(request.edges) > MOST_EDGES:
            raise UsageError(f"An anchor carries at most {MOST_EDGES} edges.", "Name the others in the manifest only.")
        return self._prepare(request, wallet, most)

    def prepare_revoke(
        self, subject: bytes, replacement: bytes, wallet: Wallet, *, most: int | None = None
    ) -> PreparedTransaction:
        """Sign a revocation and send nothing. What is revoked before it is anchored can never be anchored.

        Raises as `prepare` does.
        """
        return self._prepare(RevokeRequest(subject, replacement), wallet, most)

    def replace(self, prepared: PreparedTransaction, wallet: Wallet, *, most: int | None = None) -> PreparedTransaction:
        """Sign the same again under the same nonce at a higher price, and send nothing: one of the two is included.

        Raises as `prepare` does, and `PreparedStale` where the nonce was taken.
        """
        self._require_own(prepared)
        if wallet.address != prepared.attester:
            raise UsageError(
                f"The wallet {wallet.address} did not sign this transaction.", f"Use that of {prepared.attester}."
            )
        with self.turn(wallet.address), explained():
            self._paying.require_fit(wallet)
            done = self._contract.stands() and self._done(prepared) is not None
            if done or not prepared.raw:
                return PreparedTransaction(**{**prepared.to_json(), "hash": "", "raw": ""})
            return self._paying.sign_dearer(prepared, wallet, most)

    def submit(self, prepared: PreparedTransaction, *, watch: Callable[[State], None] | None = None) -> AnchorRecord:
        """Send, and wait until it is included. Any number of times gives one transaction and the same record.

        `watch` hears of each state, and may raise to stop waiting: nothing is lost. Raises `PreparedStale` where it can
        no longer be included and nothing of it is on the chain, `NotIncluded` or `Underpriced` where it is not included
        in time, `ChainError` where the network or the contract refuses it.
        """
        self._require_own(prepared)
        with self.turn(prepared.attester), explained():
            done = self._done(prepared)
            if done is not None:
                return done
            if not prepared.raw:
                raise PreparedStale("The record that this was prepared for is no longer on the chain.", "Prepare anew.")
            return Sending(self._provider, self._network, prepared, lambda: self._done(prepared), watch).settle()

    def state(self, what: AnchorRecord | PreparedTransaction | str) -> State:
        """How settled a record is now, or a transaction, given by its hash or as it was prepared.

        `dropped` is what the network does not know, or no longer: submit it again. Raises `ChainError` for a
        transaction that failed, or a node that contradicts itself.
        """
        with explained():
            if isinstance(what, AnchorRecord):
                record = self.get(what.attester, what.subject)
                return record.state if record is not None else "dropped"
            if isinstance(what, PreparedTransaction) and not what.raw:
                record = self._done(what)
                return record.state if record is not None else "dropped"
            return self._reading.state_of(what.hash if isinstance(what, PreparedTransaction) else what)

    def notes(self) -> tuple[str, ...]:
        """What a person should know of the network's answers: endpoints that are silent, a clock that is wrong."""
        with explained():
            return self._reading.notes()

    def get(self, attester: str, subject: bytes) -> AnchorRecord | None:
        """The record, None if there is none.

        Raises `ChainError` for a wrong chain, foreign code, a contract that is missing where it should be, or a node
        that contradicts itself.
        """
        with explained():
            address = checksummed(attester)
            if not self._contract.stands():
                self._paying.require_own_chain()
                return None
            return self._reading.record(address, subject)

    def anchored_event(self, attester: str, subject: bytes) -> AnchoredEvent | None:
        """The anchor's event with locator and transaction; None where there is no anchor."""
        record = self.get(attester, subject)
        if record is None or record.anchored_block is None:
            return None
        with explained():
            return self._events.anchored(record.anchored_block, record.attester, subject)

    def revocation(self, attester: str, subject: bytes) -> RevokedEvent | None:
        """The revocation, with when it was and what takes its place; None where there is none."""
        record = self.get(attester, subject)
        if record is None or record.revoked_block is None or record.revoked_at is None:
            return None
        with explained():
            return self._events.revoked(record.revoked_block, record.revoked_at, record.attester, subject)

    def edges_of(self, attester: str, subject: bytes) -> tuple[AnchorEdge, ...]:
        """The edges that the anchor claimed, in its order, each once; none where there is no anchor."""
        record = self.get(attester, subject)
        if record is None or record.anchored_block is None:
            return ()
        with explained():
            return self._events.edges(record.anchored_block, record.attester, subject)

    def lineage(self, attester: str, subject: bytes, *, limit: int = 1000) -> Iterator[LineageEvent]:
        """What the chain says about (attester, subject), newest first: its anchor, and who claims to descend from it.

        Anyone may claim to descend from anything: filter by the attesters that you know.
        """
        with explained():
            address = checksummed(attester)
            if not self._contract.stands():
                self._paying.require_own_chain()
                return
            head = self._contract.view("headOf", address, subject)
            yield from islice(self._events.walk(head["lastBlock"], address, subject), limit)

    def estimate(self, request: AnchorRequest) -> int:
        """The gas that anchoring this would take, for an attester who has not anchored it."""
        with explained():
            if not self._contract.stands():
                self._paying.require_own_chain()
                return _rough_gas(request)
            return self._paying.gas(_NOBODY, self._contract.address, _call(request))

    def quote_deployment(self, address: str) -> Quote:
        """What putting the contract on this network may cost this address at most; nothing where it stands."""
        with explained():
            return Quote.nothing(self._network) if self._contract.stands() else self._paying.quote_deployment(address)

    def deploy(self, wallet: Wallet, *, most: int | None = None) -> str | None:
        """Put the contract at its address: the transaction's hash, or None where it stands and nothing is done.

        Raises `ChainError` where the CREATE2 factory is missing or the deployment fails, else as `prepare` does.
        """
        with self.turn(wallet.address), explained():
            self._paying.require_fit(wallet)
            return None if self._contract.stands() else self._paying.deploy(wallet, most)

    def _prepare(self, request: AnchorRequest | RevokeRequest, wallet: Wallet, most: int | None) -> PreparedTransaction:
        with self.turn(wallet.address), explained():
            self._paying.require_fit(wallet)
            if not self._contract.stands():
                self._paying.require_own_chain()
                self._paying.deploy(wallet, None)
            unsigned = PreparedTransaction(
                network=self._network.name,
                chain_id=self._network.chain_id,
                contract=self._contract.address,
                action=_action(request),
                attester=wallet.address,
                subject="0x" + request.subject.hex(),
                nonce=0,
                hash="",
                raw="",
            )
            if self._done(unsigned) is not None:
                return unsigned
            return self._paying.sign(unsigned, _call(request), wallet, most)

    def _done(self, prepared: PreparedTransaction) -> AnchorRecord | None:
        """The record, if what was prepared is on the chain, by this transaction or another."""
        return self._held(prepared.action, prepared.attester, bytes.fromhex(prepared.subject[2:]))

    def _held(self, action: str, attester: str, subject: bytes) -> AnchorRecord | None:
        record = self.get(attester, subject)
        if record is None or (record.anchored_at if action == "anchor" else record.revoked_at) is None:
            return None
        return record

    def _require_own(self, prepared: PreparedTransaction) -> None:
        """Refuse what was prepared for another place, or is not what its journal entry says."""
        if (prepared.chain_id, prepared.contract) != (self._network.chain_id, self._contract.address):
            raise UsageError(
                f"This transaction was prepared for {prepared.contract} on {prepared.network}.",
                f"Submit it there: this is {self._contract.address} on {self._network.name}.",
            )
        if prepared.raw:
            from eth_utils.crypto import keccak

            signed = Transaction.of_raw(prepared.raw)
            hashed = "0x" + keccak(bytes.fromhex(prepared.raw.removeprefix("0x"))).hex()
            stated = (prepared.chain_id, prepared.nonce, prepared.contract.lower(), prepared.hash.lower())
            if (signed.chain_id, signed.nonce, "0x" + signed.to.hex(), hashed) != stated:
                raise ChainError("A journal entry does not belong to its transaction.", "Publish again with --again.")


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
    node = _embedded.setdefault(path.absolute(), EmbeddedNode(path))
    node.close()  # opened again by its first request, as the file is then: it may have been moved away
    return EvmAnchors(EMBEDDED, node, lock_folder=folder / "locks")


def _action(request: AnchorRequest | RevokeRequest) -> str:
    return "anchor" if isinstance(request, AnchorRequest) else "revoke"


def _call(request: AnchorRequest | RevokeRequest) -> bytes:
    if isinstance(request, RevokeRequest):
        return encode_call("revoke", [request.subject, request.replacement])
    edges = [(edge.attester, edge.subject, edge.relation) for edge in request.edges]
    return encode_call("anchor", [request.subject, request.locator, request.kind, edges])


def _rough_gas(request: AnchorRequest | RevokeRequest) -> int:
    if isinstance(request, RevokeRequest):
        return GAS_OF_REVOCATION
    return GAS_OF_ANCHOR + GAS_OF_EDGE * len(request.edges)
