"""From a lineage to a drawing: which nodes and lines there are.

What flows through an artifact is drawn as cell run → artifact → cell run. A line from run to run stands only for what
has no artifact between (functions, numbers). State such as ``<np.random>`` is drawn only where one thing is in focus,
imports never; a run that then stands alone and made nothing is left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from swarmprov_nb.lineage.graph import CERTAINTY, cell_of
from swarmprov_nb.lineage.vocabulary import Artifact, CellRun, Edge, Lineage
from swarmprov_nb.view.captions import (
    artifact_label,
    artifact_subtitle,
    plural,
    run_label,
    run_subtitle,
    run_title,
)
from swarmprov_nb.view.drawing import RUN, Drawing, Line, Node
from swarmprov_nb.view.labels import clean

_TELLS, _DECLARES, _FOCUS = 3, 4, 9  # how hard what failed, what was declared and what was asked for resist folding


def sketched(view: Lineage, whole: Lineage, *, focus: str | None = None, every_run: bool = False) -> Drawing:
    """Return the drawing of `view`, a part of the lineage `whole`; `focus` is the id of what was asked for.

    With `every_run` cell runs are drawn that stand alone, too.

    >>> from swarmprov_nb.testing import example_lineage
    >>> study = example_lineage()
    >>> drawing = sketched(study, study)
    >>> len(drawing.nodes), drawing.total
    (14, 14)
    """
    lines = _forward(_lines(view, with_state=focus is not None), view)
    ends = {line.source for line in lines} | {line.target for line in lines}
    runs = [run for run in view.runs if every_run or run.id in ends or run.id == focus or _tells(run)]
    if not runs and not view.artifacts:
        runs = list(view.runs)
    earlier = _earlier(runs, whole)
    drawn = {run.id for run in runs}
    sources = {line.source for line in lines}
    made: dict[str | None, list[Artifact]] = defaultdict(list)
    for artifact in view.artifacts:
        made[artifact.run if artifact.run in drawn else None].append(artifact)
    nodes = [_artifact_node(artifact, sources, focus) for artifact in made[None]]
    for run in runs:
        declares = any(artifact.declared for artifact in made[run.id])
        nodes.append(_run_node(run, earlier[run.id], focus, declares=declares))
        nodes += [_artifact_node(artifact, sources, focus) for artifact in made[run.id]]
    return Drawing(tuple(nodes), lines, len(whole.runs) + len(whole.artifacts))


def _tells(run: CellRun) -> bool:
    return run.status != "ok" or bool(run.gap)


def _forward(lines: tuple[Line, ...], view: Lineage) -> tuple[Line, ...]:
    """Keep the lines between things of the view that follow its order; a foreign record may hold others."""
    place = {run.id: 2 * index for index, run in enumerate(view.runs)}
    for artifact in view.artifacts:
        place[artifact.id] = place.get(artifact.run or "", -2) + 1
    ends = ((line, place.get(line.source), place.get(line.target)) for line in lines)
    return tuple(line for line, first, second in ends if first is not None and second is not None and first < second)


def _lines(view: Lineage, *, with_state: bool) -> tuple[Line, ...]:
    runs = {run.id for run in view.runs}
    flows: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    made: dict[tuple[str, str], str] = {}
    for artifact in view.artifacts:
        if artifact.run in runs:
            assert artifact.run is not None
            made[artifact.run, artifact.name] = artifact.id
            made[artifact.run, artifact.path or artifact.name] = artifact.id
            flows[artifact.run, artifact.id].append(Edge(artifact.run, artifact.id, artifact.name, "artifact"))
    names = {artifact.id: artifact.name for artifact in view.artifacts}
    for use in view.uses:
        used = Edge(use.artifact, use.run, names.get(use.artifact, ""), "artifact", use.confidence)
        flows[use.artifact, use.run].append(used)
    for edge in view.edges:
        if edge.kind == "import" or (edge.kind == "state" and not with_state):
            continue
        through = made.get((edge.writer, edge.name))
        if through is None:
            flows[edge.writer, edge.reader].append(edge)
        elif (through, edge.reader) not in flows:
            flows[through, edge.reader].append(edge)
    return tuple(joined(source, target, edges) for (source, target), edges in flows.items())


def joined(source: str, target: str, edges: list[Edge]) -> Line:
    """Return the one line that stands for all flows between two nodes."""
    names = tuple(dict.fromkeys(clean(edge.name, limit=60) for edge in edges))
    kinds = dict.fromkeys(edge.kind for edge in edges)
    confidence = max((edge.confidence for edge in edges), key=CERTAINTY.__getitem__)
    return Line(source, target, names, ", ".join(kinds), confidence)


def _earlier(runs: list[CellRun], whole: Lineage) -> Counter[str]:
    """Return for the latest drawn run of each cell how many runs before it are not drawn."""
    drawn = {run.id for run in runs}
    latest = {cell_of(run): run for run in runs}
    hidden: Counter[str] = Counter()
    for run in whole.runs:
        later = latest.get(cell_of(run))
        if later is not None and run.id not in drawn and run.sequence < later.sequence:
            hidden[later.id] += 1
    return hidden


def _run_node(run: CellRun, earlier: int, focus: str | None, *, declares: bool) -> Node:
    extra = f"+{plural(earlier, 'earlier run')}" if earlier else ""
    failed = run.status != "ok"
    stays = _FOCUS if run.id == focus else _DECLARES if declares else _TELLS if _tells(run) else int(run.named)
    return Node(
        id=run.id,
        kind=RUN,
        title=run_title(run),
        subtitle=run_subtitle(run),
        extra=extra,
        label=", ".join(part for part in (run_label(run), extra) if part),
        mark="failed" if failed else "gap" if run.gap else "focus" if run.id == focus else "",
        stays=stays,
        cell_id=run.cell_id,
        execution_count=run.execution_count,
        earlier=earlier,
    )


def _artifact_node(artifact: Artifact, sources: set[str], focus: str | None) -> Node:
    ends_here = artifact.run is None or artifact.id not in sources
    wanted = artifact.declared or artifact.named or (artifact.path is not None and artifact.run is not None)
    asked = 2 * int(wanted) + int(ends_here and (wanted or artifact.kind != "dataset"))
    stays = _DECLARES + int(ends_here) if artifact.declared else asked
    return Node(
        id=artifact.id,
        kind=artifact.kind,
        title=clean(artifact.title) or artifact.kind,
        subtitle=artifact_subtitle(artifact),
        label=artifact_label(artifact),
        mark="focus" if artifact.id == focus else "",
        stays=_FOCUS if artifact.id == focus else stays,
    )
