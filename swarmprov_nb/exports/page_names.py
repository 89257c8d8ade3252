"""What the page calls the things of a manifest: chips for artifacts, numbers for cell runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.exports.html import Html, element, join, say, words
from swarmprov_nb.view.palette import icon_of

HIDDEN: Final = "hidden"


class Names:
    """The names of a statement's artifacts and cell runs, by the manifest's ids."""

    def __init__(self, statement: Mapping[str, Any]) -> None:
        predicate = statement["predicate"]
        self._entities = {entity["id"]: entity for entity in predicate["entities"]}
        self._runs = {activity["id"]: activity for activity in predicate["activities"]}

    def chip(self, entity_id: str, *, assumed: bool = False) -> Html:
        """Return an artifact as a pill that leads to its description; dashed where its use was not seen."""
        entity = self._entities.get(entity_id, {"id": entity_id, "disclosure": HIDDEN})
        kind = kind_of(entity)
        kept = entity["disclosure"] == HIDDEN
        body = join(icon(kind), words(HIDDEN) if kept else say(title_of(entity), limit=48))
        style = f"chip {kind}{' assumed' if assumed else ''}"
        return element("a", body, class_=style, href="#hidden" if kept else f"#{entity['id']}")

    def step(self, run_id: str | None) -> Html:
        """Return a cell run by its number and name, leading to it; empty for None."""
        run = self._runs.get(run_id or "")
        if run is None:
            return words(run_id or "")
        return element("a", words(f"{run['sequence']} "), say(run["step"], limit=48), href=f"#{run['id']}")


def title_of(entity: Mapping[str, Any]) -> str:
    """Return what people read: the declared title, else the name."""
    return str(entity.get("title") or entity["name"])


def kind_of(entity: Mapping[str, Any]) -> str:
    """Return an artifact's kind; what is hidden shows none."""
    return str(entity.get("kind", HIDDEN))


def icon(kind: str) -> Html:
    """Return the icon of a kind, as in the picture; a ring for what is hidden."""
    path = "M6 1.2A4.8 4.8 0 1 1 5.99 1.2Z" if kind == HIDDEN else icon_of(kind)
    drawn = element("path", d=path)
    return element("svg", drawn, class_=f"icon {kind}", viewBox="0 0 12 12", aria_hidden="true")


def when(timestamp: str) -> str:
    """Return a manifest's time to the second.

    >>> when("2026-11-03T12:00:00.123Z")
    '2026-11-03 12:00:00 UTC'
    """
    return f"{timestamp[:10]} {timestamp[11:19]} UTC"
