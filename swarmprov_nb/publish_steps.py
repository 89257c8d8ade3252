"""Carry out a plan: sign, store, push and anchor it, in steps that a killed process takes up where it stopped.

Subjects → manifest → envelope → exports → content → seal → publication → store → push → anchor → receipt. Everything
that cannot be made twice the same (times, salts, signatures, a transaction) is in the journal before it is used.
"""

from __future__ import annotations

import base64
import hashlib
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.anchoring import anchor_on, manifest_of, request_of
from swarmprov_nb.checking import repeats_without_end
from swarmprov_nb.costing import require_ready
from swarmprov_nb.drafting import Drafted, draft
from swarmprov_nb.errors import ChunkNotFound, PublishRefused
from swarmprov_nb.exports import regenerate
from swarmprov_nb.home import Home, write_whole
from swarmprov_nb.journal import Journal, journal_of, publishing_lock
from swarmprov_nb.manifest.canonical import canonical, parse
from swarmprov_nb.manifest.disclosure import safe_name
from swarmprov_nb.manifest.envelope import signed
from swarmprov_nb.manifest.rules import broken
from swarmprov_nb.manifest.schema import check_schema
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.parents import attesters_of
from swarmprov_nb.planning import Plan
from swarmprov_nb.progress import Progress
from swarmprov_nb.publication import collection
from swarmprov_nb.publisher import Publisher
from swarmprov_nb.pushing import lasts, push_chunks
from swarmprov_nb.receipts import Receipt, last_of, receipts, unchanged
from swarmprov_nb.sealing import author_seal, with_seal
from swarmprov_nb.secret_values import Salts
from swarmprov_nb.storing import put
from swarmprov_nb.swarm.memory import MemoryStorage

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

    def __repr__(self) -> str:
        return f"Published({self.reference!r})"  # a cell that ends in it shows this: no salt, no path

    def __str__(self) -> str:
        lines = [
            f"✓ {self.headline}",
            f"  reference  {self.reference}",
            f"  check it   {self.verify_command}",
            f"  carry it   {self.save_command}",
            f"  page       {self.page}",
            *([f"  stored     {self.stored}"] if self.stored else []),
            f"  anchor     {self.anchored or 'not anchored'}",
            *([f"             {self.link}"] if self.link else []),
            *([f"  {self.caution}"] if self.caution else []),
        ]
        return "\n".join(lines)

    @property
    def headline(self) -> str:
        """What happened, in one line."""
        if self.unchanged:
            return _UNCHANGED
        pushed = self.receipt.pushes[-1]["store"] if self.receipt.pushes else None
        return f"Signed, and stored on this machine and at {pushed}" if pushed else "Stored and signed on this machine"

    @property
    def caution(self) -> str:
        """What the publication does not prove to others yet, empty where it does."""
        public = any(anchor.get("public") for anchor in self.receipt.anchors)
        if public and self.receipt.pushes:
            return ""
        missing = [*([] if self.receipt.pushes else ["on Swarm"]), *([] if public else ["on a public chain"])]
        return f"Proves nothing to others until it is {' and '.join(missing)}."

    @property
    def link(self) -> str | None:
        """Where a person can look the anchor's transaction up, None where there is no such place."""
        return (self.receipt.anchor or {}).get("link")

    @property
    def verify_command(self) -> str:
        """The command that checks this publication, here and elsewhere: from the store that it was pushed to last."""
        pushed = f" --store {self.receipt.pushes[-1]['store']}" if self.receipt.pushes else ""
        return f"swarmprov verify {self.reference}{pushed}"

    @property
    def save_command(self) -> str:
        """The command that puts this publication into one file named after the notebook."""
        name = safe_name(f"{Path(self.receipt.notebook).stem}.swarm")
        return f"swarmprov save {self.reference} {shlex.quote(name)}"

    @property
    def anchored(self) -> str | None:
        """Where the anchor stands, None where there is none."""
        anchor = self.receipt.anchor
        if anchor is None:
            return None
        final = "" if anchor.get("state", "finalized") == "finalized" else f", {anchor['state']}, not final yet"
        return f"{anchor['label']}, block {anchor['block']}{final}"

    @property
    def stored(self) -> str | None:
        """Where it was pushed to and how long that is paid for, None where it is on this machine only."""
        push = self.receipt.pushes[-1] if self.receipt.pushes else None
        return f"{push['store']}, {lasts(push)}" if push else None


