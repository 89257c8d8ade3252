"""A wallet of the user's own: its key lies in a keystore under a password, and is open only while it signs."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

from swarmprov_nb.chain.asking import Ask, asked
from swarmprov_nb.chain.held_key import HeldKey
from swarmprov_nb.chain.keystore_file import address_in, decrypted, read_keystore
from swarmprov_nb.chain.networks import EMBEDDED, is_private
from swarmprov_nb.chain.private_file import read_private, require_private_folder
from swarmprov_nb.chain.wallet import TypedData, Wallet, signable
from swarmprov_nb.errors import UsageError, WalletError


class KeystoreWallet:
    """A `Wallet` over one keystore file; `ask` gets its password (see `swarmprov_nb.passwords.asking`).

    >>> from swarmprov_nb.chain.keystore_folder import new_keystore
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     made = new_keystore(Path(place) / "wallets", "field", lambda: "a long password", n=2)
    ...     wallet = KeystoreWallet(made.path, lambda opens: opens("a long password"))
    ...     with wallet.unlocked():  # asked for the password once, however much is signed
    ...         wallet.locked
    ...     wallet.locked
    False
    True

    It signs transactions for no private chain, except those of `private_chains`: chain ids that the user's settings
    mark as public. The file, 0600 in a 0700 folder, is looked at before each use. Raises `WalletError` where it is
    missing, damaged, foreign, readable by others or another user's, and where the password is wrong or nobody gives
    it; `TypeError` when pickled or copied.
    """

    dev = False

    def __init__(self, file: Path, ask: Ask, *, private_chains: Collection[int] = ()) -> None:
        self._file = file
        self._ask = ask
        self._private_chains = frozenset(private_chains)
        self._address: str = keystore_address(file)
        self._turn = threading.Lock()
        self._held: HeldKey | None = None
        self._users = 0

    @property
    def address(self) -> str:
        """The checksummed address (EIP-55)."""
        return self._address

    @property
    def locked(self) -> bool:
        """Whether signing would ask for the password."""
        return self._held is None or not self._held.is_open

    @contextmanager
    def unlocked(self) -> Iterator[None]:
        """Ask for the password once, and hold the key to the end of the block; what is within asks no more."""
        with self._turn:  # another thread waits here while a person is asked, and then finds it open
            if self.locked:
                self._users = 0  # a forked child has its parent's count
                self._held = self._opened()
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                if not self._users and self._held is not None:
                    self._held.wipe()
                    self._held = None

    def sign_typed_data(self, data: TypedData) -> bytes:
        """Sign EIP-712 data: 65 bytes r, s, v with v 27 or 28 and low s.

        Raises `UsageError` for data that is no EIP-712 data.
        """
        from eth_account import Account

        message = signable(data)
        with self.unlocked():
            return self._key().use(lambda key: bytes(Account.sign_message(message, key).signature))

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Sign a transaction; the raw bytes to send.

        Raises `UsageError` for the embedded chain, other private chains, a missing chain id, and fields that make no
        transaction.
        """
        self._require_chain(transaction.get("chainId"))
        with self.unlocked():
            return self._key().use(lambda key: _signed(transaction, key))

    def _require_chain(self, chain_id: Any) -> None:
        if type(chain_id) is not int or chain_id <= 0:
            raise UsageError("A transaction without a chain id is valid on every chain.", "Give its chainId.")
        if chain_id == EMBEDDED.chain_id:
            raise UsageError(
                "Your own wallet signs no transaction for the embedded chain: it would prove nothing.",
                "Use the dev wallet there, or name a network: --chain NAME",
            )
        if is_private(chain_id) and chain_id not in self._private_chains:
            raise UsageError(
                f"Your own wallet signs no transaction for chain {chain_id}, which is private.",
                "Use the dev wallet there, or mark that network public = true in your config.toml.",
            )

    def _opened(self) -> HeldKey:
        """Ask for the password; nobody is asked where the file is of no use."""
        _stored(self._file)
        return asked(self._ask, self._attempt, late=HeldKey.wipe)

    def _attempt(self, password: str) -> HeldKey | None:
        keystore = _stored(self._file)
        key = decrypted(keystore, password, _named(self._file))
        if key is not None and address_in(keystore) != self._address:
            raise WalletError(
                f"{_named(self._file)} was replaced by another wallet's meanwhile.", "Begin again with that wallet."
            )
        return HeldKey(key) if key is not None else None

    def _key(self) -> HeldKey:
        held = self._held
        if held is None:
            raise WalletError("The wallet is locked.", "Open it again with its password.")
        return held

    def __repr__(self) -> str:
        return f"KeystoreWallet({self._address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A wallet is not pickled: its key stays on this machine.")


def unlocked(wallet: Wallet) -> AbstractContextManager[None]:
    """Hold a wallet open for a block, if it is one that has to be opened; for the dev wallet nothing is asked."""
    return wallet.unlocked() if isinstance(wallet, KeystoreWallet) else nullcontext()


def keystore_address(file: Path) -> str:
    """Return the address that a keystore of ours states; asks nobody. Raises as `KeystoreWallet` does."""
    address = address_in(_stored(file))
    if address is None:
        raise WalletError(
            f"{_named(file)} states no address.", "Import it by: swarmprov keys import NAME --keystore FILE"
        )
    return address


def _stored(file: Path) -> dict[str, Any]:
    require_private_folder(file.parent)
    return read_keystore(read_private(file, f"the keystore {file}"), _named(file))


def _named(file: Path) -> str:
    return f"The keystore {file}"


def _signed(transaction: Mapping[str, Any], key: bytes) -> bytes:
    """Sign, within `sealed`: whatever is wrong with the fields is said without the frames that know the key."""
    from eth_account import Account

    try:
        return bytes(Account.sign_transaction(dict(transaction), key).raw_transaction)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The transaction cannot be signed: {str(error)[:200]}.", "Look at its fields.") from None
