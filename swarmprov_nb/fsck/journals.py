"""What is under way looked through: journals of publishes, seals, transactions and pushes, and the ledger."""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage, fault_in, move_aside
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal, steps_of
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.spending import ledger, ledger_of
from swarmprov_nb.swarm.bee.upload_journal import whole_size

_BEGUN: Final = (
    "What stands before the damage is kept by: swarmprov fsck --repair"
    "\nThen publish that notebook again: it goes on from there. Nothing that was published is hurt."
)
_PUSH: Final = (
    "It is moved aside by: swarmprov fsck --repair"
    "\nThe next push asks the node what it has, and sends the rest. Nothing that was published is hurt."
)
_NOTED: Final = "The receipt of its publication has the transaction too: swarmprov fsck --repair moves it aside."
_SENT: Final = (
    "It cannot be rebuilt: a transaction may have been sent that is in no receipt. Look up the wallet on that chain;"
    "\nif nothing of it is pending or taken there, move the file away and go on: swarmprov anchor REFERENCE"
)
_LEDGER: Final = (
    "It cannot be rebuilt: what was promised in the last 24 hours counts against your caps. Look up your wallet;"
    "\nthen move the file away: nothing counts as spent from there on."
)


def hurt_journals(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at each journal; one that a kill left short is as it should be."""
    for path in sorted((*home.journal.glob("*.jsonl"), *home.journal.glob("seals/*.jsonl"))):
        if fault := _fault(path):
            yield Damage(path, fault, _BEGUN, mend=partial(_cut, path))
    for path in sorted(home.journal.glob("push/*.jsonl")):
        if fault := _fault(path):
            yield Damage(path, fault, _PUSH, mend=partial(move_aside, path))
    for path in sorted(home.journal.glob("push/*.upload")):
        if fault := _upload_fault(path):
            yield Damage(path, fault, _PUSH, mend=partial(move_aside, path))
    for path in sorted(home.journal.glob("chain/*.jsonl")):
        yield from _transaction(path, known)
    try:
        list(ledger(home))
    except SwarmprovError as error:
        yield Damage(ledger_of(home), fault_in(ledger_of(home), error), _LEDGER)


def _transaction(path: Path, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at the journal of one transaction: ACTION-CHAIN-WALLET-SUBJECT.jsonl."""
    action, chain, _, subject = path.stem.split("-")
    of = [(receipt, anchor) for receipt in known for anchor in receipt.anchors
          if (action, receipt.manifest, str(anchor.get("chainId"))) == ("anchor", subject, chain)]  # fmt: skip
    fault = _fault(path)
    if not fault and of and action not in Journal(path).entries:
        fault = "it lost what it says of a transaction"
    if fault:
        hurts = tuple(dict.fromkeys(f"the publication {receipt.reference}, which itself verifies" for receipt, _ in of))
        yield Damage(path, fault, *((_NOTED, hurts, partial(move_aside, path)) if of else (_SENT,)))


def _fault(path: Path) -> str | None:
    try:
        list(steps_of(path))
    except SwarmprovError as error:
        return fault_in(path, error)
    return None


def _cut(path: Path) -> None:
    """Put the steps before the damage into a new file, and the hurt one aside."""
    kept: list[tuple[str, Any]] = []
    try:
        kept.extend(steps_of(path))
    except SwarmprovError:
        move_aside(path)
    journal = Journal(path)
    for step, entry in kept:
        journal.write(step, entry)


def _upload_fault(path: Path) -> str | None:
    """Look at what an upload noted, unless it is under way."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        data = file.read()
    return None if whole_size(data) == len(data) else f"from byte {whole_size(data)} on it is not as it was written"
