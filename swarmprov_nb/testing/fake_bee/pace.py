"""How long a chunk takes on a node, whichever way it comes: a real node's work, of which a double does little."""

from __future__ import annotations

import threading
import time

from swarmprov_nb.testing.fake_bee.node import Node

_lock = threading.Lock()
# a sleep shorter than this costs more than it lasts
_WORTH_SLEEPING = 0.005


def keep_pace(node: Node, chunks: int) -> None:
    """Wait until so many chunks are done, where the node has a pace; uploads at the same time wait for each other."""
    if not node.pace:
        return
    with _lock:
        node.busy_until = max(node.busy_until, time.monotonic() - _WORTH_SLEEPING) + node.pace * chunks
        left = node.busy_until - time.monotonic()
    if left > _WORTH_SLEEPING:
        time.sleep(left)
