"""Who signs: the wallet seam, and the dev wallet that is made on first use, for chains where nothing has a price."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self, TypeAlias

from swarmprov_nb.chain.networks import is_private
from swarmprov_nb.errors import ChainError, UsageError

if TYPE_CHECKING:
    from eth_account.messages import SignableMessage

TypedData: TypeAlias = Mapping[str, Any]
"""EIP-712 data in the JSON form of `eth_signTypedData_v4`: types, primaryType, domain, message."""

_KEY_FILE = "dev-wallet.key"
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1 (SEC 2)


class Wallet(Protocol):
    """Signs with one secp256k1 key. A call may wait for a person."""

    @property
    def address(self) -> str:
        """The checksummed address (EIP-55)."""
        ...

    @property
    def dev(self) -> bool:
        """Whether the key lies unencrypted on the disk, for the embedded chain and development nodes only.

        The other way round, a wallet that is not `dev` signs nothing for the embedded chain: its address would show up
        in records that prove nothing.
        """
        ...

    def sign_typed_data(self, data: TypedData) -> bytes:
        """Sign EIP-712 data: 65 bytes r, s, v with v 27 or 28 and low s."""
        ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Sign a transaction (fields named as in eth_signTransaction, integers and bytes); the raw bytes to send."""
        ...


def signable(data: TypedData) -> SignableMessage:
    """Return EIP-712 data in the form that is signed; UsageError for data that is none."""
    from eth_account.messages import encode_typed_data

    try:
        return encode_typed_data(full_message=dict(data))
    except Exception as error:  # the encoder lets whatever its parts raise through
        raise UsageError(
            f"The data to sign is no EIP-712 data: {error}.", "Give types, primaryType, domain and message."
        ) from error


class DevWallet:
    """A key that the machine made for itself, worth nothing: for the embedded chain and development nodes only.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     wallet = DevWallet.open(Path(place) / "keys")
    ...     wallet.address[:2], len(wallet.address)
    ('0x', 42)

    The key stays in its file, 0600 in a 0700 folder, and is read at each use: no attribute holds it. Raises
    `ChainError` where the file is missing, damaged, or readable by others; `TypeError` when pickled.
    """

    def __init__(self, key_file: Path) -> None:
        from eth_keys.datatypes import PrivateKey

        self._key_file = key_file
        self._address: str = PrivateKey(self._key()).public_key.to_checksum_address()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The dev wallet of a folder, its key made on first use. Two processes that come at once agree on one key.

        Raises `ChainError` as the class does, and where the folder cannot be written.
        """
        key_file = folder / _KEY_FILE
        if not key_file.exists():
            _make_key(key_file)
        return cls(key_file)

    @property
    def address(self) -> str:
        """The checksummed address (EIP-55)."""
        return self._address

    @property
    def dev(self) -> bool:
        """Always: this key lies unencrypted on the disk."""
        return True

    def sign_typed_data(self, data: TypedData) -> bytes:
        """Sign EIP-712 data: 65 bytes r, s, v with v 27 or 28 and low s.

        Raises `UsageError` for data that is no EIP-712 data.
        """
        from eth_account import Account

        return bytes(Account.sign_message(signable(data), self._key()).signature)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        """Sign a transaction for the embedded chain's id or a development node's; the raw bytes to send.

        Raises `UsageError` for any other chain id: this key lies unencrypted on a disk. That a development node is one,
        and on this machine, is what `EvmAnchors` checks before it asks for a signature.
        """
        if not is_private(int(transaction.get("chainId", 0))):
            raise UsageError(
                "The dev wallet signs transactions for the embedded chain and development nodes only.",
                "Use a wallet of your own for any other network: swarmprov keys new.",
            )
        from eth_account import Account

        return bytes(Account.sign_transaction(dict(transaction), self._key()).raw_transaction)

    def __repr__(self) -> str:
        return f"DevWallet({getattr(self, '_address', 'no key')})"  # a traceback shows it before it has an address

    def __reduce__(self) -> NoReturn:
        raise TypeError("A wallet is not pickled: its key stays on this machine.")

    def _key(self) -> bytes:
        for path, mode in ((self._key_file.parent, "700"), (self._key_file, "600")):
            _require_private(path, mode)
        key = _key_in(self._key_file)
        if key is None:
            raise ChainError(
                f"The key file {self._key_file} cannot be read or holds no key.",
                "Restore it, or move it away: the next publish makes another wallet.",
            )
        return key


def _key_in(path: Path) -> bytes | None:
    """Return the key in a file; None where it holds none, so that no traceback has a frame with what it holds."""
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return None
    return key if len(key) == 32 and 0 < int.from_bytes(key, "big") < _ORDER else None  # noqa: PLR2004 - secp256k1


def _require_private(path: Path, mode: str) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise ChainError(
            f"The key file {path} is missing.", "Restore it: the next publish else makes another wallet."
        ) from error
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise ChainError(f"Others can read {path}, which keeps a wallet's key.", f"Run: chmod {mode} '{path}'")
    if found.st_uid != os.getuid():
        raise ChainError(f"The wallet's key at {path} belongs to another user.", "Use a folder of your own.")


def _make_key(key_file: Path) -> None:
    """Put a whole new key in place, unless another process was faster: a link never replaces a file."""
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(4)}")
    try:
        key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_private(key_file.parent, "700")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{1 + secrets.randbelow(_ORDER - 1):064x}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, key_file)
    except FileExistsError:
        pass
    except OSError as error:
        raise ChainError(
            f"No wallet could be made in {key_file.parent}: {error.strerror}.", "Give swarmprov a folder it may write."
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink()
