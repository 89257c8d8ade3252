"""Layered layout, first half: which column each node stands in, and in which order from top to bottom.

Columns are longest paths, pulled right where that shortens lines. A line over several columns passes through an unseen
vertex in each column between, so that it never runs through a node; lines of one source share these. The order is
found by barycentre sweeps (Sugiyama, Tagawa and Toda, 1981). Vertices are numbers: nodes first, unseen ones after.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_SMALL = 400  # vertices up to which crossings are counted and neighbours exchanged
_SWEEPS = 12


@dataclass
class Columns:
    """Vertices in columns: `chains[i]` are the vertices along line i; `right` and `left` the neighbours of each."""

    count: int
    order: list[list[int]] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    chains: list[tuple[int, ...]] = field(default_factory=list)
    right: list[list[int]] = field(default_factory=list)
    left: list[list[int]] = field(default_factory=list)

    def is_node(self, vertex: int) -> bool:
        """Whether a vertex is a node, not the passage of a line."""
        return vertex < self.count


def in_columns(count: int, lines: Sequence[tuple[int, int]], trunks: Sequence[int] | None = None) -> Columns:
    """Return nodes 0 … count-1 in ordered columns; lines with equal source and equal `trunks` entry share passages.

    >>> in_columns(3, [(0, 1), (1, 2), (0, 2)]).order
    [[0], [1, 3], [2]]
    """
    after: list[list[int]] = [[] for _ in range(count)]
    before: list[list[int]] = [[] for _ in range(count)]
    for source, target in lines:
        after[source].append(target)
        before[target].append(source)
    column = _depths(before, after)
    result = Columns(count, column=column, right=[[] for _ in range(count)], left=[[] for _ in range(count)])
    _thread(result, lines, trunks or [0] * len(lines))
    _arrange(result)
    return result


def _depths(before: list[list[int]], after: list[list[int]]) -> list[int]:
    waiting = [len(earlier) for earlier in before]
    ready = [vertex for vertex, missing in enumerate(waiting) if not missing]
    depth = [0] * len(before)
    for vertex in ready:
        for later in after[vertex]:
            depth[later] = max(depth[later], depth[vertex] + 1)
            waiting[later] -= 1
            if not waiting[later]:
                ready.append(later)
    for vertex in reversed(ready):
        if after[vertex] and len(after[vertex]) > len(before[vertex]):
            depth[vertex] = max(depth[vertex], min(depth[later] for later in after[vertex]) - 1)
    return depth


def _thread(result: Columns, lines: Sequence[tuple[int, int]], trunks: Sequence[int]) -> None:
    """Lead every line through one vertex per column."""
    passages: dict[tuple[int, int, int], int] = {}
    joined: set[tuple[int, int]] = set()
    for (source, target), trunk in zip(lines, trunks, strict=True):
        chain = [source]
        for column in range(result.column[source] + 1, result.column[target]):
            key = (source, trunk, column)
            if key not in passages:
                passages[key] = len(result.column)
                result.column.append(column)
                result.right.append([])
                result.left.append([])
            chain.append(passages[key])
        chain.append(target)
        result.chains.append(tuple(chain))
        for pair in pairwise(chain):
            if pair not in joined:
                joined.add(pair)
                result.right[pair[0]].append(pair[1])
                result.left[pair[1]].append(pair[0])


def _arrange(result: Columns) -> None:
    result.order = [[] for _ in range(max(result.column, default=-1) + 1)]
    for vertex in _walk(result):
        result.order[result.column[vertex]].append(vertex)
    place = [0] * len(result.column)
    for column in result.order:
        _number(column, place)
    small = len(result.column) <= _SMALL
    best, fewest = [list(column) for column in result.order], crossings(result, place) if small else 0
    for sweep in range(_SWEEPS if small else 2):
        _sweep(result, place, rightwards=sweep % 2 == 0)
        if not small:
            best = result.order
            continue
        _exchange(result, place)
        now = crossings(result, place)
        if now < fewest:
            best, fewest = [list(column) for column in result.order], now
        if not fewest:
            break
    result.order = best


def _walk(result: Columns) -> list[int]:
    """Return the vertices depth first from the sources, so that what hangs together starts together."""
    seen: set[int] = set()
    found: list[int] = []
    for start in (vertex for vertex, left in enumerate(result.left) if not left):
        pending = [start]
        while pending:
            vertex = pending.pop()
            if vertex not in seen:
                seen.add(vertex)
                found.append(vertex)
                pending.extend(reversed(result.right[vertex]))
    return found


def _number(column: list[int], place: list[int]) -> None:
    for index, vertex in enumerate(column):
        place[vertex] = index


def _sweep(result: Columns, place: list[int], *, rightwards: bool) -> None:
    near = result.left if rightwards else result.right
    for column in result.order if rightwards else reversed(result.order):
        weight = {
            vertex: sum(place[other] for other in near[vertex]) / len(near[vertex]) if near[vertex] else place[vertex]
            for vertex in column
        }
        column.sort(key=weight.__getitem__)
        _number(column, place)


def _exchange(result: Columns, place: list[int]) -> None:
    """Exchange neighbours in a column wherever that saves crossings."""
    for column in result.order:
        for index in range(len(column) - 1):
            upper, lower = column[index], column[index + 1]
            kept = changed = 0
            for near in (result.left, result.right):
                high, low = [place[other] for other in near[upper]], [place[other] for other in near[lower]]
                kept += sum(one > two for one in high for two in low)
                changed += sum(two > one for one in high for two in low)
            if changed < kept:
                column[index], column[index + 1] = lower, upper
                place[upper], place[lower] = index + 1, index


def crossings(result: Columns, place: list[int]) -> int:
    """Return how many pairs of lines cross between neighbouring columns."""
    total = 0
    for column in result.order:
        passed: list[int] = []
        for vertex in column:
            ends = sorted(place[other] for other in result.right[vertex])
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total
