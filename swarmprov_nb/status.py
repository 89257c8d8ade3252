"""Status: what is recorded in a folder and published from this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.errors import RecordError, SwarmprovError, UsageError
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Record
from swarmprov_nb.pushing import lasts
from swarmprov_nb.receipts import Receipt, receipts
from swarmprov_nb.remotes import expiry_of
from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.labels import clean


@dataclass(frozen=True)
class Recorded:
    """One notebook's record: how many sessions, and how the newest went."""

    notebook: str
    sessions: int
    runs: int
    failed: int
    artifacts: int


@dataclass(frozen=True)
class Status:
    """What is recorded in a folder, and every publication of this home."""

    folder: Path
    recorded: tuple[Recorded, ...]
    published: tuple[Receipt, ...]
    pending: int

    def to_json(self) -> dict[str, Any]:
        """Return the status as JSON values; salts stay in the receipts."""
        published = [{k: v for k, v in asdict(receipt).items() if k != "salts"} for receipt in self.published]
        recorded = [asdict(entry) for entry in self.recorded]
        return {"folder": str(self.folder), "recorded": recorded, "published": published, "pending": self.pending}

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"Recorded in {self.folder}:" if self.recorded else f"Nothing is recorded in {self.folder}."
        for entry in self.recorded:
            failed = f", {entry.failed} failed" if entry.failed else ""
            made = f"{plural(entry.runs, 'cell run')}{failed}, {plural(entry.artifacts, 'artifact')}"
            yield f"  {clean(entry.notebook):<28} {made}; {plural(entry.sessions, 'session')} in all"
        if not self.recorded:
            yield "To record, run a notebook with %load_ext swarmprov in its first cell, or: swarmprov run NOTEBOOK"
        yield "Published from this machine:" if self.published else "Nothing was published from this machine."
        for receipt in self.published:
            day = datetime.fromtimestamp(receipt.published_at, UTC).date().isoformat()
            name = clean(Path(receipt.notebook).name)
            yield f"  {receipt.reference}  {day}  {name}, {plural(receipt.items, 'item')}"
            for push in receipt.pushes:
                yield f"    stored at {push['store']}, {lasts(push)}"
            for anchor in receipt.anchors:
                if anchor["network"] != EMBEDDED.name:
                    yield f"    anchored on {anchor['network']}, block {anchor['block']}"
        if self.pending:
            yield f"Interrupted: {self.pending}. Publish that notebook again, and it goes on."


def refreshed(home: Home) -> None:
    """Ask every store that publications were pushed to until when they are paid for now, and note it in the receipts.

    A store that does not answer changes nothing.
    """
    for receipt in receipts(home):
        for push in receipt.pushes:
            try:
                expires = expiry_of(push["store"], push["batch"])
            except SwarmprovError:
                continue
            known = expires.timestamp() if expires else None
            receipt = receipt.with_push({**push, "expires": known})  # noqa: PLW2901 - each push replaces its own
        receipt.save(home)


def status(folder: Path, home: Home) -> Status:
    """Look into the record of `folder` and the receipts of `home`; makes nothing.

    Raises UsageError where `folder` is none.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Name the folder that your notebook is in.")
    pending = len(list(home.journal.glob("*.jsonl"))) if home.journal.is_dir() else 0
    return Status(folder, tuple(_recorded(folder, home)), tuple(receipts(home)), pending)


def _recorded(folder: Path, home: Home) -> Iterator[Recorded]:
    try:
        record = Record(folder, key=home.secret(RECORD_KEY), create=False)
    except RecordError as error:
        if "Nothing has been recorded" in error.what:
            return
        raise
    with record:
        sessions = record.sessions()
        for notebook in dict.fromkeys(session.notebook for session in sessions):
            own = [session for session in sessions if session.notebook == notebook]
            newest = record.lineage(own[-1].id)
            failed = sum(run.status != "ok" for run in newest.runs)
            yield Recorded(notebook or "(unnamed)", len(own), len(newest.runs), failed, len(newest.artifacts))
