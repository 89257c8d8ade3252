"""FakeBee keeps what a node keeps: postage by blocks, what was pushed, and its state through a restart."""

from __future__ import annotations

import base64
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from http import HTTPStatus
from pathlib import Path

import pytest
import requests
from bee_exchanges import Names
from bee_replay import read_head, receive_message, send_message, send_request

from swarmprov_nb.swarm import chunk_address, reference_of
from swarmprov_nb.swarm.bmt import hash_chunks
from swarmprov_nb.testing import FakeBee, MemoryStorage
from swarmprov_nb.testing.fake_bee.chain import CONFIRMATIONS, PRICE

TIMEOUT = 30
AMOUNT = 62_208_000_000
BATCH, LEVEL, TAG = "Swarm-Postage-Batch-Id", "Swarm-Redundancy-Level", "Swarm-Tag"


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


def post(bee: FakeBee, path: str, data: bytes = b"", **headers: str) -> requests.Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(bee.url + path, data=data, headers={BATCH: bee.batch, LEVEL: "0", **more}, timeout=TIMEOUT)


def told(bee: FakeBee, path: str) -> dict:
    return requests.get(bee.url + path, timeout=TIMEOUT).json()


def patch(bee: FakeBee, path: str) -> int:
    return requests.patch(bee.url + path, timeout=TIMEOUT).status_code


def colliding(count: int) -> list[bytes]:
    """Chunks that fall into one bucket."""
    found: dict[bytes, list[bytes]] = {}
    for first in range(0, 1 << 20, 1000):
        payloads = [b"%d" % number for number in range(first, first + 1000)]
        hashed = hash_chunks(b"".join(payload.ljust(4096, b"\0") for payload in payloads), [*map(len, payloads)])
        for at, payload in enumerate(payloads):
            same = found.setdefault(hashed[32 * at : 32 * at + 2], [])
            same.append(payload)
            if len(same) == count:
                return same
    raise AssertionError


def as_chunk(payload: bytes) -> bytes:
    return struct.pack("<Q", len(payload)) + payload


def test_a_batch_bought_is_usable_after_some_blocks(bee):
    """It is refused, then listed, then usable, as blocks pass; what it costs leaves the wallet."""
    before = bee.balance
    batch = post(bee, f"/stamps/{AMOUNT}/18?label=mine").json()["batchID"]
    states = []
    for _ in range(3):
        listed = {stamp["batchID"]: stamp["usable"] for stamp in told(bee, "/stamps")["stamps"]}
        upload = requests.post(bee.url + "/bytes", headers={BATCH: batch, LEVEL: "0"}, data=b"x", timeout=TIMEOUT)
        states.append((listed.get(batch), upload.status_code))
        bee.mine(10)

    assert states == [(None, 422), (False, 422), (True, 201)]
    assert before - bee.balance == AMOUNT << 18


def test_a_batch_runs_out(bee):
    """Its time left shrinks with blocks, topping up adds to it, diluting halves it, and in the end it is gone."""
    path = f"/stamps/{bee.batch}"
    bee.expire_in(bee.batch, 40_000)
    short = told(bee, path)["batchTTL"]
    assert patch(bee, f"/stamps/topup/{bee.batch}/{40_000 * PRICE}") == HTTPStatus.ACCEPTED
    bee.mine(CONFIRMATIONS)
    longer = told(bee, path)["batchTTL"]
    assert patch(bee, f"/stamps/dilute/{bee.batch}/23") == HTTPStatus.ACCEPTED
    bee.mine(CONFIRMATIONS)
    halved = told(bee, path)
    bee.expire_in(bee.batch, 0)
    gone = requests.get(bee.url + path, timeout=TIMEOUT).status_code

    assert short == 40_000 * 5
    assert longer == short * 2 - CONFIRMATIONS * 5
    assert halved["depth"] == 23
    assert halved["batchTTL"] == pytest.approx(longer / 2, abs=100)
    assert gone == HTTPStatus.NOT_FOUND
    assert post(bee, "/bytes", b"x").status_code == HTTPStatus.NOT_FOUND


def test_blocks_pass_with_time():
    """Where a block has a length, a batch becomes usable without anybody's help."""
    with FakeBee(batches=(), block_seconds=0.001) as bee:
        batch = requests.post(f"{bee.url}/stamps/{AMOUNT}/17", timeout=TIMEOUT).json()["batchID"]
        while requests.get(f"{bee.url}/stamps/{batch}", timeout=TIMEOUT).status_code != HTTPStatus.OK:
            pass

        assert told(bee, f"/stamps/{batch}")["usable"]


def test_a_mutable_batch_overwrites():
    """The chunk whose place in a full bucket is given away is lost, here and in the network."""
    payloads = colliding(3)
    addresses = [chunk_address(len(payload), payload) for payload in payloads]
    with FakeBee(batches=()) as bee:
        bee.add_batch(17, immutable=False)
        codes = [post(bee, "/chunks", as_chunk(payload)).status_code for payload in payloads]
        assert codes == [201, 201, 201]
        assert [address in bee.pushed for address in addresses] == [False, True, True]
        assert [address in bee.chunks for address in addresses] == [False, True, True]


