"""HTML in which a stranger's text stays text: escaped, isolated in its direction, cut where it is long.

Marks that turn the direction of text go, as in the picture: with them a name could read as another.
Every string from a manifest goes through `say`, `prose` or `link`; only what these functions return is `Html`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final, NewType
from urllib.parse import quote

Html = NewType("Html", str)

NOTHING: Final = Html("")
SHORT: Final = 120
LONG: Final = 2_000
_BARE: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_DIRECTIONS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VOID: Final = frozenset({"img", "meta"})


def element(tag: str, *children: Html, **attributes: str) -> Html:
    """Return an element; an underscore ends names that Python reserves, one inside stands for a hyphen.

    >>> element("a", words("Open"), href="./a&b", class_="x")
    '<a href="./a&amp;b" class="x">Open</a>'
    """
    named = ((name.rstrip("_").replace("_", "-"), _escaped(value)) for name, value in attributes.items())
    opened = "".join((f"<{tag}", *(f' {name}="{value}"' for name, value in named), ">"))
    return Html(opened if tag in _VOID else f"{opened}{''.join(children)}</{tag}>")


def join(*parts: Html, by: str = "") -> Html:
    """Return the parts that are not empty, one after another, with `by` (plain text) between them."""
    return Html(_escaped(by).join(part for part in parts if part))


def words(text: str) -> Html:
    """Return our own words, escaped."""
    return Html(_escaped(text))


def say(text: str, *, limit: int = SHORT) -> Html:
    r"""Return a stranger's text on one line: isolated, and cut at `limit` with the whole of it as title.

    >>> say('<b>"\u202egnp.exe')
    '<bdi>&lt;b&gt;&quot;gnp.exe</bdi>'
    >>> say("abcdef", limit=3)
    '<bdi title="abcdef">abc…</bdi>'
    """
    if len(text) <= limit:
        return element("bdi", words(text))
    return element("bdi", words(text[:limit].rstrip() + "…"), title=text)


def prose(text: str, *, limit: int = 400) -> Html:
    """Return a stranger's text of any length: its line ends stay, and what is over `limit` is folded away."""
    if len(text) <= limit:
        return element("bdi", words(text), class_="prose")
    return fold(join(words("in full: "), say(text, limit=SHORT)), element("bdi", words(text), class_="prose"))


def plain(text: str, *, limit: int = SHORT) -> Html:
    """Return a stranger's text for places that take no elements, on one line and cut at `limit`."""
    bare = " ".join(text[: 4 * limit].split())
    return words(bare if len(bare) <= limit else bare[:limit].rstrip() + "…")


def link(path: str) -> Html:
    """Return a link to a file of the same publication, whatever its path looks like.

    >>> link("javascript:alert(1)")
    '<a href="./javascript%3Aalert%281%29"><bdi>javascript:alert(1)</bdi></a>'
    """
    return element("a", say(path), href=f"./{quote(path, safe='/')}")


def code(text: str) -> Html:
    """Return a digest, key or command in a fixed-width font, whole: the page breaks it where it must."""
    return element("code", words(text))


def fold(summary: Html, *body: Html) -> Html:
    """Return what is shown only when asked for."""
    return element("details", element("summary", summary), *body)


def table(head: Iterable[str], rows: Iterable[Iterable[Html]]) -> Html:
    """Return a table with a line of headings."""
    top = element("tr", *(element("th", words(text), scope="col") for text in head))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    made = element("table", element("thead", top), element("tbody", *body))
    return element("div", made, class_="wide")


def facts(pairs: Iterable[tuple[str, Html]]) -> Html:
    """Return a list of names and what is said of each; pairs without a word are left out."""
    said = [element("div", element("dt", words(name)), element("dd", body)) for name, body in pairs if body]
    return element("dl", *said) if said else NOTHING


def _escaped(text: str) -> str:
    visible = _DIRECTIONS.sub("", text.replace("\r\n", "\n"))
    return escape(_BARE.sub("\N{REPLACEMENT CHARACTER}", visible))
