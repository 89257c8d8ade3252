"""Where things stand: nothing overlaps, no line runs through a node, the same comes out every time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.view import fold
from swarmprov_nb.view.bands import bands
from swarmprov_nb.view.columns import crossings, in_columns
from swarmprov_nb.view.drawing import Drawing, Line, Node
from swarmprov_nb.view.fold import folded
from swarmprov_nb.view.layout import WIDEST, Layout, laid_out


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    count = draw(st.integers(1, 24))
    kinds = draw(st.lists(st.sampled_from(["run", "dataset", "model"]), min_size=count, max_size=count))
    words = draw(st.lists(st.text(max_size=30), min_size=count, max_size=count))
    nodes = tuple(
        Node(str(index), kind, word, (word,), extra="+2 earlier runs" if index % 5 == 0 else "", stays=index % 4)
        for index, (kind, word) in enumerate(zip(kinds, words, strict=True))
    )
    pairs = draw(st.sets(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40))
    confidence = draw(st.sampled_from(["exact", "assumed"]))
    lines = tuple(Line(str(a), str(b), ("x",), "var", confidence) for a, b in sorted(pairs) if a < b)
    return Drawing(nodes, lines, count)


def overlapping(layout: Layout) -> bool:
    boxes = layout.boxes
    return any(
        a.x < b.x + b.w and b.x < a.x + a.w and a.y < b.y + b.h and b.y < a.y + a.h
        for index, a in enumerate(boxes)
        for b in boxes[:index]
    )


def points_between(start, end):
    """Points along one stretch of a route: straight, or a curve with level ends."""
    (x1, y1), (x2, y2) = start, end
    for step in range(1, 20):
        t = step / 20
        ease = t * t * (3 - 2 * t)
        yield x1 + (x2 - x1) * (1.5 * t * (1 - t) * (1 - t) + 1.5 * t * t * (1 - t) + t**3), y1 + (y2 - y1) * ease


@given(drawings())
@settings(max_examples=80, deadline=None)
def test_nothing_overlaps_and_everything_is_inside(drawing):
    layout = laid_out(drawing)
    assert len(layout.boxes) == len(drawing.nodes)
    assert len(layout.routes) == len(drawing.lines)
    assert not overlapping(layout)
    assert layout.w <= WIDEST
    for box in layout.boxes:
        assert 0 <= box.x <= box.x + box.w <= layout.w
        assert -0.2 <= box.y <= box.y + box.h <= layout.h + 0.2
    for route in layout.routes:
        assert all(0 < x < layout.w for x, _ in route.points)


@given(drawings())
@settings(max_examples=80, deadline=None)
def test_no_line_runs_through_a_node(drawing):
    layout = laid_out(drawing)
    for route in layout.routes:
        others = [box for box in layout.boxes if box.node.id not in (route.line.source, route.line.target)]
        for start, end in pairwise(route.points):
            for x, y in points_between(start, end):
                assert not any(b.x < x < b.x + b.w and b.y < y < b.y + b.h for b in others), (route, start, end)


@given(drawings())
@settings(max_examples=60, deadline=None)
def test_lines_touch_their_nodes_at_ports_of_their_own(drawing):
    layout = laid_out(drawing)
    box_of = {box.node.id: box for box in layout.boxes}
    ends = []
    for route in layout.routes:
        source, target = box_of[route.line.source], box_of[route.line.target]
        (x1, y1), (x2, y2) = route.points[0], route.points[-1]
        assert source.x + source.w / 2 < x1 <= source.x + source.w + 0.1
        assert target.x - 0.1 <= x2 < target.x + target.w / 2
        assert source.y <= y1 <= source.y + source.h
        assert target.y <= y2 <= target.y + target.h
        ends.append((route.line.target, y2))
    if len({line.seen for line in drawing.lines}) == 1:
        assert len(set(ends)) == len(ends)


@given(drawings(), st.integers(1, 12), st.sampled_from([0, 30, fold._MOST_LOOKS]))
@settings(max_examples=180, deadline=None)
def test_folding_keeps_the_limit_every_member_and_makes_no_cycle(drawing, limit, looks):
    """So it does where it may look for good folds as long as it likes, and where it must come to an end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "_MOST_LOOKS", looks)
        small = folded(drawing, limit)
    assert len(small.nodes) <= limit
    if len(drawing.nodes) > limit:
        held = [member for node in small.nodes for member in node.members] + [n.id for n in small.nodes if n.own]
        assert sorted(held) == sorted(node.id for node in drawing.nodes)
    ids = {node.id for node in small.nodes}
    left = {(line.source, line.target) for line in small.lines}
    assert all(one in ids and other in ids and one != other for one, other in left)
    while ids:
        free = {one for one in ids if not any(target == one and source in ids for source, target in left)}
        assert free, "a cycle"
        ids -= free


def test_ten_thousand_runs_are_folded_without_looking_through_them_ten_thousand_times():
    """Each informs the next few: what is merged first changes what may be merged next, again and again."""
    nodes = tuple(Node(str(index), "run", f"run {index}", ()) for index in range(10_000))
    near = [(one, other) for one in range(10_000) for other in range(one + 1, min(one + 4, 10_000))]
    drawing = Drawing(nodes, tuple(Line(str(a), str(b), ("x",), "var", "exact") for a, b in near), len(nodes))
    folding = fold._Folding(drawing, 100)
    folding.fold(max(folding.stays), len(nodes))
    assert folding._looks < fold._MOST_LOOKS + 20 * len(nodes)
    assert len(folded(drawing, 100).nodes) <= 100


def test_a_tangle_that_can_be_undone_has_no_crossing():
    columns = in_columns(6, [(0, 5), (1, 4), (2, 3)])
    place = [0] * 6
    for column in columns.order:
        for index, vertex in enumerate(column):
            place[vertex] = index
    assert crossings(columns, place) == 0


def test_lines_of_one_source_share_their_way():
    """Three long lines from one node pass each column between in one place."""
    columns = in_columns(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2), (0, 3), (0, 4)])
    assert [len(column) for column in columns.order] == [1, 2, 2, 2, 1]


def test_an_input_stands_next_to_what_reads_it():
    columns = in_columns(5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert columns.column[4] == 2


def test_rows_break_where_few_lines_are_cut():
    assert bands([100] * 4, [1, 9, 9], 400, 20) == [[0], [1, 2, 3]]
    assert bands([100] * 4, [9, 9, 1], 400, 20) == [[0, 1, 2], [3]]
    assert bands([100] * 4, [9, 1, 9], 260, 20) == [[0, 1], [2, 3]]
    assert bands([], [], 260, 20) == []
    assert bands([900], [0], 260, 20) == [[0]]


def test_the_same_drawing_gives_the_same_layout():
    nodes = tuple(Node(str(index), "run", str(index)) for index in range(30))
    lines = tuple(Line(str(a), str(b), ("x",), "var", "exact") for a in range(30) for b in range(a + 1, 30, 7))
    assert laid_out(Drawing(nodes, lines, 30)) == laid_out(Drawing(nodes, lines, 30))
