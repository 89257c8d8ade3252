"""roc-validator takes each publication for a Provenance Run Crate 0.5, off line, and refuses crates with a defect."""

from __future__ import annotations

import copy
import json
import subprocess
from pathlib import Path

import pytest
from strangers import laid_out, published_book, python_of_strangers, sha256

from swarmprov_nb.exports.rocrate import METADATA, render
from swarmprov_nb.manifest.canonical import canonical

CONFORMANCE = Path(__file__).parents[2] / "shared" / "conformance"
EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
SEED = CONFORMANCE / "seed_rocrate_cache.py"

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not SEED.exists(), reason="the contexts of RO-Crate are not beside the checkout"),
]


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    """validated(FOLDER) → (exit code, profile, [what is wrong])."""
    python = python_of_strangers()
    cache = tmp_path_factory.mktemp("contexts") / "cache"
    subprocess.run([python, SEED, cache], check=True)

    def validate(folder):
        report = cache.with_name(f"{folder.name}.json")
        flags = ["--offline", "--cache-path", cache, "-l", "required", "--no-paging", "-f", "json", "-o", report]
        command = [python.with_name("rocrate-validator"), "-y", "validate", *flags, folder]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert report.exists(), ran.stdout + ran.stderr
        told = json.loads(report.read_text("utf-8"))
        wrong = [issue["message"] for issue in told["issues"]]
        return ran.returncode, told["validation_settings"]["profile_identifier"], wrong

    return validate


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return published_book(tmp_path_factory.mktemp("strangers")).files


def as_crate(statement, folder):
    """The crate of a manifest whose files are not at hand: they are empty, which the validator does not mind."""
    paths = [*(subject["name"] for subject in statement["subject"]), "manifest.json", "manifest.dsse.json"]
    paths += [export["path"] for export in statement["predicate"]["exports"]]
    metadata = render(statement, manifest_sha256=sha256(canonical(statement)))
    return laid_out({**dict.fromkeys(paths, b""), METADATA: metadata}, folder)


def test_a_publication_is_accepted(validated, files, tmp_path):
    assert validated(laid_out(files, tmp_path)) == (0, "provenance-run-crate-0.5", [])


def test_a_work_of_every_kind_is_accepted(validated, tmp_path):
    """Old sources, failed runs, hidden inputs, parents, a path in all scripts, an odd licence, no statement at all."""
    statement = copy.deepcopy(EXAMPLE)
    predicate, key = statement["predicate"], EXAMPLE["predicate"]["agents"][0]["key"]
    table = next(subject for subject in statement["subject"] if subject["name"] == "data/clean.parquet")
    table["name"] = predicate["entities"][1]["subject"] = "data/größe a#b (1) 企鵝.parquet"
    predicate["entities"][1]["license"] = "MIT OR Apache-2.0"
    predicate["entities"][0]["parent"] = {"manifest": "a" * 64, "subject": "x.csv"}
    predicate["entities"].append({"id": "artifact-10", "disclosure": "hidden", "commitment": "d" * 64})
    predicate["parents"] = [{"manifest": "a" * 64, "content": "b" * 64, "author": key}]
    predicate["previous"] = {"manifest": "c" * 64, "content": "b" * 64, "author": key}
    predicate["activities"][0].update(step="", status="interrupted")
    predicate["statements"] = {}

    assert validated(as_crate(statement, tmp_path)) == (0, "provenance-run-crate-0.5", [])


def test_a_publication_without_runs_is_a_plain_crate(validated, tmp_path):
    statement = copy.deepcopy(EXAMPLE)
    statement["predicate"].update(activities=[], entities=[])
    statement["subject"] = [subject for subject in statement["subject"] if subject["name"] == "penguins.ipynb"]

    assert validated(as_crate(statement, tmp_path)) == (0, "ro-crate-1.1", [])


def lose(graph, kind, key):
    for thing in graph.values():
        if kind in thing["@type"]:
            thing.pop(key, None)


def lose_file(graph):
    graph["./"]["hasPart"].append({"@id": "data/lost.json"})
    graph["data/lost.json"] = {"@id": "data/lost.json", "@type": "File", "name": "lost"}


DEFECTS = {
    "a run without its tool": (
        lambda graph: lose(graph, "CreateAction", "instrument"),
        "MUST have an instrument property that references the executed tool",
    ),
    "a step without its tool": (
        lambda graph: lose(graph, "HowToStep", "workExample"),
        "A HowToStep must refer to its corresponding tool via workExample",
    ),
    "a notebook without its steps' tools": (
        lambda graph: lose(graph, "ComputationalWorkflow", "hasPart"),
        "ComputationalWorkflow MUST refer to orchestrated tools via hasPart",
    ),
    "an execution of no run": (
        lambda graph: lose(graph, "ControlAction", "object"),
        "A ControlAction must reference the action representing the corresponding tool run",
    ),
    "a recording of nothing": (
        lambda graph: lose(graph, "OrganizeAction", "result"),
        "An OrganizeAction must reference the action representing the workflow run via result",
    ),
    "no date": (lambda graph: graph["./"].pop("datePublished"), "MUST have a `datePublished` property"),
    "no licence": (lambda graph: graph["./"].pop("license"), "MUST have a `license` property"),
    "a slot without a type": (
        lambda graph: lose(graph, "FormalParameter", "additionalType"),
        "FormalParameter MUST have an additionalType",
    ),
    "a file that is not there": (lose_file, "data/lost.json"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_crate_with_a_defect_is_refused(validated, files, tmp_path, defect):
    """So its acceptance says something: each twin differs by this one defect, and is refused for it."""
    spoil, reason = DEFECTS[defect]
    document = json.loads(files[METADATA])
    graph = {thing["@id"]: thing for thing in document["@graph"]}
    spoil(graph)
    document["@graph"] = list(graph.values())

    code, _, wrong = validated(laid_out({**files, METADATA: json.dumps(document).encode()}, tmp_path))

    assert code == 1
    assert any(reason in message for message in wrong), wrong
