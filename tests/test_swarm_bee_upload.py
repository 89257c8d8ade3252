"""Uploads to a Bee node: what arrives, what is sent twice, and what is said when something is in the way."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace

import pytest
from bees import NODES, QUICK, bee, content, dripping, local

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import ChunkBatch, Entry, UploadPlan, hash_chunks, read_file, split, write_collection
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage
from swarmprov_nb.testing import FakeBee


@pytest.fixture(params=NODES)
def any_bee(request):
    """A FakeBee, and a live node where one is named."""
    with bee(request.param) as one:
        yield one


@pytest.fixture
def one_bee():
    with bee() as one:
        yield one


def upload(storage, data, plan="plan"):
    up = storage.upload(split(data), UploadPlan(plan))
    split(data, up)
    return up, up.finish()


def once_each(fake: FakeBee) -> bool:
    return set(fake.received.values()) == {1}


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 4096 * 128, 4096 * 128 + 1, 900_000])
def test_a_file_goes_up_and_reads_back_under_the_reference_computed_here(any_bee, size):
    """Whatever its length, the file is in Swarm under our reference, pushed and found by the network."""
    data = secrets.token_bytes(size)
    storage = any_bee.storage()
    up, stored = upload(storage, data)

    assert stored.root == split(data)
    assert stored.chunks == up.sent == up.acked
    assert up.confirmed is not False
    assert b"".join(read_file(storage, stored.root)) == data
    assert storage.status(stored.root).retrievable


def test_every_chunk_is_sent_once_and_pushed_under_one_tag(one_bee):
    """No chunk goes up twice, all are in the network, and the tag counts exactly them."""
    up, stored = upload(one_bee.storage(), content(300))
    (tag,) = one_bee.fake.tags

    assert once_each(one_bee.fake)
    assert len(one_bee.fake.pushed) == stored.new_chunks == 304
    assert up.tag == str(tag.uid)
    assert tag.split == 304


def test_equal_chunks_are_sent_once(one_bee):
    """Zeros are the same chunk over and over, and go up as one."""
    _, stored = upload(one_bee.storage(), bytes(4096 * 200))

    assert stored.chunks > stored.new_chunks == 4
    assert once_each(one_bee.fake)


def test_a_collection_goes_up_with_its_manifest(any_bee):
    """Files and the manifest over them are one upload, whose root is the collection's."""
    up = any_bee.storage().upload(b"", UploadPlan("collection"))
    root = write_collection(
        [Entry("a.txt", split(secrets.token_bytes(9000), up), "text/plain")], index_document=None, upload=up
    )
    up.finish()

    assert any_bee.storage().status(root).retrievable


def test_progress_is_told_in_chunks_and_bytes(one_bee):
    """What is told only grows, and ends at the whole, with the bytes of inner chunks among it."""
    told = []
    data = content(900)
    up = one_bee.storage().upload(b"", UploadPlan("p"), progress=lambda *done: told.append(done))
    split(data, up)
    stored = up.finish()

    assert told == sorted(told)
    assert len(told) > 5
    assert told[-1] == (stored.chunks, stored.new_bytes)


def test_a_second_upload_of_the_same_plan_sends_nothing(one_bee, tmp_path):
    """What is done and still found is not sent again, though the program asks for it."""
    data = content(40)
    upload(one_bee.storage(journal=tmp_path), data)
    _, stored = upload(one_bee.storage(journal=tmp_path), data)

    assert (stored.chunks, stored.new_chunks) == (41, 0)
    assert once_each(one_bee.fake)


def test_what_the_network_lost_is_sent_again(one_bee, tmp_path):
    """A finished upload whose content has gone meanwhile is done once more."""
    data = content(40)
    _, stored = upload(one_bee.storage(journal=tmp_path), data)
    one_bee.fake.forget(stored.root)
    upload(one_bee.storage(journal=tmp_path), data)

    assert stored.root in one_bee.fake.pushed


def test_another_batch_pays_for_all_of_it(one_bee, tmp_path):
    """The same plan under another batch is a new upload: the old payment says nothing about the new one."""
    data = content(10)
    upload(one_bee.storage(journal=tmp_path), data)
    other = BeeStorage(one_bee.node, batch=one_bee.fake.add_batch(), journal=tmp_path)

    assert upload(other, data)[1].new_chunks == 11


def test_a_cancelled_upload_goes_on_where_it_stopped(one_bee, tmp_path):
    """What `check` raises ends the upload at once, and the next one sends only the rest."""
    data = content(800)

    class Stop(Exception):
        pass

    asked = []

    def stop_half_way():
        asked.append(1)
        if len(asked) > 15:
            raise Stop

    node = BeeNode.at(one_bee.fake.url, patience=replace(QUICK, counted=10))
    storage = BeeStorage(node, batch=one_bee.batch, journal=tmp_path)
    up = storage.upload(split(data), UploadPlan("plan"), check=stop_half_way)
    with pytest.raises(Stop):
        split(data, up)
    before = sum(one_bee.fake.received.values())
    upload(storage, data)

    assert before < 700
    assert once_each(one_bee.fake)


