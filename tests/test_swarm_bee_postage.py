"""Postage: what fits, how long, what it costs; and that only asking for it buys."""

from __future__ import annotations

import random
import secrets
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from bees import NODES, QUICK, bee, content
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import StorageError, UsageError
from swarmprov_nb.swarm import Chunk, ChunkBatch, UploadPlan, hash_chunks, split
from swarmprov_nb.swarm.bee import Batch, Batches, BeeNode, BeeStorage
from swarmprov_nb.swarm.bee.postage import (
    amount_for,
    capacity,
    chunks_of,
    decimal,
    depth_for,
    fit,
    loads,
    places,
    price_of,
)
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.testing.fake_bee import Faults

# bytes that a batch of a depth takes without redundancy, as bee-js lists them
TABLE = {19: 112e6, 20: 688e6, 21: 2.60e9, 22: 7.73e9, 23: 19.9e9, 24: 47.1e9, 25: 106e9,
         26: 228e9, 27: 477e9, 28: 994e9}  # fmt: skip


@pytest.mark.parametrize("depth", TABLE)
def test_capacity_is_about_what_the_field_counts_with(depth):
    """Our estimate for unknown content is within a tenth of the published table, which is odd only below these."""
    assert TABLE[depth] * 0.9 <= capacity(depth) <= TABLE[depth] * 1.1


def random_addresses(count: int, seed: int) -> list[bytes]:
    return [random.Random(seed * 1_000_003 + number).randbytes(32) for number in range(count)]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(0, 10**6))
def test_the_depth_for_addresses_is_the_smallest_that_holds_them(count, seed):
    """Every bucket has its places, and one depth less would not do."""
    addresses = [address[:1] + b"\0" + address[2:] for address in random_addresses(count, seed)]
    depth = depth_for(addresses)
    wanted = loads(addresses)

    assert fit({}, places(depth), wanted).ok
    assert depth == 17 or not fit({}, places(depth - 1), wanted).ok


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.integers(0, 9), st.integers(0, 4)),
    st.dictionaries(st.integers(0, 9), st.integers(1, 4), min_size=1),
)
def test_a_fit_says_how_many_chunks_would_find_no_place(used, wanted):
    """Filling the buckets one chunk at a time finds the same."""
    now, homeless = dict(used), 0
    for bucket, count in wanted.items():
        for _ in range(count):
            if now.get(bucket, 0) < 4:
                now[bucket] = now.get(bucket, 0) + 1
            else:
                homeless += 1
    found = fit(used, 4, wanted)

    assert found.ok == (homeless == 0)
    assert found.ok or found.why.startswith(f"{homeless} of {sum(wanted.values())} chunks")


@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 4096 * 128, 4096 * 129, 1_000_000])
def test_chunks_are_counted_as_they_are_made(size):
    """The number of chunks of a file is that of its tree."""

    class Count:
        chunks = 0

        def put(self, batch):
            self.chunks += len(batch)

    count = Count()
    split(bytes(size), count)

    # a last chunk that is carried up saves its parents, so the estimate may be one too many a level
    assert count.chunks <= chunks_of(size) <= count.chunks + 2


def test_money_is_exact():
    """Prices are whole PLUR and decimal text, without a float on the way."""
    price = price_of(23, 414720001, 1, now=datetime(2026, 1, 1, tzinfo=UTC))

    assert price.plur == 414720001 * 2**23 == 3478923518148608
    assert price.bzz == "0.3478923518148608"
    assert decimal(10**40 + 1, 16) == "1000000000000000000000000.0000000000000001"
    assert price.expires == datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("days", [0, 0.5, -1, float("nan"), float("inf")])
def test_less_than_a_day_is_refused(days):
    """Swarm sells no less than a day."""
    with pytest.raises(UsageError, match="one day"):
        amount_for(days, price=24000, block_seconds=5, minimum_blocks=17280)


def test_the_node_s_minimum_is_kept():
    """A day on a chain with other blocks still pays the minimum that the contract asks for."""
    assert amount_for(1, price=10, block_seconds=12, minimum_blocks=17280) == 172801


@pytest.fixture
def batches():
    with FakeBee() as fake:
        yield fake, Batches(BeeNode.at(fake.url, patience=QUICK))


@pytest.mark.parametrize("kind", NODES)
def test_a_node_lists_its_batches(kind):
    """Id, depth, use and end of each, the one that lasts longest first."""
    with bee(kind) as one:
        listed = Batches(one.node).list()

    assert one.batch in {batch.id for batch in listed}
    assert all(17 <= batch.depth <= 41 for batch in listed)
    ends = [batch.expires for batch in listed if batch.expires is not None]
    assert all(before >= after - timedelta(seconds=5) for before, after in pairwise(ends))


def test_a_batch_s_end_follows_from_its_time_left(batches):
    """62208000000 PLUR at 24000 a block of five seconds are 150 days."""
    fake, ours = batches
    left = ours.get(fake.batch).expires - datetime.now(UTC)

    assert timedelta(days=149.5) < left < timedelta(days=150.5)


