"""Files that look whole and may not be what they were, held against others: keys, transactions, ledger, own chain."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from swarmprov_nb.chain.networks import is_private
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck import database
from swarmprov_nb.fsck.blank import blank_database
from swarmprov_nb.fsck.damage import Damage, fault_of, move_aside
from swarmprov_nb.fsck.files import DEV_WALLET, KEY, LEDGER
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.signers import AUTHOR_KEY, author_key
from swarmprov_nb.spending import ledger, ledger_of
from swarmprov_nb.swarm import keccak256
from swarmprov_nb.view.captions import plural

_NOTED: Final = "The receipt of its publication has the transaction too: swarmprov fsck --repair moves it aside."
_SENT: Final = (
    "It cannot be rebuilt: a transaction may have been sent that is in no receipt. Look up the wallet on that chain;"
    "\nif nothing of it is pending or taken there, move the file away and go on: swarmprov anchor REFERENCE"
)
_CHAIN: Final = (
    "This machine's own chain proves nothing to others, and is not repaired. Restore it from a backup; or move it away:"
    "\nthe next publish begins a new one, and swarmprov anchor REFERENCE writes an old publication there."
)


def other_keys(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look for keys that are missing, or are not those that signed what was published from here."""
    if not known:
        return
    for name in (AUTHOR_KEY, RECORD_KEY):
        if not (home.keys / name).exists():
            yield Damage(home.keys / name, "it is missing", KEY)
    with suppress(SwarmprovError):  # what cannot be read is said already
        path = home.keys / AUTHOR_KEY
        if path.exists() and author_key(home).did not in {receipt.author for receipt in known}:
            yield Damage(path, "it is not the key that signed what was published from here", KEY)
    with suppress(SwarmprovError):
        path, attesters = home.keys / "dev-wallet.key", {anchor.get("attester") for _, anchor in _local(known)}
        if path.exists() and attesters and DevWallet.open(home.keys).address not in attesters:
            yield Damage(path, "it is not the wallet that anchored on this machine's own chain", DEV_WALLET)


def hurt_transactions(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at the journal of each transaction, ACTION-CHAIN-WALLET-SUBJECT.jsonl."""
    for path in sorted(home.journal.glob("chain/*.jsonl")):
        action, chain, _, subject = path.stem.split("-")
        of = [receipt.reference for receipt in known for anchor in receipt.anchors
              if (action, receipt.manifest, str(anchor.get("chainId"))) == ("anchor", subject, chain)]  # fmt: skip
        fault = fault_of(path, partial(Journal, path))
        if not fault and of and action not in Journal(path).entries:
            fault = "it lost what it says of a transaction"
        if fault and of:
            hurts = tuple(f"the publication {reference}, which itself verifies" for reference in dict.fromkeys(of))
            yield Damage(path, fault, _NOTED, hurts, partial(move_aside, path))
        elif fault:
            yield Damage(path, fault, _SENT)


def short_ledger(home: Home) -> Iterator[Damage]:
    """Look for transactions that were written down after the ledger began, and of which it has no promise.

    What was promised for postage, or on a chain where nothing has a price, no journal tells.
    """
    with suppress(SwarmprovError):  # what cannot be read is said already
        promises = list(ledger(home))
        promised = {" ".join(promise["what"].split(" ")[:2]) for promise in promises}
        lost = 0
        for path in home.journal.glob("chain/*.jsonl") if promises else ():
            action, chain, _, subject = path.stem.split("-")
            late = path.stat().st_mtime > promises[0]["at"]
            lost += late and not is_private(int(chain)) and f"{action} {subject}" not in promised
        if lost:
            yield Damage(ledger_of(home), f"it lacks what was promised for {plural(lost, 'transaction')}", LEDGER)


def hurt_chain(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at the embedded chain: what is named by its hash has that hash, and own anchors are there."""
    path = home.chain / "chain.sqlite"
    anchors = {str(anchor["transaction"]): f"the anchor of {reference}" for reference, anchor in _local(known)}
    if not anchors and (blank := blank_database(path)):
        yield from blank
        return
    if not path.exists():
        fault = "it is missing" if anchors else None
    elif not (fault := fault_of(path, partial(database.require_whole, path, "logs"))):
        values = database.rows(path, "SELECT k, v FROM kv WHERE length(k) = 32")
        wrong = sum(keccak256(value) != key for key, value in values)
        fault = f"{plural(wrong, 'value')} in it changed" if wrong else None
        taken = {"0x" + row[0].hex() for row in database.rows(path, "SELECT tx_hash FROM logs")}
        if lost := tuple(anchor for transaction, anchor in anchors.items() if transaction not in taken):
            yield Damage(path, f"it lacks {plural(len(lost), 'anchor')}", _CHAIN, lost)
    if fault:
        yield Damage(path, fault, _CHAIN, tuple(anchors.values()))


def _local(known: Collection[Receipt]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the anchors on this machine's own chain, with the references of their publications."""
    for receipt in known:
        yield from ((receipt.reference, anchor) for anchor in receipt.anchors if anchor["network"] == "embedded")
