"""Anchor: write a manifest's digest to a chain, once, whoever was interrupted before; and take it back.

A transaction is signed, written down in the journal, and only then sent: a publish that was killed, or that lost an
answer, looks for that very transaction and sends no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.errors import ChainError, UsageError
from swarmprov_nb.journal import Journal, publishing_lock
from swarmprov_nb.manifest.canonical import parse
from swarmprov_nb.manifest.statement import MANIFEST
from swarmprov_nb.parents import NOBODY, PREVIOUS, anchor_edges
from swarmprov_nb.receipts import Receipt, receipt_of
from swarmprov_nb.spending import Purse, as_text

if TYPE_CHECKING:
    from swarmprov_nb.chain.anchors import (
        AnchorBackend,
        AnchorRecord,
        AnchorRequest,
        PreparedTransaction,
        RevokeRequest,
    )
    from swarmprov_nb.chain.finality import State
    from swarmprov_nb.progress import Progress
    from swarmprov_nb.publisher import Publisher

ANCHOR_KIND: Final = 1  # a notebook's provenance manifest
_NONE: Final = bytes(32)


@dataclass(frozen=True)
class Anchored:
    """What a chain took, as the receipt keeps it."""

    receipt: Receipt
    anchor: Mapping[str, Any]
    resealed: bool = False

    def __str__(self) -> str:
        anchor = self.anchor
        lines = [f"✓ Anchored on {anchor['network']} by {anchor['attester']}",
                 f"  block {anchor['block']}, {anchor['state']}, {anchor['label']}",
                 f"  transaction  {anchor.get('link') or anchor['transaction']}"]  # fmt: skip
        if self.resealed:
            lines.append(f"  reference    {self.receipt.reference}  (this wallet's seal was added: share this one)")
        lines.append(f"  check it     swarmprov verify {self.receipt.reference} --chain {anchor['network']}")
        return "\n".join(lines)


def anchor(
    reference: str, *, consent: Callable[[str], bool], publisher: Publisher, faster: bool = False
) -> Anchored | None:
    """Anchor an own publication on the publisher's chain; None where consent to the cost is not given.

    The same manifest is anchored, under the publisher's wallet; where that has not sealed the publication yet, its seal
    is added, which gives the same content another reference. Raises UsageError for a publication that is not this
    user's, PublishRefused over a cap, ChainError where the chain does not take it: call again to go on.
    """
    from swarmprov_nb.sealing import with_seal

    old = _own(publisher, reference)
    backend = publisher.anchors()
    document = manifest_of(publisher, old.reference)
    request = request_of(old, document)
    if not consent(quote_of(backend, request, publisher)):
        return None
    with publishing_lock(publisher.home), publisher.unlocked():
        receipt = with_seal(_own(publisher, reference), publisher)  # another process may have changed it
        taken = anchor_on(publisher, backend, request_of(receipt, document), faster=faster)
        receipt = receipt.with_anchor(taken)
        receipt.save(publisher.home)
    return Anchored(receipt, taken, resealed=receipt.reference != old.reference)


def quote_for(publisher: Publisher, *, edges: int = 1) -> str:
    """Say what anchoring a manifest with so many parents would cost at most, and refuse what is over a cap."""
    import secrets

    from swarmprov_nb.chain.anchors import AnchorEdge, AnchorRequest

    parents = tuple(AnchorEdge(NOBODY, secrets.token_bytes(32), PREVIOUS) for _ in range(edges))
    request = AnchorRequest(secrets.token_bytes(32), _NONE, ANCHOR_KIND, parents)
    return quote_of(publisher.anchors(), request, publisher)


def quote_of(backend: AnchorBackend, request: AnchorRequest | RevokeRequest, publisher: Publisher) -> str:
    """Say what anchoring would cost at most, in the network's coin."""
    if publisher.wallet.dev:
        return "free"
    quote = backend.quote(request, publisher.wallet.address)
    Purse.of(publisher.home, backend.network.name, quote.coin).require(
        quote.total, f"Anchoring on {backend.network.name}"
    )
    held = backend.balance(publisher.wallet.address)
    if held < quote.total:
        raise ChainError(
            f"The wallet {publisher.wallet.address} holds {as_text(held, 18)} {quote.coin} on {backend.network.name}, "
            f"and anchoring may cost {as_text(quote.total, 18)}.",
            f"Send it some {quote.coin}, then publish again.",
        )
    return f"at most {quote.text}"


def request_of(receipt: Receipt, document: Mapping[str, Any]) -> AnchorRequest:
    """Return what is to be anchored of a publication: its manifest's digest, where it is, and what it builds on."""
    from swarmprov_nb.chain.anchors import AnchorRequest

    edges = anchor_edges(document["predicate"], receipt.attesters)
    return AnchorRequest(bytes.fromhex(receipt.manifest), bytes.fromhex(receipt.reference), ANCHOR_KIND, edges)


