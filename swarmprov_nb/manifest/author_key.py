"""The author's key: Ed25519, shown and taken as ``did:key`` (https://w3c-ccg.github.io/did-key-spec/)."""

from __future__ import annotations

from typing import Final, NoReturn

from swarmprov_nb.errors import UsageError
from swarmprov_nb.manifest.ed25519 import is_strong_point

_ALPHABET: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # base58btc
_MULTICODEC: Final = b"\xed\x01"  # ed25519-pub
_PREFIX: Final = "did:key:z"
_KEY_BYTES: Final = 32


class AuthorKey:
    """A private Ed25519 key that signs manifests and seals; it never shows or pickles itself.

    >>> AuthorKey(bytes(32)).did
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
    """

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def did(self) -> str:
        """The public key as ``did:key:z…``."""
        return to_did(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message` (deterministic, RFC 8032)."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"AuthorKey({self.did if hasattr(self, 'public') else 'no key'})"  # before it has one, in a traceback

    def __reduce__(self) -> NoReturn:
        raise TypeError("an author key is not pickled")


def to_did(public: bytes) -> str:
    """Return the ``did:key`` text of a raw public key (32 bytes).

    >>> to_did(bytes.fromhex("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29"))
    'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'
    """
    number, text = int.from_bytes(_MULTICODEC + public, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return _PREFIX + text


def from_did(text: str) -> bytes:
    """Return the raw public key (32 bytes) of a ``did:key``; UsageError for anything else, weak points included.

    >>> from_did("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp").hex()[:8]
    '3b6a27bc'
    """
    number = 0
    body = text.removeprefix(_PREFIX)
    for character in body if text.startswith(_PREFIX) else "":
        if (digit := _ALPHABET.find(character)) < 0 or number.bit_length() > 8 * (_KEY_BYTES + 3):
            break
        number = number * 58 + digit
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    public = raw.removeprefix(_MULTICODEC)
    if len(public) != _KEY_BYTES or to_did(public) != text or not is_strong_point(public):
        raise UsageError(
            f"{text[:80]!r} is no Ed25519 key.",
            "Give a key as did:key:z6Mk…, as a report or `swarmprov trust list` shows it.",
        )
    return public
