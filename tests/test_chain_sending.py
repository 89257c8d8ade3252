"""Sending on a real node that drops, reorders, forgets and lies: never twice, never lost, always resumable."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from anvils import anvil
from killing import OFTEN, forge
from rpc_doubles import OwnWallet, Relay

from swarmprov_nb.chain import evm_sending
from swarmprov_nb.chain.anchors import (
    MOST_TRIES,
    AnchorRequest,
    NotFunded,
    NotIncluded,
    OverCap,
    PreparedStale,
    PreparedTransaction,
    RevokeRequest,
    Underpriced,
    anchor,
    revoke,
)
from swarmprov_nb.chain.choosing import choose, open_anchors
from swarmprov_nb.chain.contract import CONTRACTS, event_topic
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import ANVIL, network_of
from swarmprov_nb.chain.rpc import NodeSilent, ask, ask_number, ask_object, number
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import ChainError, UsageError

REPOSITORY = Path(__file__).parent.parent
GWEI = 10**9


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(evm_sending, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(evm_sending, "SLOWEST_POLL", 0.1)
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 60.0)


@pytest.fixture
def relay(anvil_url):
    """One node for the file; a test that stops its mining starts it again."""
    relay = Relay(HttpRpc(anvil_url))
    relay.url = anvil_url
    yield relay
    ask(relay.node, "evm_setAutomine", True)
    ask(relay.node, "evm_mine")


@pytest.fixture
def backend(relay, tmp_path):
    return EvmAnchors(ANVIL, relay, lock_folder=tmp_path / "locks", loopback=True)


@pytest.fixture
def ada(tmp_path, backend):
    """A wallet that has anchored before: the contract stands, and it has coins."""
    wallet = DevWallet.open(tmp_path / "ada")
    put(backend, wallet, "first")
    return wallet


@pytest.fixture
def impatient(monkeypatch, ada):
    """Wait for no inclusion, once the wallet is there."""
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.05)


def digest(name):
    return hashlib.sha256(name.encode()).digest()


def request(name):
    return AnchorRequest(digest(name), bytes(32), 1)


def put(backend, wallet, name):
    return anchor(backend, request(name), wallet, lambda _: None)


def count(relay, wallet):
    return ask_number(relay.node, "eth_getTransactionCount", wallet.address, "latest")


def anchors_of(relay, wallet, name):
    """How often the chain's log holds an anchor by this wallet."""
    words = ["0x" + digest(name).hex(), "0x" + wallet.address[2:].lower().rjust(64, "0")]
    wanted = {"address": CONTRACTS["1"].address, "fromBlock": "0x0", "topics": [event_topic("Anchored"), *words]}
    return len(ask(relay.node, "eth_getLogs", wanted))


@contextmanager
def unmined(relay):
    """While this holds, the node makes no blocks."""
    ask(relay.node, "evm_setAutomine", False)
    yield
    ask(relay.node, "evm_setAutomine", True)


def when(states, state, action):
    """A watcher that acts once, when it first hears of a state."""

    def watch(heard):
        states.append(heard)
        if heard == state and states.count(state) == 1:
            action()

    return watch


def test_states_from_pending_to_finalized(backend, relay, ada):
    """A transaction is pending until it is in a block, safe after half the blocks, finalized after all."""
    with unmined(relay):
        prepared = backend.prepare(request("slow"), ada)
        assert backend.state(prepared) == "dropped"
        states = []
        record = backend.submit(prepared, watch=when(states, "pending", lambda: ask(relay.node, "evm_mine")))
        assert (states[0], states[-1], record.state) == ("pending", "included", "included")
        assert (record.seconds_to_final, record.public) == (None, False)
        seen = [backend.state(prepared), backend.state(prepared.hash)]
        for blocks in (32, 32):
            ask(relay.node, "anvil_mine", hex(blocks))
            seen += [backend.state(record), backend.state(prepared), backend.get(ada.address, digest("slow")).state]
    assert seen == ["included"] * 2 + ["safe"] * 3 + ["finalized"] * 3


