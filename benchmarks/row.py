"""One line of the benchmark table, and how lines are printed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    """What was measured, the figure as text, and the goal that stands beside it (empty where there is none)."""

    name: str
    value: str
    goal: str = ""


class Skipped(Exception):
    """A part cannot be measured here; its reason goes into the table."""


def printed(rows: Iterable[Row]) -> None:
    """Print rows as they come, for a benchmark that is run alone."""
    try:
        for row in rows:
            print(f"{row.name:<52} {row.value}{f'   (goal {row.goal})' if row.goal else ''}", flush=True)
    except Skipped as reason:
        print(f"{'the rest':<52} skipped: {reason}")
