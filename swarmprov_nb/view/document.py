"""The JSON document of a picture, for renderers that follow the notebook's theme."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.view.drawing import Drawing, Line
from swarmprov_nb.view.layout import SMALL, TITLE, Box, Layout, Route, placed, text_inset
from swarmprov_nb.view.unfolding import UNFOLD_MOST, Hidden, Unfolding

MEDIA_TYPE: Final = "application/vnd.swarmprov.lineage+json"
VERSION: Final = 2

Facts = Mapping[str, Mapping[str, str]]


def document(
    drawing: Drawing, layout: Layout, hidden: Unfolding, facts: Facts, *, title: str, summary: str
) -> dict[str, Any]:
    """Return the document of media type ``application/vnd.swarmprov.lineage+json``; numbers are pixels.

    ``version`` is 2; ``title`` and ``summary`` are text; ``width``, ``height``; ``shown`` of ``total`` things of the
    record have a shape of their own; ``fonts`` are the sizes the text was measured for.

    ``nodes[]``: ``id``; ``kind``: run, dataset, model, figure, file, or steps or artifacts for folded ones; ``mark``:
    failed, gap, focus or empty; ``x``, ``y``, ``w``, ``h``; ``inset``, where its text starts; ``title``, ``subtitle``
    and ``extra``, cut to fit; ``label``, the full text; ``cell_id`` and ``execution_count``, or null; ``folded``, how
    many things it stands for beside itself: ``earlier_runs`` of its cell and ``members``; ``facts``, texts by name, as
    `facts.facts_of` gives them.

    ``edges[]``: ``from``, ``to`` (node ids), ``names``, ``kind``, ``confidence`` (exact, coarse or assumed), and
    ``points``: neighbours that share x or y join straight, with round corners; others by a curve with level ends.

    ``hidden`` is null where nothing is folded, else what is, without places: ``count``; ``nodes[]``, keys as above
    where they are not empty, and ``in``, the number of the node whose unfolding shows it, and ``as``, the number of the
    node where its lines end until then, if another. Nodes are numbered through: those of the picture, then the hidden.
    From ``first_again`` on they are earlier runs and what those made. ``edges[]`` are the flows with no fold at all:
    ``[from, to, names, confidence]``, numbers, without what is exact or named as one of its ends; ``again[]`` likewise
    those that begin or end at an earlier run or at what it made. Where more than `UNFOLD_MOST` things are hidden the
    lists are empty and ``advice`` says how to see them.

    Version 1 had neither ``hidden`` nor ``facts``. All text is plain text of users' making: set it as text, never as
    HTML. The user's home folder reads ``~`` in it.
    """
    found = {
        "version": VERSION,
        "title": title,
        "summary": summary,
        "width": layout.w,
        "height": layout.h,
        "shown": drawing.shown,
        "total": drawing.total,
        "fonts": {"title": TITLE, "small": SMALL},
        "nodes": [_node(box, facts) for box in layout.boxes],
        "edges": [_edge(route) for route in layout.routes],
        "hidden": _hidden(hidden, [box.node.id for box in layout.boxes], facts) if hidden.count else None,
    }
    home = str(Path.home())
    return dict(_without(found, home)) if len(home) > 1 else found


def _without(value: Any, home: str) -> Any:
    """Return the document with the user's home folder, which names the user, as ``~``."""
    if isinstance(value, str):
        return value.replace(home, "~")
    if isinstance(value, dict):
        return {key: _without(part, home) for key, part in value.items()}
    return [_without(part, home) for part in value] if isinstance(value, list) else value


def _node(box: Box, facts: Facts) -> dict[str, Any]:
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
        "facts": dict(facts.get(node.id, {})),
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


def _hidden(found: Unfolding, drawn: list[str], facts: Facts) -> dict[str, Any]:
    number = {id_: index for index, id_ in enumerate([*drawn, *(one.node.id for one in found.hidden)])}
    title = {one.node.id: one.node.title for one in found.hidden}
    told: dict[str, Any] = {
        "count": found.count,
        "first_again": len(drawn) + len(found.hidden) - found.again_count,
        "nodes": [_hidden_node(one, number, facts) for one in found.hidden],
        "edges": [_hidden_edge(line, number, title) for line in found.lines],
        "again": [_hidden_edge(line, number, title) for line in found.again],
    }
    if found.count > UNFOLD_MOST:
        told["advice"] = f"{found.count:,} are folded, too many to unfold here. %provenance --all draws more of them."
    return told


def _hidden_node(hidden: Hidden, number: Mapping[str, int], facts: Facts) -> dict[str, Any]:
    node = _node(placed(hidden.node), facts)
    node["folded"] = {"earlier_runs": node["folded"]["earlier_runs"]} if hidden.node.earlier else None
    for name in ("x", "y", "inset"):
        del node[name]
    if node["label"] == f"{node['title']}, {node['subtitle']}":
        del node["label"]
    stands = {"as": number[hidden.stands]} if hidden.stands != hidden.inside else {}
    return {**{name: value for name, value in node.items() if value}, "in": number[hidden.inside], **stands}


def _hidden_edge(line: Line, number: Mapping[str, int], title: Mapping[str, str]) -> list[Any]:
    ends = {title.get(line.source), title.get(line.target)}
    names = [name for name in line.names if name not in ends]
    confidence = [line.confidence] if line.confidence != "exact" else []
    return [number[line.source], number[line.target], *([names] if names or confidence else []), *confidence]
