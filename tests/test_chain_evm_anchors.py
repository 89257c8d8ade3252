"""Anchoring end to end, on the embedded chain and on a real node: prepare, journal, submit, read, walk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from embedded_web3 import EmbeddedChain
from rpc_doubles import OwnWallet, Relay

from swarmprov_nb.chain import evm_sending
from swarmprov_nb.chain.anchors import (
    AnchoredEvent,
    AnchorEdge,
    AnchorRequest,
    DerivedEvent,
    NotDeployed,
    NotFunded,
    PreparedStale,
    PreparedTransaction,
    anchor,
)
from swarmprov_nb.chain.contract import CONTRACTS
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.evm_anchors import GAS_OF_ANCHOR, GAS_OF_EDGE, EvmAnchors, open_embedded
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import ANVIL, EMBEDDED, Network
from swarmprov_nb.chain.rpc import ask, number
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import ChainError, UsageError

REPOSITORY = Path(__file__).parent.parent
NOBODY = "0x" + "00" * 20
NONE = bytes(32)

ANCHORER = """
import json, sys
from pathlib import Path
from swarmprov_nb.chain.anchors import AnchorRequest, anchor
from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.chain.wallet import DevWallet
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
backend, wallet = open_embedded(folder / "chain"), DevWallet.open(folder / "keys")
for i in range(count):
    subject = name.encode().ljust(31, b".") + bytes([i + 1])
    journal = lambda prepared: print(json.dumps(prepared.to_json()), flush=True)
    anchor(backend, AnchorRequest(subject=subject, locator=bytes(32), kind=1), wallet, journal)
"""


def digest(name):
    return hashlib.sha256(name.encode()).digest()


def request(name, *edges, kind=1):
    return AnchorRequest(subject=digest(name), locator=digest(f"at {name}"), kind=kind, edges=edges)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(evm_sending, "POLL_SECONDS", 0.02)


@pytest.fixture(params=["embedded", "anvil"])
def relay(request, tmp_path):
    """The nodes that every test of this file that asks for one runs on."""
    if request.param == "anvil":
        relay = Relay(HttpRpc(request.getfixturevalue("anvil_url")))
        relay.network = ANVIL
        yield relay
    else:
        node = EmbeddedNode(tmp_path / "chain.sqlite")
        relay = Relay(node)
        relay.network = EMBEDDED
        yield relay
        node.close()


@pytest.fixture
def backend(tmp_path, relay):
    return EvmAnchors(relay.network, relay, lock_folder=tmp_path / "locks", loopback=True)


embedded_only = pytest.mark.parametrize("relay", ["embedded"], indirect=True)


@pytest.fixture
def ada(tmp_path):
    return DevWallet.open(tmp_path / "ada")


@pytest.fixture
def bob(tmp_path):
    return DevWallet.open(tmp_path / "bob")


def put(backend, wallet, name, *edges):
    return backend.submit(backend.prepare(request(name, *edges), wallet))


def blocks(relay):
    return number(ask(relay.node, "eth_blockNumber"))


def test_a_chain_that_is_opened_often_is_open_once(tmp_path):
    """A process that publishes a thousand times keeps no more files open than after the first."""
    for _ in range(5):
        assert open_embedded(tmp_path).balance(NOBODY) == 0
    opened = [file.path for file in psutil.Process().open_files() if file.path.endswith("chain.sqlite")]

    assert opened.count(str(tmp_path / "chain.sqlite")) == 1


def test_anchor_is_prepared_then_submitted(backend, relay, ada):
    """Preparing signs and sends no anchor; submitting gives the record, which any later look finds too."""
    prepared = backend.prepare(request("study", kind=7), ada)
    assert backend.get(ada.address, digest("study")) is None
    record = backend.submit(prepared)
    assert (record.attester, record.subject, record.kind) == (ada.address, digest("study"), 7)
    assert (record.network, record.contract) == (relay.network, CONTRACTS["1"].address)
    assert (record.anchored_block, record.public) == (blocks(relay), False)
    assert record.state == backend.state(record) == ("finalized" if relay.network is EMBEDDED else "included")
    assert (record.revoked_at, record.revoked_block) == (None, None)
    assert backend.get(ada.address.lower(), digest("study")) == record


def test_event_tells_locator_and_transaction(backend, ada):
    """The anchor's event holds the locator and the hash that the journal knows already."""
    prepared = backend.prepare(request("study"), ada)
    record = backend.submit(prepared)
    assert backend.anchored_event(ada.address, digest("study")) == AnchoredEvent(
        ada.address, digest("study"), digest("at study"), 1, record.anchored_block, prepared.hash
    )
    assert backend.anchored_event(ada.address, digest("other")) is None


