"""Receipts: what the publisher keeps of each publication: references, digests, salts, and the anchor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home, damaged, read_json, write_json
from swarmprov_nb.secret_values import Salts


@dataclass(frozen=True)
class Receipt:
    """One publication, as its publisher knows it. Kept private: `salts` open the commitments of hidden artifacts.

    `reference`, `content`, `manifest` and `previous` (the manifest that this one supersedes) are hex; `wallet` made the
    newest author seal; `anchors` are what chains took, newest last; `pushes` the stores that it was pushed to;
    `attesters` the wallets, by manifest, that sealed what it builds on.
    """

    reference: str
    content: str
    manifest: str
    author: str
    wallet: str
    work: str
    notebook: str = field(repr=False)  # its path on this machine
    published_at: float
    items: int
    size: int
    level: int = 0
    previous: str | None = None
    salts: Mapping[str, str] = field(default_factory=Salts)
    anchors: tuple[Mapping[str, Any], ...] = ()
    pushes: tuple[Mapping[str, Any], ...] = ()
    attesters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "salts", Salts(self.salts))

    @property
    def anchor(self) -> Mapping[str, Any] | None:
        """The newest anchor, None where there is none."""
        return self.anchors[-1] if self.anchors else None

    def anchored_on(self, network: str) -> Mapping[str, Any] | None:
        """Return the anchor by this receipt's wallet on a network, None where there is none."""
        own = [a for a in self.anchors if (a["network"], a.get("attester", self.wallet)) == (network, self.wallet)]
        return own[-1] if own else None

    def pushed_to(self, store: str) -> Mapping[str, Any] | None:
        """Return the newest push to a store, None where there is none."""
        own = [push for push in self.pushes if push["store"] == store]
        return own[-1] if own else None

    def with_anchor(self, anchor: Mapping[str, Any]) -> Receipt:
        """Return this receipt with an anchor in place of the one that it had on that network."""
        return replace(self, anchors=(*(a for a in self.anchors if a["network"] != anchor["network"]), anchor))

    def with_push(self, push: Mapping[str, Any]) -> Receipt:
        """Return this receipt with a push in place of the one that it had to that store."""
        return replace(self, pushes=(*(p for p in self.pushes if p["store"] != push["store"]), push))

    def journal_path(self, home: Home) -> Path:
        """Where the publish's journal is kept: with it the same bytes can be stored again."""
        return home.private_folder(home.receipts) / f"{self.reference}.journal"

    def save(self, home: Home) -> None:
        """Write the receipt into the home, whole and private."""
        write_json(home.private_folder(home.receipts) / f"{self.reference}.json", asdict(self))


def receipts(home: Home) -> list[Receipt]:
    """Return all receipts of this home, oldest first.

    Raises SwarmprovError where one is damaged.
    """
    return _sorted(read_receipt(path) for path in home.receipts.glob("*.json"))


def whole_receipts(home: Home) -> tuple[list[Receipt], list[Path]]:
    """Return the receipts of this home that can be read, oldest first, and the files of those that cannot."""
    found, damaged_files = [], []
    for path in sorted(home.receipts.glob("*.json")):
        try:
            found.append(read_receipt(path))
        except SwarmprovError:
            damaged_files.append(path)
    return _sorted(found), damaged_files


def _sorted(found: Iterable[Receipt]) -> list[Receipt]:
    """Order receipts by time, and each after the one that it supersedes, whatever the clock said then."""
    known = sorted(found, key=lambda receipt: (receipt.published_at, receipt.reference))
    by_manifest = {receipt.manifest: receipt for receipt in known}
    places: dict[str, tuple[float, int]] = {}
    for receipt in known:
        for each in reversed(_without_place(receipt, by_manifest, places)):
            at, steps = places.get(each.previous or "", (0.0, 0))
            places[each.manifest] = (max(at, each.published_at), steps + 1)
    return sorted(known, key=lambda receipt: (places[receipt.manifest], receipt.published_at, receipt.reference))


def _without_place(
    receipt: Receipt, by_manifest: Mapping[str, Receipt], places: Mapping[str, tuple[float, int]]
) -> list[Receipt]:
    """Return a receipt and those that it supersedes in turn, as far as they have no place yet, newest first."""
    line: dict[str, Receipt] = {}
    current: Receipt | None = receipt
    while current is not None and current.manifest not in places and current.manifest not in line:
        line[current.manifest] = current
        current = by_manifest.get(current.previous or "")
    return list(line.values())


def receipt_of(home: Home, reference: str) -> Receipt | None:
    """Return the receipt of an own publication, None where it is none of this home's."""
    path = home.receipts / f"{reference}.json"
    return read_receipt(path) if path.is_file() else None


def read_receipt(path: Path) -> Receipt:
    """Return the receipt in a file.

    Raises SwarmprovError where it is damaged.
    """
    stated = read_json(path, {})
    old = stated.pop("anchor", None)  # as the first version wrote it, of one store and one chain
    for key in ("store", "chain"):
        stated.pop(key, None)
    try:
        for key, values in (("anchors", [old] if old else []), ("pushes", [])):
            stated[key] = tuple(stated.get(key, values))
        found = Receipt(**stated)
        _require_sound(found)
    except (KeyError, TypeError, ValueError):
        raise damaged(path, "it is no receipt") from None
    if found.reference != path.stem:
        raise damaged(path, "it is the receipt of another publication")
    return found


def _require_sound(found: Receipt) -> None:
    """Raise one of its errors where a receipt without a checksum does not say what is read from it."""
    float(found.published_at)
    bytes.fromhex(found.reference + found.manifest + found.content + found.wallet.removeprefix("0x"))
    str.encode(found.author + found.work + found.notebook)
    for named, key in ((found.anchors, "network"), (found.anchors, "transaction"), (found.pushes, "store")):
        str.join("", [each[key] for each in named])


def unchanged(home: Home, *, work: str, author: str) -> Receipt | None:
    """Return the newest receipt for the same work by the same author."""
    same = [receipt for receipt in receipts(home) if (receipt.work, receipt.author) == (work, author)]
    return same[-1] if same else None


def last_of(home: Home, notebook: str, author: str) -> Receipt | None:
    """Return the newest receipt of a notebook (by its absolute path) and author."""
    own = [receipt for receipt in receipts(home) if (receipt.notebook, receipt.author) == (notebook, author)]
    return own[-1] if own else None
