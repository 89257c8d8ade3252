"""The same publish to a Bee node and an EVM chain: same reference, sent once, verified from another home."""

from __future__ import annotations

import contextlib

import pytest
from real_networks import PASSWORD, finalize, funded_wallet, mark_public

from swarmprov_nb.carrying import get
from swarmprov_nb.cli import main
from swarmprov_nb.errors import PublishRefused, StorageError
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish
from swarmprov_nb.pushing import push
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


def quietly(study, **options):
    said = []
    result = publish(study.notebook, home=study.home, say=said.append, **options)
    return result, "\n".join(said)


def test_one_publish_goes_to_a_node_and_a_chain(study, bee, anvil_url, tmp_path):
    """One call stores, pushes and anchors under the own store's reference; a stranger finds it anchored."""
    result, said = quietly(study, yes=True, store=bee.url, chain=anvil_url)

    assert f"pushed to   {bee.url}" in said
    assert "anchored    on anvil (local chain: proves nothing to others)" in said
    assert verify(result.reference, home=study.home, chains=[anvil_url]).exit_code == 0
    stranger = Home(tmp_path / "stranger")
    mark_public(stranger, anvil_url)
    finalize(anvil_url)
    report = verify(result.reference, store=bee.url, home=stranger, any_signer=True)
    assert (report.level, report.exit_code) == ("anchored", 0)
    assert (get(result.reference, tmp_path / "got", store=bee.url, home=stranger) / "study.ipynb").is_file()


def test_a_second_node_that_got_only_the_pushed_chunks_is_enough(study, bee, tmp_path):
    """Nothing but the chunks that were sent is needed to verify all of it."""
    result, _ = quietly(study, yes=True, store=bee.url, chain="none")
    with FakeBee(peer=bee) as other:
        report = verify(result.reference, store=other.url, home=Home(tmp_path / "stranger"), any_signer=True)

    assert (report.level, report.exit_code) == ("signed", 0)


def test_unchanged_work_is_brought_to_where_it_is_missing(study, bee, anvil_url):
    """Published here first, the same publication is then pushed, then anchored: one reference, nothing made twice."""
    local, _ = quietly(study, yes=True, chain="none")
    pushed, _ = quietly(study, yes=True, chain="none", store=bee.url)
    anchored, _ = quietly(study, yes=True, chain=anvil_url, store=bee.url)
    again, _ = quietly(study, yes=True, chain=anvil_url, store=bee.url)

    assert {each.reference for each in (local, pushed, anchored, again)} == {local.reference}
    assert [each.unchanged for each in (local, pushed, anchored, again)] == [False, False, False, True]
    (receipt,) = receipts(study.home)
    assert (receipt.pushed_to(bee.url)["batch"], receipt.anchor["network"]) == (bee.batch, "anvil")
    assert set(bee.received.values()) == {1}


def test_push_keeps_the_reference(study, bee):
    """`swarmprov push` sends a publication of the own store as it is, and the receipt says where it is."""
    result, _ = quietly(study, yes=True, chain="none")
    done = push(result.reference, store=bee.url, home=study.home)

    assert done.reference == result.reference
    assert bytes.fromhex(result.reference) in bee.chunks
    assert f"verify {result.reference} --store {bee.url}" in str(done)
    assert "until about" in str(done)


def test_a_node_that_cannot_take_it_is_told_before_anything_is_signed(study):
    """No batch: the preview says so and what one costs, and a publish stops before there is a journal."""
    with FakeBee(batches=()) as bee:
        _, said = quietly(study, store=bee.url)
        assert "postage batch" in said
        with pytest.raises(StorageError, match="batch"):
            quietly(study, yes=True, store=bee.url)

    assert receipts(study.home) == []
    assert list(study.home.journal.glob("*.jsonl")) == []


@pytest.mark.parametrize("fault", ["cut", "server_error", "too_many"])
def test_a_node_in_trouble_loses_nothing(study, bee, fault):
    """Whatever goes wrong on the way up, the same publish goes on later, under the same reference."""
    setattr(bee.faults, fault, True)
    with contextlib.suppress(StorageError):
        quietly(study, yes=True, chain="none", store=bee.url)
    setattr(bee.faults, fault, False)
    result, _ = quietly(study, yes=True, chain="none", store=bee.url)

    assert verify(result.reference, store=bee.url, home=study.home).exit_code == 0
    assert len(receipts(study.home)) == 1


