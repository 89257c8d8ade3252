"""Whose key it is, is the user's own word, and a change of it is shouted."""

from __future__ import annotations

import json

import pytest

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home, write_json
from swarmprov_nb.manifest.author_key import AuthorKey, to_did
from swarmprov_nb.signers import author_key, distrust, resolve, signers, trust
from swarmprov_nb.verifying import verify

ALICE, BOB = AuthorKey(b"\1" * 32).did, AuthorKey(b"\2" * 32).did


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_trust_is_kept_and_taken_back(home):
    """A key goes on the list under a label, is found by both, and comes off again."""
    trust(home, ALICE, "Alice")
    trust(home, BOB, "Bob")
    assert {signer.label: signer.key for signer in signers(home).values()} == {"Alice": ALICE, "Bob": BOB}
    assert (resolve(home, "Alice"), resolve(home, BOB)) == (ALICE, BOB)
    assert distrust(home, "Alice").key == ALICE
    assert distrust(home, BOB).label == "Bob"
    assert signers(home) == {}


def test_a_label_stands_for_one_key(home):
    """Another key under a label that is taken is refused; the same key may get another label."""
    trust(home, ALICE, "Alice")
    with pytest.raises(UsageError, match="already stands for another key"):
        trust(home, BOB, "Alice")
    trust(home, ALICE, "Prof. Alice")
    assert [signer.label for signer in signers(home).values()] == ["Prof. Alice"]


@pytest.mark.parametrize(
    "label",
    ["", "  ", ALICE, "did:web:alice", "Alice\nme", "Al\u202eice", "me", "me ", "ME", "\uff4de", " " + ALICE, "DID:x"],
)
def test_labels_that_deceive_are_refused(home, label):
    """Empty ones, keys, control characters and the own key's label are no label for another."""
    with pytest.raises(UsageError):
        trust(home, ALICE, label)
    assert not home.signers.exists()


@pytest.mark.parametrize(
    "label",
    ["alice", "Alice ", "\u0410lice", "Alic\u0435", "AIice", "A1ice", "\u0391lice", "Al\u0456ce", "\uff21lice"],
)
def test_a_label_that_reads_as_another_is_refused(home, label):
    """Whoever has somebody copy a command chooses the name in it, and whose letters it is written in."""
    trust(home, ALICE, "Alice")
    with pytest.raises(UsageError, match="'Alice' already stands for another key"):
        trust(home, BOB, label)
    assert trust(home, ALICE, label).label == label


def test_labels_of_signs_alone_are_told_apart(home):
    """They have nothing to be compared by but themselves."""
    trust(home, ALICE, "★")
    trust(home, BOB, "☆")
    assert len(signers(home)) == 2


@pytest.mark.parametrize("key", ["", "Alice", ALICE[:-1], to_did(bytes([1]) + bytes(31)), "did:key:z" + "1" * 47])
def test_only_keys_are_trusted(home, key):
    """Cut keys, names and weak points are refused."""
    with pytest.raises(UsageError):
        trust(home, key, "Alice")


def test_the_own_key_is_on_the_list(home):
    """Once it is made it is there as "me", and looking makes none."""
    assert signers(home) == {}
    assert not home.keys.exists()
    own = author_key(home).did
    assert signers(home)[own].label == "me"
    trust(home, own, "Ada")
    assert signers(home)[own].label == "Ada"


def test_who_is_not_listed_is_not_resolved_or_removed(home):
    """An unknown label is a mistake that says where to look."""
    for call in (resolve, distrust):
        with pytest.raises(UsageError, match="trust list"):
            call(home, "Carol")


def test_the_list_is_private(home):
    """The file is the user's alone."""
    trust(home, ALICE, "Alice")
    assert home.signers.stat().st_mode & 0o077 == 0


# -- changed signers, as a report tells them


def _warnings(study, reader):
    from swarmprov_nb.publishing import NO_CHAIN, publish

    published = publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    report = verify(published.reference, store=study.home.store, any_signer=True, home=reader)
    return published, next(check for check in report.checks if check.name == "signer")


@pytest.mark.parametrize("known", ["Ada Lovelace", "ada lovelace", "Ada\u00a0 Lovelace", "\uff21da Lovelace",
                                   "\u0410da Lovelace", "Ada L\u03bfvelace", "Ada Love1ace"])  # fmt: skip
def test_a_name_that_the_list_binds_to_another_key(study, tmp_path, known):
    """Whoever claims a known name with another key is shown as a changed signer, in whatever letters."""
    (study.folder / "pyproject.toml").write_text('[tool.swarmprov]\npublisher = "Ada Lovelace"\n')
    reader = Home(tmp_path / "reader")
    write_json(reader.private_folder(reader.root) / "signers.json", {BOB: {"label": known}})
    _, check = _warnings(study, reader)
    assert "CHANGED SIGNER: claims to be Ada Lovelace" in str(check)


def test_a_wallet_that_the_list_binds_to_another_key(study, tmp_path):
    """A known wallet beside an unknown key is shown as a changed signer."""
    from swarmprov_nb.publishing import Publisher

    reader = Home(tmp_path / "reader")
    wallet = Publisher.of(study.home).wallet.address
    write_json(reader.private_folder(reader.root) / "signers.json", {BOB: {"label": "Bob", "wallets": [wallet]}})
    _, check = _warnings(study, reader)
    assert "CHANGED SIGNER: uses a wallet of Bob" in str(check)


def test_a_claimed_name_is_a_claim(study, tmp_path):
    """Of an unknown key the name is shown as what it claims to be."""
    (study.folder / "pyproject.toml").write_text('[tool.swarmprov]\npublisher = "Ada Lovelace"\n')
    _, check = _warnings(study, Home(tmp_path / "reader"))
    assert check.detail.startswith("unknown: did:key:")
    assert "claims to be Ada Lovelace" in check.detail


def test_no_name_writes_a_line_of_the_report(study, tmp_path):
    """A claimed name with line feeds, escapes and turned directions stays a word in its line."""
    name = "Ada\n✓ anchor  block 1, mainnet\x1b[2J\u202e"
    (study.folder / "pyproject.toml").write_text(f"[tool.swarmprov]\npublisher = {json.dumps(name)}\n")
    published, _ = _warnings(study, Home(tmp_path / "reader"))
    report = verify(published.reference, store=study.home.store, home=Home(tmp_path / "reader"))
    lines = str(report).split("\n")
    assert not any(line.strip().startswith("✓ anchor") for line in lines)
    assert all(line.isprintable() for line in lines)


def test_a_wallet_of_a_trusted_signer_under_another_key_is_a_changed_signer(study, tmp_path):
    """trust --wallet binds a wallet to a person; a stranger's key with that wallet is warned of."""
    from swarmprov_nb.cli import main
    from swarmprov_nb.manifest.author_key import AuthorKey
    from swarmprov_nb.publishing import publish

    result = publish(study.notebook, yes=True, chain="none", home=study.home, say=lambda _: None)
    other = Home(tmp_path / "other")
    friend = AuthorKey(bytes([9]) * 32).did
    trust(other, friend, "Alice", wallets=[result.receipt.wallet])
    report = verify(result.reference, store=study.home.store, home=other)

    assert "CHANGED SIGNER: uses a wallet of Alice" in str(report)
    assert main(["trust", friend, "--as", "Alice", "--wallet", "0x12"]) == 2
