"""Signatures that a node checks: of single-owner chunks, and of stamps made elsewhere.

Sources: Bee ``pkg/soc`` and ``pkg/postage``.

Both sign the Ethereum message of 32 bytes: keccak256(id, address), and keccak256(address, batch, index, time).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from swarmprov_nb.swarm.bmt import CHUNK_SIZE, SPAN, chunk_address
from swarmprov_nb.swarm.keccak import keccak256

STAMP_SIZE = 113
SOC_SIZE = 32 + 65 + SPAN.size + CHUNK_SIZE
_PREFIX = b"\x19Ethereum Signed Message:\n32"
_ELECTRUM = 27


def signed_digest(message: bytes) -> bytes:
    """Return what is signed for a message of 32 bytes (EIP-191)."""
    return keccak256(_PREFIX + message)


def recovered(signature: bytes, message: bytes) -> bytes | None:
    """Return the address (20 bytes) that signed, None where the signature is none."""
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        vrs = Signature(signature[:64] + bytes([signature[64] - _ELECTRUM]))
        return bytes(vrs.recover_public_key_from_msg_hash(signed_digest(message)).to_canonical_address())
    except (BadSignature, ValidationError, ValueError):
        return None


def owned_address(data: bytes) -> bytes | None:
    """Return the address of a single-owner chunk (id, signature, span, payload), None where it is none.

    >>> owned_address(bytes(200)) is None
    True
    """
    if not 32 + 65 + SPAN.size <= len(data) <= SOC_SIZE:
        return None
    identifier, signature, chunk = data[:32], data[32:97], data[97:]
    wrapped = chunk_address(SPAN.unpack(chunk[:8])[0], chunk[8:])
    owner = recovered(signature, keccak256(identifier + wrapped))
    return None if owner is None else keccak256(identifier + owner)


@dataclass(frozen=True)
class Stamp:
    """A stamp made elsewhere: batch, place and time, signed by the batch's owner."""

    batch_id: bytes
    index: bytes
    time: bytes
    signature: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Take a stamp's 113 bytes apart."""
        return cls(data[:32], data[32:40], data[40:48], data[48:STAMP_SIZE])

    def is_by(self, owner: bytes, address: bytes) -> bool:
        """Whether the owner of the batch signed it for this chunk."""
        return recovered(self.signature, keccak256(address + self.batch_id + self.index + self.time)) == owner

    def is_placed(self, address: bytes, depth: int) -> bool:
        """Whether bucket and slot fit address and batch; where not, no other node takes the chunk."""
        return self.index[:2] == bytes(2) and self.index[2:4] == address[:2] and self._slot < 1 << (depth - 16)

    @property
    def _slot(self) -> int:
        return int.from_bytes(self.index[4:], "big")
