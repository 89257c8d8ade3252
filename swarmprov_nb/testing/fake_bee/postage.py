"""A node's stamp issuer: the counters of a batch's 65,536 buckets (Bee ``pkg/postage/stampissuer.go``)."""

from __future__ import annotations

from array import array

BUCKET_DEPTH = 16
_BUCKETS = 1 << BUCKET_DEPTH


class BucketFull(Exception):
    """An immutable batch has no place left where a chunk's address falls."""


class Issuer:
    """Gives each chunk a place: the bucket that its address falls into, and a slot there.

    A chunk keeps its place. A full bucket of an immutable batch refuses; a mutable batch gives its places again from
    the first one, and whatever lay there is lost.

    >>> issuer = Issuer(bytes(32), depth=17, immutable=True)
    >>> [issuer.place(bytes([0, 7, number]) + bytes(29))[:2] for number in range(2)]
    [(7, 0), (7, 1)]
    """

    def __init__(self, batch_id: bytes, *, depth: int, immutable: bool, label: str = "") -> None:
        self.batch_id = batch_id
        self.depth = depth
        self.immutable = immutable
        self.label = label
        self.buckets = array("I", bytes(4 * _BUCKETS))
        self.fullest = 0
        self.places: dict[bytes, tuple[int, int]] = {}
        self._held: dict[tuple[int, int], bytes] = {}

    @property
    def capacity(self) -> int:
        """Slots of each bucket."""
        return 1 << (self.depth - BUCKET_DEPTH)

    def place(self, address: bytes) -> tuple[int, int, bytes | None]:
        """Return bucket and slot of a chunk, and the address of the chunk that had to go for it; BucketFull."""
        bucket = int.from_bytes(address[:2], "big")
        if address in self.places:
            return (*self.places[address], None)
        slot = self.buckets[bucket]
        if slot >= self.capacity:
            if self.immutable:
                raise BucketFull
            slot = self.buckets[bucket] = 0
        self.buckets[bucket] += 1
        self.fullest = max(self.fullest, slot + 1)
        return (bucket, slot, self._take(address, (bucket, slot)))

    def _take(self, address: bytes, place: tuple[int, int]) -> bytes | None:
        gone = self._held.get(place)
        if gone is not None:
            self.places.pop(gone, None)
        self.places[address] = place
        self._held[place] = address
        return gone

    def restore(self, places: dict[bytes, tuple[int, int]], buckets: dict[int, int], fullest: int) -> None:
        """Take over counters and places that were saved."""
        for address, place in places.items():
            self._take(address, place)
        for bucket, count in buckets.items():
            self.buckets[bucket] = count
        self.fullest = fullest
