"""The folder of a user's keystores: one file a wallet, named as the user calls it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swarmprov_nb.chain.asking import Ask, asked
from swarmprov_nb.chain.keystore import keystore_address
from swarmprov_nb.chain.keystore_file import (
    SCRYPT_N,
    address_of,
    decrypted,
    encrypted,
    is_key,
    key_of,
    read_keystore,
)
from swarmprov_nb.chain.private_file import create_private, read_private
from swarmprov_nb.chain.sealed import sealed
from swarmprov_nb.errors import UsageError, WalletError

RESERVED: Final = ("dev",)  # the machine's own wallet is called so
_LONGEST: Final = 40
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True)
class Keystore:
    """A wallet of the folder: its name, address and file; `problem` says why it cannot be used, its address is empty.

    >>> Keystore("field", "0x…", Path("field.json")).name
    'field'
    """

    name: str
    address: str
    path: Path
    problem: str | None = None


def list_keystores(folder: Path) -> tuple[Keystore, ...]:
    """Return the wallets of a folder by their names, also those that cannot be used.

    >>> list_keystores(Path("/nowhere"))
    ()
    """
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return tuple(_looked_at(file) for file in files if _NAME.fullmatch(file.stem))


def new_keystore(folder: Path, name: str, password: Callable[[], str], *, n: int = SCRYPT_N) -> Keystore:
    """Make a wallet with a new key; `password` is asked when all else is well. See `KeystoreWallet` for an example.

    Raises UsageError where the name cannot be one or is taken, WalletError where the folder cannot be used.
    """
    path = _free(folder, name)
    return _kept(name, path, *sealed(_made, password, n))


def import_keystore(folder: Path, name: str, source: Path, ask: Ask, *, n: int = SCRYPT_N) -> Keystore:
    """Take a wallet over from another program's keystore (version 3), under the same password.

    Raises as `new_keystore`, WalletError where `source` is no such file, can be read by others, or nobody gives its
    password, and UsageError where the wallet is here already.
    """
    path = _free(folder, name)
    named = f"The keystore {source}"
    stored = read_keystore(read_private(source, f"the keystore {source}"), named)
    address, data = asked(ask, lambda password: _encrypted_anew(decrypted(stored, password, named), password, n))
    _require_new(folder, address)
    return _kept(name, path, address, data)


def import_key(
    folder: Path, name: str, key: Callable[[], str], password: Callable[[], str], *, n: int = SCRYPT_N
) -> Keystore:
    """Take a wallet over from a key in hex; asks `key` for it and then for a new `password`. Raises as above.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     import_key(Path(place) / "wallets", "seven", lambda: "07".zfill(64), lambda: "a long password", n=2).address
    '0xd41c057fd1c78805AAC12B0A94a405c0461A6FBb'
    """
    path = _free(folder, name)
    return _kept(name, path, *sealed(_taken, folder, key, password, n))


def remove_keystore(folder: Path, name: str) -> Keystore:
    """Delete a wallet's file, and with it the key, unless it is backed up; UsageError where there is none."""
    file = _file(folder, name)
    if not file.is_file():
        raise UsageError(f"There is no wallet {name!r}.", "See your wallets by: swarmprov keys list")
    removed = _looked_at(file)
    try:
        file.unlink()
    except OSError as error:
        raise WalletError(
            f"The wallet's file {file} cannot be deleted: {error.strerror}.", "Give swarmprov a folder it may write."
        ) from None
    return removed


def _file(folder: Path, name: str) -> Path:
    if not _NAME.fullmatch(name) or name in RESERVED:
        said = repr(name) if len(name) <= _LONGEST else "that"  # it may be a key, typed in the wrong place
        raise UsageError(
            f"A wallet cannot be called {said}.",
            f"Use 1 to 40 of a-z, 0-9 and '-', a letter or digit first, and not {RESERVED[0]!r}.",
        )
    return folder / f"{name}.json"


def _free(folder: Path, name: str) -> Path:
    path = _file(folder, name)
    if path.exists():
        raise _taken_name(name)
    return path


def _taken_name(name: str) -> UsageError:
    return UsageError(f"There is a wallet {name!r} already.", "Choose another name; nothing was changed.")


def _require_new(folder: Path, address: str) -> None:
    for known in list_keystores(folder):
        if known.address == address:
            raise UsageError(f"That wallet is here already, as {known.name!r}.", "Use it by that name.")


def _looked_at(file: Path) -> Keystore:
    try:
        return Keystore(file.stem, keystore_address(file), file)
    except WalletError as error:
        return Keystore(file.stem, "", file, f"{error.what} {error.next_step}")


def _kept(name: str, path: Path, address: str, data: bytes) -> Keystore:
    """Put a wallet's file in place; where another process was faster, its wallet stays and ours is not made."""
    if not create_private(path, data):
        raise _taken_name(name)
    return Keystore(name, address, path)


# -- within `sealed`


def _made(password: Callable[[], str], n: int) -> tuple[str, bytes]:
    key = b""
    while not is_key(key):
        key = secrets.token_bytes(32)
    return address_of(key), encrypted(key, password(), n=n)


def _taken(folder: Path, key: Callable[[], str], password: Callable[[], str], n: int) -> tuple[str, bytes]:
    secret = key_of(key())
    address = address_of(secret)
    _require_new(folder, address)
    return address, encrypted(secret, password(), n=n)


def _encrypted_anew(key: bytes | None, password: str, n: int) -> tuple[str, bytes] | None:
    return None if key is None else (address_of(key), encrypted(key, password, n=n))