def test_states_where_a_chain_knows_no_tags(backend, relay, ada):
    """On a chain of one's own without tags, blocks on top are counted: 32 are safe, 64 final."""
    record = put(backend, ada, "untagged")
    relay.answers["eth_getBlockByNumber"] = lambda node, params: (
        {"error": {"code": -32602, "message": "unknown tag"}}
        if params[0] in ("safe", "finalized")
        else node.make_request("eth_getBlockByNumber", params)
    )
    seen = [backend.state(record)]
    for blocks in (32, 31, 1):
        ask(relay.node, "anvil_mine", hex(blocks))
        seen.append(backend.state(record))
    assert seen == ["included", "safe", "safe", "finalized"]


def test_lost_answer_is_no_loss(backend, relay, ada):
    """A node that takes a transaction and never says so is asked for the receipt; nothing is sent twice."""

    def swallow(node, params):
        node.make_request("eth_sendRawTransaction", params)
        raise NodeSilent("cut", "")

    relay.answers["eth_sendRawTransaction"] = swallow
    before = count(relay, ada)
    assert put(backend, ada, "lost answer").anchored_at is not None
    assert (count(relay, ada) - before, anchors_of(relay, ada, "lost answer")) == (1, 1)


def test_lost_request_is_sent_again(backend, relay, ada):
    """A transaction that never reached the node is sent again while waiting."""
    sent = []

    def lose(node, params):
        sent.append(params)
        if len(sent) < 3:
            raise NodeSilent("cut", "")
        return node.make_request("eth_sendRawTransaction", params)

    relay.answers["eth_sendRawTransaction"] = lose
    assert put(backend, ada, "lost request").anchored_at is not None
    assert sent == [sent[0]] * 3


def test_dropped_from_the_pool_is_sent_again(backend, relay, ada):
    """What a pool forgot is put into it again, the same bytes, while waiting."""
    with unmined(relay):
        prepared = backend.prepare(request("dropped"), ada)
        states = []

        def drop():
            ask(relay.node, "anvil_dropTransaction", prepared.hash)
            assert backend.state(prepared) == "dropped"
            ask(relay.node, "evm_setAutomine", True)

        record = backend.submit(prepared, watch=when(states, "pending", drop))
    assert relay.asked.count("eth_sendRawTransaction") >= 2
    assert backend.anchored_event(ada.address, digest("dropped")).transaction == prepared.hash
    assert record.anchored_at is not None


@pytest.mark.parametrize("deep", [1, 3])
def test_reorganisation_is_seen_and_made_good(backend, relay, ada, deep):
    """A record whose block is gone is no record; the same transaction is sent again and has another block."""
    prepared = backend.prepare(request(f"reorganised {deep}"), ada)
    backend.submit(prepared)
    old = backend.anchored_event(ada.address, digest(f"reorganised {deep}")).block_hash
    ask(relay.node, "anvil_mine", hex(deep - 1))
    before = count(relay, ada)
    ask(relay.node, "anvil_reorg", deep, [])
    assert backend.get(ada.address, digest(f"reorganised {deep}")) is None
    assert backend.state(prepared) in ("dropped", "pending")
    record = backend.submit(prepared)
    event = backend.anchored_event(ada.address, digest(f"reorganised {deep}"))
    assert (event.transaction, record.anchored_block) == (prepared.hash, event.block)
    assert event.block_hash != old
    assert (count(relay, ada), anchors_of(relay, ada, f"reorganised {deep}")) == (before, 1)
    assert backend.submit(prepared) == record


def test_reorganisation_while_waiting(backend, relay, ada):
    """A block that is taken away between the receipt and the record only makes it wait longer."""
    prepared = backend.prepare(request("twice mined"), ada)
    seen = []

    def receipt(node, params):
        answer = node.make_request("eth_getTransactionReceipt", params)
        if answer["result"] and not seen:
            seen.append(answer)
            ask(node, "anvil_reorg", 1, [])
        return answer

    relay.answers["eth_getTransactionReceipt"] = receipt
    assert backend.submit(prepared).anchored_at is not None
    assert anchors_of(relay, ada, "twice mined") == 1


