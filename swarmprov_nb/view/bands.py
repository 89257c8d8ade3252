"""Where a long graph is broken into rows, as a text into lines."""

from __future__ import annotations

from collections.abc import Sequence

_ROW_COST, _LINE_COST = 3.0, 0.6


def bands(widths: Sequence[float], through: Sequence[int], room: float, gap: float) -> list[list[int]]:
    """Return the columns of each row: none wider than `room` (unless one column is), few lines cut, rows evenly full.

    `through[i]` counts the lines from column i to column i + 1.

    >>> bands([100, 100, 100, 100], [1, 1, 1], 250, 30)
    [[0, 1], [2, 3]]
    >>> bands([100, 100], [1], 250, 30)
    [[0, 1]]
    """
    count = len(widths)
    cost, start = [0.0] * (count + 1), [0] * (count + 1)
    for end in range(1, count + 1):
        cost[end] = float("inf")
        used = -gap
        for first in range(end - 1, -1, -1):
            used += widths[first] + gap
            if used > room and first < end - 1:
                break
            slack = max(0.0, 1 - used / room)
            cut = _LINE_COST * through[end - 1] if end < count else 0.0
            total = cost[first] + _ROW_COST + cut + (slack * slack if end == count else 4 * slack * slack)
            if total < cost[end]:
                cost[end], start[end] = total, first
    rows: list[list[int]] = []
    end = count
    while end:
        rows.append(list(range(start[end], end)))
        end = start[end]
    return rows[::-1]