def test_a_hanging_node_can_be_cancelled_and_else_ends_in_time(one_bee):
    """A node that takes requests and never answers holds nobody up: `check` is asked, and a deadline ends it."""
    one_bee.fake.faults.hang = True
    asked = []
    begin = time.monotonic()
    with pytest.raises(StorageError, match="in time"):
        BeeNode.at(one_bee.fake.url).ask("GET", "/health", seconds=1.5, check=lambda: asked.append(1))

    assert len(asked) >= 2
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("fault", ["too_many", "server_error", "cut", "lost_answer"])
def test_passing_failures_of_single_requests_are_tried_again(one_bee, fault):
    """Without a stream, 429, 5xx, cut connections and lost answers cost a try and nothing else."""
    one_bee.fake.faults.no_stream = True
    setattr(one_bee.fake.faults, fault, 3)
    data = content(60)
    _, stored = upload(one_bee.storage(), data)

    assert getattr(one_bee.fake.faults, fault) == 0
    assert stored.root in one_bee.fake.pushed
    assert set(one_bee.fake.received.values()) <= ({1, 2} if fault == "lost_answer" else {1})


def test_where_no_stream_is_to_be_had_chunks_are_posted(one_bee):
    """A proxy that lets no WebSocket through changes the way, not the result."""
    one_bee.fake.faults.no_stream = True
    _, stored = upload(one_bee.storage(), content(100))

    assert stored.root in one_bee.fake.pushed
    assert once_each(one_bee.fake)
    assert [path for _, path in one_bee.fake.requests].count("/chunks") == 101


def test_a_stream_that_breaks_is_opened_again_and_nothing_goes_twice(one_bee):
    """A cut connection in mid-upload: the node is asked what it has, and the rest follows under the same tag."""
    one_bee.fake.faults.cut_stream = 150
    _, stored = upload(one_bee.storage(), content(400))

    assert stored.root in one_bee.fake.pushed
    assert once_each(one_bee.fake)
    assert len(one_bee.fake.tags) == 1


def test_what_a_restarted_node_forgot_is_sent_again_from_its_source(one_bee):
    """A node that dies with a stream open forgets what it had acked; it is read again and sent again."""
    data = content(600)
    store, root = local(data)
    one_bee.fake.faults.restart_after = 400
    up = one_bee.storage(source=store).upload(root, UploadPlan("plan"))
    split(data, up)
    up.finish()

    assert b"".join(read_file(one_bee.storage(), root)) == data
    assert root in one_bee.fake.pushed


def test_what_a_restarted_node_forgot_is_named_where_there_is_no_source(one_bee, tmp_path):
    """Without a source the upload says how many chunks were lost, and the next run sends exactly those."""
    data = content(600)
    one_bee.fake.faults.restart_after = 400
    with pytest.raises(StorageError, match="lost") as failed:
        upload(one_bee.storage(journal=tmp_path), data)
    _, stored = upload(one_bee.storage(journal=tmp_path), data)

    assert failed.value.kind == "lost"
    assert stored.root in one_bee.fake.pushed
    assert b"".join(read_file(one_bee.storage(), split(data))) == data


def test_a_node_that_is_down_for_a_while_is_waited_for(one_bee):
    """Seconds without a node, and seconds in which it still syncs, are waited out."""
    one_bee.fake.faults.restart_after, one_bee.fake.faults.restart_seconds = 100, 1.5
    data = content(300)
    store, root = local(data)
    up = one_bee.storage(source=store).upload(root, UploadPlan("plan"))
    split(data, up)

    assert up.finish().root in one_bee.fake.pushed


def test_a_node_that_never_comes_back_ends_in_words(tmp_path):
    """The error names the node and says that the same command goes on from there."""
    with FakeBee() as fake:
        impatient = replace(QUICK, restart=0.5)
        storage = BeeStorage(BeeNode.at(fake.url, patience=impatient), batch=fake.batch, journal=tmp_path)
        up = storage.upload(b"", UploadPlan("plan"))
        up.put(batch_of(content(5)))
    with pytest.raises(StorageError, match="does not answer any more") as failed:
        up.finish()

    assert fake.url in failed.value.what
    assert "same command" in failed.value.next_step


def batch_of(data: bytes) -> ChunkBatch:
    store, _ = local(data)
    return ChunkBatch.of(list(store.read(sorted(store.addresses()))))


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "posts"])
@pytest.mark.parametrize(
    ("fault", "value", "kind"),
    [
        ("full_bucket", 20, "batch-full"),
        ("not_usable", True, "batch-unusable"),
        ("disk_full", 20, "busy"),
    ],
)
def test_a_node_that_takes_no_more_says_why(one_bee, stream, fault, value, kind):
    """Full batch, batch not usable, full disk: each in words, with what to do, over a stream as by POST."""
    one_bee.fake.faults.no_stream = not stream
    setattr(one_bee.fake.faults, fault, value)
    with pytest.raises(StorageError) as failed:
        upload(one_bee.storage(), content(60))

    assert failed.value.kind == kind
    assert failed.value.next_step
    assert {"batch-full": "full", "batch-unusable": "not usable", "busy": "could not write"}[kind] in failed.value.what


