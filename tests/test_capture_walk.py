"""Change tokens: every change in place shows, looking and library caches do not."""

from __future__ import annotations

import collections
import functools
import itertools
import random
import types

import numpy as np
import pandas as pd
import pytest

from swarmprov_nb.capture.budget import Budget
from swarmprov_nb.capture.versions import compare, look
from swarmprov_nb.capture.walk import token_of


class Plain:
    def __init__(self):
        self.items = [1]

    @functools.cached_property
    def lazy(self):
        return 1


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 1


def user_class():
    return type("Mine", (), {"__module__": "__main__", "history": []})


def frame():
    return pd.DataFrame(
        {"i": [1, 2, 3], "f": [1.0, 2.0, 3.0], "s": ["x", "y", "z"], "c": pd.Categorical(["u", "v", "u"]),
         "m": pd.array([1, None, 3], dtype="Int64"), "d": pd.date_range("2020", periods=3)}
    )  # fmt: skip


def daily():
    return pd.Series([1.0, 2.0], index=pd.date_range("2020", periods=2))


def fragmented():
    made = frame()
    made["n"], made["k"] = 1, 2
    return made


def counter():
    n = 0

    def count():
        nonlocal n
        n += 1

    return count


def changed(value, act):
    before = look(value, Budget(9))
    act(value)
    return compare(value, before, look(value, Budget(9))).changed


CHANGES = [
    (lambda: [1, 2], lambda o: o.append(3)),
    (lambda: [-1], lambda o: o.__setitem__(0, -2)),
    (lambda: [1], lambda o: o.__setitem__(0, True)),
    (lambda: [1], lambda o: o.__setitem__(0, 1.0)),
    (lambda: {"a": [{"b": 1}]}, lambda o: o["a"][0].update(b=2)),
    (lambda: {"a": 1}.keys(), None),
    (lambda: {1, 2}, lambda o: o.add(3)),
    (lambda: list(range(5000)), lambda o: o.__setitem__(4999, 10**6)),
    (lambda: [{} for _ in range(1500)], lambda o: o[1499].update(a=1)),
    (lambda: collections.deque([1]), lambda o: o.append(2)),
    (lambda: collections.Counter("aab"), lambda o: o.update("a")),
    (lambda: bytearray(b"ab"), lambda o: o.extend(b"c")),
    (Plain, lambda o: o.items.append(2)),
    (Plain, lambda o: setattr(o, "other", 1)),
    (Slotted, lambda o: setattr(o, "value", 2)),
    (user_class, lambda o: o.history.append(1)),
    (user_class, lambda o: setattr(o, "scale", 10)),
    (counter, lambda o: o()),
    (lambda: functools.partial(print, [1]), lambda o: o.args[0].append(2)),
    (lambda: [].append, lambda o: o(1)),
    (lambda: iter([1, 2]), next),
    (lambda: zip([1, 2], [3, 4], strict=True), next),
    (lambda: map(str, [1, 2]), next),
    (lambda: itertools.count(), next),
    (lambda: (i for i in range(3)), next),
    (lambda: random.Random(1), lambda o: o.random()),
    (lambda: np.arange(10), lambda o: o.__setitem__(3, 99)),
    (lambda: np.arange(10).reshape(2, 5).T, lambda o: o.__setitem__((3, 0), 99)),
    (lambda: np.arange(10)[::2], lambda o: o.__setitem__(3, 99)),
    (lambda: np.array(3), lambda o: o.__setitem__((), 99)),
    (lambda: np.array([[1], {}], dtype=object), lambda o: o[0].append(2)),
    (lambda: np.ma.array([1, 2], mask=[0, 1]), lambda o: o.__setitem__(0, np.ma.masked)),
    (lambda: np.random.default_rng(0), lambda o: o.random()),
    (lambda: np.random.RandomState(0), lambda o: o.rand()),
    (frame, lambda o: o.loc.__setitem__((0, "i"), 9)),
    (frame, lambda o: o.loc.__setitem__((0, "s"), "q")),
    (frame, lambda o: o.loc.__setitem__((0, "c"), "v")),
    (frame, lambda o: o.loc.__setitem__((1, "m"), 5)),
    (frame, lambda o: o.__setitem__("new", 1)),
    (frame, lambda o: o.pop("d")),
    (frame, lambda o: setattr(o, "columns", list("abcdef"))),
    (frame, lambda o: setattr(o, "index", [7, 8, 9])),
    (frame, lambda o: setattr(o.index, "name", "t")),
    (frame, lambda o: o.attrs.update(a=1)),
    (lambda: pd.Series([3, 1, 2]), lambda o: o.iloc.__setitem__(0, 5)),
    (lambda: pd.Series([3, 1, 2]), lambda o: setattr(o, "name", "t")),
    (lambda: frame().set_index(["i", "s"]), lambda o: setattr(o.index, "names", ["k", "l"])),
]


@pytest.mark.parametrize(("make", "act"), [case for case in CHANGES if case[1]], ids=itertools.count())
def test_every_change_in_place_shows(make, act):
    """One changed bit anywhere inside gives another token, and the same value gives the same."""
    value = make()

    assert token_of(value).digest == token_of(value).digest
    assert token_of(value).owned == token_of(value).owned
    assert changed(value, act)


