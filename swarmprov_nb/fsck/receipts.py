"""Receipts, kept journals and pages looked through: each is held against its publication, and rebuilt from it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage, fault_in, move_aside
from swarmprov_nb.home import Home, write_json, write_whole
from swarmprov_nb.journal import Journal
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.manifest.canonical import parse
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.publication import INDEX, SEALS, listing
from swarmprov_nb.receipts import Receipt, read_receipt
from swarmprov_nb.swarm import Storage, file_size, read_file

_REBUILT: Final = (
    "It is rebuilt from the publication and its journal by: swarmprov fsck --repair"
    "\nWhere it is anchored and pushed is learnt again by: swarmprov publish {}, with --chain and --store as before"
)
_LOST: Final = (
    "It cannot be rebuilt: restore it from a backup, or move it away."
    "\nWithout it the salts of hidden artifacts are lost, and its notebook is published anew and not again."
)
_JOURNAL: Final = "It is rebuilt from its publication and receipt by: swarmprov fsck --repair"
_STEPS: Final = {"manifest", "envelope", "seal", "receipt"}


class Told:
    """What a publication itself tells of its receipt. Raises SwarmprovError or KeyError where it is not whole."""

    def __init__(self, store: Storage, reference: str) -> None:
        self.reference = reference
        self._files = listing(store, bytes.fromhex(reference))
        self._store = store
        self.manifest, self.envelope, self.page = map(self._read, (MANIFEST, ENVELOPE, INDEX))
        self.seals = {path: SealedStatement.from_bytes(self._read(path), path=path)
                      for path in self._files if path.startswith(SEALS)}  # fmt: skip
        if not self.seals:
            raise KeyError(SEALS)

    def _read(self, path: str) -> bytes:
        return b"".join(read_file(self._store, self._files[path]))

    def differs(self, receipt: Receipt) -> str | None:
        """Return the first member of a receipt that is not what the publication says, None where all are."""
        seal = next(iter(self.seals.values())).seal
        told = {"manifest": seal.manifest.hex(), "content": seal.content.hex(), "author": to_did(seal.signer_key)}
        wallets = {"0x" + each.seal.wallet.hex() for each in self.seals.values()}
        wrong = [name for name, value in told.items() if getattr(receipt, name) != value]
        return next(iter([*wrong, *([] if receipt.wallet.lower() in wallets else ["wallet"])]), None)

    def receipt(self, journal: Journal, folders: Collection[Path], wallets: Mapping[str, str]) -> Receipt:
        """Return the receipt anew; where it was pushed and anchored is not told, and the notebook is looked for.

        `wallets` are those that sealed own publications, by manifest. KeyError where not all else is told.
        """
        from eth_utils.address import to_checksum_address

        begun, document = journal.entries["manifest"], parse(self.manifest, what=MANIFEST)
        (sealed,) = self.seals.values()
        name = document["predicate"]["notebook"]["subject"]
        previous: str | None = (document["predicate"]["previous"] or {}).get("manifest")
        if document["predicate"]["parents"]:
            raise KeyError("the wallets of its parents")
        return Receipt(
            reference=self.reference,
            content=sealed.seal.content.hex(),
            manifest=sealed.seal.manifest.hex(),
            author=to_did(sealed.seal.signer_key),
            wallet=to_checksum_address(sealed.seal.wallet),
            work=begun["work"],
            notebook=str(next((each / name for each in folders if (each / name).is_file()), Path(name))),
            published_at=journal.entries["receipt"]["publishedAt"],
            items=len(document["subject"]),
            size=sum(file_size(self._store, self._files[each["name"]]) for each in document["subject"]),
            previous=previous,
            salts=begun["salts"],
            attesters={previous: wallets[previous]} if previous and previous in wallets else {},
        )

    def journal(self, receipt: Receipt) -> dict[str, dict[str, Any]]:
        """Return the steps of a publish's journal anew."""
        path, sealed = next(iter(self.seals.items()))
        return {
            "manifest": {"manifest": _text(self.manifest), "salts": dict(receipt.salts), "work": receipt.work},
            "envelope": {"envelope": _text(self.envelope)},
            "seal": {"path": path, "seal": _text(sealed.to_bytes())},
            "store": {"reference": self.reference},
            "receipt": {"publishedAt": receipt.published_at},
        }


def hurt_receipts(
    home: Home, store: Storage, known: Collection[Receipt], folders: Collection[Path]
) -> Iterator[Damage]:
    """Look at receipts, kept journals and pages; `store` holds what is whole of the store."""
    wallets = {receipt.manifest: receipt.wallet for receipt in known}
    anew = partial(_anew, folders=folders, wallets=wallets)
    for path in sorted(home.receipts.glob("*.json")):
        told, journal = _told(store, path.stem), path.with_suffix(".journal")
        try:
            receipt = read_receipt(path)
        except SwarmprovError as error:
            yield _hurt_receipt(path, fault_in(path, error), anew(told, journal))
            continue
        if told is None:  # that its publication is hurt is said already
            continue
        if wrong := told.differs(receipt):
            yield _hurt_receipt(path, f"its {wrong} is not what the publication says", anew(told, journal))
        elif journal.exists() and (fault := _fault(journal, receipt)):
            yield Damage(journal, fault, _JOURNAL, mend=partial(_rewrite, journal, told.journal(receipt)))
        page = home.pages / f"{path.stem}.html"
        if page.exists() and page.read_bytes() != told.page:
            what, mend = "it is not the page of its publication", partial(_replace, page, told.page)
            yield Damage(page, what, "It is copied from its publication by: swarmprov fsck --repair", mend=mend)


def _hurt_receipt(path: Path, what: str, anew: Receipt | None) -> Damage:
    hurts = (f"what you keep of the publication {path.stem}, which itself verifies as before",)
    if anew is None:
        return Damage(path, what, _LOST, hurts)
    return Damage(path, what, _REBUILT.format(anew.notebook), hurts, partial(_save, path, anew))


def _told(store: Storage, reference: str) -> Told | None:
    try:
        return Told(store, reference)
    except (SwarmprovError, KeyError, ValueError):
        return None


def _anew(
    told: Told | None, journal: Path, folders: Collection[Path], wallets: Mapping[str, str]
) -> Receipt | None:
    try:
        return told.receipt(Journal(journal), folders, wallets) if told else None
    except (SwarmprovError, KeyError, ValueError):  # no whole journal, more than one seal, or parents
        return None


def _fault(journal: Path, receipt: Receipt) -> str | None:
    try:
        steps = Journal(journal).entries
        if missing := sorted(_STEPS - steps.keys()):
            return f"its last steps are missing ({', '.join(missing)})"
        manifest = base64.b64decode(steps["manifest"]["manifest"])
    except (KeyError, ValueError):
        manifest = b""
    except SwarmprovError as error:
        return fault_in(journal, error)
    return None if hashlib.sha256(manifest).hexdigest() == receipt.manifest else "it is of another manifest"


def _save(path: Path, receipt: Receipt) -> None:
    move_aside(path)
    write_json(path, asdict(receipt))


def _rewrite(path: Path, steps: Mapping[str, dict[str, Any]]) -> None:
    move_aside(path)
    journal = Journal(path)
    for step, entry in steps.items():
        journal.write(step, entry)


def _replace(path: Path, data: bytes) -> None:
    move_aside(path)
    write_whole(path, data)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
