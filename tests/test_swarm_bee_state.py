"""The connection test: each thing that can be in the way has its own words and a next step."""

from __future__ import annotations

import json
import secrets
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from bees import NODES, QUICK, bee

from swarmprov_nb.swarm import Chunk, ChunkBatch, UploadPlan
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage
from swarmprov_nb.testing import FakeBee


def state(fake: FakeBee, batch=None, **options):
    return BeeNode.at(fake.url, patience=QUICK).state(batch, **options)


@pytest.mark.parametrize("kind", NODES)
def test_a_node_with_a_usable_batch_is_ready(kind):
    """Version, mode and batch are told, and until when it pays."""
    with bee(kind) as one:
        found = one.node.state(one.batch)

    assert (found.ok, found.kind, found.next_step) == (True, "ready", "")
    assert found.batch.id == one.batch
    assert found.mode in {"light", "full"}
    assert found.version.startswith("2.")
    assert one.node.shown in found.what


@pytest.mark.parametrize("version", ["2.8.1", "2.8.0"])
def test_both_recorded_versions_are_served(version):
    """Bee 2.8.0 says API 7.4.1 and 2.8.1 says 8.1.0: both will do."""
    with FakeBee(version=version) as fake:
        assert state(fake).ok


def addresses_in(bucket: int, count: int) -> list[bytes]:
    return [bucket.to_bytes(2) + secrets.token_bytes(30) for _ in range(count)]


@pytest.mark.parametrize(
    ("setup", "kind", "says"),
    [
        (lambda fake: setattr(fake.faults, "syncing", True), "syncing", "still starting"),
        (lambda fake: setattr(fake.faults, "html", 200), "not-bee", "web page"),
        (lambda fake: setattr(fake.faults, "html", 502), "not-bee", "web page"),
        (lambda fake: setattr(fake.faults, "redirect", "https://node.example/"), "redirect", "elsewhere"),
        (lambda fake: setattr(fake.faults, "hang", True), "slow", "in time"),
        (lambda fake: setattr(fake.faults, "not_usable", True), "batch-unusable", "not usable"),
    ],
)
def test_what_is_wrong_with_a_node_is_said_in_words(setup, kind, says):
    """Each state names the node, what is wrong, and what to do."""
    with FakeBee() as fake:
        setup(fake)
        node = BeeNode.at(fake.url, patience=QUICK)
        found = node.state(fake.batch)

    assert (found.ok, found.kind) == (False, kind)
    assert says in found.what
    assert found.next_step.endswith(".")


@pytest.mark.parametrize(("mode", "says"), [("ultra-light", "reads only"), ("dev", "never reaches Swarm")])
def test_a_node_of_the_wrong_kind_is_said(mode, says):
    """Ultra-light nodes cannot pay, development nodes keep what they take to themselves."""
    with FakeBee(mode=mode) as fake:
        found = state(fake, fake.batch)

    assert (found.ok, found.kind, found.mode) == (False, "mode", "")
    assert says in found.what


def test_nothing_there_is_said_with_the_usual_port():
    """A wrong port."""
    found = BeeNode.at("http://127.0.0.1:9", patience=QUICK).state()

    assert (found.ok, found.kind) == (False, "no-node")
    assert "1633" in found.next_step


