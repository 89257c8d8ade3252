"""``index.html``: the readable page of a publication, drawn from the manifest and from nothing else.

Static HTML without script; its content security policy lets nothing load but its own picture. Whatever comes from the
manifest is text: it makes no element, no attribute and no address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from swarmprov_nb.exports.exporter import Exporter
from swarmprov_nb.exports.html import Html, code, element, join, plain, say, words
from swarmprov_nb.exports.page_artifacts import artifacts, counts, environment
from swarmprov_nb.exports.page_names import Names, when
from swarmprov_nb.exports.page_picture import pictures
from swarmprov_nb.exports.page_print import PRINT
from swarmprov_nb.exports.page_steps import steps
from swarmprov_nb.exports.page_style import SCREEN
from swarmprov_nb.exports.page_trust import ANSWER, checking, signer, unstated
from swarmprov_nb.view.captions import plural

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class Edition:
    """What a version of the page has of its own; all else is common to every version."""

    version: str
    style: str
    picture: Callable[[Mapping[str, Any]], Html]
    answer: Html
    remarks: str


NOW: Final = Edition("2", SCREEN + PRINT, pictures, ANSWER, remarks="remark")


def drawn(statement: Mapping[str, Any], *, manifest_sha256: str, edition: Edition = NOW) -> bytes:
    """Return the page of a verified manifest, UTF-8; `manifest_sha256` is hex.

    Equal manifests give equal bytes on every supported Python.
    """
    names = Names(statement)
    body = (
        _masthead(statement),
        element(
            "main",
            edition.picture(statement),
            artifacts(statement, names),
            steps(statement, names),
            unstated(statement),
            environment(statement, remarks=edition.remarks),
            signer(statement, names),
            checking(statement, answer=edition.answer),
        ),
        _footer(manifest_sha256, edition),
    )
    document = element("html", _head(statement, edition), element("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{document}\n".encode()


def render(statement: Mapping[str, Any], *, manifest_sha256: str) -> bytes:
    """Return the page of today's version, as `drawn`."""
    return drawn(statement, manifest_sha256=manifest_sha256)


PAGE: Final = Exporter("page", NOW.version, "index.html", "text/html; charset=utf-8", render)


def _head(statement: Mapping[str, Any], edition: Edition) -> Html:
    notebook = plain(statement["predicate"]["notebook"]["subject"])
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", notebook, words(" · provenance")),
        element("style", Html(edition.style)),
    )


def _masthead(statement: Mapping[str, Any]) -> Html:
    predicate = statement["predicate"]
    about = (
        "Where the results of this notebook came from: which cells ran, in which order, what they used and what they "
        "made. This page is drawn from the signed file "
    )
    return element(
        "header",
        element("p", words("swarmprov publication"), class_="eyebrow"),
        element("h1", say(predicate["notebook"]["subject"])),
        element("p", words(about), code("manifest.json"), words(" and from nothing else."), class_="lead"),
        element("ul", *_summary(statement), class_="summary"),
        _invitation(predicate),
        class_="masthead",
    )


def _summary(statement: Mapping[str, Any]) -> list[Html]:
    predicate = statement["predicate"]
    found = counts(statement)
    lines = [(found[key], f"#{key}", f"{plural(found[key], 'artifact')} {key}") for key in found]
    runs = len(predicate["activities"])
    lines.append((runs, "#steps", plural(runs, "cell run")))
    said = [element("li", element("a", words(text), href=anchor)) for count, anchor, text in lines if count]
    return [*said, element("li", words(f"session of {when(predicate['session']['startedAt'])[:10]}"))]


def _invitation(predicate: Mapping[str, Any]) -> Html:
    """Say whose claim the page is before it makes any."""
    author = predicate["agents"][0]
    name = author.get("name")
    who = join(words(", which claims to be "), element("strong", say(name))) if name else Html("")
    said = element("p", words("Signed by the key "), code(author["key"]), who, words("."))
    claim = element(
        "p",
        words("A claim until checked: "),
        element("code", words("swarmprov verify REFERENCE"), class_="command"),
        words(" "),
        element("a", words("How, and what that proves"), href="#check"),
    )
    return element("div", said, claim, class_="invitation")


def _footer(manifest_sha256: str, edition: Edition) -> Html:
    return element(
        "footer",
        element("p", words("sha256 of manifest.json: "), code(manifest_sha256)),
        element("p", words(f"Rendered by swarmprov's page exporter, version {edition.version}.")),
    )
