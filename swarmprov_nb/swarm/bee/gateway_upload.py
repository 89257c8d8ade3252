"""An upload to a gateway: by POST, and done when what was sent can be read back."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from swarmprov_nb.errors import ChunkNotFound, StorageError
from swarmprov_nb.swarm.bee.connections import Connections
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.fetching import Fetching
from swarmprov_nb.swarm.bee.patience import Patience, wait
from swarmprov_nb.swarm.bee.posting import Posting
from swarmprov_nb.swarm.bee.upload import Progress, ResumableUpload, Sender
from swarmprov_nb.swarm.bee.upload_journal import Session, UploadJournal
from swarmprov_nb.swarm.storage import Storage

_SAMPLE = 32
_LOOK = 1.0


class GatewayUpload(ResumableUpload):
    """An upload to a gateway: done when the root and a sample of the chunks, drawn here, read back as they are."""

    def __init__(
        self,
        connections: Connections,
        patience: Patience,
        *,
        batch: str | None,
        root: bytes,
        journal: UploadJournal,
        source: Storage | None = None,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(
            connections, patience, root=root, journal=journal, source=source, progress=progress, check=check
        )
        self._batch = batch
        try:
            if journal.done:
                journal.restart()
            # a gateway does not tell what it holds: what was under way is sent again, which changes nothing
            journal.forget(list(journal.unsure))
        except BaseException:
            journal.close()
            raise

    @property
    def tag(self) -> None:
        """A gateway gives none."""

    def _open_sender(self) -> Sender:
        self._journal.begin(Session("", 0))
        return Posting(
            self._connections,
            batch=self._batch,
            tag=None,
            on_ack=self._on_ack,
            check=self._check,
            patience=self._patience,
        )

    def _held(self, addresses: Sequence[bytes]) -> list[bool]:
        return [False] * len(addresses)

    def _come_back(self, error: StorageError) -> None:
        del error

    def _complete(self) -> None:
        self._end_sender()
        acked = sorted(self._journal.acked)
        sample = random.SystemRandom().sample(acked, min(_SAMPLE, len(acked)))
        wanted = dict.fromkeys([*([self._root] if self._root else []), *sample])
        end = time.monotonic() + self._patience.confirm
        fetching = Fetching(self._connections, self._patience, self._check)
        while True:
            try:
                for _ in fetching.read(list(wanted)):
                    pass
            except ChunkNotFound as error:
                if time.monotonic() + _LOOK > end:
                    self._journal.doubt()
                    raise fault("unfound", error.what, "Run the same command again: it sends what is lost.") from error
                # what was just taken may take a moment to be found
                wait(_LOOK, self._check)
            else:
                return
