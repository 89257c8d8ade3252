"""Receipts, kept journals and pages looked through: each is held against its publication, and rebuilt from it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage, anew, fault_of
from swarmprov_nb.home import Home, write_json, write_whole
from swarmprov_nb.journal import Journal
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.publication import INDEX, SEALS, listing
from swarmprov_nb.receipts import Receipt, read_receipt
from swarmprov_nb.swarm import Storage, read_file

_REBUILT: Final = (
    "It is rebuilt from its journal by: swarmprov fsck --repair"
    "\nIf it was anchored or pushed since, that is learnt by: swarmprov publish {}, with --chain and --store as then"
)
_LOST: Final = (
    "It cannot be rebuilt: restore it from a backup, or move it away."
    "\nWithout it the salts of hidden artifacts are lost, and its notebook is published anew and not again."
)
_JOURNAL: Final = "It is rebuilt from its publication and receipt by: swarmprov fsck --repair"
_PAGE: Final = "It is copied from its publication by: swarmprov fsck --repair"
_STEPS: Final = {"manifest", "envelope", "seal", "receipt"}


class Told:
    """What a publication itself tells of its receipt. Raises SwarmprovError or KeyError where it is not whole."""

    def __init__(self, store: Storage, reference: str) -> None:
        files = listing(store, bytes.fromhex(reference))
        read = {path: b"".join(read_file(store, address)) for path, address in files.items() if _is_ours(path)}
        self.manifest, self.envelope, self.page = read[MANIFEST], read[ENVELOPE], read[INDEX]
        self.seals = {path: SealedStatement.from_bytes(data, path=path)
                      for path, data in read.items() if path.startswith(SEALS)}  # fmt: skip
        if not self.seals:
            raise KeyError(SEALS)

    def fault(self, receipt: Receipt) -> str | None:
        """Return what a receipt says otherwise than its publication, None where all is the same."""
        seal = next(iter(self.seals.values())).seal
        told = {"manifest": seal.manifest.hex(), "content": seal.content.hex(), "author": to_did(seal.signer_key)}
        wrong = [name for name, value in told.items() if getattr(receipt, name) != value]
        if receipt.wallet.lower() not in {"0x" + each.seal.wallet.hex() for each in self.seals.values()}:
            wrong.append("wallet")
        return f"its {wrong[0]} is not what the publication says" if wrong else None

    def journal(self, receipt: Receipt) -> dict[str, dict[str, Any]]:
        """Return the steps of a publish's journal anew."""
        path, sealed = next(iter(self.seals.items()))
        return {
            "manifest": {"manifest": _text(self.manifest), "salts": dict(receipt.salts), "work": receipt.work},
            "envelope": {"envelope": _text(self.envelope)},
            "seal": {"path": path, "seal": _text(sealed.to_bytes())},
            "store": {"reference": receipt.reference},
            "receipt": {"publishedAt": receipt.published_at, "receipt": asdict(receipt)},
        }


def hurt_receipts(home: Home, store: Storage) -> Iterator[Damage]:
    """Look at receipts, kept journals and pages; `store` holds what is whole of the store."""
    for path in sorted(home.receipts.glob("*.json")):
        journal, page = path.with_suffix(".journal"), home.pages / f"{path.stem}.html"
        told, fault = _told(store, path.stem), fault_of(path, partial(read_receipt, path))
        if told and not fault:
            fault = told.fault(read_receipt(path))
        if fault:
            yield _hurt_receipt(path, fault, _kept(journal))
        elif told and journal.exists() and (wrong := _journal_fault(journal, read_receipt(path))):
            mend = anew(journal, _write_steps, told.journal(read_receipt(path)))
            yield Damage(journal, wrong, _JOURNAL, mend=mend)
        if told and page.exists() and page.read_bytes() != told.page:
            mend = anew(page, write_whole, told.page)
            yield Damage(page, "it is not the page of its publication", _PAGE, mend=mend)


def _is_ours(path: str) -> bool:
    return path in (MANIFEST, ENVELOPE, INDEX) or path.startswith(SEALS)


def _told(store: Storage, reference: str) -> Told | None:
    try:
        return Told(store, reference)
    except (SwarmprovError, KeyError, ValueError):  # that its publication is hurt is said already
        return None


def _kept(journal: Path) -> dict[str, Any] | None:
    """Return a receipt as it was when it was first written, None where its journal does not have it."""
    try:
        kept: dict[str, Any] = Journal(journal).entries["receipt"]["receipt"]
    except (SwarmprovError, KeyError):
        return None
    return kept if kept["reference"] == journal.stem else None


def _hurt_receipt(path: Path, fault: str, kept: dict[str, Any] | None) -> Damage:
    hurts = (f"what you keep of the publication {path.stem}, which itself verifies as before",)
    if kept is None:
        return Damage(path, fault, _LOST, hurts)
    return Damage(path, fault, _REBUILT.format(kept["notebook"]), hurts, anew(path, write_json, kept))


def _journal_fault(path: Path, receipt: Receipt) -> str | None:
    if fault := fault_of(path, partial(Journal, path)):
        return fault
    steps = Journal(path).entries
    if missing := sorted(_STEPS - steps.keys()):
        return f"its last steps are missing ({', '.join(missing)})"
    try:
        manifest = base64.b64decode(steps["manifest"]["manifest"])
    except (KeyError, ValueError):
        manifest = b""
    return None if hashlib.sha256(manifest).hexdigest() == receipt.manifest else "it is of another manifest"


def _write_steps(path: Path, steps: Mapping[str, dict[str, Any]]) -> None:
    journal = Journal(path)
    for step, entry in steps.items():
        journal.write(step, entry)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
