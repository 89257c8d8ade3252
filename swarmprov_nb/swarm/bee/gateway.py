"""A gateway that takes chunks: plain ``/chunks``, with a postage batch or none, and nothing about it is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from swarmprov_nb.errors import ChunkNotFound
from swarmprov_nb.swarm.bee.batch_id import parse_batch_id
from swarmprov_nb.swarm.bee.connections import Connections, Request
from swarmprov_nb.swarm.bee.endpoint import Endpoint
from swarmprov_nb.swarm.bee.fetching import Fetching
from swarmprov_nb.swarm.bee.gateway_upload import GatewayUpload
from swarmprov_nb.swarm.bee.node import insist
from swarmprov_nb.swarm.bee.parallel import Check, in_order
from swarmprov_nb.swarm.bee.patience import Patience
from swarmprov_nb.swarm.bee.upload import Progress
from swarmprov_nb.swarm.bee.upload_journal import UploadJournal
from swarmprov_nb.swarm.chunk import Chunk
from swarmprov_nb.swarm.storage import Status, Storage, UploadPlan


class GatewayStorage:
    """Chunks through a gateway's plain ``/chunks``: re-hashed when read, compared and read back when sent.

    Parameters
    ----------
    url
        The gateway's address; a path after the host is allowed, and never shown.
    batch
        A postage batch, where the gateway asks for one.
    journal, source, progress, check
        As of ``BeeStorage``.

    >>> GatewayStorage("https://gateway.example/swarm")
    GatewayStorage('https://gateway.example:443')

    Raises
    ------
    UsageError
        The URL or the batch id cannot be meant.
    """

    def __init__(
        self,
        url: str,
        *,
        batch: str | None = None,
        journal: Path | None = None,
        source: Storage | None = None,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        say: Callable[[str], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.endpoint = Endpoint.parse(url.removeprefix("gateway:"), path_allowed=True)
        self.batch = None if batch is None else parse_batch_id(batch)
        self.journal = journal
        self._connections = Connections(self.endpoint)
        self._patience = patience or Patience()
        self._source = source
        self._progress = progress
        self._check = check
        self._say = say

    @property
    def shown(self) -> str:
        """Scheme, host and port."""
        return self.endpoint.shown

    def __repr__(self) -> str:
        return f"GatewayStorage({self.shown!r})"

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for, each re-hashed.

        Raises
        ------
        ChunkNotFound, ChunkCorrupt, StorageError
            Naming the address and the gateway.
        """
        return Fetching(self._connections, self._patience, self._check).read(addresses)

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether each address can be read there now, found out by reading it.

        Raises
        ------
        StorageError
            The gateway does not tell, or gives other bytes.
        """

        def readable(address: bytes, check: Check) -> bool:
            fetching = Fetching(self._connections, self._patience, check)
            try:
                list(fetching.read([address]))
            except ChunkNotFound:
                return False
            return True

        return list(in_order(readable, addresses, check=self._check))

    def upload(
        self,
        root: bytes,
        plan: UploadPlan,
        *,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        source: Storage | None = None,
    ) -> GatewayUpload:
        """Open an upload, or resume the one with this plan's id; the keywords override those of the storage.

        Raises
        ------
        StorageError
            The same upload is under way elsewhere.
        """
        name = f"{self.shown} {self.endpoint.prefix} {plan.id}"
        head = {"gateway": self.shown, "batch": self.batch or "", "root": root.hex()}
        return GatewayUpload(
            self._connections,
            self._patience,
            batch=self.batch,
            root=root,
            journal=UploadJournal.within(self.journal, name, head),
            source=source or self._source,
            progress=progress or self._progress,
            check=check or self._check,
        )

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Do nothing: a gateway keeps what it likes, and nobody's word on it is asked."""

    def pins(self) -> Iterator[bytes]:
        """None: a gateway keeps nothing for us."""
        return iter(())

    def status(self, root: bytes) -> Status:
        """Whether the root's own chunk can be read; until when is not known.

        Raises
        ------
        StorageError
            The gateway does not answer.
        """
        return Status(retrievable=self.has([root])[0])

    def test(self) -> None:
        """Ask for one chunk that nobody has, to see whether a gateway answers there.

        Raises
        ------
        StorageError
            None does; the message says what is there instead.
        """
        request = Request("GET", f"/chunks/{'00' * 31}01", seconds=self._patience.answer)
        answer = insist(
            self._connections,
            request,
            "giving chunks",
            accept=frozenset({200, 404, 500}),
            patience=self._patience,
        )
        if answer.is_page:
            raise answer.page()
