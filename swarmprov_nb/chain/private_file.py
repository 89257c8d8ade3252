"""Files that nobody but their owner can read: read after a look at who can, and made whole, never replaced."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from swarmprov_nb.errors import WalletError

LARGEST: Final = 64 << 10  # bytes; a keystore has about 500
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_private(path: Path, what: str) -> bytes:
    """Return the bytes of the file that `what` calls by name ("the keystore …"), if nobody else can read it.

    >>> read_private(Path("/nowhere/key"), "the key file /nowhere/key")
    Traceback (most recent call last):
    swarmprov_nb.errors.WalletError: The key file /nowhere/key is not there.
    Look for it in your backups, or name another.

    Raises WalletError where it is missing, no file, too large, another user's, or open to others.
    """
    descriptor = _opened(path, what)
    try:
        found = os.fstat(descriptor)  # of what was opened: the name may have been given to another file since
        _require_own(found, path, what, "600")
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise WalletError(f"{_first_up(what)} is no file of that kind.", "Name a file with a key or a password.")
        return _all_of(descriptor)
    finally:
        os.close(descriptor)


def require_private_folder(folder: Path) -> None:
    """Raise WalletError unless this user alone can look into the folder."""
    try:
        found = folder.stat()
    except OSError as error:
        raise WalletError(
            f"The folder of the wallets, {folder}, cannot be used: {error.strerror}.", "Restore it from your backups."
        ) from None
    _require_own(found, folder, f"the folder of the wallets, {folder},", "700")


def create_private(path: Path, data: bytes) -> bool:
    """Create a file, whole and private; False, and nothing changed, where there is one already.

    Raises WalletError where it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_private_folder(path.parent)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # a link never replaces a file: of two processes one is first, and the other sees it
        _sync(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise WalletError(
            f"The wallet cannot be kept in {path.parent}: {error.strerror}.", "Give swarmprov a folder it may write."
        ) from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return True


def _opened(path: Path, what: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe of that name must not hold us up
    except FileNotFoundError:
        raise WalletError(f"{_first_up(what)} is not there.", "Look for it in your backups, or name another.") from None
    except OSError as error:
        raise WalletError(
            f"{_first_up(what)} cannot be read: {error.strerror}.", f"Make it yours: chmod 600 '{path}'"
        ) from None


def _require_own(found: os.stat_result, path: Path, what: str, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise WalletError(f"{_first_up(what)} belongs to another user.", "Use one of your own.")
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise WalletError(f"{_first_up(what)} can be read by others.", f"Close it by: chmod {mode} '{path}'")


def _all_of(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, LARGEST):
        parts.append(part)
    return b"".join(parts)


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
