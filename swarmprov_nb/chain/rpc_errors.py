"""The errors that a JSON-RPC answer may hold (EIP-1474, and code 3 for reverts as go-ethereum has it)."""

from __future__ import annotations

from typing import Any

REVERTED = 3
REFUSED = -32000
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602


class RpcError(Exception):
    """What a node answers instead of a result: code, message, and the data of a revert.

    >>> RpcError(REFUSED, "nonce too low").as_json()
    {'code': -32000, 'message': 'nonce too low'}
    """

    def __init__(self, code: int, message: str, data: bytes | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def as_json(self) -> dict[str, Any]:
        """The `error` object of an answer."""
        error = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": "0x" + self.data.hex()}
