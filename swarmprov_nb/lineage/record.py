"""The record: one SQLite database beside the notebook that keeps every cell run, append-only.

``.swarmprov/record.sqlite`` holds the sessions of all notebooks in a folder. A cell run, its edges, artifacts and
uses enter in one transaction, so that a finished run is there whole after a kill, and an unfinished one not at all.
Session and run rows carry an HMAC under a key of the user's home: a record that came from elsewhere is *foreign*
(``Session.trusted`` is False), shown but never published. It is data, never orders.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Self

from swarmprov_nb.errors import RecordError
from swarmprov_nb.lineage.vocabulary import Artifact, CellRun, Declaration, Edge, Lineage, Parent, Session, Stored, Use
from swarmprov_nb.shared_database import open_shared, transaction

FOLDER: Final = ".swarmprov"
FILE: Final = "record.sqlite"
APPLICATION: Final = 0x53575052  # "SWPR", in the SQLite header
VERSION: Final = 2  # since 2 an artifact may have a parent; a record without one stays readable for version 1
FIRST_VERSION: Final = 1
PATIENCE: Final = 30.0  # seconds for which another program may keep the record locked

_AWAY: Final = f"Move the folder {FOLDER} away and run the notebook again; publications are kept elsewhere."
_SCHEMA: Final = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, notebook TEXT, started REAL NOT NULL, environment TEXT NOT NULL,
    mark TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (id TEXT PRIMARY KEY, session TEXT NOT NULL REFERENCES sessions(id), sequence INTEGER NOT NULL,
    body TEXT NOT NULL, mark TEXT NOT NULL, UNIQUE (session, sequence)) WITHOUT ROWID;
CREATE TABLE edges (writer TEXT NOT NULL, reader TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL,
    confidence TEXT NOT NULL, PRIMARY KEY (reader, writer, name, kind)) WITHOUT ROWID;
CREATE TABLE artifacts (id TEXT PRIMARY KEY, session TEXT NOT NULL, recorded_by TEXT NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE uses (run TEXT NOT NULL, artifact TEXT NOT NULL, confidence TEXT NOT NULL, PRIMARY KEY (run, artifact))
    WITHOUT ROWID;
CREATE INDEX artifacts_by_run ON artifacts (recorded_by);
CREATE INDEX sessions_by_notebook ON sessions (notebook, started);
"""
# Not there in the records of older versions, of which the sessions are ordered by their clocks, and come first.
_ORDER: Final = "CREATE TABLE IF NOT EXISTS session_order (number INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE)"


