"""A chunk: up to 4096 bytes under their own hash, the unit that Swarm stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from swarmprov_nb.errors import ChunkCorrupt
from swarmprov_nb.swarm.bmt import CHUNK_SIZE, chunk_address, hash_chunks
from swarmprov_nb.swarm.reference import ADDRESS_SIZE

ChunkKind = Literal["data", "tree", "manifest"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A payload (0 to 4096 bytes), its span (bytes of content under it) and its address (32 bytes).

    ``origin`` says where it was read, for error messages.

    >>> Chunk.of(11, b"hello world").address.hex()[:8]
    '92672a47'
    """

    address: bytes
    span: int
    payload: bytes = field(repr=False)
    origin: str = field(default="", compare=False)
    # set by this module only, after hashing: a chunk is hashed once, however many layers look at it
    _proven: bool = field(default=False, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, span: int, payload: bytes) -> Chunk:
        """Make a chunk from its content, by computing its address."""
        chunk = cls(chunk_address(span, payload), span, bytes(payload))
        object.__setattr__(chunk, "_proven", True)
        return chunk

    def verified(self) -> Chunk:
        """Return this chunk if its bytes hash to its address.

        Raises
        ------
        ChunkCorrupt
            They do not; the message names the address and the origin.
        """
        verify_chunks([self])
        return self


def verify_chunks(chunks: Sequence[Chunk]) -> None:
    """Check that each chunk's bytes hash to its address, all in one pass.

    >>> verify_chunks([Chunk.of(0, b"")])

    Raises
    ------
    ChunkCorrupt
        One does not; the message names its address and origin.
    """
    unproven = [chunk for chunk in chunks if not chunk._proven]  # noqa: SLF001 - this module's own field
    for chunk in unproven:
        if len(chunk.payload) > CHUNK_SIZE or not 0 <= chunk.span < 1 << 64:
            raise _corrupt(chunk)
    payloads = b"".join([chunk.payload.ljust(CHUNK_SIZE, b"\0") for chunk in unproven])
    addresses = hash_chunks(payloads, [chunk.span for chunk in unproven]) if unproven else b""
    for index, chunk in enumerate(unproven):
        if addresses[index * ADDRESS_SIZE : (index + 1) * ADDRESS_SIZE] != chunk.address:
            raise _corrupt(chunk)
        object.__setattr__(chunk, "_proven", True)


def _corrupt(chunk: Chunk) -> ChunkCorrupt:
    where = f" in {chunk.origin}" if chunk.origin else ""
    return ChunkCorrupt(
        f"Chunk {chunk.address.hex()}{where} does not hash to its address.",
        "Get it from another copy: the bytes were changed after they were stored.",
    )


@dataclass(frozen=True)
class ChunkBatch:
    """Many chunks in one buffer: n x 4096 zero-padded bytes, n lengths, n spans and n x 32 bytes of addresses.

    The buffer belongs to whoever made the batch and is valid until the call that it is passed to returns.

    >>> len(ChunkBatch.of([Chunk.of(3, b"abc"), Chunk.of(0, b"")]))
    2
    """

    payloads: bytes | memoryview = field(repr=False)
    lengths: Sequence[int]
    spans: Sequence[int]
    addresses: bytes
    kind: ChunkKind = "data"

    @classmethod
    def of(cls, chunks: Sequence[Chunk], *, kind: ChunkKind = "data") -> ChunkBatch:
        """Pack chunks into one buffer."""
        return cls(
            payloads=b"".join([chunk.payload.ljust(CHUNK_SIZE, b"\0") for chunk in chunks]),
            lengths=[len(chunk.payload) for chunk in chunks],
            spans=[chunk.span for chunk in chunks],
            addresses=b"".join([chunk.address for chunk in chunks]),
            kind=kind,
        )

    def __len__(self) -> int:
        return len(self.spans)

    def address(self, index: int) -> bytes:
        """Address of one chunk, 32 bytes."""
        return self.addresses[index * ADDRESS_SIZE : (index + 1) * ADDRESS_SIZE]

    def payload(self, index: int) -> bytes | memoryview:
        """Payload of one chunk without its padding, as a view of the buffer where that is a memoryview."""
        start = index * CHUNK_SIZE
        return self.payloads[start : start + self.lengths[index]]

    def __iter__(self) -> Iterator[Chunk]:
        for index, span in enumerate(self.spans):
            yield Chunk(self.address(index), span, bytes(self.payload(index)))
