"""Where everything stands: a drawing becomes boxes with places and lines with routed points.

The picture reads left to right, and wraps into rows as text does, so that it is never wider than `WIDEST`: shown
800 pixels wide its smallest letters (`SMALL` pixels) are still over 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from swarmprov_nb.view.bands import bands
from swarmprov_nb.view.columns import Columns, in_columns
from swarmprov_nb.view.drawing import Drawing, Line, Node
from swarmprov_nb.view.heights import heights
from swarmprov_nb.view.labels import cut, width
from swarmprov_nb.view.routes import Measures, Point, Row, Size, routes

WIDEST: Final = 880.0
TITLE, SMALL = 12.0, 10.5  # font sizes in pixels
PADDING: Final = 10.0  # between the edge of a box and its text
ICON: Final = 21.0  # what the icon of a pill takes, with its distance
_NARROWEST, _BROADEST = 84.0, 190.0
_TWO_LINES, _THREE_LINES = 40.0, 54.0
_GAP, _GAP_MOST = 32.0, 52.0
_SIDE, _SIDE_IN_ROWS = 18.0, 42.0
_BETWEEN: Final = 18.0
_MANY: Final = 400


@dataclass(frozen=True)
class Box:
    """A node with its place; `title`, `subtitle` and `extra` are cut to what fits."""

    node: Node
    x: float
    y: float
    w: float
    h: float
    title: str
    subtitle: str
    extra: str


@dataclass(frozen=True)
class Route:
    """A line with its points: neighbours that share x or y join straight, others by a curve with level ends."""

    line: Line
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Layout:
    """All boxes and routes, in pixels from the top left corner of a picture that is `w` wide and `h` high."""

    w: float
    h: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]


def text_inset(node: Node) -> float:
    """Return how far the text of a node stands from its left edge."""
    return PADDING if node.is_box else PADDING + ICON


def laid_out(drawing: Drawing) -> Layout:
    """Return the places of everything in a drawing.

    >>> from swarmprov_nb.testing import example_lineage
    >>> from swarmprov_nb.view.sketch import sketched
    >>> layout = laid_out(sketched(example_lineage(), example_lineage()))
    >>> layout.w <= WIDEST, len(layout.boxes)
    (True, 14)
    """
    ends = {line.source for line in drawing.lines} | {line.target for line in drawing.lines}
    linked = [node for node in drawing.nodes if node.id in ends]
    single = [node for node in drawing.nodes if node.id not in ends]
    layout = _layered(linked, drawing.lines) if linked else Layout(0.0, 0.0, (), ())
    return _with_singles(layout, single) if single else layout


def _layered(nodes: Sequence[Node], lines: Sequence[Line]) -> Layout:
    place = {node.id: index for index, node in enumerate(nodes)}
    pairs = [(place[line.source], place[line.target]) for line in lines]
    columns = in_columns(len(nodes), pairs, [int(line.seen) for line in lines])
    rows = _rows(columns, nodes)
    chains = routes(columns, rows)
    boxes = [_box(nodes[vertex], row, vertex) for row in rows for vertex in row.middle if columns.is_node(vertex)]
    boxes.sort(key=lambda box: place[box.node.id])
    found = tuple(Route(line, points) for line, points in zip(lines, chains, strict=True))
    side = _SIDE if len(rows) == 1 else _SIDE_IN_ROWS
    return Layout(max(row.right for row in rows) + side, rows[-1].bottom, tuple(boxes), found)


def _rows(columns: Columns, nodes: Sequence[Node]) -> list[Row]:
    tall = [_tall(node) for node in nodes] + [2.0] * (len(columns.column) - len(nodes))
    broad = [
        max((_wanted(nodes[vertex]) for vertex in column if columns.is_node(vertex)), default=_NARROWEST)
        for column in columns.order
    ]
    through = [sum(len(columns.right[vertex]) for vertex in column) for column in columns.order]
    found = bands(broad, through, WIDEST - 2 * _SIDE, _GAP)
    if len(found) > 1:
        found = bands(broad, through, WIDEST - 2 * _SIDE_IN_ROWS, _GAP)
    side = _SIDE if len(found) == 1 else _SIDE_IN_ROWS
    rows: list[Row] = []
    pills = {vertex for vertex, node in enumerate(nodes) if not node.is_box}
    sizes = [Size(high, high / 2 if vertex in pills else 0.0) for vertex, high in enumerate(tall)]
    top = 0.0
    for index, band in enumerate(found):
        spare = WIDEST - 2 * side - sum(broad[column] for column in band)
        gap = min(_GAP_MOST, max(_GAP, spare / max(len(band) - 1, 1)))
        middle = heights(columns, band, tall, 6 if len(tall) <= _MANY else 2)
        high = max(middle[vertex] + tall[vertex] / 2 for vertex in middle)
        crossing = through[band[-1]] if index < len(found) - 1 else 0
        measures = Measures(side, top, gap, high)
        rows.append(Row.of(columns, band, broad, sizes, middle=middle, measures=measures))
        top = rows[-1].bottom + 2 * _BETWEEN + min(26.0, 6.0 * crossing)
    return rows


def _tall(node: Node) -> float:
    return _THREE_LINES if node.extra else _TWO_LINES


def _wanted(node: Node) -> float:
    around = text_inset(node) + (PADDING if node.is_box else PADDING + 4)
    mark = 14.0 if node.mark in ("failed", "gap") else 0.0
    small = max(width(" · ".join(node.subtitle), SMALL), width(node.extra, SMALL))
    text = max(width(node.title, TITLE, bold=True) + mark, small)
    return min(_BROADEST, max(_NARROWEST, math.ceil(text + around) + 1.0))


def _box(node: Node, row: Row, vertex: int) -> Box:
    left, right = row.span[vertex]
    high = _tall(node)
    return fitted(node, left, row.middle[vertex] - high / 2, right - left)


def fitted(node: Node, x: float, y: float, w: float) -> Box:
    """Return a node's box with its text cut to what fits: whole parts of the subtitle first, then words."""
    room = w - text_inset(node) - (PADDING if node.is_box else PADDING + 4)
    mark = 14.0 if node.mark in ("failed", "gap") else 0.0
    parts = list(node.subtitle)
    while len(parts) > 1 and width(" · ".join(parts), SMALL) > room:
        parts.pop()
    whole = " · ".join(parts)
    if node.mark in ("failed", "gap") and width(whole, SMALL) > room:
        whole = whole.removeprefix(f"[{node.execution_count}] ")  # what went wrong says more than the count
    subtitle, extra = cut(whole, room, SMALL), cut(node.extra, room, SMALL)
    title = cut(node.title, room - mark, TITLE, bold=True)
    return Box(node, round(x, 1), round(y, 1), round(w, 1), _tall(node), title, subtitle, extra)


def placed(node: Node) -> Box:
    """Return a node's box at the origin, as wide as it wants to be."""
    return fitted(node, 0.0, 0.0, _wanted(node))


def _with_singles(layout: Layout, nodes: Sequence[Node]) -> Layout:
    """Set the nodes that no line touches below the graph, side by side."""
    boxes = list(layout.boxes)
    x, y, right = _SIDE, layout.h + (2 * _BETWEEN if layout.boxes else 0.0), layout.w
    high = 0.0
    for node in nodes:
        wide = _wanted(node)
        if x + wide > WIDEST - _SIDE:
            x, y, high = _SIDE, y + high + _BETWEEN, 0.0
        boxes.append(fitted(node, x, y, wide))
        high = max(high, _tall(node))
        x += wide + _BETWEEN
        right = max(right, x - _BETWEEN + _SIDE)
    return replace(layout, w=right, h=y + high, boxes=tuple(boxes))