def test_submitting_again_sends_nothing_twice(backend, relay, ada):
    """The same prepared transaction, also out of the journal, gives the same record and no second block."""
    prepared = backend.prepare(request("study"), ada)
    record = backend.submit(prepared)
    height = blocks(relay)
    restored = PreparedTransaction.from_json(json.loads(json.dumps(prepared.to_json())))
    assert backend.submit(restored) == backend.submit(prepared) == record
    assert blocks(relay) == height


def test_lost_answer_is_made_good(backend, relay, ada):
    """A transaction that landed although the answer was lost is found by the next submit."""
    prepared = backend.prepare(request("study"), ada)

    def lands_and_breaks(node, params):
        node.make_request("eth_sendRawTransaction", params)
        raise ConnectionError

    relay.answers["eth_sendRawTransaction"] = lands_and_breaks
    with pytest.raises(ConnectionError):
        backend.submit(prepared)
    del relay.answers["eth_sendRawTransaction"]
    assert backend.submit(prepared).anchored_block == blocks(relay)


def test_known_transaction_is_waited_for(backend, relay, ada, monkeypatch):
    """A node that already has the transaction in its pool is asked for the receipt until it is included."""
    monkeypatch.setattr(evm_sending, "POLL_SECONDS", 0.0)
    prepared = backend.prepare(request("study"), ada)
    asked = []

    def known(node, params):
        return {"error": {"code": -32000, "message": "already known"}}

    def included_late(node, params):
        asked.append(params)
        if len(asked) == 3:
            node.make_request("eth_sendRawTransaction", [prepared.raw])
        return node.make_request("eth_getTransactionReceipt", params)

    relay.answers.update(eth_sendRawTransaction=known, eth_getTransactionReceipt=included_late)
    assert backend.submit(prepared).anchored_at is not None
    assert len(asked) == 3


def test_transaction_that_is_not_included_says_so(backend, relay, ada, monkeypatch):
    """Waiting ends with an error that says how to go on."""
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", -1.0)
    prepared = backend.prepare(request("study"), ada)
    relay.answers["eth_sendRawTransaction"] = lambda node, params: {"result": prepared.hash}
    with pytest.raises(ChainError, match="not included"):
        backend.submit(prepared)


def test_existing_record_needs_no_transaction(backend, relay, ada):
    """What is anchored already is recognised: nothing is signed, nothing sent, the record is the same."""
    record = put(backend, ada, "study")
    height = blocks(relay)
    prepared = backend.prepare(request("study"), ada)
    assert (prepared.raw, prepared.hash) == ("", "")
    assert backend.submit(prepared) == record
    assert blocks(relay) == height


def test_nonce_taken_by_another_is_stale(backend, relay, ada):
    """Of two prepared transactions with one nonce, the second is stale; prepared anew it is anchored."""
    first, second = backend.prepare(request("first"), ada), backend.prepare(request("second"), ada)
    assert first.nonce == second.nonce
    backend.submit(first)
    height = blocks(relay)
    with pytest.raises(PreparedStale):
        backend.submit(second)
    assert blocks(relay) == height
    again = backend.prepare(request("second"), ada)
    assert again.nonce == first.nonce + 1
    assert backend.submit(again).anchored_block == height + 1


def test_stale_transaction_of_what_is_anchored_is_no_error(backend, ada):
    """Two processes that prepared the same anchor: the slower one gets the record of the faster."""
    first, second = backend.prepare(request("study", kind=1), ada), backend.prepare(request("study", kind=2), ada)
    record = backend.submit(first)
    assert backend.submit(second) == record


@embedded_only
def test_vanished_record_asks_for_a_new_preparation(backend, relay, ada, tmp_path):
    """Nothing was signed because the record was there; if it is gone, submit says prepare anew."""
    put(backend, ada, "study")
    prepared = backend.prepare(request("study"), ada)
    other = EvmAnchors(EMBEDDED, EmbeddedNode(tmp_path / "other.sqlite"), lock_folder=tmp_path)
    with pytest.raises(PreparedStale):
        other.submit(prepared)


