"""What a chain may and may not say: asked through the real embedded chain, where only the author's wallets count."""

from __future__ import annotations

import hashlib
from itertools import count

import pytest
from rpc_doubles import Relay

from swarmprov_nb import anchor_check
from swarmprov_nb.chain.anchors import AnchorEdge, AnchorRequest, anchor
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.evm_anchors import EvmAnchors, open_embedded
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.home import Home, write_json
from swarmprov_nb.parents import DERIVED, PREVIOUS
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.signers import author_key
from swarmprov_nb.verifying import verify


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)


@pytest.fixture
def chain(study):
    return open_embedded(study.home.private_folder(study.home.chain))


def _anchor(chain, wallet, published, *edges):
    request = AnchorRequest(bytes.fromhex(published.receipt.manifest), bytes(32), 1, edges)
    return anchor(chain, request, wallet, lambda _: None)


def _revoke(chain, wallet, published):
    return chain.submit(chain.prepare_revoke(bytes.fromhex(published.receipt.manifest), bytes(32), wallet))


def _check(report, name="anchor"):
    return next(check for check in report.checks if check.name == name)


def test_an_anchor_by_a_stranger(study, published, chain, tmp_path):
    """Anyone may anchor anything: a stranger's record is no anchor, and what requires one is not satisfied."""
    _anchor(chain, DevWallet.open(tmp_path / "stranger"), published)
    report = verify(published.reference, require="anchored", home=study.home)
    assert _check(report).outcome == "not checked"
    assert (report.level, report.exit_code) == ("signed", 3)


def test_a_strangers_anchor_beside_a_strangers_seal(book, stranger, tmp_path):
    """A stranger who anchors and also seals as author fails at the seals, with exit code 1."""
    key, wallet = stranger
    book.add_seal(key, wallet)
    report = book.report(any_signer=True, level="anchored")
    assert (report.failed[0].name, report.exit_code) == ("seals", 1)


def test_a_revoked_anchor(study, published, chain):
    """A revocation by the author's wallet fails every level, with exit code 1."""
    wallet = DevWallet.open(study.home.keys)
    _anchor(chain, wallet, published)
    assert verify(published.reference, home=study.home).exit_code == 0
    _revoke(chain, wallet, published)
    report = verify(published.reference, home=study.home)
    assert (report.failed[0].name, report.exit_code, report.level) == ("anchor", 1, "none")
    assert wallet.address.lower() in report.failed[0].detail


def test_a_manifest_revoked_before_it_was_anchored(study, published, chain):
    """A revocation needs no anchor before it."""
    _revoke(chain, DevWallet.open(study.home.keys), published)
    assert verify(published.reference, home=study.home).failed[0].name == "anchor"


@pytest.fixture
def relay(study, chain, monkeypatch):
    """The chain of this machine through a node that a test bends."""
    node = EmbeddedNode(study.home.chain / "chain.sqlite")
    bent = Relay(node)
    backend = EvmAnchors(EMBEDDED, bent, lock_folder=study.home.chain / "locks")
    monkeypatch.setattr(anchor_check, "_backend", lambda *_: backend)
    yield bent
    node.close()


def test_a_revocation_by_a_node_that_keeps_no_events(study, published, chain, relay):
    """The record says that it is revoked; what takes its place is not known, and changes nothing."""
    wallet = DevWallet.open(study.home.keys)
    _anchor(chain, wallet, published)
    _revoke(chain, wallet, published)
    relay.refuses("eth_getLogs", "history has been pruned")
    report = verify(published.reference, home=study.home)
    assert (report.failed[0].name, report.exit_code, report.level) == ("anchor", 1, "none")
    assert "revoked on embedded by the author's wallet" in report.failed[0].detail


def test_a_revocation_behind_an_anchor_that_cannot_be_read(study, published, chain, relay, tmp_path):
    """One wallet's anchor needs events that the node does not give; another of the author's revoked all the same."""
    mine = DevWallet.open(study.home.keys)
    _anchor(chain, mine, published)
    more = (DevWallet.open(tmp_path / str(number)) for number in count())
    other = next(each for each in more if each.address.lower() > mine.address.lower())  # it is asked after mine
    _revoke(chain, other, published)
    key = author_key(study.home).did
    write_json(study.home.signers, {key: {"label": "Ada", "wallets": [other.address]}})
    relay.refuses("eth_getLogs", "history has been pruned")
    assert verify(published.reference, home=study.home).failed[0].name == "anchor"


@pytest.mark.parametrize("at", [2**40 - 1, 2**39])
def test_a_revocation_after_the_end_of_calendars(study, published, chain, relay, at):
    """A node may say any time; the report names it as it can."""
    _revoke(chain, DevWallet.open(study.home.keys), published)
    words = (0, 0, at, 1, 0)
    relay.says("eth_call", "0x" + "".join(f"{word:064x}" for word in words))
    relay.bends("eth_getBlockByNumber", timestamp=hex(at))
    report = verify(published.reference, home=study.home)
    assert (report.failed[0].name, report.exit_code) == ("anchor", 1)
    assert f"second {at}" in report.failed[0].detail


