"""Upload tags: what of an upload was split, seen before, sent and synced (Bee ``pkg/api/tag.go``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any


def _now() -> str:
    # Go's RFC 3339 with nanoseconds
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


@dataclass
class Tag:
    """Counters of one upload. It is done when ``seen + synced >= split``, and ``split`` is known at its end only."""

    uid: int
    split: int = 0
    seen: int = 0
    stored: int = 0
    sent: int = 0
    synced: int = 0
    address: str = ""
    started_at: str = field(default_factory=_now)

    def as_json(self) -> dict[str, Any]:
        """Return what GET /tags/{id} shows."""
        counters = {name: getattr(self, name) for name in ("split", "seen", "stored", "sent", "synced")}
        return {**counters, "uid": self.uid, "address": self.address, "startedAt": self.started_at}

    def state(self) -> dict[str, Any]:
        """Return it as JSON values, for `Tag(**state)`."""
        return asdict(self)


class Tags:
    """All tags of a node, oldest first.

    >>> tags = Tags()
    >>> tags.create().uid, tags.get(1) is not None, tags.get(2)
    (1, True, None)
    """

    def __init__(self) -> None:
        self._tags: dict[int, Tag] = {}
        self._next = 1

    def create(self) -> Tag:
        """Make a new tag."""
        tag = Tag(self._next)
        self.add(tag)
        return tag

    def add(self, tag: Tag) -> None:
        """Take over a tag that was saved."""
        self._tags[tag.uid] = tag
        self._next = max(self._next, tag.uid + 1)

    def get(self, uid: int) -> Tag | None:
        """Return a tag, or None."""
        return self._tags.get(uid)

    def delete(self, uid: int) -> None:
        """Forget a tag, whether it is there or not."""
        self._tags.pop(uid, None)

    def list(self) -> list[Tag]:
        """Return all, oldest first."""
        return [*self._tags.values()]