class Record:
    """The lineage record of one folder, open for reading and writing; safe from several threads and processes.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Record(Path(folder), key=b"k" * 32) as record:
    ...     record.add_session(Session("s", "study.ipynb", 0.0))
    ...     [session.notebook for session in record.sessions()]
    ['study.ipynb']

    `key` marks rows as this user's own. RecordError is raised where the file is corrupt, foreign to this program
    or newer than it, where the folder cannot be written, and where another program keeps it locked for over `patience`
    seconds.
    """

    def __init__(self, folder: Path, *, key: bytes, create: bool = True, patience: float = PATIENCE) -> None:
        self.folder = folder
        self.path = folder / FOLDER / FILE
        self._key = key
        self._lock = threading.RLock()
        for place in (self.path.parent, self.path):
            if place.is_symlink():  # in a folder from a stranger it could lead to one's own record, or anywhere
                raise RecordError(f"{place} is a link: a record is read and written where it lies.", "Remove the link.")
        self._patience = patience
        if not create and not (self.path.exists() and self.path.stat().st_size):
            raise RecordError(
                f"Nothing has been recorded in {folder} yet.",
                "Run the notebook with %load_ext swarmprov in its first cell, or by: swarmprov run NOTEBOOK",
            )
        with self._explained():
            if not create and not os.access(self.path.parent, os.W_OK):
                self._db = self._connected(self._unwritable())
                self._require_ours(self._db)
            else:
                self._make_folder()
                self._db = open_shared(self._connected, self._require_ours, patience=patience)
                self._prepare()
            self._place = os.open(self.path.parent, os.O_RDONLY)
            self._file = self._identity()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database; what is recorded stays."""
        with self._lock:
            self._db.close()
            if self._place >= 0:
                os.close(self._place)
                self._place = -1

    @property
    def removed(self) -> bool:
        """Whether its file was removed or replaced since it was opened; a folder that was only moved keeps it."""
        return self._identity() != self._file

    def wait_at_most(self, seconds: float) -> None:
        """Set how long another program that keeps the record locked is waited for."""
        with self._lock, self._explained():
            self._db.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")

    # -- writing

    def add_session(self, session: Session) -> None:
        """Open a session: its cell runs follow by `add_run`."""
        row = (session.id, session.notebook, session.started, _json(session.environment), self._session_mark(session))
        with self._transaction() as db:
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
            db.execute(_ORDER)
            db.execute("INSERT INTO session_order (session) VALUES (?)", (session.id,))

    def add_run(
        self, run: CellRun, *, edges: Iterable[Edge] = (), artifacts: Iterable[Artifact] = (), uses: Iterable[Use] = (),
        updates: Iterable[Artifact] = (),
    ) -> None:  # fmt: skip
        """Record one finished cell run with its edges, artifacts and uses, whole or not at all; once, if asked twice.

        `updates` are artifacts recorded already of which it says more, see `update_artifact`.
        """
        edges, artifacts, uses = tuple(edges), tuple(artifacts), tuple(uses)
        mark = self._run_mark(run, edges, artifacts, uses)
        with self._transaction() as db:
            if db.execute("SELECT 1 FROM runs WHERE id = ? AND mark = ?", (run.id, mark)).fetchone():
                return  # the disk failed as it was written, and it was written nevertheless
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?)", (run.id, run.session, run.sequence, _json(vars(run)), mark)
            )
            db.executemany("INSERT OR IGNORE INTO edges VALUES (?, ?, ?, ?, ?)", [_edge_row(edge) for edge in edges])
            db.executemany(
                "INSERT INTO artifacts VALUES (?, ?, ?, ?)",
                [(artifact.id, run.session, run.id, _json(_body(artifact))) for artifact in artifacts],
            )
            if any(artifact.parent for artifact in artifacts):
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.executemany(
                "INSERT OR IGNORE INTO uses VALUES (?, ?, ?)", [(use.run, use.artifact, use.confidence) for use in uses]
            )
            for artifact in updates:
                self._update(db, artifact)  # one that was forgotten meanwhile is no reason to lose this run

    def update_artifact(self, artifact: Artifact) -> None:
        """Replace what is known of an artifact: its bytes were stored, or a person declared something about it."""
        with self._transaction() as db:
            if not self._update(db, artifact):
                raise RecordError(f"No artifact {artifact.id} is recorded.", "Run the cell that makes it again.")

    def forget(self, notebook: str) -> int:
        """Delete every session of a notebook; returns how many there were."""
        with self._transaction() as db:
            ids = [row[0] for row in db.execute("SELECT id FROM sessions WHERE notebook = ?", (notebook,))]
            for session in ids:
                runs = [row[0] for row in db.execute("SELECT id FROM runs WHERE session = ?", (session,))]
                for run in runs:
                    db.execute("DELETE FROM edges WHERE reader = ?", (run,))
                    db.execute("DELETE FROM uses WHERE run = ?", (run,))
                db.execute("DELETE FROM artifacts WHERE session = ?", (session,))
                db.execute("DELETE FROM runs WHERE session = ?", (session,))
                db.execute("DELETE FROM sessions WHERE id = ?", (session,))
                if _knows_order(db):
                    db.execute("DELETE FROM session_order WHERE session = ?", (session,))
        return len(ids)

    # -- reading

    def sessions(self, notebook: str | None = None) -> list[Session]:
        """Return the sessions, oldest first, of one notebook or of all: as they were added, whatever the clock said."""
        query = "SELECT id, notebook, started, environment, mark FROM sessions"
        where, arguments = ("", ()) if notebook is None else (" WHERE notebook = ?", (notebook,))
        with self._reading() as db:
            rows = db.execute(query + where + " ORDER BY started, id", arguments).fetchall()
            places = dict(db.execute("SELECT session, number FROM session_order")) if _knows_order(db) else {}
            return [self._session(*row) for row in sorted(rows, key=lambda row: places.get(row[0], 0))]

    def lineage(self, session_id: str) -> Lineage:
        """Return everything recorded in one session; its `trusted` mark covers each of its runs."""
        with self._reading() as db:
            row = db.execute(
                "SELECT id, notebook, started, environment, mark FROM sessions WHERE id = ?", (session_id,)
            ).fetchone()
            if row is None:
                raise RecordError(f"No session {session_id} is recorded here.", "List them by: swarmprov status")
            whole = self._whole(db, which="session", value=session_id)
            session = self._session(*row)
            if not all(self._marked(db, session_id, whole)):
                session = Session(**{**vars(session), "trusted": False})
        return Lineage(
            session=session,
            runs=tuple(parts[0] for parts in whole),
            edges=tuple(edge for parts in whole for edge in parts[1]),
            artifacts=tuple(artifact for parts in whole for artifact in parts[2]),
            uses=tuple(use for parts in whole for use in parts[3]),
        )

    def marks(self, session: Session) -> list[bool]:
        """Tell of a session, and then of each of its runs, whether it bears this user's mark."""
        with self._reading() as db:
            whole = self._whole(db, which="session", value=session.id)
            return [session.trusted, *self._marked(db, session.id, whole)]

    # -- inside

    def _update(self, db: sqlite3.Connection, artifact: Artifact) -> bool:
        row = db.execute("SELECT recorded_by FROM artifacts WHERE id = ?", (artifact.id,)).fetchone()
        if row is None:
            return False
        db.execute("UPDATE artifacts SET body = ? WHERE id = ?", (_json(_body(artifact)), artifact.id))
        ((run, edges, artifacts, uses),) = self._whole(db, which="id", value=row[0])
        db.execute("UPDATE runs SET mark = ? WHERE id = ?", (self._run_mark(run, edges, artifacts, uses), run.id))
        return True

    def _marked(self, db: sqlite3.Connection, session: str, whole: Iterable[_Whole]) -> list[bool]:
        marks = dict(db.execute("SELECT id, mark FROM runs WHERE session = ?", (session,)))
        return [hmac.compare_digest(marks.get(parts[0].id, ""), self._run_mark(*parts)) for parts in whole]

    def _connected(self, query: str = "") -> sqlite3.Connection:
        uri = self.path.absolute().as_uri() + query
        return sqlite3.connect(uri, uri=True, timeout=self._patience, isolation_level=None, check_same_thread=False)

    def _unwritable(self) -> str:
        """Return how a record in a read-only folder is opened: what a killed program left in the log counts too."""
        log = self.path.with_name(f"{FILE}-wal")
        return "?mode=ro" if log.exists() and log.stat().st_size else "?immutable=1"

    def _identity(self) -> tuple[int, int] | None:
        try:
            state = os.stat(FILE, dir_fd=self._place)
        except OSError:
            return None
        return state.st_dev, state.st_ino

    def _make_folder(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        with suppress(FileExistsError), (self.path.parent / ".gitignore").open("x", encoding="utf-8") as ignore:
            ignore.write("# a local record: who runs the notebook makes their own\n*\n")

    def _prepare(self) -> None:
        """Create the schema where there is none; one that is there can be read while another program writes."""
        self._db.execute("PRAGMA synchronous = NORMAL")
        if not _is_empty(self._db):
            return
        with self._transaction() as db:
            if _is_empty(db):  # nobody was faster
                for statement in filter(None, map(str.strip, _SCHEMA.split(";"))):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {FIRST_VERSION}")

    def _require_ours(self, db: sqlite3.Connection) -> None:
        """Refuse another program's database, and a newer record, before anything in it is touched."""
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION and not _is_empty(db):
            raise RecordError(f"{self.path} is not a swarmprov record.", "Move that file away and run again.")
        if application == APPLICATION and version > VERSION:
            raise RecordError(
                f"{self.path} was written by a newer swarmprov (record version {version}).",
                "Upgrade by: pip install --upgrade swarmprov-nb",
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._as_record_error(error) from error
        except UnicodeDecodeError as error:  # SQLite quotes damaged bytes in its own words
            raise RecordError(f"The record {self.path} is damaged: it is malformed.", _AWAY) from error
        except OSError as error:
            raise RecordError(
                f"The record {self.path} cannot be written: {error.strerror}.",
                "Make the notebook's folder writable, or copy the notebook elsewhere.",
            ) from error

    def _as_record_error(self, error: sqlite3.DatabaseError) -> RecordError:
        text = str(error)
        if "locked" in text or "busy" in text:
            return RecordError(f"The record {self.path} is locked by another program.", "Wait for it, then run again.")
        if "readonly" in text or "unable to open" in text or ("disk" in text and "malformed" not in text):
            return RecordError(
                f"The record {self.path} cannot be written: {text}.",
                "Make the notebook's folder writable with room to spare, or copy the notebook elsewhere.",
            )
        return RecordError(
            f"The record {self.path} cannot be read: {text}.",
            _AWAY,
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), transaction(self._db, "BEGIN IMMEDIATE"):
            yield self._db

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._explained(), transaction(self._db, "BEGIN"):  # one consistent picture
            try:
                yield self._db
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise RecordError(f"The record {self.path} is damaged: a row is no longer readable.", _AWAY) from error

    @staticmethod
    def _whole(db: sqlite3.Connection, *, which: str, value: str) -> list[_Whole]:
        """Read runs with all that belongs to them, in order; `which` is the column that picks them: id or session."""
        runs = f"SELECT id, body FROM runs WHERE {which} = ? ORDER BY sequence"  # noqa: S608 - a column of ours
        mine = f"IN (SELECT id FROM runs WHERE {which} = ?)"  # noqa: S608 - as above
        rows = db.execute(runs, (value,)).fetchall()
        edges: dict[str, list[Edge]] = {row[0]: [] for row in rows}
        artifacts: dict[str, list[Artifact]] = {row[0]: [] for row in rows}
        uses: dict[str, list[Use]] = {row[0]: [] for row in rows}
        edges_of = "SELECT writer, reader, name, kind, confidence FROM edges WHERE reader "
        artifacts_of = "SELECT recorded_by, body FROM artifacts WHERE recorded_by "
        uses_of = "SELECT run, artifact, confidence FROM uses WHERE run "
        for row in db.execute(edges_of + mine, (value,)):
            edges[row[1]].append(Edge(*row))
        for by, body in db.execute(artifacts_of + mine, (value,)):
            artifacts[by].append(_artifact(json.loads(body)))
        for row in db.execute(uses_of + mine, (value,)):
            uses[row[0]].append(Use(*row))
        return [
            (_run(json.loads(body)), tuple(edges[key]), tuple(artifacts[key]), tuple(uses[key])) for key, body in rows
        ]

    def _session(self, session_id: str, notebook: str | None, started: float, environment: str, mark: str) -> Session:
        session = Session(session_id, notebook, started, json.loads(environment))
        if hmac.compare_digest(mark, self._session_mark(session)):
            return session
        return Session(session_id, notebook, started, session.environment, trusted=False)

    def _session_mark(self, session: Session) -> str:
        # the notebook's name is left out: renaming a notebook does not make its record foreign
        return self._mark([session.id, session.started, session.environment])

    def _run_mark(
        self, run: CellRun, edges: Sequence[Edge], artifacts: Sequence[Artifact], uses: Sequence[Use]
    ) -> str:
        # vars: these are flat, and asdict takes ten times as long
        said = (map(vars, edges), map(_body, artifacts), map(vars, uses))
        unique = [sorted({_json(item) for item in items}) for items in said]
        return self._mark([vars(run), *unique])

    def _mark(self, value: Any) -> str:
        return hmac.new(self._key, _json(value).encode(), hashlib.sha256).hexdigest()


_Whole = tuple[CellRun, tuple[Edge, ...], tuple[Artifact, ...], tuple[Use, ...]]


def _is_empty(db: sqlite3.Connection) -> bool:
    return not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _knows_order(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'session_order'").fetchone())


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _edge_row(edge: Edge) -> tuple[str, ...]:
    return (edge.writer, edge.reader, edge.name, edge.kind, edge.confidence)


def _run(body: dict[str, Any]) -> CellRun:
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
    return CellRun(**fields)


def _body(artifact: Artifact) -> dict[str, Any]:
    """Return an artifact as JSON; one without a parent as version 1 wrote it, so that old marks still hold."""
    body = asdict(artifact)
    return body if artifact.parent else {key: value for key, value in body.items() if key != "parent"}


def _artifact(body: dict[str, Any]) -> Artifact:
    stored, parent = body.pop("stored"), body.pop("parent", None)
    declaration = Declaration(**body.pop("declaration"))
    shape, schema = body.pop("shape"), body.pop("schema")
    return Artifact(
        **body,
        declaration=declaration,
        shape=None if shape is None else tuple(shape),
        schema=None if schema is None else tuple((name, kind) for name, kind in schema),
        stored=None if stored is None else Stored(**{**stored, "warnings": tuple(stored["warnings"])}),
        parent=None if parent is None else Parent(**parent),
    )
