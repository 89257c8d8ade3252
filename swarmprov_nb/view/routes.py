"""How lines run: each leaves and enters at a port of its own, and none passes through a node.

Within a row a line crosses from column to column in the gap between them. From the end of one row to the start of the
next it runs round: out to the right, along the space between the rows, in from the left; each on a track of its own,
in an order that lets none cross another needlessly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from swarmprov_nb.view.columns import Columns

Point = tuple[float, float]

_PORT, _PORT_MARGIN = 10.0, 16.0
_TRACK, _TRACKS, _CLEAR = 6.0, 24.0, 12.0


class Size(NamedTuple):
    """How tall a vertex is, and the radius of its ends (0 for a box)."""

    tall: float
    radius: float


class Measures(NamedTuple):
    """Where a row begins, how far apart its columns stand, and how high it is."""

    left: float
    top: float
    gap: float
    high: float


@dataclass(frozen=True)
class Row:
    """Some columns side by side: `span` is where each vertex begins and ends, `middle` how high it stands."""

    left: float
    right: float
    bottom: float
    middle: Mapping[int, float]
    span: Mapping[int, Point]
    sizes: Mapping[int, Size]
    first: tuple[int, ...]

    def inset(self, vertex: int, y: float) -> float:
        """Return how far the outline of a vertex lies inside its ends at the height `y`.

        A pill's ends are half circles.
        """
        radius = self.sizes[vertex].radius
        if not radius:
            return 0.0
        return radius - math.sqrt(max(radius**2 - (y - self.middle[vertex]) ** 2, 0.0))

    @classmethod
    def of(
        cls,
        columns: Columns,
        band: Sequence[int],
        broad: Sequence[float],
        sizes: Sequence[Size],
        *,
        middle: Mapping[int, float],
        measures: Measures,
    ) -> Row:
        """Return the row of the columns in `band`; `broad` holds the width of every column."""
        span: dict[int, Point] = {}
        x = measures.left
        for column in band:
            span.update(dict.fromkeys(columns.order[column], (round(x, 1), round(x + broad[column], 1))))
            x += broad[column] + measures.gap
        return cls(
            left=measures.left,
            right=round(x - measures.gap, 1),
            bottom=measures.top + measures.high,
            middle={vertex: round(measures.top + y, 1) for vertex, y in middle.items()},
            span=span,
            sizes={vertex: sizes[vertex] if columns.is_node(vertex) else Size(0.0, 0.0) for vertex in middle},
            first=tuple(columns.order[band[0]]),
        )


def routes(columns: Columns, rows: Sequence[Row]) -> list[tuple[Point, ...]]:
    """Return the points of every line of `columns`."""
    row_of = {vertex: index for index, row in enumerate(rows) for vertex in row.middle}
    leave, enter = _ports(columns, rows)
    turns = _turns(columns, rows, leave, enter)
    stretches: dict[tuple[int, int], tuple[Point, ...]] = {}
    for pair, y in leave.items():
        here, there = rows[row_of[pair[0]]], rows[row_of[pair[1]]]
        start = round(here.span[pair[0]][1] - here.inset(pair[0], y), 1)
        end = round(there.span[pair[1]][0] + there.inset(pair[1], enter[pair]), 1)
        stretches[pair] = ((start, y), *turns.get(pair, ()), (end, enter[pair]))
    return [tuple(point for pair in pairwise(chain) for point in stretches[pair]) for chain in columns.chains]


def _ports(columns: Columns, rows: Sequence[Row]) -> tuple[dict[tuple[int, int], float], dict[tuple[int, int], float]]:
    """Return at which height each pair's line leaves the first and enters the second vertex."""
    leave: dict[tuple[int, int], float] = {}
    enter: dict[tuple[int, int], float] = {}
    level = {vertex: middle for row in rows for vertex, middle in row.middle.items()}
    for row in rows:
        for vertex, middle in row.middle.items():
            tall = row.sizes[vertex].tall
            targets = sorted(columns.right[vertex], key=level.__getitem__)
            for other, y in zip(targets, _spread(middle, tall, len(targets)), strict=True):
                leave[vertex, other] = y
            origins = sorted(columns.left[vertex], key=level.__getitem__)
            for other, y in zip(origins, _spread(middle, tall, len(origins)), strict=True):
                enter[other, vertex] = y
    return leave, enter


def _spread(middle: float, tall: float, count: int) -> list[float]:
    if count == 1:
        return [middle]
    step = min(_PORT, max(tall - _PORT_MARGIN, 0.0) / (count - 1)) if count > 1 else 0.0
    return [round(middle + (index - (count - 1) / 2) * step, 1) for index in range(count)]


def _turns(
    columns: Columns,
    rows: Sequence[Row],
    leave: Mapping[tuple[int, int], float],
    enter: Mapping[tuple[int, int], float],
) -> dict[tuple[int, int], tuple[Point, ...]]:
    """Return the corners of the lines that run from the end of a row to the start of the next."""
    turns: dict[tuple[int, int], tuple[Point, ...]] = {}
    for row, following in pairwise(rows):
        pairs = [(other, vertex) for vertex in following.first for other in columns.left[vertex]]
        pairs.sort(key=lambda pair: (leave[pair], enter[pair]))
        step = min(_TRACK, _TRACKS / len(pairs)) if pairs else 0.0
        for index, pair in enumerate(pairs):
            out = step * (len(pairs) - 1 - index)  # the topmost runs outermost, then lowest, then innermost
            x, level = row.right + _CLEAR + out, row.bottom + _CLEAR + out
            back = following.left - _CLEAR - step * index
            corners = ((x, leave[pair]), (x, level), (back, level), (back, enter[pair]))
            turns[pair] = tuple((round(x, 1), round(y, 1)) for x, y in corners)
    return turns
