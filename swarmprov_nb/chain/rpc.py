"""Asking a node: one JSON-RPC call, its answer or an error of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.errors import ChainError

_MOST: Final = 1 << 256  # no number of a chain is larger, and Python computes with none that has a million digits


class Provider(Protocol):
    """What answers JSON-RPC: the embedded node, `HttpRpc`, a `Quorum` of those, or any provider of web3.py."""

    def make_request(self, method: Any, params: Any) -> Any:
        """A JSON-RPC object with `result` or `error`."""
        ...


class NodeSilent(ChainError):
    """A node gave no answer, or none that a node gives: nothing is known about what it was asked."""


def ask(provider: Provider, method: str, *params: Any) -> Any:
    """The result of one request.

    Raises `RpcError` with what the node says is wrong, `NodeSilent` for an answer that is none.
    """
    answer = provider.make_request(method, list(params))
    if not isinstance(answer, Mapping):
        raise strange(method)
    error = answer.get("error")
    if isinstance(error, Mapping):
        raise RpcError(_code(error.get("code")), str(error.get("message", ""))[:300], _data(error.get("data")))
    if error is not None or "result" not in answer:
        raise strange(method)
    return answer["result"]


def ask_number(provider: Provider, method: str, *params: Any) -> int:
    """The result of one request that is answered with a quantity.

    Raises as `ask` does, and `NodeSilent` for anything else than a quantity.
    """
    return number(ask(provider, method, *params), method)


def ask_bytes(provider: Provider, method: str, *params: Any) -> bytes:
    """The result of one request that is answered with bytes.

    Raises as `ask` does, and `NodeSilent` for anything else than bytes.
    """
    return octets(ask(provider, method, *params), method)


def ask_object(provider: Provider, method: str, *params: Any) -> Mapping[str, Any] | None:
    """The result of one request that is answered with an object or null.

    Raises as `ask` does, and `NodeSilent` for anything else.
    """
    found = ask(provider, method, *params)
    if found is not None and not isinstance(found, Mapping):
        raise strange(method)
    return found


def number(text: Any, method: str = "a request") -> int:
    """A JSON-RPC quantity.

    >>> number("0x1c")
    28

    Raises `NodeSilent` for anything else: `method` says in which answer it stood.
    """
    try:
        value = int(text, 16)
    except (TypeError, ValueError):
        value = -1
    if not 0 <= value < _MOST or not text.startswith("0x"):
        raise strange(method)
    return value


def octets(text: Any, method: str = "a request") -> bytes:
    """JSON-RPC data.

    >>> octets("0x1c").hex()
    '1c'

    Raises `NodeSilent` for anything else: `method` says in which answer it stood.
    """
    try:
        if text.startswith("0x"):
            return bytes.fromhex(text[2:])
    except (AttributeError, TypeError, ValueError):
        pass
    raise strange(method)


def strange(method: str) -> NodeSilent:
    """The error for an answer that no node gives."""
    return NodeSilent(
        f"The node answered {method} with something that is no answer to it.",
        "Check that the URL is that of a node's JSON-RPC, or ask another one.",
    )


def _code(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _data(value: Any) -> bytes | None:
    try:
        return octets(value)
    except NodeSilent:
        return None
