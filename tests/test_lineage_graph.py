"""What depends on what, what still counts, what is meant by a name."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import UsageError
from swarmprov_nb.lineage.graph import (
    ancestors_of,
    closure,
    contributing,
    find,
    restricted,
    rows,
    to_networkx,
)
from swarmprov_nb.lineage.vocabulary import Declaration, Edge, Lineage
from swarmprov_nb.testing import LineageBuilder, example_lineage


def steps(lineage: Lineage) -> list[str]:
    return [run.step for run in lineage.runs]


def sequences(lineage: Lineage) -> list[int]:
    return [run.sequence for run in lineage.runs]


def names(lineage: Lineage) -> list[str]:
    return [artifact.name for artifact in lineage.artifacts]


def test_closure_holds_what_an_artifact_depends_on_and_nothing_else():
    study = example_lineage()
    part = closure(study, [find(study, "forest").id])
    assert steps(part) == ["read", "clean", "split", "fit forest"]
    assert names(part) == ["penguins_raw.csv", "clean", "train", "forest"]
    assert {use.artifact for use in part.uses} <= {artifact.id for artifact in part.artifacts}
    assert all(edge.writer in {run.id for run in part.runs} for edge in part.edges)


def test_closure_follows_flows_of_every_kind():
    b = LineageBuilder()
    imports = b.run("imports")
    seed = b.run("seed")
    helper = b.run("helper", reads={"np": Edge(imports.id, "", "", "import")})
    b.run("draw", reads={"f": helper, "<np.random>": Edge(seed.id, "", "", "state")}, makes={"x": "dataset"})
    part = closure(b.lineage, [b.latest("x").id])
    assert steps(part) == ["imports", "seed", "helper", "draw"]
    assert {edge.kind for edge in part.edges} == {"import", "state", "var"}


def test_closure_of_nothing_is_empty():
    part = closure(example_lineage(), [])
    assert (part.runs, part.artifacts, part.edges, part.uses) == ((), (), (), ())


def test_an_input_is_its_own_closure():
    study = example_lineage()
    part = closure(study, [find(study, "penguins_raw.csv").id])
    assert (steps(part), names(part)) == ([], ["penguins_raw.csv"])


@given(st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=12), st.data())
def test_closure_equals_the_ancestors_in_networkx(plan, data):
    """The closure of any artifact is what networkx calls its ancestors, and itself."""
    b = LineageBuilder()
    for index, used in enumerate(plan):
        earlier = {f"a{number % index}" for number in used} if index else set()
        b.run(f"r{index}", uses=sorted(earlier), makes={f"a{index}": "dataset"})
    artifact = data.draw(st.sampled_from(b.lineage.artifacts))
    part = closure(b.lineage, [artifact.id])
    mine = {run.id for run in part.runs} | {one.id for one in part.artifacts}
    assert mine == nx.ancestors(to_networkx(b.lineage), artifact.id) | {artifact.id}
    assert nx.is_directed_acyclic_graph(to_networkx(contributing(b.lineage)))


def test_thirty_runs_of_one_cell_are_one():
    b = LineageBuilder()
    raw = b.input("raw.csv")
    for _ in range(30):
        b.run("clean", cell="c", uses=[raw], makes={"clean": "dataset"})
    view = contributing(b.lineage)
    assert sequences(view) == [30]
    assert [artifact.version for artifact in view.artifacts] == [1, 30]


def test_without_cell_ids_the_same_source_is_the_same_cell():
    b = LineageBuilder()
    b.run("clean", source="df = f()", makes={"df": "dataset"})
    b.run("clean", source="df = f()", makes={"df": "dataset"})
    b.run("clean", source="df = g()", makes={"dg": "dataset"})
    assert sequences(contributing(b.lineage)) == [2, 3]


def test_a_run_that_builds_on_its_earlier_self_is_folded():
    """A counter that is run thirty times is one box, and no edge leads from it to itself."""
    b = LineageBuilder()
    b.run("count", cell="c", makes={"n": "dataset"})
    for _ in range(29):
        b.run("count", cell="c", uses=["n"], makes={"n": "dataset"})
    view = contributing(b.lineage)
    assert sequences(view) == [30]
    assert (view.edges, view.uses) == ((), ())


def test_what_was_made_from_an_old_version_keeps_the_run_that_made_it():
    b = LineageBuilder()
    b.run("clean", cell="c", makes={"clean": "dataset"})
    b.run("fit", cell="f", uses=["clean"], makes={"model": "model"})
    b.run("clean", cell="c", makes={"clean": "dataset"})
    view = contributing(b.lineage)
    assert sequences(view) == [1, 2, 3]
    assert view.uses[0].artifact == view.artifacts[0].id
    assert nx.is_directed_acyclic_graph(to_networkx(view))


def test_runs_that_contribute_to_nothing_are_left_out_unless_they_failed_last():
    b = LineageBuilder()
    raw = b.input("raw.csv")
    b.run("look", cell="look", uses=[raw])
    b.run("make", cell="make", uses=[raw], makes={"x": "dataset"})
    b.run("fail once", cell="a", uses=["x"], error="KeyError: 1")
    b.run("fail once", cell="a", uses=["x"])
    b.run("fail", cell="b", uses=["x"], error="KeyError: 2")
    b.run("gap", cell="d", uses=["x"], gap="threads")
    view = contributing(b.lineage)
    assert steps(view) == ["make", "fail", "gap"]
    assert len(view.uses) == 3


def test_without_artifacts_the_latest_run_of_each_cell_is_the_view():
    b = LineageBuilder()
    b.run("one", cell="1")
    b.run("one", cell="1")
    b.run("two", cell="2")
    assert sequences(contributing(b.lineage)) == [2, 3]


def test_restricted_keeps_only_edges_whose_both_ends_stay():
    study = example_lineage()
    part = restricted(study, [study.runs[0].id, study.runs[1].id], [])
    assert (len(part.edges), len(part.uses)) == (1, 0)


def test_find_takes_an_artifact_before_a_step_unless_forced():
    study = example_lineage()
    assert find(study, "clean") == find(study, "artifact:clean")
    assert find(study, "step:clean") == study.runs[1]
    assert find(study, "split") == study.runs[3]


def test_find_takes_the_latest_version_the_title_the_path_or_the_id():
    b = LineageBuilder()
    b.run("a", cell="a", makes={"x": {"kind": "dataset", "declaration": Declaration(title="The rows")}})
    b.run("a", cell="a", makes={"x": {"kind": "dataset", "path": None, "declaration": Declaration(title="The rows")}})
    b.input("raw.csv", path="data/raw.csv")
    assert find(b.lineage, "x").version == 2
    assert find(b.lineage, "The rows").version == 2
    assert find(b.lineage, "data/raw.csv").name == "raw.csv"
    assert find(b.lineage, "step:a").sequence == 2
    assert find(b.lineage, b.lineage.artifacts[0].id).version == 1
    assert find(b.lineage, b.lineage.runs[0].id).sequence == 1


def test_find_lists_ties_and_takes_an_id_from_the_list():
    b = LineageBuilder()
    b.run("one", cell="1", makes={"x": "dataset"})
    b.run("two", cell="2", makes={"x": "model"})
    b.run("two", cell="3")
    with pytest.raises(UsageError, match=r"'x' can mean the dataset x .*, the model x") as tie:
        find(b.lineage, "x")
    assert find(b.lineage, tie.value.next_step.split("'")[1]).kind == "model"
    with pytest.raises(UsageError, match=r"the step two \[2\] .*, the step two \[3\]"):
        find(b.lineage, "two")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("forrest", "Nearest: forest"),
        ("step:forest", "fit forest"),
        ("artifact:evaluate", ": "),
        ("zzzzz", "There is, for example: "),
    ],
)
def test_find_names_the_nearest_for_what_is_unknown(asked, told):
    with pytest.raises(UsageError) as unknown:
        find(example_lineage(), asked)
    assert told in unknown.value.next_step


def test_find_in_an_empty_record_says_so():
    with pytest.raises(UsageError, match="Nothing has been recorded yet"):
        find(LineageBuilder().lineage, "x")


def test_ancestors_of_a_step_are_what_it_read_and_itself():
    study = example_lineage()
    part = ancestors_of(study, find(study, "step:split"))
    assert (steps(part), names(part)) == (["read", "clean", "split"], ["penguins_raw.csv", "clean"])
    assert ancestors_of(study, find(study, "forest")) == closure(study, [find(study, "forest").id])


def test_networkx_says_what_kind_of_thing_and_relation_each_is():
    graph = to_networkx(example_lineage())
    assert graph.nodes["s1:2"]["kind"] == "cell run"
    assert graph.nodes["s1:2"]["note"] == "drop unsexed rows"
    clean = find(example_lineage(), "clean").id
    assert graph.edges["s1:2", clean] == {
        "relation": "wasGeneratedBy", "name": "clean", "kind": "artifact", "confidence": "exact",
    }  # fmt: skip
    assert graph.edges[clean, "s1:4"]["relation"] == "used"
    assert graph.edges["s1:1", "s1:2"] == {
        "relation": "wasInformedBy", "name": "df", "kind": "var", "confidence": "exact",
    }  # fmt: skip
    assert graph.edges["s1:2", "s1:6"]["confidence"] == "assumed"


def test_networkx_edges_of_several_names_list_them_with_the_highest_confidence():
    b = LineageBuilder()
    first = b.run("first")
    assumed, net = Edge(first.id, "", "", "var", "assumed"), Edge(first.id, "", "", "net")
    b.run("second", reads={"a": assumed, "b": first, "c": net})
    edge = to_networkx(b.lineage).edges["s1:1", "s1:2"]
    assert (edge["name"], edge["kind"], edge["confidence"]) == ("a, b, c", "var, net", "exact")


def test_networkx_can_be_written_as_graphml():
    import networkx as nx

    assert "forest" in "".join(nx.generate_graphml(to_networkx(example_lineage())))


def test_rows_tell_each_cell_run_and_what_it_made():
    table = rows(example_lineage())
    assert len(table) == 14
    assert table[0]["name"] == "penguins_raw.csv"
    failed = table[-1]
    assert (failed["status"], failed["detail"], failed["from"]) == ("error", "KeyError: 'sexx'", "read")
    assert {tuple(row) for row in table} == {tuple(table[0])}
