"""Read-only copies: a publication's file on disk, for what is not read into an object."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home

_READ_ONLY: Final = 0o400


def read_only_copy(storage: Any, address: bytes, *, root: bytes, path: str, sha256: str, home: Home) -> Path:
    """Return a verified copy of a file below the home, made unless it is there; every chunk is re-hashed.

    Raises UsageError where the home's disk does not take it.
    """
    goal = home.private_folder(home.root / "opened") / root.hex() / path
    if _is(goal, sha256):
        return goal
    try:
        goal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(storage, address, goal, work=home.private_folder(home.root / "tmp"))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be copied to {goal.parent}: {error.strerror}.",
            "Make room, or name another home in the environment variable SWARMPROV_HOME.",
        ) from error
    return goal


def _is(path: Path, sha256: str) -> bool:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _write(storage: Any, address: bytes, goal: Path, *, work: Path) -> None:
    """Write where gc looks for what kills left, then rename: nobody finds half a file, nor writes into one in use."""
    from swarmprov_nb.swarm import read_file

    with tempfile.NamedTemporaryFile(dir=work, delete=False) as draft:
        try:
            for piece in read_file(storage, address):
                draft.write(piece)
            draft.flush()
            Path(draft.name).chmod(_READ_ONLY)
            Path(draft.name).replace(goal)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
