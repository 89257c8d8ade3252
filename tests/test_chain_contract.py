"""What the contract does, as an account that sends transactions to it sees it: on the embedded chain and on anvil."""

from __future__ import annotations

import hashlib
import time
from contextlib import contextmanager

import pytest
from anvils import anvil
from eth_abi import decode
from eth_account import Account
from eth_utils import keccak
from web3 import HTTPProvider

from swarmprov_nb.chain.contract import (
    CONTRACTS,
    FACTORY_ADDRESS,
    artifact,
    decode_answer,
    decode_error,
    decode_event,
    deployment,
    encode_call,
)
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.rpc import ask, number
from swarmprov_nb.chain.rpc_errors import RpcError

ADDRESS = CONTRACTS["1"].address
NONE = bytes(32)
NOBODY = "0x" + "00" * 20


def digest(name):
    """A subject with as many bytes other than zero as any: what a sha256 costs."""
    return hashlib.sha256(name.encode()).digest()


class Someone:
    """An account that sends, and reads receipts."""

    def __init__(self, node, name):
        self.node = node
        self._account = Account.from_key(digest(name))
        self.address = self._account.address

    def send(self, data, to=ADDRESS, gas=None):
        call = {"from": self.address, "to": to, "data": "0x" + data.hex()}
        nonce = number(ask(self.node, "eth_getTransactionCount", self.address, "pending"))
        chain_id = number(ask(self.node, "eth_chainId"))
        fields = {
            "type": 2, "chainId": chain_id, "nonce": nonce, "to": to, "value": 0, "data": data,
            "gas": gas or number(ask(self.node, "eth_estimateGas", call)),
            "maxFeePerGas": 0, "maxPriorityFeePerGas": 0,
        }  # fmt: skip
        raw = self._account.sign_transaction(fields).raw_transaction
        sent = ask(self.node, "eth_sendRawTransaction", "0x" + raw.hex())
        while (receipt := ask(self.node, "eth_getTransactionReceipt", sent)) is None:
            time.sleep(0.01)  # anvil answers before it has mined; a test that waits for ever is ended
        return receipt

    def anchor(self, subject, *edges, locator=NONE, kind=1):
        return self.send(encode_call("anchor", [subject, locator, kind, list(edges)]))

    def revoke(self, subject, replacement=NONE):
        return self.send(encode_call("revoke", [subject, replacement]))

    def view(self, name, subject, attester=None):
        call = {"to": ADDRESS, "data": "0x" + encode_call(name, [attester or self.address, subject]).hex()}
        return decode_answer(name, bytes.fromhex(ask(self.node, "eth_call", call, "latest")[2:]))


@contextmanager
def opened(kind, folder):
    """A fresh chain with the contract: the embedded one, or anvil with the same rules and fees."""
    if kind == "anvil":
        with anvil("--hardfork", "prague", "--base-fee", "0") as url:
            yield deployed(HTTPProvider(url))
        return
    embedded = EmbeddedNode(folder / "chain.sqlite")
    yield deployed(embedded)
    embedded.close()


def deployed(node):
    Someone(node, "deployer").send(deployment(), to=FACTORY_ADDRESS)
    return node


@pytest.fixture(scope="module", params=["embedded", "anvil"])
def node(request, tmp_path_factory):
    with opened(request.param, tmp_path_factory.mktemp("chain")) as chain:
        yield chain


@pytest.fixture
def ada(node, request):
    return Someone(node, f"ada {request.node.name}")


@pytest.fixture
def bob(node, request):
    return Someone(node, f"bob {request.node.name}")


def events(receipt):
    return [decode_event(each) for each in receipt["logs"]]


def refused(action):
    """The name and the data of the contract's error that a call meets."""
    with pytest.raises(RpcError) as caught:
        action()
    assert caught.value.code == 3
    return decode_error(caught.value.data), caught.value.data[4:]


def block_time(node, block):
    return number(ask(node, "eth_getBlockByNumber", hex(block), False)["timestamp"])


def test_deployed_by_the_factory_at_the_address_of_every_chain(node):
    """The factory puts the artifact's code at the allow-listed address, and a second deployment changes nothing."""
    code = ask(node, "eth_getCode", ADDRESS, "latest")
    assert code == artifact()["deployedBytecode"]
    assert "0x" + keccak(hexstr=code).hex() == CONTRACTS["1"].code_hash
    with pytest.raises(RpcError):
        Someone(node, "second").send(deployment(), to=FACTORY_ADDRESS)
    assert Someone(node, "second").send(deployment(), to=FACTORY_ADDRESS, gas=2_000_000)["status"] == "0x0"
    assert ask(node, "eth_getCode", ADDRESS, "latest") == code


