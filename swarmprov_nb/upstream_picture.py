"""The line across people as a picture: a box for each publication, a pill for each file that was taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.artifacts.files import kind_of
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Lineage
from swarmprov_nb.upstream import Ancestor, line_to_json, upstream, whole_line
from swarmprov_nb.upstream_text import upstream_lines
from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.drawing import RUN, Drawing, Line, Node
from swarmprov_nb.view.image import image_tag
from swarmprov_nb.view.labels import clean
from swarmprov_nb.view.layout import laid_out
from swarmprov_nb.view.svg import svg_text

_HERE: Final = "here"
_DRAWN: Final = 40  # publications; the text has all
_WORDS: Final = {"cell run": "publication", "stopped": "revoked or wrong", "not seen": "not in your store"}


class Upstream:
    """The line above one piece of work: as text, as a picture, as JSON.

    >>> print(Upstream("study.ipynb", ()).text)
    study.ipynb builds on nobody else's publication: nothing was opened by swarmprov.open.
    """

    def __init__(self, title: str, line: Sequence[Ancestor]) -> None:
        self.title = clean(title)
        self.line = tuple(line)

    @classmethod
    def of(cls, found: Lineage, *, title: str, home: Home, chains: Sequence[str] = ()) -> Upstream:
        """Look up what a recorded notebook builds on, in the user's own store."""
        return cls(title, upstream(found.artifacts, home=home, chains=chains))

    @property
    def text(self) -> str:
        """The line as a tree of text."""
        if not self.line:
            return f"{self.title} builds on nobody else's publication: nothing was opened by swarmprov.open."
        return "\n".join([self.title, *upstream_lines(self.line)])

    @property
    def summary(self) -> str:
        """The line in a few sentences, for those who cannot see the picture."""
        known = whole_line(self.line)
        marked = [f"{one.notebook or 'A publication'} by {one.signer}: {'; '.join(one.marks)}."
                  for one in known if one.marks]  # fmt: skip
        return " ".join([f"{self.title} builds on {plural(len(known), 'publication')}.", *marked])

    @cached_property
    def svg(self) -> str:
        """The line as static SVG: the oldest work on the left."""
        drawing = _drawing(self.title, self.line)
        return svg_text(drawing, laid_out(drawing), title=f"What {self.title} builds on", summary=self.summary,
                        words=_WORDS)  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON values; ``docs/formats.md`` describes them."""
        return {"format": "swarmprov-upstream/1", "title": self.title, **line_to_json(self.line)}

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        shown = {"text/html": image_tag(self.svg, alt=self.summary)} if self.line else {}
        return {"text/plain": self.text, **shown}


def _drawing(title: str, line: Sequence[Ancestor]) -> Drawing:
    nodes = {_HERE: Node(_HERE, RUN, title, ("this work",), label=title, mark="focus")}
    lines: list[Line] = []
    pending = [(_HERE, one) for one in line]
    for below, one in pending:  # grows while it is read: nearest first
        if one.manifest not in nodes:
            if len(nodes) > _DRAWN:
                continue
            nodes[one.manifest] = _publication(one)
            pending += [(one.manifest, parent) for parent in one.parents]
        for each in one.taken:
            pill = f"{one.manifest}/{each.subject}"
            if pill not in nodes:
                nodes[pill] = _file(pill, each.subject)
                lines.append(Line(one.manifest, pill, (each.subject,), "file", "exact"))
            lines.append(Line(pill, below, (each.subject,), "file", "exact"))
    total = 1 + len(whole_line(line)) + sum(node.kind != RUN for node in nodes.values())
    return Drawing(tuple(reversed(nodes.values())), tuple(dict.fromkeys(lines)), total)


def _publication(one: Ancestor) -> Node:
    title = clean(one.notebook) if one.notebook else "a publication"
    marks = [clean(mark) for mark in one.marks]
    mark = "failed" if one.revoked or one.faults else "gap" if one.ends else ""
    level = f"level {one.level}" if one.level else "not in your store"
    said = "revoked" if one.revoked else "wrong" if one.faults else "superseded" if one.superseded else ""
    return Node(one.manifest, RUN, title, (clean(one.signer), said or level),
                label=", ".join([title, clean(one.signer), level, *marks]), mark=mark)  # fmt: skip


def _file(pill: str, subject: str) -> Node:
    name = clean(subject)
    kind = kind_of(Path(subject))
    return Node(pill, kind, name.rpartition("/")[2], (kind,), label=name)
