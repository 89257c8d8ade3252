"""The anchor: what the networks of the verifier's own choice say about a manifest, and whether anyone took it back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from swarmprov_nb.checking import AUTHOR, Evidence
from swarmprov_nb.destinations import LOCAL, Destinations
from swarmprov_nb.errors import ChainError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.parents import stated_edges
from swarmprov_nb.receipts import Receipt, whole_receipts
from swarmprov_nb.signers import signers
from swarmprov_nb.view.captions import plural


@dataclass
class _Answers:
    """What the networks said so far: anchors in words, networks asked, and whether a public one has it for good.

    `own` are the receipts of this home: they name wallets to ask about.
    """

    own: Sequence[Receipt]
    found: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    public: bool = False
    fault: str | None = None


def check_anchor(evidence: Evidence, home: Home, *, chains: Sequence[str]) -> tuple[Check, list[str], bool]:
    """Ask the networks of the verifier's own choice: the check, the networks asked, whether a public one has it.

    A publication never says where to look. A revocation on any network that is asked fails the check.
    """
    own, damaged = whole_receipts(home)
    answers = _Answers(own)
    for name in chains or Destinations.of(home).networks():
        try:
            _ask(name, evidence, home, answers)
        except ImportError:  # they are no part of a verifying-only environment
            answers.asked.append(f"{name}: the packages for reading a chain are not installed")
        except ChainError as error:
            answers.asked.append(f"{name}: {error.what.rstrip('.')}")
    if damaged:
        answers.notes.append(f"{plural(len(damaged), 'receipt')} cannot be read, nor what wallets they name: see fsck")
    notes = "".join(f"; {note.rstrip('.')}" for note in answers.notes)
    if answers.fault is not None:
        return Check("anchor", FAIL, answers.fault + notes), answers.asked, False
    if answers.found:
        silent = [each for each in answers.asked if ": " in each]
        notes = "".join(f"; not asked: {each}" for each in silent) + notes
        return Check("anchor", PASS, "; ".join(answers.found) + notes), answers.asked, answers.public
    detail = f"none found; asked: {', '.join(answers.asked)}{notes}"
    return Check("anchor", NOT_CHECKED, detail), answers.asked, False


def _ask(name: str, evidence: Evidence, home: Home, answers: _Answers) -> None:
    backend = _backend(name, home)
    if isinstance(backend, str):
        answers.asked.append(f"{name}: {backend}")
        return
    fault, records = _said_by(backend, evidence, _other_wallets(evidence, home, answers.own))
    answers.asked.append(backend.network.name)
    answers.notes += backend.notes()
    answers.fault = answers.fault or fault
    answers.found += [_in_words(record) for record in records]
    answers.public = answers.public or any(record.public and record.finalized for record in records)


def _in_words(record: Any) -> str:
    """Say where a record stands, and how settled it is."""
    where = f"block {record.anchored_block}, {record.network.label}"
    if record.finalized:
        return where
    wait = record.seconds_to_final
    return f"{where}, {record.state}, not final yet" + (f" (about {-(-wait // 60)} minutes)" if wait else "")


def _said_by(backend: Any, evidence: Evidence, others: set[bytes]) -> tuple[str | None, list[Any]]:
    """Return what a chain holds against the manifest, if anything, and the records of the author seals' wallets."""
    sealing = {sealed.seal.wallet for sealed in evidence.seals if sealed.seal.role == AUTHOR}
    subject = bytes.fromhex(evidence.manifest_sha256)
    asked = {wallet: _record(backend, wallet, subject) for wallet in sorted(sealing | others)}
    held = {wallet: record for wallet, record in asked.items() if record is not None}
    for wallet, record in held.items():  # first: what else is asked may fail, and must not hide it
        if record.revoked_at is not None:
            return _revoked(backend, record, wallet), []
    records = [record for wallet, record in held.items() if wallet in sealing]
    wrong = (_wrong_edges(evidence, backend, record) for record in records)
    fault = next((each for each in wrong if each), None)
    return fault, [] if fault else records


def _revoked(backend: Any, record: Any, wallet: bytes) -> str:
    """Say when, where and by whom a publication was taken back, and what takes its place."""
    day = _moment(record.revoked_at)
    event = None
    with suppress(ChainError):  # many nodes keep no old events: the record itself says that it is revoked
        event = backend.revocation(record.attester, record.subject)
    instead = f"; replaced by manifest {event.replacement.hex()}" if event and any(event.replacement) else ""
    return f"revoked on {backend.network.name} by the author's wallet 0x{wallet.hex()} on {day}{instead}"


def _moment(seconds: int) -> str:
    """Write the time of a block, which a node may have put after the end of all calendars."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _other_wallets(evidence: Evidence, home: Home, own: Sequence[Receipt]) -> set[bytes]:
    """Return wallets known to be the author's though their seals may have been stripped: their revocations count."""
    assert evidence.author is not None
    author = to_did(evidence.author)
    known = signers(home).get(author)
    named = [*(known.wallets if known else ()), *(r.wallet for r in own if r.author == author)]
    return {bytes.fromhex(wallet.removeprefix("0x")) for wallet in named}


def _backend(name: str, home: Home) -> Any:
    """Open a chain of the verifier's choice, or return why it cannot be asked."""
    if name != LOCAL:
        from swarmprov_nb.chain.choosing import choose, open_anchors

        return open_anchors(choose(name, Destinations.of(home).chains), lock_folder=home.chain / "locks")
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
    stated = set(stated_edges(evidence.statement["predicate"]))
    claimed = {(edge.relation, edge.subject.hex()) for edge in backend.edges_of(record.attester, record.subject)}
    return None if claimed == stated else "the anchor claims other parents than the manifest"
