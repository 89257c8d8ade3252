"""Keys: the wallets of a user, made, taken over, listed, chosen and removed. Their files lie in ``keys/wallets``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from swarmprov_nb.chain.asking import Ask
from swarmprov_nb.chain.keystore import KeystoreWallet
from swarmprov_nb.chain.keystore_file import SCRYPT_N
from swarmprov_nb.chain.keystore_folder import (
    Keystore,
    import_key,
    import_keystore,
    list_keystores,
    new_keystore,
    remove_keystore,
)
from swarmprov_nb.destinations import Destinations
from swarmprov_nb.errors import UsageError, WalletError
from swarmprov_nb.home import Home
from swarmprov_nb.passwords import Page, asking, forget

__all__ = ["Keystore", "chosen", "from_key", "from_keystore", "new", "open_wallet", "remove", "wallets"]

_MAKE = "Make one by: swarmprov keys new"
_SEE = "See your wallets by: swarmprov keys list"


def wallets(home: Home) -> tuple[Keystore, ...]:
    """Return the user's wallets by their names, also those that cannot be used.

    >>> wallets(Home(Path("/nowhere")))
    ()
    """
    return list_keystores(_folder(home))


def new(home: Home, name: str, password: Callable[[], str], *, n: int = SCRYPT_N) -> Keystore:
    """Make a wallet with a key of its own; UsageError where the name is taken or can be none, WalletError else."""
    return new_keystore(_made(home), name, password, n=n)


def from_keystore(home: Home, name: str, source: Path, ask: Ask | None = None, *, n: int = SCRYPT_N) -> Keystore:
    """Take over the wallet in another program's keystore, with its password; `ask` gets that, else the terminal."""
    ask = ask or asking(Keystore(source.name, "", source))
    return import_keystore(_made(home), name, source, ask, n=n)


def from_key(
    home: Home, name: str, key: Callable[[], str], password: Callable[[], str], *, n: int = SCRYPT_N
) -> Keystore:
    """Take over the wallet of a key that `key` gives in hex, under a new `password`."""
    return import_key(_made(home), name, key, password, n=n)


def remove(home: Home, name: str) -> Keystore:
    """Delete a wallet, for ever unless it is backed up, and its password in the system's keyring."""
    removed = remove_keystore(_folder(home), name)
    if removed.address:
        forget(removed.address)
    return removed


def chosen(home: Home, name: str | None = None) -> Keystore:
    """Return the wallet that is meant: the one named, else `wallet` of the user's config.toml, else the only one.

    Raises UsageError where none or several could be meant, WalletError where it cannot be used.
    """
    there = {wallet.name: wallet for wallet in wallets(home)}
    wanted = name or Destinations.of(home).wallet
    if wanted is not None and wanted not in there:
        where = "" if name else f", which {home.config} names"
        raise UsageError(f"There is no wallet {wanted[:40]!r}{where}.", _SEE if there else _MAKE)
    if wanted is None and len(there) != 1:
        raise _undecided(home, tuple(there))
    found = there[wanted] if wanted is not None else next(iter(there.values()))
    if found.problem:
        raise WalletError(f"The wallet {found.name!r} cannot be used.", found.problem)
    return found


def open_wallet(
    home: Home, name: str | None = None, *, password_file: Path | None = None, page: Page | None = None,
    remember: bool = False, private_chains: Collection[int] = (),
) -> KeystoreWallet:  # fmt: skip
    """Return the wallet that is meant, locked: it asks for its password when it signs. Raises as `chosen` does.

    >>> open_wallet(Home(Path("/nowhere")))
    Traceback (most recent call last):
    swarmprov_nb.errors.UsageError: You have no wallet of your own yet.
    Make one by: swarmprov keys new
    """
    meant = chosen(home, name)
    ask = asking(meant, file=password_file, page=page, remember=remember)
    return KeystoreWallet(meant.path, ask, private_chains=private_chains)


def _folder(home: Home) -> Path:
    return home.keys / "wallets"


def _made(home: Home) -> Path:
    home.private_folder(home.keys)
    return _folder(home)


def _undecided(home: Home, names: tuple[str, ...]) -> UsageError:
    if not names:
        return UsageError("You have no wallet of your own yet.", _MAKE)
    return UsageError(
        f"You have {len(names)} wallets: {', '.join(names)}.",
        f'Name one, or write into {home.config}: wallet = "{names[0]}"',
    )