def test_a_full_batch_can_be_changed_and_the_rest_follows(one_bee, tmp_path):
    """After "full" another batch takes the upload over."""
    data = content(60)
    one_bee.fake.faults.full_bucket = 20
    with pytest.raises(StorageError):
        upload(one_bee.storage(journal=tmp_path), data)
    one_bee.fake.faults.full_bucket = None
    _, stored = upload(BeeStorage(one_bee.node, batch=one_bee.fake.add_batch(), journal=tmp_path), data)

    assert stored.root in one_bee.fake.pushed


@pytest.mark.parametrize(("batch", "kind"), [("ab" * 32, "batch-unknown"), (None, "no-batch")], ids=["unknown", "none"])
def test_without_a_batch_that_the_node_has_nothing_is_sent(one_bee, batch, kind):
    """A batch of another node, or none, is said before a chunk goes."""
    with pytest.raises(StorageError) as failed:
        upload(BeeStorage(one_bee.node, batch=batch), content(3))

    assert failed.value.kind == kind
    assert not one_bee.fake.received


def test_an_address_that_is_not_ours_stops_the_upload(one_bee):
    """A node that answers a chunk with another address keeps something else: never used further."""
    one_bee.fake.faults.no_stream = one_bee.fake.faults.wrong_reference = True
    with pytest.raises(StorageError, match="another address") as failed:
        upload(one_bee.storage(), content(5))

    assert failed.value.kind == "address"


def test_chunks_that_are_not_pushed_are_waited_for_and_then_named(one_bee, tmp_path):
    """A node without way into the network: bounded, with the numbers, and the next run goes on."""
    data = content(30)
    one_bee.fake.faults.push_held = True
    with pytest.raises(StorageError, match="has pushed 0 of 31 chunks") as failed:
        upload(one_bee.storage(journal=tmp_path), data)
    one_bee.fake.faults.push_held = False
    upload(one_bee.storage(journal=tmp_path), data)

    assert failed.value.kind == "unpushed"
    assert once_each(one_bee.fake)


def test_a_tag_that_counted_what_the_node_dropped_is_overruled_by_the_network(one_bee, tmp_path):
    """Bee can drop chunks that a tag has counted: what is lost is sent again, and found is found, whatever the tag."""
    data, fake = content(30), one_bee.fake
    fake.faults.push_held = True
    with pytest.raises(StorageError, match="has pushed 0 of 31 chunks"):
        upload(one_bee.storage(journal=tmp_path), data)
    dropped = next(iter(fake.received))
    fake.forget(dropped)
    fake.tags[0].synced -= 1
    fake.faults.push_held = False
    up, stored = upload(one_bee.storage(journal=tmp_path), data)

    assert (up.sent, up.confirmed) == (1, True)
    assert {dropped, stored.root} <= set(fake.pushed)
    assert fake.tags[0].seen + fake.tags[0].synced < fake.tags[0].split


def test_an_upload_is_not_done_while_the_network_does_not_find_it(one_bee, tmp_path):
    """Pushed is not found: stewardship says no, the upload says so, and a later run finds it."""
    data = content(5)
    one_bee.fake.faults.missing_chunk = {split(data)}
    with pytest.raises(StorageError, match="does not find all") as failed:
        upload(one_bee.storage(journal=tmp_path), data)
    one_bee.fake.faults.missing_chunk = set()
    upload(one_bee.storage(journal=tmp_path), data)

    assert failed.value.kind == "unfound"


def test_an_upload_without_its_root_is_not_done(one_bee):
    """Opened for a root that was never put, it does not say that it is stored."""
    up = one_bee.storage().upload(bytes(32), UploadPlan("plan"))
    split(content(3), up)

    with pytest.raises(StorageError, match="before its root"):
        up.finish()


def test_the_batch_s_buffer_may_be_reused_at_once(one_bee):
    """A caller's buffer that changes after `put` returns does not change what arrives."""
    buffer = bytearray(secrets.token_bytes(4096 * 64))
    addresses = hash_chunks(bytes(buffer), [4096] * 64)
    up = one_bee.storage().upload(b"", UploadPlan("plan"))
    up.put(ChunkBatch(memoryview(buffer), [4096] * 64, [4096] * 64, addresses))
    buffer[:] = bytes(len(buffer))
    up.finish()

    assert set(one_bee.fake.pushed) == {addresses[at : at + 32] for at in range(0, len(addresses), 32)}


def test_a_stream_of_garbage_is_no_stream(tmp_path):
    """A server that speaks no WebSocket after its handshake ends in words and in time."""
    garbage = b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01garbage"
    with dripping([garbage]) as url, pytest.raises(StorageError, match=r"Bee node|HTTP|cut"):
        BeeStorage(BeeNode.at(url, patience=QUICK), batch="ab" * 32).upload(b"", UploadPlan("plan"))
