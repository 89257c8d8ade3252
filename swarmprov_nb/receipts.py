"""Receipts: what the publisher keeps of each publication: references, digests, salts, and the anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from swarmprov_nb.home import Home, read_json, write_json


@dataclass(frozen=True)
class Receipt:
    """One publication, as its publisher knows it. Kept private: `salts` open the commitments of hidden artifacts.

    `reference`, `content`, `manifest` and `previous` (the manifest that this one supersedes) are hex; `anchor` is None
    where none was made.
    """

    reference: str
    content: str
    manifest: str
    author: str
    wallet: str
    work: str
    notebook: str
    published_at: float
    store: str
    chain: str
    items: int
    size: int
    level: int = 0
    previous: str | None = None
    salts: Mapping[str, str] = field(default_factory=dict)
    anchor: Mapping[str, Any] | None = None

    def journal_path(self, home: Home) -> Path:
        """Where the publish's journal is kept: with it the same bytes can be stored again."""
        return home.private_folder(home.receipts) / f"{self.reference}.journal"

    def save(self, home: Home) -> None:
        """Write the receipt into the home, whole and private."""
        write_json(home.private_folder(home.receipts) / f"{self.reference}.json", asdict(self))


def receipts(home: Home) -> list[Receipt]:
    """Return all receipts of this home, oldest first."""
    found = [Receipt(**read_json(path, {})) for path in home.receipts.glob("*.json")]
    return sorted(found, key=lambda receipt: (receipt.published_at, receipt.reference))


def unchanged(home: Home, *, work: str, author: str, wallet: str, store: str, chain: str) -> Receipt | None:
    """Return the newest receipt for the same work by the same author and wallet in the same store and chain."""
    wanted = (work, author, wallet, store, chain)
    same = [r for r in receipts(home) if (r.work, r.author, r.wallet, r.store, r.chain) == wanted]
    return same[-1] if same else None


def last_of(home: Home, notebook: str, author: str) -> Receipt | None:
    """Return the newest receipt of a notebook (by its absolute path) and author."""
    own = [receipt for receipt in receipts(home) if (receipt.notebook, receipt.author) == (notebook, author)]
    return own[-1] if own else None
