"""An upload through a Bee node: by stream, else by POST, under one tag, until the network has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.faults import is_transient
from swarmprov_nb.swarm.bee.holding import held
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.posting import Posting
from swarmprov_nb.swarm.bee.stewardship import await_found, retrievable
from swarmprov_nb.swarm.bee.stream import ChunkStream, Item
from swarmprov_nb.swarm.bee.tags import Tag, await_pushed, await_split
from swarmprov_nb.swarm.bee.upload import Progress, ResumableUpload, Sender
from swarmprov_nb.swarm.bee.upload_journal import Session, UploadJournal
from swarmprov_nb.swarm.storage import Storage

# a node that dies forgets what came on a stream that is still open: 128 MiB at most
_SESSION = 32768
_STREAM_TRIES = 2
# seconds in which a node works off what was on its way when the connection ended
_DRAINED = 5.0
_LOOKED = 60.0
Made = TypeVar("Made")
_NO_STREAM = frozenset({"garbage", "refused", "not-bee", "redirect"})


class BeeUpload(ResumableUpload):
    """An upload to ``node``, paid by ``batch``; made by ``BeeStorage.upload``.

    Raises
    ------
    StorageError
        The node is not ready, or the same upload is under way elsewhere.
    """

    def __init__(
        self,
        node: BeeNode,
        *,
        batch: str,
        root: bytes,
        journal: UploadJournal,
        source: Storage | None = None,
        progress: Progress | None = None,
        check: Callable[[], None] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(
            node.connections,
            node.patience,
            root=root,
            journal=journal,
            source=source,
            progress=progress,
            check=check,
        )
        self._node = node
        self._batch = batch
        self._say = say
        self._posts = False
        self._tag = journal.session.tag if journal.session is not None else None
        self.confirmed: bool | None = None
        try:
            self._resume()
        except BaseException:
            journal.close()
            raise

    @property
    def tag(self) -> str | None:
        """The node's number for this upload, once it has one."""
        return self._tag

    def _resume(self) -> None:
        if self._journal.done:
            found = self._root and retrievable(self._node, self._root, seconds=_LOOKED, check=self._check)
            self._whole = found is True
            if not self._whole:
                self._journal.restart()
                self._tag = None
            return
        self._settle(seconds=self._patience.counted)
        # on a first opening nothing is owed: whatever was lost will be put again
        self._owed.clear()
        self._ask_for_unsure()

    def _settle(self, *, seconds: float) -> None:
        """Make sure that the node kept what it acked, by its own count, and find what it has lost."""
        session, acked = self._journal.session, list(self._journal.in_session)
        if session is None:
            return
        # a count that has moved says that the session has ended: from then on the node's answers are final
        expected = len(acked) or min(1, len(self._journal.unsure))
        counted = await_split(
            self._node,
            session.tag,
            session.split + expected,
            seconds=seconds if acked else min(seconds, _DRAINED),
            check=self._check,
        )
        if counted is None:
            self._tag = None
        if counted is not True and acked:
            there = held(self._connections, acked, patience=self._patience, check=self._check)
            lost = [address for address, known in zip(acked, there, strict=True) if not known]
            self._journal.forget(lost)
            self._owed.update(dict.fromkeys(lost))
        self._journal.kept()

    def _open_sender(self) -> Sender:
        tag = None if self._tag is None else Tag.read(self._node, self._tag, self._check)
        tag = tag or Tag.new(self._node, self._check)
        self._tag = tag.uid
        self._journal.begin(Session(tag.uid, tag.split))
        if not self._posts:
            try:
                return ChunkStream(self._node, batch=self._batch, tag=tag.uid, on_ack=self._on_ack, check=self._check)
            except StorageError as error:
                if error.kind not in _NO_STREAM:
                    raise
                self._posts = True
        return Posting(
            self._connections,
            batch=self._batch,
            tag=tag.uid,
            on_ack=self._on_ack,
            check=self._check,
            patience=self._patience,
        )

    def _deliver(self, items: list[Item]) -> None:
        super()._deliver(items)
        if len(self._journal.in_session) >= _SESSION:
            self._end_session()

    def _end_session(self) -> None:
        self._end_sender()
        # the count follows the end of a session within moments, unless the node died
        self._patiently(lambda: self._settle(seconds=3 * self._patience.counted))

    def _patiently(self, act: Callable[[], Made]) -> Made:
        """Do what asks the node, again where it restarts meanwhile."""
        tries = self._patience.tries
        while True:
            try:
                return act()
            except StorageError as error:
                tries -= 1
                if not is_transient(error) or not tries:
                    raise
                self._node.await_ready(self._check)

    def _may_go_on(self, error: StorageError) -> bool:
        return is_transient(error) or error.kind == "tag-gone" or (error.kind in _NO_STREAM and not self._posts)

    def _come_back(self, error: StorageError) -> None:
        if error.kind in _NO_STREAM or self._failures >= _STREAM_TRIES:
            self._posts = True
        if error.kind == "tag-gone":
            self._tag = None
        self._node.await_ready(self._check)
        self._settle(seconds=self._patience.counted)

    def _complete(self) -> None:
        self._end_session()
        while self._owed:
            self._repay()
            self._end_session()
        session = self._journal.session
        if session is not None:
            self._await_pushed(session.tag)
        if self._root and not self.confirmed:
            self.confirmed = await_found(self._node, self._root, check=self._check, say=self._say)

    def _await_pushed(self, tag: str) -> None:
        try:
            self._patiently(lambda: await_pushed(self._node, tag, check=self._check, say=self._say))
        except StorageError as error:
            if error.kind != "unpushed":
                raise
            # Bee drops chunks of a tag that it has counted where another POST under it fails: such a tag never comes to
            # its end, so the network has the last word
            seconds = self._patience.confirm
            if not self._root or not retrievable(self._node, self._root, seconds=seconds, check=self._check):
                self._journal.doubt()
                raise
            self.confirmed = True
