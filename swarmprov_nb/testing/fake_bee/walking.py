"""All chunks below a reference: of a file, and where it is a manifest of everything that it names."""

from __future__ import annotations

from collections.abc import Iterator

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import mantaray
from swarmprov_nb.testing.fake_bee.content import Get, Unreadable, file_addresses, read_all
from swarmprov_nb.testing.fake_bee.node import NotFound


def addresses_below(get: Get, root: bytes) -> Iterator[bytes]:
    """Yield addresses, some more than once; NotFound, Unreadable."""
    seen: set[bytes] = set()
    pending = [root]
    while pending:
        reference = pending.pop()
        if reference in seen:
            continue
        seen.add(reference)
        yield from file_addresses(get, reference)
        node = _as_node(get, reference)
        if node is None:
            continue
        pending += [fork.reference for fork in node.forks.values()]
        if any(node.entry):
            yield from file_addresses(get, node.entry)


def _as_node(get: Get, reference: bytes) -> mantaray.Node | None:
    try:
        return mantaray.decode(read_all(get, reference))
    except (StorageError, Unreadable):
        return None


def is_whole(get: Get, root: bytes) -> bool:
    """Whether every chunk below a reference can be had."""
    try:
        for address in addresses_below(get, root):
            get(address)
    except (NotFound, Unreadable):
        return False
    return True
