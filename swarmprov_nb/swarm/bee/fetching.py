"""Chunks read from a node or gateway, which is not believed: each is re-hashed before anyone sees it.

Source: Bee ``pkg/api/chunk.go``: GET /chunks/{address} answers span (8 bytes) and payload (at most 4096 bytes).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.connections import Connections, Request
from swarmprov_nb.swarm.bee.faults import is_transient, slow
from swarmprov_nb.swarm.bee.parallel import Check, in_order
from swarmprov_nb.swarm.bee.patience import Patience, wait
from swarmprov_nb.swarm.bmt import CHUNK_SIZE, SPAN
from swarmprov_nb.swarm.chunk import Chunk, verify_chunks

_LARGEST = SPAN.size + CHUNK_SIZE
# as many as fill the fast engine's lanes
_TOGETHER = 24
_NOT_FOUND_TRIES = 2


@dataclass(frozen=True)
class Fetching:
    """Reads chunks over connections; at most 64 of them are in memory, whatever is asked for."""

    connections: Connections
    patience: Patience
    check: Check = None

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for, every one re-hashed.

        Raises
        ------
        ChunkNotFound, ChunkCorrupt, StorageError
            Naming the address and where it was asked for.
        """
        together: list[Chunk] = []
        for chunk in in_order(self._one, addresses, check=self.check):
            together.append(chunk)
            if len(together) == _TOGETHER:
                verify_chunks(together)
                yield from together
                together = []
        verify_chunks(together)
        yield from together

    def _one(self, address: bytes, check: Check) -> Chunk:
        end = time.monotonic() + self.patience.chunk
        pauses = self.patience.pauses()
        missing = 0
        while True:
            try:
                answer = self._ask(address, end - time.monotonic(), check)
                if answer.status == HTTPStatus.OK:
                    return self._chunk(address, answer)
                missing += _says_missing(answer)
                if answer.status == HTTPStatus.NOT_FOUND or missing == _NOT_FOUND_TRIES:
                    raise self._not_found(address)
                failed = answer.failure(f"giving chunk {address.hex()}")
            except ChunkNotFound:
                raise
            except StorageError as error:
                failed = error
            pause = next(pauses, None)
            if not is_transient(failed) or pause is None or time.monotonic() + pause > end:
                told = StorageError(f"Chunk {address.hex()} could not be read: {failed.what}", failed.next_step)
                told.kind = failed.kind
                raise told
            wait(pause, check)

    def _ask(self, address: bytes, seconds: float, check: Check) -> Answer:
        if seconds <= 0:
            raise slow(self.connections.endpoint.shown, "")
        seconds = min(seconds, self.patience.chunk)
        return self.connections.exchange(
            Request("GET", f"/chunks/{address.hex()}", seconds=seconds, limit=_LARGEST, check=check)
        )

    def _chunk(self, address: bytes, answer: Answer) -> Chunk:
        body = answer.body
        if answer.is_page:
            raise answer.page()
        if len(body) < SPAN.size:
            raise ChunkCorrupt(
                f"{answer.shown} gave {len(body)} bytes for chunk {address.hex()}, which are no chunk.",
                "Get it from another node: this one does not give what was asked for.",
            )
        return Chunk(address, SPAN.unpack_from(body)[0], body[SPAN.size :], origin=answer.shown)

    def _not_found(self, address: bytes) -> ChunkNotFound:
        return ChunkNotFound(
            f"Chunk {address.hex()} is not to be found by {self.connections.endpoint.shown}.",
            "Ask another node, or try again later: the network may hold it and not give it just now.",
        )


def _says_missing(answer: Answer) -> bool:
    """Whether it means that nobody has the chunk: a node with few peers says 500 where others say 404."""
    return answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and (
        "read chunk failed" in answer.message or "not found" in answer.message.lower()
    )
