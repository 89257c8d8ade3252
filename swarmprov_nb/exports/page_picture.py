"""The page's picture of the lineage: on screen in full width, on paper folded until it is legible on one sheet."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.exports.html import Html, element, plain, words
from swarmprov_nb.exports.steady_text import steady
from swarmprov_nb.lineage import Lineage
from swarmprov_nb.manifest.reading import to_lineage
from swarmprov_nb.view.captions import plural

SHAPES: Final = 100
FEWER: Final = (64, 48, 40, 34, 28, 24, 20, 16, 12)
SHEET: Final = 1.2  # the height of what a sheet of A4 or US Letter takes, in widths
_SIZE: Final = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')


def one_picture(statement: Mapping[str, Any]) -> Html:
    """Return the section with one picture for screen and paper, as version 1 of the page has it."""
    lineage, title = _lineage(statement)
    return _section(_image(_svg(lineage, title, SHAPES), alt=_alt(statement)))


def pictures(statement: Mapping[str, Any]) -> Html:
    """Return the section with the picture for the screen and, where that is longer than a sheet, one for paper."""
    lineage, title = _lineage(statement)
    alt = _alt(statement)
    screen = _svg(lineage, title, SHAPES)
    if _length(screen) <= SHEET:
        return _section(_image(screen, alt=alt), scrolls=True)
    likely = 1.5 * SHAPES * SHEET / _length(screen)
    tries = (_svg(lineage, title, limit) for limit in FEWER if limit <= likely)
    paper = next((svg for svg in tries if _length(svg) <= SHEET), None) or _svg(lineage, title, FEWER[-1])
    both = (_image(screen, alt=alt, class_="screen"), _image(paper, alt=f"{alt} Folded to one sheet.", class_="paper"))
    return _section(*both, scrolls=True)


def _lineage(statement: Mapping[str, Any]) -> tuple[Lineage, str]:
    drawn = steady(statement)
    return to_lineage(drawn), f"Lineage of {plain(drawn['predicate']['notebook']['subject'])}"


def _svg(lineage: Lineage, title: str, limit: int) -> str:
    from swarmprov_nb.view import svg_of

    return svg_of(lineage, title=title, limit=limit)


def _length(svg: str) -> float:
    """Return how long a picture is, in its widths.

    >>> _length('<svg xmlns="" width="880" height="1320" ')
    1.5
    """
    size = _SIZE.match(svg)
    assert size is not None
    return float(size[2]) / float(size[1])


def _image(svg: str, **attributes: str) -> Html:
    return element("img", src=f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}", **attributes)


def _section(*images: Html, scrolls: bool = False) -> Html:
    """A picture that may be wider than the window can be reached, and then scrolled, by keyboard."""
    reached = {"tabindex": "0", "role": "group", "aria_label": "Picture of the lineage"} if scrolls else {}
    card = element("div", *images, class_="card picture", **reached)
    return element("section", element("h2", words("Lineage")), card, id="lineage")


def _alt(statement: Mapping[str, Any]) -> str:
    runs = plural(len(statement["predicate"]["activities"]), "cell run")
    entities = plural(len(statement["predicate"]["entities"]), "artifact")
    return f"The lineage as a graph: {runs} and {entities}, listed below."
