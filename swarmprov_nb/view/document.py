"""The JSON document of a picture, for renderers that follow the notebook's theme."""

from __future__ import annotations

from typing import Any, Final

from swarmprov_nb.view.drawing import Drawing
from swarmprov_nb.view.layout import SMALL, TITLE, Box, Layout, Route, text_inset

MEDIA_TYPE: Final = "application/vnd.swarmprov.lineage+json"
VERSION: Final = 1


def document(drawing: Drawing, layout: Layout, *, title: str, summary: str) -> dict[str, Any]:
    """Return the document of media type ``application/vnd.swarmprov.lineage+json``; numbers are pixels.

    ``version`` is 1; ``title`` and ``summary`` are text; ``width``, ``height``; ``shown`` of ``total`` things of the
    record have a shape of their own; ``fonts`` are the sizes the text was measured for.

    ``nodes[]``: ``id``; ``kind``: run, dataset, model, figure, file, or steps or artifacts for folded ones; ``mark``:
    failed, gap, focus or empty; ``x``, ``y``, ``w``, ``h``; ``inset``, where its text starts; ``title``, ``subtitle``
    and ``extra``, cut to fit; ``label``, the full text; ``cell_id`` and ``execution_count``, or null; ``folded``, how
    many things it stands for beside itself: ``earlier_runs`` of its cell and ``members``.

    ``edges[]``: ``from``, ``to`` (node ids), ``names``, ``kind``, ``confidence`` (exact, coarse or assumed), and
    ``points``: neighbours that share x or y join straight, with round corners; others by a curve with level ends.

    All text is plain text of users' making: set it as text, never as HTML.
    """
    return {
        "version": VERSION,
        "title": title,
        "summary": summary,
        "width": layout.w,
        "height": layout.h,
        "shown": drawing.shown,
        "total": drawing.total,
        "fonts": {"title": TITLE, "small": SMALL},
        "nodes": [_node(box) for box in layout.boxes],
        "edges": [_edge(route) for route in layout.routes],
    }


def _node(box: Box) -> dict[str, Any]:
    node = box.node
    return {
        "id": node.id,
        "kind": node.kind,
        "mark": node.mark,
        "x": box.x,
        "y": box.y,
        "w": box.w,
        "h": box.h,
        "inset": text_inset(node),
        "title": box.title,
        "subtitle": box.subtitle,
        "extra": box.extra,
        "label": node.label,
        "cell_id": node.cell_id,
        "execution_count": node.execution_count,
        "folded": {"earlier_runs": node.earlier, "members": len(node.members)},
    }


def _edge(route: Route) -> dict[str, Any]:
    line = route.line
    return {
        "from": line.source,
        "to": line.target,
        "names": list(line.names),
        "kind": line.kind,
        "confidence": line.confidence,
        "points": [list(point) for point in route.points],
    }