def test_revocation(backend, relay, ada):
    """A revocation is prepared and submitted like an anchor, once, and the record shows it."""
    record = put(backend, ada, "wrong")
    revoked = backend.submit(backend.prepare_revoke(digest("wrong"), digest("right"), ada))
    assert revoked == dataclasses.replace(
        record, revoked_at=revoked.revoked_at, revoked_block=record.anchored_block + 1
    )
    assert revoked.revoked_at >= record.anchored_at
    height = blocks(relay)
    assert backend.submit(backend.prepare_revoke(digest("wrong"), NONE, ada)) == revoked
    assert blocks(relay) == height


def test_revoked_before_anchored(backend, relay, ada):
    """A subject that is only revoked has a record without an anchor, and can no longer be anchored."""
    record = backend.submit(backend.prepare_revoke(digest("leaked"), NONE, ada))
    assert (record.anchored_at, record.anchored_block) == (None, None)
    assert record.finalized == (relay.network is EMBEDDED)
    assert backend.edges_of(ada.address, digest("leaked")) == ()
    with pytest.raises(ChainError, match="AlreadyRevoked"):
        backend.prepare(request("leaked"), ada)


def test_revoked_between_prepare_and_submit(backend, ada):
    """A revocation that took the nonce makes the anchor stale, and preparing it anew says why it cannot be."""
    prepared = backend.prepare(request("in flight"), ada)
    backend.submit(backend.prepare_revoke(digest("in flight"), NONE, ada))
    with pytest.raises(PreparedStale):
        backend.submit(prepared)
    with pytest.raises(ChainError, match="AlreadyRevoked"):
        backend.prepare(request("in flight"), ada)


def test_included_and_refused_by_the_contract(backend, relay, ada):
    """An anchor that is included behind a revocation of the same manifest fails, and the error says so."""
    revocation = backend.prepare_revoke(digest("raced"), NONE, ada)
    relay.answers["eth_getTransactionCount"] = lambda node, params: {"result": hex(revocation.nonce + 1)}
    prepared = backend.prepare(request("raced"), ada)
    backend.submit(revocation)
    height = blocks(relay)
    with pytest.raises(ChainError, match="The contract refused to anchor"):
        backend.submit(prepared)
    assert blocks(relay) == height + 1
    assert backend.get(ada.address, digest("raced")).anchored_at is None


def test_strangers_have_records_of_their_own(backend, ada, bob):
    """A stranger who anchors and revokes the same manifest leaves the author's record alone."""
    put(backend, bob, "study")
    backend.submit(backend.prepare_revoke(digest("study"), NONE, bob))
    assert backend.get(ada.address, digest("study")) is None
    assert put(backend, ada, "study").revoked_at is None


def test_edges_are_read_back_in_order_and_once(backend, ada, bob):
    """The edges of an anchor come back as claimed, each once, and none of a stranger's in the same manifest's name."""
    edges = (
        AnchorEdge(ada.address, digest("parent"), 2),
        AnchorEdge(NOBODY, digest("elsewhere"), 1),
        AnchorEdge(ada.address, digest("parent"), 3),
    )
    put(backend, ada, "child", *edges, edges[0])
    put(backend, bob, "child", AnchorEdge(bob.address, digest("lie"), 1))
    put(backend, ada, "orphan")
    assert backend.edges_of(ada.address, digest("child")) == edges
    assert backend.edges_of(ada.address, digest("orphan")) == ()
    assert backend.edges_of(ada.address, digest("unknown")) == ()


def test_lineage_is_walked_newest_first_block_by_block(backend, relay, ada, bob):
    """Anchor and claims of descent come newest first, each once, by one request a block; the walk has a limit."""
    put(backend, ada, "root")
    root = AnchorEdge(ada.address, digest("root"), 1)
    put(backend, bob, "one", root, dataclasses.replace(root, relation=2), root)
    put(backend, ada, "unrelated")
    put(backend, ada, "two", root)
    relay.asked.clear()
    events = list(backend.lineage(ada.address, digest("root")))
    assert relay.asked.count("eth_getLogs") == 3
    assert [(event.child, event.attester, event.parent.relation) for event in events[:-1]] == [
        (digest("two"), ada.address, 1),
        (digest("one"), bob.address, 1),
        (digest("one"), bob.address, 2),
    ]
    assert all(isinstance(event, DerivedEvent) for event in events[:-1])
    assert isinstance(events[-1], AnchoredEvent)
    assert list(backend.lineage(ada.address, digest("root"), limit=1)) == events[:1]
    assert list(backend.lineage(bob.address, digest("root"))) == []


