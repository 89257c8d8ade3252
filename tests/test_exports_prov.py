"""prov.json says the lineage in W3C PROV: the `prov` package reads it back equal, and nothing hidden is in it."""

from __future__ import annotations

import copy
import json
from collections import Counter
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest
from prov.model import ProvDocument

from swarmprov_nb.exports.prov import render
from swarmprov_nb.manifest.canonical import canonical

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
ELEMENTS = ("entity", "activity", "agent")
ENDS = {
    "actedOnBehalfOf": ("delegate", "responsible"),
    "alternateOf": ("alternate1", "alternate2"),
    "hadMember": ("collection", "entity"),
    "used": ("activity", "entity"),
    "wasAssociatedWith": ("activity", "agent", "plan"),
    "wasAttributedTo": ("entity", "agent"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasGeneratedBy": ("entity", "activity"),
    "wasInformedBy": ("informed", "informant"),
}


def rendered(statement):
    return render(statement, manifest_sha256=sha256(canonical(statement)).hexdigest())


def full():
    """The example with a parent, a predecessor, twins, odd texts and a size beyond 32 bits."""
    statement = copy.deepcopy(EXAMPLE)
    predicate, key = statement["predicate"], EXAMPLE["predicate"]["agents"][0]["key"]
    predicate["parents"] = [{"manifest": "a" * 64, "content": "b" * 64, "author": key}]
    predicate["previous"] = {"manifest": "c" * 64, "content": "b" * 64, "author": key.replace("6Mki", "6Mkj")}
    predicate["entities"][0].update(parent={"manifest": "a" * 64, "subject": "x.csv", "anySigner": True}, size=2**40)
    predicate["entities"][5]["alternateOf"] = ["artifact-5"]
    predicate["activities"][0].update(step="", note='"\\\u2028\x00<é>', seeds=["1", "1", "2"])
    return statement


def in_essence(document):
    """PROV-JSON without the names of its relations, times as moments: what two writers of one lineage agree on."""
    found = {"prefix": document["prefix"]}
    for kind, members in document.items():
        if kind in ELEMENTS:
            found[kind] = {name: steady(about) for name, about in members.items()}
        elif kind != "prefix":
            found[kind] = Counter(json.dumps(steady(about), sort_keys=True) for about in members.values())
    return found


def steady(about):
    times = {key: datetime.fromisoformat(about[key]).timestamp() for key in about if key.endswith("Time")}
    lists = {key: sorted(value) for key, value in about.items() if isinstance(value, list)}
    return {**about, **times, **lists}


@pytest.mark.parametrize("statement", [EXAMPLE, full()], ids=["example", "full"])
def test_prov_reads_it_and_writes_the_same(statement):
    """Every element, relation and attribute comes through, and what `prov` writes it reads as an equal document."""
    ours = rendered(statement).decode()
    document = ProvDocument.deserialize(content=ours, format="json")
    theirs = document.serialize(format="json")

    assert in_essence(json.loads(theirs)) == in_essence(json.loads(ours))
    assert ProvDocument.deserialize(content=theirs, format="json") == document


def test_a_changed_document_is_not_read_as_equal():
    """So the comparison above says something: one relation less, or one word, is another document."""
    ours = json.loads(rendered(EXAMPLE))
    read = ProvDocument.deserialize(content=json.dumps(ours), format="json")
    less, other = copy.deepcopy(ours), copy.deepcopy(ours)
    less["used"].popitem()
    other["entity"]["this:artifact-2"]["prov:label"] = "Another table"

    for changed in (less, other):
        assert ProvDocument.deserialize(content=json.dumps(changed), format="json") != read
        assert in_essence(changed) != in_essence(ours)


def test_every_edge_of_the_manifest_is_a_relation():
    document, predicate = json.loads(rendered(full())), full()["predicate"]
    runs, entities = predicate["activities"], predicate["entities"]

    assert len(document["used"]) == sum(len(run["used"]) for run in runs)
    assert len(document["wasInformedBy"]) == sum(len(run["informedBy"]) for run in runs)
    assert len(document["wasGeneratedBy"]) == sum("generatedBy" in entity for entity in entities)
    assert len(document["alternateOf"]) == 1
    assert len(document["wasDerivedFrom"]) == 2  # from the parent, and the revision of the previous
    assert len(document["activity"]) == len(runs)


def test_every_relation_leads_to_what_is_there():
    document = json.loads(rendered(full()))
    there = {name for kind in ELEMENTS for name in document[kind]}

    assert set(document) == {"prefix", *ELEMENTS, *ENDS}
    for relation, ends in ENDS.items():
        for about in document[relation].values():
            assert {about[f"prov:{end}"] for end in ends} <= there


def test_a_hidden_artifact_shows_its_commitment_alone():
    document = json.loads(rendered(EXAMPLE))
    assert document["entity"]["this:artifact-4"] == {
        "swarmprov:disclosure": "hidden",
        "swarmprov:commitment": "9505cacb7c710ed17125fcc6cb3669e8ddca6c8cd8af6a31f6b3cd64604c3098",
    }


def test_names_are_of_this_manifest():
    """Two documents put together do not mix up their runs."""
    digest = sha256(canonical(EXAMPLE)).hexdigest()
    document = json.loads(rendered(EXAMPLE))
    assert document["prefix"]["this"] == f"https://w3id.org/swarmprov/manifest/{digest}#"
    assert f"manifest:{digest}" in document["entity"]


def test_the_authors_name_is_a_claim():
    (author,) = (about for name, about in json.loads(rendered(EXAMPLE))["agent"].items() if name.startswith("key:"))
    assert author == {"swarmprov:claimedName": "Ada Example"}


def test_edges_that_lead_nowhere_make_no_error():
    """A hostile manifest fails at its own check, not in the rendering."""
    statement = copy.deepcopy(EXAMPLE)
    statement["predicate"]["activities"][0]["used"] = [{"entity": "artifact-99", "confidence": "exact"}]
    statement["predicate"]["entities"][1].update(subject="nowhere", generatedBy="run-99", alternateOf=["artifact-98"])
    assert json.loads(rendered(statement))["used"]
