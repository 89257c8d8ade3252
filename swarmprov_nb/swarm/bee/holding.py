"""Whether a node itself holds chunks, asked by HEAD.

Source: Bee ``pkg/api/chunk.go``: HEAD looks only in the node's own store, so a chunk that it has pushed away may be
answered with 404 although the network has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from swarmprov_nb.swarm.bee.connections import Connections, Request
from swarmprov_nb.swarm.bee.node import insist
from swarmprov_nb.swarm.bee.parallel import Check, in_order
from swarmprov_nb.swarm.bee.patience import Patience


def held(
    connections: Connections,
    addresses: Sequence[bytes],
    *,
    patience: Patience,
    check: Check = None,
) -> list[bool]:
    """Whether each address is in the node's own store.

    Raises
    ------
    StorageError
        The node does not tell.
    """

    def ask(address: bytes, check: Check) -> bool:
        request = Request("HEAD", f"/chunks/{address.hex()}", seconds=patience.answer, check=check)
        answer = insist(
            connections, request, "telling which chunks it has", accept=frozenset({200, 404}), patience=patience
        )
        return answer.status == HTTPStatus.OK

    return list(in_order(ask, addresses, check=check))
