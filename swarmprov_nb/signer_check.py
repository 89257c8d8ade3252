"""The signer: whose key it is by the user's own list, and what is known of the publications before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from swarmprov_nb.checking import Evidence
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.receipts import whole_receipts
from swarmprov_nb.signers import plain, resolve, signers
from swarmprov_nb.view.labels import clean

_LABEL: Final = 80


def check_signer(evidence: Evidence, home: Home, *, demanded: str | None, any_signer: bool) -> Check:
    """Say whose key it is by the user's own list; a demanded signer must be the author."""
    assert evidence.author is not None
    author = to_did(evidence.author)
    if demanded is not None:
        wanted = resolve(home, demanded)
        if wanted != author:
            return Check("signer", FAIL, "another key signed", expected=wanted, actual=author)
    known = signers(home).get(author)
    warnings = "".join(f"; {warning}" for warning in _changed(evidence, author, home))
    if known is not None:
        return Check("signer", PASS, f"{known.label}: {author}{warnings}")
    outcome = PASS if demanded or any_signer else NOT_CHECKED
    return Check("signer", outcome, f"unknown: {author}{warnings}")


def _changed(evidence: Evidence, author: str, home: Home) -> Iterator[str]:
    """Warn where a wallet or a claimed name is bound to another key, or the publication before had another author."""
    assert evidence.statement is not None
    predicate = evidence.statement["predicate"]
    claimed = clean(predicate["agents"][0].get("name", ""), limit=_LABEL)  # a long one would fill whole lines
    wallets = {"0x" + sealed.seal.wallet.hex() for sealed in evidence.seals}
    for known in signers(home).values():
        if known.key != author and claimed and plain(claimed) == plain(known.label):
            yield f"CHANGED SIGNER: claims to be {claimed}, whom you know by another key"
        if known.key != author and wallets & {wallet.lower() for wallet in known.wallets}:
            yield f"CHANGED SIGNER: uses a wallet of {known.label}"
    if predicate["previous"] is not None and predicate["previous"]["author"] != author:
        yield "CHANGED SIGNER: the publication before it had another author"
    if claimed and author not in signers(home):
        yield f"claims to be {claimed}"


def check_previous(evidence: Evidence, home: Home) -> Check:
    """Say what is known of the publications before and after; nobody can prove that no newer one exists."""
    assert evidence.statement is not None
    previous = evidence.statement["predicate"]["previous"]
    newer = [receipt for receipt in whole_receipts(home)[0] if receipt.previous == evidence.manifest_sha256]
    if newer:
        return Check("previous", PASS, f"superseded by {newer[-1].reference}")
    before = f"follows manifest {previous['manifest'][:12]}…; " if previous else ""
    return Check("previous", NOT_CHECKED, f"{before}nobody can prove that no newer one exists")
