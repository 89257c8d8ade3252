"""Our reading of JSON Schema is that of a whole validator, for what our schema says."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from swarmprov_nb.manifest.json_schema import KEYWORDS, departures
from swarmprov_nb.manifest.schema import schema

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(schema())
TEXTS = st.text(max_size=4) | st.just("a" * 1001)
LEAVES = st.none() | st.booleans() | st.integers(-2, 2**54) | st.just(0.5) | TEXTS
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))


def places(value, path=()):
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield (*path, key)
            yield from places(value[key], (*path, key))


PLACES = list(places(EXAMPLE))


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(["set", "drop", "twice"]), VALUES), max_size=3))
def test_both_take_and_refuse_the_same(changes):
    """Whatever is changed, left out or doubled in the example, both say the same of it, and begin at the same place."""
    statement = copy.deepcopy(EXAMPLE)
    for path, how, value in changes:
        change(statement, path, how, value)
    ours = [place for place, _ in departures(statement, schema())]
    theirs = [tuple(error.absolute_path) for error in VALIDATOR.iter_errors(statement)]

    assert bool(ours) == bool(theirs)
    assert all(any(place[: len(their)] == their for their in theirs) for place in ours)


def change(statement, path, how, value):
    """Change one place, where it is still there."""
    at = statement
    try:
        for key in path[:-1]:
            at = at[key]
        at[path[-1]]
    except (KeyError, IndexError, TypeError):
        return
    if how == "set":
        at[path[-1]] = value
    elif how == "drop":
        del at[path[-1]]
    elif isinstance(at, list):
        at.append(at[path[-1]])
    else:
        at[f"{path[-1]}2"] = at[path[-1]]


@pytest.mark.parametrize(
    ("value", "rules"),
    [
        (1.0, {"type": "integer"}),
        (True, {"type": "integer"}),
        (1, {"const": True}),
        ("b", {"enum": ["a"]}),
        (["x", "y", 1], {"prefixItems": [{"type": "string"}, {"type": "string"}], "items": False}),
        ("x", {"oneOf": [{"type": "string"}, {"minLength": 1}]}),
        ("\U0001f9ee" * 2, {"maxLength": 1}),
        ([1, "x"], {"items": {"type": "integer"}}),
    ],
    ids=repr,
)
def test_one_keyword_refuses(value, rules):
    """Each keyword refuses what it is for; a number with a point is no integer, and true is no 1."""
    assert list(departures(value, rules))


def test_nothing_of_the_schema_is_passed_over():
    """A keyword that is not known fails, instead of being held to be kept; our schema has none, wherever it stands."""
    with pytest.raises(KeyError):
        list(departures("x", {"format": "uri"}))
    assert {keyword for each in schemas(schema()) for keyword in each} <= set(KEYWORDS)


def schemas(outer):
    """Yield a schema and all that it holds."""
    yield outer
    inner = [*outer.get("properties", {}).values(), *outer.get("oneOf", ()), *outer.get("prefixItems", ())]
    for each in [*inner, *([outer["items"]] if outer.get("items") else [])]:
        yield from schemas(each)