def test_anchor_writes_record_head_and_event(node, ada):
    """An anchor is a record with time, block and kind, a head of one event, and an event with the locator."""
    subject, locator = digest("subject"), digest("locator")
    receipt = ada.anchor(subject, locator=locator, kind=513)
    block = number(receipt["blockNumber"])
    time = block_time(node, block)
    assert ada.view("recordOf", subject) == {
        "anchoredAt": time, "anchoredBlock": block, "revokedAt": 0, "revokedBlock": 0, "kind": 513,
    }  # fmt: skip
    assert ada.view("headOf", subject) == {"lastBlock": block, "count": 1}
    fields = {"subject": subject, "attester": ada.address, "locator": locator, "kind": 513, "prevBlock": 0}
    assert events(receipt) == [("Anchored", fields)]


def test_nothing_said_is_all_zero(ada):
    """A record and a head of which nobody spoke are zero in every field."""
    assert set(ada.view("recordOf", digest("unspoken")).values()) == {0}
    assert set(ada.view("headOf", digest("unspoken")).values()) == {0}


def test_each_edge_is_an_event_linked_to_the_one_before(ada, bob):
    """An edge names parent and parent's attester, and the block of the event before it about that parent."""
    parent, stranger = digest("parent"), digest("never anchored")
    first = number(ada.anchor(parent)["blockNumber"])
    receipt = bob.anchor(digest("child"), (ada.address, parent, 4), (NOBODY, stranger, 5))
    block = number(receipt["blockNumber"])
    claims = [fields for name, fields in events(receipt) if name == "Derived"]
    assert claims == [
        {"parent": parent, "parentAttester": ada.address, "child": digest("child"), "attester": bob.address,
         "relation": 4, "prevBlock": first},
        {"parent": stranger, "parentAttester": NOBODY, "child": digest("child"), "attester": bob.address,
         "relation": 5, "prevBlock": 0},
    ]  # fmt: skip
    assert ada.view("headOf", parent) == {"lastBlock": block, "count": 2}
    assert ada.view("headOf", stranger, NOBODY)["count"] == 1
    assert set(ada.view("recordOf", stranger, NOBODY).values()) == {0}


def test_events_of_one_head_in_one_block_name_that_block(ada):
    """Several edges to one parent in one transaction: the first names the block before, the others their own."""
    parent = digest("parent")
    first = number(ada.anchor(parent)["blockNumber"])
    receipt = ada.anchor(digest("child"), (ada.address, parent, 1), (ada.address, parent, 2), (ada.address, parent, 1))
    block = number(receipt["blockNumber"])
    assert [fields["prevBlock"] for name, fields in events(receipt) if name == "Derived"] == [first, block, block]
    assert ada.view("headOf", parent)["count"] == 4


def test_anchor_after_claims_continues_their_head(ada, bob):
    """A parent that is anchored after others claimed to descend from it names the block of their claim."""
    parent = digest("late")
    claimed = number(bob.anchor(digest("child"), (ada.address, parent, 1))["blockNumber"])
    receipt = ada.anchor(parent)
    (_, fields), = events(receipt)  # fmt: skip
    assert fields["prevBlock"] == claimed
    assert ada.view("headOf", parent) == {"lastBlock": number(receipt["blockNumber"]), "count": 2}


def test_revocation_keeps_the_anchor_and_touches_no_head(node, ada):
    """Revoking adds time and block to the record, names the anchor's block, and leaves the head as it was."""
    subject = digest("wrong")
    anchored = number(ada.anchor(subject, kind=3)["blockNumber"])
    before = ada.view("recordOf", subject), ada.view("headOf", subject)
    receipt = ada.revoke(subject, digest("right"))
    block = number(receipt["blockNumber"])
    revoked = {"revokedAt": block_time(node, block), "revokedBlock": block}
    assert ada.view("recordOf", subject) == {**before[0], **revoked}
    assert ada.view("headOf", subject) == before[1]
    fields = {"subject": subject, "attester": ada.address, "replacement": digest("right"), "prevBlock": anchored}
    assert events(receipt) == [("Revoked", fields)]


def test_revoked_before_anchored_stays_revoked(ada):
    """A subject may be revoked before it is anchored; it can then never be anchored by that attester."""
    subject = digest("leaked")
    receipt = ada.revoke(subject)
    assert events(receipt)[0][1]["prevBlock"] == 0
    assert refused(lambda: ada.anchor(subject))[0] == "AlreadyRevoked"
    record = ada.view("recordOf", subject)
    assert record["anchoredAt"] == record["anchoredBlock"] == 0
    assert record["revokedBlock"] == number(receipt["blockNumber"])


