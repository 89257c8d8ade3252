"""Whether the network finds everything under a root, as the node's stewardship tells.

Source: Bee ``pkg/steward``: every chunk is fetched from the network, one after the other, none from the node itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.patience import wait

_FIRST_LOOK, _LATER_LOOK = 0.5, 10.0
# Bee looks for replicas by default, which our trees do not have
LEVEL = {"Swarm-Redundancy-Level": "0"}


def retrievable(node: BeeNode, root: bytes, *, seconds: float, check: Callable[[], None] | None = None) -> bool | None:
    """Whether the network gives all of a root; None where the node cannot tell in this time."""
    try:
        answer = node.ask("GET", f"/stewardship/{root.hex()}", headers=LEVEL, seconds=seconds, check=check)
        found = answer.json().get("isRetrievable") if answer.status == HTTPStatus.OK else None
    except StorageError:
        return None
    return found if isinstance(found, bool) else None


def await_found(
    node: BeeNode,
    root: bytes,
    *,
    check: Callable[[], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> bool | None:
    """Return True once the network finds all of a root, None where the node cannot tell.

    Raises
    ------
    StorageError
        It says within ``patience.confirm`` seconds that it does not.
    """
    end = time.monotonic() + node.patience.confirm
    look = _FIRST_LOOK
    while True:
        if say is not None:
            say(f"{node.shown} looks for {root.hex()} in the network.")
        found = retrievable(node, root, seconds=max(1.0, end - time.monotonic()), check=check)
        if found is not False:
            return found
        if time.monotonic() + look > end:
            raise fault(
                "unfound",
                f"Everything was pushed, and yet the node at {node.shown} does not find all of {root.hex()}"
                " in the network.",
                "Run the same command again in some minutes: it looks again, and sends only what is lost.",
            )
        wait(look, check)
        look = min(_LATER_LOOK, 2 * look)
