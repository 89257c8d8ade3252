"""An upload under way: chunks are stamped and held, and count only when it is done (Bee's putter sessions)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from swarmprov_nb.swarm.chunk import ChunkBatch
from swarmprov_nb.swarm.storage import Stored
from swarmprov_nb.testing.fake_bee.node import Data, Node
from swarmprov_nb.testing.fake_bee.pace import keep_pace
from swarmprov_nb.testing.fake_bee.postage import BucketFull, Issuer
from swarmprov_nb.testing.fake_bee.tags import Tag


class DiskFull(Exception):
    """Nothing more can be written."""


class Killed(ConnectionError):
    """The node was killed while a request was under way."""


class Session:
    """Takes chunks. With a tag or deferred they are pushed once it is done; else each is pushed before the answer.

    What was not done when the node is killed is gone, as after Bee's clean-up at a start; `abort` does the same.
    """

    def __init__(
        self, node: Node, issuer: Issuer | None, *, tag: Tag | None = None, deferred: bool = True, pin: bool = False
    ) -> None:
        self._node = node
        self._issuer = issuer
        self._tag = tag
        self._deferred = deferred
        self._pin = pin
        self._fresh: list[bytes] = []
        self._pinned: dict[bytes, None] = {}
        self._new: dict[bytes, None] = {}
        self._split = self._seen = 0
        self.taken = 0
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.abort()

    def put(self, batch: ChunkBatch) -> None:
        """Take the chunks of one of our own splitters."""
        addresses = [batch.address(index) for index in range(len(batch))]
        payloads = [bytes(batch.payload(index)) for index in range(len(batch))]
        self.add(addresses, [*zip(batch.spans, payloads, strict=True)])

    def finish(self) -> Stored:
        """Say nothing: `commit` ends a session."""
        return Stored(b"", self._split, len(self._new), 0)

    def add(self, addresses: Sequence[bytes], data: Sequence[Data], *, kept: bool = False) -> int:
        """Take chunks and return how many; BucketFull, DiskFull or Killed at the first that cannot be taken.

        `kept`: no other node takes them, as of a stamp whose place does not fit.
        """
        keep_pace(self._node, len(addresses))
        with self._node.lock:
            added: list[bytes] = []
            try:
                for address, chunk in zip(addresses, data, strict=True):
                    self._add(address, chunk)
                    added.append(address)
            finally:
                if not self._deferred and added and not kept:
                    self._push_now(added)
        return len(added)

    def _add(self, address: bytes, chunk: Data) -> None:
        node, faults = self._node, self._node.faults
        if self._over or node.down:
            raise Killed
        if faults.count_down("restart_after"):
            faults.restart_after = None
            node.kill()
            raise Killed
        if faults.count_down("disk_full"):
            raise DiskFull
        if faults.count_down("full_bucket"):
            raise BucketFull
        node.received[address] += 1
        gone = self._issuer.place(address)[2] if self._issuer is not None else None
        if not faults.take("lost_chunk"):
            self._hold(address, chunk)
        if gone is not None:
            node.evict(gone)
        self.taken += 1

    def _hold(self, address: bytes, chunk: Data) -> None:
        node = self._node
        self._split += 1
        batch_id = self._issuer.batch_id if self._issuer else b""
        if self._deferred and (address in self._new or (address, batch_id) in node.queued):
            self._seen += 1
        else:
            self._new[address] = None
        if address not in node.chunks:
            node.chunks[address] = chunk
            self._fresh.append(address)
        if self._pin:
            self._pinned[address] = None

    def _push_now(self, addresses: Sequence[bytes]) -> None:
        """Push chunks before they are acknowledged: what is pushed stays, whatever becomes of the session."""
        for address in addresses:
            self._node.push_chunk(address)
        self._save()
        self._fresh.clear()
        self._new.clear()

    def commit(self, reference: bytes | None = None) -> None:
        """Count what came in the tag, write it down, and push it."""
        node = self._node
        with node.lock:
            if self._over or node.down:
                raise Killed
            self._over = True
            if self._tag is not None and node.tags.get(self._tag.uid):
                self._tag.split += self._split
                self._tag.seen += self._seen
                if reference is not None:
                    self._tag.address = reference.hex()
            if self._pin and reference is not None:
                node.pins.setdefault(reference, [*self._pinned])
            self._save(reference)
            if self._deferred:
                node.enqueue([*self._new], self._issuer.batch_id if self._issuer else b"", self._tag)

    def close(self) -> None:
        """Commit, unless the session is over already, or its node."""
        with self._node.lock:
            if not self._over and not self._node.down:
                self.commit()

    def _save(self, reference: bytes | None = None) -> None:
        disk = self._node.disk
        if disk is None:
            return
        disk.chunks(self._node, self._fresh)
        if self._issuer is not None:
            disk.places(self._issuer, [*self._new])
        if self._tag is not None:
            disk.tag(self._tag)
        if self._pin and reference is not None:
            disk.pin(reference, self._node.pins[reference])

    def abort(self) -> None:
        """Forget what came, unless it is done."""
        node = self._node
        with node.lock:
            if self._over:
                return
            self._over = True
            for address in self._fresh:
                node.chunks.pop(address, None)
