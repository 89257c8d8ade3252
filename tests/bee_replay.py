"""The recorded exchanges, sent to FakeBee nodes in the order in which they were recorded."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from bee_exchanges import Names, Received, body_of, differences, length_of, read_exchanges
from eth_keys.datatypes import PrivateKey

from swarmprov_nb.swarm import chunk_address, keccak256
from swarmprov_nb.testing import FakeBee

AREAS = {
    *("node", "http", "chunks", "stream", "tags", "stamps", "overissue", "pins", "stewardship", "restart"),
    *("many-peers", "upload-errors", "bytes", "bzz", "download", "presigned"),
}
LATER_PATHS = {
    "soc": "single-owner chunks by their own path",
    "feeds": "feeds",
    "envelope": "own stamps from envelopes",
}
LATER_PATHS |= {"grantee": "access control"}
# blocks that pass before an entry; the notes say that time had passed
MINED = {"stamps-buy-depth-16": 17, "stamps-dilute-read": 7}
ORIGIN = "https://app.example"
OWNER = PrivateKey(keccak256(b"the owner of a batch"))
STRANGER = PrivateKey(keccak256(b"somebody else"))
UNKNOWN_BATCH = bytes(31) + b"\xff"
ONE_CHUNK = 4096


def later(exchange: dict[str, Any], entries: dict[str, dict[str, Any]], version: str) -> str:
    """Say why an exchange waits for the full library, empty where it applies now."""
    own = _later_by_itself(exchange, version)
    if own:
        return own
    tag = exchange["request"]["path"].partition("/tags/{{tag:")[2].rstrip("}")
    if tag in entries and level_of(entries[tag], version):
        return "redundancy: the tag counts copies of the root"
    needed = [entries[name] for name in exchange.get("after", ()) if name in entries]
    return next((f"needs {one['id']}" for one in needed if later(one, entries, version) or one.get("refused")), "")


def _later_by_itself(exchange: dict[str, Any], version: str) -> str:
    request = exchange["request"]
    path = request["path"].removeprefix("/v1").split("/")[1].split("?")[0]
    large = length_of(request["body"]) > ONE_CHUNK
    rules = [
        (f"area {exchange['area']}", exchange["area"] not in AREAS),
        (LATER_PATHS.get(path, ""), path in LATER_PATHS and exchange["area"] != "upload-errors"),
        ("encrypted", request["headers"].get("Swarm-Encrypt") == "true"),
        ("access control", "Swarm-Act" in request["headers"]),
        (LATER_PATHS["envelope"], "{{stamp:envelope}}" in str(request)),
        ("redundancy: a tree of level 1 or more", large and level_of(exchange, version) > 0),
    ]
    return next((reason for reason, holds in rules if holds), "")


def level_of(exchange: dict[str, Any], version: str) -> int:
    """Return the redundancy level of an upload that is answered with a reference."""
    request = exchange["request"]
    if request["method"] != "POST" or exchange["response"]["status"] != HTTPStatus.CREATED:
        return 0
    if not request["path"].removeprefix("/v1").startswith(("/bytes", "/bzz")):
        return 0
    return int(request["headers"].get("Swarm-Redundancy-Level", 1 if version == "2.8.1" else 0))


def recorded(version: str) -> list[dict[str, Any]]:
    """Return the exchanges of a version; of 2.8.0 those areas were not recorded that came last, and many-peers."""
    exchanges = read_exchanges("exchanges.jsonl")
    if version == "2.8.1":
        return exchanges
    others = {exchange["id"]: exchange for exchange in read_exchanges("exchanges-2.8.0.jsonl")}
    first = next(n for n, exchange in enumerate(exchanges) if exchange["area"] in {"many-peers", "restart"})
    return [_of_version(exchange, others.get(exchange["id"])) for exchange in exchanges[:first]]


def _of_version(exchange: dict[str, Any], other: dict[str, Any] | None) -> dict[str, Any]:
    """Return the exchange of an older version, marked where it refuses what the newer one stores."""
    if other is None:
        return exchange
    stored = exchange["response"]["status"] == HTTPStatus.CREATED
    return {**other, "refused": stored and other["response"]["status"] != HTTPStatus.CREATED}


def send(port: int, exchange: dict[str, Any], names: Names) -> Received:
    """Send a request on a connection of its own, as it was recorded, and return the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        send_request(sock, exchange, names)
        return read_answer(sock, exchange["request"]["method"])


