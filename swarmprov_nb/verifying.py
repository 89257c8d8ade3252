"""Verify: from one reference to a report, trusting no server and nothing that the publication says about itself."""

from __future__ import annotations

import argparse
import json
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.checking import AUTHOR, Evidence, run_checks
from swarmprov_nb.errors import ChainError, InvalidReference, StorageError, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.report import FAIL, LEVELS, NOT_CHECKED, PASS, Check, Report
from swarmprov_nb.signers import resolve, signers

SIGNED: Final = "signed"
ANCHORED: Final = "anchored"
_LEVEL_AT_BYTE: Final = 7  # a root's span holds the redundancy level in its top byte (Bee, pkg/file/redundancy)


@dataclass(frozen=True)
class Accepted:
    """What a person requires: a level, and whose signature: a listed signer, one signer, or any."""

    level: str = SIGNED
    signer: str | None = None
    any_signer: bool = False
    chains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS[1:]:
            raise UsageError(f"There is no level {self.level!r} to require.", "Give --require signed or anchored.")


def verify(
    target: str | Path, *, signer: str | None = None, any_signer: bool = False, require: str = SIGNED,
    reference: str | None = None, store: str | Path | None = None, chains: Sequence[str] = (), home: Home | None = None,
) -> Report:  # fmt: skip
    """Verify a publication and return the report; it raises only where there is nothing to verify.

    >>> import swarmprov
    >>> swarmprov.verify("4c9c…f295").require("signed")  # doctest: +SKIP

    `target` is a reference, a saved file, or an own notebook (whose newest publication is meant). `signer` is a label
    or a ``did:key``. Raises InvalidReference, UsageError, NotAPublication, ChunkNotFound where the root is not there.
    """
    home = home or Home.of_user()
    accepted = Accepted(require, signer, any_signer, tuple(chains))
    path = Path(target)
    if path.suffix == ".ipynb":
        return _verify_notebook(path, accepted, store=store, home=home)
    storage, root = located(str(target), store=store, home=home)
    if reference is not None:
        _demand(reference, root)
    return examine(storage, root, accepted=accepted, home=home)


def verify_with(options: argparse.Namespace) -> Report:
    """Verify as the options of a command or magic say."""
    return verify(options.target, signer=options.signer, any_signer=options.any_signer, require=options.require,
                  reference=options.reference, store=options.store, chains=options.chain or ())  # fmt: skip


def located(target: str, *, store: str | Path | None, home: Home) -> tuple[Any, bytes]:
    """Return the storage that a target is read from and its 32-byte root: a saved file's own, else the store's."""
    from swarmprov_nb.swarm import Reference, SavedFile

    try:
        reference = Reference.parse(target)  # first: no file that is named like a reference stands in its place
    except InvalidReference:
        if not Path(target).is_file():
            raise
        saved = SavedFile(Path(target))
        return saved, saved.root
    if reference.secret:
        raise UsageError(
            "That is an encrypted reference: it holds a key, and this version reads none.",
            "Keep it secret, and verify the publication's own 64 characters.",
        )
    return open_store(store, home=home), reference.address


def open_store(store: str | Path | None, *, home: Home) -> Any:
    """Open the store to read from: the one named, else ``SWARMPROV_STORE``, else the user's own."""
    from swarmprov_nb.swarm import PackStore

    named = store or os.environ.get("SWARMPROV_STORE")
    folder = Path(named).expanduser() if named else home.store
    if not folder.is_dir():
        raise StorageError(
            f"There is no store in {folder}.", "Publish something first, or name the store's folder by --store FOLDER."
        )
    return PackStore.open(folder, create=False)


def examine(storage: Any, root: bytes, *, accepted: Accepted, home: Home) -> Report:
    """Run every check on a publication in a storage, and weigh the results."""
    evidence = Evidence(storage, root)
    checks = list(run_checks(evidence))
    valid = all(check.outcome != FAIL for check in checks)
    if not valid:
        rest = [Check(name, NOT_CHECKED, "rests on a check that failed") for name in ("signer", "previous", "anchor")]
        return _report(evidence, [*checks, *rest], level=LEVELS[0], accepted=accepted, home=home)
    signer = _signer(evidence, accepted, home)
    anchor, networks, public = _anchor(evidence, accepted, home)
    checks += [signer, _previous(evidence, home), anchor]
    level = LEVELS[0] if anchor.outcome == FAIL else (ANCHORED if public else SIGNED)
    return _report(evidence, checks, level=level, accepted=accepted, home=home, networks=networks)


def _report(
    evidence: Evidence, checks: list[Check], *, level: str, accepted: Accepted, home: Home, networks: Sequence[str] = ()
) -> Report:
    import hashlib

    author = to_did(evidence.author) if evidence.author else None
    known = signers(home).get(author or "")
    agents = evidence.statement["predicate"]["agents"] if evidence.statement else [{}]
    return Report(
        reference=evidence.root.hex(),
        checks=tuple(checks),
        level=level,
        exit_code=_exit_code(checks, level, accepted, listed=known is not None),
        author=author,
        label=known.label if known else None,
        claims=agents[0].get("name"),
        manifest_sha256=hashlib.sha256(evidence.manifest).hexdigest() if evidence.manifest else None,
        content=evidence.content.hex() or None,
        wallets=tuple("0x" + sealed.seal.wallet.hex() for sealed in evidence.seals if sealed.seal.role == AUTHOR),
        networks=tuple(networks),
        statement=evidence.statement,
    )


