"""Show: the lineage of a notebook as picture, text, table, graph or JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swarmprov_nb.errors import RecordError
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import CellRun, Edge, Lineage, Record
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.notebooks import Notebook

if TYPE_CHECKING:
    from swarmprov_nb.view import Picture

SHAPES = 25
EVERYTHING = 500
ON_A_PAGE = 150


def lineage(notebook: str | Path, *, home: Home | None = None) -> Lineage:
    """Return what was recorded in the newest session of a notebook.

    >>> import swarmprov
    >>> swarmprov.lineage("study.ipynb").runs  # doctest: +SKIP

    The newest session of this home that made something counts, else of any, else the newest. One that was recorded
    under another name, or where no front end named the notebook, is found by its cells: a notebook may be renamed or
    copied. Raises RecordError where nothing is recorded, UsageError where the file is no notebook.
    """
    path = Path(notebook).absolute()
    document = Notebook.read(path)
    with Record(path.parent, key=(home or Home.of_user()).secret(RECORD_KEY), create=False) as record:
        known = record.sessions()[::-1]
        own = [found for s in known if s.notebook == path.name and (found := record.lineage(s.id)).runs]
        others = (record.lineage(s.id) for s in known if s.notebook != path.name)
        candidates = own or [found for found in others if found.runs and _is_of(found, document)]
    if not candidates:
        raise RecordError(
            f"{path.name} has not been recorded yet.",
            f"Run it with %load_ext swarmprov in its first cell, or by: swarmprov run {path.name}",
        )
    own_work = (found for found in candidates if found.artifacts and found.session.trusted)
    return next(own_work, next((found for found in candidates if found.artifacts), candidates[0]))


def picture(found: Lineage, *, title: str, focus: str | None = None, everything: bool = False,
            limit: int = SHAPES) -> Picture:  # fmt: skip
    """Return the picture of a lineage: all of it folded to `limit` shapes, or where one artifact or step came from."""
    from swarmprov_nb.view import Picture

    if everything:
        return Picture(found, title=title, focus=focus, limit=EVERYTHING, every_run=True)
    return Picture(found, title=title, focus=focus, limit=limit)


def write_html(found: Lineage, file: Path, *, title: str, focus: str | None = None, everything: bool = False) -> None:
    """Write the lineage as one interactive page; see `view.standalone` for what it is and what it raises."""
    from swarmprov_nb.own_files import note_own
    from swarmprov_nb.view import Picture
    from swarmprov_nb.view.standalone import standalone_page, write_page

    drawn = Picture(found, title=title, focus=focus, limit=EVERYTHING if everything else ON_A_PAGE,
                    every_run=everything)  # fmt: skip
    write_page(standalone_page(drawn), file)
    note_own(file)


def to_json(found: Lineage, notebook: Notebook) -> dict[str, Any]:
    """Return the document that ``swarmprov show --json`` prints; ``docs/formats.md`` describes it."""
    cells = _cells_of(found.runs, notebook)
    return {
        "format": "swarmprov-show/1",
        "notebook": notebook.path.name,
        "session": found.session.id,
        "trusted": found.session.trusted,
        "runs": [_run(run, cells[run.id]) for run in found.runs],
        "edges": [_edge(edge) for edge in found.edges],
        "artifacts": [asdict(artifact) for artifact in found.artifacts],
        "uses": [asdict(use) for use in found.uses],
    }


def _run(run: CellRun, cell: int | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "sequence": run.sequence,
        "cell": cell,
        "cell_id": run.cell_id,
        "execution_count": run.execution_count,
        "step": run.step,
        "status": run.status,
        "error": run.error,
        "gap": run.gap,
        "started": run.started,
        "ended": run.ended,
        "source_sha256": run.source_sha256,
        "bound": list(run.bound),
        "mutated": list(run.mutated),
        "note": run.note,
    }


def _edge(edge: Edge) -> dict[str, str]:
    return {"from": edge.writer, "to": edge.reader, "name": edge.name, "kind": edge.kind, "confidence": edge.confidence}


def _cells_of(runs: tuple[CellRun, ...], notebook: Notebook) -> dict[str, int | None]:
    """Find each run's cell: by id, else by source, equal sources in the order of the file."""
    by_id = {cell.id: cell.code_index for cell in notebook.code if cell.id}
    found: dict[str, int | None] = {}
    last = -1
    for run in runs:
        if run.cell_id in by_id:
            found[run.id] = by_id[run.cell_id]
        else:
            same = [cell.code_index or 0 for cell in notebook.code if cell.source == run.source]
            found[run.id] = next((index for index in same if index > last), same[0] if same else None)
        last = found[run.id] if found[run.id] is not None else last  # type: ignore[assignment]
    return found


def _is_of(found: Lineage, notebook: Notebook) -> bool:
    """Tell whether more than half of the runs, or of the cells that do more than ask, are the other's too."""
    ran = [run.source_sha256 for run in found.runs if not only_asks(run.source)]
    cells = {cell.source_sha256 for cell in notebook.code if not only_asks(cell.source)}
    return sum(run in cells for run in ran) * 2 > len(ran) or len(cells & set(ran)) * 2 > len(cells)
