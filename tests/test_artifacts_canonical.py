"""Digests of Python objects: by what they hold, never by where they lie."""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict

import numpy as np
import pandas as pd
import pytest

from swarmprov_nb.artifacts.canonical import NotCanonical, object_digest


class Box:
    def __init__(self, **held):
        self.__dict__.update(held)


SAME = {
    "one text twice and two equal texts": (["ab", "ab"], ["ab", "abc"[:2]]),
    "order of a dict": ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    "order of a set": ({"x", "y", "z"}, {"z", "y", "x"}),
    "list and tuple": ([1, 2], (1, 2)),
    "NumPy scalar and Python number": ([np.float64(0.5), np.int64(3), np.bool_(True)], [0.5, 3, True]),
    "attributes": (Box(a=1, b=[2]), Box(b=[2], a=1)),
    "arrays in other orders": (np.ones((2, 3)), np.asfortranarray(np.ones((2, 3)))),
    "random state": (np.random.RandomState(3), np.random.RandomState(3)),
    "generator": (np.random.default_rng(3), np.random.default_rng(3)),
    "partial": (functools.partial(int, base=2), functools.partial(int, base=2)),
}
DIFFERENT = {
    "number and text": (1, "1"),
    "number and truth": (1, True),
    "integer and float": (1, 1.0),
    "nesting": ([[1], [2]], [[1, 2]]),
    "none and nothing": ([None], []),
    "key and value": ({"a": "b"}, {"b": "a"}),
    "class": (OrderedDict(a=1), {"a": 1}),
    "attribute": (Box(a=1), Box(a=2)),
    "function": (len, repr),
    "lambda": ([lambda x: x + 1], [lambda x: x + 2]),
    "ufunc": (np.tanh, np.exp),
    "table": (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})),
    "bytes and text": (b"a", "a"),
    "random state": (np.random.RandomState(3), np.random.RandomState(4)),
    "datetime": (np.datetime64("2020-01-01"), np.datetime64("2020-01-02")),
}


@pytest.mark.parametrize("case", SAME)
def test_equal_content_has_equal_digests(case):
    """What holds the same has one digest, however it was made."""
    left, right = SAME[case]

    assert object_digest(left) == object_digest(right)


@pytest.mark.parametrize("case", DIFFERENT)
def test_other_content_has_another_digest(case):
    """What holds something else has another digest."""
    left, right = DIFFERENT[case]

    assert object_digest(left) != object_digest(right)


def test_what_contains_itself_has_a_digest():
    """A cycle is named by its depth, not by its address."""
    loops = []
    for _ in range(2):
        loop = [1]
        loop.append(loop)
        loops.append(loop)

    assert object_digest(loops[0]) == object_digest(loops[1])


@pytest.mark.parametrize("value", [threading.Lock(), (item for item in ()), [].append])
def test_what_only_its_process_can_name_is_refused(value):
    """A lock, a generator and a bound method have no content that another process could hold."""
    with pytest.raises(NotCanonical):
        object_digest([value])


def test_too_deep_is_refused():
    """A list nested a hundred thousand times is refused, and nothing crashes."""
    nested = []
    for _ in range(100_000):
        nested = [nested]

    with pytest.raises(NotCanonical):
        object_digest(nested)