def _exit_code(checks: Sequence[Check], level: str, accepted: Accepted, *, listed: bool) -> int:
    """0 ok; 1 failed; 3 valid, but the signer is unknown or something required could not be checked."""
    if any(check.outcome == FAIL for check in checks):
        return 1
    if LEVELS.index(level) < LEVELS.index(accepted.level):
        return 3
    return 0 if listed or accepted.any_signer or accepted.signer else 3


# -- whose signature


def _signer(evidence: Evidence, accepted: Accepted, home: Home) -> Check:
    """Say whose key it is by the user's own list; a demanded signer must be the author."""
    assert evidence.author is not None
    author = to_did(evidence.author)
    if accepted.signer is not None:
        wanted = resolve(home, accepted.signer)
        if wanted != author:
            return Check("signer", FAIL, "another key signed", expected=wanted, actual=author)
    known = signers(home).get(author)
    warnings = "".join(f"; {warning}" for warning in _changed(evidence, author, home))
    if known is not None:
        return Check("signer", PASS, f"{known.label}: {author}{warnings}")
    outcome = PASS if accepted.signer or accepted.any_signer else NOT_CHECKED
    return Check("signer", outcome, f"unknown: {author}{warnings}")


def _changed(evidence: Evidence, author: str, home: Home) -> Iterator[str]:
    """Warn where a wallet or a claimed name is bound to another key, or the publication before had another author."""
    assert evidence.statement is not None
    predicate = evidence.statement["predicate"]
    claimed = predicate["agents"][0].get("name")
    wallets = {"0x" + sealed.seal.wallet.hex() for sealed in evidence.seals}
    for known in signers(home).values():
        if known.key != author and claimed is not None and _plain(claimed) == _plain(known.label):
            yield f"CHANGED SIGNER: claims to be {claimed}, whom you know by another key"
        if known.key != author and wallets & {wallet.lower() for wallet in known.wallets}:
            yield f"CHANGED SIGNER: uses a wallet of {known.label}"
    if predicate["previous"] is not None and predicate["previous"]["author"] != author:
        yield "CHANGED SIGNER: the publication before it had another author"
    if claimed is not None and author not in signers(home):
        yield f"claims to be {claimed}"


def _plain(name: str) -> str:
    """Return a name without what the eye passes over: case, width, spaces and what cannot be seen."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


def _previous(evidence: Evidence, home: Home) -> Check:
    """Say what is known of the publications before and after; nobody can prove that no newer one exists."""
    from swarmprov_nb.receipts import receipts

    assert evidence.statement is not None
    previous = evidence.statement["predicate"]["previous"]
    own = receipts(home)
    digest = _manifest_digest(evidence)
    newer = [receipt for receipt in own if _names_as_previous(receipt, digest, evidence.storage)]
    if newer:
        return Check("previous", PASS, f"superseded by {newer[-1].reference}")
    before = f"follows manifest {previous['manifest'][:12]}…; " if previous else ""
    return Check("previous", NOT_CHECKED, f"{before}nobody can prove that no newer one exists")


def _names_as_previous(receipt: Any, digest: str, storage: Any) -> bool:
    from swarmprov_nb.manifest.statement import MANIFEST
    from swarmprov_nb.publication import listing
    from swarmprov_nb.swarm import read_file

    try:
        address = listing(storage, bytes.fromhex(receipt.reference))[MANIFEST]
        previous = json.loads(b"".join(read_file(storage, address)))["predicate"]["previous"]
    except (SwarmprovError, ValueError, KeyError, TypeError):
        return False
    return bool(previous) and previous["manifest"] == digest


def _manifest_digest(evidence: Evidence) -> str:
    import hashlib

    return hashlib.sha256(evidence.manifest).hexdigest()


# -- the anchor


def _anchor(evidence: Evidence, accepted: Accepted, home: Home) -> tuple[Check, list[str], bool]:
    """Ask the networks of the verifier's own choice: the check, the networks asked, whether a public one has it."""
    found: list[str] = []
    asked: list[str] = []
    public = False
    for name in accepted.chains or ("local",):
        try:
            backend = _backend(name, home)
            if isinstance(backend, str):
                asked.append(f"{name}: {backend}")
                continue
            asked.append(backend.network.name)
            fault, records = _said_by(backend, evidence, home)
        except ImportError:  # they are no part of a verifying-only environment
            asked.append(f"{name}: the packages for reading a chain are not installed")
            continue
        except ChainError as error:
            asked.append(f"{name}: {error.what.rstrip('.')}")
            continue
        if fault is not None:
            return Check("anchor", FAIL, fault), asked, False
        found += [f"block {record.anchored_block}, {backend.network.label}" for record in records]
        public = public or any(backend.network.public and record.finalized for record in records)
    if found:
        return Check("anchor", PASS, "; ".join(found)), asked, public
    return Check("anchor", NOT_CHECKED, f"none found; asked: {', '.join(asked)}"), asked, False


