"""What changes nothing that matters verifies all the same; and a stranger's own signature is the stranger's."""

from __future__ import annotations

import shutil

import pytest
import second_verifier.verifying as second_verifier
from eth_keys.datatypes import PrivateKey

from swarmprov_nb.carrying import load, save
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.signers import distrust, signers, trust
from swarmprov_nb.verifying import verify


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)


def test_all_of_it_signed_by_a_stranger_is_the_strangers(book, stranger):
    """Whoever signs everything anew with a key of their own is valid as that key, unknown: exit code 3."""
    key, wallet = stranger
    statement = book.statement
    statement["predicate"]["agents"][0]["key"] = key.did
    for path in book.seals:
        del book.files[path]
    book.state(statement, by=key)
    book.add_seal(key, wallet)
    report = book.report(level="signed")
    assert (report.failed, report.level, report.exit_code, report.ok) == ((), "signed", 3, False)
    assert (report.author, report.label) == (key.did, None)


def test_a_stranger_is_not_the_signer_asked_for(book, stranger):
    """A demanded signer must be the author: another fails with exit code 1."""
    key, _ = stranger
    report = book.report(signer=key.did)
    assert ([check.name for check in report.failed], report.exit_code) == (["signer"], 1)


def test_as_it_is(book):
    """The publication itself is valid and signed by its author."""
    report = book.report(level="signed")
    assert (report.failed, report.level, report.exit_code, report.label) == ((), "signed", 0, "me")


def test_in_another_store(study, published, tmp_path):
    """A copy of the store, read by somebody who was told whose key it is."""
    reader = Home(tmp_path / "reader")
    shutil.copytree(study.home.store, tmp_path / "copy")
    trust(reader, next(iter(signers(study.home))), "Ada")
    report = verify(published.reference, store=tmp_path / "copy", home=reader)
    assert (report.exit_code, report.label) == (0, "Ada")


def test_as_a_saved_file(study, published, tmp_path):
    """One file, on a machine that has nothing else."""
    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    report = verify(file, any_signer=True, reference=published.reference, home=Home(tmp_path / "reader"))
    assert (report.exit_code, report.reference) == (0, published.reference)
    assert second_verifier.verify(file.read_bytes(), bytes.fromhex(published.reference)).author == report.author


def test_loaded_into_another_home(study, published, tmp_path):
    """A saved file loaded elsewhere verifies there by its reference."""
    reader = Home(tmp_path / "reader")
    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    assert load(file, home=reader) == published.reference
    assert verify(published.reference, any_signer=True, home=reader).exit_code == 0
    assert verify(published.reference, home=reader).exit_code == 3


def test_with_a_reviewers_seal(book, stranger):
    """A seal added by another wallet and key makes another publication of the same content."""
    plain = book.report()
    book.add_seal(*stranger, role="reviewer")
    sealed = book.report(level="signed")
    assert (sealed.exit_code, sealed.content) == (0, plain.content)
    assert sealed.reference != plain.reference
    assert len(sealed.wallets) == 1


def test_with_an_organisations_seal_of_the_same_wallet(book, stranger):
    """One wallet may seal in two roles."""
    key, _ = stranger
    book.add_seal(key, book.wallet, role="organisation")
    assert book.report().exit_code == 0


def test_with_a_second_wallet_of_the_author(book):
    """The author's key may vouch with two wallets."""
    book.add_seal(book.key, PrivateKey(b"\x19" * 32))
    report = book.report(level="signed")
    assert (report.exit_code, len(report.wallets)) == (0, 2)


def test_a_reviewer_never_satisfies_signer(book, stranger):
    """To be asked for as signer a key must be the author's, whatever it sealed."""
    key, wallet = stranger
    book.add_seal(key, wallet, role="reviewer")
    assert book.report(signer=key.did).exit_code == 1


def test_published_again(study, published):
    """The same work published with --again is another publication, and both verify."""
    again = publish(study.notebook, yes=True, again=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    assert again.reference != published.reference
    assert [verify(p.reference, home=study.home).exit_code for p in (published, again)] == [0, 0]


def test_after_the_project_was_deleted(study, published):
    """Everything that verification needs is in the home."""
    shutil.rmtree(study.folder)
    assert verify(published.reference, home=study.home).exit_code == 0


def test_with_a_clock_that_was_set_back(book):
    """Times are attributes: a run that ended before it started by the clock breaks no rule."""
    statement = book.statement
    run = statement["predicate"]["activities"][0]
    run["startedAt"], run["endedAt"] = "2026-11-03T10:00:00.000Z", "2020-02-29T23:59:59.999Z"
    book.author_states(statement)
    assert book.report().exit_code == 0


def test_with_an_export_that_only_its_publisher_can_render(book):
    """A rendering of another version is not checked, and fails nothing."""
    statement = book.statement
    statement["predicate"]["exports"].append(
        {"path": "croissant.json", "exporter": "croissant", "version": "9", "mediaType": "application/json"}
    )
    book.files["croissant.json"] = canonical({"recordSet": []})
    book.author_states(statement)
    report = book.report(level="signed")
    assert report.exit_code == 0
    assert next(check for check in report.checks if check.name == "exports").outcome == "not checked"


def test_by_a_reader_who_distrusts_again(study, published, tmp_path):
    """Who is known is the reader's word, given and taken back."""
    reader = Home(tmp_path / "reader")
    key = next(iter(signers(study.home)))
    trust(reader, key, "Ada")
    assert verify(published.reference, store=study.home.store, home=reader).exit_code == 0
    distrust(reader, "Ada")
    assert verify(published.reference, store=study.home.store, home=reader).exit_code == 3


def test_an_author_who_is_not_that_of_the_publication_before(book, stranger):
    """A signed `previous` of another author is shown."""
    key, _ = stranger
    statement = book.statement
    statement["predicate"]["previous"] = {"manifest": "11" * 32, "content": "22" * 32, "author": key.did}
    book.author_states(statement)
    check = next(check for check in book.report().checks if check.name == "signer")
    assert "the publication before it had another author" in check.detail
