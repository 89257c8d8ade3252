"""FakeBee: a node that tests can have at once, on loopback, and that can be made to fail."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Self

from swarmprov_nb.testing.fake_bee import (
    bytes_routes,
    bzz_routes,
    chunk_routes,
    keeping_routes,
    later_routes,
    node_routes,
    stamp_routes,
    stream,
    tag_routes,
)
from swarmprov_nb.testing.fake_bee.answer import Answer, Request
from swarmprov_nb.testing.fake_bee.chain import PRICE, Chain
from swarmprov_nb.testing.fake_bee.disk import Disk
from swarmprov_nb.testing.fake_bee.faults import Faults
from swarmprov_nb.testing.fake_bee.node import Network, Node
from swarmprov_nb.testing.fake_bee.router import Route, Router
from swarmprov_nb.testing.fake_bee.server import Server
from swarmprov_nb.testing.fake_bee.tags import Tag
from swarmprov_nb.testing.fake_bee.version import VERSIONS, Version

# 150 days at the price of this chain
AMOUNT = 62_208_000_000
_USABLE = 17


class FakeBee:
    """A Bee node as far as publishers need one: it computes what it answers, and opens nothing but loopback.

    >>> from urllib.request import urlopen
    >>> with FakeBee() as bee:
    ...     urlopen(bee.url + "/readiness").status, len(bee.batch)
    (200, 64)

    ``version`` is "2.8.1" or "2.8.0". ``batches`` are the depths of batches that exist from the start and are usable;
    ``batch`` is the first one's id. Blocks pass by ``mine``, and where ``block_seconds`` is given with time. With a
    ``folder`` the state survives the end of the process. ``peer`` is another FakeBee: both then have one chain, and
    each finds what the other has pushed. ``peers`` "few" gives the answers of a node that runs out of peers to ask.
    ``pace`` is how many seconds a chunk takes on the node, whichever way it comes (a real one's: about 0.0003).
    ``faults`` (see `Faults`) can be switched while it runs. Only level 0 without encryption: more is answered 501.
    """

    def __init__(
        self,
        *,
        version: str = "2.8.1",
        faults: Faults | None = None,
        batches: Sequence[int] = (22,),
        folder: Path | None = None,
        port: int = 0,
        peer: FakeBee | None = None,
        peers: str = "many",
        mode: str = "light",
        chain_id: int = 100,
        bzz: float = 1000.0,
        block_seconds: float | None = None,
        origins: Sequence[str] = (),
        pace: float = 0.0,
    ) -> None:
        self.faults = faults if faults is not None else Faults()
        self.network: Network = peer.network if peer is not None else Network(Chain(block_seconds))
        self.requests: list[tuple[str, str]] = []
        chosen = VERSIONS[version]
        self._node = Node(self.network, chosen, self.faults, mode=mode, peers=peers, chain_id=chain_id, bzz=bzz)
        self._node.origins, self._node.pace, self._node.on_kill = tuple(origins), pace, self._die
        self._router = Router(_routes(chosen), origins)
        self._server = Server(self._answer, self.faults, self.requests)
        self._port = port
        self._restarting: threading.Thread | None = None
        if not self._load(folder):
            self._buy(batches)

    def _load(self, folder: Path | None) -> bool:
        if folder is None:
            return False
        self._node.disk = Disk(folder)
        return self._node.disk.load(self._node)

    def _buy(self, depths: Sequence[int]) -> None:
        for depth in depths:
            batch = self._node.network.chain.buy(self._node.ethereum, AMOUNT, depth, immutable=True)
            batch.bought -= _USABLE
            self._node.adopt(batch)

    def _answer(self, request: Request) -> Answer:
        return self._router.answer(self._node, request)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def start(self) -> None:
        """Listen; `with` does it."""
        self._port = self._server.start(self._port)

    def close(self) -> None:
        """Stop, and close the folder's file; AssertionError where the double itself failed at a request."""
        if self._restarting is not None:
            self._restarting.join()
        self._server.stop()
        if self._node.disk is not None:
            self._node.disk.close()
        assert not self._server.failures, "\n".join(self._server.failures)

    # what a client is given

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """What a client is told: http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def batch(self) -> str:
        """Id of the oldest batch of this node, 64 digits; StopIteration where there is none."""
        return next(iter(self._node.issuers)).hex()

    # what a test looks at

    @property
    def chunks(self) -> Mapping[bytes, tuple[int, bytes]]:
        """Span and payload of each chunk in the node's own store, by address."""
        return MappingProxyType(self._node.chunks)

    @property
    def pushed(self) -> Mapping[bytes, tuple[int, bytes]]:
        """What the network has got of chunks, by address."""
        return MappingProxyType(self.network.chunks)

    @property
    def received(self) -> Counter[bytes]:
        """How often each address came by an upload."""
        return self._node.received

    @property
    def connected(self) -> int:
        """How many connections it serves now: of a client that was killed, what is under way still comes."""
        return self._server.connected

    @property
    def peers(self) -> str:
        """Whether it has "many" peers to ask, or "few"."""
        return self._node.peers

    @peers.setter
    def peers(self, many_or_few: str) -> None:
        self._node.peers = many_or_few

    @property
    def tags(self) -> list[Tag]:
        """All tags, oldest first."""
        return self._node.tags.list()

    @property
    def balance(self) -> int:
        """BZZ in the wallet, in the smallest unit (PLUR)."""
        return self._node.balance

    @balance.setter
    def balance(self, plur: int) -> None:
        self._node.balance = plur

    @property
    def native_balance(self) -> int:
        """The chain's own coin in the wallet, in its smallest unit (wei)."""
        return self._node.native_balance

    @native_balance.setter
    def native_balance(self, wei: int) -> None:
        self._node.native_balance = wei

    # what a test does

    def mine(self, blocks: int = 1) -> None:
        """Let blocks pass: events are known after 7, a batch is usable after 17."""
        self.network.chain.mine(blocks)
        self._node.save_postage()

    def expire_in(self, batch: str, blocks: int) -> None:
        """Let blocks pass until a batch has only so many left."""
        chain = self.network.chain
        left = chain.batches[bytes.fromhex(batch)].value_at(chain.block) - chain.total_amount
        self.mine(-(-left // PRICE) - blocks)

    def add_batch(
        self, depth: int = 22, *, amount: int = AMOUNT, immutable: bool = True, label: str = "", usable: bool = True
    ) -> str:
        """Give the node another batch that costs nothing, and return its id."""
        batch = self.network.chain.buy(self._node.ethereum, amount, depth, immutable=immutable)
        batch.bought -= _USABLE * usable
        self._node.adopt(batch, label)
        return batch.id.hex()

    def foreign_batch(self, owner: bytes, depth: int = 20) -> str:
        """Put a batch of someone else (20 bytes of address) on the chain, and return its id."""
        batch = self.network.chain.buy(owner, AMOUNT, depth, immutable=True)
        batch.bought -= _USABLE
        self._node.save_postage()
        return batch.id.hex()

    def push(self, most: int | None = None) -> int:
        """Push chunks that wait, even where `faults.push_held`; returns how many."""
        return self._node.push(most, anyway=True)

    def forget(self, address: bytes) -> None:
        """Lose a chunk, here and in the network."""
        with self._node.lock:
            self._node.chunks.pop(address, None)
            self.network.chunks.pop(address, None)

    def sync_to(self, other: FakeBee) -> None:
        """Give another node of another network what this one has pushed."""
        other.network.chunks.update(self.network.chunks)

    def restart(self, down: float = 0.0) -> None:
        """Kill the node and start it again on its port, after so many seconds: uploads under way are gone."""
        with self._node.lock:
            self._node.down = True
        self._server.stop(reset=True)
        time.sleep(down)
        self._node.down = False
        self._server.start(self._port)

    def _die(self) -> None:
        self._restarting = threading.Thread(target=self.restart, args=(self.faults.restart_seconds,), daemon=True)
        self._restarting.start()


def _routes(version: Version) -> list[Route]:
    chunks = [*stream.routes(version), *chunk_routes.ROUTES]
    return [
        *node_routes.ROUTES,
        *tag_routes.ROUTES,
        *stamp_routes.routes(version),
        *chunks,
        *bytes_routes.ROUTES,
        *bzz_routes.ROUTES,
        *keeping_routes.ROUTES,
        *later_routes.ROUTES,
    ]
