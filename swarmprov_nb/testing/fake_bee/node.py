"""A node's state: its chunks, issuers, tags and pins, and the network that it pushes to."""

from __future__ import annotations

import secrets
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from swarmprov_nb.testing.fake_bee.answer import refuse
from swarmprov_nb.testing.fake_bee.chain import Batch, Chain, ChainRefused
from swarmprov_nb.testing.fake_bee.faults import Faults
from swarmprov_nb.testing.fake_bee.postage import Issuer
from swarmprov_nb.testing.fake_bee.tags import Tag, Tags
from swarmprov_nb.testing.fake_bee.version import Version

if TYPE_CHECKING:
    from swarmprov_nb.testing.fake_bee.disk import Disk

Data = tuple[int, bytes]
CHAINLESS = {"ultra-light", "dev"}
NO_CHAIN = "Chain is disabled. This endpoint is unavailable."
_BZZ = 10**16


class Network:
    """What nodes share: a chain, and the chunks that were pushed."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.chunks: dict[bytes, Data] = {}


class NotFound(Exception):
    """Neither the node nor the network has a chunk."""


class Node:
    """One node. Every change is made under `lock`."""

    def __init__(
        self, network: Network, version: Version, faults: Faults, *, mode: str, peers: str, chain_id: int, bzz: float
    ) -> None:
        self.lock = threading.RLock()
        self.network = network
        self.version = version
        self.faults = faults
        self.mode = mode
        self.peers = peers
        self.chain_id = chain_id
        self.pace = self.busy_until = 0.0
        self.peer_overlays = sorted(secrets.token_hex(32) for _ in range(2))
        self.overlay, self.public_key, self.pss_key = (secrets.token_hex(size) for size in (32, 33, 33))
        self.ethereum, self.chequebook = secrets.token_bytes(20), secrets.token_bytes(20)
        self.balance = int(bzz * _BZZ)
        self.native_balance = 10**18
        self.chunks: dict[bytes, Data] = {}
        self.received: Counter[bytes] = Counter()
        self.issuers: dict[bytes, Issuer] = {}
        self.tags = Tags()
        self.origins: tuple[str, ...] = ()
        self.pins: dict[bytes, list[bytes]] = {}
        self.queue: deque[tuple[bytes, bytes, int]] = deque()
        self.queued: set[tuple[bytes, bytes]] = set()
        self.disk: Disk | None = None
        self.down = False
        self.on_kill: Callable[[], None] = lambda: None

    def kill(self) -> None:
        """End every upload under way, as a node that is killed; whoever runs it is told and starts it again."""
        self.down = True
        self.on_kill()

    # batches

    def buy(self, amount: int, depth: int, *, immutable: bool, label: str) -> Batch:
        """Buy a batch from the node's wallet; ChainRefused."""
        with self.lock:
            cost = amount << depth
            if cost > self.balance:
                raise ChainRefused("out of funds")
            batch = self.network.chain.buy(self.ethereum, amount, depth, immutable=immutable)
            self.balance -= cost
            self.adopt(batch, label)
            return batch

    def adopt(self, batch: Batch, label: str = "") -> None:
        """Stamp with a batch from now on."""
        self.issuers[batch.id] = Issuer(batch.id, depth=batch.depth, immutable=batch.immutable, label=label)
        self.save_postage(batch.id)

    def top_up(self, batch_id: bytes, amount: int) -> None:
        """Pay for a batch of anyone; ChainRefused."""
        with self.lock:
            chain = self.network.chain
            depth = chain.batches[batch_id].depth_at(chain.block) if batch_id in chain.batches else 0
            if amount << depth > self.balance:
                raise ChainRefused("out of funds")
            chain.top_up(batch_id, amount)
            self.balance -= amount << depth
            self.save_postage(batch_id)

    def dilute(self, batch_id: bytes, depth: int) -> None:
        """Make an own batch deeper; ChainRefused."""
        with self.lock:
            self.network.chain.dilute(batch_id, depth, self.ethereum)
            self.save_postage(batch_id)

    def issuer(self, batch_id: bytes) -> Issuer | None:
        """Return the issuer of an own batch that has not expired, with the depth that the node knows of."""
        chain = self.network.chain
        issuer = self.issuers.get(batch_id)
        if issuer is None or chain.is_expired(batch_id):
            return None
        issuer.depth = chain.batches[batch_id].depth_at(chain.seen)
        return issuer

    def is_usable(self, batch_id: bytes) -> bool:
        """Whether this node stamps with a batch now."""
        return self.network.chain.is_usable(batch_id) and not self.faults.not_usable

    def stamping(self, batch_id: bytes) -> Issuer:
        """Return the issuer to stamp an upload with; RefusedRequest in the words of the upload paths."""
        issuer = self.issuer(batch_id)
        if issuer is None:
            raise refuse(404, "batch with id not found")
        if not self.is_usable(batch_id):
            raise refuse(422, "batch not usable yet or does not exist")
        return issuer

    # chunks

    def get(self, address: bytes, *, keep: bool = True) -> Data:
        """Return span and payload, from the own store or from the network; NotFound."""
        if address in self.faults.missing_chunk:
            raise NotFound
        data = self.chunks.get(address)
        if data is None:
            data = self.network.chunks.get(address)
            if data is None:
                raise NotFound
            if keep:
                self.chunks[address] = data
        if self.faults.lies_about(address):
            return data[0], bytes([(data[1][:1] or b"\0")[0] ^ 1]) + data[1][1:]
        return data

    def is_local(self, address: bytes) -> bool:
        """Whether the own store has a chunk."""
        return address in self.chunks and address not in self.faults.missing_chunk

    def is_in_network(self, address: bytes) -> bool:
        """Whether the network has a chunk."""
        return address in self.network.chunks and address not in self.faults.missing_chunk

    # pushing

    def enqueue(self, addresses: Sequence[bytes], batch_id: bytes, tag: Tag | None) -> None:
        """Add chunks to those that are to be pushed, and push unless that is held up."""
        waiting = [(address, batch_id, tag.uid if tag else 0) for address in addresses]
        self.queue.extend(waiting)
        if self.disk is not None:
            self.disk.queued(waiting)
        self.queued.update((address, batch_id) for address in addresses)
        self.push()

    def push(self, most: int | None = None, *, anyway: bool = False) -> int:
        """Push chunks that wait, at most so many; returns how many."""
        with self.lock:
            if self.faults.push_held and not anyway:
                return 0
            pushed: list[tuple[bytes, bytes, int]] = []
            tags: dict[int, Tag] = {}
            while self.queue and (most is None or len(pushed) < most):
                address, batch_id, uid = self.queue.popleft()
                self.queued.discard((address, batch_id))
                self.push_chunk(address)
                tag = self.tags.get(uid)
                if tag is not None:
                    tag.sent += 1
                    tag.synced += 1
                    tags[uid] = tag
                pushed.append((address, batch_id, uid))
            if self.disk is not None and pushed:
                self.disk.pushed(pushed, [*tags.values()])
            return len(pushed)

    def push_chunk(self, address: bytes) -> None:
        """Give one chunk to the network."""
        if not self.faults.other_network and address in self.chunks:
            self.network.chunks[address] = self.chunks[address]

    def evict(self, address: bytes) -> None:
        """Lose a chunk whose place in a mutable batch was given away, unless another batch pays for it."""
        if not any(address in issuer.places for issuer in self.issuers.values()):
            self.chunks.pop(address, None)
            self.network.chunks.pop(address, None)
            if self.disk is not None:
                self.disk.forget(address)

    # what is written down

    def save_tag(self, tag: Tag) -> None:
        """Write a tag to the folder, where there is one."""
        if self.disk is not None:
            self.disk.tag(tag)

    def save_postage(self, batch_id: bytes = b"") -> None:
        """Write chain, wallet and an own batch's issuer to the folder, where there is one."""
        if self.disk is not None:
            self.disk.postage(self, self.issuers.get(batch_id))