def test_an_immutable_batch_fills():
    """A bucket takes as many as its depth has room for; what has a place keeps it."""
    payloads = colliding(3)
    with FakeBee(batches=(17,)) as bee:
        codes = [post(bee, "/chunks", as_chunk(payload)).status_code for payload in [*payloads, payloads[0]]]
        buckets = told(bee, f"/stamps/{bee.batch}/buckets")["buckets"]

    assert codes == [201, 201, 402, 201]
    assert len(buckets) == 1 << 16
    assert [bucket["collisions"] for bucket in buckets if bucket["collisions"]] == [2]


def test_another_node_has_what_was_pushed(bee):
    """A peer finds what was pushed and nothing else; a node of another network what was handed over."""
    content = bytes(range(256)) * 40
    root = reference_of(content)
    with FakeBee(peer=bee) as peer, FakeBee() as stranger:
        bee.faults.push_held = True
        post(bee, "/bytes", content)
        held = requests.get(f"{peer.url}/bytes/{root.hex()}", timeout=TIMEOUT).status_code
        bee.push()
        pushed = requests.get(f"{peer.url}/bytes/{root.hex()}", timeout=TIMEOUT)
        unknown = requests.get(f"{stranger.url}/bytes/{root.hex()}", timeout=TIMEOUT).status_code
        bee.sync_to(stranger)
        given = requests.get(f"{stranger.url}/bytes/{root.hex()}", timeout=TIMEOUT)

    assert (held, unknown) == (404, 404)
    assert pushed.content == given.content == content


def test_a_missing_level_is_caught(bee):
    """Bee 2.8.1 would choose level 1, which gives another reference: larger content is refused, on 2.8.0 it is not."""
    with FakeBee(version="2.8.0") as older:
        answers = [
            requests.post(node.url + "/bytes", headers={BATCH: node.batch}, data=bytes(5000), timeout=TIMEOUT)
            for node in (bee, older)
        ]

    assert [answer.status_code for answer in answers] == [501, 201]
    assert LEVEL in answers[0].json()["message"]


def test_a_node_without_a_chain():
    """An ultra-light node says which kind it is, and has neither wallet nor batches."""
    with FakeBee(mode="ultra-light", batches=()) as bee:
        assert told(bee, "/node")["beeMode"] == "ultra-light"
        refused = [requests.get(bee.url + path, timeout=TIMEOUT).status_code for path in ("/wallet", "/stamps")]
        assert refused == [403, 403]
        assert requests.post(f"{bee.url}/stamps/{AMOUNT}/17", timeout=TIMEOUT).status_code == HTTPStatus.FORBIDDEN


def test_pinned_content_is_counted(bee):
    """What is pinned goes through the node's own store, so its tag ends, not deferred as it may be."""
    tag = post(bee, "/bytes", bytes(5000), Swarm_Pin="true", Swarm_Deferred_Upload="false").headers[TAG]
    counted = told(bee, f"/tags/{tag}")

    assert counted["split"] == counted["seen"] + counted["synced"] == 3


def test_counters(bee):
    """It says what came and how often, and what was asked for."""
    for _ in range(2):
        post(bee, "/chunks", as_chunk(b"again"))

    assert bee.received == {chunk_address(5, b"again"): 2}
    assert bee.requests == [("POST", "/chunks")] * 2
    assert bee.chunks[chunk_address(5, b"again")] == (5, b"again")


def test_a_pipelined_stream_counts_each(bee):
    """Messages sent without waiting are all taken, hashed right and acknowledged, and count when the stream ends."""
    tag = str(post(bee, "/tags").json()["uid"])
    payloads = [b"%d" % number for number in range(500)]
    with open_stream(bee, tag) as sock:
        acknowledged: list[bool] = []
        reading = threading.Thread(
            target=lambda: acknowledged.extend(receive_message(sock)[0] == "binary" for _ in payloads)
        )
        reading.start()
        for payload in payloads:
            body = {"kind": "base64", "value": base64.b64encode(as_chunk(payload)).decode()}
            send_message(sock, {"kind": "binary", "body": body}, Names())
        reading.join()
        before = told(bee, f"/tags/{tag}")["split"]
        send_message(sock, {"kind": "close", "code": 1000, "value": ""}, Names())
        assert receive_message(sock)[0] == "end"
    after = told(bee, f"/tags/{tag}")

    assert acknowledged == [True] * 500
    assert (before, after["split"], after["synced"]) == (0, 500, 500)
    assert set(bee.chunks) == {chunk_address(len(payload), payload) for payload in payloads}


def open_stream(bee: FakeBee, tag: str) -> socket.socket:
    headers = {BATCH: bee.batch, TAG: tag, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "k"}
    sock = socket.create_connection(("127.0.0.1", bee.port), timeout=TIMEOUT)
    request = {"method": "GET", "path": "/chunks/stream", "headers": headers, "body": {"kind": "none"}}
    send_request(sock, {"request": request}, Names())
    assert read_head(sock).status == HTTPStatus.SWITCHING_PROTOCOLS
    return sock


