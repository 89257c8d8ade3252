"""The exports of a real publication: compared on verifying, silent on what comes later, not asked of older ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from strangers import published_book, sha256

from swarmprov_nb.errors import PublishRefused
from swarmprov_nb.exports import OLDER as OLDER_EXPORTERS
from swarmprov_nb.exports import declared
from swarmprov_nb.outcome import FAIL, PASS
from swarmprov_nb.verifying import verify

OLDER = Path(__file__).parents[1] / "notebooks" / "penguins.swarm"
LATER = ("ro-crate-metadata.json", "prov.json")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return published_book(tmp_path_factory.mktemp("exports"))


@pytest.fixture
def book(published):
    return replace(published, files=dict(published.files))


def outcomes(report):
    return {check.name: check.outcome for check in report.checks}


def test_an_honest_publication_has_the_exports_that_its_manifest_gives(book):
    assert outcomes(book.report())["exports"] == PASS


@pytest.mark.parametrize("path", LATER)
def test_an_author_cannot_say_more_in_an_export_than_in_the_manifest(book, path):
    """One name changed, sealed anew with the author's own keys: the verifier renders the file again and sees it."""
    assert b"The clean" in book.files[path]
    book.files[path] = book.files[path].replace(b"The clean", b"The ideal")
    book.author_seals()
    assert outcomes(book.report())["exports"] == FAIL


@pytest.mark.parametrize("path", LATER)
def test_an_export_does_not_know_what_comes_after_it(book, path):
    """No envelope, seal, wallet or reference, and neither name nor type nor digest of what is hidden."""
    later = [
        sha256(book.files["manifest.dsse.json"]),
        book.wallet.public_key.to_canonical_address().hex(),
        book.content.hex(),
        "seals/",
        "The model",
        sha256(b'[["a","1"],["b","2"]]'),
    ]
    text = book.files[path].decode().lower()
    assert [word for word in later if word.lower() in text] == []


@pytest.mark.parametrize("path", LATER)
def test_a_hidden_artifact_is_there_by_its_commitment(book, path):
    (hidden,) = (e for e in json.loads(book.files["manifest.json"])["predicate"]["entities"] if "commitment" in e)
    assert hidden["commitment"] in book.files[path].decode()


def test_a_publication_from_before_these_exporters_has_all_that_it_declares(book):
    statement = book.statement
    declared = statement["predicate"]["exports"]
    statement["predicate"]["exports"] = [export for export in declared if export["path"] not in LATER]
    for path in LATER:
        del book.files[path]
    book.author_states(statement)

    found = outcomes(book.report())

    assert found["exports"] == PASS
    assert FAIL not in found.values()


def test_a_publication_begun_by_an_older_version_is_rendered_as_its_manifest_declares(tmp_path, monkeypatch):
    """Signed with a page of version 1, finished after an update: the page is of version 1, and all of it verifies."""
    older = (OLDER_EXPORTERS[0].record, *declared()[1:])
    monkeypatch.setattr("swarmprov_nb.drafting.declared", lambda: older)
    book = published_book(tmp_path)
    assert b"page exporter, version 1." in book.files["index.html"]
    assert outcomes(book.report())["exports"] == PASS


def test_a_publication_begun_by_a_newer_version_is_not_finished_by_this_one(tmp_path, monkeypatch):
    """What this version cannot render it says, and names what helps."""
    newer = ({**declared()[0], "version": "999"}, *declared()[1:])
    monkeypatch.setattr("swarmprov_nb.drafting.declared", lambda: newer)
    with pytest.raises(PublishRefused, match=r"newer swarmprov.*index\.html") as refused:
        published_book(tmp_path)
    assert "Update swarmprov" in str(refused.value)


def test_the_saved_file_of_an_older_version_verifies():
    """It declares neither RO-Crate nor PROV-JSON; nothing of it fails, and its exports are rendered again and equal."""
    report = verify(str(OLDER), any_signer=True)
    assert report.exit_code == 0
    assert FAIL not in outcomes(report).values()
    assert outcomes(report)["exports"] == PASS