def test_each_thing_is_said_once(ada):
    """A second anchor or revocation reverts with its error, which names attester and subject."""
    subject = digest("once")
    ada.anchor(subject)
    name, data = refused(lambda: ada.anchor(subject))
    assert (name, decode(["address", "bytes32"], data)) == ("AlreadyAnchored", (ada.address.lower(), subject))
    ada.revoke(subject)
    for again in (ada.revoke, ada.anchor):
        name, data = refused(lambda again=again: again(subject))
        assert (name, decode(["address", "bytes32"], data)) == ("AlreadyRevoked", (ada.address.lower(), subject))


def test_zero_is_no_subject(ada):
    """Neither a subject nor a parent is zero."""
    assert refused(lambda: ada.anchor(NONE)) == ("ZeroSubject", b"")
    assert refused(lambda: ada.revoke(NONE)) == ("ZeroSubject", b"")
    assert refused(lambda: ada.anchor(digest("child"), (ada.address, NONE, 1))) == ("ZeroSubject", b"")


def test_nothing_is_its_own_parent(ada, bob):
    """A manifest does not descend from itself, whoever anchored it."""
    subject = digest("self")
    assert refused(lambda: ada.anchor(subject, (ada.address, subject, 1))) == ("SelfParent", b"")
    assert refused(lambda: ada.anchor(subject, (bob.address, subject, 1))) == ("SelfParent", b"")


def test_edges_have_a_limit(ada):
    """256 edges are taken, 257 are refused with their number; an anchor is taken whole or not at all."""
    edges = [(ada.address, digest(f"parent {i}"), 1) for i in range(257)]
    name, data = refused(lambda: ada.anchor(digest("many"), *edges))
    assert (name, decode(["uint256"], data)) == ("TooManyEdges", (257,))
    assert set(ada.view("headOf", digest("parent 0")).values()) == {0}
    assert len(ada.anchor(digest("many"), *edges[:256])["logs"]) == 257


def test_strangers_have_no_say(ada, bob):
    """A stranger who anchors or revokes the same subject first changes nothing for its author, and nothing after."""
    subject = digest("contested")
    bob.anchor(subject, kind=9)
    bob.revoke(subject)
    assert set(ada.view("recordOf", subject).values()) == {0}
    assert set(ada.view("headOf", subject).values()) == {0}
    ada.anchor(subject, kind=1)
    record = ada.view("recordOf", subject)
    assert (record["kind"], record["revokedAt"]) == (1, 0)
    assert bob.view("recordOf", subject)["revokedAt"] > 0


def test_mined_refusal_has_status_zero_and_leaves_nothing(ada):
    """A transaction sent with gas of its own that the contract refuses is mined, fails, and writes nothing."""
    subject = digest("twice")
    ada.anchor(subject)
    before = ada.view("recordOf", subject)
    receipt = ada.send(encode_call("anchor", [subject, NONE, 2, []]), gas=200_000)
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert ada.view("recordOf", subject) == before


def test_money_is_refused(ada):
    """The contract takes no money and answers no unknown call."""
    with pytest.raises(RpcError) as caught:
        ada.send(b"")
    assert caught.value.code == 3
    with pytest.raises(RpcError):
        ada.send(b"\x12\x34\x56\x78")


def test_gas_stays_within_its_bounds(ada, bob):
    """An anchor with two known parents takes at most 75k gas, a revocation at most 32k; no lucky zeros in digests."""
    known = []
    for someone in (ada, bob):
        receipt = someone.anchor(digest("priced"), locator=digest("locator"))
        assert number(receipt["gasUsed"]) <= 50_000
        known.append((someone.address, digest("priced"), 1))
    child = ada.anchor(digest("child"), *known, locator=digest("locator"))
    assert number(child["gasUsed"]) <= 75_000
    assert number(ada.revoke(digest("priced"), digest("replacement"))["gasUsed"]) <= 32_000


def test_both_chains_agree(tmp_path):
    """The same calls by the same accounts take the same gas, and end in the same code at the same address."""
    assert story("embedded", tmp_path) == story("anvil", tmp_path)


def story(kind, folder):
    with opened(kind, folder) as node:
        ada, bob = Someone(node, "ada"), Someone(node, "bob")
        parent, locator = digest("parent"), digest("locator")
        receipts = [
            Someone(node, "second").send(deployment(), to=FACTORY_ADDRESS, gas=2_000_000),
            ada.anchor(parent, locator=locator),
            bob.anchor(digest("child"), (ada.address, parent, 1), (NOBODY, digest("new"), 2), locator=locator),
            ada.revoke(parent, digest("replacement")),
            bob.revoke(digest("leaked")),
            bob.send(encode_call("anchor", [digest("leaked"), NONE, 1, []]), gas=100_000),
        ]
        told = [(each["status"], number(each["gasUsed"]), events(each)) for each in receipts]
        return told, ask(node, "eth_getCode", ADDRESS, "latest")
