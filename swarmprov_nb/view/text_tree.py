"""A drawing as a tree of text, for terminals and for those who read rather than look."""

from __future__ import annotations

from collections import defaultdict

from swarmprov_nb.view.drawing import Drawing, Line, Node
from swarmprov_nb.view.labels import clean

_LONGEST = 64


def text_tree(drawing: Drawing, *, title: str, backwards: bool = False) -> str:
    """Return the drawing as a tree along the flow of data; `backwards`, from what was asked for to its sources.

    What has several sources stands below the first, names the others, and is not repeated below them. Assumed flows
    are dotted.

    >>> from swarmprov_nb.testing import LineageBuilder
    >>> from swarmprov_nb.view.sketch import sketched
    >>> b = LineageBuilder()
    >>> _ = b.run("clean", uses=[b.input("raw.csv")], makes={"clean": "dataset"})
    >>> print(text_tree(sketched(b.lineage, b.lineage), title="study.ipynb"))
    study.ipynb · 3 of 3 shown
    raw.csv  (file)
    └─ [1] clean  0.03 s
       └─ clean  (dataset)
    """
    below: dict[str, list[tuple[str, Line]]] = defaultdict(list)
    above: dict[str, list[str]] = defaultdict(list)
    for line in drawing.lines:
        near, far = (line.target, line.source) if backwards else (line.source, line.target)
        below[near].append((far, line))
        above[far].append(near)
    nodes = {node.id: node for node in drawing.nodes}
    rows = [f"{clean(title, limit=_LONGEST)} · {drawing.shown:,} of {drawing.total:,} shown"]
    written: set[str] = set()
    pending = [(node.id, "", "") for node in reversed(drawing.nodes) if not above[node.id]]
    while pending:
        node_id, lead, branch = pending.pop()
        others = [nodes[other].title for other in above[node_id]][1:]
        again = node_id in written
        rows.append(f"{lead}{branch}{_caption(nodes[node_id], others, backwards=backwards, again=again)}")
        if again:
            continue
        written.add(node_id)
        inner = lead + ("" if not branch else "   " if branch.startswith("└") else "│  ")
        ends = [(far, line) for far, line in below[node_id] if far not in written]
        for far, line in reversed(ends):
            corner, dash = "└" if line is ends[-1][1] else "├", "─" if line.seen else "╌"
            pending.append((far, inner, f"{corner}{dash} "))
    return "\n".join(rows)


def _caption(node: Node, others: list[str], *, backwards: bool, again: bool) -> str:
    title = clean(node.title, limit=_LONGEST)
    if again:
        return f"{title}  (above)"
    subtitle = clean(" · ".join(node.subtitle), limit=_LONGEST)
    if node.is_box:
        count = "" if node.execution_count is None else f"[{node.execution_count}] "
        text = f"{count}{title}  {subtitle.removeprefix(count)}"
    else:
        about = f", {subtitle}" if subtitle != node.kind else ""
        text = f"{title}  ({node.kind}{about})"
    mark = "! " if node.mark in ("failed", "gap") else ""
    extra = f"  {node.extra}" if node.extra else ""
    word = "for" if backwards else "from"
    also = f"  also {word} {clean(', '.join(others), limit=_LONGEST)}" if others else ""
    return f"{mark}{text}{extra}{also}"
