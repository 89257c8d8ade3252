"""JSON of strangers is measured before it is parsed: neither depth nor number of values costs the process anything."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.bounded_json import MAX_DEPTH, loads, shallow

texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.fixture
def lifted():
    """The limit that py-evm and its parts leave behind: Python's own parser ends the process here."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


@given(texts)
def test_what_json_writes_is_read_back(value):
    """Within the bounds nothing is refused or changed, whatever the letters."""
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, ensure_ascii=False, indent=1).encode()) == value


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"\\"]":'])
@pytest.mark.usefixtures("lifted")
def test_a_deep_text_is_refused_whatever_the_recursion_limit(opening):
    with pytest.raises(ValueError, match="deep"):
        loads(opening * 100_000)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
@pytest.mark.usefixtures("lifted")
def test_only_utf_8_is_read(encoding):
    """In UTF-16 a quote after a backslash looks otherwise, and brackets behind it would not be counted."""
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        loads(('["\\\\", "' + "[" * 100_000).encode(encoding))


def test_the_deepest_is_read():
    value = loads(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1))
    for _ in range(MAX_DEPTH):
        (value,) = value

    assert value == []


def test_values_are_counted_outside_strings():
    assert loads(b'[",[{,", 1, {}]', values=4) == [",[{,", 1, {}]
    with pytest.raises(ValueError, match="more than 3 values"):
        loads(b"[1, 2, {}]", values=3)


def test_a_string_that_nobody_closes_costs_one_pass():
    """Each quote of a quarter of a million opens no search to the end."""
    assert shallow(b'"' + b'\\"' * 250_000)