def send_request(sock: socket.socket, exchange: dict[str, Any], names: Names) -> None:
    head, body = head_of(exchange, names), body_of(exchange["request"]["body"], names)
    if exchange["request"].get("transfer") == "chunked":
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5000], body[5000:], b""))
    sock.sendall(head + body)


def head_of(exchange: dict[str, Any], names: Names) -> bytes:
    request = exchange["request"]
    lines = [f"{request['method']} {names.fill(request['path'])} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {names.fill(value)}" for name, value in request["headers"].items()]
    if request.get("transfer") == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif request["method"] in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {len(body_of(request['body'], names))}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def read_answer(sock: socket.socket, method: str) -> Received:
    """Read an answer to its end, or to the end of the connection."""
    reader = sock.makefile("rb")
    with reader:
        status = reader.readline()
        if not status:
            return Received(broken=True)
        got = Received(int(status.split()[1]))
        while (line := reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").rstrip("\r\n").partition(":")
            got.headers[name] = value.strip()
        if method == "HEAD" or got.status in {101, 204, 304}:
            return got
        if got.headers.get("Transfer-Encoding") == "chunked":
            while size := int(reader.readline(), 16):
                got.body += reader.read(size)
                reader.readline()
            return got
        length = int(got.headers.get("Content-Length", "0"))
        got.body = reader.read(length)
        got.broken = len(got.body) < length
        return got


@dataclass
class Replay:
    """Three nodes on one network, and what was wrong with the answer to each exchange that applies."""

    version: str
    wrong: dict[str, list[str]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)

    def run(self) -> Replay:
        """Send everything that applies."""
        exchanges = recorded(self.version)
        entries = {exchange["id"]: exchange for exchange in exchanges}
        with (
            FakeBee(version=self.version, batches=(), peers="few", mode="full", chain_id=31337) as first,
            FakeBee(version=self.version, batches=(), peers="few", peer=first) as second,
            FakeBee(version=self.version, batches=(), peers="few", peer=first, origins=(ORIGIN,)) as third,
        ):
            self._nodes = {1: first, 2: second, 3: third}
            owner = OWNER.public_key.to_canonical_address()
            self.names.known |= {"batchOwner": owner.hex(), "batch:owner": first.foreign_batch(owner)}
            self.names.known["key"] = base64.b64encode(os.urandom(16)).decode()
            for exchange in exchanges:
                reason = later(exchange, entries, self.version)
                if reason:
                    self.waiting[exchange["id"]] = reason
                else:
                    self._prepare(exchange)
                    self.wrong[exchange["id"]] = self._one(exchange)
        return self

    def _prepare(self, exchange: dict[str, Any]) -> None:
        """Bring about what the notes say was done beside the recorded requests."""
        node = self._nodes[1]
        node.mine(MINED.get(exchange["id"], 0))
        node.peers = "many" if exchange["area"] == "many-peers" else "few"
        node.faults.syncing = exchange["id"].startswith("starting-")
        for name in {part.partition("}}")[0] for part in str(exchange["request"]).split("{{tag:")[1:]}:
            if "tag:" + name not in self.names.known:
                self.names.known["tag:" + name] = self._new_tag()
        if exchange["id"] == "restart-tag-2-after":
            self._post_chunks(50, self.names.known["tag:restart-tag-2"])
            node.restart()

    def _new_tag(self) -> str:
        request = {"method": "POST", "path": "/tags", "headers": {}, "body": {"kind": "none"}}
        return str(json.loads(send(self._nodes[1].port, {"request": request}, self.names).body)["uid"])

    def _post_chunks(self, count: int, tag: str) -> None:
        for number in range(count):
            headers = {"Swarm-Postage-Batch-Id": "{{batch}}", "Swarm-Tag": tag}
            body = {"kind": "base64", "value": base64.b64encode(struct.pack("<QI", 4, number)).decode()}
            request = {"method": "POST", "path": "/chunks", "headers": headers, "body": body}
            assert send(self._nodes[1].port, {"request": request}, self.names).status == HTTPStatus.CREATED

    def _one(self, exchange: dict[str, Any]) -> list[str]:
        port = self._nodes[exchange.get("node", 1)].port
        self._make_stamps(exchange)
        try:
            if "interrupted" in exchange:
                return differences(exchange, self._interrupted(exchange, port), self.names)
            if "messages" in exchange:
                return self._stream(exchange, port)
            return differences(exchange, send(port, exchange, self.names), self.names)
        except (KeyError, OSError, ValueError) as error:
            return [repr(error)]

    def _interrupted(self, exchange: dict[str, Any], port: int) -> Received:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            body = body_of(exchange["request"]["body"], self.names)
            sock.sendall(head_of(exchange, self.names) + body[: exchange["interrupted"]["sent"]])
            self._nodes[1].restart()
            try:
                return read_answer(sock, "POST")
            except ConnectionError:
                return Received(broken=True)

    def _stream(self, exchange: dict[str, Any], port: int) -> list[str]:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
            send_request(sock, exchange, self.names)
            wrong = differences(exchange, read_head(sock), self.names) if exchange["response"]["headers"] else []
            if not exchange["response"]["headers"]:
                read_head(sock)
            for message in exchange["messages"]:
                if message["dir"] == "sent":
                    send_message(sock, message, self.names)
                    continue
                if message["kind"] == "end" and exchange["area"] == "restart":
                    self._nodes[1].restart()
                wrong += wrong_message(sock, message)
        # what comes through a stream counts when it has ended
        time.sleep(0.05)
        return wrong

    def _make_stamps(self, exchange: dict[str, Any]) -> None:
        text = str(exchange)
        for name in [part.partition("}}")[0] for part in text.split("{{stamp:")[1:]]:
            described = next(
                (m["body"] for m in exchange.get("messages", ()) if "body" in m), exchange["request"]["body"]
            )
            chunk = described["kind"] in {"base64", "stamped"}
            data = base64.b64decode(described["value"]) if chunk else bytes(8)
            self.names.known["stamp:" + name] = self._stamp(name, data).hex()

    def _stamp(self, name: str, data: bytes) -> bytes:
        address = chunk_address(int.from_bytes(data[:8], "little"), data[8:])
        batch = UNKNOWN_BATCH if "unknown" in name else bytes.fromhex(self.names.known["batch:owner"])
        bucket = 1 if name.endswith("wrong-bucket") else int.from_bytes(address[:2], "big")
        slot = {"presigned-again": 1, "presigned-wrong-index": 1 << 20}.get(name, 0)
        index = struct.pack(">IIQ", bucket, slot, time.time_ns())
        signed = address if name != "other" else bytes(32)
        digest = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(signed + batch + index))
        key = STRANGER if name in {"stream-wrong", "presigned-wrong-signer"} else OWNER
        signature = key.sign_msg_hash(digest).to_bytes()
        stamp = batch + index + signature[:64] + bytes([signature[64] + 27])
        return stamp[:-1] if name == "presigned-short" else stamp


