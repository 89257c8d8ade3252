"""Reading from a node that is not believed: lies, garbage, truncation, redirects, slowness, death."""

from __future__ import annotations

import secrets
import socket
import threading
import time
import tracemalloc

import pytest
from bees import NODES, QUICK, bee, content, dripping

from swarmprov_nb.errors import ChunkCorrupt, ChunkNotFound, StorageError
from swarmprov_nb.swarm import Chunk, UploadPlan, chunk_addresses, read_file, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, GatewayStorage, Patience
from swarmprov_nb.testing import FakeBee


@pytest.fixture
def one_bee():
    with bee() as one:
        yield one


def stored(one, data) -> bytes:
    up = one.storage().upload(b"", UploadPlan(secrets.token_hex(4)))
    root = split(data, up)
    up.finish()
    return root


@pytest.mark.parametrize("kind", NODES)
def test_chunks_come_in_the_order_asked_for(kind):
    """Many connections at once, and still the order of the question, with repetitions."""
    with bee(kind) as one:
        root = stored(one, content(300))
        addresses = list(chunk_addresses(one.storage(), root))
        asked = [*reversed(addresses), addresses[0], addresses[0]]

        assert [chunk.address for chunk in one.storage().read(asked)] == asked


def test_nothing_is_asked_for_nothing(one_bee):
    """No address, no request."""
    before = len(one_bee.fake.requests)

    assert list(one_bee.storage().read([])) == []
    assert len(one_bee.fake.requests) == before


def test_a_lying_chunk_is_named_with_the_node(one_bee):
    """Other bytes under an address: the error names both, and no byte of them comes out."""
    data = content(200)
    root = stored(one_bee, data)
    liar = list(chunk_addresses(one_bee.storage(), root))[57]
    one_bee.fake.faults.lying_chunk = {liar}
    got = []
    with pytest.raises(ChunkCorrupt) as refused:
        got.extend(read_file(one_bee.storage(), root))

    assert liar.hex() in refused.value.what
    assert one_bee.fake.url in refused.value.what
    assert data.startswith(b"".join(got))


def test_a_chunk_that_nobody_has_is_not_found(one_bee):
    """404 names the address and the node; it is not tried for long."""
    with pytest.raises(ChunkNotFound) as missing:
        list(one_bee.storage().read([bytes(32)]))

    assert bytes(32).hex() in missing.value.what
    assert one_bee.fake.url in missing.value.what


def test_a_node_with_few_peers_says_not_found_as_500(one_bee):
    """Its 500 means the same and is told the same."""
    one_bee.fake.peers = "few"

    with pytest.raises(ChunkNotFound):
        list(one_bee.storage().read([bytes(32)]))


@pytest.mark.parametrize("fault", ["too_many", "server_error", "cut"])
def test_passing_failures_are_tried_again(one_bee, fault):
    """429, 5xx and a cut answer cost a try."""
    data = content(20)
    root = stored(one_bee, data)
    setattr(one_bee.fake.faults, fault, 3)

    assert b"".join(read_file(one_bee.storage(), root)) == data
    assert getattr(one_bee.fake.faults, fault) == 0


@pytest.mark.parametrize("fault", ["too_many", "server_error", "cut"])
def test_lasting_failures_end_in_words(one_bee, fault):
    """What does not pass ends after a bounded number of tries, naming chunk and node."""
    root = stored(one_bee, content(1))
    setattr(one_bee.fake.faults, fault, True)
    with pytest.raises(StorageError) as failed:
        list(one_bee.storage().read([root]))

    assert root.hex() in failed.value.what
    assert one_bee.fake.url in failed.value.what
    assert len([path for method, path in one_bee.fake.requests if method == "GET" and root.hex() in path]) <= 12


@pytest.mark.parametrize(
    ("fault", "value", "says"),
    [
        ("html", 200, "web page"),
        ("html", 502, "web page"),
        ("redirect", "http://127.0.0.1:9/", "elsewhere"),
        ("endless", True, "more than"),
        ("garbage", True, "does not hash|no chunk|more than"),
    ],
)
def test_what_is_no_chunk_is_refused(one_bee, fault, value, says):
    """A page, a redirect, a body without end, garbage: each in words, none believed or followed."""
    root = stored(one_bee, content(1))
    setattr(one_bee.fake.faults, fault, value)

    with pytest.raises(StorageError, match=says):
        list(one_bee.storage().read([root]))


HEADER = b"HTTP/1.1 200 OK\r\nContent-Length: 4104\r\n\r\n"


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_slow_drip_ends_at_the_deadline(part):
    """A byte now and then keeps nobody waiting past the chunk's own time, in the head as in the body."""
    pieces = [b"HTTP/1.1 200 OK\r\n", *[b"X"] * 1000] if part == "head" else [HEADER, *[b"x"] * 1000]
    patience = Patience(answer=1, chunk=1.5, pause=0.05)
    with dripping(pieces, pause=0.1) as url:
        begin = time.monotonic()
        with pytest.raises(StorageError, match="in time") as failed:
            list(BeeStorage(BeeNode.at(url, patience=patience)).read([bytes(32)]))

    assert time.monotonic() - begin < 20
    assert url in failed.value.what


def test_a_truncated_chunk_is_no_chunk():
    """A connection that ends within the body is a cut, not a short chunk."""
    with dripping([HEADER + b"x" * 100]) as url, pytest.raises(StorageError, match="cut"):
        list(BeeStorage(BeeNode.at(url, patience=QUICK)).read([bytes(32)]))


