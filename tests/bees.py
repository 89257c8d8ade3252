"""Nodes to test against: a FakeBee always, and a live Bee where SWARMPROV_TEST_BEE names one."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from swarmprov_nb.swarm import MemoryStorage, UploadPlan, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, Patience
from swarmprov_nb.testing import FakeBee

LIVE, LIVE_BATCH = os.environ.get("SWARMPROV_TEST_BEE", ""), os.environ.get("SWARMPROV_TEST_BEE_BATCH", "")
UNNAMED = "SWARMPROV_TEST_BEE and SWARMPROV_TEST_BEE_BATCH name no live node"
NODES = [
    "fake",
    pytest.param("live", marks=[pytest.mark.bee, pytest.mark.skipif(not (LIVE and LIVE_BATCH), reason=UNNAMED)]),
]
# short waits: what these tests provoke either passes at once or never
QUICK = Patience(answer=5, chunk=5, restart=8, counted=0.5, push=2, confirm=2, usable=5, tries=4, pause=0.02)


@dataclass
class Bee:
    """A node under test; ``fake`` is None where it is a live one."""

    node: BeeNode
    batch: str
    fake: FakeBee | None

    def storage(self, **options) -> BeeStorage:
        return BeeStorage(self.node, batch=self.batch, **options)


@contextmanager
def bee(kind: str = "fake") -> Iterator[Bee]:
    if kind == "live":
        yield Bee(BeeNode.at(LIVE), LIVE_BATCH, None)
        return
    with FakeBee() as fake:
        yield Bee(BeeNode.at(fake.url, patience=QUICK), fake.batch, fake)


def content(chunks: int) -> bytes:
    """Random bytes for so many leaf chunks, the last one short."""
    return secrets.token_bytes(4096 * chunks - 100)


def local(data: bytes) -> tuple[MemoryStorage, bytes]:
    """A store that holds a file, and the file's root."""
    store = MemoryStorage()
    upload = store.upload(b"", UploadPlan("local"))
    return store, split(data, upload)


@contextmanager
def dripping(pieces: Sequence[bytes], *, pause: float = 0.0, close: bool = True) -> Iterator[str]:
    """A server that is no Bee node: it sends these pieces to whoever asks, with pauses; its URL."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    if over.wait(pause):
                        return
                if not close:
                    over.wait()
            except OSError:
                pass

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        over.set()
        server.close()