@contextmanager
def answering(answers):
    """A server that answers paths with (status, content type, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, kind, body = answers.get(self.path, (404, "application/json", b'{"code":404}'))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def healthy(**body) -> dict:
    return {"/health": (200, "application/json", json.dumps(body).encode())}


@pytest.mark.parametrize(
    ("answers", "kind", "says"),
    [
        (healthy(status="ok"), "not-bee", "no Bee node"),
        (healthy(version="1.17.6-abc", apiVersion="4.0.0"), "version", "too old"),
        (healthy(version="2.5.0", apiVersion="7.3.0"), "version", "too old"),
        (healthy(version="3.0.0", apiVersion="9.0.0"), "version", "newer"),
        (healthy(version=["2.8.1"], apiVersion={}), "not-bee", "no Bee node"),
        ({"/health": (200, "application/json", b"[1, 2")}, "garbage", "no Bee node answers"),
        ({"/health": (200, "application/json", b"[" * 100_000)}, "garbage", "no Bee node answers"),
        ({"/health": (200, "text/html", b"<html>Login</html>")}, "not-bee", "web page"),
        ({"/health": (401, "text/plain", b"no")}, "refused", "forbids"),
        ({}, "not-bee", "no Bee node"),
    ],
)
def test_another_server_or_version_is_told_apart(answers, kind, says):
    """What answers and is no Bee of a version we know is never taken for one."""
    with answering(answers) as url:
        found = BeeNode.at(url, patience=QUICK).state()

    assert (found.ok, found.kind) == (False, kind)
    assert says in found.what


READY = {
    **healthy(version="2.8.1-7cf53193", apiVersion="8.1.0"),
    "/readiness": (200, "application/json", b'{"status":"ready"}'),
    "/node": (200, "application/json", b'{"beeMode":"light"}'),
}


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (b'{"isWarmingUp":true,"connectedPeers":3}', "syncing", "warming up"),
        (b'{"isWarmingUp":false,"connectedPeers":0}', "peers", "no peers"),
    ],
)
def test_a_node_that_cannot_push_yet_is_said(status, kind, says):
    """Warming up, or without peers: what it took would not reach the network."""
    with answering({**READY, "/status": (200, "application/json", status)}) as url:
        found = BeeNode.at(url, patience=QUICK).state()

    assert (found.ok, found.kind) == (False, kind)
    assert says in found.what


@pytest.mark.parametrize("stamps", [b'{"stamps":[{"batchID":"x"}]}', b'{"stamps":[7]}', b'{"stamps":[null]}'])
def test_a_batch_list_of_nonsense_is_garbage(stamps):
    """A node that lists what is no batch is said to, and nothing breaks."""
    with answering({**READY, "/stamps": (200, "application/json", stamps)}) as url:
        assert BeeNode.at(url, patience=QUICK).state().kind == "garbage"


def test_batches_are_told_apart():
    """None, malformed, unknown, of another node, not usable yet, expired, lasting too short: each is said."""
    with FakeBee() as fake, FakeBee(batches=()) as bare:
        young, foreign = fake.add_batch(usable=False), fake.foreign_batch(bytes(20))
        kinds = {
            "none": state(bare).kind,
            "malformed": state(fake, "zz" * 32).kind,
            "unknown": state(fake, "ab" * 32).kind,
            "foreign": state(fake, foreign).kind,
            "young": state(fake, young).kind,
            "short": state(fake, fake.batch, days=400).kind,
            "fine": state(fake, fake.batch, days=100).kind,
        }
        fake.expire_in(fake.batch, 0)
        gone = state(fake, fake.batch)

    assert kinds == {
        "none": "no-batch",
        "malformed": "batch-malformed",
        "unknown": "batch-unknown",
        "foreign": "batch-foreign",
        "young": "batch-unusable",
        "short": "batch-expired",
        "fine": "ready",
    }
    assert gone.kind in {"batch-expired", "batch-unknown"}
    assert "expired" in gone.what


def test_full_and_too_small_are_told_apart():
    """A batch is asked whether it holds exactly the chunks that are to go."""
    with FakeBee(batches=(17,)) as fake:
        fits = state(fake, fake.batch, addresses=addresses_in(7, 2))
        small = state(fake, fake.batch, addresses=addresses_in(7, 3))
        without = state(fake, addresses=addresses_in(7, 3))

    assert fits.ok
    assert (small.kind, without.kind) == ("batch-small", "batch-small")
    assert "1 of 3 chunks" in small.what


def test_a_full_batch_is_full():
    """A batch with a full bucket is said to be full; chunks for other buckets still fit."""
    with FakeBee(batches=(17,)) as fake:
        # two of the three recorded payloads that fall into bucket 65334
        chunks = [Chunk.of(14, b"overissue-5165"), Chunk.of(14, b"overissue-8082")]
        up = BeeStorage(BeeNode.at(fake.url, patience=QUICK), batch=fake.batch).upload(b"", UploadPlan("fill"))
        up.put(ChunkBatch.of(chunks))
        up.finish()
        found = state(fake, fake.batch)
        elsewhere = state(fake, fake.batch, addresses=addresses_in(8, 2))
        there = state(fake, fake.batch, addresses=addresses_in(65334, 1))

    assert (found.kind, elsewhere.ok, there.kind) == ("batch-full", True, "batch-full")


def test_https_to_a_plain_port_is_said():
    """A node without TLS, asked by https: the way out is http://."""
    with FakeBee() as fake:
        found = BeeNode.at(fake.url.replace("http:", "https:"), patience=QUICK).state()

    assert not found.ok
    assert "TLS" in found.what or "cut" in found.what
