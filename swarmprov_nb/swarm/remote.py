"""Stores elsewhere, by how people write them: a Bee node's URL, or ``gateway:URL``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from swarmprov_nb.errors import UsageError
from swarmprov_nb.swarm.storage import Storage

if TYPE_CHECKING:
    from swarmprov_nb.swarm.bee import BeeStorage, GatewayStorage

_GATEWAY = "gateway:"


def is_remote(text: str) -> bool:
    """Whether a text names a store elsewhere, and not a folder.

    >>> is_remote("http://127.0.0.1:1633"), is_remote("gateway:https://gateway.example"), is_remote("store")
    (True, True, False)
    """
    text = text.strip().lower()
    return text.startswith(("http://", "https://", _GATEWAY))


def open_remote(
    text: str,
    *,
    batch: str | None = None,
    journal: Path | None = None,
    source: Storage | None = None,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> BeeStorage | GatewayStorage:
    """Open the store that a text names; nothing is asked of the network yet.

    The keywords are those of ``BeeStorage``.

    >>> open_remote("http://127.0.0.1:1633")
    BeeStorage('http://127.0.0.1:1633')

    Raises
    ------
    UsageError
        The text is neither a node's URL nor ``gateway:URL``, or the batch id cannot be meant.
    """
    from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, GatewayStorage

    if not is_remote(text):
        raise UsageError("This names no store elsewhere.", "Write http://HOST:PORT for a Bee node, or gateway:URL.")
    options = {"batch": batch, "journal": journal, "source": source, "progress": progress, "check": check, "say": say}
    text = text.strip()
    if text.lower().startswith(_GATEWAY):
        return GatewayStorage(text[len(_GATEWAY) :], **options)  # type: ignore[arg-type] # as named above
    return BeeStorage(BeeNode.at(text), **options)  # type: ignore[arg-type] # as named above
