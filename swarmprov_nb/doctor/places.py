"""The doctor's look at places: the home with its keys, store and chain, the current folder, disk and clock.

Nothing is made and nothing is changed; the one probe writes into a folder of its own that is gone afterwards.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from swarmprov_nb.config import Settings
from swarmprov_nb.destinations import Destinations
from swarmprov_nb.doctor.check import BROKEN, NOTE, OK, Check
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.lineage.record import APPLICATION, FILE, FOLDER
from swarmprov_nb.receipts import receipts
from swarmprov_nb.shared_database import open_shared
from swarmprov_nb.view.captions import byte_size, plural

CHAIN_APPLICATION: Final = int.from_bytes(b"swpc", "big")
_STORE: Final = "swarmprov store 1\n"
_LITTLE, _TOO_LITTLE = 1_000_000_000, 50_000_000  # bytes free
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_AHEAD: Final = 300.0  # seconds by which clocks may differ


def places(home: Home, folder: Path) -> Iterator[Check]:
    """Yield a line for each place that swarmprov reads or writes."""
    yield _home(home)
    yield _keys(home)
    yield _settings(home, folder)
    yield _store(home)
    yield _database("chain", home.chain / "chain.sqlite", CHAIN_APPLICATION, "no chain yet: the first publish makes it")
    yield _writable(folder)
    yield _database("record here", folder / FOLDER / FILE, APPLICATION, "nothing is recorded in this folder")
    yield _disk(home)
    yield _clock(home)


def _home(home: Home) -> Check:
    nearest = _nearest(home.root)
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Check("home", BROKEN, f"{nearest} cannot be written",
                     f"chmod u+wx '{nearest}', or name another home in SWARMPROV_HOME")  # fmt: skip
    if nearest != home.root:
        return Check("home", OK, f"{home.root} is made on first use")
    return Check("home", OK, str(home.root))


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest folder above it that exists."""
    return next((each for each in (path, *path.parents) if each.exists()), path)


def _keys(home: Home) -> Check:
    if not home.keys.is_dir():
        return Check("keys", OK, "none yet: they are made on first use")
    files = sorted(path for path in home.keys.rglob("*") if path.is_file())
    folders = [home.keys, *(path for path in home.keys.rglob("*") if path.is_dir())]
    wanted = {**dict.fromkeys(folders, 0o700), **dict.fromkeys(files, 0o600)}
    open_ = [(path, mode) for path, mode in wanted.items() if path.stat().st_mode & _OTHERS]
    if open_:
        path, mode = open_[0]
        return Check("keys", BROKEN, f"others may read {path}", f"chmod {mode:o} '{path}'")
    unreadable = [path for path in files if not os.access(path, os.R_OK)]
    if unreadable:
        return Check("keys", BROKEN, f"you cannot read {unreadable[0]}", f"chown it to yourself: '{unreadable[0]}'")
    return Check("keys", OK, f"{plural(len(files), 'file')}, readable by you alone")


def _settings(home: Home, folder: Path) -> Check:
    try:
        Settings.of(home, folder)
        Destinations.of(home)
    except SwarmprovError as error:
        return Check("settings", BROKEN, error.what, error.next_step)
    return Check("settings", OK, "can be read" if home.config.exists() else "none: the defaults hold")


def _store(home: Home) -> Check:
    marker = home.store / "store"
    if not home.store.exists():
        return Check("store", OK, "no store yet: it is made on first use")
    try:
        text = marker.read_text("utf-8", "replace") if marker.exists() else ""
        packs = [path.stat().st_size for path in (home.store / "packs").glob("*") if path.suffix != ".idx"]
    except OSError as error:
        return Check(
            "store", BROKEN, f"{error.filename} cannot be read: {error.strerror}", f"chmod -R u+rwX '{home.store}'"
        )
    if text and text != _STORE:
        return Check("store", BROKEN, f"{home.store} is of another version", "pip install --upgrade swarmprov-nb")
    if not text and any(home.store.iterdir()):
        return Check("store", BROKEN, f"{home.store} is no store: its file 'store' is missing",
                     "Restore it from a backup, or move the folder away.")  # fmt: skip
    return Check("store", OK, f"{byte_size(sum(packs))} in {plural(len(packs), 'pack')}")


def _database(name: str, path: Path, application: int, absent: str) -> Check:
    """Look into a database without writing beside it."""
    if not path.exists():
        return Check(name, OK, absent)
    pending = path.with_name(f"{path.name}-wal").exists()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?{'mode=ro' if pending else 'immutable=1'}", uri=True)) as db:
            found = db.execute("PRAGMA application_id").fetchone()[0]
            db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        return Check(name, BROKEN, f"{path} cannot be read: {error}", "Restore it from a backup, or move it away.")
    if found not in (0, application):
        return Check(name, BROKEN, f"{path} belongs to another program", "Move it away.")
    return Check(name, OK, f"readable, {byte_size(path.stat().st_size)}")


def _writable(folder: Path) -> Check:
    """Try in a folder of its own what a recording does: make files, and share a database's log between processes."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".swarmprov-doctor-", dir=folder) as probe,
            closing(open_shared(lambda: _connected(Path(probe) / "probe.sqlite"), lambda _: None, patience=1)) as db,
        ):
            shared = db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
            db.execute("CREATE TABLE probe (x)")
    except (OSError, sqlite3.Error) as error:
        said = getattr(error, "strerror", None) or str(error)
        return Check("this folder", BROKEN, f"a recording cannot be written here: {said}",
                     "Move the notebook to a folder that you may write.")  # fmt: skip
    if not shared:
        return Check("this folder", NOTE, "its file system shares no memory between processes: recording is slower",
                     "Keep notebooks on a local disk.")  # fmt: skip
    return Check("this folder", OK, "a recording can be written here")


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(_nearest(home.root)).free
    said = f"{byte_size(free)} free for the home"
    if free >= _LITTLE:
        return Check("disk", OK, said)
    state = BROKEN if free < _TOO_LITTLE else NOTE
    return Check("disk", state, said, "Make room, or name a home on another disk in SWARMPROV_HOME.")


def _clock(home: Home) -> Check:
    now = time.time()
    known = [Path(__file__).stat().st_mtime]
    try:
        known += [receipt.published_at for receipt in receipts(home)]
    except (SwarmprovError, OSError, TypeError):
        return Check("receipts", BROKEN, f"a receipt in {home.receipts} cannot be read", "Restore it from a backup.")
    said = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if now + _AHEAD < max(known):
        return Check("clock", BROKEN, f"{said} is before what was done here already", "Set the clock of this machine.")
    return Check("clock", OK, said)
