"""The SQLite files looked through: every page, and what of their rows can be checked."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from swarmprov_nb.fsck.damage import Damage, move_aside
from swarmprov_nb.home import Home
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.storing import stored_of
from swarmprov_nb.swarm import keccak256
from swarmprov_nb.view.captions import plural

_CHAIN: Final = (
    "This machine's own chain proves nothing to others, and is not repaired. Restore it from a backup; or move it away:"
    "\nthe next publish begins a new one, and swarmprov anchor REFERENCE writes an old publication there."
)
_CONTENTS: Final = "It is an index that fills again as things are stored: swarmprov fsck --repair moves it aside."


def hurt_database(path: Path, cure: str, table: str) -> Iterator[Damage]:
    """Let SQLite check every page of a database that has this table; nothing is changed."""
    if path.exists() and (said := _problem(path, table)) is not None:
        yield Damage(path, said, cure)


def hurt_contents(home: Home) -> Iterator[Damage]:
    """Look at the index of stored contents."""
    path = home.root / "contents.sqlite"
    mend = partial(_aside, path)
    damage = list(hurt_database(path, _CONTENTS, "contents"))
    if path.exists() and not damage:
        wrong = sum(not _is_stated(*row) for row in _rows(path, "SELECT content_id, stored FROM contents"))
        if wrong:
            damage.append(Damage(path, f"{plural(wrong, 'row')} of it cannot be read", _CONTENTS))
    yield from (Damage(each.file, each.what, each.cure, mend=mend) for each in damage)


def hurt_chain(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at the embedded chain: what is named by its hash has that hash, and own anchors are there."""
    path = home.chain / "chain.sqlite"
    anchors = {str(anchor["transaction"]): receipt for receipt in known for anchor in receipt.anchors
               if anchor["network"] == "embedded"}  # fmt: skip
    hurts = tuple(f"the anchor of {receipt.reference}" for receipt in anchors.values())
    if anchors and not path.exists():
        yield Damage(path, "it is missing", _CHAIN, hurts)
    damage = list(hurt_database(path, _CHAIN, "logs"))
    yield from (Damage(path, each.what, _CHAIN, hurts) for each in damage)
    if not path.exists() or damage:
        return
    wrong = sum(keccak256(value) != key for key, value in _rows(path, "SELECT k, v FROM kv WHERE length(k) = 32"))
    if wrong:
        yield Damage(path, f"{plural(wrong, 'entry' if wrong == 1 else 'entrie')} of it changed", _CHAIN, hurts)
    taken = {"0x" + row[0].hex() for row in _rows(path, "SELECT tx_hash FROM logs")}
    lost = [receipt.reference for transaction, receipt in anchors.items() if transaction not in taken]
    if lost:
        yield Damage(path, f"it lacks {plural(len(lost), 'anchor')}", _CHAIN, tuple(f"the anchor of {r}" for r in lost))


def _problem(path: Path, table: str) -> str | None:
    try:
        said = [str(row[0]) for row in _rows(path, "PRAGMA integrity_check(1)")]
        _rows(path, f"SELECT * FROM {table}")  # noqa: S608 - a table of ours
    except (sqlite3.Error, UnicodeDecodeError) as error:
        said = [str(error)]
    return None if said == ["ok"] else " ".join(said[0].split()).rstrip(".")


def _rows(path: Path, query: str) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as db:
        return db.execute(query).fetchall()


def _is_stated(content_id: object, text: object) -> bool:
    try:
        return stored_of(str(text)).content_id == content_id
    except ValueError:
        return False


def _aside(path: Path) -> None:
    """Move a database aside with what SQLite keeps beside it, which must not meet a new one."""
    for each in (path, *(path.with_name(path.name + end) for end in ("-journal", "-wal", "-shm"))):
        if each.exists():
            move_aside(each)
