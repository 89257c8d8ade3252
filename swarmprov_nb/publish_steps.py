"""Carry out a plan: sign, store and anchor it, in steps that a killed process takes up where it stopped.

Subjects → manifest → envelope → exports → content → seal → publication → store → anchor → receipt. Everything that
cannot be made twice the same (times, salts, signatures, a transaction) is in the journal before it is used.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.drafting import Drafted, draft
from swarmprov_nb.errors import ChainError, ChunkNotFound, PublishRefused
from swarmprov_nb.exports import EXPORTERS
from swarmprov_nb.home import Home, write_whole
from swarmprov_nb.journal import Journal, journal_of, publishing_lock
from swarmprov_nb.manifest.canonical import canonical, parse
from swarmprov_nb.manifest.disclosure import safe_name
from swarmprov_nb.manifest.envelope import signed
from swarmprov_nb.manifest.rules import broken
from swarmprov_nb.manifest.schema import check_schema
from swarmprov_nb.manifest.seal import Seal, SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PREDICATE_TYPE
from swarmprov_nb.parents import anchor_edges
from swarmprov_nb.planning import Plan
from swarmprov_nb.progress import Progress
from swarmprov_nb.publication import collection
from swarmprov_nb.publisher import NO_CHAIN, Publisher
from swarmprov_nb.receipts import Receipt, last_of, unchanged
from swarmprov_nb.storing import put
from swarmprov_nb.swarm.memory import MemoryStorage

ANCHOR_KIND: Final = 1  # a notebook's provenance manifest
STORE: Final = "local"
CAUTION: Final = "Proves nothing to others until it is on Swarm and on a public chain."
_UNCHANGED: Final = "Unchanged since it was published: nothing is published twice"
_LOOKED_UP: Final = 1024  # chunks at a time


@dataclass(frozen=True)
class Published:
    """The result of a publish: its receipt, whether anything was new, and where its readable page lies."""

    receipt: Receipt
    page: Path
    unchanged: bool = False
    advice: Sequence[str] = field(default=())

    @property
    def reference(self) -> str:
        """The reference to share, in hex."""
        return self.receipt.reference

    def __str__(self) -> str:
        lines = [
            f"✓ {self.headline}",
            f"  reference  {self.reference}",
            f"  check it   {self.verify_command}",
            f"  carry it   {self.save_command}",
            f"  page       {self.page}",
            f"  anchor     {self.anchored or 'not anchored'}",
            f"  {CAUTION}",
        ]
        return "\n".join(lines)

    @property
    def headline(self) -> str:
        """What happened, in one line."""
        return _UNCHANGED if self.unchanged else "Stored and signed on this machine"

    @property
    def verify_command(self) -> str:
        """The command that checks this publication, here and elsewhere."""
        return f"swarmprov verify {self.reference}"

    @property
    def save_command(self) -> str:
        """The command that puts this publication into one file named after the notebook."""
        name = safe_name(f"{Path(self.receipt.notebook).stem}.swarm")
        return f"swarmprov save {self.reference} {shlex.quote(name)}"

    @property
    def anchored(self) -> str | None:
        """Where the anchor stands, None where there is none."""
        anchor = self.receipt.anchor
        return f"{anchor['label']}, block {anchor['block']}" if anchor else None


def carry_out(planned: Plan, publisher: Publisher, *, again: bool = False, progress: Progress) -> Published:
    """Sign, store and anchor a plan; or return the old receipt where nothing changed since.

    Raises PublishCancelled where `progress` says so; the next publish of the same work goes on from there. Once the
    anchor is written there is nothing left to cancel.
    """
    refuse_findings(planned)
    with publishing_lock(publisher.home):
        _begin("artifacts", progress)
        author = publisher.key.did
        previous = last_of(publisher.home, str(planned.notebook.path), author)
        drafted = draft(planned, author=author, previous=previous, store=publisher.keeper.store)
        old = unchanged(publisher.home, work=drafted.work, author=author, wallet=publisher.wallet.address,
                        store=STORE, chain=publisher.chain)  # fmt: skip
        journal = journal_of(publisher.home, drafted.work)
        if old is not None and not again:
            kept_at = old.journal_path(publisher.home)
            journal.close(kept_at)  # where a kill came after the receipt
            if _whole(publisher, old.reference):
                return Published(old, write_page(publisher.home, publisher.keeper.store, old.reference), unchanged=True)
            journal = Journal(kept_at)  # the same publication is stored once more
        return _Steps(planned, publisher, journal, progress).run(drafted)


def interrupted(planned: Plan, publisher: Publisher) -> bool:
    """Tell whether a publish of this very work was interrupted, so that carrying out the plan goes on from there."""
    if not any(publisher.home.journal.glob("*.jsonl")):
        return False
    drafted = draft(planned, author=publisher.key.did, previous=None, store=MemoryStorage())
    entries = journal_of(publisher.home, drafted.work).entries
    return bool(entries) and "receipt" not in entries


def _begin(stage: str, progress: Progress) -> None:
    """Begin a stage, unless a person has cancelled."""
    progress.check()
    progress.stage(stage)


def refuse_findings(planned: Plan) -> None:
    """Stop where a finding of high confidence was neither removed nor accepted."""
    if planned.stopping:
        names = "; ".join(f"{finding.rule} in {finding.place}, line {finding.line}" for finding in planned.stopping)
        accepts = " ".join(f"--accept {finding.id}" for finding in planned.stopping)
        raise PublishRefused(f"Secrets may leak: {names}.", f"Remove them — or, if they are harmless, add: {accepts}")


class _Steps:
    """One publish under way: each method is a step, done once and found again in the journal."""

    def __init__(self, planned: Plan, publisher: Publisher, journal: Journal, progress: Progress) -> None:
        self._plan = planned
        self._by = publisher
        self._journal = journal
        self._progress = progress
        self._store = publisher.keeper.store
        self._sizes = {planned.files[a.id]: a.stored.size for a in planned.published if a.stored}
        self._sizes[planned.subject] = len(planned.normal)

    def run(self, drafted: Drafted) -> Published:
        """Take every step, from the journal where it was taken before."""
        _begin("manifest", self._progress)
        _require_valid(drafted.statement)
        text = _text(canonical(drafted.statement))
        begun = self._journal.once(
            "manifest", lambda: {"manifest": text, "salts": dict(drafted.salts), "work": drafted.work}
        )
        manifest = base64.b64decode(begun["manifest"])
        document = parse(manifest, what=MANIFEST)
        _begin("signature", self._progress)
        content = self._content(manifest, document)
        _begin("seal", self._progress)
        seal = self._seal(manifest, collection(content))
        files = {**content, seal.seal.path: self._put(seal.seal.path, seal.to_bytes())}
        _begin("store", self._progress)
        reference = self._publication(files)
        previous = document["predicate"]["previous"]
        anchor = self._anchor(manifest, reference, document["predicate"])
        self._progress.stage("receipt")  # not to be cancelled: what is anchored has a receipt
        receipt = self._receipt(reference, seal, begun, anchor, previous)
        self._journal.close(receipt.journal_path(self._by.home))
        return Published(receipt, write_page(self._by.home, self._store, receipt.reference), advice=self._plan.advice)

    def _content(self, manifest: bytes, document: Mapping[str, Any]) -> dict[str, bytes]:
        """Sign the manifest, render the exports, and return the content's files."""
        envelope = self._journal.once("envelope", lambda: {"envelope": _text(signed(manifest, self._by.key))})
        files = {subject["name"]: bytes.fromhex(subject["digest"]["swarm"]) for subject in document["subject"]}
        files[MANIFEST] = self._put(MANIFEST, manifest)
        files[ENVELOPE] = self._put(ENVELOPE, base64.b64decode(envelope["envelope"]))
        digest = hashlib.sha256(manifest).hexdigest()
        for exporter in EXPORTERS.values():
            page = exporter.render(dict(document), manifest_sha256=digest)
            files[exporter.path] = self._put(exporter.path, page)
        return files

    def _seal(self, manifest: bytes, content: bytes) -> SealedStatement:
        """Let wallet and key sign one statement over manifest and content."""

        def make() -> dict[str, str]:
            seal = Seal(
                manifest=hashlib.sha256(manifest).digest(),
                content=content,
                predicate_type=PREDICATE_TYPE,
                role="author",
                signer_key=self._by.key.public,
                wallet=bytes.fromhex(self._by.wallet.address.removeprefix("0x")),
                signed_at=int(time.time()),
            )
            by_wallet = self._by.wallet.sign_typed_data(seal.typed_data())
            sealed = SealedStatement(seal, by_wallet, self._by.key.sign(seal.message()))
            sealed.check()
            return {"path": seal.path, "seal": _text(sealed.to_bytes())}

        entry = self._journal.once("seal", make)
        return SealedStatement.from_bytes(base64.b64decode(entry["seal"]), path=entry["path"])

    def _publication(self, files: Mapping[str, bytes]) -> str:
        """Store the collection and keep it; returns the publication's reference."""
        from swarmprov_nb.swarm import UploadPlan

        reference = collection(files)
        self._journal.once("store", lambda: {"reference": reference.hex()})
        upload = self._store.upload(reference, UploadPlan(id=reference.hex()))
        collection(files, upload=upload)
        upload.finish()
        self._require_whole(files)
        self._store.pin(reference, keep=True)
        return reference.hex()

    def _require_whole(self, files: Mapping[str, bytes]) -> None:
        """Find every chunk of every file in the store: nothing is anchored that could not be read again."""
        from swarmprov_nb.swarm import CHUNK_SIZE, chunk_addresses

        done, total = 0, sum(self._sizes.values())
        for path, root in files.items():
            size, found = self._sizes.get(path, 0), 0
            try:
                for addresses in _batches(chunk_addresses(self._store, root), _LOOKED_UP):
                    self._progress.check()
                    if not all(self._store.has(addresses)):
                        raise _gone(path)
                    found += len(addresses) * CHUNK_SIZE
                    self._progress.bytes(done + min(found, size), total)
            except ChunkNotFound:
                raise _gone(path) from None
            done += size
        self._progress.bytes(done, total)

    def _anchor(self, manifest: bytes, reference: str, predicate: Mapping[str, Any]) -> dict[str, Any] | None:
        """Write the manifest's digest to the chain, once, whoever was interrupted before."""
        if self._by.chain == NO_CHAIN:
            return None
        from swarmprov_nb.chain.anchors import AnchorRequest, PreparedStale, PreparedTransaction, anchor

        _begin("anchor", self._progress)
        backend = self._by.anchors()
        edges = anchor_edges(predicate, self._plan.lineage.artifacts, previous=self._wallet_of(predicate["previous"]))
        request = AnchorRequest(hashlib.sha256(manifest).digest(), bytes.fromhex(reference), ANCHOR_KIND, edges)
        record = None
        if "anchor" in self._journal.entries:
            try:
                record = backend.submit(PreparedTransaction.from_json(self._journal.entries["anchor"]))
            except PreparedStale:
                record = None
        if record is None:
            journal = self._journal
            record = anchor(backend, request, self._by.wallet, lambda sent: journal.write("anchor", sent.to_json()))
        event = backend.anchored_event(record.attester, record.subject)
        if event is None:
            raise ChainError("The chain does not show the anchor that it took.", "Publish again: it goes on from here.")
        return {
            "network": record.network.name,
            "label": record.network.label,
            "chainId": record.network.chain_id,
            "contract": record.contract,
            "transaction": event.transaction,
            "block": event.block,
        }

    def _wallet_of(self, previous: Mapping[str, str] | None) -> str | None:
        """Return the wallet that sealed the own publication before this one, where its receipt is at hand."""
        before = last_of(self._by.home, str(self._plan.notebook.path), previous["author"]) if previous else None
        return before.wallet if previous and before and before.manifest == previous["manifest"] else None

    def _receipt(
        self, reference: str, seal: SealedStatement, begun: Mapping[str, Any], anchor: dict[str, Any] | None,
        previous: Mapping[str, str] | None,
    ) -> Receipt:  # fmt: skip
        self._journal.once("receipt", lambda: {"publishedAt": time.time()})
        receipt = Receipt(
            reference=reference,
            content=seal.seal.content.hex(),
            manifest=seal.seal.manifest.hex(),
            author=self._by.key.did,
            wallet=self._by.wallet.address,
            work=begun["work"],
            notebook=str(self._plan.notebook.path),
            published_at=self._journal.entries["receipt"]["publishedAt"],
            store=STORE,
            chain=self._by.chain,
            items=self._plan.items,
            size=self._plan.size,
            previous=previous["manifest"] if previous else None,
            salts=begun["salts"],
            anchor=anchor,
        )
        receipt.save(self._by.home)
        return receipt

    def _put(self, path: str, data: bytes) -> bytes:
        self._sizes[path] = len(data)
        return put(self._store, data)


