"""The user's home for swarmprov: keys, store, chain, journal, receipts, trusted signers, settings.

It is platformdirs' data folder, or ``SWARMPROV_HOME``. Deleting a project loses nothing of it.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swarmprov_nb.checksum import checked, unchecked
from swarmprov_nb.errors import StorageError, SwarmprovError, UsageError
from swarmprov_nb.secret_values import SecretBytes

RECORD_KEY = "record.key"  # marks the rows of a lineage record as this user's own
_PRIVATE_FOLDER = 0o700
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Home:
    """The folders of one user's swarmprov; made on first use, readable by that user alone.

    >>> Home(Path("/nowhere")).store.name
    'store'
    """

    root: Path

    @classmethod
    def of_user(cls) -> Home:
        """Return the home that ``SWARMPROV_HOME`` names, else the one in the platform's data folder."""
        named = os.environ.get("SWARMPROV_HOME")
        if named:
            return cls(Path(named).expanduser().absolute())
        from platformdirs import user_data_path

        return cls(user_data_path("swarmprov", appauthor=False))

    @property
    def keys(self) -> Path:
        """Folder of the private keys."""
        return self.root / "keys"

    @property
    def store(self) -> Path:
        """Folder of the embedded pack store, shared by all projects."""
        return self.root / "store"

    @property
    def chain(self) -> Path:
        """Folder of the embedded chain."""
        return self.root / "chain"

    @property
    def journal(self) -> Path:
        """Folder with one journal for each publish under way."""
        return self.root / "journal"

    @property
    def receipts(self) -> Path:
        """Folder with one receipt for each publication made here."""
        return self.root / "receipts"

    @property
    def pages(self) -> Path:
        """Folder with a copy of each own publication's readable page, for opening in a browser."""
        return self.root / "pages"

    @property
    def signers(self) -> Path:
        """File of the trusted signers."""
        return self.root / "signers.json"

    @property
    def config(self) -> Path:
        """File of the settings."""
        return self.root / "config.toml"

    def private_folder(self, folder: Path) -> Path:
        """Make `folder` (below the home) readable by this user alone, and return it."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
            if folder.stat().st_mode & _OTHERS:
                folder.chmod(_PRIVATE_FOLDER)
        except OSError as error:
            raise StorageError(
                f"The folder {folder} cannot be used: {error.strerror}.",
                "Make it writable, or name another home in the environment variable SWARMPROV_HOME.",
            ) from error
        return folder

    def secret(self, name: str, length: int = 32) -> SecretBytes:
        """Return the secret bytes kept under `name` in the keys folder, made on first use.

        The file is created at one stroke, so that two processes agree on it; one that others may read is refused.
        """
        path = self.private_folder(self.keys) / name
        if not path.exists():
            write_once(path, secrets.token_bytes(length))
        if path.stat().st_mode & _OTHERS:
            raise UsageError(f"Others may read the key file {path}.", f"Close it by: chmod 600 {path}")
        try:
            value = SecretBytes(path.read_bytes())
        except OSError as error:
            raise StorageError(
                f"The key file {path} cannot be read: {error.strerror}.", f"Make it yours: chmod 600 {path}"
            ) from error
        if len(value) != length:
            raise UsageError(f"The key file {path} is damaged.", "Restore it from a backup; a new one is a new signer.")
        return value


def write_once(path: Path, data: bytes) -> None:
    """Create `path` with `data`, whole and private; keep what stands there if somebody was faster.

    Raises StorageError where it cannot be written.
    """
    with _written(path, data) as temporary, suppress(FileExistsError):
        os.link(temporary, path)


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, whole and private: a reader sees the old file or the new one.

    Raises StorageError where it cannot be written; the old file stays.
    """
    with _written(path, data) as temporary:
        temporary.replace(path)
        _sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by the object `value` as readable JSON with a checksum, whole and private."""
    write_whole(path, (json.dumps(checked(value), indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())


def read_json(path: Path, default: Any) -> Any:
    """Return the JSON object in `path`, or `default` where there is no such file.

    Raises SwarmprovError where it is damaged, or was changed and kept its checksum.
    """
    try:
        return unchecked(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return default
    except ValueError as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, fault: str) -> SwarmprovError:
    """Return the error for a file of ours that is not as it was written."""
    next_step = "Ask what can be rebuilt by: swarmprov fsck — or, if you changed it yourself, take its checksum out."
    return SwarmprovError(f"{path} is damaged: {fault}.", next_step)


@contextmanager
def _written(path: Path, data: bytes) -> Iterator[Path]:
    """Give a file beside `path` that holds `data` on the disk, to be linked or renamed; nothing else stays of it."""
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
        temporary = Path(name)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        yield temporary
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror}.", "Make its folder writable, with room to spare; then again."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