@pytest.mark.parametrize("head", [b"SSH-2.0-x\r\n", b"HTTP/9 what\r\n\r\n", b"\x15\x03\x01\x00\x02\x02", b"\r\n" * 40])
def test_a_server_of_something_else_is_said(head):
    """What speaks no HTTP is named as such, in time."""
    with dripping([head]) as url, pytest.raises(StorageError) as failed:
        list(BeeStorage(BeeNode.at(url, patience=QUICK)).read([bytes(32)]))

    assert url in failed.value.what


def test_headers_without_end_are_refused():
    """A head of megabytes is not collected."""
    endless = [b"HTTP/1.1 200 OK\r\n", *[b"X-A: " + b"a" * 60000 + b"\r\n"] * 300]
    with dripping(endless) as url, pytest.raises(StorageError):
        list(BeeStorage(BeeNode.at(url, patience=QUICK)).read([bytes(32)]))


def test_nothing_listening_is_said_at_once():
    """A wrong port: nothing answers there, and the usual port is named."""
    with pytest.raises(StorageError, match=r"Nothing answers at http://127\.0\.0\.1:9") as failed:
        BeeNode.at("http://127.0.0.1:9", patience=QUICK).ask("GET", "/health")

    assert "1633" in failed.value.next_step


def test_memory_is_bounded_however_much_is_asked_for(one_bee):
    """Six megabytes of chunks pass through less than three, node included, as the reader takes them."""
    chunk = Chunk.of(4096, secrets.token_bytes(4096))
    root = stored(one_bee, chunk.payload)
    tracemalloc.start()
    try:
        for number, _ in enumerate(one_bee.storage().read([root] * 1500)):
            if number == 200:
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak - before < 3_000_000


def test_a_reader_that_stops_early_leaves_nothing_running(one_bee):
    """Giving up after the first chunk ends the requests, too."""
    root = stored(one_bee, content(300))
    addresses = list(chunk_addresses(one_bee.storage(), root))
    reader = one_bee.storage().read(addresses)
    next(reader)
    reader.close()
    deadline = time.monotonic() + 20
    while any(thread.name.startswith("bee_") for thread in threading.enumerate()) and time.monotonic() < deadline:
        time.sleep(0.02)
    before = len(one_bee.fake.requests)
    time.sleep(0.1)

    assert len(one_bee.fake.requests) == before


@pytest.mark.parametrize("kind", NODES)
def test_has_tells_what_the_node_itself_holds(kind):
    """Held or not, in the order asked for."""
    with bee(kind) as one:
        root = stored(one, content(3))

        assert list(one.storage().has([root, bytes(32)])) == [True, False]


@pytest.mark.parametrize("kind", NODES)
def test_pins_are_kept_listed_and_let_go(kind):
    """A root is pinned twice without harm, listed once, and unpinned twice without harm."""
    with bee(kind) as one:
        storage, root = one.storage(), stored(one, content(3))
        for _ in range(2):
            storage.pin(root, keep=True)
        assert list(storage.pins()).count(root) == 1
        for _ in range(2):
            storage.pin(root, keep=False)
        assert root not in list(storage.pins())


def test_what_the_node_does_not_find_cannot_be_pinned(one_bee):
    """Pinning needs all of it there; the error says what to do first."""
    with pytest.raises(ChunkNotFound, match="cannot keep it") as failed:
        one_bee.storage().pin(bytes(32), keep=True)

    assert "Push" in failed.value.next_step


def test_status_says_found_or_not_and_until_when(one_bee):
    """Retrievable from the network, with the batch's end; without a batch the end is unknown."""
    root = stored(one_bee, content(3))
    status = one_bee.storage().status(root)

    assert status.retrievable is True
    assert status.expires is not None
    assert BeeStorage(one_bee.node).status(bytes(32)).retrievable is False
    assert BeeStorage(one_bee.node).status(root).expires is None


def test_a_second_node_that_got_only_the_pushed_chunks_gives_them():
    """What is in the network is read through any node of it."""
    with FakeBee() as first, FakeBee(batches=()) as second:
        storage = BeeStorage(BeeNode.at(first.url, patience=QUICK), batch=first.batch)
        up = storage.upload(b"", UploadPlan("p"))
        data = content(40)
        root = split(data, up)
        up.finish()
        first.sync_to(second)

        assert b"".join(read_file(BeeStorage(BeeNode.at(second.url, patience=QUICK)), root)) == data


def test_a_gateway_is_read_below_its_path():
    """The path of a gateway goes before every request's."""
    seen = []
    body = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = server.accept()
        seen.append(connection.recv(65536))
        connection.sendall(body)
        connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}/key/swarm"
    with pytest.raises(ChunkNotFound) as missing:
        list(GatewayStorage(url, patience=QUICK).read([bytes(32)]))
    thread.join()
    server.close()

    assert seen[0].startswith(b"GET /key/swarm/chunks/" + b"0" * 64 + b" HTTP/1.1\r\n")
    assert "key" not in missing.value.what


def test_a_process_that_is_interrupted_does_not_wait_for_a_hanging_node():
    """Requests under way in other threads end when nobody waits for them, so that the program can."""
    with FakeBee() as fake:
        fake.faults.hang = True
        asked = []

        def give_up():
            asked.append(1)
            if len(asked) > 1:
                raise KeyboardInterrupt

        storage = BeeStorage(BeeNode.at(fake.url), check=give_up)
        with pytest.raises(KeyboardInterrupt):
            list(storage.read([bytes(32), bytes(31) + b"x", bytes(31) + b"y"]))
        deadline = time.monotonic() + 20
        while any(thread.name.startswith("bee_") for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
