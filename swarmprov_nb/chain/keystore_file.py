"""The bytes of a keystore: a key under a password, in version 3 of Web3 Secret Storage, as geth and others write it.

Format: ethereum.org, "Web3 Secret Storage Definition". We write scrypt with n = 2^18, r = 8, p = 1, which takes a
second or two and 256 MB; we read pbkdf2 too. What a file may ask for is bounded: a stranger's can name any cost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.errors import UsageError, WalletError

SCRYPT_N: Final = 1 << 18
_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1 (SEC 2)
_MOST_MEMORY: Final = 1 << 30  # bytes: scrypt takes 128 * n * r
_MOST_WORK: Final = 1 << 24  # n * r * p: eight times that of our own
_MOST_ROUNDS: Final = 10_000_000  # of pbkdf2
_HEX: Final = {"ciphertext": 64, "mac": 64, "iv": 32}
_SALT: Final = re.compile(r"(?:[0-9a-f]{2}){1,64}")
_ADDRESS: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")


def read_keystore(data: bytes, what: str) -> dict[str, Any]:
    """Return a keystore's JSON with all its names in lower case, checked to be one that can be opened.

    >>> read_keystore(b"{}", "The keystore x.json")
    Traceback (most recent call last):
    swarmprov_nb.errors.WalletError: The keystore x.json is of version None, which is not read here.
    Give one of version 3, as geth, Foundry and MyEtherWallet write it.

    Raises WalletError for damaged and for foreign files.
    """
    try:
        found = _lowered(loads(data))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _damaged(what)
    if found.get("version") != 3:  # noqa: PLR2004 - the format's
        raise WalletError(
            f"{what} is of version {str(found.get('version'))[:20]}, which is not read here.",
            "Give one of version 3, as geth, Foundry and MyEtherWallet write it.",
        )
    crypto = found.get("crypto")
    if not (isinstance(crypto, dict) and _is_whole(crypto) and _is_address(str(found.get("address")))):
        raise _damaged(what)
    if not _is_bearable(crypto["kdf"], crypto["kdfparams"]):
        raise WalletError(
            f"{what} asks for more memory or time than a keystore needs.", "Do not open it: it is damaged, or a trap."
        )
    return found


def address_in(keystore: Mapping[str, Any]) -> str | None:
    """Return the checksummed address that a keystore states; None where it states none."""
    from eth_utils.address import to_checksum_address

    found = _ADDRESS.fullmatch(str(keystore.get("address")))
    return to_checksum_address(f"0x{found[1]}") if found else None


def address_of(key: bytes) -> str:
    """Return the checksummed address of a key; call it within `sealed`."""
    from eth_keys.datatypes import PrivateKey

    return str(PrivateKey(key).public_key.to_checksum_address())


def encrypted(key: bytes, password: str, *, n: int = SCRYPT_N) -> bytes:
    """Return the bytes of a new keystore; call it within `sealed`."""
    from eth_account import Account

    made = Account.encrypt(key, password, kdf="scrypt", iterations=n)
    stated = address_of(key).removeprefix("0x")  # in capitals and small letters, which are its checksum (EIP-55)
    return json.dumps({**made, "address": stated}, indent=1).encode() + b"\n"


def decrypted(keystore: Mapping[str, Any], password: str, what: str) -> bytes | None:
    """Return the key, or None where the password is wrong; call it within `sealed`.

    Raises WalletError where the key within is none, or another than the stated address is of.
    """
    from eth_account import Account

    try:
        key = bytes(Account.decrypt(dict(keystore), password))
    except ValueError:  # the check sum: the rest was checked before
        return None
    stated = address_in(keystore)
    if not is_key(key) or stated not in (None, address_of(key)):
        raise WalletError(f"{what} holds another key than it says.", "Do not use it: restore it from a backup.")
    return key


def is_key(key: bytes) -> bool:
    """Tell whether bytes are a key of secp256k1."""
    return len(key) == 32 and 0 < int.from_bytes(key, "big") < _ORDER  # noqa: PLR2004 - a key's length


def key_of(text: str) -> bytes:
    """Return the key that a text spells in hex; call it within `sealed`. UsageError, which does not show it, if none.

    >>> key_of("0x" + "00" * 31 + "07")[-1]
    7
    """
    digits = text.strip().removeprefix("0x")
    key = bytes.fromhex(digits) if re.fullmatch(r"[0-9a-fA-F]{64}", digits) else b""
    if not is_key(key):
        raise UsageError("That is no private key.", "Give 64 hexadecimal digits, with or without 0x.")
    return key


def _lowered(value: Any) -> Any:
    """Return JSON with names in lower case: old versions of geth write ``Crypto`` (eth_keyfile reads it so too)."""
    return {str(k).lower(): _lowered(v) for k, v in value.items()} if isinstance(value, dict) else value


def _is_whole(crypto: Mapping[str, Any]) -> bool:
    parameters, cipher = crypto.get("kdfparams"), crypto.get("cipherparams")
    if not (isinstance(parameters, dict) and isinstance(cipher, dict)):
        return False
    texts = {"ciphertext": crypto.get("ciphertext"), "mac": crypto.get("mac"), "iv": cipher.get("iv")}
    return (
        crypto.get("cipher") == "aes-128-ctr"
        and all(re.fullmatch(f"[0-9a-fA-F]{{{length}}}", str(texts[name])) for name, length in _HEX.items())
        and _SALT.fullmatch(str(parameters.get("salt")).lower()) is not None
        and parameters.get("dklen") == 32  # noqa: PLR2004 - the format's
        and _numbers(crypto.get("kdf"), parameters)
    )


def _is_address(text: str) -> bool:
    """Tell whether an address is not one that a disk changed: in letters of both sizes it has a checksum (EIP-55)."""
    from eth_utils.address import to_checksum_address

    stated = _ADDRESS.fullmatch(text)
    if stated is None or stated[1] in (stated[1].lower(), stated[1].upper()):
        return True
    return bool(to_checksum_address(f"0x{stated[1]}") == f"0x{stated[1]}")


def _numbers(kdf: Any, parameters: Mapping[str, Any]) -> bool:
    """Tell whether the costs are whole numbers that the functions take (RFC 7914, RFC 8018)."""
    names = {"scrypt": ("n", "r", "p"), "pbkdf2": ("c",)}.get(str(kdf), ())
    values = [parameters.get(name) for name in names]
    if not values or not all(type(value) is int and value > 0 for value in values):
        return False
    n = parameters["n"] if kdf == "scrypt" else 2
    return n > 1 and n & (n - 1) == 0 and (kdf == "scrypt" or parameters.get("prf") == "hmac-sha256")


def _is_bearable(kdf: str, parameters: Mapping[str, Any]) -> bool:
    if kdf == "pbkdf2":
        return bool(parameters["c"] <= _MOST_ROUNDS)
    n, r, p = (parameters[name] for name in "nrp")
    return bool(128 * n * r <= _MOST_MEMORY and n * r * p <= _MOST_WORK)


def _damaged(what: str) -> WalletError:
    return WalletError(f"{what} is damaged, or no keystore.", "Restore it from a backup.")
