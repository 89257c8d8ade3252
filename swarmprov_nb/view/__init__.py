"""Seeing a lineage: an own layered layout, drawn as static SVG, as text, and as JSON for live renderers.

`Picture` is what ``%provenance`` shows; `svg_of` draws the published page's picture. In the order of the work: `sketch`
(what is drawn), `fold` (what is folded away), `layout` with `columns`, `heights`, `bands` and `routes` (where it
stands), `svg`, `text_tree` and `document` (how it is told).
"""

from __future__ import annotations

from swarmprov_nb.view.picture import Picture, svg_of

__all__ = ["Picture", "svg_of"]
