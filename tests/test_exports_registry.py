"""What is exported is declared without digests, and rendered again by whoever has the same version."""

from __future__ import annotations

import copy
import json
from dataclasses import FrozenInstanceError
from hashlib import sha256
from pathlib import Path

import pytest

from swarmprov_nb.exports import EXPORTERS, OLDER, declared, regenerate
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.publication import content_type

GOLDENS = Path(__file__).parent / "goldens"
EXAMPLE = json.loads((GOLDENS / "manifest-example.json").read_text("utf-8"))
DIGEST = sha256(canonical(EXAMPLE)).hexdigest()


def hostile():
    """A manifest whose texts are of every script, some newer than the oldest Python here."""
    statement = copy.deepcopy(EXAMPLE)
    runs = statement["predicate"]["activities"]
    runs[3]["step"] = "\u00e9t\u00e9 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \ufe8d \U0001f427\U0001fae8\u31ef"
    runs[9]["step"] = "\u202egnp.exe \u4f01\u9d5d e\u0301\u0301\u0301 \U00031350 \u0cf3 <b>"
    return statement


def test_the_manifest_declares_path_exporter_version_and_media_type():
    page, *others = declared()
    assert page == {
        "path": "index.html",
        "exporter": "page",
        "version": "2",
        "mediaType": "text/html; charset=utf-8",
    }
    assert [(each["path"], each["mediaType"]) for each in others] == [
        ("requirements.txt", "text/plain; charset=utf-8"),
        ("ro-crate-metadata.json", "application/json"),
        ("prov.json", "application/json"),
    ]


def test_the_declared_media_type_is_the_one_under_which_it_is_served():
    assert [record["mediaType"] for record in declared()] == [content_type(record["path"]) for record in declared()]


@pytest.mark.parametrize("record", declared(), ids=lambda record: record["path"])
def test_a_declared_export_is_rendered_again_to_the_same_bytes(record):
    rendered = EXPORTERS[record["exporter"]].render(EXAMPLE, manifest_sha256=DIGEST)
    assert regenerate(record, copy.deepcopy(EXAMPLE), DIGEST) == rendered


@pytest.mark.parametrize("older", OLDER, ids=lambda older: f"{older.name} {older.version}")
def test_an_older_version_is_still_rendered_for_the_publications_that_declare_it(older):
    rendered = older.render(EXAMPLE, manifest_sha256=DIGEST)
    assert regenerate(older.record, EXAMPLE, DIGEST) == rendered
    assert rendered != EXPORTERS[older.name].render(EXAMPLE, manifest_sha256=DIGEST)
    assert older.path == EXPORTERS[older.name].path


@pytest.mark.parametrize("change", [{"version": "0"}, {"exporter": "stranger"}])
def test_an_export_of_another_version_or_maker_is_not_rendered(change):
    assert regenerate({**declared()[0], **change}, EXAMPLE, DIGEST) is None


def test_the_order_of_keys_in_the_manifest_does_not_matter():
    shuffled = json.loads(json.dumps(EXAMPLE, sort_keys=True), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    for exporter in EXPORTERS.values():
        assert exporter.render(shuffled, manifest_sha256=DIGEST) == exporter.render(EXAMPLE, manifest_sha256=DIGEST)


def test_a_version_has_its_bytes_for_good():
    """Where this fails, an exporter writes other bytes: give it a new version, then record its digests under that."""
    recorded = json.loads((GOLDENS / "exports.json").read_text("utf-8"))
    found = {
        f"{exporter.name} {exporter.version} {name}": sha256(
            exporter.render(statement, manifest_sha256=DIGEST)
        ).hexdigest()
        for exporter in (*EXPORTERS.values(), *OLDER)
        for name, statement in (("example", EXAMPLE), ("scripts", hostile()))
    }
    assert found == {key: recorded.get(key) for key in found}


def test_an_exporter_is_frozen():
    with pytest.raises(FrozenInstanceError):
        EXPORTERS["page"].version = "2"