def test_a_time_of_a_million_digits_is_no_number(study, published, chain, relay):
    """It would be computed with, and written, for ever; the node is one that cannot be asked."""
    _anchor(chain, DevWallet.open(study.home.keys), published)
    relay.bends("eth_getBlockByNumber", timestamp="0x" + "f" * 1_000_000)
    report = verify(published.reference, home=study.home)
    assert (_check(report).outcome, report.exit_code) == ("not checked", 0)


def test_a_revocation_by_a_stranger_is_nothing(study, published, chain, tmp_path):
    """Only wallets known to be the author's revoke."""
    _anchor(chain, DevWallet.open(study.home.keys), published)
    _revoke(chain, DevWallet.open(tmp_path / "stranger"), published)
    assert verify(published.reference, home=study.home).exit_code == 0


def test_a_revocation_by_a_wallet_whose_seal_was_stripped(study, published, chain, tmp_path):
    """A wallet that the user's list binds to the author revokes, though no seal of it is left."""
    other = DevWallet.open(tmp_path / "other")
    _revoke(chain, other, published)
    assert verify(published.reference, home=study.home).exit_code == 0
    key = author_key(study.home).did
    write_json(study.home.signers, {key: {"label": "Ada", "wallets": [other.address]}})
    assert verify(published.reference, home=study.home).failed[0].name == "anchor"


def test_an_anchor_that_claims_another_parent(study, published, chain):
    """The edges on the chain are compared with the manifest's."""
    edge = AnchorEdge("0x" + "00" * 20, hashlib.sha256(b"a famous paper").digest(), 1)
    _anchor(chain, DevWallet.open(study.home.keys), published, edge)
    report = verify(published.reference, home=study.home)
    assert (report.failed[0].name, report.exit_code) == ("anchor", 1)


def test_an_anchor_that_keeps_a_parent_quiet(study, published):
    """A manifest that follows another is anchored with that edge, or fails."""
    again = publish(study.notebook, yes=True, again=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    chain = open_embedded(study.home.private_folder(study.home.chain))
    _anchor(chain, DevWallet.open(study.home.keys), again)
    assert verify(again.reference, home=study.home).failed[0].name == "anchor"
    assert len(receipts(study.home)) == 2


@pytest.mark.parametrize(
    "edges",
    [(), ((PREVIOUS, "11" * 32),), ((DERIVED, "22" * 32),), ((DERIVED, "11" * 32), (DERIVED, "22" * 32))],
    ids=["none", "as the one before", "another", "one more"],
)
def test_an_anchor_with_other_edges_than_the_parents(study, book, edges):
    """A parent is anchored with an edge of its own relation, and no other edge goes with it."""
    statement = book.statement
    raw = next(e for e in statement["predicate"]["entities"] if e["disclosure"] == "cited" and "generatedBy" not in e)
    raw["parent"] = {"manifest": "11" * 32, "subject": "data/raw.csv"}
    statement["predicate"]["parents"] = [{"manifest": "11" * 32, "content": "cc" * 32, "author": book.key.did}]
    book.author_states(statement)
    chain = open_embedded(study.home.private_folder(study.home.chain))
    subject = hashlib.sha256(book.files["manifest.json"]).digest()
    claimed = tuple(AnchorEdge("0x" + "00" * 20, bytes.fromhex(parent), relation) for relation, parent in edges)
    wallet = DevWallet.open(book.home.keys)
    anchor(chain, AnchorRequest(subject, bytes(32), 1, claimed), wallet, lambda _: None)
    book.home = study.home
    assert [check.name for check in book.report().failed] == ["anchor"]


def test_a_local_anchor_is_no_level(study):
    """The machine's own chain proves nothing to others: signed, and not anchored."""
    published = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    report = verify(published.reference, require="anchored", home=study.home)
    assert _check(report).outcome == "pass"
    assert "proves nothing to others" in _check(report).detail
    assert (report.level, report.exit_code) == ("signed", 3)


def test_a_chain_that_cannot_be_read_is_not_checked(study, published):
    """A broken local chain leaves the signature what it is."""
    folder = study.home.private_folder(study.home.chain)
    (folder / "chain.sqlite").write_bytes(b"no database" * 100)
    report = verify(published.reference, home=study.home)
    assert (_check(report).outcome, report.exit_code) == ("not checked", 0)


def test_an_empty_chain_folder_stays_empty(study, published):
    """Verifying makes no chain."""
    folder = study.home.private_folder(study.home.chain)
    verify(published.reference, home=study.home)
    assert list(folder.iterdir()) == []


def test_without_a_chain_on_this_machine(study, published, tmp_path):
    """Where there is no chain, the anchor is not checked and says so."""
    report = verify(published.reference, store=study.home.store, any_signer=True, home=Home(tmp_path / "nobody"))
    assert (_check(report).outcome, report.exit_code) == ("not checked", 0)
    assert "no local chain" in _check(report).detail
