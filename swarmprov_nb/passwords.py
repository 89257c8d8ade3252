"""Passwords: where a wallet's can come from, in this order, and never from an argument, a variable or a cell.

1. The file of ``--password-file``, which its owner alone can read: for machines where nobody sits.
2. The system's keyring, where there is one and the person once said ``--remember``.
3. A page on this machine, where a kernel with a front end asks; else a hidden prompt on the terminal.
"""

from __future__ import annotations

import getpass
import importlib
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from swarmprov_nb.chain.asking import Ask, Opens
from swarmprov_nb.chain.keystore_folder import Keystore
from swarmprov_nb.chain.private_file import read_private
from swarmprov_nb.errors import MissingExtra, UsageError, WalletError

Page: TypeAlias = Callable[[str, Opens], object]
"""Asks for the password of an address by a page (`swarmprov_nb.live.unlock_page.ask_by_page`), until asking is over."""

SHORTEST: Final = 8  # characters of a new password (NIST SP 800-63B, 5.1.1.1)
TRIES: Final = 3
_SERVICE: Final = "swarmprov"
_WAYS: Final = (
    "Start it from a terminal, or keep the password in a file that only you can read (chmod 600) and give "
    "--password-file FILE, or in the system's keyring by --remember."
)


def asking(wallet: Keystore, *, file: Path | None = None, page: Page | None = None, remember: bool = False) -> Ask:
    """Return what asks for a wallet's password, for `KeystoreWallet`; with `remember` it is kept in the keyring.

    >>> ask = asking(Keystore("field", "0x…", Path("field.json")), file=Path("/nowhere/password"))
    >>> ask(lambda password: True)
    Traceback (most recent call last):
    swarmprov_nb.errors.WalletError: The password file /nowhere/password is not there.
    Look for it in your backups, or name another.

    What it returns raises WalletError where no password is right or there is nobody to ask, and MissingExtra where it
    should be remembered and there is no keyring.
    """

    def ask(opens: Opens) -> None:
        tries = _Remembering(wallet.address, opens) if remember else opens
        if file is not None:
            _from_file(file, wallet, tries)
        elif remember or not _from_keyring(wallet.address, opens):
            _from_person(wallet, page, tries)
        if isinstance(tries, _Remembering):
            tries.require_kept()

    return ask


def new_password(file: Path | None = None) -> str:
    """Return a password for a new wallet: from a file, or typed twice at a hidden prompt. Call it within `sealed`.

    Raises UsageError where it is too short, WalletError where nobody can type one.
    """
    if file is not None:
        password = in_file(file)
        if len(password) < SHORTEST:
            del password
            raise UsageError(
                f"The password in {file} has fewer than {SHORTEST} characters.", "Choose one that nobody can guess."
            )
        return password
    said = ""
    for _ in range(TRIES):
        password = hidden(f"{said}New password for the wallet: ")
        if len(password) < SHORTEST:
            said = f"At least {SHORTEST} characters. "
        elif password == hidden("The same again: "):
            return password
        else:
            said = "Those were two different passwords. "
    del password
    raise UsageError("No password was chosen: nothing was made.", "Begin again.")


def in_file(file: Path, what: str = "password") -> str:
    """Return the text of a file with a password or a key, without the end of its line.

    Raises WalletError where others can read it, or it holds no text.
    """
    try:
        return read_private(file, f"the {what} file {file}").decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        pass  # raised below: this error would carry the bytes
    raise WalletError(f"The {what} file {file} holds no text.", f"Write the {what} into it, in UTF-8.")


def hidden(prompt: str) -> str:
    """Return what a person types at a prompt of the terminal that does not show it.

    Raises WalletError where there is no terminal, or it would show what is typed.
    """
    if not sys.stdin.isatty():
        raise WalletError("Nobody can type a password here.", _WAYS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning:
            raise WalletError("This terminal would show what you type.", _WAYS) from None
        except EOFError:
            raise WalletError("No password was typed.", _WAYS) from None


def forget(address: str) -> bool:
    """Take an address's password out of the system's keyring; False where there is no keyring or it is not in it."""
    keyring = _keyring()
    try:
        if keyring is None or keyring.get_password(_SERVICE, address) is None:
            return False
        keyring.delete_password(_SERVICE, address)
    except Exception:  # noqa: BLE001 - whatever a system's keyring raises
        return False
    return True


def require_keyring() -> None:
    """Raise MissingExtra where the system has no keyring to remember a password in."""
    if _keyring() is None:
        raise MissingExtra(
            "There is no keyring of the system to remember a password in.",
            "Install it by: pip install 'swarmprov-nb[keyring]' — or keep the password in a file: --password-file FILE",
        )


def _from_file(file: Path, wallet: Keystore, opens: Opens) -> None:
    if not opens(in_file(file)):
        raise WalletError(f"The password in {file} does not open the wallet {wallet.name!r}.", "Write the right one.")


def _from_person(wallet: Keystore, page: Page | None, opens: Opens) -> None:
    if page is not None:
        page(wallet.address, opens)
        return
    if not sys.stdin.isatty():
        raise WalletError(f"The wallet {wallet.name!r} is locked, and nobody can be asked for its password.", _WAYS)
    prompt = f"Password of the wallet {wallet.name!r}: "
    for _ in range(TRIES):
        if opens(hidden(prompt)):
            return
        prompt = f"That is wrong. Password of the wallet {wallet.name!r}: "
    raise WalletError(f"The password of the wallet {wallet.name!r} was wrong {TRIES} times.", "Try again later.")


def _from_keyring(address: str, opens: Opens) -> bool:
    """Try what the keyring remembers; False where that is nothing, or a password of before."""
    keyring = _keyring()
    try:
        return keyring is not None and _tried(keyring.get_password(_SERVICE, address), opens)
    except Exception:  # noqa: BLE001 - locked, or out of reach: the person is asked
        return False


def _tried(password: str | None, opens: Opens) -> bool:
    return bool(password) and opens(str(password))


def _keyring() -> Any:
    """Return the keyring module, where it is installed and the system has a safe place; None else."""
    try:
        keyring = importlib.import_module("keyring")
        good = keyring.get_keyring().priority >= 1  # less: it keeps texts in the open, or nothing (keyring.core)
    except Exception:  # noqa: BLE001 - an optional package, and whatever a desktop answers
        return None
    return keyring if good else None


class _Remembering:
    """Tries passwords, and keeps the one that is right in the keyring."""

    def __init__(self, address: str, opens: Opens) -> None:
        require_keyring()
        self._address = address
        self._opens = opens
        self._kept = True

    def __call__(self, password: str) -> bool:
        """Try a password as `Opens` does: it never raises."""
        over = self._opens(password)
        if over:
            try:
                _keyring().set_password(_SERVICE, self._address, password)
            except Exception:  # noqa: BLE001 - told by require_kept, where the password has no name
                self._kept = False
        return over

    def require_kept(self) -> None:
        """Raise WalletError where the keyring did not take the password."""
        if not self._kept:
            raise WalletError("The system's keyring did not take the password.", "Unlock it, or leave out --remember.")
