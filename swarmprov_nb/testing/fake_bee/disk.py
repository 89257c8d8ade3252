"""A node's state in a folder: written whenever something is done, read at the start (one SQLite file)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swarmprov_nb.swarm.bmt import SPAN
from swarmprov_nb.testing.fake_bee.postage import Issuer
from swarmprov_nb.testing.fake_bee.tags import Tag

if TYPE_CHECKING:
    from swarmprov_nb.testing.fake_bee.node import Node

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chunks (address BLOB PRIMARY KEY, span BLOB, payload BLOB, pushed INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS places (batch BLOB, address BLOB, bucket INT, slot INT, PRIMARY KEY (batch, address));
CREATE TABLE IF NOT EXISTS buckets (batch BLOB, bucket INT, count INT, PRIMARY KEY (batch, bucket));
CREATE TABLE IF NOT EXISTS queue (address BLOB, batch BLOB, tag INT, PRIMARY KEY (address, batch, tag));
CREATE TABLE IF NOT EXISTS told (name TEXT PRIMARY KEY, value TEXT);
"""


class Disk:
    """Writes what changes, under the node's lock; what was written survives the process's end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(folder / "fake-bee.sqlite", isolation_level=None, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=OFF")
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._file.execute("BEGIN")
        self._file.executemany(statement, rows)
        self._file.execute("COMMIT")

    def _tell(self, name: str, value: Any) -> None:
        self._file.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (name, json.dumps(value)))

    def chunks(self, node: Node, addresses: Sequence[bytes]) -> None:
        """Write chunks of the node's store."""
        held = [(address, node.chunks[address]) for address in addresses if address in node.chunks]
        pushed = node.network.chunks
        rows = [(address, SPAN.pack(span), payload, address in pushed) for address, (span, payload) in held]
        self._many("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?)", rows)

    def places(self, issuer: Issuer, addresses: Sequence[bytes]) -> None:
        """Write where chunks lie in a batch, and how full their buckets are."""
        held = {address: issuer.places[address] for address in addresses if address in issuer.places}
        rows = [(issuer.batch_id, address, *place) for address, place in held.items()]
        self._many("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", rows)
        buckets = {bucket: issuer.buckets[bucket] for bucket, _ in held.values()}
        counts = [(issuer.batch_id, bucket, count) for bucket, count in buckets.items()]
        self._many("INSERT OR REPLACE INTO buckets VALUES (?, ?, ?)", counts)

    def forget(self, address: bytes) -> None:
        """Forget a chunk."""
        self._file.execute("DELETE FROM chunks WHERE address = ?", (address,))
        self._file.execute("DELETE FROM places WHERE address = ?", (address,))

    def queued(self, waiting: Iterable[tuple[bytes, bytes, int]]) -> None:
        """Write chunks that wait to be pushed."""
        self._many("INSERT OR IGNORE INTO queue VALUES (?, ?, ?)", waiting)

    def pushed(self, done: Sequence[tuple[bytes, bytes, int]], tags: Sequence[Tag]) -> None:
        """Write that chunks were pushed, and the tags that counted them."""
        self._many("UPDATE chunks SET pushed = 1 WHERE address = ?", [(address,) for address, _, _ in done])
        self._many("DELETE FROM queue WHERE address = ? AND batch = ? AND tag = ?", done)
        for tag in tags:
            self.tag(tag)

    def tag(self, tag: Tag) -> None:
        """Write a tag."""
        self._tell(f"tag:{tag.uid}", tag.state())

    def forget_tag(self, uid: int) -> None:
        """Forget a tag."""
        self._file.execute("DELETE FROM told WHERE name = ?", (f"tag:{uid}",))

    def pin(self, reference: bytes, below: Sequence[bytes]) -> None:
        """Write a pin."""
        self._tell(f"pin:{reference.hex()}", [address.hex() for address in below])

    def unpin(self, reference: bytes) -> None:
        """Forget a pin."""
        self._file.execute("DELETE FROM told WHERE name = ?", (f"pin:{reference.hex()}",))

    def postage(self, node: Node, issuer: Issuer | None) -> None:
        """Write chain, wallet and what an issuer is called."""
        ids = {name: getattr(node, name).hex() for name in ("ethereum", "chequebook")}
        keys = {name: getattr(node, name) for name in ("overlay", "public_key", "pss_key", "peer_overlays", "balance")}
        self._tell("node", {**keys, **ids})
        self._tell("chain", node.network.chain.state())
        if issuer is not None:
            about = {"depth": issuer.depth, "immutable": issuer.immutable, "label": issuer.label}
            self._tell(f"issuer:{issuer.batch_id.hex()}", about)

    def load(self, node: Node) -> bool:
        """Take over what was written; whether there was anything."""
        told = {name: json.loads(value) for name, value in self._file.execute("SELECT name, value FROM told")}
        if "node" not in told:
            return False
        for name, value in told["node"].items():
            setattr(node, name, bytes.fromhex(value) if name in {"ethereum", "chequebook"} else value)
        node.network.chain.load(told["chain"])
        for name, value in sorted(told.items(), key=lambda item: _number(item[0])):
            self._load_told(node, name, value)
        self._load_chunks(node)
        for address, batch_id, uid in self._file.execute("SELECT address, batch, tag FROM queue"):
            node.queue.append((address, batch_id, uid))
            node.queued.add((address, batch_id))
        return True

    def _load_told(self, node: Node, name: str, value: Any) -> None:
        kind, _, key = name.partition(":")
        if kind == "tag":
            node.tags.add(Tag(**value))
        elif kind == "pin":
            node.pins[bytes.fromhex(key)] = [bytes.fromhex(address) for address in value]
        elif kind == "issuer":
            batch_id = bytes.fromhex(key)
            node.issuers[batch_id] = self._issuer(batch_id, value)

    def _issuer(self, batch_id: bytes, about: dict[str, Any]) -> Issuer:
        issuer = Issuer(batch_id, **about)
        rows = self._file.execute("SELECT address, bucket, slot FROM places WHERE batch = ?", (batch_id,))
        places = {address: (bucket, slot) for address, bucket, slot in rows}
        buckets = dict(self._file.execute("SELECT bucket, count FROM buckets WHERE batch = ?", (batch_id,)))
        issuer.restore(places, buckets, max((slot + 1 for _, slot in places.values()), default=0))
        return issuer

    def _load_chunks(self, node: Node) -> None:
        for address, span, payload, pushed in self._file.execute("SELECT address, span, payload, pushed FROM chunks"):
            node.chunks[address] = (SPAN.unpack(span)[0], payload)
            if pushed:
                node.network.chunks[address] = node.chunks[address]


def _number(name: str) -> int:
    key = name.partition(":")[2]
    return int(key) if key.isdigit() and name.startswith("tag:") else 0
