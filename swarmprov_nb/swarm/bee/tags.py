"""A node's tag: how many chunks of an upload it has taken, and how many of them the network has.

Source: Bee ``pkg/api/tag.go`` and ``pkg/storer/internal/upload``. ``split`` grows when a session ends; the same chunk
sent twice counts twice. All is pushed once ``seen + synced`` has reached ``split``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.patience import wait

_FIRST_LOOK, _LATER_LOOK = 0.05, 1.0


@dataclass(frozen=True)
class Tag:
    """Counters of a tag at one moment."""

    uid: str
    split: int
    pushed: int

    @classmethod
    def new(cls, node: BeeNode, check: Callable[[], None] | None = None) -> Tag:
        """Make a tag.

        Raises
        ------
        StorageError
            The node makes none.
        """
        return cls._of(node.insist("POST", "/tags", "making a tag", check=check).json(), node)

    @classmethod
    def read(cls, node: BeeNode, uid: str, check: Callable[[], None] | None = None) -> Tag | None:
        """Read a tag; None where the node no longer has it.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        answer = node.insist("GET", f"/tags/{uid}", "telling how far an upload is", accept=(200, 404), check=check)
        return cls._of(answer.json(), node) if answer.status == HTTPStatus.OK else None

    @classmethod
    def _of(cls, body: dict[str, Any], node: BeeNode) -> Tag:
        numbers = [body.get(name) for name in ("uid", "split", "seen", "synced")]
        if not all(isinstance(number, int) and not isinstance(number, bool) and number >= 0 for number in numbers):
            raise fault("garbage", f"{node.shown} answers with a tag that is none.", "Check that it is a Bee node.")
        uid, split, seen, synced = (int(number) for number in numbers if number is not None)
        return cls(str(uid), split, seen + synced)


def await_split(
    node: BeeNode, uid: str, split: int, *, seconds: float, check: Callable[[], None] | None = None
) -> bool | None:
    """Return True once the tag counts at least ``split`` chunks, False if not in time, None where the tag is gone."""
    end = time.monotonic() + seconds
    look = _FIRST_LOOK
    while True:
        tag = Tag.read(node, uid, check)
        if tag is None:
            return None
        if tag.split >= split:
            return True
        if time.monotonic() > end:
            return False
        wait(look, check)
        look = min(_LATER_LOOK, 2 * look)


def await_pushed(
    node: BeeNode,
    uid: str,
    *,
    check: Callable[[], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Tag | None:
    """Return once everything that the tag counts has been pushed into the network; None where the tag is gone.

    Raises
    ------
    StorageError
        Nothing more was pushed for ``patience.push`` seconds.
    """
    look, best, since = _FIRST_LOOK, -1, time.monotonic()
    while True:
        tag = Tag.read(node, uid, check)
        if tag is None or tag.pushed >= tag.split:
            return tag
        if tag.pushed > best:
            best, since = tag.pushed, time.monotonic()
            if say is not None:
                say(f"{node.shown} has pushed {tag.pushed} of {tag.split} chunks into the network.")
        elif time.monotonic() - since > node.patience.push:
            raise fault(
                "unpushed",
                f"The node at {node.shown} has pushed {tag.pushed} of {tag.split} chunks into the network,"
                f" and none in the last {node.patience.push:.0f} seconds.",
                "See whether it has peers and funds, then run the same command again: it goes on from there.",
            )
        wait(look, check)
        look = min(_LATER_LOOK, 2 * look)
