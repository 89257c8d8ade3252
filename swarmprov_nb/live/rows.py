"""Rows: what the panel beside a notebook shows of each cell run. Names and kinds, never values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from swarmprov_nb.lineage import Artifact, CellRun, Lineage
from swarmprov_nb.manifest.disclosure import shown_name
from swarmprov_nb.view.labels import clean

_LABEL: Final = 80
_MOST: Final = 24  # names in a row
_QUOTED: Final = re.compile(r"""(?P<quote>["'])(?P<text>[^"']{9,})(?P=quote)""")
_FILE: Final = re.compile(r"[\w./ -]+\.\w{1,8}")


def row_of(run: CellRun, part: Lineage, names: dict[str, str], published: Collection[str]) -> dict[str, Any]:
    """Return the row of a run; `names` maps the ids of artifacts seen so far to their names, and learns of new ones.

    `part` holds at least what the run read and made.
    """
    names.update({artifact.id: shown_name(artifact) for artifact in part.artifacts})
    made = [artifact for artifact in part.artifacts if artifact.run == run.id]
    return {
        "id": run.id,
        "sequence": run.sequence,
        "number": run.execution_count,
        "step": clean(run.step if run.named else step_shown(run.step), limit=_LABEL),
        "named": run.named,
        "status": run.status,
        "error": run.error,
        "gap": clean(run.gap, limit=_LABEL) if run.gap else None,
        "reads": [clean(name, limit=_LABEL) for name in list(dict.fromkeys(_reads(run, part, names)))[:_MOST]],
        "makes": [_made(artifact) for artifact in made[:_MOST]],
        "cell_id": run.cell_id,
        "seconds": round(run.ended - run.started, 3),
        "published": run.id in published,
    }


def step_shown(line: str) -> str:
    """Return a line of source without the texts in it, for they may be values; names of files stay.

    >>> step_shown("raw = read_csv('penguins_raw.csv', token='s3cr3t-s3cr3t')")
    "raw = read_csv('penguins_raw.csv', token='…')"
    """

    def kept(found: re.Match[str]) -> str:
        quote = found["quote"]
        return found[0] if _FILE.fullmatch(found["text"]) else f"{quote}…{quote}"

    return _QUOTED.sub(kept, line)


def _reads(run: CellRun, part: Lineage, names: dict[str, str]) -> Iterator[str]:
    """Yield the names that a run read: inputs and artifacts first, then variables."""
    yield from (names[use.artifact] for use in part.uses if use.run == run.id and use.artifact in names)
    flows = (edge for edge in part.edges if edge.reader == run.id and edge.kind in ("var", "file", "db"))
    yield from (edge.name for edge in flows if not edge.name.startswith("/"))


def _made(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": clean(shown_name(artifact), limit=_LABEL),
        "kind": artifact.kind,
        "summary": clean(artifact.summary, limit=_LABEL),
        "artifact_id": artifact.id,
    }
