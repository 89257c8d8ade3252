"""A lineage read back from a manifest says what the manifest says."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import networkx as nx
import pytest

from swarmprov_nb.lineage.graph import closure, find, to_networkx
from swarmprov_nb.manifest.reading import HIDDEN_TITLE, seconds, to_lineage
from swarmprov_nb.manifest.statement import timestamp

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))


@pytest.fixture
def statement():
    return copy.deepcopy(EXAMPLE)


def test_runs_keep_order_status_and_words(statement):
    lineage = to_lineage(statement)
    assert [run.id for run in lineage.runs] == [f"run-{number}" for number in range(1, 12)]
    last = lineage.runs[-1]
    assert (last.step, last.status, last.error) == ("One more look", "error", "KeyError")
    assert last.gap == "a subprocess ran, and what it read was not seen"
    assert lineage.runs[0].seeds == ("numpy.random.default_rng(7)",)
    assert lineage.runs[3].cell_id == "c-clean"


def test_artifacts_keep_declarations_digests_and_where_they_are(statement):
    lineage = to_lineage(statement)
    clean = find(lineage, "artifact:clean")
    subject = next(s for s in statement["subject"] if s["name"] == "data/clean.parquet")
    assert (clean.title, clean.kind, clean.shape, clean.version) == ("Penguins, cleaned", "dataset", (333, 8), 1)
    assert clean.schema[0] == ("species", "string")
    assert clean.declaration.personal_data == "none"
    assert clean.path is None
    assert (clean.stored.sha256, clean.stored.reference) == (subject["digest"]["sha256"], subject["digest"]["swarm"])
    assert clean.stored.suffix == ".parquet"
    raw = find(lineage, "data/penguins_raw.csv")
    assert (raw.run, raw.path, raw.origin) == (None, "data/penguins_raw.csv", "https://doi.org/10.5281/zenodo.3960218")
    assert raw.stored.reference is None
    assert raw.stored.content_id == f"file:sha256:{raw.stored.sha256}"


def test_what_is_hidden_is_an_artifact_without_a_name(statement):
    (hidden,) = [artifact for artifact in to_lineage(statement).artifacts if artifact.title == HIDDEN_TITLE]
    assert (hidden.name, hidden.kind, hidden.stored, hidden.run) == ("", "file", None, "run-6")


def test_a_flow_through_an_artifact_is_an_edge_again(statement):
    lineage = to_lineage(statement)
    into = {(edge.writer, edge.name, edge.kind, edge.confidence) for edge in lineage.edges if edge.reader == "run-10"}
    assert ("run-9", "forest", "var", "exact") in into
    assert ("run-6", "hidden", "var", "exact") in into
    assert ("run-4", "rows", "var", "assumed") in into


def test_the_closure_of_the_figure_holds_what_it_came_from(statement):
    lineage = to_lineage(statement)
    part = closure(lineage, [find(lineage, "figures/confusion.png").id])
    assert [run.sequence for run in part.runs] == [1, 2, 3, 4, 6, 7, 8, 9, 10]
    assert nx.is_directed_acyclic_graph(to_networkx(lineage))


def test_times_are_read_to_the_millisecond(statement):
    lineage = to_lineage(statement)
    assert [timestamp(run.started) for run in lineage.runs] == [
        activity["startedAt"] for activity in statement["predicate"]["activities"]
    ]
    assert timestamp(seconds("2026-11-03T10:00:00.999Z")) == "2026-11-03T10:00:00.999Z"


def test_the_session_is_nobodys_own(statement):
    session = to_lineage(statement).session
    assert not session.trusted
    assert session.notebook == "penguins.ipynb"
    assert session.environment["python"]["version"] == "3.11.7"


def test_reading_changes_nothing_and_gives_the_same_again(statement):
    before = copy.deepcopy(statement)
    assert to_lineage(statement) == to_lineage(statement)
    assert statement == before