def test_nonce_that_another_program_took(backend, relay, ada):
    """Where another wallet program used the nonce, the transaction is stale and is prepared anew: one anchor."""
    prepared = backend.prepare(request("overtaken"), ada)
    put(backend, ada, "faster")
    with pytest.raises(PreparedStale):
        backend.submit(prepared)
    again = []
    record = anchor(backend, request("overtaken"), ada, again.append)
    assert [each.nonce for each in again] == [prepared.nonce + 1]
    assert (record.anchored_at is not None, anchors_of(relay, ada, "overtaken")) == (True, 1)


def test_node_that_contradicts_itself_about_the_nonce(backend, relay, ada):
    """A nonce that is used and is the next one is no reason to sign again."""
    prepared = backend.prepare(request("contradicted"), ada)
    relay.says("eth_sendRawTransaction", prepared.hash)
    relay.answers["eth_getTransactionCount"] = lambda node, params: (
        {"result": hex(prepared.nonce + (params[1] == "latest"))}
    )
    with pytest.raises(NodeSilent, match="contradicts itself about what"):
        backend.submit(prepared)


def test_node_that_always_finds_the_nonce_used_is_given_up(backend, relay, ada):
    """A node cannot make anyone sign for ever."""
    relay.refuses("eth_sendRawTransaction", "Nonce too high. Expected nonce to be 0 but got 1.")
    journal = []
    with pytest.raises(ChainError, match="again and again"):
        anchor(backend, request("for ever"), ada, journal.append)
    assert len(journal) == MOST_TRIES


def test_silence_now_and_then_is_waited_out(backend, relay, ada):
    """A look that fails while waiting is made again; a node that stays silent is said to be."""
    silences = [True, True, False]

    def receipt(node, params):
        if silences and silences.pop(0):
            raise NodeSilent("cut", "")
        return node.make_request("eth_getTransactionReceipt", params)

    relay.answers["eth_getTransactionReceipt"] = receipt
    assert put(backend, ada, "silence").anchored_at is not None
    prepared = backend.prepare(request("long silence"), ada)
    silences += [True] * 3
    with pytest.raises(NodeSilent):
        backend.submit(prepared)
    assert backend.submit(prepared).anchored_at is not None


def test_one_look_at_a_node_behind_is_not_believed(backend, relay, ada):
    """A node that knows the nonce is used and not yet by what is asked again before anything is signed anew."""
    prepared = backend.prepare(request("behind"), ada)
    looks = []

    def late(node, params):
        looks.append(params)
        return {"result": None} if len(looks) < 3 else node.make_request("eth_call", params)

    empty = "0x" + "00" * 160
    relay.answers["eth_getTransactionReceipt"] = lambda node, params: {"result": None}
    relay.answers["eth_call"] = lambda node, params: (
        {"result": empty} if late(node, params)["result"] is None else node.make_request("eth_call", params)
    )
    assert backend.submit(prepared).anchored_at is not None
    assert len(looks) >= 3


def calm(relay):
    ask(relay.node, "anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    ask(relay.node, "evm_mine")


def test_underpriced_is_told_and_replaced_on_request(backend, relay, ada, monkeypatch):
    """A price that has become too low is said; the replacement has the same nonce, costs an eighth more at least."""
    prepared = backend.prepare(request("cheap"), ada)
    with unmined(relay):
        ask(relay.node, "eth_sendRawTransaction", prepared.raw)
        ask(relay.node, "anvil_setNextBlockBaseFeePerGas", hex(500 * GWEI))
        ask(relay.node, "evm_mine")
        assert backend.state(prepared) in ("pending", "dropped")  # pools differ in what they do with it
        monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.2)
        with pytest.raises(Underpriced, match="asks for a higher price"):
            backend.submit(prepared)
        dearer = backend.replace(prepared, ada)
        was, now = Transaction.of_raw(prepared.raw), Transaction.of_raw(dearer.raw)
        assert (now.nonce, now.data, now.to, now.gas) == (was.nonce, was.data, was.to, was.gas)
        assert 8 * now.tip >= 9 * was.tip
        assert 8 * now.most_fee >= 9 * was.most_fee
        assert now.most_fee >= 500 * GWEI
        with pytest.raises(OverCap):
            backend.replace(prepared, ada, most=was.gas * was.most_fee)
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 60.0)
    record = backend.submit(dearer)
    assert backend.submit(prepared) == record
    assert backend.anchored_event(ada.address, digest("cheap")).transaction == dearer.hash
    assert backend.replace(dearer, ada).raw == ""
    calm(relay)


