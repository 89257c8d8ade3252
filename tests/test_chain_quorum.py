"""Several nodes of one network: what they agree on is believed, a liar is named, a dead one costs its time once."""

from __future__ import annotations

import hashlib
import threading
import time

import pytest
from rpc_doubles import Relay

from swarmprov_nb.chain import evm_sending, quorum
from swarmprov_nb.chain.anchors import AnchorRequest, NotIncluded, anchor
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.quorum import Disagreement, Quorum
from swarmprov_nb.chain.rpc import NodeSilent, ask, ask_number, ask_object, number
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import UsageError

SUBJECT = hashlib.sha256(b"study").digest()
REQUEST = AnchorRequest(SUBJECT, bytes(32), 1)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(quorum, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(evm_sending, "POLL_SECONDS", 0.01)


@pytest.fixture
def nodes(tmp_path):
    """Three nodes of one chain."""
    node = EmbeddedNode(tmp_path / "chain.sqlite")
    yield [Relay(node, f"https://{name}.example") for name in ("one", "two", "three")]
    node.close()


@pytest.fixture
def backend(nodes, tmp_path):
    return EvmAnchors(EMBEDDED, Quorum(nodes), lock_folder=tmp_path / "locks")


@pytest.fixture
def ada(tmp_path):
    return DevWallet.open(tmp_path / "keys")


def anchored(backend, wallet, request=REQUEST):
    return anchor(backend, request, wallet, lambda _: None)


def silent(relay, why="nothing there"):
    def fail(_node, _params):
        raise NodeSilent(f"{relay.place}: {why}.", "")

    return fail


def quiet(relay):
    """Let a node answer nothing at all."""
    relay.make_request = lambda method, params: silent(relay)(None, params)


def test_nodes_that_agree_are_believed(backend, nodes, ada):
    """An anchor goes to all, and is read from all."""
    record = anchored(backend, ada)
    assert record.finalized
    assert backend.get(ada.address, SUBJECT) == record
    assert [relay.asked.count("eth_sendRawTransaction") for relay in nodes] == [2, 2, 2]  # the contract, and the anchor
    assert all("eth_call" in relay.asked for relay in nodes)
    assert backend.notes() == ()
    assert ask_number(nodes[0], "eth_getTransactionCount", ada.address, "latest") == 2


LIES = {
    "chain id": ("eth_chainId", lambda node, params: {"result": "0x1"}, "which chain"),
    "code": ("eth_getCode", lambda node, params: {"result": "0x6001"}, "the contract's code"),
    "no code": ("eth_getCode", lambda node, params: {"result": "0x"}, "the contract's code"),
    "record": ("eth_call", lambda node, params: {"result": "0x" + "00" * 160}, "the record"),
    "events": ("eth_getLogs", lambda node, params: {"result": []}, "the events"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_liar_is_named(backend, nodes, ada, lie):
    """Where one of three says otherwise nothing is believed, and the error names who says what about what."""
    anchored(backend, ada)
    method, answer, words = LIES[lie]
    nodes[1].answers[method] = answer
    with pytest.raises(Disagreement, match=words) as caught:
        backend.anchored_event(ada.address, SUBJECT)
    assert all(relay.place in caught.value.what for relay in nodes)


@pytest.mark.parametrize("field", ["timestamp", "hash"])
def test_a_liar_about_a_block_is_named(backend, nodes, ada, field):
    """The time and the hash of a block are what all say."""
    anchored(backend, ada)
    nodes[2].bends("eth_getBlockByNumber", **{field: "0x123"})
    with pytest.raises(Disagreement):
        backend.get(ada.address, SUBJECT)


def test_a_lie_is_found_before_anything_is_signed(backend, nodes, ada):
    """A node that claims another chain stops a transaction before its signature."""
    nodes[0].says("eth_chainId", "0x1")
    with pytest.raises(Disagreement):
        backend.prepare(REQUEST, ada)
    assert not any("eth_sendRawTransaction" in relay.asked for relay in nodes)


def test_finality_is_that_of_the_slowest(backend, nodes, ada):
    """A node cannot make a block final alone: the lowest of the finalized blocks counts."""
    record = anchored(backend, ada)
    low = ask_object(nodes[0].node, "eth_getBlockByNumber", hex(record.anchored_block - 1), False)

    def behind(node, params):
        return (
            {"result": low} if params[0] in ("finalized", "safe") else node.make_request("eth_getBlockByNumber", params)
        )

    nodes[1].answers["eth_getBlockByNumber"] = behind
    assert backend.get(ada.address, SUBJECT).state == "included"
    nodes[1].answers["eth_getBlockByNumber"] = lambda node, params: (
        {"result": None} if params[0] in ("finalized", "safe") else node.make_request("eth_getBlockByNumber", params)
    )
    assert backend.get(ada.address, SUBJECT).state == "included"


def test_receipt_that_only_one_shows_is_none(backend, nodes, ada, monkeypatch):
    """What a liar says of a transaction that never was is not taken for its inclusion."""
    anchored(backend, ada)
    prepared = backend.prepare(AnchorRequest(hashlib.sha256(b"other").digest(), bytes(32), 1), ada)
    receipt = {"transactionHash": prepared.hash, "status": "0x1", "blockNumber": "0x1", "blockHash": "0x" + "11" * 32}
    for relay in nodes:
        relay.says("eth_sendRawTransaction", prepared.hash)
    nodes[0].says("eth_getTransactionReceipt", receipt)
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.1)
    assert backend.state(prepared) == "dropped"
    with pytest.raises(NotIncluded):
        backend.submit(prepared)


def test_receipts_that_differ_are_a_disagreement(backend, nodes, ada):
    """A transaction that failed at one node and succeeded at another is believed nowhere."""
    prepared = backend.prepare(REQUEST, ada)
    backend.submit(prepared)
    nodes[1].bends("eth_getTransactionReceipt", status="0x0")
    with pytest.raises(Disagreement, match="receipt"):
        backend.state(prepared)


def test_a_nonce_from_the_future_is_not_used(backend, nodes, ada):
    """A node that counts too far cannot make a transaction wait for ever."""
    anchored(backend, ada)
    nodes[2].says("eth_getTransactionCount", "0x999")
    nodes[2].answers["eth_getTransactionCount"] = lambda node, params: (
        {"result": "0x999"} if params[1] == "pending" else node.make_request("eth_getTransactionCount", params)
    )
    assert backend.prepare(AnchorRequest(hashlib.sha256(b"x").digest(), bytes(32), 1), ada).nonce == 2


def test_a_dead_node_is_left_out_and_named(backend, nodes, ada):
    """The others go on without one that does not answer; it is not asked again for a while, and a note says so."""
    quiet(nodes[1])
    record = anchored(backend, ada)
    assert backend.get(ada.address, SUBJECT) == record
    assert backend.notes() == ("https://two.example: nothing there.",)


def test_a_dead_node_is_asked_again_after_a_while(backend, nodes, ada, monkeypatch):
    """Who was silent may speak again."""
    answers, nodes[1].make_request = nodes[1].make_request, silent(nodes[1])
    monkeypatch.setattr(quorum, "SILENT_SECONDS", 0.0)
    anchored(backend, ada)
    nodes[1].make_request = answers
    nodes[1].asked.clear()
    backend.get(ada.address, SUBJECT)
    assert "eth_call" in nodes[1].asked


def test_a_hanging_node_costs_its_time_once(backend, nodes, ada, monkeypatch):
    """A node that never answers holds the others up once, and no longer than the limit."""
    monkeypatch.setattr(quorum, "ANSWER_SECONDS", 1.0)
    closing = threading.Event()
    asked = []

    def hang(method, params):
        asked.append(method)
        closing.wait(60)

    nodes[1].make_request = hang
    begun = time.monotonic()
    anchored(backend, ada)
    backend.get(ada.address, SUBJECT)
    closing.set()
    assert len(asked) == 1
    assert time.monotonic() - begun < 40
    assert "did not answer in time" in backend.notes()[0]


def test_refusals_of_one_are_left_out(backend, nodes, ada):
    """A node that refuses (a rate limit) is left out where others answer, and named."""
    record = anchored(backend, ada)
    nodes[0].refuses("eth_call", "rate limit")
    assert backend.get(ada.address, SUBJECT) == record
    assert backend.notes() == ("https://one.example does not say the record.",)


def test_garbage_of_one_is_left_out(backend, nodes, ada):
    """A node that answers with something else is as good as silent."""
    nodes[0].answers["eth_chainId"] = lambda _node, _params: ["0x1"]
    assert anchored(backend, ada).finalized
    assert "no JSON-RPC" in backend.notes()[0]


def test_all_dead_is_an_error_that_names_them(nodes):
    """Where nobody answers, the error says what is wrong with each."""
    for relay in nodes:
        quiet(relay)
    for method in ("eth_chainId", "eth_estimateGas"):
        with pytest.raises(NodeSilent, match="None of the nodes answers") as caught:
            ask(Quorum(nodes), method)
        assert all(relay.place in caught.value.what for relay in nodes)


def test_refusals_of_all_are_told(backend, nodes, ada):
    """What all refuse is refused in their words."""
    anchored(backend, ada)
    for relay in nodes:
        relay.refuses("eth_call", "not today")
    with pytest.raises(Exception, match="not today"):
        backend.get(ada.address, SUBJECT)


def test_a_node_far_behind_is_named(backend, nodes, ada):
    """A node whose newest block is old hides what happened since: nothing is believed, and it is named."""
    record = anchored(backend, ada)
    times = {"timestamp": hex(record.anchored_at - 3600), "number": "0x0"}
    nodes[2].bends("eth_getBlockByNumber", **times)
    with pytest.raises(Disagreement, match=r"https://three\.example is 60 minutes behind https://"):
        backend.get(ada.address, SUBJECT)


def test_nodes_a_block_apart_are_asked_at_the_block_that_all_have(nodes, tmp_path, ada):
    """A record in a block that one has not seen yet is not there yet, and no disagreement."""
    backend = EvmAnchors(EMBEDDED, Quorum(nodes), lock_folder=tmp_path / "locks")
    record = anchored(backend, ada)
    before = ask_object(nodes[0].node, "eth_getBlockByNumber", hex(record.anchored_block - 1), False)
    nodes[1].answers["eth_getBlockByNumber"] = lambda node, params: (
        {"result": before} if params[0] == "latest" else node.make_request("eth_getBlockByNumber", params)
    )
    assert backend.get(ada.address, SUBJECT) is None
    assert number(before["number"]) == record.anchored_block - 1


def test_advice_comes_from_the_first_that_gives_it(nodes):
    """Gas and fees are asked of one node after the other."""
    nodes[0].refuses("eth_maxPriorityFeePerGas", "unknown method")
    nodes[1].says("eth_maxPriorityFeePerGas", "0x7")
    assert ask_number(Quorum(nodes), "eth_maxPriorityFeePerGas") == 7
    assert "eth_maxPriorityFeePerGas" not in nodes[2].asked


def test_transaction_that_one_takes_is_taken(nodes):
    """One acceptance counts, and so does one node that has it already."""
    nodes[0].refuses("eth_sendRawTransaction", "nonce too low")
    nodes[1].refuses("eth_sendRawTransaction", "already known")
    nodes[2].says("eth_sendRawTransaction", "0xab")
    assert ask(Quorum(nodes), "eth_sendRawTransaction", "0x02") == "0xab"
    with pytest.raises(Exception, match="already known"):
        ask(Quorum(nodes[:2]), "eth_sendRawTransaction", "0x02")


def test_without_nodes_there_is_no_quorum(nodes):
    """At least one node is needed; what is shown of a quorum is places."""
    with pytest.raises(UsageError):
        Quorum([])
    assert repr(Quorum(nodes[:1])) == "Quorum(https://one.example)"
