"""A SQLite file that several processes share: with a write-ahead log, or, where that cannot be, a rollback journal.

A log needs memory that processes share, which network file systems and some containers refuse. SQLite tells that at the
first use of the log, so one is tried when the file is made; a file that has a log already is taken out of it by whoever
is alone with it: https://sqlite.org/wal.html#use_of_wal_without_shared_memory.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from swarmprov_nb.file_lock import LOCK_SECONDS, locked_within

_REFUSED: Final = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR})
_LOOK_AGAIN: Final = 0.01  # seconds


def open_shared(
    connect: Callable[[], sqlite3.Connection], check: Callable[[sqlite3.Connection], object], *, patience: float
) -> sqlite3.Connection:
    """Open a database for several processes, `check` it before anything in it is changed, and choose its journal.

    >>> db = open_shared(lambda: sqlite3.connect(":memory:", isolation_level=None), lambda db: None, patience=1)
    >>> with transaction(db, "BEGIN IMMEDIATE"):
    ...     db.execute("SELECT 1").fetchone()
    (1,)
    >>> db.close()

    Raises what `connect` and `check` raise, and sqlite3.OperationalError where it cannot be used, or is locked for over
    `patience` seconds.
    """
    db = connect()
    try:
        check(db)
        if _is_new(db):
            with _alone_in_folder_of(db):
                if _is_new(db):
                    _set_journal(db, "WAL", patience)
                    with transaction(db, "BEGIN IMMEDIATE"):  # the first use of shared memory
                        pass
    except sqlite3.OperationalError as error:
        db.close()
        if error.sqlite_errorcode & 0xFF not in _REFUSED:
            raise
        return _without_log(connect, check, patience)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection, begin: str) -> Iterator[None]:
    """Let everything inside land or nothing; where the disk fails SQLite may have taken it back by itself already."""
    db.execute(begin)
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _is_new(db: sqlite3.Connection) -> bool:
    return not db.execute("PRAGMA page_count").fetchone()[0]


@contextmanager
def _alone_in_folder_of(db: sqlite3.Connection) -> Iterator[None]:
    """Hold off who makes the same file, as far as the file system has locks: two would take turns at its journal."""
    name = db.execute("PRAGMA database_list").fetchone()[2]
    folder = os.open(Path(name).parent, os.O_RDONLY)
    try:
        with suppress(OSError):
            locked_within(folder, LOCK_SECONDS)
        yield
    finally:
        os.close(folder)


def _without_log(
    connect: Callable[[], sqlite3.Connection], check: Callable[[sqlite3.Connection], object], patience: float
) -> sqlite3.Connection:
    db = connect()
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")  # a log can be read without shared memory by whoever is alone
        check(db)
        _set_journal(db, "DELETE", patience)
        db.execute("PRAGMA locking_mode = NORMAL")
        db.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # lets go of the lock
    except BaseException:
        db.close()
        raise
    return db


def _set_journal(db: sqlite3.Connection, mode: str, patience: float) -> None:
    """Set the journal. SQLite does not wait here by itself where another process has the file open too."""
    deadline = time.monotonic() + patience
    while True:
        try:
            db.execute(f"PRAGMA journal_mode = {mode}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_AGAIN)
        else:
            return
