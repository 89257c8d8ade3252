"""A postage batch of a node: what pays for storage, how much it holds and how long."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from swarmprov_nb.swarm.bee.postage import DAY, Fit, fit, loads, places

_FOR_EVER = 4_000_000_000
Buckets = Callable[[], Mapping[int, int]]


@dataclass(frozen=True)
class Batch:
    """A batch as its node shows it; ``utilization`` is the number of chunks in its fullest bucket.

    ``expires`` is None where it has no end. ``exists`` is False once it has expired.
    """

    id: str
    label: str
    depth: int
    amount: int
    immutable: bool
    usable: bool
    exists: bool
    utilization: int
    expires: datetime | None
    _buckets: Buckets = field(default=dict, repr=False, compare=False)

    @classmethod
    def of(cls, body: Mapping[str, Any], buckets: Buckets) -> Batch:
        """Read a batch from what ``GET /stamps`` says of it.

        Raises
        ------
        KeyError, TypeError, ValueError
            It is no batch.
        """
        left = int(body["batchTTL"])
        return cls(
            id=str(body["batchID"]).lower(),
            label=str(body.get("label", "")),
            depth=int(body["depth"]),
            amount=int(body["amount"]),
            immutable=bool(body["immutableFlag"]),
            usable=bool(body["usable"]),
            exists=bool(body.get("exists", True)),
            utilization=int(body["utilization"]),
            # -1 is Bee's word for "never"; more than a century is as good; what is below is overdue
            expires=None if left == -1 or left >= _FOR_EVER else datetime.now(UTC) + timedelta(seconds=max(left, -DAY)),
            _buckets=buckets,
        )

    @property
    def places(self) -> int:
        """Chunks that each of its 65536 buckets can take."""
        return places(self.depth)

    @property
    def full(self) -> bool:
        """Whether a bucket is full, so that any larger upload will meet it."""
        return self.utilization >= self.places

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return not self.exists or (self.expires is not None and self.expires <= datetime.now(UTC))

    @property
    def days_left(self) -> float | None:
        """Days until it expires at today's price; None where it has no end."""
        return None if self.expires is None else (self.expires - datetime.now(UTC)) / timedelta(days=1)

    def fits(self, addresses: Iterable[bytes], *, days: float | None = None) -> Fit:
        """Tell whether these chunks find a place, bucket by bucket, and stay for so many days.

        Chunks that this batch has paid for already take no new place and are counted all the same, so "no" can be too
        careful for what was sent before.

        Raises
        ------
        StorageError
            The node does not show the batch's buckets.
        """
        reason = self.unfit(days)
        if reason:
            return Fit(ok=False, why=reason, left=0)
        wanted = loads(addresses)
        if not wanted:
            return Fit(ok=True, why="", left=self.places - self.utilization)
        if not self.immutable and self.full:
            return Fit(ok=False, why="it is mutable and full: it would overwrite what it paid for before", left=0)
        return fit(self._buckets(), self.places, wanted)

    def unfit(self, days: float | None = None) -> str:
        """Say why nothing at all can be sent with it, or not for so long; empty where nothing is in the way."""
        if self.expired:
            return "it has expired"
        if not self.usable:
            return "it is not usable yet"
        if days is not None and self.days_left is not None and self.days_left < days:
            return f"it lasts {self.days_left:.1f} days and not {days:g}"
        return ""