def test_waiting_at_a_price_that_is_too_low_says_so(backend, relay, ada, monkeypatch):
    """A pool that keeps a transaction below the base fee makes it wait: in the end the price is said to be why."""
    prepared = backend.prepare(request("kept too cheap"), ada)
    relay.refuses("eth_sendRawTransaction", "replacement transaction underpriced")
    relay.says("eth_getTransactionByHash", {"hash": prepared.hash})
    relay.bends("eth_getBlockByNumber", baseFeePerGas=hex(500 * GWEI))
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.1)
    with pytest.raises(Underpriced):
        backend.submit(prepared)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("transaction underpriced: tip needed 1, tip permitted 0", Underpriced),
        ("max fee per gas less than block base fee: address 0x, maxFeePerGas: 1, baseFee: 2", Underpriced),
        ("FeeTooLow, MaxFeePerGas too low", Underpriced),
        ("insufficient funds for gas * price + value: balance 0", NotFunded),
        ("InsufficientFunds, Account balance: 0", NotFunded),
        ("Upfront cost exceeds account balance", NotFunded),
        ("Nonce too high. Expected nonce to be 0 but got 1.", PreparedStale),
        ("replacement transaction underpriced", NotIncluded),
        ("ReplacementNotAllowed", NotIncluded),
        ("nonce too low: next nonce 5, tx nonce 4", NotIncluded),
        ("OldNonce", NotIncluded),
        ("already known", NotIncluded),
        ("AlreadyKnown", NotIncluded),
        ("Known transaction", NotIncluded),
        ("gas limit too high for our taste", ChainError),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_what_nodes_say_is_understood(backend, relay, ada, message, error):
    """The words of several nodes' programs: a price, money, a nonce that is used, or no refusal at all."""
    prepared = backend.prepare(request("said"), ada)
    relay.refuses("eth_sendRawTransaction", message)
    with pytest.raises(ChainError) as caught:
        backend.submit(prepared)
    assert type(caught.value) is error


def test_replacement_that_comes_too_late(backend, relay, ada):
    """Where another transaction took the nonce there is nothing to replace; another wallet replaces nothing."""
    prepared = backend.prepare(request("too late"), ada)
    put(backend, ada, "took the nonce")
    with pytest.raises(PreparedStale):
        backend.replace(prepared, ada)
    with pytest.raises(UsageError, match="did not sign"):
        backend.replace(prepared, OwnWallet())


def test_original_that_wins_over_its_replacement(backend, relay, ada):
    """If the first is included after all, submitting the replacement finds the record and sends nothing."""
    prepared = backend.prepare(request("first wins"), ada)
    dearer = backend.replace(prepared, ada)
    record = backend.submit(prepared)
    sent = relay.asked.count("eth_sendRawTransaction")
    assert backend.submit(dearer) == record
    assert relay.asked.count("eth_sendRawTransaction") == sent


def test_transaction_behind_a_missing_one_says_so(backend, relay, ada, monkeypatch):
    """A transaction that waits for an earlier nonce names it, and is included once that one is resumed."""
    first = backend.prepare(request("interrupted"), ada)
    relay.answers["eth_getTransactionCount"] = lambda node, params: (
        {"result": hex(first.nonce + 1)}
        if params[1] == "pending"
        else node.make_request("eth_getTransactionCount", params)
    )
    second = backend.prepare(request("behind it"), ada)
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.2)
    with pytest.raises(NotIncluded, match=f"waits for an earlier one .* \\(nonce {first.nonce}\\)"):
        backend.submit(second)
    assert backend.state(second) == "pending"
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 60.0)
    assert backend.submit(first).anchored_at is not None
    assert backend.submit(second).anchored_at is not None