def _gone(path: str) -> PublishRefused:
    return PublishRefused(f"The bytes of {path} are no longer whole in the store.", "Run the cell that makes it again.")


def _batches(items: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while batch := list(islice(items, size)):
        yield batch


def _require_valid(statement: Mapping[str, Any]) -> None:
    """Refuse before anything is signed what every verifier would refuse after."""
    check_schema(statement)
    if (fault := broken(statement)) is not None:
        raise PublishRefused(
            f"This would not verify: {fault}.", "Run the notebook again from its first cell, then publish."
        )


def _whole(publisher: Publisher, reference: str) -> bool:
    """Tell whether every chunk of a publication is still in the store."""
    from swarmprov_nb.swarm import collection_addresses

    try:
        addresses = list(collection_addresses(publisher.keeper.store, bytes.fromhex(reference)))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not whole
        return False
    return all(publisher.keeper.store.has(addresses))


def write_page(home: Home, store: Any, reference: str) -> Path:
    """Write an own publication's readable page where a browser can open it; returns its path."""
    from swarmprov_nb.publication import INDEX, listing
    from swarmprov_nb.swarm import read_file

    folder = home.private_folder(home.pages)
    page = folder / f"{reference}.html"
    if not page.exists():
        write_whole(page, b"".join(read_file(store, listing(store, bytes.fromhex(reference))[INDEX])))
    return page


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
