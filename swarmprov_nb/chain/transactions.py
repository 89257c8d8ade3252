"""A type-2 transaction (EIP-1559) as its fields, and as the bytes of EIP-2718."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from swarmprov_nb.errors import ChainError

_TYPE = b"\x02"


@dataclass(frozen=True)
class Transaction:
    """What a wallet signs. `to` is 20 bytes; nothing is paid to anyone, so there is no value."""

    chain_id: int
    nonce: int
    tip: int
    most_fee: int
    gas: int
    to: bytes
    data: bytes

    def fields(self) -> dict[str, Any]:
        """The fields as a wallet takes them, named as in eth_signTransaction."""
        from eth_utils.address import to_checksum_address

        return {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "to": to_checksum_address(self.to),
            "value": 0,
            "data": self.data,
            "gas": self.gas,
            "maxFeePerGas": self.most_fee,
            "maxPriorityFeePerGas": self.tip,
        }

    def unsigned(self) -> bytes:
        """The bytes that are signed: by their length an OP-stack chain counts its data fee."""
        import rlp

        listed = [self.chain_id, self.nonce, self.tip, self.most_fee, self.gas, self.to, 0, self.data, []]
        return _TYPE + bytes(rlp.encode(listed))

    def costing(self, *, tip: int, most_fee: int) -> Transaction:
        """The same transaction at another price."""
        return replace(self, tip=tip, most_fee=most_fee)

    @classmethod
    def of_raw(cls, raw: str) -> Self:
        """The fields of a signed transaction, given as 0x-text.

        Raises `ChainError` for bytes that are no such transaction.
        """
        import rlp

        try:
            data = bytes.fromhex(raw.removeprefix("0x"))
            parts = rlp.decode(data[1:]) if data[:1] == _TYPE else []
            chain_id, nonce, tip, most_fee, gas = (int.from_bytes(each, "big") for each in parts[:5])
            to, _, call = map(bytes, parts[5:8])
        except Exception as error:  # the decoder lets whatever its parts raise through
            raise ChainError("The journal holds no whole transaction.", "Publish again with --again.") from error
        return cls(chain_id, nonce, tip, most_fee, gas, to, call)