def carry_out(planned: Plan, publisher: Publisher, *, again: bool = False, progress: Progress) -> Published:
    """Sign, store, push and anchor a plan; where nothing changed since, only what is missing, else the old receipt.

    Raises PublishCancelled where `progress` says so; the next publish of the same work goes on from there. Once the
    anchor is written there is nothing left to cancel.
    """
    refuse_findings(planned)
    with publishing_lock(publisher.home, waiting=progress.check):
        _begin("artifacts", progress)
        author = publisher.key.did
        previous = last_of(publisher.home, str(planned.notebook.path), author)
        drafted = draft(planned, author=author, previous=previous, store=publisher.keeper.store)
        old = unchanged(publisher.home, work=drafted.work, author=author)
        journal = journal_of(publisher.home, drafted.work)
        if old is not None and not again:
            kept_at = old.journal_path(publisher.home)
            journal.close(kept_at)  # where a kill came after the receipt
            if not _whole(publisher, old.reference):
                _Steps(planned, publisher, Journal(kept_at), progress).store_again(drafted)
            return _completed(old, publisher, progress)
        require_ready(publisher, planned.size)
        with publisher.unlocked():
            return _Steps(planned, publisher, journal, progress).run(drafted)


def _completed(old: Receipt, publisher: Publisher, progress: Progress) -> Published:
    """Bring a publication that is stored here to where it is missing still: sealed, pushed, anchored."""
    pushed = publisher.remote is None or old.pushed_to(publisher.store) is not None
    anchored = publisher.network is None or old.anchored_on(publisher.network) is not None
    sealed = old.wallet == publisher.wallet.address
    if pushed and anchored and sealed:
        return Published(old, write_page(publisher.home, publisher.keeper.store, old.reference), unchanged=True)
    with nullcontext() if anchored and sealed else publisher.unlocked():  # a push alone asks for no password
        receipt = with_seal(old, publisher)
        receipt = delivered(receipt, manifest_of(publisher, receipt.reference), publisher, progress)
    progress.stage("receipt")
    receipt.save(publisher.home)
    return Published(receipt, write_page(publisher.home, publisher.keeper.store, receipt.reference))