READS = [
    (frame, lambda o: (o.describe(), o.head(), repr(o), o._repr_html_(), o.groupby("s").f.sum(), o.s.unique())),
    (frame, lambda o: (o.values, o.to_dict(), o.index.is_unique, o.columns.get_loc("s"), o.sort_values("i"), o.T)),
    (fragmented, lambda o: o._consolidate_inplace()),
    (lambda: frame().groupby("s"), lambda o: (o.f.sum(), o.groups, o.size())),
    (daily, lambda o: (o.rolling(2).sum(), o.index.freq)),
    (lambda: np.arange(9.0), lambda o: (o.sum(), o.T, o[2:], repr(o))),
    (lambda: np.ma.array([1, 2], mask=[0, 1]), lambda o: (o.mean(), o.fill_value, o.mask)),
    (Plain, lambda o: o.lazy),
    (lambda: {"a": [1]}, lambda o: (o["a"], list(o), dict(o))),
]


@pytest.mark.parametrize(("make", "act"), READS, ids=itertools.count())
def test_reading_changes_nothing(make, act):
    """Caches, consolidated blocks and lazily computed properties are not data."""
    assert not changed(make(), act)


def test_fitting_a_model_shows_and_predicting_does_not():
    """scikit-learn's public ``coef_`` is data; what a library keeps privately is not."""
    linear = pytest.importorskip("sklearn.linear_model")
    data, target = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    model = linear.LogisticRegression()

    assert changed(model, lambda o: o.fit(data, target))
    assert not changed(model, lambda o: (o.predict(data), o.score(data, target), repr(o)))


def test_statsmodels_bookkeeping_is_no_change():
    """Fitting, summing up and predicting fill models and results with what they computed."""
    linear = pytest.importorskip("statsmodels.regression.linear_model")
    model = linear.OLS(np.arange(10.0), np.arange(20.0).reshape(10, 2) ** 2)
    result = model.fit()

    assert not changed(model, lambda o: o.fit())
    assert changed(model, lambda o: o.exog.__setitem__((0, 0), 9.0))
    assert not changed(result, lambda o: (o.aic, o.summary(slim=True), o.get_prediction().summary_frame()))


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_strings_set_twice_show(dtype):
    """Arrow buffers and string objects may get the addresses of the ones just freed."""
    series = pd.Series(["a", "b", "c"], dtype=dtype)
    series = series.cat.add_categories(["z", "y"]) if dtype == "category" else series

    assert changed(series, lambda o: (o.__setitem__(0, "z"), o.__setitem__(1, "y"), o.__setitem__(0, "y")))


def test_a_view_shares_with_its_base_and_a_copy_does_not():
    """Co-variables are found by the objects that they own."""
    base = np.zeros(10)
    inner = [1]

    assert token_of(base).owned & token_of(base[2:5].reshape(3, 1)).owned
    assert not token_of(base).owned & token_of(base.copy()).owned
    assert token_of({"a": inner}).owned & token_of((inner, 2)).owned


def test_a_long_buffer_is_sampled_when_there_is_no_time_and_says_so():
    """A quick walk of 80 MB is incomplete; a full one sees the one changed number."""
    array = np.zeros(10_000_000)
    quick, full = token_of(array), token_of(array, quick=False)
    array[1_234_567] = 1

    assert (quick.complete, full.complete) == (False, True)
    assert token_of(array, quick=False).digest != full.digest


def test_looking_runs_no_code_of_the_user():
    """No property, ``__iter__``, ``__eq__``, ``__hash__`` or ``__getattr__`` is called."""
    called = []

    class Trap(dict):
        __module__ = "__main__"

        def __getattr__(self, name):
            called.append(name)
            raise AttributeError(name)

        def __iter__(self):
            called.append("iter")
            return super().__iter__()

        @property
        def computed(self):
            called.append("computed")
            return 1

        def __eq__(self, other):
            called.append("eq")
            return True

        __hash__ = None

    token_of([Trap(a=1), {"k": Trap()}])

    assert called == []


def test_a_property_named_dict_is_not_run():
    """Proxies have one; looking at them runs nothing of the user's."""
    run = []

    class Proxy:
        @property
        def __dict__(self):
            run.append(1)
            return {}

    assert token_of(Proxy()).complete
    assert run == []


def test_plain_attributes_are_seen_in_every_kind_of_object():
    """Instances, namespaces of the standard library and objects with slots."""
    space = types.SimpleNamespace(x=1)
    before = token_of(space).digest
    space.x = 2

    assert token_of(space).digest != before


def test_a_view_whose_base_was_resized_is_not_read():
    """Its memory is gone, and reading it would end the kernel."""
    np = pytest.importorskip("numpy")
    base = np.zeros((2000, 2000))
    view, turned = base[1:], base.T[::-1]
    base.resize((2, 2), refcheck=False)

    assert token_of(view).complete
    assert token_of(turned).complete
