"""Gateways: plain chunks up and down, every word of theirs checked."""

from __future__ import annotations

import pytest
from bees import QUICK, content

from swarmprov_nb.errors import ChunkNotFound, StorageError
from swarmprov_nb.swarm import Storage, UploadPlan, read_file, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, GatewayStorage
from swarmprov_nb.testing import FakeBee


@pytest.fixture
def fake():
    with FakeBee() as one:
        yield one


def gateway(fake: FakeBee, **options) -> GatewayStorage:
    return GatewayStorage(fake.url, batch=options.pop("batch", fake.batch), patience=QUICK, **options)


def upload(storage, data, plan="plan"):
    up = storage.upload(split(data), UploadPlan(plan))
    split(data, up)
    return up.finish()


def test_a_gateway_takes_and_gives_chunks_and_nothing_else_is_asked(fake):
    """Only /chunks is used: no tag, no stamps, no node."""
    data = content(150)
    stored = upload(gateway(fake), data)

    assert b"".join(read_file(gateway(fake), stored.root)) == data
    assert {path.split("/")[1] for _, path in fake.requests} == {"chunks"}
    assert set(fake.received.values()) == {1}
    assert not fake.tags


@pytest.mark.parametrize("storage", [lambda f: gateway(f), lambda f: BeeStorage(BeeNode.at(f.url))])
def test_both_are_storages(fake, storage):
    """What the rest of the program asks of a storage, a node and a gateway have."""
    assert isinstance(storage(fake), Storage)


def test_a_gateway_that_wants_a_batch_is_said_to(fake):
    """Without a batch this one refuses, in words."""
    with pytest.raises(StorageError, match="postage batch") as failed:
        upload(gateway(fake, batch=None), content(2))

    assert failed.value.kind == "no-batch"


def test_another_address_is_never_accepted(fake):
    """A gateway that stores something else is not used further."""
    fake.faults.wrong_reference = True
    with pytest.raises(StorageError, match="another address"):
        upload(gateway(fake), content(2))


def test_chunks_that_it_took_and_dropped_are_missed(fake):
    """Acknowledged and thrown away: reading back finds out, and the next run sends again."""
    data = content(20)
    fake.faults.lost_chunk = True
    with pytest.raises(StorageError) as failed:
        upload(gateway(fake), data)
    fake.faults.lost_chunk = 0
    stored = upload(gateway(fake), data)

    assert failed.value.kind == "unfound"
    assert stored.root in fake.pushed


def test_chunks_that_it_gives_back_changed_are_refused(fake):
    """Reading back re-hashes."""
    data = content(20)
    fake.faults.lying_chunk = {split(data)}
    with pytest.raises(StorageError, match="does not hash"):
        upload(gateway(fake), data)


def test_an_upload_is_resumed_from_its_journal(fake, tmp_path):
    """What was acknowledged before a failure is not sent again."""
    data = content(300)
    fake.faults.full_bucket = 200
    with pytest.raises(StorageError):
        upload(gateway(fake, journal=tmp_path), data)
    fake.faults.full_bucket = None
    before = dict(fake.received)
    stored = upload(gateway(fake, journal=tmp_path), data)

    assert stored.root in fake.pushed
    assert len(before) > 100
    assert sum(count > 1 for count in fake.received.values()) <= 64  # those under way at the failure


def test_held_is_what_can_be_read(fake):
    """A gateway is asked by reading; a root's status has no end."""
    root = upload(gateway(fake), content(3)).root

    assert list(gateway(fake).has([root, bytes(32)])) == [True, False]
    assert gateway(fake).status(root).retrievable
    assert gateway(fake).status(root).expires is None
    with pytest.raises(ChunkNotFound):
        list(gateway(fake).read([bytes(32)]))


def test_a_gateway_is_tested_by_asking_for_a_chunk(fake):
    """Something that serves chunks passes; a web page, a redirect or nothing do not."""
    gateway(fake).test()
    fake.faults.html = 200
    with pytest.raises(StorageError, match="web page"):
        gateway(fake).test()
    with pytest.raises(StorageError, match="Nothing answers"):
        GatewayStorage("http://127.0.0.1:9", patience=QUICK).test()


def test_nothing_is_pinned_at_a_gateway(fake):
    """Pinning asks nothing of it, and lists nothing."""
    gateway(fake).pin(bytes(32), keep=True)

    assert list(gateway(fake).pins()) == []
    assert not fake.requests
