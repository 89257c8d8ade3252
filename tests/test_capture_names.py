"""Static reads against what really runs."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.capture.names import names_of
from swarmprov_nb.capture.tracking import Tracker, contained

LETTERS = "abcd"


def reads(source):
    return sorted(names_of(ast.parse(source)).reads)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = x", ["x"]),
        ("x = 1\ny = x", []),
        ("x += 1", ["x"]),
        ("del x", ["x"]),
        ("ys = [i for i in xs]", ["xs"]),
        ("ys = [i for i in i]", ["i"]),
        ("f = lambda a: a + k", []),
        ("g(lambda a: a + k)", ["g", "k"]),
        ("def f(a=d): return k", ["d"]),
        ("@deco\nclass A(B):\n    n = k\n    def m(self): return z", ["B", "deco", "k"]),
        ("if c:\n    x = 1\nelse:\n    x = 2\ny = x", ["c"]),
        ("if c:\n    x = 1\ny = x", ["c", "x"]),
        ("if c:\n    raise E\nelse:\n    x = 1\ny = x", ["E", "c"]),
        ("try:\n    x = f()\nexcept E:\n    x = 0\nprint(x)", ["E", "f", "print"]),
        ("try:\n    x = f()\nfinally:\n    print(x)", ["f", "print", "x"]),
        ("with o() as h:\n    x = h\nx", ["o"]),
        ("for i in xs:\n    s = i\ns", ["s", "xs"]),
        ("while n:\n    m = n\nm", ["m", "n"]),
        ("a, *b = c\na\nb", ["c"]),
        ("x[i] = v", ["i", "v", "x"]),
        ("if (n := len(xs)) > 2: n", ["len", "xs"]),
        ("match v:\n    case P(x=q): r = q\n    case Color.RED: r = 1\n    case _: r = 2\nr", ["Color", "P", "v"]),
        ("v or (w := 1)\nw", ["v", "w"]),
        ("df.query('a > @lim')", ["df", "lim"]),
        ("ols('y ~ scale(x)', data=df)", ["df", "ols", "scale"]),
        ("x: int = y", ["int", "y"]),
        ("g = (i + k for i in xs)", ["xs"]),
        ("sum(i + k for i in xs)", ["k", "sum", "xs"]),
    ],
)
def test_reads_are_the_names_used_before_they_are_surely_assigned(source, expected):
    """Branches intersect, loops assign nothing for sure, function bodies wait."""
    assert reads(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("get_ipython().run_cell_magic('time', '', 'y = x\\n')", ["x"]),
        ("get_ipython().run_cell_magic('capture', 'out', 'y = x\\n')\nout", ["x"]),
        ("get_ipython().run_line_magic('timeit', '-n 3 f(x)')", ["f", "x"]),
        ("get_ipython().run_line_magic('matplotlib', 'inline')", []),
        ("get_ipython().run_line_magic('_provenance_step', 'clean --dataset df=T')\ny = x", ["x"]),
        ("get_ipython().run_line_magic('load_ext', 'swarmprov')", []),
        ("get_ipython().system('wc -l {path} $other')", ["other", "path"]),
        ("get_ipython().run_cell_magic('bash', '', 'echo $home')", []),
    ],
)
def test_magics_are_read_as_the_code_or_text_they_carry(source, expected):
    """Code magics count as code, shell text by its expansions, our own magics not at all."""
    names = names_of(ast.parse(source))

    assert (sorted(names.reads), names.dynamic) == (expected, False)


@pytest.mark.parametrize("source", ["exec(s)", "eval('a')", "globals()['a']", "get_ipython().user_ns", "locals()"])
def test_what_text_cannot_tell_is_called_dynamic(source):
    """Only such cells are run with a tracker."""
    assert names_of(ast.parse(source)).dynamic


def test_only_certain_stores_into_a_value_count_as_changes():
    """A store in a branch is left to the fingerprints."""
    names = names_of(ast.parse("x[0] = 1\nif c:\n    y.a = 2\nwith o():\n    del z['k']"))

    assert names.changed == {"x", "z"}


def test_an_import_that_falls_back_to_a_value_is_no_import():
    """``try: import x`` / ``except: x = None`` binds a variable."""
    assert names_of(ast.parse("import a\ntry:\n    import b\nexcept ImportError:\n    b = None")).imports == {"a"}


def statements(depth=2):
    name = st.sampled_from(LETTERS)
    term = st.one_of(name, st.integers(1, 3).map(str))
    simple = st.one_of(
        st.tuples(name, term, term).map(lambda p: f"{p[0]} = {p[1]} + {p[2]}"),
        st.tuples(name, term).map(lambda p: f"{p[0]} += {p[1]}"),
        st.tuples(name, name).map(lambda p: f"{p[0]} = sum([{p[1]} for {p[1]} in [{p[0]}, 1]])"),
        st.tuples(name, name).map(lambda p: f"{p[0]}, {p[1]} = {p[1]}, {p[0]}"),
    )
    if not depth:
        return simple
    inner = st.lists(statements(depth - 1), min_size=1, max_size=3).map(indented)
    return st.one_of(
        simple,
        st.tuples(term, inner, inner).map(lambda p: f"if {p[0]} > 2:\n{p[1]}\nelse:\n{p[2]}"),
        st.tuples(name, term, inner).map(lambda p: f"for {p[0]} in range({p[1]} % 4):\n{p[2]}"),
        inner.map(lambda body: f"try:\n{body}\nexcept ZeroDivisionError:\n    pass"),
    )


def indented(lines):
    return "\n".join("    " + line for statement in lines for line in statement.split("\n"))


@given(st.lists(statements(), min_size=1, max_size=6))
def test_no_real_read_is_missed(lines):
    """Whatever a tracking mapping sees being read before it is written, the text had told before."""
    source = "\n".join(lines)
    space = dict.fromkeys(LETTERS, 1)
    tracker = Tracker(space)

    exec(compile(source, "", "exec"), space, tracker)

    assert tracker.reads <= set(names_of(ast.parse(source)).reads)
    assert names_of(ast.parse(source)).sure <= tracker.writes


@given(st.lists(statements(0), min_size=1, max_size=6))
def test_straight_line_code_is_read_exactly(lines):
    """Without branches static and real reads are the same."""
    source = "\n".join(lines)
    space = dict.fromkeys(LETTERS, 1)
    tracker = Tracker(space)

    exec(compile(source, "", "exec"), space, tracker)

    names = names_of(ast.parse(source))
    assert (tracker.reads, tracker.writes) == (set(names.reads) - {"sum"}, set(names.sure))


def test_the_tracker_is_the_namespace_to_whoever_looks():
    """It writes through, copies plainly, compares and unpacks like the dictionary that it stands for."""
    real = {"a": 1}
    tracker = Tracker(real)
    tracker.update(b=2)
    tracker.setdefault("c", 3)

    assert (dict(**tracker), dict(tracker), tracker == real, repr(tracker)) == (real, real, True, repr(real))
    assert (tracker.pop("c"), tracker.get("zz"), sorted(tracker), len(tracker), "b" in tracker) == (
        3, None, ["a", "b"], 2, True,
    )  # fmt: skip


def test_globals_is_stood_in_for_only_where_it_cannot_leave_the_cell():
    """A mapping handed to somebody else must be the real one."""
    real = {}
    exec("globals()['a'] = 1\nb = globals().get('a')", real, tracker := Tracker(real, contained=True))

    assert (real["b"], tracker.writes, contained(ast.parse("f(globals())"))) == (1, {"a", "b"}, False)
