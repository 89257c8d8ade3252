"""What a picture has folded away, in a form that a front end can unfold without a kernel.

Two kinds of things are hidden: members of folds, and earlier runs of a cell with what they made. Each says inside which
node it is hidden, and where its lines end until it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from swarmprov_nb.lineage.graph import cell_of, series_of
from swarmprov_nb.lineage.vocabulary import Lineage
from swarmprov_nb.view.drawing import Drawing, Line, Node
from swarmprov_nb.view.sketch import sketched

UNFOLD_MOST: Final = 400  # hidden things that a document carries; at most about 100 kB of JSON


@dataclass(frozen=True)
class Hidden:
    """A node that is not drawn: unfolding the node `inside` shows it; until then its lines end at `stands`."""

    node: Node
    inside: str
    stands: str


@dataclass(frozen=True)
class Unfolding:
    """All hidden nodes and the lines with nothing folded; `again` are those of earlier runs and what they made.

    The last `again_count` nodes are such. `count` says how many things are hidden; where they are more than
    `UNFOLD_MOST` there are no nodes and no lines.
    """

    count: int
    hidden: tuple[Hidden, ...] = ()
    again_count: int = 0
    lines: tuple[Line, ...] = ()
    again: tuple[Line, ...] = ()


def unfolding(whole: Lineage, full: Drawing, drawn: Drawing, *, focus: str | None = None) -> Unfolding:
    """Return what `drawn`, the folded form of the drawing `full` of a view of `whole`, hides.

    >>> from swarmprov_nb.testing import example_lineage
    >>> from swarmprov_nb.view.fold import folded
    >>> study = example_lineage()
    >>> full = sketched(study, study)
    >>> found = unfolding(study, full, folded(full, 9))
    >>> found.count, len({one.inside for one in found.hidden}) >= 1
    (5, True)
    """
    home = {member: node.id for node in drawn.nodes for member in node.members}
    earlier = _earlier(whole, full)
    made = {artifact.id: artifact for artifact in whole.artifacts if artifact.run in earlier}
    count = len(home) + len(earlier) + len(made)
    if not count or count > UNFOLD_MOST:
        return Unfolding(count)
    latest = {series_of(artifact): artifact.id for artifact in whole.artifacts if artifact.id in _ids(full)}
    members = [Hidden(node, home[node.id], home[node.id]) for node in full.nodes if node.id in home]
    all_of_it = sketched(whole, whole, focus=focus, every_run=True)
    again = []
    for node in all_of_it.nodes:
        if node.id in earlier:
            again.append(Hidden(replace(node, earlier=0, extra=""), earlier[node.id], earlier[node.id]))
        elif node.id in made and (run := made[node.id].run):
            again.append(Hidden(node, earlier[run], latest.get(series_of(made[node.id]), earlier[run])))
    lines = tuple(_touching(all_of_it, full, earlier, made))
    return Unfolding(count, (*members, *again), len(again), full.lines, lines)


def _ids(drawing: Drawing) -> set[str]:
    return {node.id for node in drawing.nodes}


def _earlier(whole: Lineage, full: Drawing) -> dict[str, str]:
    """Return for each earlier run that is not drawn the run that counts it, as `sketch` counts them."""
    drawn = _ids(full)
    latest = {cell_of(run): run for run in whole.runs if run.id in drawn}
    counts = {node.id for node in full.nodes if node.earlier}
    found = {}
    for run in whole.runs:
        later = latest.get(cell_of(run))
        if later is not None and run.id not in drawn and run.sequence < later.sequence and later.id in counts:
            found[run.id] = later.id
    return found


def _touching(
    all_of_it: Drawing, full: Drawing, earlier: Mapping[str, str], made: Mapping[str, object]
) -> Iterator[Line]:
    known = _ids(full)
    for line in all_of_it.lines:
        ends = (line.source, line.target)
        again = any(end in earlier or end in made for end in ends)
        if again and all(end in earlier or end in made or end in known for end in ends):
            yield line