def test_claims_on_what_is_not_anchored_are_walked_too(backend, ada, bob):
    """Descent from a manifest that nobody anchored is found under the attester that the claim names."""
    put(backend, bob, "child", AnchorEdge(ada.address, digest("never"), 1))
    (event,) = backend.lineage(ada.address, digest("never"))
    assert (event.child, event.attester) == (digest("child"), bob.address)


def test_node_that_withholds_or_bends_events_is_found_out(backend, relay, ada):
    """No logs where the contract names a block is an error; logs of other blocks or contracts are not read."""
    put(backend, ada, "study")

    def bent(field, value):
        def answer(node, params):
            found = node.make_request("eth_getLogs", params)
            return {"result": [{**each, field: value} for each in found["result"]]}

        return answer

    withheld = [bent("blockNumber", "0x1"), bent("address", NOBODY), lambda node, params: {"result": []}]
    for answer in withheld:
        relay.answers["eth_getLogs"] = answer
        with pytest.raises(ChainError, match="does not have the events"):
            list(backend.lineage(ada.address, digest("study")))
        with pytest.raises(ChainError, match="does not have the events"):
            backend.anchored_event(ada.address, digest("study"))


def test_walk_never_goes_forward(backend, relay, ada):
    """A node that names a later block as the one before cannot keep a reader walking for ever."""
    put(backend, ada, "study")

    def endless(node, params):
        (log,) = node.make_request("eth_getLogs", params)["result"]
        return {"result": [{**log, "data": log["data"][:-8] + "7fffffff"}]}

    relay.answers["eth_getLogs"] = endless
    assert len(list(backend.lineage(ada.address, digest("study")))) == 1


def test_finality_is_the_networks(backend, relay, ada):
    """A record is finalized once the network's finalized block has reached it, and never on a node without that tag."""
    record = put(backend, ada, "study")

    def finalized(answer):
        def block(node, params):
            return answer if params[0] == "finalized" else node.make_request("eth_getBlockByNumber", params)

        return block

    def at(height):
        return finalized({"result": {"number": hex(height)}})

    unknown = finalized({"error": {"code": -32602, "message": "unknown tag"}})
    for answer, expected in [
        (at(record.anchored_block - 1), False),
        (at(record.anchored_block), True),
        (unknown, False),
        (finalized({"result": None}), False),
    ]:
        relay.answers["eth_getBlockByNumber"] = answer
        assert backend.get(ada.address, digest("study")).finalized is expected


@embedded_only
def test_estimate_is_near_what_it_takes(backend, ada):
    """Before the contract is there an upper bound, afterwards what the node says; both within the goals."""
    edge = AnchorEdge(ada.address, digest("parent"), 1)
    assert backend.estimate(request("study", edge)) == GAS_OF_ANCHOR + GAS_OF_EDGE
    put(backend, ada, "parent")
    assert 40_000 < backend.estimate(request("study")) <= GAS_OF_ANCHOR
    new = AnchorEdge(ada.address, digest("new parent"), 1)
    assert backend.estimate(request("study", new)) <= GAS_OF_ANCHOR + GAS_OF_EDGE
    many = tuple(AnchorEdge(ada.address, digest(str(i)), 1) for i in range(257))
    with pytest.raises(UsageError):
        backend.prepare(request("study", *many), ada)


def test_wrong_chain_is_refused_before_signing(backend, relay, ada):
    """An endpoint of another chain is neither read nor signed for."""
    relay.answers["eth_chainId"] = lambda node, params: {"result": "0x1"}
    with pytest.raises(ChainError, match="serves chain 1"):
        backend.prepare(request("study"), ada)
    with pytest.raises(ChainError, match="serves chain 1"):
        backend.get(ada.address, digest("study"))
    assert "eth_sendRawTransaction" not in relay.asked


