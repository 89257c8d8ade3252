"""Layered layout, second half: how high each vertex stands in its column, so that lines are as straight as can be.

Each sweep solves a column exactly: the heights nearest to where the neighbours want them, in the given order and with
the distances kept, by pooling adjacent violators (isotonic regression).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from swarmprov_nb.view.columns import Columns

_NODE_GAP, _LINE_GAP = 14.0, 9.0
_STRAIGHT = 6.0  # how much more a passing line resists a bend than a node does


def heights(columns: Columns, band: Sequence[int], tall: Sequence[float], sweeps: int = 6) -> dict[int, float]:
    """Return the vertical centre of every vertex in the columns `band`; the topmost edge is 0.

    >>> from swarmprov_nb.view.columns import in_columns
    >>> columns = in_columns(3, [(0, 1), (0, 2)])
    >>> heights(columns, [0, 1], [40.0, 40.0, 40.0])
    {0: 47.0, 1: 20.0, 2: 74.0}
    """
    stacks = [columns.order[column] for column in band]
    inside = {vertex for stack in stacks for vertex in stack}
    offsets = [_offsets(columns, stack, tall) for stack in stacks]
    middle = {
        vertex: offset - offset_list[-1] / 2
        for stack, offset_list in zip(stacks, offsets, strict=True)
        for vertex, offset in zip(stack, offset_list, strict=True)
    }
    for sweep in range(sweeps):
        near = columns.left if sweep % 2 == 0 else columns.right
        both = sweep == sweeps - 1
        pairs = list(zip(stacks, offsets, strict=True))
        for stack, offset_list in pairs if sweep % 2 == 0 else reversed(pairs):
            wanted, weights = [], []
            for vertex in stack:
                others = [other for other in near[vertex] if other in inside]
                if both:
                    others += [other for other in columns.right[vertex] if other in inside]
                wanted.append(sum(middle[other] for other in others) / len(others) if others else middle[vertex])
                passing = not columns.is_node(vertex) and others and not columns.is_node(others[0])
                weights.append(_STRAIGHT if passing else 1.0 if others else 0.1)
            middle.update(zip(stack, _settle(wanted, weights, offset_list), strict=True))
    top = min((middle[vertex] - tall[vertex] / 2 for vertex in inside), default=0.0)
    return {vertex: round(middle[vertex] - top, 1) for stack in stacks for vertex in stack}


def _offsets(columns: Columns, stack: Sequence[int], tall: Sequence[float]) -> list[float]:
    offsets = [0.0]
    for upper, lower in pairwise(stack):
        gap = _NODE_GAP if columns.is_node(upper) and columns.is_node(lower) else _LINE_GAP
        offsets.append(offsets[-1] + (tall[upper] + tall[lower]) / 2 + gap)
    return offsets


def _settle(wanted: Sequence[float], weights: Sequence[float], offsets: Sequence[float]) -> list[float]:
    """Return the heights nearest to `wanted` that keep at least the distances of `offsets`."""
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        mean, mass, members = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            above, above_mass, above_members = pools.pop()
            mean = (above * above_mass + mean * mass) / (above_mass + mass)
            mass += above_mass
            members += above_members
        pools.append((mean, mass, members))
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
