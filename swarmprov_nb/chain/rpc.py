"""Asking a node: one JSON-RPC call, its answer or an error of ours."""

from __future__ import annotations

from typing import Any, Protocol

from swarmprov_nb.chain.rpc_errors import RpcError


class Provider(Protocol):
    """What answers JSON-RPC: the embedded node, or any provider of web3.py."""

    def make_request(self, method: Any, params: Any) -> Any:
        """A JSON-RPC object with `result` or `error`."""
        ...


def ask(provider: Provider, method: str, *params: Any) -> Any:
    """The result of one request.

    Raises `RpcError` with what the node says is wrong.
    """
    answer = provider.make_request(method, list(params))
    if "error" in answer:
        error = answer["error"]
        data = error.get("data")
        raw = bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else None
        raise RpcError(int(error.get("code", 0)), str(error.get("message", "")), raw)
    return answer["result"]


def number(text: str) -> int:
    """A JSON-RPC quantity.

    >>> number("0x1c")
    28
    """
    return int(text, 16)