def test_not_included_in_time_is_resumed(backend, relay, ada, monkeypatch):
    """Waiting ends with an error that says how to go on; later the same transaction is found."""
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.2)
    with unmined(relay):
        prepared = backend.prepare(request("in time"), ada)
        with pytest.raises(NotIncluded, match="was sent, but not included"):
            backend.submit(prepared)
        ask(relay.node, "evm_mine")
    sent = relay.asked.count("eth_sendRawTransaction")
    assert backend.submit(prepared).anchored_at is not None
    assert relay.asked.count("eth_sendRawTransaction") == sent


class Cancelled(Exception):
    pass


def test_waiting_is_stopped_by_the_watcher(backend, relay, ada):
    """Who no longer wants to wait does not: the transaction goes on by itself, and is found later."""

    def stop(_state):
        raise Cancelled

    with unmined(relay):
        prepared = backend.prepare(request("cancelled"), ada)
        with pytest.raises(Cancelled):
            backend.submit(prepared, watch=stop)
        ask(relay.node, "evm_mine")
    assert backend.submit(prepared).anchored_at is not None
    assert anchors_of(relay, ada, "cancelled") == 1


def test_revocation_says_when_by_whom_and_what_takes_its_place(backend, relay, ada):
    """A revocation is found with its block's time, its transaction and its replacement; without one there is none."""
    put(backend, ada, "wrong")
    assert backend.revocation(ada.address, digest("wrong")) is None
    journal = []
    record = revoke(backend, RevokeRequest(digest("wrong"), digest("right")), ada, journal.append)
    found = backend.revocation(ada.address, digest("wrong"))
    assert (found.attester, found.subject, found.replacement) == (ada.address, digest("wrong"), digest("right"))
    assert (found.at, found.block, found.transaction) == (record.revoked_at, record.revoked_block, journal[0].hash)
    block = ask_object(relay.node, "eth_getBlockByNumber", hex(found.block), False)
    assert number(block["timestamp"]) == found.at
    relay.says("eth_getLogs", [])
    with pytest.raises(ChainError, match="does not have the events"):
        backend.revocation(ada.address, digest("wrong"))


def test_subject_does_not_replace_itself():
    """A replacement is another manifest, of 32 bytes."""
    for arguments in ((digest("a"), digest("a")), (bytes(32),), (digest("a"), b"short")):
        with pytest.raises(UsageError):
            RevokeRequest(*arguments)


def test_node_that_lies_about_success_is_found_out(backend, relay, ada):
    """A receipt that says success without a record is a contradiction, not an anchor."""
    prepared = backend.prepare(request("never sent"), ada)
    relay.says("eth_sendRawTransaction", prepared.hash)
    receipt = {"transactionHash": prepared.hash, "status": "0x1", "blockNumber": "0x1", "blockHash": "0x" + "11" * 32}
    relay.says("eth_getTransactionReceipt", receipt)
    with pytest.raises(NodeSilent, match="shows no record"):
        backend.submit(prepared)
    assert backend.state(prepared) == "pending"  # its block is another one


@pytest.mark.parametrize(
    "receipt",
    [
        {"transactionHash": "0x" + "22" * 32, "status": "0x1", "blockNumber": "0x1"},
        {"status": "0x1", "blockNumber": "0x1"},
        {"status": "maybe", "blockNumber": "0x1"},
        {"blockNumber": "0x1"},
        "0x1",
        ["0x1"],
    ],
)
def test_receipt_of_something_else_is_told(backend, relay, ada, receipt):
    """A receipt without status, or of another transaction, is no answer."""
    prepared = backend.prepare(request("bad receipt"), ada)
    if isinstance(receipt, dict) and receipt.get("status") == "maybe":
        receipt["transactionHash"] = prepared.hash
    relay.says("eth_getTransactionReceipt", receipt)
    with pytest.raises(NodeSilent, match="no answer to it"):
        backend.submit(prepared)


def test_failed_transaction_is_told(backend, relay, ada):
    """A transaction that is in a block and failed did nothing: asked for its state, the node's word is told."""
    record = put(backend, ada, "fails")
    prepared = backend.prepare(request("fails 2"), ada)
    backend.submit(prepared)
    relay.bends("eth_getTransactionReceipt", status="0x0")
    with pytest.raises(ChainError, match="is in a block and failed"):
        backend.state(prepared)
    assert backend.state(record) == "included"


