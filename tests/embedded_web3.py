"""The embedded chain as a provider of web3.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from web3.providers.base import BaseProvider

from swarmprov_nb.chain.embedded_node import EmbeddedNode


class EmbeddedChain(BaseProvider):
    """A chain of one machine in one file, for web3.py: `Web3(EmbeddedChain(path))`.

    Transactions cost nothing (`embedded_vm`), so no account needs money. What it holds proves nothing to others.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._node = EmbeddedNode(path)

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer one JSON-RPC request."""
        return self._node.make_request(method, params)

    def is_connected(self, show_traceback: bool = False) -> bool:  # noqa: FBT001, FBT002  web3's signature
        """Always: there is no connection to lose."""
        return True

    def close(self) -> None:
        """Give the file back. The next request opens it again."""
        self._node.close()