def test_the_simulation_agrees_with_what_the_node_takes():
    """Chunks that fit by simulation go up; one more than fits is refused by the node as well."""
    with FakeBee(batches=(17,)) as fake:
        node = BeeNode.at(fake.url, patience=QUICK)
        payloads = [b"overissue-5165", b"overissue-8082", b"overissue-13560"]
        chunks = [Chunk.of(len(payload), payload) for payload in payloads]
        batch = Batches(node).get(fake.batch)
        two, three = ([chunk.address for chunk in chunks[:count]] for count in (2, 3))
        assert (batch.fits(two).ok, batch.fits(three).ok) == (True, False)
        up = BeeStorage(node, batch=fake.batch).upload(b"", UploadPlan("two"))
        up.put(ChunkBatch.of(chunks[:2]))
        up.finish()
        assert not Batches(node).get(fake.batch).fits(three[2:]).ok
        up = BeeStorage(node, batch=fake.batch).upload(b"", UploadPlan("three"))
        with pytest.raises(StorageError, match="full"):  # noqa: PT012 - the node may refuse at once
            up.put(ChunkBatch.of(chunks[2:]))
            up.finish()


def test_the_best_batch_holds_everything_and_lasts_longest(batches):
    """Too small, too short, mutable and young ones are passed over, each with its reason."""
    fake, ours = batches
    addresses = [bytes(2) + secrets.token_bytes(30) for _ in range(10)]
    small = fake.add_batch(17)
    longer = fake.add_batch(22, amount=2 * 62_208_000_000)
    mutable = fake.add_batch(22, amount=9 * 62_208_000_000, immutable=False)
    best, reasons = ours.best(addresses)
    longest, too_short = ours.best(addresses, days=290)
    none, all_reasons = ours.best(addresses, days=4000)

    assert (best.id, longest.id, none) == (longer, longer, None)
    assert small not in reasons or "no place" in reasons[small]
    assert set(all_reasons) >= {small, longer, mutable, fake.batch}
    assert "days" in all_reasons[longer]
    assert too_short == {}


def test_a_full_mutable_batch_does_not_fit(batches):
    """It would take the chunks, and overwrite what it paid for before."""
    fake, ours = batches
    mutable = fake.add_batch(17, immutable=False)
    node = ours.node
    up = BeeStorage(node, batch=mutable).upload(b"", UploadPlan("m"))
    up.put(ChunkBatch.of([Chunk.of(14, b"overissue-5165"), Chunk.of(14, b"overissue-8082")]))
    up.finish()
    found = ours.get(mutable).fits([secrets.token_bytes(32)])

    assert not found.ok
    assert "overwrite" in found.why


def test_a_price_is_the_smallest_batch_for_these_chunks_and_days(batches):
    """Depth by the actual addresses, amount by the price of storage; nothing is bought."""
    _, ours = batches
    addresses = [bytes(2) + secrets.token_bytes(30) for _ in range(5)]
    price = ours.price(addresses, 30)

    assert (price.depth, price.amount) == (19, 30 * 17280 * 24000 + 1)
    assert price.plur == price.amount * 2**19
    assert not [path for method, path in batches[0].requests if method in {"POST", "PATCH"}]


@pytest.mark.parametrize("version", ["2.8.0", "2.8.1"])
def test_a_node_without_swap_tells_prices_and_buys(version):
    """Without swap, Bee before 2.8.1 shows no wallet (403): the price is that of Gnosis, and buying goes on."""
    with FakeBee(version=version, faults=Faults(no_swap=True), block_seconds=0.02) as fake:
        ours = Batches(BeeNode.at(fake.url, patience=QUICK))
        price = ours.price(1000, 30)
        bought = ours.get(ours.buy(price))

    assert bought.amount == price.amount == 30 * 17280 * 24000 + 1


@pytest.mark.parametrize("version", ["2.8.0", "2.8.1"])
def test_a_day_pays_the_contract_s_minimum_where_blocks_are_slow(version):
    """With blocks of twelve seconds a day has 7200, and the contract asks for 17280: also where the node says none."""
    with FakeBee(version=version, faults=Faults(other_network=True)) as fake:
        amount = Batches(BeeNode.at(fake.url, patience=QUICK)).amount(1)

    assert amount == 17280 * 24000 + 1


@pytest.mark.parametrize(("left", "expired"), [(-1, False), (-300, True), (-(2**63), True), (0, True), (2**62, False)])
def test_only_minus_one_means_without_an_end(left, expired):
    """A batch that is overdue has expired; one whose time is beyond a century has no end."""
    told = {"batchID": "ab" * 32, "depth": 20, "amount": "1", "immutableFlag": True, "usable": True, "utilization": 0}
    batch = Batch.of({**told, "batchTTL": left}, dict)

    assert (batch.expired, batch.expires is None) == (expired, not expired)


def test_a_price_for_bytes_takes_the_content_as_random(batches):
    """A gigabyte of unknown content needs depth 21."""
    assert batches[1].price(10**9, 2).depth == 21