def test_a_large_body_waits_to_be_asked_for(bee):
    """`Expect: 100-continue` is answered before the body is read, and not where the request is refused."""
    with socket.create_connection(("127.0.0.1", bee.port), timeout=TIMEOUT) as sock:
        head = f"POST /bytes HTTP/1.1\r\n{BATCH}: {bee.batch}\r\n{LEVEL}: 0\r\nContent-Length: 5\r\n"
        sock.sendall((head + "Expect: 100-continue\r\n\r\n").encode())
        asked = sock.recv(100)
        sock.sendall(b"hello")
        answered = sock.recv(1000)
        sock.sendall(b"POST /bytes HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        refused = sock.recv(1000)

    assert asked == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answered.startswith(b"HTTP/1.1 201")
    assert refused.startswith(b"HTTP/1.1 400")


def test_a_pace_holds_the_node_busy():
    """Each chunk keeps the node busy for as long as its pace says, whichever way it comes."""
    with FakeBee(pace=1e-5) as bee:
        post(bee, "/bytes", bytes(range(256)) * 160)
        first = bee._node.busy_until
        post(bee, "/chunks", as_chunk(b"x"))

        assert first > 0
        assert bee._node.busy_until > first


def test_a_fault_of_its_own_is_told(bee):
    """A double that fails at a request says so when it is closed, and does not let a test pass."""
    broken = FakeBee()
    broken._node.get = None
    broken.start()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{broken.url}/bytes/{'00' * 32}", timeout=TIMEOUT)

    with pytest.raises(AssertionError, match="NoneType"):
        broken.close()


def test_only_loopback(bee):
    """It listens on 127.0.0.1 and nowhere else."""
    assert bee._server._listener.getsockname()[0] == "127.0.0.1"


def test_state_survives_in_a_folder(tmp_path):
    """Chunks, counters, tags, pins and blocks are there again in the next process of the same folder."""
    content = bytes(range(256)) * 40
    root = reference_of(content).hex()
    with FakeBee(folder=tmp_path) as bee:
        bee.mine(3)
        tag = post(bee, "/bytes", content, Swarm_Pin="true").headers[TAG]
        bee.faults.push_held = True
        post(bee, "/chunks", as_chunk(b"waits"), Swarm_Tag=tag)
        paths = [f"/tags/{tag}", "/stamps", "/pins", "/chainstate", "/addresses", "/wallet"]
        before = [told(bee, path) for path in paths]
    with FakeBee(folder=tmp_path) as bee:
        bee.faults.push_held = True
        after = [told(bee, path) for path in paths]
        assert requests.get(f"{bee.url}/bytes/{root}", timeout=TIMEOUT).content == content
        assert chunk_address(5, b"waits") not in bee.pushed
        assert bee.push() == 1
        # what has its place takes no new one
        assert post(bee, "/bytes", content).status_code == HTTPStatus.CREATED
        assert told(bee, "/stamps") == before[1]

    assert before == after


def start(folder: Path, *options: str) -> tuple[subprocess.Popen[str], str, str]:
    command = [sys.executable, "-m", "swarmprov_nb.testing.fake_bee", "--folder", str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url, batch = process.stdout.readline().split()
    return process, url, batch


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_process_that_is_killed(tmp_path):
    """What was answered before SIGKILL is there after it, under the same batch; an upload under way is not."""
    process, url, batch = start(tmp_path, "--batch-file", str(tmp_path / "batch"))
    headers = {BATCH: batch, LEVEL: "0"}
    tag = str(requests.post(url + "/tags", timeout=TIMEOUT).json()["uid"])
    done = requests.post(url + "/chunks", headers={**headers, TAG: tag}, data=as_chunk(b"done"), timeout=TIMEOUT)
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT) as sock:
        head = (
            f"POST /bytes HTTP/1.1\r\n{BATCH}: {batch}\r\n{LEVEL}: 0\r\n{TAG}: {tag}\r\nContent-Length: 9000000\r\n\r\n"
        )
        sock.sendall(head.encode() + os.urandom(5_000_000))
        stop(process)
    process, again, same = start(tmp_path, "--port", port)
    told_tag = requests.get(f"{again}/tags/{tag}", timeout=TIMEOUT).json()
    read = requests.get(f"{again}/chunks/{done.json()['reference']}", timeout=TIMEOUT).content
    stop(process)

    assert (again, same, (tmp_path / "batch").read_text()) == (url, batch, batch)
    assert (told_tag["split"], told_tag["synced"]) == (1, 1)
    assert read == as_chunk(b"done")


def test_existing_names_stay():
    """What swarmprov_nb.testing gave before it was a room is still there."""
    from swarmprov_nb import testing

    assert {"LineageBuilder", "MemoryStorage", "example_lineage", "stored"} <= set(testing.__all__)
    assert testing.MemoryStorage is MemoryStorage
