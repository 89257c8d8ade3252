"""Looking up a path in a manifest, one node after another."""

from __future__ import annotations

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import mantaray
from swarmprov_nb.testing.fake_bee.content import Get, Unreadable, read_all


class Manifest:
    """A manifest by its reference. Every method raises NotFound or Unreadable where a node cannot be read."""

    def __init__(self, get: Get, root: bytes) -> None:
        self._get = get
        self._root = root

    def _node(self, reference: bytes) -> mantaray.Node:
        try:
            return mantaray.decode(read_all(self._get, reference))
        except StorageError as error:
            raise Unreadable from error

    def lookup(self, path: bytes) -> tuple[bytes, dict[str, str]] | None:
        """Return the reference and metadata of a path, None where it has no value."""
        node, fork = self._node(self._root), None
        while path:
            fork = node.forks.get(path[0])
            if fork is None or not path.startswith(fork.prefix):
                return None
            path = path[len(fork.prefix) :]
            node = self._node(fork.reference)
        if fork is None or not fork.kind & mantaray.VALUE:
            return None
        return node.entry, fork.metadata

    def has_prefix(self, path: bytes) -> bool:
        """Whether any path begins so."""
        node = self._node(self._root)
        while path:
            fork = node.forks.get(path[0])
            if fork is None:
                return False
            if fork.prefix.startswith(path):
                return True
            if not path.startswith(fork.prefix):
                return False
            path = path[len(fork.prefix) :]
            node = self._node(fork.reference)
        return True

    def website(self, name: str) -> str:
        """Return the index or error document, empty where none is set."""
        found = self.lookup(b"/")
        return found[1].get(name, "") if found else ""