def test_the_wallet_is_shown_in_whole_and_in_decimal(batches):
    """BZZ and the chain's coin, exactly."""
    fake, ours = batches
    fake.balance, fake.native_balance = 12_345, 10**18 + 1
    wallet = ours.wallet()

    assert (wallet.plur, wallet.bzz) == (12_345, "0.0000000000012345")
    assert (wallet.wei, wallet.coin, wallet.chain_id) == (10**18 + 1, "1.000000000000000001", 100)


@pytest.fixture
def busy_chain():
    with FakeBee(block_seconds=0.02) as fake:
        yield fake, Batches(BeeNode.at(fake.url, patience=QUICK))


def test_a_bought_batch_is_usable_when_it_is_handed_over(busy_chain):
    """The price that was shown is what is paid; waiting is told; uploads go at once."""
    fake, ours = busy_chain
    price, before, told = ours.price(20_000, 2), fake.balance, []
    bought = ours.buy(price, "tests", say=told.append)
    up = BeeStorage(ours.node, batch=bought).upload(b"", UploadPlan("p"))
    root = split(content(2), up)
    up.finish()

    assert before - fake.balance == price.plur
    assert ours.get(bought).label.startswith("tests ")
    assert ours.get(bought).immutable
    assert root in fake.pushed
    assert told


def test_a_purchase_whose_answer_is_lost_is_found_and_not_repeated(busy_chain):
    """The connection dies after the node has bought: one batch is paid, and it is the one handed over."""
    fake, ours = busy_chain
    price, before = ours.price(1000, 1), fake.balance
    fake.faults.only, fake.faults.lost_answer = ("/stamps/",), 1
    bought = ours.buy(price)

    assert before - fake.balance == price.plur
    assert ours.get(bought).usable
    assert len([path for method, path in fake.requests if method == "POST" and "/stamps/" in path]) == 1


def test_too_little_in_the_wallet_is_said_with_what_there_is(busy_chain):
    """The message names balance, price and where to send more; nothing is bought."""
    fake, ours = busy_chain
    fake.balance = 10**14
    with pytest.raises(StorageError, match="too little") as failed:
        ours.buy(ours.price(10**9, 30))

    assert failed.value.kind == "funds"
    assert "0.01 BZZ" in failed.value.what
    assert ours.wallet().address in failed.value.next_step
    assert len(ours.list()) == 1


def test_a_purchase_on_a_dead_node_spends_nothing():
    """Nothing answers, so nothing was sent: no search for a lost batch."""
    price = price_of(17, 414720001, 1)
    with pytest.raises(StorageError) as failed:
        Batches(BeeNode.at("http://127.0.0.1:9", patience=QUICK)).buy(price)

    assert failed.value.kind == "no-node"


def test_a_batch_that_is_not_usable_in_time_is_named():
    """Bought and slow: the id is in the message, so that nobody buys again."""
    with FakeBee() as fake:
        ours = Batches(BeeNode.at(fake.url, patience=QUICK.__class__(answer=5, usable=0.3, tries=2)))
        with pytest.raises(StorageError, match="is bought, and not usable") as failed:
            ours.buy(ours.price(100, 1))

    assert "nothing has to be bought again" in failed.value.next_step.lower()


def test_topping_up_adds_days_at_the_price_shown(busy_chain):
    """The end moves by the days that were paid, and the cost is that of the batch's depth."""
    fake, ours = busy_chain
    price = ours.price_of_top_up(fake.batch, 10)
    before, end = fake.balance, ours.get(fake.batch).expires
    topped = ours.top_up(fake.batch, price)

    assert price.plur == price.amount * 2**22 == before - fake.balance
    assert timedelta(days=9.9) < topped.expires - end < timedelta(days=10.1)
    assert abs(price.expires - topped.expires) < timedelta(hours=2)


def test_topping_up_beyond_the_wallet_is_said(busy_chain):
    """Bee says 402 here and 400 when buying; the words are the same."""
    fake, ours = busy_chain
    price = ours.price_of_top_up(fake.batch, 10)
    fake.balance = 5
    with pytest.raises(StorageError, match="too little") as failed:
        ours.top_up(fake.batch, price)

    assert failed.value.kind == "funds"


def test_a_top_up_whose_answer_is_lost_is_paid_once(busy_chain):
    """The payment is looked for, not sent again."""
    fake, ours = busy_chain
    price, before = ours.price_of_top_up(fake.batch, 2), fake.balance
    fake.faults.only, fake.faults.lost_answer = ("/stamps/topup",), 1
    ours.top_up(fake.batch, price)

    assert before - fake.balance == price.plur


def test_the_price_of_another_depth_is_refused(batches):
    """A price shown for one batch is not paid for another."""
    fake, ours = batches
    with pytest.raises(UsageError, match="another depth"):
        ours.top_up(fake.batch, price_of(17, 10, 1))


def test_addresses_are_hashed_into_buckets_as_bee_does():
    """The bucket is the first sixteen bits of the address, big endian (recorded: overissue-13560 in 65334)."""
    address = hash_chunks(b"overissue-13560".ljust(4096, b"\0"), [15])

    assert loads([address]) == {65334: 1}
