"""ro-crate-metadata.json describes the publication as an RO-Crate: whole, linked, and silent on what is hidden."""

from __future__ import annotations

import copy
import json
from hashlib import sha256
from pathlib import Path

import pytest

from swarmprov_nb.exports import declared
from swarmprov_nb.exports.rocrate import render
from swarmprov_nb.manifest.canonical import canonical

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))


def things(statement):
    """{id: thing} of the crate."""
    data = render(statement, manifest_sha256=sha256(canonical(statement)).hexdigest())
    graph = json.loads(data)["@graph"]
    found = {thing["@id"]: thing for thing in graph}
    assert len(found) == len(graph)
    return found


def references(value):
    """Every id that a value names but does not say anything of."""
    if isinstance(value, list):
        return [name for item in value for name in references(item)]
    if isinstance(value, dict):
        return [value["@id"]] if set(value) == {"@id"} else references(list(value.values()))
    return []


def full():
    """The example with parents, a predecessor, a hidden input and the exports of today."""
    statement = copy.deepcopy(EXAMPLE)
    predicate, key = statement["predicate"], EXAMPLE["predicate"]["agents"][0]["key"]
    predicate["exports"] = list(declared())
    predicate["parents"] = [{"manifest": "a" * 64, "content": "b" * 64, "author": key}]
    predicate["previous"] = {"manifest": "c" * 64, "content": "b" * 64, "author": key}
    predicate["entities"][0]["parent"] = {"manifest": "a" * 64, "subject": "x.csv"}
    predicate["entities"].append({"id": "artifact-10", "disclosure": "hidden", "commitment": "d" * 64})
    predicate["activities"][2]["used"].append({"entity": "artifact-10", "confidence": "exact"})
    return statement


def test_every_name_within_the_crate_is_said_something_of():
    """Nothing dangles: only profiles and licences lead out, and those are described too."""
    crate = things(full())
    named = {name for thing in crate.values() for name in references(list(thing.values()))}
    elsewhere = {name for name in named if name.startswith("http://schema.org/")} | {"https://w3id.org/ro/crate/1.1"}
    assert named - elsewhere <= set(crate)


def test_it_has_every_file_of_the_publication_with_its_digest():
    """All but the seals, which come later, and the metadata itself, of which RO-Crate says nothing."""
    crate = things(full())
    paths = {part["@id"] for part in crate["./"]["hasPart"]}
    subjects = {subject["name"]: subject["digest"]["sha256"] for subject in EXAMPLE["subject"]}

    assert paths == {
        *subjects, "manifest.json", "manifest.dsse.json", "index.html", "requirements.txt", "prov.json",
    }  # fmt: skip
    assert {path: crate[path]["sha256"] for path in subjects} == subjects
    assert all("File" in crate[path]["@type"] for path in paths)


def test_each_run_has_its_tool_what_it_used_and_what_it_made():
    crate = things(full())
    run = crate["#run-4"]

    assert run["instrument"] == {"@id": f"#source-{EXAMPLE['predicate']['activities'][3]['source']['sha256']}"}
    assert run["result"] == [{"@id": "data/clean.parquet"}]
    assert crate["#run-6"]["object"] == [{"@id": "data/clean.parquet"}]
    assert crate["#control-4"]["object"] == {"@id": "#run-4"}
    assert crate[crate["#control-4"]["instrument"]["@id"]]["workExample"] == run["instrument"]


def test_a_source_that_left_the_notebook_is_the_file_that_holds_it():
    crate = things(full())
    tool = crate[crate["#run-10"]["instrument"]["@id"]]
    assert tool["@id"].startswith("sources/")
    assert tool["@type"] == ["File", "SoftwareSourceCode"]


def test_a_run_that_failed_says_so_and_what_was_not_seen():
    run = things(full())["#run-11"]
    assert run["actionStatus"] == {"@id": "http://schema.org/FailedActionStatus"}
    assert run["error"] == "KeyError"
    assert run["description"].startswith("Not seen by the recorder: a subprocess ran")


