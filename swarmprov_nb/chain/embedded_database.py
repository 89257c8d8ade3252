"""The one SQLite file that holds an embedded chain: opened, checked, shared between processes."""

from __future__ import annotations

from swarmprov_nb.chain import embedded_engine  # noqa: F401 - before eth

# isort: split

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth.db.backends.base import BaseDB

from swarmprov_nb.errors import ChainError
from swarmprov_nb.shared_database import open_shared, transaction

APPLICATION_ID = int.from_bytes(b"swpc", "big")
FORMAT = 1
BUSY_SECONDS = 60.0

_TABLES = (
    "CREATE TABLE kv (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID",
    """CREATE TABLE logs (
        block INTEGER NOT NULL, position INTEGER NOT NULL, tx_index INTEGER NOT NULL, tx_hash BLOB NOT NULL,
        block_hash BLOB NOT NULL, address BLOB NOT NULL,
        topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
        PRIMARY KEY (block, position)) WITHOUT ROWID""",
)


class ChainDatabase:
    """A chain's file. `reading()` and `writing()` are transactions; several processes and threads may hold one.

    Raises `ChainError` where the file is foreign, damaged, newer, busy for a minute, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state, whatever other processes write meanwhile."""
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer; all of it lands or none."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection of this process; a forked child gets one of its own, as SQLite asks for."""
        if self._connection is None or self._process != os.getpid():
            self._connection = self._open()
            self._process = os.getpid()
        return self._connection

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Give the file back at the end, when no request is under way. The next one opens it again."""
        with self._lock:
            yield
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained():
            connection = self.connection
            with transaction(connection, begin):
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError as error:
            raise self.damaged() from error

    def _unusable(self, error: sqlite3.OperationalError) -> ChainError:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return ChainError(
                f"The embedded chain {self.path} was busy for {BUSY_SECONDS:.0f} seconds.",
                "Wait for the other process that uses it, and try again.",
            )
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_ERROR:  # a table or column that should be there is not
            return self.damaged()
        return ChainError(
            f"The embedded chain {self.path} cannot be used: {error}.",
            "Check that its folder exists, is writable, and has space left.",
        )

    def damaged(self) -> ChainError:
        """The error for a file whose bytes make no chain."""
        return ChainError(
            f"The embedded chain {self.path} is damaged or is no database.",
            "Move the file away: the next publish starts a new chain, and anchors from the old one are gone.",
        )

    def _open(self) -> sqlite3.Connection:
        with self._explained():
            connection = open_shared(self._connected, self._check, patience=BUSY_SECONDS)
            try:
                connection.execute("PRAGMA synchronous = FULL")  # an anchor that was reported survives a power cut
                with transaction(connection, "BEGIN IMMEDIATE"):
                    if not self._check(connection):
                        _create(connection)
            except BaseException:
                connection.close()
                raise
        return connection

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)

    def _check(self, connection: sqlite3.Connection) -> bool:
        """Whether the file already is a chain; False for an empty one, `ChainError` for anything else."""
        application = _pragma(connection, "application_id")
        if application == 0 and connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            return False
        if application != APPLICATION_ID:
            raise ChainError(
                f"The file {self.path} is a database of another program.",
                "Move it away, or give swarmprov another folder.",
            )
        if _pragma(connection, "user_version") != FORMAT:
            raise ChainError(
                f"The embedded chain {self.path} was written by a newer swarmprov.",
                "Update swarmprov-nb, or give it another folder.",
            )
        return True


class ChainKeys(BaseDB):
    """The key-value view that py-evm asks for: its trie nodes, headers and receipts."""

    def __init__(self, database: ChainDatabase) -> None:
        self._database = database

    def __getitem__(self, key: bytes) -> bytes:
        row = self._database.connection.execute("SELECT v FROM kv WHERE k = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._database.connection.execute("INSERT OR REPLACE INTO kv VALUES (?, ?)", (bytes(key), bytes(value)))

    def __delitem__(self, key: bytes) -> None:
        if self._database.connection.execute("DELETE FROM kv WHERE k = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        return self._database.connection.execute("SELECT 1 FROM kv WHERE k = ?", (key,)).fetchone() is not None


def _create(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
