"""A SQLite file of ours looked through, and nothing changed of what was written into it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from swarmprov_nb.home import damaged


def require_whole(path: Path, table: str) -> None:
    """Let SQLite check every page of a database, which has this table; SwarmprovError where it finds a fault."""
    try:
        said = str(rows(path, "PRAGMA integrity_check(1)")[0][0])
        rows(path, f"SELECT * FROM {table}")  # noqa: S608 - a table of ours
    except (sqlite3.Error, UnicodeDecodeError) as error:
        said = str(error)
    if said != "ok":
        raise damaged(path, " ".join(said.split()).rstrip("."))


def rows(path: Path, query: str) -> list[tuple[bytes, ...]]:
    """Return what a query finds; what a kill left half done is taken back first, as by anybody who opens the file."""
    try:
        return _found(path, query, "ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        return _found(path, query, "rw")


def _found(path: Path, query: str, mode: str) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30)) as db:
        return db.execute(query).fetchall()
