"""An upload to a Bee node: each chunk is sent once, through kills here, restarts there and cut connections between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Protocol

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.connections import Connections
from swarmprov_nb.swarm.bee.faults import fault, is_transient
from swarmprov_nb.swarm.bee.holding import held
from swarmprov_nb.swarm.bee.patience import Patience, wait
from swarmprov_nb.swarm.bee.stream import Item
from swarmprov_nb.swarm.bee.upload_journal import UploadJournal
from swarmprov_nb.swarm.bmt import SPAN
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch
from swarmprov_nb.swarm.storage import Storage, Stored

_AGAIN = 128
Progress = Callable[[int, int], None]


class Sender(Protocol):
    """A way for chunks to go: a stream, or many POSTs."""

    @property
    def unacked(self) -> Iterable[Item]:
        """What was sent and not acked."""

    def send(self, items: Sequence[Item]) -> None:
        """Send, perhaps not waiting for acks."""

    def flush(self) -> None:
        """Wait for all acks."""

    def close(self) -> None:
        """End in order."""

    def abandon(self) -> None:
        """End at once."""


class ResumableUpload:
    """What uploads to a node and to a gateway have in common: the journal, duplicates, progress and trying again.

    Subclasses say how to open a sender, what to do after it broke, and what being done means.
    """

    def __init__(
        self,
        connections: Connections,
        patience: Patience,
        *,
        root: bytes,
        journal: UploadJournal,
        source: Storage | None,
        progress: Progress | None,
        check: Callable[[], None] | None,
    ) -> None:
        self._connections = connections
        self._patience = patience
        self._root = root
        self._journal = journal
        self._source = source
        self._progress = progress
        self._check = check
        self._sender: Sender | None = None
        self._owed: dict[bytes, None] = {}
        self._whole = False
        self._failures = 0
        self._put = self._acked = self._acked_bytes = self._new = self._new_bytes = 0

    @property
    def sent(self) -> int:
        """Chunks that this upload has sent itself and that were taken."""
        return self._new

    @property
    def acked(self) -> int:
        """Chunks put so far that the other side has taken, now or earlier."""
        return self._acked

    def put(self, batch: ChunkBatch) -> None:
        """Send the chunks that were not sent before.

        Raises
        ------
        StorageError
            The other side refuses them, or stayed away too long. Opening the upload again goes on from there.
        """
        try:
            self._put_new(batch)
        except BaseException:
            self.abandon()
            raise

    def _put_new(self, batch: ChunkBatch) -> None:
        if self._check is not None:
            self._check()
        items: dict[bytes, bytes] = {}
        known = known_bytes = 0
        under_way = self._journal.unsure
        for number, span in enumerate(batch.spans):
            address = batch.address(number)
            if self._whole or address in self._journal.acked or address in items or address in under_way:
                known += 1
                known_bytes += batch.lengths[number]
            else:
                items[address] = b"".join((SPAN.pack(span), batch.payload(number)))
        self._put += len(batch)
        self._count(known, known_bytes)
        self._deliver(list(items.items()))

    def _count(self, chunks: int, size: int) -> None:
        self._acked += chunks
        self._acked_bytes += size
        if self._progress is not None and chunks:
            self._progress(self._acked, self._acked_bytes)

    def _deliver(self, items: list[Item]) -> None:
        if items:
            self._journal.sending([address for address, _ in items])
            self._through(items)

    def _through(self, items: list[Item], *, flush: bool = False) -> None:
        """Hand items to a sender, and whatever is left of them to the next one where it breaks."""
        while True:
            try:
                if self._sender is None:
                    if not items:
                        return
                    self._sender = self._open_sender()
                self._sender.send(items)
                if flush:
                    self._sender.flush()
            except StorageError as error:
                items = self._recovered(error, items)
            else:
                return

    def _recovered(self, error: StorageError, items: list[Item]) -> list[Item]:
        sender, self._sender = self._sender, None
        unacked = [] if sender is None else list(sender.unacked)
        if sender is not None:
            sender.abandon()
        self._failures += 1
        if not self._may_go_on(error) or self._failures > self._patience.tries:
            raise error
        wait(min(2.0, self._patience.pause * 2 ** (self._failures - 1)), self._check)
        left = dict([*unacked, *items])
        asked = [address for address in left if address not in self._journal.acked]
        self._come_back(error)
        there = self._held(asked)
        self._took([(address, left[address]) for address, known in zip(asked, there, strict=True) if known])
        return [(address, left[address]) for address, known in zip(asked, there, strict=True) if not known]

    def _took(self, items: list[Item]) -> None:
        if not items:
            return
        self._journal.took([address for address, _ in items])
        size = sum(len(data) - SPAN.size for _, data in items)
        self._new += len(items)
        self._new_bytes += size
        self._count(len(items), size)

    def _on_ack(self, items: list[Item]) -> None:
        self._failures = 0
        self._took(items)

    def _ask_for_unsure(self) -> None:
        """Ask for what was under way when the upload was interrupted; what is not there will be sent again."""
        unsure = list(self._journal.unsure)
        if not unsure:
            return
        there = self._held(unsure)
        found = [address for address, known in zip(unsure, there, strict=True) if known]
        if found:
            self._journal.took(found)
        self._journal.forget([address for address, known in zip(unsure, there, strict=True) if not known])

    def _repay(self) -> None:
        """Send again what was taken and then lost, from where the chunks came from."""
        while self._owed:
            addresses = [address for address in islice(self._owed, _AGAIN) if address not in self._journal.acked]
            for address in list(islice(self._owed, _AGAIN)):
                del self._owed[address]
            if addresses and self._source is None:
                raise fault(
                    "lost",
                    f"{self._connections.endpoint.shown} lost {len(addresses) + len(self._owed)} chunks that it had"
                    " taken.",
                    "Run the same command again: it sends only those.",
                )
            if addresses and self._source is not None:
                self._again(self._source.read(addresses))

    def _again(self, chunks: Iterable[Chunk]) -> None:
        items = [(chunk.address, SPAN.pack(chunk.span) + chunk.payload) for chunk in chunks]
        # they were counted when they were taken the first time
        self._acked -= len(items)
        self._acked_bytes -= sum(len(data) - SPAN.size for _, data in items)
        self._deliver(items)

    def _end_sender(self) -> None:
        self._through([], flush=True)
        if self._sender is not None:
            sender, self._sender = self._sender, None
            sender.close()

    def finish(self) -> Stored:
        """Return once everything is there, as far as the other side can tell.

        Raises
        ------
        StorageError
            It is not within the time allowed, or the root that the upload was opened for was never put.
        """
        try:
            if self._root and not self._whole and not self._has(self._root):
                raise StorageError(f"The upload of {self._root.hex()} ended before its root.", "Store it again.")
            self._complete()
            self._journal.finished()
        finally:
            self.abandon()
        return Stored(self._root, self._put, self._new, self._new_bytes)

    def _has(self, address: bytes) -> bool:
        return address in self._journal.acked or address in self._journal.unsure

    def abandon(self) -> None:
        """Let go of connections and journal; another upload with the same plan goes on from here."""
        if self._sender is not None:
            self._sender.abandon()
            self._sender = None
        self._journal.close()

    def _held(self, addresses: Sequence[bytes]) -> list[bool]:
        return held(self._connections, addresses, patience=self._patience, check=self._check)

    def _open_sender(self) -> Sender:
        raise NotImplementedError

    def _may_go_on(self, error: StorageError) -> bool:
        return is_transient(error)

    def _come_back(self, error: StorageError) -> None:
        raise NotImplementedError

    def _complete(self) -> None:
        raise NotImplementedError
