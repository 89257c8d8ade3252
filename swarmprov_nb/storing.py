"""Where the bytes of artifacts go: the user's pack store, and which stored bytes belong to which content id.

Bytes once stored for a content id are used again: the same table gives the same file, although Parquet, PNG and
skops bytes differ between library versions.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from typing import IO, TYPE_CHECKING, cast

from swarmprov_nb.checksum import checked, unchecked
from swarmprov_nb.errors import StorageError
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Stored

if TYPE_CHECKING:
    from swarmprov_nb.artifacts import Snapshot
    from swarmprov_nb.swarm import PackStore, Storage

_PATIENCE = 10  # seconds: a cell run may wait for it
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_CANTOPEN}  # fmt: skip
_LATER = "See that nothing keeps it locked, and that your home for swarmprov can be written and has room; then again."


def user_store(home: Home) -> PackStore:
    """Open the user's embedded store, made on first use."""
    from swarmprov_nb.swarm import PackStore

    return PackStore.open(home.private_folder(home.store), create=True)


class _Hashed:
    """A stream that takes the sha256 of what is read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def readinto(self, buffer: memoryview) -> int:
        count = self._stream.readinto(buffer)  # type: ignore[attr-defined]
        self._digest.update(buffer[:count])
        return int(count)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def put(store: Storage, source: IO[bytes] | bytes | _Hashed) -> bytes:
    """Store a stream or bytes; returns the level-0 reference (32 bytes) under which they can be read again."""
    from swarmprov_nb.swarm import UploadPlan, split

    upload = store.upload(b"", UploadPlan(id=uuid.uuid4().hex))
    root = split(cast("IO[bytes] | bytes", source), upload)
    upload.finish()
    return root


def stored_of(text: str) -> Stored:
    """Return what a row of the index of stored contents states; ValueError where it is damaged."""
    body = unchecked(json.loads(text))
    try:
        return Stored(**{**body, "warnings": tuple(body["warnings"])})
    except (KeyError, TypeError) as error:
        raise ValueError("it does not say what is stored") from error


class Keeper:
    """Keeps snapshots of artifacts in the store and remembers them by content id.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Keeper(Home(pathlib.Path(folder))).known("file:sha256:00", ".csv") is None
    True
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.store = user_store(home)
        self._index = home.root / "contents.sqlite"

    def keep(self, snapshot: Snapshot) -> Stored:
        """Store the snapshot's bytes, unless bytes for its content id are stored already."""
        known = self.known(snapshot.content_id, snapshot.encoded.suffix)
        if known is not None:
            return known
        with self.store.in_use():
            stored = self._put(snapshot)
            with self._contents() as db:
                db.execute(
                    "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)",
                    (stored.content_id, stored.suffix, json.dumps(checked(asdict(stored)))),
                )
        return stored

    def _put(self, snapshot: Snapshot) -> Stored:
        with snapshot.path.open("rb") as stream:
            hashed = _Hashed(stream)
            stored = replace(self.cite(snapshot), reference=put(self.store, hashed).hex())
        if hashed.sha256 != snapshot.sha256:
            raise StorageError(
                f"{snapshot.path.name} was changed while it was stored.",
                "Run its cell again when nothing writes to it.",
            )
        return stored

    def cite(self, snapshot: Snapshot) -> Stored:
        """Describe the snapshot's bytes without storing them: for what others made and we only name."""
        return Stored(
            sha256=snapshot.sha256,
            size=snapshot.size,
            content_id=snapshot.content_id,
            media_type=snapshot.encoded.media_type,
            suffix=snapshot.encoded.suffix,
            warnings=snapshot.encoded.warnings,
        )

    def known(self, content_id: str, suffix: str) -> Stored | None:
        """Return what is stored for a content id in a form with this suffix, if it is still whole at its root."""
        with self._contents() as db:
            row = db.execute(
                "SELECT stored FROM contents WHERE content_id = ? AND suffix = ?", (content_id, suffix)
            ).fetchone()
        try:
            stored = stored_of(row[0]) if row else None
        except ValueError:  # damaged: as if it were not known, it is stored and written down again
            return None
        return stored if stored and stored.content_id == content_id and self.holds(stored) else None

    def holds(self, stored: Stored) -> bool:
        """Tell whether the store still has the root chunk of these bytes."""
        return stored.reference is not None and all(self.store.has([bytes.fromhex(stored.reference)]))

    def read(self, stored: Stored) -> Iterator[bytes]:
        """Read stored bytes back, each chunk re-hashed."""
        from swarmprov_nb.swarm import read_file

        return read_file(self.store, bytes.fromhex(stored.reference or ""), limit=stored.size)

    @contextmanager
    def _contents(self) -> Iterator[sqlite3.Connection]:
        self.home.private_folder(self.home.root)
        try:
            with closing(sqlite3.connect(self._index, timeout=_PATIENCE)) as db, db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS contents (content_id TEXT, suffix TEXT, stored TEXT,"
                    " PRIMARY KEY (content_id, suffix)) WITHOUT ROWID"
                )
                yield db
        except sqlite3.DatabaseError as error:
            passing = error.sqlite_errorcode & 0xFF in _PASSING
            raise StorageError(
                f"The index of stored contents cannot be used: {error}.",
                _LATER if passing else f"Move {self._index} away; it is rebuilt.",
            ) from error
