"""A picture in a few sentences."""

from __future__ import annotations

from collections.abc import Sequence

from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.drawing import RUN, Drawing, Node

_NAMED = 6


def summary_of(drawing: Drawing, *, title: str) -> str:
    """Return what the picture shows, in plain sentences.

    >>> from swarmprov_nb.testing import LineageBuilder
    >>> from swarmprov_nb.view.sketch import sketched
    >>> b = LineageBuilder()
    >>> _ = b.run("clean", uses=[b.input("raw.csv")], makes={"clean": "dataset"})
    >>> summary_of(sketched(b.lineage, b.lineage), title="study.ipynb")
    'Lineage of study.ipynb: 1 cell run and 2 artifacts, from raw.csv to clean. 3 of 3 shown.'
    """
    single = [node for node in drawing.nodes if node.own]
    runs = sum(node.kind == RUN for node in single)
    targets, sources = {line.target for line in drawing.lines}, {line.source for line in drawing.lines}
    first = [node for node in single if node.id not in targets and node.id in sources]
    last = [node for node in single if node.id not in sources and node.id in targets and not node.is_box]
    ends = f", from {_names(first)} to {_names(last)}" if first and last else ""
    parts = [
        f"Lineage of {title}: {plural(runs, 'cell run')} and {plural(len(single) - runs, 'artifact')}{ends}.",
        *(f"{node.title}: {' '.join(node.subtitle)}." for node in single if node.mark in ("failed", "gap")),
    ]
    if assumed := sum(not line.seen for line in drawing.lines):
        parts.append(f"{plural(assumed, 'flow')} assumed, not seen.")
    parts.append(f"{drawing.shown:,} of {drawing.total:,} shown.")
    return " ".join(parts)


def _names(nodes: Sequence[Node]) -> str:
    named = ", ".join(node.title[:60] for node in nodes[:_NAMED])
    return named if len(nodes) <= _NAMED else f"{named} and {len(nodes) - _NAMED} more"
