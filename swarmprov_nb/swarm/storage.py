"""What a place for chunks can do: the seam between references and where the bytes live.

Trees and collections sit above it and re-hash what they read, so every storage gives the same references and none is
trusted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch


@dataclass(frozen=True)
class UploadPlan:
    """What an upload is called, so that it can be resumed under the same name after an interruption.

    >>> UploadPlan("publish-2026-01-01")
    UploadPlan(id='publish-2026-01-01')
    """

    id: str


@dataclass(frozen=True)
class Stored:
    """What an upload did: ``chunks`` were put, ``new_chunks`` (``new_bytes`` of payload) were not there before."""

    root: bytes
    chunks: int
    new_chunks: int
    new_bytes: int


@dataclass(frozen=True)
class Status:
    """Whether a root can be read now, and until when it is paid for; None where that is unknown or has no end."""

    retrievable: bool | None
    expires: datetime | None = None


@runtime_checkable
class Upload(Protocol):
    """An upload under way. Children are put before their parents, so that a root that is there is whole."""

    def put(self, batch: ChunkBatch) -> None:
        """Take chunks; the batch's buffer may be reused once this returns."""

    def finish(self) -> Stored:
        """Return once everything is really there."""


@runtime_checkable
class Storage(Protocol):
    """A place for chunks. Methods raise StorageError, ``read`` also ChunkNotFound and ChunkCorrupt."""

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for."""

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether each address is held."""

    def upload(self, root: bytes, plan: UploadPlan) -> Upload:
        """Open an upload, or resume the one with this plan's id; an empty root where it is not known yet."""

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the design's signature
        """Mark a root as kept, or no longer."""

    def pins(self) -> Iterator[bytes]:
        """Roots that are kept."""

    def status(self, root: bytes) -> Status:
        """Whether a root can be read."""
