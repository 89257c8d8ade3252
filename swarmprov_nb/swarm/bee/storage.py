"""A Bee node as a Storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from swarmprov_nb.errors import ChunkNotFound, StorageError
from swarmprov_nb.swarm.bee.batch_id import parse_batch_id
from swarmprov_nb.swarm.bee.bee_upload import BeeUpload
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.fetching import Fetching
from swarmprov_nb.swarm.bee.holding import held
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.stewardship import LEVEL, retrievable
from swarmprov_nb.swarm.bee.upload import Progress
from swarmprov_nb.swarm.bee.upload_journal import UploadJournal
from swarmprov_nb.swarm.chunk import Chunk
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.swarm.storage import Status, Storage, UploadPlan

_MANY = 64 << 20


class BeeStorage:
    """Chunks in Swarm, through a Bee node of API 7.3 to 8: what it gives is re-hashed, what it takes is ours.

    Parameters
    ----------
    node
        The node.
    batch
        The postage batch that pays for uploads, 64 hexadecimal digits; None for reading only.
    journal
        A folder in which uploads are noted, so that they can be resumed after a kill; None: in memory only.
    source
        Where the chunks come from: asked again for those that the node took and lost when it died.
    progress, check, say
        Of uploads: called with the chunks and bytes taken so far; often, to raise where it should stop; with words
        about what is waited for.

    >>> BeeStorage(BeeNode.at("http://127.0.0.1:1633"))
    BeeStorage('http://127.0.0.1:1633')
    """

    def __init__(
        self,
        node: BeeNode,
        *,
        batch: str | None = None,
        journal: Path | None = None,
        source: Storage | None = None,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.node = node
        self.batch = None if batch is None else parse_batch_id(batch)
        self.journal = journal
        self._source = source
        self._progress = progress
        self._check = check
        self._say = say

    def __repr__(self) -> str:
        return f"BeeStorage({self.node.shown!r})"

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for, from the node or from the network through it, each re-hashed.

        Raises
        ------
        ChunkNotFound, ChunkCorrupt, StorageError
            Naming the address and the node.
        """
        return Fetching(self.node.connections, self.node.patience, self._check).read(addresses)

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether the node itself holds each address: the network may hold more.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        return held(self.node.connections, addresses, patience=self.node.patience, check=self._check)

    def upload(
        self,
        root: bytes,
        plan: UploadPlan,
        *,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        source: Storage | None = None,
    ) -> BeeUpload:
        """Open an upload, or resume the one with this plan's id; the keywords override those of the storage.

        Raises
        ------
        StorageError
            No batch is given, the node does not answer, or the same upload is under way elsewhere.
        """
        if self.batch is None:
            raise fault(
                "no-batch",
                f"An upload to {self.node.shown} needs a postage batch.",
                "Name one of the node's batches, or buy one.",
            )
        head = {"node": self.node.shown, "overlay": self._overlay(), "batch": self.batch, "root": root.hex()}
        return BeeUpload(
            self.node,
            batch=self.batch,
            root=root,
            journal=UploadJournal.within(self.journal, f"{self.node.shown} {plan.id}", head),
            source=source or self._source,
            progress=progress or self._progress,
            check=check or self._check,
            say=self._say,
        )

    def _overlay(self) -> str:
        # another node may have come to the same address: it holds nothing of what the old one took
        return str(self.node.json("/addresses", "telling its address").get("overlay", ""))

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Have the node keep all of a root, or no longer.

        Raises
        ------
        ChunkNotFound
            The node does not find all of it.
        StorageError
            The node does not do it.
        """
        path = f"/pins/{root.hex()}"
        if not keep:
            self.node.insist("DELETE", path, "unpinning", accept=(200, 404), check=self._check)
            return
        answer = self.node.ask("POST", path, headers=LEVEL, seconds=self.node.patience.confirm, check=self._check)
        if answer.status in {404, 500} and "pin collection failed" in answer.message:
            raise ChunkNotFound(
                f"The node at {self.node.shown} does not find all of {root.hex()}, so it cannot keep it.",
                "Push it there first.",
            )
        if answer.status not in {200, 201}:
            raise answer.failure("pinning")

    def pins(self) -> Iterator[bytes]:
        """Roots that the node keeps, in order.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        listed = self.node.json("/pins", "listing what it keeps", limit=_MANY, check=self._check).get("references")
        roots = [_address(text) for text in listed] if isinstance(listed, list) else []
        return iter(sorted(root for root in roots if root is not None))

    def status(self, root: bytes) -> Status:
        """Whether the network gives all of a root now, and until when the batch named pays.

        Raises
        ------
        StorageError
            The node does not answer.
        """
        found = retrievable(self.node, root, seconds=self.node.patience.confirm, check=self._check)
        return Status(retrievable=found, expires=self._expires())

    def _expires(self) -> datetime | None:
        if self.batch is None:
            return None
        from swarmprov_nb.swarm.bee.batches import Batches

        try:
            return Batches(self.node).get(self.batch).expires
        except StorageError as error:
            if error.kind.startswith("batch-"):
                return None
            raise


def _address(text: object) -> bytes | None:
    try:
        root = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return None
    return root if len(root) == ADDRESS_SIZE else None
