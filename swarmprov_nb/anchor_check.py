"""The anchor: what the networks of the verifier's own choice say about a manifest, and whether anyone took it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from swarmprov_nb.checking import AUTHOR, Evidence
from swarmprov_nb.errors import ChainError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.parents import stated_edges
from swarmprov_nb.receipts import receipts
from swarmprov_nb.report import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.signers import signers


def check_anchor(evidence: Evidence, home: Home, *, chains: Sequence[str]) -> tuple[Check, list[str], bool]:
    """Ask the networks of the verifier's own choice: the check, the networks asked, whether a public one has it."""
    found: list[str] = []
    asked: list[str] = []
    public = False
    for name in chains or ("local",):
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
        record = _record(backend, wallet, bytes.fromhex(evidence.manifest_sha256))
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
    stated = set(stated_edges(evidence.statement["predicate"]))
    claimed = {(edge.relation, edge.subject.hex()) for edge in backend.edges_of(record.attester, record.subject)}
    return None if claimed == stated else "the anchor claims other parents than the manifest"
