"""What a document hides: every fold can be opened, and closed again it is the picture that was drawn."""

from __future__ import annotations

import random

import pytest

from swarmprov_nb.lineage.vocabulary import Lineage
from swarmprov_nb.testing import LineageBuilder
from swarmprov_nb.view import Picture
from swarmprov_nb.view.unfolding import UNFOLD_MOST


def restless(seed: int) -> Lineage:
    """Cells run in any order, again and again, some of them failing, most reading what was made last."""
    chance = random.Random(seed)
    b = LineageBuilder("restless.ipynb")
    made = [b.input("raw.csv").name]
    for _ in range(60):
        number = chance.randrange(14)
        used = {chance.choice(made[-5:]) for _ in range(chance.choice((0, 1, 2)))}
        makes = {f"t{number}": chance.choice(("dataset", "figure"))} if chance.random() < 0.8 else {}
        error = "ValueError: bad" if chance.random() < 0.1 else None
        b.run(f"step {number}", cell=f"c{number}", uses=used, makes=makes, error=error)
        made += makes
    return b.lineage


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("limit", [5, 12, 100])
def test_all_folds_closed_give_the_edges_of_the_picture(seed, limit):
    """The flows without folds, led to where they end while all is folded, are the edges drawn: none more, none less."""
    document = Picture(restless(seed), title="x", limit=limit).to_json()
    hidden, drawn = document["hidden"], [node["id"] for node in document["nodes"]]
    if hidden is None:
        pytest.skip("nothing is folded in this one")

    def end(number: int) -> str:
        while number >= len(drawn):
            node = hidden["nodes"][number - len(drawn)]
            number = node.get("as", node["in"])
        return drawn[number]

    flows = {(end(edge[0]), end(edge[1])) for edge in hidden["edges"]}
    assert {(one, other) for one, other in flows if one != other} == {
        (edge["from"], edge["to"]) for edge in document["edges"]
    }


@pytest.mark.parametrize("seed", range(12))
def test_every_count_of_a_fold_is_what_it_holds(seed):
    """``+3 earlier runs`` opens three runs, and what they made; all that is hidden is inside a node."""
    document = Picture(restless(seed), title="x", limit=10).to_json()
    hidden, first = document["hidden"], len(document["nodes"])
    nodes = [*document["nodes"], *hidden["nodes"]]
    inside = {number: [each for each in hidden["nodes"] if each["in"] == number] for number in range(len(nodes))}
    for number, node in enumerate(nodes):
        held = inside[number]
        folded = node.get("folded") or {}
        again = [each for each in held if nodes.index(each) >= hidden["first_again"]]
        assert folded.get("earlier_runs", 0) == sum(each["kind"] == "run" for each in again)
        if number < first:
            assert folded["members"] == len(held) - len(again)
    assert all(each["in"] < len(nodes) for each in hidden["nodes"])


def test_a_focus_can_be_unfolded_too():
    """Where one artifact came from shows earlier runs of its cells when asked."""
    document = Picture(restless(3), title="x", focus="artifact:t3", limit=6).to_json()
    assert document["hidden"]["count"] == len(document["hidden"]["nodes"]) > 0


def test_more_than_can_be_carried_is_not_carried():
    b = LineageBuilder()
    for _ in range(UNFOLD_MOST + 2):
        b.run("again", cell="c")
    hidden = Picture(b.lineage, title="x").to_json()["hidden"]
    assert (hidden["nodes"], hidden["edges"], hidden["again"]) == ([], [], [])
    assert hidden["count"] == UNFOLD_MOST + 1
    assert "%provenance --all" in hidden["advice"]


def test_nothing_folded_is_nothing_carried():
    b = LineageBuilder()
    b.run("make", makes={"x": "dataset"})
    assert Picture(b.lineage, title="x").to_json()["hidden"] is None
