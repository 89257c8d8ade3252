"""Canonical JSON: one sequence of bytes for a value, and no other reading of it."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.bounded_json import MAX_DEPTH, shallow
from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.canonical import MAX_INTEGER, canonical, parse

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=30,
)


@given(values)
def test_what_is_written_is_read_as_it_was(value):
    """parse(canonical(v)) is v."""
    assert parse(canonical(value), what="x") == value


@given(values)
def test_what_is_read_is_written_the_same(value):
    """canonical(parse(b)) is b, and b is what RFC 8785 says."""
    data = canonical(value)
    assert canonical(parse(data, what="x")) == data == rfc8785.dumps(value)


@given(
    values, st.sampled_from([{"indent": 1}, {"ensure_ascii": True, "separators": (", ", ": ")}, {"sort_keys": True}])
)
def test_another_spelling_of_a_value_is_refused(value, style):
    """json.dumps in other styles is read only where it gives the canonical bytes."""
    data = json.dumps(value, **style).encode()
    if data == canonical(value):
        assert parse(data, what="x") == value
    else:
        with pytest.raises(VerificationFailed, match="canonical"):
            parse(data, what="x")


@given(st.binary(max_size=200))
def test_bytes_are_read_or_refused_with_words(data):
    """No bytes raise anything but VerificationFailed."""
    try:
        value = parse(data, what="x")
    except VerificationFailed:
        return
    assert canonical(value) == data


@given(values, st.data())
def test_one_changed_byte_is_another_value_or_refused(value, data):
    """No two texts say the same."""
    written = bytearray(canonical(value))
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))
    try:
        read = parse(bytes(written), what="x")
    except VerificationFailed:
        return
    assert read != value or type(read) is not type(value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1.0}',
        b"1e2",
        b"-0",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b'{"b":1,"a":2}',
        b'{"a":1}\n',
        b' {"a":1}',
        b"\xef\xbb\xbf{}",
        b'"\\u0041"',
        b'"\\ud800"',
        b'"\xff"',
        b'"\\/"',
        '{"a":1}'.encode("utf-16"),
        b"",
        b"{}{}",
        b"[" * 66 + b"]" * 66,
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b'["' + b"\\" * 101,
    ],
)
def test_what_is_no_canonical_json_is_refused(data):
    """Duplicate keys, floats, big integers, spaces, marks, escapes, depth and halves of characters are refused."""
    with pytest.raises(VerificationFailed, match="x is not canonical"):
        parse(data, what="x")


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), 2**53, -(2**53), "\ud800", {1: 2}, b"x", {"a": {1}}, {"\udfff": 1}]
)
def test_what_has_no_canonical_form_is_refused(value):
    """Floats, big integers, halves of characters, bytes and keys that are no text raise ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        canonical(value)


def test_keys_are_sorted_by_utf_16():
    """RFC 8785 sorts by code units: an astral character comes before U+FB33."""
    assert list(json.loads(canonical({"\ufb33": 1, "\U0001f600": 2}))) == ["\U0001f600", "\ufb33"]


def test_depth_counts_brackets_outside_strings():
    """The deepest allowed value passes, one more does not, and brackets in strings are text."""
    deepest = b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)
    assert parse(deepest, what="x")
    assert shallow(b'["' + b'[\\"{' * 100 + b'"]')
    with pytest.raises(ValueError, match="deep"):
        shallow(b"[" * (MAX_DEPTH + 2))