def test_a_lying_node_is_found_out(study, bee, tmp_path):
    """A node that gives other bytes under an address verifies nothing."""
    result, _ = quietly(study, yes=True, chain="none", store=bee.url)
    bee.faults.lying_chunk = True
    try:
        failed = verify(result.reference, store=bee.url, home=Home(tmp_path / "stranger"), any_signer=True).failed
    except StorageError as error:
        failed = "does not hash" in error.what

    assert failed


def test_revoked_publications_fail_where_that_network_is_asked(study, anvil_url, capsys, monkeypatch):
    """After `swarmprov revoke` every verification that asks the network fails, and says when and by whom."""
    monkeypatch.setenv("SWARMPROV_HOME", str(study.home.root))
    result, _ = quietly(study, yes=True, chain=anvil_url)
    assert main(["revoke", result.reference, "--chain", anvil_url, "--yes"]) == 0
    capsys.readouterr()
    assert main(["verify", result.reference, "--chain", anvil_url]) == 1
    said = " ".join(capsys.readouterr().out.split())

    assert f"revoked on anvil by the author's wallet {result.receipt.wallet.lower()} on 20" in said
    assert verify(result.reference, home=study.home).exit_code == 0


def test_another_wallet_adds_its_seal(study, anvil_url, tmp_path, capsys, monkeypatch):
    """`swarmprov anchor` by a wallet that has not sealed yet gives the same content another reference, and verifies."""
    monkeypatch.setenv("SWARMPROV_HOME", str(study.home.root))
    local, _ = quietly(study, yes=True)
    mark_public(study.home, anvil_url)
    made = funded_wallet(study.home, anvil_url)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    command = ["anchor", local.reference, "--chain", "anvil", "--password-file", str(password), "--yes"]
    assert main(command) == 0
    old, new = receipts(study.home)
    finalize(anvil_url)

    assert (new.content, new.manifest, new.wallet) == (old.content, old.manifest, made.address)
    assert new.reference != old.reference
    assert f"by {made.address}" in capsys.readouterr().out
    report = verify(new.reference, home=study.home, chains=["anvil"])
    assert (report.level, report.exit_code) == ("anchored", 0)
    assert len(report.wallets) == 2


def test_a_cap_cannot_be_passed(study, anvil_url, tmp_path):
    """What may cost more than the user allows is refused before anything is signed, and says how to allow it."""
    mark_public(study.home, anvil_url)
    with study.home.config.open("a") as config:
        config.write('[spend]\nper_publish = "0.000000000001"\n')
    funded_wallet(study.home, anvil_url)
    with pytest.raises(PublishRefused, match=r"over your cap of 0\.000000000001 test ETH each") as refused:
        quietly(study, yes=True, chain="anvil", wallet="work")

    assert "[spend.anvil]" in refused.value.next_step
    assert receipts(study.home) == []


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("127.0.0.1:1633", ["without its scheme", "http://127.0.0.1:1633"]),
        ("http://127.0.0.1:9", ["Nothing answers at http://127.0.0.1:9", "Start the node"]),
        ("http://me:word@127.0.0.1:9", ["user name or password", "http://HOST:PORT"]),
        ("gateway:ftp://127.0.0.1", ["", "http"]),
    ],
)
def test_a_store_that_cannot_be_read_is_told_in_words(tmp_path, capsys, store, words):
    """What happened and what to do next, never a traceback, and nothing of a secret in the URL."""
    assert main(["verify", "ab" * 32, "--store", store]) in (1, 2)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert all(word in line for word, line in zip(words, said, strict=True))
    assert "word" not in " ".join(said).replace("password", "")


def test_a_push_goes_on_with_another_batch_where_its_own_is_full(study, bee):
    """A batch that is full in mid-push stops it; with room in another the same push goes on from there."""
    result, _ = quietly(study, yes=True, chain="none")
    bee.faults.full_bucket = 5
    with pytest.raises(StorageError, match="full"):
        push(result.reference, store=bee.url, home=study.home)
    bee.faults.full_bucket = None
    bee.expire_in(bee.batch, 1)
    other = bee.add_batch(22)
    bee.mine(20)
    done = push(result.reference, store=bee.url, home=study.home)

    assert done.push["batch"] == other
    assert verify(result.reference, store=bee.url, home=study.home).exit_code == 0