def test_foreign_code_is_refused_before_signing(backend, relay, ada):
    """Other code at the contract's address is neither believed nor sent to."""
    put(backend, ada, "study")
    relay.asked.clear()
    relay.answers["eth_getCode"] = lambda node, params: {"result": "0x6001"}
    for action in (
        lambda: backend.prepare(request("other"), ada),
        lambda: backend.get(ada.address, digest("study")),
        lambda: list(backend.lineage(ada.address, digest("study"))),
    ):
        with pytest.raises(ChainError, match="not that of our contract"):
            action()
    assert "eth_sendRawTransaction" not in relay.asked


@embedded_only
def test_public_network_is_never_deployed_to(tmp_path, relay, ada):
    """Where the contract is missing on a public network, that is an error, for reading as for anchoring."""
    public = Network(name="elsewhere", chain_id=EMBEDDED.chain_id, public=True, label="public chain")
    backend = EvmAnchors(public, relay, lock_folder=tmp_path / "locks")
    for action in (
        lambda: backend.prepare(request("study"), OwnWallet()),
        lambda: backend.get(ada.address, digest("study")),
        lambda: backend.quote(request("study"), ada.address),
    ):
        with pytest.raises(NotDeployed, match="not deployed on elsewhere"):
            action()
    assert "eth_sendRawTransaction" not in relay.asked


@embedded_only
def test_wallets_sign_only_where_they_belong(tmp_path, backend, relay, ada):
    """A dev wallet signs for no public network, and a wallet of the user's not for the embedded chain."""
    public = Network(name="elsewhere", chain_id=EMBEDDED.chain_id, public=True, label="public chain")
    elsewhere = EvmAnchors(public, relay, lock_folder=tmp_path / "locks")
    stranger = OwnWallet()
    for chain, wallet in ((elsewhere, ada), (backend, stranger)):
        for action, *arguments in (
            (chain.prepare, request("study"), wallet),
            (chain.prepare_revoke, digest("study"), NONE, wallet),
            (chain.deploy, wallet),
        ):
            with pytest.raises(UsageError):
                action(*arguments)
    assert stranger.signed == 0
    assert "eth_sendRawTransaction" not in relay.asked


def test_transaction_for_another_place_is_not_submitted(backend, ada):
    """What was prepared for another network or contract is refused."""
    prepared = backend.prepare(request("study"), ada)
    for change in ({"chain_id": 1}, {"contract": NOBODY}):
        with pytest.raises(UsageError):
            backend.submit(dataclasses.replace(prepared, **change))
    assert backend.submit(dataclasses.replace(prepared, network="another name for it")).anchored_at is not None


@embedded_only
def test_journal_entry_that_was_tampered_with_is_not_sent(backend, relay, ada):
    """The bytes that would be sent are those that the entry describes, or nothing is sent."""
    prepared, other = backend.prepare(request("study"), ada), backend.prepare(request("other"), ada)
    for change in ({"raw": other.raw}, {"raw": "0x02"}, {"raw": "zz"}, {"nonce": 7}, {"hash": other.hash}):
        with pytest.raises(ChainError, match="journal"):
            backend.submit(dataclasses.replace(prepared, **change))
    assert blocks(relay) == 1  # the contract's deployment


def test_refusals_of_a_node_are_told(backend, relay, ada):
    """What a node says against a transaction is said in one of our errors."""
    prepared = backend.prepare(request("study"), ada)
    relay.answers["eth_sendRawTransaction"] = lambda node, params: {
        "error": {"code": -32000, "message": "insufficient funds"}
    }
    with pytest.raises(NotFunded, match="holds too little"):
        backend.submit(prepared)
    relay.answers["eth_sendRawTransaction"] = lambda node, params: {"error": {"code": -32000, "message": "I am ill"}}
    with pytest.raises(ChainError, match="I am ill"):
        backend.submit(prepared)
    relay.answers["eth_call"] = lambda node, params: {"error": {"code": -32005, "message": "rate limit"}}
    with pytest.raises(ChainError, match="rate limit"):
        backend.get(ada.address, digest("study"))
    relay.answers["eth_call"] = lambda node, params: {"result": "0x1234"}
    with pytest.raises(ChainError, match="no answer of the contract"):
        backend.get(ada.address, digest("study"))


def test_text_that_is_no_address_is_a_usage_error(backend):
    """An attester is an address."""
    with pytest.raises(UsageError):
        backend.get("ada", digest("study"))


