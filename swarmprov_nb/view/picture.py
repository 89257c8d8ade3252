"""The picture of a lineage: inline in a notebook, as SVG, text, table, JSON or graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from swarmprov_nb.lineage.graph import ancestors_of, contributing, find, restricted, rows, to_networkx
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.lineage.vocabulary import Lineage
from swarmprov_nb.view.document import MEDIA_TYPE, document
from swarmprov_nb.view.drawing import Drawing
from swarmprov_nb.view.facts import facts_of
from swarmprov_nb.view.fold import folded
from swarmprov_nb.view.image import image_tag
from swarmprov_nb.view.labels import clean
from swarmprov_nb.view.layout import Layout, laid_out
from swarmprov_nb.view.sketch import sketched
from swarmprov_nb.view.summary import summary_of
from swarmprov_nb.view.svg import svg_text
from swarmprov_nb.view.text_tree import text_tree
from swarmprov_nb.view.unfolding import unfolding

TITLE_LIMIT: Final = 200
WHOLE: Final = ("version", "execution_count", "size")  # whole numbers, and nothing where there is none


class Picture:
    """The lineage of a notebook as people see it: at most `limit` shapes, the rest folded and counted.

    Without `focus` it shows the latest runs that contribute to the latest version of each artifact; with `focus`, a
    name as `find` takes it, where that came from; with `every_run`, earlier and unconnected runs too. Raises UsageError
    where `focus` is unknown or ambiguous.

    >>> from swarmprov_nb.testing import example_lineage
    >>> picture = Picture(example_lineage(), title="quickstart.ipynb", focus="summary.csv")
    >>> print(picture.text)  # doctest: +ELLIPSIS
    quickstart.ipynb · 4 of 14 shown
    summary.csv  (file, 1.2 kB · CSV)
    └─ [5] describe  0.03 s
       └─ [2] read  0.03 s
          └─ penguins_raw.csv  (dataset, ... · CSV · CC0-1.0)
    """

    def __init__(
        self, lineage: Lineage, *, title: str, focus: str | None = None, limit: int = 25, every_run: bool = False
    ) -> None:
        item = None if focus is None else find(lineage, focus)
        latest = _at_work(lineage) if every_run else contributing(lineage)
        self.lineage = latest if item is None else ancestors_of(lineage, item)
        self.title = clean(title, limit=TITLE_LIMIT)
        self._focus = None if item is None else item.id
        self._whole = lineage
        self._full: Drawing = sketched(self.lineage, lineage, focus=self._focus, every_run=every_run)
        self._drawing: Drawing = folded(self._full, limit)

    def __repr__(self) -> str:
        return f"<Picture {self.title!r}: {self._drawing.shown} of {self._drawing.total} shown>"

    @cached_property
    def svg(self) -> str:
        """The picture as static SVG, at most 880 pixels wide: no style sheet, script or reference to elsewhere."""
        return svg_text(self._drawing, self._layout, title=self._heading, summary=self.summary)

    @cached_property
    def text(self) -> str:
        """The picture as a tree of text."""
        return text_tree(self._drawing, title=self.title, backwards=self._focus is not None)

    @cached_property
    def summary(self) -> str:
        """The picture in a few sentences, for those who cannot see it."""
        return summary_of(self._drawing, title=self._heading)

    @cached_property
    def _heading(self) -> str:
        return self.title or "Lineage"

    @cached_property
    def _layout(self) -> Layout:
        return laid_out(self._drawing)

    def to_json(self) -> dict[str, Any]:
        """Return the document `document.document` describes, as a front end's own renderer takes it."""
        hidden = unfolding(self._whole, self._full, self._drawing, focus=self._focus)
        runs = {run.id: facts_of(run) for run in self._whole.runs}
        facts = runs | {artifact.id: facts_of(artifact) for artifact in self._whole.artifacts}
        return document(self._drawing, self._layout, hidden, facts, title=self._heading, summary=self.summary)

    def table(self) -> Any:
        """Return a ``pandas.DataFrame`` with a row for each cell run and artifact of the view, none folded away."""
        import pandas as pd

        frame = pd.DataFrame(rows(self.lineage))
        return frame.astype(dict.fromkeys(frame.columns.intersection(WHOLE), "Int64"))

    def to_networkx(self) -> Any:
        """Return the view as a ``networkx.DiGraph``, none folded away; see `lineage.graph.to_networkx`."""
        return to_networkx(self.lineage)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Callable[[], Any]] = {
            MEDIA_TYPE: self.to_json,
            "text/html": lambda: image_tag(self.svg, alt=self.summary),
            "text/plain": lambda: self.text,
        }
        wanted = [kind for kind in bundle if (not include or kind in include) and kind not in (exclude or ())]
        return {kind: bundle[kind]() for kind in wanted}


def _at_work(lineage: Lineage) -> Lineage:
    """Leave out the runs that only ask what there is, as the question itself does."""
    runs = [run.id for run in lineage.runs if not only_asks(run.source)]
    return restricted(lineage, runs, [artifact.id for artifact in lineage.artifacts])


def svg_of(lineage: Lineage, *, title: str, limit: int = 150) -> str:
    """Return the picture of all of a lineage, for a page; runs of one cell are not folded into one.

    >>> from swarmprov_nb.testing import example_lineage
    >>> "<title>quickstart.ipynb</title>" in svg_of(example_lineage(), title="quickstart.ipynb")
    True
    """
    drawing = folded(sketched(lineage, lineage), limit)
    heading = clean(title, limit=TITLE_LIMIT) or "Lineage"
    return svg_text(drawing, laid_out(drawing), title=heading, summary=summary_of(drawing, title=heading))
