"""Questions to a lineage: what depends on what, what still counts, what is meant by a name.

Every answer is pure and deterministic; what narrows a lineage returns a smaller `Lineage` of the same session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from swarmprov_nb.errors import UsageError
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.lineage.vocabulary import Artifact, CellRun, Edge, Lineage, Use

CERTAINTY: Final = {"assumed": 0, "coarse": 1, "exact": 2}
TIMES: Final = "\N{MULTIPLICATION SIGN}"

_Item = TypeVar("_Item", Artifact, CellRun)


def cell_of(run: CellRun) -> str:
    """Return what two runs of the same cell have in common: the cell id, else the source.

    >>> from swarmprov_nb.testing import example_lineage
    >>> cell_of(example_lineage().runs[0])
    'id:cell-read'
    """
    return f"id:{run.cell_id}" if run.cell_id else f"source:{run.source_sha256}"


def series_of(artifact: Artifact) -> tuple[str, str, str]:
    """Return what the versions of one artifact have in common: kind, name and path, or the publication it is from."""
    return artifact.kind, artifact.name, artifact.path or (artifact.parent.manifest if artifact.parent else "")


def newer(left: Artifact, right: Artifact) -> Artifact:
    """Return the later of two versions of one artifact (`right` if they are equally late)."""
    return left if left.version > right.version else right


def closure(lineage: Lineage, artifacts: Collection[str]) -> Lineage:
    """Return all that these artifacts (by id) depend on, and themselves: the backward closure.

    Every flow between the runs in it stays, whatever its kind.

    >>> from swarmprov_nb.testing import example_lineage
    >>> study = example_lineage()
    >>> [run.step for run in closure(study, [find(study, "forest").id]).runs]
    ['read', 'clean', 'split', 'fit forest']
    """
    return _backward(lineage, artifacts, ())


def ancestors_of(lineage: Lineage, item: Artifact | CellRun) -> Lineage:
    """Return where an artifact or a cell run came from, with the item itself.

    >>> from swarmprov_nb.testing import example_lineage
    >>> study = example_lineage()
    >>> [artifact.name for artifact in ancestors_of(study, find(study, "step:clean")).artifacts]
    ['penguins_raw.csv']
    """
    if isinstance(item, Artifact):
        return closure(lineage, [item.id])
    return _backward(lineage, (), [item.id])


def contributing(lineage: Lineage) -> Lineage:
    """Return the default view: the latest runs that contribute to the latest version of each artifact.

    An earlier run of a cell is folded into a later run of it that contributes too, unless that would turn time
    around: what was made from an old version keeps the run that made that old version. A run that failed, was
    interrupted or left a gap stays visible while it is the latest of its cell. Where nothing was recognised as an
    artifact, the latest run of each cell is the view. Cells that only ask us are no part of it.

    >>> from swarmprov_nb.testing import LineageBuilder
    >>> b = LineageBuilder()
    >>> for _ in range(30):
    ...     _ = b.run("clean", cell="c1", makes={"clean": "dataset"})
    >>> [run.sequence for run in contributing(b.lineage).runs]
    [30]
    """
    latest_run = {cell_of(run): run.id for run in lineage.runs if not only_asks(run.source)}
    if not lineage.artifacts:
        return restricted(lineage, latest_run.values(), ())
    latest: dict[tuple[str, str, str], Artifact] = {}
    for artifact in lineage.artifacts:
        series = series_of(artifact)
        latest[series] = newer(latest[series], artifact) if series in latest else artifact
    needed = closure(lineage, [artifact.id for artifact in latest.values()])
    shown = {run.id for run in needed.runs}
    troubled = [run for run in lineage.runs if run.status != "ok" or run.gap]
    shown |= {run.id for run in troubled if latest_run.get(cell_of(run)) == run.id}
    return _folded(restricted(lineage, shown, [artifact.id for artifact in needed.artifacts]))


def restricted(lineage: Lineage, runs: Iterable[str], artifacts: Iterable[str]) -> Lineage:
    """Return the part of a lineage that these runs and artifacts (by id) and the edges among them make up."""
    run_ids, artifact_ids = set(runs), set(artifacts)
    return replace(
        lineage,
        runs=tuple(run for run in lineage.runs if run.id in run_ids),
        edges=tuple(edge for edge in lineage.edges if edge.writer in run_ids and edge.reader in run_ids),
        artifacts=tuple(artifact for artifact in lineage.artifacts if artifact.id in artifact_ids),
        uses=tuple(use for use in lineage.uses if use.run in run_ids and use.artifact in artifact_ids),
    )


def _backward(lineage: Lineage, artifacts: Collection[str], runs: Collection[str]) -> Lineage:
    made_by = {artifact.id: artifact.run for artifact in lineage.artifacts}
    read_from, used_by = defaultdict(list), defaultdict(list)
    for edge in lineage.edges:
        read_from[edge.reader].append(edge.writer)
    for use in lineage.uses:
        used_by[use.run].append(use.artifact)
    seen_artifacts, seen_runs = set(artifacts), set(runs)
    pending = [*runs, *(run for artifact in artifacts if (run := made_by[artifact]))]
    while pending:
        run = pending.pop()
        seen_runs.add(run)
        used = used_by[run]
        seen_artifacts.update(used)
        makers = [maker for artifact in used if (maker := made_by[artifact])]
        pending.extend(earlier for earlier in {*read_from[run], *makers} if earlier not in seen_runs)
    return restricted(lineage, seen_runs, seen_artifacts)


def _folded(lineage: Lineage) -> Lineage:
    """Fold earlier runs of a cell into later ones, and their artifacts into the later versions."""
    stands_for = _representatives(lineage)
    later = {(artifact.run, series_of(artifact)): artifact.id for artifact in lineage.artifacts}
    version_of = {
        artifact.id: artifact.id
        if artifact.run not in stands_for
        else later[(stands_for[artifact.run], series_of(artifact))]
        for artifact in lineage.artifacts
    }
    edges = (replace(edge, writer=stands_for[edge.writer], reader=stands_for[edge.reader]) for edge in lineage.edges)
    uses = (Use(stands_for[use.run], version_of[use.artifact], use.confidence) for use in lineage.uses)
    made_by = {artifact.id: artifact.run for artifact in lineage.artifacts}
    folded = replace(
        lineage,
        edges=tuple(dict.fromkeys(edge for edge in edges if edge.writer != edge.reader)),
        uses=tuple(dict.fromkeys(use for use in uses if made_by[use.artifact] != use.run)),
    )
    return restricted(folded, stands_for.values(), version_of.values())


def _representatives(lineage: Lineage) -> dict[str, str]:
    """Return for each run the run that stands for it; itself where folding it would turn time around."""
    made: dict[str | None, set[tuple[str, str, str]]] = defaultdict(set)
    made_by = {artifact.id: artifact.run for artifact in lineage.artifacts}
    for artifact in lineage.artifacts:
        made[artifact.run].add(series_of(artifact))
    readers: dict[str | None, set[str]] = defaultdict(set)
    for edge in lineage.edges:
        readers[edge.writer].add(edge.reader)
    for use in lineage.uses:
        readers[made_by[use.artifact]].add(use.run)
    sequence = {run.id: run.sequence for run in lineage.runs}
    stands_for: dict[str, str] = {}
    kept: dict[str, list[str]] = defaultdict(list)
    for run in reversed(lineage.runs):  # readers come later, so theirs is decided when it is needed
        after = [stands_for[reader] for reader in readers[run.id] if reader in stands_for]
        stands_for[run.id] = next(
            (
                later
                for later in kept[cell_of(run)]
                if made[run.id] <= made[later]
                and all(reader == later or sequence[reader] > sequence[later] for reader in after)
            ),
            run.id,
        )
        if stands_for[run.id] == run.id:
            kept[cell_of(run)].append(run.id)
    return stands_for


def find(lineage: Lineage, name: str) -> Artifact | CellRun:
    """Return what a person means by `name`: an artifact first, then a step; the latest version of it.

    ``artifact:`` and ``step:`` before the name force one or the other; an id is always understood. UsageError if
    several are meant equally (they are listed) or none (the nearest are named).

    >>> from swarmprov_nb.testing import example_lineage
    >>> find(example_lineage(), "clean").kind
    'dataset'
    >>> find(example_lineage(), "step:clean").execution_count
    4
    """
    prefix, colon, rest = name.partition(":")
    forced = prefix if colon and prefix in ("artifact", "step") else None
    wanted = rest if forced else name
    if forced != "step" and (artifacts := _artifacts_called(lineage, wanted)):
        return _only(artifacts, wanted)
    if forced != "artifact" and (runs := _runs_called(lineage, wanted)):
        return _only(runs, wanted)
    raise _unknown(lineage, wanted, forced)


def _artifacts_called(lineage: Lineage, name: str) -> list[Artifact]:
    latest: dict[tuple[str, str, str], Artifact] = {}
    for artifact in lineage.artifacts:
        if artifact.id == name:
            return [artifact]
        if name in (artifact.name, artifact.title, artifact.path):
            series = series_of(artifact)
            latest[series] = newer(latest[series], artifact) if series in latest else artifact
    return list(latest.values())


def _runs_called(lineage: Lineage, name: str) -> list[CellRun]:
    latest: dict[str, CellRun] = {}
    for run in lineage.runs:
        if run.id == name:
            return [run]
        if name == run.step:
            latest[cell_of(run)] = run
    return list(latest.values())


def _only(candidates: list[_Item], name: str) -> _Item:
    if len(candidates) == 1:
        return candidates[0]
    listed = ", ".join(_described(candidate) for candidate in candidates)
    raise UsageError(f"{name!r} can mean {listed}.", f"Say which one by its id, for example {candidates[-1].id!r}.")


def _described(item: Artifact | CellRun) -> str:
    if isinstance(item, Artifact):
        return f"the {item.kind} {item.path or item.name} ({item.id})"
    count = "" if item.execution_count is None else f" [{item.execution_count}]"
    return f"the step {item.step}{count} ({item.id})"


def _unknown(lineage: Lineage, name: str, forced: str | None) -> UsageError:
    artifacts = [] if forced == "step" else [artifact.name for artifact in lineage.artifacts]
    runs = [] if forced == "artifact" else [run for run in lineage.runs if not only_asks(run.source)]
    steps = [run.step for run in runs if run.step]
    known = list(dict.fromkeys([*artifacts, *steps]))
    what = f"Nothing recorded is called {name!r}."
    if not known:
        return UsageError(what, "Nothing has been recorded yet: run a cell, then ask again.")
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    latest = list(dict.fromkeys(artifacts or steps))[-3:]
    return UsageError(what, f"Nearest: {', '.join(near)}." if near else f"There is, for example: {', '.join(latest)}.")


def relations(lineage: Lineage) -> Iterator[tuple[str, str, str, Edge | Use | None]]:
    """Yield every relation as (earlier id, later id, PROV relation, what states it), along the flow of data."""
    for artifact in lineage.artifacts:
        if artifact.run is not None:
            yield artifact.run, artifact.id, "wasGeneratedBy", None
    for use in lineage.uses:
        yield use.artifact, use.run, "used", use
    for edge in lineage.edges:
        yield edge.writer, edge.reader, "wasInformedBy", edge


def to_networkx(lineage: Lineage) -> Any:
    """Return a ``networkx.DiGraph`` whose edges follow the data, so that ``networkx.ancestors`` is where it came from.

    Nodes carry ``kind`` ("cell run", or the artifact's kind), ``title`` and what else is known; edges ``relation``
    (``used``, ``wasGeneratedBy``, ``wasInformedBy``), ``name``, ``kind`` and ``confidence``. Where several names flow
    between two runs, the edge lists them, with the highest confidence. Values are text
    and numbers, which GraphML takes.

    >>> from swarmprov_nb.testing import example_lineage
    >>> graph = to_networkx(example_lineage())
    >>> sorted({data["relation"] for _, _, data in graph.edges(data=True)})
    ['used', 'wasGeneratedBy', 'wasInformedBy']
    """
    import networkx as nx

    graph = nx.DiGraph(session=lineage.session.id, notebook=lineage.session.notebook or "")
    for run in lineage.runs:
        graph.add_node(run.id, **_stated(_run_attributes(run)))
    names = {artifact.id: artifact.name for artifact in lineage.artifacts}
    for artifact in lineage.artifacts:
        graph.add_node(artifact.id, **_stated(_artifact_attributes(artifact)))
    for earlier, later, relation, source in relations(lineage):
        name = source.name if isinstance(source, Edge) else names.get(earlier, names.get(later, ""))
        kind = source.kind if isinstance(source, Edge) else "artifact"
        known = graph.edges[earlier, later] if graph.has_edge(earlier, later) else None
        confidence = source.confidence if source is not None else "exact"
        if known is not None:
            name, kind = _listed(known["name"], name), _listed(known["kind"], kind)
            confidence = max(known["confidence"], confidence, key=CERTAINTY.__getitem__)
        graph.add_edge(earlier, later, relation=relation, name=name, kind=kind, confidence=confidence)
    return graph


def _listed(known: str, more: str) -> str:
    return known if more in known.split(", ") else f"{known}, {more}"


def _stated(attributes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if value not in (None, "")}


def _run_attributes(run: CellRun) -> dict[str, Any]:
    return {
        "kind": "cell run",
        "title": run.step or run.id,
        "sequence": run.sequence,
        "execution_count": run.execution_count,
        "cell_id": run.cell_id,
        "status": run.status,
        "started": run.started,
        "seconds": run.ended - run.started,
        "source_sha256": run.source_sha256,
        "note": run.note,
        "error": run.error,
        "gap": run.gap,
    }


def _artifact_attributes(artifact: Artifact) -> dict[str, Any]:
    return {
        "kind": artifact.kind,
        "title": artifact.title,
        "name": artifact.name,
        "version": artifact.version,
        "shape": f" {TIMES} ".join(map(str, artifact.shape)) if artifact.shape else None,
        "summary": artifact.summary,
        "path": artifact.path,
        "origin": artifact.origin,
        "license": artifact.declaration.license,
        "sha256": artifact.stored.sha256 if artifact.stored else None,
        "size": artifact.stored.size if artifact.stored else None,
        "note": artifact.note,
    }


def rows(lineage: Lineage) -> list[dict[str, Any]]:
    """Return the lineage as rows for a table: each cell run, followed by what it made; inputs first.

    >>> from swarmprov_nb.testing import example_lineage
    >>> [(row["kind"], row["name"], row["from"]) for row in rows(example_lineage())][2:4]
    [('cell run', 'clean', 'read'), ('dataset', 'clean', 'clean')]
    """
    titles = {run.id: run.step or run.id for run in lineage.runs}
    titles |= {artifact.id: artifact.title for artifact in lineage.artifacts}
    sources: dict[str, list[str]] = defaultdict(list)
    for earlier, later, _, _ in relations(lineage):
        sources[later].append(titles[earlier])
    made: dict[str | None, list[Artifact]] = defaultdict(list)
    for artifact in lineage.artifacts:
        made[artifact.run].append(artifact)
    items: list[Artifact | CellRun] = [*made[None]]
    for run in lineage.runs:
        items += [run, *made[run.id]]
    return [{**_row(item), "from": ", ".join(dict.fromkeys(sources[item.id])), "id": item.id} for item in items]


def _row(item: Artifact | CellRun) -> dict[str, Any]:
    made = isinstance(item, Artifact)
    attributes = _artifact_attributes(item) if isinstance(item, Artifact) else _run_attributes(item)
    state = attributes.get("summary") if made else attributes["error"] or attributes["gap"] or attributes["note"]
    return {
        "kind": attributes["kind"],
        "name": attributes["title"],
        "version": attributes.get("version"),
        "execution_count": attributes.get("execution_count"),
        "status": attributes.get("status"),
        "seconds": attributes.get("seconds"),
        "shape": attributes.get("shape"),
        "size": attributes.get("size"),
        "license": attributes.get("license"),
        "detail": state or attributes["note"],
    }