@embedded_only
def test_reading_a_chain_on_which_nothing_happened(backend, relay, ada):
    """Before the first anchor there is no contract: no record, no edges, no lineage, and nothing is written."""
    assert backend.get(ada.address, digest("study")) is None
    assert backend.edges_of(ada.address, digest("study")) == ()
    assert list(backend.lineage(ada.address, digest("study"))) == []
    assert blocks(relay) == 0


def test_works_on_a_web3_provider(tmp_path, ada):
    """The web3.py provider over the same file serves the backend as the node does."""
    chain = EmbeddedChain(tmp_path / "chain.sqlite")
    backend = EvmAnchors(EMBEDDED, chain, lock_folder=tmp_path / "locks")
    assert put(backend, ada, "study").finalized
    chain.close()


def test_open_embedded_keeps_records_across_restarts(tmp_path, ada):
    """A chain in a folder is made at first use and found again; asked not to create, it says that there is none."""
    folder = tmp_path / "home" / "chain"
    with pytest.raises(ChainError, match="no embedded chain"):
        open_embedded(folder, create=False)
    assert not folder.exists()
    record = put(open_embedded(folder), ada, "study")
    assert open_embedded(folder, create=False).get(ada.address, digest("study")) == record
    (tmp_path / "file").write_text("")
    with pytest.raises(ChainError, match="cannot be made"):
        open_embedded(tmp_path / "file" / "chain")


def test_opening_the_chain_leaves_python_s_recursion_limit(tmp_path):
    """py-evm lifts the limit, and then deep JSON from anyone would end the process: it is put back."""
    code = (
        "import json, sys; from pathlib import Path; from swarmprov_nb.chain.evm_anchors import open_embedded;"
        "before = sys.getrecursionlimit(); open_embedded(Path(sys.argv[1])).get('0x' + '11' * 20, b'1' * 32);"
        "assert 'eth' in sys.modules; assert sys.getrecursionlimit() == before\n"
        "try: json.loads('[' * 10**6)\n"
        "except RecursionError: print('told')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=False, cwd=REPOSITORY, capture_output=True, text=True
    )
    assert (ran.stdout, ran.stderr) == ("told\n", "")


def spawn(folder, name, count):
    command = [sys.executable, "-c", ANCHORER, str(folder), name, str(count)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_three_processes_with_one_account_never_die_of_a_nonce(tmp_path):
    """Three processes that share a wallet and a chain, neither there yet, anchor all they have, each once."""
    running = [spawn(tmp_path, name, 5) for name in "abc"]
    answers = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], [err for _, err in answers]
    journaled = [json.loads(line) for out, _ in answers for line in out.splitlines()]
    assert sorted(each["nonce"] for each in journaled) == list(range(1, 16))  # nonce 0 deployed the contract
    backend, wallet = open_embedded(tmp_path / "chain"), DevWallet.open(tmp_path / "keys")
    records = [backend.get(wallet.address, bytes.fromhex(each["subject"][2:])) for each in journaled]
    assert sorted(record.anchored_block for record in records) == list(range(2, 17))


def test_without_a_turn_the_loser_is_told_to_prepare_anew(tmp_path, ada):
    """Two publishers that prepare with one nonce outside a turn both end up anchored, by preparing anew."""
    one, two = open_embedded(tmp_path / "chain"), open_embedded(tmp_path / "chain")
    first, second = one.prepare(request("one"), ada), two.prepare(request("two"), ada)
    two.submit(second)
    with pytest.raises(PreparedStale):
        one.submit(first)
    journal = []
    assert anchor(one, request("one"), ada, journal.append).subject == digest("one")
    assert [each.nonce for each in journal] == [first.nonce + 1]


def test_killed_anchorer_is_resumed_from_its_journal(tmp_path):
    """A publisher killed at some moment is resumed by another process: what it journaled is anchored once."""
    killed = spawn(tmp_path, "k", 200)
    lines = [killed.stdout.readline() for _ in range(4)]
    os.kill(killed.pid, signal.SIGKILL)
    rest, _ = killed.communicate()
    journaled = [PreparedTransaction.from_json(json.loads(line)) for line in [*lines, *rest.splitlines()]]
    backend = open_embedded(tmp_path / "chain")
    records = [backend.submit(each) for each in journaled]
    assert [record.anchored_block for record in records] == list(range(2, len(journaled) + 2))
    assert [backend.submit(each) for each in journaled] == records