def _said_by(backend: Any, evidence: Evidence, home: Home) -> tuple[str | None, list[Any]]:
    """Return what a chain holds against the manifest, if anything, and the records of the author seals' wallets."""
    sealing = {sealed.seal.wallet for sealed in evidence.seals if sealed.seal.role == AUTHOR}
    records = []
    for wallet in sorted(sealing | _other_wallets(evidence, home)):
        record = _record(backend, wallet, bytes.fromhex(_manifest_digest(evidence)))
        if record is None:
            continue
        if record.revoked_at is not None:
            return f"revoked on {backend.network.name} by the author's wallet 0x{wallet.hex()}", []
        if wallet in sealing:
            wrong = _wrong_edges(evidence, backend, record)
            if wrong:
                return wrong, []
            records.append(record)
    return None, records


def _other_wallets(evidence: Evidence, home: Home) -> set[bytes]:
    """Return wallets known to be the author's though their seals may have been stripped: their revocations count."""
    from swarmprov_nb.receipts import receipts

    assert evidence.author is not None
    author = to_did(evidence.author)
    known = signers(home).get(author)
    named = [*(known.wallets if known else ()), *(r.wallet for r in receipts(home) if r.author == author)]
    return {bytes.fromhex(wallet.removeprefix("0x")) for wallet in named}


def _backend(name: str, home: Home) -> Any:
    """Open a chain of the verifier's configuration, or return why it cannot be asked."""
    if name != "local":
        raise UsageError(f"There is no chain {name!r} in the configuration.", "Ask --chain local.")
    if not home.chain.is_dir():
        return "there is no local chain on this machine"
    from swarmprov_nb.chain.evm_anchors import open_embedded

    return open_embedded(home.chain, create=False)


def _record(backend: Any, wallet: bytes, subject: bytes) -> Any:
    from eth_utils.address import to_checksum_address

    return backend.get(to_checksum_address(wallet), subject)


def _wrong_edges(evidence: Evidence, backend: Any, record: Any) -> str | None:
    """Compare the anchor's edges with the manifest's `previous` and `parents`."""
    assert evidence.statement is not None
    if record.anchored_at is None:
        return None
    predicate = evidence.statement["predicate"]
    stated = {parent["manifest"] for parent in (predicate["previous"], *predicate["parents"]) if parent}
    claimed = {edge.subject.hex() for edge in backend.edges_of(record.attester, record.subject)}
    return None if claimed == stated else "the anchor claims other parents than the manifest"


# -- notebooks


def _verify_notebook(path: Path, accepted: Accepted, *, store: str | Path | None, home: Home) -> Report:
    """Verify the newest publication of a notebook, and compare the file with what was published."""
    from dataclasses import replace

    reference = _reference_of(path, home)
    storage, root = located(reference, store=store, home=home)
    report = examine(storage, root, accepted=accepted, home=home)
    check = _same_notebook(path, storage, root, report)
    exit_code = 1 if check.outcome == FAIL else report.exit_code
    return replace(report, checks=(*report.checks, check), exit_code=exit_code)


def _reference_of(path: Path, home: Home) -> str:
    """Find a notebook's publication: in its metadata, else among the own receipts. Either only claims it."""
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.receipts import receipts

    claimed = Notebook.read(path).metadata.get("swarmprov", {})
    if isinstance(claimed, dict) and isinstance(claimed.get("reference"), str):
        return str(claimed["reference"])
    own = [receipt for receipt in receipts(home) if receipt.notebook == str(path.absolute())]
    if not own:
        raise UsageError(f"{path} claims no publication, and none was made of it here.", "Verify by its reference.")
    return own[-1].reference


def _same_notebook(path: Path, storage: Any, root: bytes, report: Report) -> Check:
    from swarmprov_nb.manifest.normal_form import differing_cells, normal_form
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.publication import listing
    from swarmprov_nb.swarm import read_file

    if report.failed or report.statement is None:
        return Check("notebook", NOT_CHECKED, "rests on a check that failed")
    subject = report.statement["predicate"]["notebook"]["subject"]
    published = b"".join(read_file(storage, listing(storage, root)[subject]))
    changed = differing_cells(published, normal_form(Notebook.read(path)))
    if changed:
        return Check("notebook", FAIL, f"the file differs from what was published in: {', '.join(changed)}")
    return Check("notebook", PASS, "the file has the cells that were published")


def _demand(reference: str, root: bytes) -> None:
    from swarmprov_nb.errors import VerificationFailed
    from swarmprov_nb.swarm import Reference

    if Reference.parse(reference).address != root:
        raise VerificationFailed(
            f"The file holds the publication {root.hex()}, not {reference}.",
            "Ask whoever gave you the file for the right one.",
        )