def read_head(sock: socket.socket) -> Received:
    """Read the head of an answer and not a byte more."""
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            return Received(broken=True)
        raw += byte
    lines = raw.decode("latin-1").split("\r\n")
    got = Received(int(lines[0].split()[1]))
    got.headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines[1:]) if name}
    return got


KINDS = {"text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}


def send_message(sock: socket.socket, message: dict[str, Any], names: Names) -> None:
    """Send one masked frame."""
    kind = message["kind"]
    if kind == "binary":
        data = body_of(message["body"], names)
    elif kind == "close":
        data = struct.pack("!H", message["code"]) + message["value"].encode()
    else:
        data = message["value"].encode()
    size = bytes([0x80 | len(data)]) if len(data) < 126 else struct.pack("!BH", 0x80 | 126, len(data))
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
    sock.sendall(bytes([0x80 | KINDS[kind]]) + size + mask + masked)


def receive_message(sock: socket.socket) -> tuple[str, int | None, str]:
    """Receive one frame: its kind, the code of a close, its data as recordings show it; or that this is the end."""
    reader = sock.makefile("rb", buffering=0)
    try:
        head = reader.read(2) or b""
    except ConnectionError:
        head = b""
    if len(head) < 2:
        return "end", None, ""
    data = reader.read(head[1]) if head[1] else b""
    kind = next(name for name, number in KINDS.items() if number == head[0] & 15)
    code = int.from_bytes(data[:2], "big") if kind == "close" else None
    return (
        kind,
        code,
        base64.b64encode(data).decode() if kind in {"binary", "pong"} else data[2 if code else 0 :].decode(),
    )


def wrong_message(sock: socket.socket, expected: dict[str, Any]) -> list[str]:
    """Receive one frame, or the end, and return what is wrong with it."""
    got = receive_message(sock)
    wanted = (expected["kind"], expected.get("code"), "" if expected["kind"] == "end" else expected.get("value", ""))
    return [] if got == wanted else [f"{got} and not {wanted}"]