def anchor_on(
    publisher: Publisher, backend: AnchorBackend, request: AnchorRequest, *, faster: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write a manifest's digest to the chain, from the journal where that was begun; returns what receipts keep."""
    sending = _Sending(publisher, backend, request, progress)
    record = sending.sent(faster=faster)
    event = backend.anchored_event(record.attester, record.subject)
    if event is None:
        raise ChainError("The chain does not show the anchor that it took.", "Publish again: it goes on from here.")
    return {
        "network": record.network.name,
        "label": record.network.label,
        "public": record.network.public,
        "chainId": record.network.chain_id,
        "contract": record.contract,
        "attester": record.attester,
        "transaction": event.transaction,
        "link": record.network.link(event.transaction),
        "block": event.block,
        "state": record.state,
        "at": time.time(),
    }


def revoke(
    reference: str, *, replacement: str | None = None, consent: Callable[[str], bool], publisher: Publisher
) -> AnchorRecord | None:
    """Take an own publication back on the publisher's chain, for good; None where consent is not given.

    `replacement` is the own publication that takes its place. Every verification that asks this network fails after it.
    Raises UsageError for a publication that is not this user's, PublishRefused over a cap, ChainError.
    """
    from swarmprov_nb.chain.anchors import RevokeRequest

    receipt = _own(publisher, reference)
    instead = bytes.fromhex(_own(publisher, replacement).manifest) if replacement is not None else _NONE
    backend = publisher.anchors()
    request = RevokeRequest(bytes.fromhex(receipt.manifest), instead)
    if not consent(quote_of(backend, request, publisher)):
        return None
    with publishing_lock(publisher.home), publisher.unlocked():
        return _Sending(publisher, backend, request).sent()


class _Sending:
    """One transaction of a publisher: prepared, promised and written down before it is sent, and sent once."""

    def __init__(
        self, publisher: Publisher, backend: AnchorBackend, request: AnchorRequest | RevokeRequest,
        progress: Progress | None = None,
    ) -> None:  # fmt: skip
        from swarmprov_nb.chain.anchors import AnchorRequest

        self._by = publisher
        self._backend = backend
        self._request = request
        self._progress = progress
        self._action = "anchor" if isinstance(request, AnchorRequest) else "revoke"
        network = backend.network
        self._what = f"{self._action} {request.subject.hex()} on {network.name}"
        self._purse = None if publisher.wallet.dev else Purse.of(publisher.home, network.name, network.coin)
        folder = publisher.home.private_folder(publisher.home.journal / "chain")
        wallet = publisher.wallet.address.lower()
        self._journal = Journal(folder / f"{self._action}-{network.chain_id}-{wallet}-{request.subject.hex()}.jsonl")

    def sent(self, *, faster: bool = False) -> AnchorRecord:
        """Send what is written down, else what is prepared now; anew only where that can never be included."""
        from swarmprov_nb.chain.anchors import MOST_TRIES, PreparedStale, PreparedTransaction

        entries = self._journal.entries
        for _ in range(MOST_TRIES):
            with self._backend.turn(self._by.wallet.address):
                if self._action not in entries:
                    self._write(self._prepared())
                elif faster:
                    self._write(self._replaced(PreparedTransaction.from_json(entries[self._action])))
                    faster = False
                prepared = PreparedTransaction.from_json(entries[self._action])
                try:
                    return self._backend.submit(prepared, watch=partial(self._heard, prepared.hash))
                except PreparedStale:
                    del entries[self._action]
        raise ChainError(
            f"Another program uses the account {self._by.wallet.address}: its nonces are taken again and again.",
            "End that program, then try again; nothing was sent.",
        )

    def _prepared(self) -> PreparedTransaction:
        from swarmprov_nb.chain.anchors import AnchorRequest

        most = self._promised(lambda: self._backend.quote(self._request, self._by.wallet.address).total)
        if isinstance(self._request, AnchorRequest):
            return self._backend.prepare(self._request, self._by.wallet, most=most)
        return self._backend.prepare_revoke(
            self._request.subject, self._request.replacement, self._by.wallet, most=most
        )

    def _replaced(self, prepared: PreparedTransaction) -> PreparedTransaction:
        most = self._promised(lambda: self._purse.promised(self._what) if self._purse else 0)
        return self._backend.replace(prepared, self._by.wallet, most=most)

    def _promised(self, total: Callable[[], int]) -> int | None:
        """Write down what this may cost, with a quarter on top for a price that rises meanwhile."""
        if self._purse is None:
            return None
        most = total() * 5 // 4
        self._purse.promise(self._what, most)
        return most

    def _write(self, prepared: PreparedTransaction) -> None:
        self._journal.write(self._action, prepared.to_json())

    def _heard(self, transaction: str, state: State) -> None:
        """Tell how far the transaction is; a person may stop waiting for it as long as it is in no block."""
        if self._progress is not None:
            self._progress.detail(f"transaction {state}", self._backend.network.link(transaction))
            if state == "pending":
                self._progress.check()


def manifest_of(publisher: Publisher, reference: str) -> Mapping[str, Any]:
    """Return a publication's manifest from the own store."""
    from swarmprov_nb.publication import listing
    from swarmprov_nb.swarm import read_file

    store = publisher.keeper.store
    return parse(b"".join(read_file(store, listing(store, bytes.fromhex(reference))[MANIFEST])), what=MANIFEST)


def _own(publisher: Publisher, reference: str) -> Receipt:
    from swarmprov_nb.swarm import Reference

    receipt = receipt_of(publisher.home, Reference.parse(reference).address.hex())
    if receipt is None or receipt.author != publisher.key.did:
        raise UsageError(
            f"{reference[:64]} was not published by you from here.",
            "Name one of your own publications: swarmprov status lists them.",
        )
    return receipt
