"""Colours and icons: both say the kind, and neither alone.

The hues are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), darkened until icons have a contrast of 3:1 and
texts of 4.5:1 to what they stand on. Icons are paths in a square of 12 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from swarmprov_nb.view.drawing import ARTIFACTS, RUN, STEPS

PANEL, PANEL_EDGE = "#ffffff", "#d0d7de"
INK, QUIET = "#1f2328", "#57606a"
LINE = "#768390"


@dataclass(frozen=True)
class Ink:
    """The colours of one kind of node: its edge (and icon), its ground, and the lines of text below the title."""

    edge: str
    ground: str
    text: str = QUIET


KIND_INKS: Final = {
    RUN: Ink("#a9b3bd", "#f6f8fa"),
    STEPS: Ink("#a9b3bd", "#f6f8fa"),
    "dataset": Ink("#0072b2", "#e8f3fa"),
    "model": Ink("#a8478f", "#faeef7"),
    "figure": Ink("#00805a", "#e6f5f0"),
    "file": Ink("#5f6975", "#f1f3f5"),
    ARTIFACTS: Ink("#5f6975", "#f1f3f5"),
}
MARK_INKS: Final = {
    "failed": Ink("#cf222e", "#fff1f0", "#b3131f"),
    "gap": Ink("#9a6700", "#fff8e5", "#7d4e00"),
}

KIND_ICONS: Final = {
    "dataset": "M1 2.5H11V10.5H1ZM1 5.2H11M1 7.9H11M4.6 2.5V10.5",
    "model": "M6 .8L10.7 3.4V8.6L6 11.2L1.3 8.6V3.4ZM6 6L10.7 3.4M6 6L1.3 3.4M6 6V11.2",
    "figure": "M1.2 1V10.8H11.2M3.2 8.2L5.6 5L7.6 6.6L10.6 2.6",
    "file": "M2 .8H7.2L10 3.6V11.2H2ZM7.2 .8V3.6H10M4 6.2H8M4 8.6H8",
    ARTIFACTS: "M1 4.2H8V11.2H1ZM4 4.2V1H11V8H8",
}
MARK_ICONS: Final = {
    "failed": "M6 .8A5.2 5.2 0 1 1 5.99 .8ZM4 4L8 8M8 4L4 8",
    "gap": "M6 1.2L11.4 10.8H.6ZM6 4.6V7.4M6 8.8V9.4",
}


def ink_of(kind: str, mark: str) -> Ink:
    """Return the colours of a node; what failed or left a gap shows that before its kind.

    >>> ink_of("dataset", "").edge
    '#0072b2'
    """
    return MARK_INKS.get(mark) or KIND_INKS.get(kind) or KIND_INKS["file"]


def icon_of(kind: str) -> str:
    """Return the path of a kind's icon; empty for cell runs, whose shape says it."""
    return "" if kind in (RUN, STEPS) else KIND_ICONS.get(kind) or KIND_ICONS["file"]
