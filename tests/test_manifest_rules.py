"""The rules on random lineages: a valid one passes, and one mutation breaks the rule that it should."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from swarmprov_nb.manifest.rules import RULES, broken
from swarmprov_nb.manifest.schema import check_schema

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
TIME = "2026-11-03T10:00:00.000Z"
DIGEST = "ab" * 32


def _run(number, used, informed):
    return {
        "id": f"run-{number}",
        "sequence": number,
        "step": "s",
        "status": "ok",
        "startedAt": TIME,
        "endedAt": TIME,
        "source": {"sha256": DIGEST, "subject": "n.ipynb"},
        "used": [{"entity": f"artifact-{each}", "confidence": "exact"} for each in sorted(used)],
        "informedBy": [_flow(f"run-{each}") for each in sorted(informed)],
    }


def _flow(run):
    return {"activity": run, "name": "x", "kind": "var", "confidence": "exact"}


def _entity(number, run):
    made = {"generatedBy": f"run-{run}"} if run else {}
    about = {"kind": "file", "name": f"a{number}", "version": 1, "declared": False, "mediaType": "x", "size": 1}
    return {"id": f"artifact-{number}", "disclosure": "published", "subject": f"data/{number}", **about, **made}


@st.composite
def statements(draw):
    """Draw a valid manifest: runs in order, each using what came before, some outputs published."""
    numbers = sorted(draw(st.sets(st.integers(1, 40), min_size=2, max_size=8)))
    makers = draw(st.lists(st.sampled_from([0, *numbers]), min_size=1, max_size=8))
    entities = [_entity(number, maker) for number, maker in enumerate(makers, 1)]
    runs = []
    for number in numbers:
        before = [n for n in numbers if n < number]
        usable = [index for index, maker in enumerate(makers, 1) if maker < number]
        used = draw(st.sets(st.sampled_from(usable))) if usable else set()
        informed = draw(st.sets(st.sampled_from(before))) if before else set()
        runs.append(_run(number, used, informed))
    statement = copy.deepcopy(EXAMPLE)
    names = sorted(["n.ipynb", *(entity["subject"] for entity in entities)])
    statement["subject"] = [{"name": name, "digest": {"sha256": DIGEST}} for name in names]
    statement["predicate"].update(activities=runs, entities=entities, notebook={"subject": "n.ipynb", "cells": 1})
    return statement


def _broken(statement):
    return {name for name, rule in RULES.items() if next(rule(statement), None) is not None}


@settings(max_examples=60)
@given(statements())
def test_a_valid_lineage_passes(statement):
    """Every rule holds, and the schema too."""
    check_schema(statement)
    assert _broken(statement) == set()
    assert broken(statement) is None


def test_the_example_passes():
    """The example of the formats holds."""
    assert broken(EXAMPLE) is None


MUTATIONS = {}


def breaks(*rules):
    def mark(mutate):
        MUTATIONS[mutate.__name__] = (mutate, set(rules))
        return mutate

    return mark


def _any(draw, items):
    assume(items)
    return draw(st.sampled_from(items))


@breaks("ends")
def dangling_flow(predicate, statement, draw):
    _any(draw, predicate["activities"])["informedBy"].append(_flow("run-99"))


@breaks("ends")
def dangling_use(predicate, statement, draw):
    _any(draw, predicate["activities"])["used"].append({"entity": "artifact-99", "confidence": "exact"})


@breaks("ends")
def dangling_maker(predicate, statement, draw):
    _any(draw, predicate["entities"])["generatedBy"] = "run-99"


@breaks("ends")
def dangling_source(predicate, statement, draw):
    _any(draw, predicate["activities"])["source"]["subject"] = "sources/none.py"


@breaks("ends")
def lost_subject(predicate, statement, draw):
    statement["subject"].remove(_any(draw, statement["subject"]))


@breaks("ends")
def twice_a_run(predicate, statement, draw):
    predicate["activities"].append(copy.deepcopy(_any(draw, predicate["activities"])))


@breaks("ends", "subjects")
def twice_an_entity(predicate, statement, draw):
    predicate["entities"].append(copy.deepcopy(_any(draw, predicate["entities"])))


@breaks("ends")
def twice_a_path(predicate, statement, draw):
    statement["subject"].append(copy.deepcopy(_any(draw, statement["subject"])))


@breaks("order")
def later_flow(predicate, statement, draw):
    first, second = predicate["activities"][:2]
    first["informedBy"].append(_flow(second["id"]))


@breaks("order", "acyclic")
def own_flow(predicate, statement, draw):
    run = _any(draw, predicate["activities"])
    run["informedBy"].append(_flow(run["id"]))


@breaks("order")
def later_use(predicate, statement, draw):
    last = predicate["activities"][-1]["id"]
    made = _any(draw, [e for e in predicate["entities"] if e.get("generatedBy") == last])
    predicate["activities"][0]["used"].append({"entity": made["id"], "confidence": "exact"})


@breaks("order")
def reversed_runs(predicate, statement, draw):
    predicate["activities"].reverse()


@breaks("order")
def renumbered(predicate, statement, draw):
    _any(draw, predicate["activities"])["sequence"] += 100


@breaks("generation")
def second_generation(predicate, statement, draw):
    made = _any(draw, [e for e in predicate["entities"] if "generatedBy" in e])
    twin = {**made, "id": "artifact-90", "disclosure": "cited", "digest": {"sha256": DIGEST}}
    del twin["subject"]
    predicate["entities"].append(twin)


@breaks("subjects")
def unspoken_subject(predicate, statement, draw):
    statement["subject"].append({"name": "data/extra", "digest": {"sha256": DIGEST}})


@breaks("subjects")
def shared_subject(predicate, statement, draw):
    assume(len(predicate["entities"]) > 1)
    predicate["entities"][0]["subject"] = predicate["entities"][1]["subject"]


@breaks("ends")
def lost_attachment(predicate, statement, draw):
    predicate["notebook"]["attachments"] = ["files/none.png"]


@breaks("acyclic", "order")
def round_trip(predicate, statement, draw):
    made = _any(draw, [e for e in predicate["entities"] if "generatedBy" in e])
    run = next(run for run in predicate["activities"] if run["id"] == made["generatedBy"])
    run["used"].append({"entity": made["id"], "confidence": "exact"})


@breaks("ends")
def export_over_a_subject(predicate, statement, draw):
    path = _any(draw, statement["subject"])["name"]
    predicate["exports"].append({"path": path, "exporter": "x", "version": "1", "mediaType": "x"})


@settings(max_examples=40)
@given(statement=statements(), data=st.data())
@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_breaks_its_rule(name, statement, data):
    """Each kind of damage is found by the rule that is there for it."""
    mutate, rules = MUTATIONS[name]
    mutate(statement["predicate"], statement, data.draw)
    assert rules <= _broken(statement)
    assert broken(statement)


def test_an_attachment_is_spoken_of_by_the_notebook():
    """A file that a Markdown cell carried needs no entity."""
    statement = copy.deepcopy(EXAMPLE)
    statement["subject"].append({"name": "files/a-plot.png", "digest": {"sha256": DIGEST}})
    statement["subject"].sort(key=lambda subject: subject["name"].encode())
    assert _broken(statement) == {"subjects"}
    statement["predicate"]["notebook"]["attachments"] = ["files/a-plot.png"]
    assert _broken(statement) == set()


def test_two_inputs_may_have_one_name():
    """Two files outside the project are called by their last parts; nothing here generated them."""
    statement = copy.deepcopy(EXAMPLE)
    raw = next(e for e in statement["predicate"]["entities"] if "generatedBy" not in e and "name" in e)
    statement["predicate"]["entities"].append({**raw, "id": "artifact-70"})
    assert "generation" not in _broken(statement)


def test_ten_thousand_runs_in_a_row_are_followed():
    """No recursion: a long chain is as good as a short one."""
    statement = copy.deepcopy(EXAMPLE)
    runs = [_run(number, (), [number - 1] if number > 1 else []) for number in range(1, 10_001)]
    statement["predicate"].update(activities=runs, entities=[], notebook={"subject": "n.ipynb", "cells": 1})
    statement["subject"] = [{"name": "n.ipynb", "digest": {"sha256": DIGEST}}]
    assert broken(statement) is None
    runs[0]["informedBy"] = [_flow("run-10000")]
    assert _broken(statement) == {"acyclic", "order"}