def delivered(receipt: Receipt, document: Mapping[str, Any], publisher: Publisher, progress: Progress) -> Receipt:
    """Push a stored publication and anchor its manifest, each unless that was done; the receipt says where it is."""
    if publisher.remote is not None and receipt.pushed_to(publisher.store) is None:
        _begin("push", progress)
        root = bytes.fromhex(receipt.reference)
        receipt = receipt.with_push(push_chunks(publisher.keeper.store, root, publisher.remote, batch=publisher.batch,
                                                home=publisher.home, progress=progress))  # fmt: skip
    if publisher.network is not None and receipt.anchored_on(publisher.network) is None:
        _begin("anchor", progress)
        taken = anchor_on(publisher, publisher.anchors(), request_of(receipt, document), progress=progress)
        receipt = receipt.with_anchor(taken)
    return receipt


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
        receipt, document = self._made(drafted)
        receipt = with_seal(receipt, self._by)  # where the journal was begun with another wallet
        receipt = delivered(receipt, document, self._by, self._progress)
        self._progress.stage("receipt")  # not to be cancelled: what is anchored has a receipt
        receipt = replace(receipt, published_at=self._published_at(receipt))
        receipt.save(self._by.home)
        self._journal.close(receipt.journal_path(self._by.home))
        return Published(receipt, write_page(self._by.home, self._store, receipt.reference), advice=self._plan.advice)

    def _made(self, drafted: Drafted) -> tuple[Receipt, Mapping[str, Any]]:
        """Sign the publication and put it into the own store: its receipt so far, and its manifest."""
        _begin("manifest", self._progress)
        _require_valid(drafted.statement)
        text = _text(canonical(drafted.statement))
        begun = _begun(
            self._journal.once(
                "manifest", lambda: {"manifest": text, "salts": Salts(drafted.salts), "work": drafted.work}
            )
        )
        manifest = base64.b64decode(begun["manifest"])
        document = parse(manifest, what=MANIFEST)
        _begin("signature", self._progress)
        content = self._content(manifest, document)
        _begin("seal", self._progress)
        seal = self._seal(manifest, collection(content))
        files = {**content, seal.seal.path: self._put(seal.seal.path, seal.to_bytes())}
        _begin("store", self._progress)
        return self._receipt(self._publication(files), seal, begun, document), document

    def _published_at(self, receipt: Receipt) -> float:
        """Write down when it was, with the receipt itself: from there a hurt one is rebuilt."""

        def make() -> dict[str, Any]:
            at = time.time()
            return {"publishedAt": at, "receipt": asdict(replace(receipt, published_at=at))}

        at: float = self._journal.once("receipt", make)["publishedAt"]
        return at

    def store_again(self, drafted: Drafted) -> None:
        """Store the bytes of a publication once more that the store has lost some of, from its kept journal."""
        self._made(drafted)

    def _content(self, manifest: bytes, document: Mapping[str, Any]) -> dict[str, bytes]:
        """Sign the manifest, render the exports, and return the content's files."""
        envelope = self._journal.once("envelope", lambda: {"envelope": _text(signed(manifest, self._by.key))})
        files = {subject["name"]: bytes.fromhex(subject["digest"]["swarm"]) for subject in document["subject"]}
        files[MANIFEST] = self._put(MANIFEST, manifest)
        files[ENVELOPE] = self._put(ENVELOPE, base64.b64decode(envelope["envelope"]))
        digest = hashlib.sha256(manifest).hexdigest()
        for export in document["predicate"]["exports"]:
            files[export["path"]] = self._put(export["path"], _rendered(export, document, digest))
        return files

    def _seal(self, manifest: bytes, content: bytes) -> SealedStatement:
        """Let wallet and key sign one statement over manifest and content."""

        def make() -> dict[str, str]:
            sealed = author_seal(manifest, content, self._by)
            return {"path": sealed.seal.path, "seal": _text(sealed.to_bytes())}

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
        self._require_bounded(files, total)

    def _require_bounded(self, files: Mapping[str, bytes], total: int) -> None:
        """Refuse what every verifier would: files that are few chunks, repeated without end."""
        from swarmprov_nb.swarm import chunk_addresses

        if repeats_without_end(total, 0):
            walked: set[bytes] = set()
            roots = files.values()
            held = {each for root in roots for each in chunk_addresses(self._store, root, walked=walked)}
            if repeats_without_end(total, len(held)):
                raise PublishRefused(
                    f"These files are {total} bytes of {len(held)} chunks, repeated: no verifier would read them.",
                    "Write what is constant in a compressed format (Parquet, .npz), or leave it out.",
                )

    def _receipt(
        self, reference: str, seal: SealedStatement, begun: Mapping[str, Any], document: Mapping[str, Any]
    ) -> Receipt:
        from eth_utils.address import to_checksum_address

        previous = document["predicate"]["previous"]
        attesters = attesters_of(self._plan.lineage.artifacts)
        if previous and (wallet := self._wallet_of(previous)):
            attesters[previous["manifest"]] = wallet
        return Receipt(
            reference=reference,
            content=seal.seal.content.hex(),
            manifest=seal.seal.manifest.hex(),
            author=self._by.key.did,
            wallet=to_checksum_address(seal.seal.wallet),
            work=begun["work"],
            notebook=str(self._plan.notebook.path),
            published_at=0,
            items=self._plan.items,
            size=self._plan.size,
            previous=previous["manifest"] if previous else None,
            salts=begun["salts"],
            attesters=attesters,
        )

    def _wallet_of(self, previous: Mapping[str, str]) -> str | None:
        """Return the wallet that sealed the own publication before this one, where its receipt is at hand."""
        own = [receipt for receipt in receipts(self._by.home) if receipt.manifest == previous["manifest"]]
        return own[-1].wallet if own else None

    def _put(self, path: str, data: bytes) -> bytes:
        self._sizes[path] = len(data)
        return put(self._store, data)


def _gone(path: str) -> PublishRefused:
    return PublishRefused(f"The bytes of {path} are no longer whole in the store.", "Run the cell that makes it again.")


def _rendered(export: Mapping[str, str], document: Mapping[str, Any], manifest_sha256: str) -> bytes:
    """Return an export as the manifest declares it: begun by an older version of ours, it stays of that version."""
    rendered = regenerate(export, document, manifest_sha256)
    if rendered is None:
        raise PublishRefused(
            f"This publication was begun by a newer swarmprov, and {export['path']} cannot be made by this one.",
            "Update swarmprov, and publish again.",
        )
    return rendered


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
    whole = b"".join(read_file(store, listing(store, bytes.fromhex(reference))[INDEX]))
    if not page.exists() or page.read_bytes() != whole:
        write_whole(page, whole)
    return page


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _begun(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the journal says of a manifest that was begun, with salts that show themselves in no traceback."""
    return {**entry, "salts": Salts(entry["salts"])}
