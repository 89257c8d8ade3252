"""A layout as static SVG: presentation attributes only; no style sheet, no script, no id, nothing from elsewhere.

So it shows the same in ``<img>``, on a page with a strict content security policy, in a PDF and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Final

from swarmprov_nb.view.drawing import ARTIFACTS, RUN, STEPS, Drawing, Line
from swarmprov_nb.view.labels import cut, is_simple, width
from swarmprov_nb.view.layout import PADDING, SMALL, TITLE, Box, Layout, Route, text_inset
from swarmprov_nb.view.palette import INK, KIND_INKS, LINE, MARK_ICONS, PANEL, PANEL_EDGE, QUIET, icon_of, ink_of
from swarmprov_nb.view.routes import Point

FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
HEADER: Final = 42.0  # above the graph: the title
NARROWEST: Final = 460.0
_MARGIN, _LEGEND_LINE, _LEGEND_GAP = 16.0, 20.0, 16.0
_CORNER, _ARROW = 7.0, 5.5
_DASHES: Final = "4 3"
_STACK: Final = 3.0


def svg_text(
    drawing: Drawing, layout: Layout, *, title: str, summary: str, words: Mapping[str, str] | None = None
) -> str:
    """Return the picture of a drawing that has been laid out; `summary` is its text for those who cannot see it.

    `words` are for the legend of a drawing whose boxes are something else than cell runs.

    >>> from swarmprov_nb.testing import example_lineage
    >>> from swarmprov_nb.view.layout import laid_out
    >>> from swarmprov_nb.view.sketch import sketched
    >>> drawing = sketched(example_lineage(), example_lineage())
    >>> svg_text(drawing, laid_out(drawing), title="Study", summary="Seven steps.")[:41]
    '<svg xmlns="http://www.w3.org/2000/svg" w'
    """
    wide = max(layout.w, NARROWEST)
    left = (wide - layout.w) / 2 if not layout.routes else 0.0
    legend, legend_high = _legend(drawing, wide, words or {})
    top = HEADER + layout.h + 18
    high = top + legend_high + 12
    body = "".join([*_lines(layout.routes), *map(_box, layout.boxes)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" viewBox="0 0 {wide:g} {high:g}"'
        f' role="img" aria-label="{escape(title)}" direction="ltr" font-family="{FONT}">'
        f"<title>{escape(title)}</title><desc>{escape(summary)}</desc>"
        f'<rect x=".5" y=".5" width="{wide - 1:g}" height="{high - 1:g}" rx="8" fill="{PANEL}" stroke="{PANEL_EDGE}"/>'
        f"{_text(_MARGIN, 25, cut(title, wide - 2 * _MARGIN, 13, bold=True), 13, INK, bold=True)}"
        f'<g transform="translate({left:g} {HEADER:g})">{body}</g>'
        f'<path d="M1 {top - 6:g}H{wide - 1:g}" stroke="{PANEL_EDGE}"/>'
        f'<g transform="translate(0 {top:g})">{legend}</g></svg>'
    )


def path_of(points: Sequence[Point]) -> str:
    """Return the SVG path along the points of a route.

    Points that share x or y are joined straight, and right angles between such are rounded; others are joined by a
    curve with level ends.

    >>> path_of([(0, 0), (10, 0)]), path_of([(0, 0), (10, 8)])
    ('M0 0H10', 'M0 0C5 0 5 8 10 8')
    """
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for index, (start, end) in enumerate(pairwise(points)):
        if start[0] != end[0] and start[1] != end[1]:
            middle = round((start[0] + end[0]) / 2, 1)
            parts.append(f"C{middle:g} {start[1]:g} {middle:g} {end[1]:g} {end[0]:g} {end[1]:g}")
            continue
        following = points[index + 2] if index + 2 < len(points) else None
        parts.append(_straight(start, end, following))
    return "".join(parts)


def _straight(start: Point, end: Point, following: Point | None) -> str:
    level = start[1] == end[1]
    turns = following is not None and (following[0] == end[0] if level else following[1] == end[1]) and following != end
    if not turns:
        return f"H{end[0]:g}" if level else f"V{end[1]:g}"
    assert following is not None
    lengths = (abs(end[0] - start[0] + end[1] - start[1]), abs(following[0] - end[0] + following[1] - end[1]))
    radius = min(_CORNER, *(length / 2 for length in lengths))
    before = _towards(end, start, radius)
    after = _towards(end, following, radius)
    way = f"H{before[0]:g}" if level else f"V{before[1]:g}"
    return f"{way}Q{end[0]:g} {end[1]:g} {after[0]:g} {after[1]:g}"


def _towards(start: Point, end: Point, distance: float) -> Point:
    def step(one: float, other: float) -> float:
        return round(one + (distance if other > one else -distance if other < one else 0), 1)

    return step(start[0], end[0]), step(start[1], end[1])


def _lines(found: Sequence[Route]) -> list[str]:
    """Draw every stretch once, though several lines of one source may share it."""
    drawn: set[tuple[Point, Point, bool]] = set()
    parts: list[str] = []
    for route in found:
        seen = route.line.seen
        stretches = [(start, end, seen) for start, end in pairwise(route.points)]
        fresh = next((index for index, stretch in enumerate(stretches) if stretch not in drawn), len(stretches))
        drawn.update(stretches)
        x, y = route.points[-1]
        points = [*route.points[fresh:-1], (round(x - _ARROW + 1, 1), y)]
        way = path_of(points) if len(points) > 1 else ""
        tip = f"M{x - _ARROW:g} {y - 3:g}L{x:g} {y:g}L{x - _ARROW:g} {y + 3:g}Z"
        dashes = "" if seen else f' stroke-dasharray="{_DASHES}"'
        parts.append(
            f"<g><title>{escape(_line_label(route.line))}</title>"
            f'<path d="{way}" fill="none" stroke="{LINE}" stroke-width="1.3"{dashes}/>'
            f'<path d="{tip}" fill="{LINE}"/></g>'
        )
    return parts


def _line_label(line: Line) -> str:
    names = ", ".join(line.names[:12]) + (f" and {len(line.names) - 12} more" if len(line.names) > 12 else "")  # noqa: PLR2004
    return f"{names} (assumed)" if not line.seen else names


def _box(box: Box) -> str:
    node = box.node
    ink = ink_of(node.kind, node.mark)
    radius = 5.0 if node.is_box else box.h / 2
    shape = f'width="{box.w:g}" height="{box.h:g}" rx="{radius:g}"'
    paint = f'fill="{ink.ground}" stroke="{ink.edge}"'
    parts = [f"<g><title>{escape(node.label)}</title>"]
    if node.is_stack:
        parts.append(f'<rect x="{box.x + _STACK:g}" y="{box.y + _STACK:g}" {shape} {paint}/>')
    thick = ' stroke-width="2.2"' if node.mark == "focus" else ""
    parts.append(f'<rect x="{box.x:g}" y="{box.y:g}" {shape} {paint}{thick}/>')
    if icon := icon_of(node.kind):
        parts.append(_icon(icon, box.x + PADDING + 3, box.y + box.h / 2 - 6, KIND_INKS.get(node.kind, ink).edge))
    if mark := MARK_ICONS.get(node.mark):
        parts.append(_icon(mark, box.x + box.w - PADDING - 11, box.y + 7, ink.edge))
    x = box.x + text_inset(node)
    room = box.w - text_inset(node) - PADDING / 2
    parts.append(_text(x, box.y + 17, box.title, TITLE, INK, bold=True, room=room))
    parts.append(_text(x, box.y + 31, box.subtitle, SMALL, ink.text, room=room))
    if box.extra:
        parts.append(_text(x, box.y + 45, box.extra, SMALL, QUIET, room=room))
    return "".join([*parts, "</g>"])


def _icon(path: str, x: float, y: float, colour: str) -> str:
    return (
        f'<path transform="translate({x:g} {y:g})" d="{path}" fill="none" stroke="{colour}" stroke-width="1.3"'
        ' stroke-linejoin="round" stroke-linecap="round"/>'
    )


def _text(
    x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False, room: float = 0.0, end: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    anchor = ' text-anchor="end"' if end else ""
    look = f'font-size="{size:g}" fill="{colour}"{weight}{anchor}'
    if not room or is_simple(text):
        return f'<text x="{x:g}" y="{y:g}" {look}>{escape(text)}</text>'
    return (  # of other scripts the width is known less surely: a window of its own holds the text in
        f'<svg x="{x:g}" y="{y - size:g}" width="{room:g}" height="{size * 1.4:g}" overflow="hidden">'
        f'<text x="0" y="{size:g}" {look} unicode-bidi="isolate">{escape(text)}</text></svg>'
    )


def _legend(drawing: Drawing, wide: float, words: Mapping[str, str]) -> tuple[str, float]:
    """Return what the shapes mean, as far as the drawing holds them, and how high that is."""
    drawn = {node.kind for node in drawing.nodes} - {RUN, STEPS}
    kinds = [kind for kind in KIND_INKS if kind in drawn]
    entries = [(_icon(icon_of(kind), 0, -9.5, KIND_INKS[kind].edge), 17.0, kind) for kind in kinds]
    if any(node.is_box for node in drawing.nodes):
        ink = KIND_INKS[RUN]
        box = f'<rect x="0" y="-9.5" width="16" height="12" rx="3" fill="{ink.ground}" stroke="{ink.edge}"/>'
        entries.insert(0, (box, 21.0, "cell run"))
    for mark, word in (("failed", "stopped"), ("gap", "not seen")):
        if any(node.mark == mark for node in drawing.nodes):
            entries.append((_icon(MARK_ICONS[mark], 0, -9.5, ink_of("", mark).edge), 17.0, word))
    for seen, word in ((True, "seen"), (False, "assumed")):
        if any(line.seen == seen for line in drawing.lines):
            dashes = "" if seen else f' stroke-dasharray="{_DASHES}"'
            stroke = f'<path d="M0 -3.5H19" stroke="{LINE}" stroke-width="1.5"{dashes}/>'
            entries.append((stroke, 24.0, word))
    count = f"{drawing.shown:,} of {drawing.total:,} shown"
    entries = [(mark, inset, words.get(word, word)) for mark, inset, word in entries]
    return _flow(entries, count, wide)


def _flow(entries: Sequence[tuple[str, float, str]], count: str, wide: float) -> tuple[str, float]:
    end = wide - _MARGIN
    x, y = _MARGIN, 14.0
    parts = [_text(end, y, count, SMALL, QUIET, end=True)]
    room = end - width(count, SMALL) - _LEGEND_GAP
    for mark, inset, word in entries:
        step = inset + width(word, SMALL)
        if x + step > room:
            x, y = _MARGIN, y + _LEGEND_LINE
        word_text = _text(inset, 0, "artifacts" if word == ARTIFACTS else word, SMALL, QUIET)
        parts.append(f'<g transform="translate({x:g} {y:g})">{mark}{word_text}</g>')
        x += step + _LEGEND_GAP
    return "".join(parts), y
