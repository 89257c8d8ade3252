"""The seal: one statement over manifest and content that a wallet (EIP-712) and a key (Ed25519, DSSE) both sign.

The typed data has the domain ``EIP712Domain(string name,string version)`` = (swarmprov, 1) and no chain id: a seal
holds on every chain. Each signature covers the other signer's name, so neither can be lent to another statement.
EIP-712: https://eips.ethereum.org/EIPS/eip-712; low s: https://eips.ethereum.org/EIPS/eip-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.canonical import canonical, parse
from swarmprov_nb.manifest.ed25519 import verify
from swarmprov_nb.manifest.envelope import pae

PAYLOAD_TYPE: Final = "application/vnd.swarmprov.seal+json"
ROLES: Final = ("author", "reviewer", "organisation")
FIELDS: Final = (
    ("manifest", "bytes32"),
    ("content", "bytes32"),
    ("predicateType", "string"),
    ("role", "string"),
    ("signerKey", "bytes32"),
    ("wallet", "address"),
    ("signedAt", "uint64"),
)
SIGNATURE_BYTES: Final = 65
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_MAX_TIME: Final = 2**53 - 1
_NEXT: Final = "Do not rely on this seal."


@dataclass(frozen=True)
class Seal:
    """What is sealed: manifest (sha256) and content (reference), by whom, as what, and when it is said to be.

    All bytes raw: `manifest`, `content`, `signer_key` 32, `wallet` 20. `signed_at` is Unix seconds, a claim.
    """

    manifest: bytes
    content: bytes
    predicate_type: str
    role: str
    signer_key: bytes
    wallet: bytes
    signed_at: int

    def to_json(self) -> dict[str, Any]:
        """Return the seven fields as they are signed by the key: hex in lower case with 0x."""
        return {
            "manifest": _hex(self.manifest),
            "content": _hex(self.content),
            "predicateType": self.predicate_type,
            "role": self.role,
            "signerKey": _hex(self.signer_key),
            "wallet": _hex(self.wallet),
            "signedAt": self.signed_at,
        }

    def typed_data(self) -> dict[str, Any]:
        """Return the seal as ``eth_signTypedData_v4`` takes it."""
        return {
            "domain": {"name": "swarmprov", "version": "1"},
            "primaryType": "Seal",
            "types": {
                "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
                "Seal": [{"name": name, "type": kind} for name, kind in FIELDS],
            },
            "message": self.to_json(),
        }

    def digest(self) -> bytes:
        """Return the 32-byte EIP-712 digest that the wallet signs."""
        words = (
            TYPE_HASH,
            self.manifest,
            self.content,
            _keccak(self.predicate_type.encode()),
            _keccak(self.role.encode()),
            self.signer_key,
            self.wallet.rjust(32, b"\0"),
            self.signed_at.to_bytes(32, "big"),
        )
        return _keccak(b"\x19\x01" + DOMAIN + _keccak(b"".join(words)))

    def message(self) -> bytes:
        """Return the bytes that the key signs: DSSE's encoding of the RFC 8785 bytes of the seven fields."""
        return pae(PAYLOAD_TYPE, canonical(self.to_json()))

    @property
    def path(self) -> str:
        """Where the seal stands in a publication."""
        return f"seals/{self.role}-{_hex(self.wallet)}.json"


@dataclass(frozen=True)
class SealedStatement:
    """A seal with its two signatures: `wallet_signature` (65 bytes, r, s, v) and `key_signature` (64 bytes)."""

    seal: Seal
    wallet_signature: bytes
    key_signature: bytes

    def to_bytes(self) -> bytes:
        """Return the canonical bytes of the file."""
        return canonical(
            {
                "seal": self.seal.to_json(),
                "walletSignature": _hex(self.wallet_signature),
                "keySignature": _hex(self.key_signature),
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, path: str) -> SealedStatement:
        """Read a seal file; VerificationFailed where it is not exactly what `to_bytes` writes."""
        document = parse(data, what=path)
        try:
            seal = _seal(document["seal"])
            statement = cls(seal, _raw(document["walletSignature"], 65), _raw(document["keySignature"], 64))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise VerificationFailed(f"{path} is no seal.", _NEXT) from None
        if statement.to_bytes() != data or seal.path != path:
            raise VerificationFailed(f"{path} says more or other than a seal of that name may.", _NEXT)
        return statement

    def check(self) -> None:
        """Check both signatures and every rule of form; VerificationFailed says which one failed."""
        recovered = _recovered(self.seal.digest(), self.wallet_signature)
        if recovered is None:
            raise VerificationFailed(
                f"{self.seal.path} has a malformed wallet signature (65 bytes, v 27 or 28, low s are required).", _NEXT
            )
        if recovered != self.seal.wallet or not any(recovered):
            raise VerificationFailed(f"{self.seal.path} is not signed by the wallet it names.", _NEXT)
        if not verify(self.seal.signer_key, self.key_signature, self.seal.message()):
            raise VerificationFailed(f"{self.seal.path} is not signed by the key it names.", _NEXT)


def _seal(fields: dict[str, Any]) -> Seal:
    if fields["role"] not in ROLES or not 0 <= int(fields["signedAt"]) <= _MAX_TIME:
        raise ValueError
    return Seal(
        manifest=_raw(fields["manifest"], 32),
        content=_raw(fields["content"], 32),
        predicate_type=str(fields["predicateType"]),
        role=fields["role"],
        signer_key=_raw(fields["signerKey"], 32),
        wallet=_raw(fields["wallet"], 20),
        signed_at=int(fields["signedAt"]),
    )


def _recovered(digest: bytes, signature: bytes) -> bytes | None:
    """Return the 20-byte address that signed, or None where the signature's form is not the one allowed."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if len(signature) != SIGNATURE_BYTES or signature[64] not in (27, 28):
        return None
    if not 0 < int.from_bytes(signature[32:64], "big") <= _HALF_ORDER:
        return None
    try:
        vrs = Signature(signature[:64] + bytes([signature[64] - 27]))
        public = vrs.recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError, ValueError):
        return None
    return _keccak(public.to_bytes())[12:]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _raw(text: str, length: int) -> bytes:
    data = bytes.fromhex(text.removeprefix("0x"))
    if len(data) != length:
        raise ValueError
    return data


def _keccak(data: bytes) -> bytes:
    import tiny_keccak

    return bytes(tiny_keccak.keccak256(data))


TYPE_HASH: Final = bytes.fromhex("794b9898abdbfec63c50736fd37d80a22809982e9bcec562513fa66d06268942")
DOMAIN: Final = bytes.fromhex("576c76598d2258524a53d77571d98903b4d2822ec337a4606344776e52f4276f")
