"""The schema is closed: no key, type, length or spelling that the formats do not name."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.schema import check_schema, schema

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
TIME = schema()["properties"]["predicate"]["properties"]["session"]["properties"]["startedAt"]["pattern"]


def _objects(value, path=()):
    if isinstance(value, dict):
        yield path
        for key, item in value.items():
            yield from _objects(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _objects(item, (*path, index))


def _at(value, path):
    for key in path:
        value = value[key]
    return value


PLACES = list(_objects(EXAMPLE))


def test_the_schema_is_a_schema_and_closed():
    """It is valid 2020-12, every object in it forbids other keys, and every pattern stops before a line feed."""
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())
    found = [_at(schema(), path) for path in _objects(schema())]
    assert all(each["additionalProperties"] is False for each in found if each.get("type") == "object")
    assert all(each["pattern"].endswith(r"$(?!\n)") for each in found if isinstance(each.get("pattern"), str))
    assert all(
        set(each["required"]) <= set(each["properties"])
        for each in found
        if "required" in each and "properties" in each
    )


def test_the_example_follows_it():
    """The example of the formats is valid."""
    check_schema(EXAMPLE)


@pytest.mark.parametrize("path", PLACES, ids=lambda path: "/".join(map(str, path)) or "top")
def test_an_extra_key_is_refused_everywhere(path):
    """At the top and in every object below."""
    statement = copy.deepcopy(EXAMPLE)
    _at(statement, path)["unknown"] = "x"
    with pytest.raises(VerificationFailed, match="departs from its schema"):
        check_schema(statement)


@given(st.data())
def test_another_type_is_refused_everywhere(data):
    """A value of another type than the one that is there is refused with the place where it stands."""
    statement = copy.deepcopy(EXAMPLE)
    place = _at(statement, data.draw(st.sampled_from([path for path in PLACES if _at(EXAMPLE, path)])))
    key = data.draw(st.sampled_from(sorted(place)))
    wrong = [value for value in (None, 1.5, "\n", -1, [{}], {"x": 1}) if type(value) is not type(place[key])]
    place[key] = data.draw(st.sampled_from(wrong))
    if key in ("git", "previous") and place[key] is None:
        return
    with pytest.raises(VerificationFailed):
        check_schema(statement)


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_what_is_no_manifest_is_refused(value):
    """Any JSON value is refused with words."""
    with pytest.raises(VerificationFailed):
        check_schema(value)


@given(st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
def test_days_are_those_of_the_calendar(year, month, day):
    """The pattern takes a day exactly where Python's calendar has one, leap years with it."""
    text = f"{year:04}-{month:02}-{day:02}T00:00:00.000Z"
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        assert not re.search(TIME, text)
    else:
        assert re.search(TIME, text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-03T24:00:00.000Z",
        "2026-11-03T23:60:00.000Z",
        "2026-11-03T23:59:60.000Z",
        "2026-11-03T23:59:59Z",
        "2026-11-03T23:59:59.000+00:00",
        "2026-11-03t23:59:59.000z",
        "2026-11-03T23:59:59.000Z\n",
        " 2026-11-03T23:59:59.000Z",
        "٢٠٢٦-11-03T23:59:59.000Z",
    ],
)
def test_times_have_one_spelling(text):
    """UTC to the millisecond in ASCII digits, and nothing before or after."""
    statement = copy.deepcopy(EXAMPLE)
    statement["predicate"]["session"]["startedAt"] = text
    with pytest.raises(VerificationFailed):
        check_schema(statement)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/../b",
        "./a",
        "a/.",
        "..",
        "a\\b",
        "a\0",
        "a\n",
        "a\nb",
        "\x1b[2J",
        "x" * 1025,
    ],
)
def test_paths_stay_in_the_folder(path):
    """Absolute, empty, dotted and controlled paths are no subject."""
    statement = copy.deepcopy(EXAMPLE)
    statement["subject"][0]["name"] = path
    with pytest.raises(VerificationFailed):
        check_schema(statement)