def test_a_hidden_artifact_shows_its_commitment_alone():
    crate = things(full())
    assert crate["#artifact-4"] == {
        "@id": "#artifact-4",
        "@type": "CreativeWork",
        "name": "hidden",
        "identifier": "hmac-sha256:9505cacb7c710ed17125fcc6cb3669e8ddca6c8cd8af6a31f6b3cd64604c3098",
    }
    assert crate["#input-10"]["name"] == "hidden"


def test_what_is_cited_is_no_file_of_the_crate():
    crate = things(full())
    assert crate["#artifact-1"]["@type"] == "CreativeWork"
    assert crate["#artifact-1"]["url"] == "https://doi.org/10.5281/zenodo.3960218"
    assert crate["#artifact-1"]["isBasedOn"] == {"@id": f"https://w3id.org/swarmprov/manifest/{'a' * 64}"}


@pytest.mark.parametrize("origin", ["javascript:alert(1)", "https://me:secret@a.org", "my disk", "https://a b"])
def test_an_origin_that_is_no_plain_address_stays_text(origin):
    statement = full()
    statement["predicate"]["entities"][0]["origin"] = origin
    cited = things(statement)["#artifact-1"]
    assert "url" not in cited
    assert cited["description"].endswith(f"From {origin}")


def test_an_unsafe_model_comes_with_its_warning():
    assert "unsafe to load from strangers" in things(full())["models/forest.pkl"]["description"]


def test_no_path_becomes_another_address():
    """Whatever stands in a path, its id is a relative reference to that file."""
    statement = full()
    statement["subject"][0]["name"] = statement["predicate"]["entities"][1]["subject"] = "javascript:a b?c#d.parquet"
    assert "javascript%3Aa%20b%3Fc%23d.parquet" in things(statement)


def test_without_runs_it_claims_no_profile_of_runs():
    statement = full()
    statement["predicate"]["activities"] = []
    crate = things(statement)
    assert crate["ro-crate-metadata.json"]["conformsTo"] == [{"@id": "https://w3id.org/ro/crate/1.1"}]
    assert "conformsTo" not in crate["./"]
    assert crate["penguins.ipynb"]["@type"] == ["File", "SoftwareSourceCode"]


def test_without_a_licence_it_says_that_none_is_stated():
    statement = full()
    statement["predicate"]["statements"] = {}
    assert things(statement)["./"]["license"] == "No licence is stated."


def test_edges_that_lead_nowhere_make_no_error():
    """A hostile manifest fails at its own check, not in the rendering."""
    statement = full()
    statement["predicate"]["activities"][0]["used"] = [{"entity": "artifact-99", "confidence": "exact"}]
    statement["predicate"]["entities"][1].update(subject="nowhere", generatedBy="run-99", alternateOf=["artifact-98"])
    statement["predicate"]["notebook"]["subject"] = "gone.ipynb"
    assert things(statement)


def test_a_thousand_runs_stay_within_some_times_the_manifest():
    """Neither this nor PROV-JSON grows faster than the manifest: about 1.7 MB where that has 0.8 MB."""
    from swarmprov_nb.exports.prov import render as render_prov

    statement = copy.deepcopy(EXAMPLE)
    predicate = statement["predicate"]
    run, entity = predicate["activities"][7], predicate["entities"][6]
    predicate["activities"] = [
        {**run, "id": f"run-{n}", "sequence": n, "source": {**run["source"], "sha256": f"{n:064x}"}, "informedBy": []}
        for n in range(1, 1001)
    ]
    predicate["entities"] = [
        {**entity, "id": f"artifact-{n}", "generatedBy": f"run-{n}", "subject": f"models/{n}.skops"}
        for n in range(1, 1001)
    ]
    size = len(canonical(statement))

    for rendering in (render, render_prov):
        assert len(rendering(statement, manifest_sha256="0" * 64)) < 3 * size