def test_time_that_a_block_does_not_have_is_found_out(backend, relay, ada):
    """The record's time is the time of its block, or the node contradicts itself."""
    put(backend, ada, "when")
    relay.bends("eth_getBlockByNumber", timestamp="0x1")
    with pytest.raises(NodeSilent, match="contradicts itself about block"):
        backend.get(ada.address, digest("when"))


def test_clock_that_is_an_hour_off_is_told_and_not_fatal(relay, tmp_path, backend, ada):
    """A newest block from another hour is a note in words; nothing else depends on this machine's clock."""
    gnosis = EvmAnchors(network_of(100), relay, lock_folder=tmp_path)
    assert gnosis.notes() == ()
    relay.bends("eth_getBlockByNumber", timestamp=hex(int(time.time()) - 3600))
    (note,) = gnosis.notes()
    assert note.startswith("The newest block of gnosis is 60 minutes old by this machine's clock")
    assert backend.notes() == ()  # a development node makes blocks when it has to
    relay.refuses("eth_getBlockByNumber", "not now")
    assert gnosis.notes() == ()
    relay.bends("eth_getBlockByNumber", timestamp=hex(int(time.time()) + 3600))
    assert backend.notes() == ("This machine's clock is 60 minutes behind the time of anvil's newest block.",)
    del relay.answers["eth_getBlockByNumber"]
    assert put(backend, ada, "in another hour").anchored_at is not None


def test_public_network_counts_no_blocks(relay, tmp_path, backend, ada):
    """On a network of the table only its own tag makes a record final; the time that is left is estimated."""
    record = put(backend, ada, "counted")
    ask(relay.node, "anvil_mine", "0x80")
    relay.says("eth_chainId", "0x64")
    relay.answers["eth_getBlockByNumber"] = lambda node, params: (
        {"error": {"code": -32602, "message": "unknown tag"}}
        if params[0] in ("safe", "finalized")
        else node.make_request("eth_getBlockByNumber", params)
    )
    gnosis = EvmAnchors(network_of(100), relay, lock_folder=tmp_path)
    found = gnosis.get(ada.address, digest("counted"))
    assert (found.state, found.finalized, found.public) == ("included", False, True)
    assert 1 <= found.seconds_to_final <= 240
    del relay.answers["eth_getBlockByNumber"]
    assert gnosis.get(ada.address, digest("counted")).finalized
    assert backend is not gnosis
    assert found == gnosis.get(ada.address, digest("counted"))
    assert record.network == ANVIL


def test_wallet_that_became_poor_is_told(backend, relay, tmp_path):
    """A wallet that no longer holds enough when it is sent is told by address, and resumed once it does."""
    wallet = OwnWallet()
    put(backend, wallet, "rich")  # a development node gives to whoever asks
    prepared = backend.prepare(request("poor"), wallet)
    ask(relay.node, "anvil_setBalance", wallet.address, "0x1")
    with pytest.raises(NotFunded, match=f"{wallet.address} holds too little"):
        backend.submit(prepared)
    ask(relay.node, "anvil_setBalance", wallet.address, hex(10**18))
    assert backend.submit(prepared).anchored_at is not None


ANCHORER = """
import json, os, signal, sys
from pathlib import Path
from swarmprov_nb.chain.anchors import AnchorRequest, anchor
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import ANVIL
from swarmprov_nb.chain.wallet import DevWallet
from hashlib import sha256

class Killed(HttpRpc):
    sent = False

    def make_request(self, method, params):
        if method == "eth_sendRawTransaction" and moment == "before it is sent":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = super().make_request(method, params)
        if method == "eth_sendRawTransaction" and moment == "before the answer":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.sent and moment == "before the record":  # by a receipt or by the contract, whichever it asks first
            os.kill(os.getpid(), signal.SIGKILL)
        self.sent = self.sent or method == "eth_sendRawTransaction"
        return answer

def journal(prepared):
    print(json.dumps(prepared.to_json()), flush=True)
    if moment == "as it is journaled":
        os.kill(os.getpid(), signal.SIGKILL)

def act(place, url, when, *names):
    global moment
    moment, folder = when, Path(place)
    backend = EvmAnchors(ANVIL, Killed(url), lock_folder=folder / "locks", loopback=True)
    for name in names:
        anchor(backend, AnchorRequest(sha256(name.encode()).digest(), bytes(32), 1), DevWallet.open(folder), journal)
"""


