"""The chain as storage nodes see it: blocks, the storage price, and batches with what happened to them.

A node knows of an event only some blocks later; the contract knows at once (the recordings in area ``stamps``).
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

PRICE = 24_000
MINIMUM_VALIDITY = 17_280
CONFIRMATIONS = 7
BLOCKS_UNTIL_USABLE = 10
BLOCK_SECONDS = 5
_FIRST_BLOCK = 40_000


@dataclass
class Event:
    """At a block, a batch gets more per chunk (``amount``) or another depth."""

    block: int
    amount: int = 0
    depth: int = 0


@dataclass
class Batch:
    """A batch as it was bought, and what happened since."""

    id: bytes
    owner: bytes
    bought: int
    depth: int
    amount: int
    immutable: bool
    events: list[Event] = field(default_factory=list)

    def depth_at(self, block: int) -> int:
        """Return the depth that the events up to a block gave it."""
        known = [event.depth for event in self.events if event.depth and event.block <= block]
        return known[-1] if known else self.depth

    def amount_at(self, block: int) -> int:
        """Return what was paid per chunk up to a block, dilution left out, as Bee shows it."""
        return self.amount + sum(event.amount for event in self.events if event.block <= block)

    def value_at(self, block: int) -> int:
        """Return the normalised balance: the total price of a chunk up to which the batch pays."""
        value, depth = PRICE * self.bought + self.amount, self.depth
        for event in self.events:
            if event.block > block:
                break
            paid = PRICE * event.block
            value += event.amount
            if event.depth:
                value = paid + ((value - paid) >> (event.depth - depth))
                depth = event.depth
        return value


class ChainRefused(Exception):
    """The contract, or the wallet, refuses; the message is Bee's."""


class Chain:
    """Blocks pass by `mine`, and with `seconds` also with time.

    >>> chain = Chain()
    >>> batch = chain.buy(bytes(20), 62_208_000_000, 22, immutable=True)
    >>> chain.mine(17)
    >>> chain.is_usable(batch.id)
    True
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.batches: dict[bytes, Batch] = {}
        self._mined = _FIRST_BLOCK
        self._seconds = seconds
        self._started = time.monotonic()

    @property
    def block(self) -> int:
        """The newest block."""
        passed = int((time.monotonic() - self._started) / self._seconds) if self._seconds else 0
        return self._mined + passed

    @property
    def seen(self) -> int:
        """The newest block of which nodes know the events."""
        return self.block - CONFIRMATIONS

    @property
    def total_amount(self) -> int:
        """What a chunk has cost since the first block."""
        return PRICE * self.block

    def mine(self, blocks: int = 1) -> None:
        """Let blocks pass."""
        self._mined += blocks

    def buy(self, owner: bytes, amount: int, depth: int, *, immutable: bool) -> Batch:
        """Add a batch; ChainRefused for less than a day."""
        if amount < PRICE * MINIMUM_VALIDITY:
            raise ChainRefused("insufficient amount for 24h minimum validity")
        batch = Batch(secrets.token_bytes(32), owner, self.block, depth, amount, immutable)
        self.batches[batch.id] = batch
        return batch

    def top_up(self, batch_id: bytes, amount: int) -> None:
        """Pay more per chunk, for a batch of anyone; ChainRefused for one that is not there."""
        if batch_id not in self.batches or self.is_expired(batch_id):
            raise ChainRefused("cannot topup batch")
        self.batches[batch_id].events.append(Event(self.block, amount=amount))

    def dilute(self, batch_id: bytes, depth: int, owner: bytes) -> None:
        """Give an own batch a greater depth; ChainRefused for another's, the same depth, or less than a day left."""
        batch = self.batches.get(batch_id)
        if batch is None or batch.owner != owner or self.is_expired(batch_id):
            raise ChainRefused("cannot dilute batch")
        now = batch.depth_at(self.block)
        if depth < now:
            raise ChainRefused("invalid depth")
        left = (batch.value_at(self.block) - self.total_amount) >> (depth - now)
        if depth == now or left < PRICE * MINIMUM_VALIDITY:
            raise ChainRefused("cannot dilute batch")
        batch.events.append(Event(self.block, depth=depth))

    def is_expired(self, batch_id: bytes) -> bool:
        """Whether a batch's balance is used up."""
        return self.batches[batch_id].value_at(self.block) <= self.total_amount

    def is_seen(self, batch_id: bytes) -> bool:
        """Whether nodes know a batch: bought some blocks ago and not used up."""
        batch = self.batches.get(batch_id)
        return batch is not None and batch.bought <= self.seen and not self.is_expired(batch_id)

    def is_usable(self, batch_id: bytes) -> bool:
        """Whether nodes stamp with a batch."""
        return self.is_seen(batch_id) and self.batches[batch_id].bought <= self.seen - BLOCKS_UNTIL_USABLE

    def seconds_left(self, batch_id: bytes) -> int:
        """How long a batch lasts at today's price (Bee's batchTTL)."""
        return (self.batches[batch_id].value_at(self.seen) - self.total_amount) * BLOCK_SECONDS // PRICE

    def state(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        batches = [
            {**vars(batch), "id": batch.id.hex(), "owner": batch.owner.hex(), "events": [vars(e) for e in batch.events]}
            for batch in self.batches.values()
        ]
        return {"block": self.block, "batches": batches}

    def load(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self._mined = state["block"]
        for entry in state["batches"]:
            ids = {name: bytes.fromhex(entry[name]) for name in ("id", "owner")}
            events = [Event(**event) for event in entry["events"]]
            self.batches[ids["id"]] = Batch(**{**entry, **ids, "events": events})