def anchorer(folder, url, moment, *names):
    command = [sys.executable, "-c", f"{ANCHORER}\nact(*sys.argv[1:])", str(folder), url, moment, *names]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


MOMENTS = ["as it is journaled", "before it is sent", "before the answer", "before the record"]


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    with forge(ANCHORER, tmp_path_factory.mktemp("anchorer")) as started:
        yield started


@pytest.fixture
def killed(warm, relay, ada, tmp_path):
    """Return what anchors a name in a process that dies at some moment, and returns what that had journaled."""

    def anchored(moment, name):
        ended = warm.run(tmp_path / "ada", relay.url, moment, name)
        assert ended.code == -signal.SIGKILL
        assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "ada").glob("*.key"))
        (line,) = ended.said
        return PreparedTransaction.from_json(json.loads(line))

    return anchored


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("times", [3, OFTEN])
def test_killed_at_any_moment_it_is_resumed_elsewhere(backend, ada, killed, moment, times):
    """Killed as it journals, before it sends, before it hears, before it reads: one transaction, by another process."""
    relay = backend._provider
    for name in [f"{moment}, {each} of {times}" for each in range(times)]:
        before = count(relay, ada)
        prepared = killed(moment, name)
        record = backend.submit(prepared)
        assert backend.submit(prepared) == record
        assert backend.anchored_event(ada.address, digest(name)).transaction == prepared.hash
        assert (count(relay, ada) - before, anchors_of(relay, ada, name)) == (1, 1)


def test_two_processes_with_one_account(relay, ada, tmp_path):
    """Two kernels that anchor with one wallet at once take turns: each anchor once, no nonce lost."""
    before = count(relay, ada)
    names = {"a": ["a1", "a2"], "b": ["b1", "b2"]}
    running = [anchorer(tmp_path / "ada", relay.url, "never", *each) for each in names.values()]
    answers = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0], [err for _, err in answers]
    assert [anchors_of(relay, ada, name) for each in names.values() for name in each] == [1] * 4
    nonces = sorted(json.loads(line)["nonce"] for out, _ in answers for line in out.splitlines())
    assert nonces == list(range(before, before + 4))
    assert count(relay, ada) == before + 4


def test_two_threads_with_one_prepared_transaction(backend, relay, ada):
    """Two that submit the same transaction at once both get its record, and it is sent once."""
    prepared = backend.prepare(request("two threads"), ada)
    relay.asked.clear()
    found = []
    threads = [threading.Thread(target=lambda: found.append(backend.submit(prepared))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert found == [found[0]] * 2
    assert relay.asked.count("eth_sendRawTransaction") == 1


def test_node_that_restarts_without_its_pool(tmp_path):
    """A node that lost its pool gets the transaction again from the journal."""
    state = tmp_path / "state.json"
    wallet = DevWallet.open(tmp_path / "ada")
    with anvil("--state", str(state)) as url:
        backend = open_anchors(choose(url), lock_folder=tmp_path / "locks")
        put(backend, wallet, "before")
        prepared = backend.prepare(request("after"), wallet)
        ask(HttpRpc(url), "evm_setAutomine", False)
        ask(HttpRpc(url), "eth_sendRawTransaction", prepared.raw)
        assert backend.state(prepared) == "pending"
    with anvil("--state", str(state)) as url:
        backend = open_anchors(choose(url), lock_folder=tmp_path / "locks")
        assert backend.get(wallet.address, digest("before")).anchored_at is not None
        assert backend.state(prepared) == "dropped"
        assert backend.submit(prepared).anchored_at is not None
        assert backend.anchored_event(wallet.address, digest("after")).transaction == prepared.hash
