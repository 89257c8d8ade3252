"""The page's word on trust: who signed, how to check it, what that proves, and what is not stated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from swarmprov_nb.exports.html import NOTHING, Html, code, element, facts, fold, join, prose, say, words
from swarmprov_nb.exports.page_names import HIDDEN, Names, when
from swarmprov_nb.view.captions import plural

_PROVES: Final = (
    "This key vouches for exactly these files: notebook, artifacts, and all that this page says.",
    "No file was changed, added or taken away since it was signed.",
    "The steps stand in one order without circles, and each artifact was made once, by the run that is named.",
)
_PROVES_NOT: Final = (
    "That this person made it first, or is who they claim to be.",
    "That the steps ran as stated: they were captured by the publisher's recorder, on the publisher's machine.",
    "That the results are right, or that no newer version exists.",
)
_LEFT_OUT: Final = "of this session left out: as far as was seen, nothing published came from what they did"
_CELLS: Final = (
    ("unrun", "never ran"),
    ("edited", "changed after the run"),
    ("outOfOrder", "ran out of order"),
    ("failed", "failed"),
)
ANSWER: Final = join(
    element(
        "li",
        words("Read its last lines. They say the level, which is how much was proved, and the signer: by the name "),
        words("that you gave to the author key, or as unknown."),
    ),
    element(
        "li",
        words("On paper: no page can hold its own reference, so ask for it. With "),
        code("--json"),
        words(" the check prints, as "),
        code("manifest"),
        words(", the sha256 that ends this page."),
    ),
)
_STATEMENTS: Final = (("purpose", "purpose"), ("license", "licence"), ("contact", "contact"), ("note", "note"))


def signer(statement: Mapping[str, Any], names: Names) -> Html:
    """Return who signed, and what they state about the publication as a whole."""
    predicate = statement["predicate"]
    author, recorder = predicate["agents"]
    said = predicate["statements"]
    name = author.get("name")
    claim = element("span", words("a claim that nobody has checked"), class_="badge")
    known = [
        ("author key", code(author["key"])),
        ("claims to be", join(say(name), words(" "), claim) if name else Html("")),
        *((word, prose(said[key])) for key, word in _STATEMENTS if key in said),
        ("recorded by", join(say(recorder["name"]), words(" "), say(recorder["version"], limit=40))),
        ("session began", words(when(predicate["session"]["startedAt"]))),
        *_ancestry(predicate, names),
    ]
    return _card("signer", "Who signed", facts(known))


def _ancestry(predicate: Mapping[str, Any], names: Names) -> Iterator[tuple[str, Html]]:
    if predicate["previous"]:
        yield "follows", _named(predicate["previous"])
    for parent in predicate["parents"]:
        opened = [e for e in predicate["entities"] if e.get("parent", {}).get("manifest") == parent["manifest"]]
        chips = join(*(names.chip(entity["id"]) for entity in opened), by=" ")
        unknown = any("anySigner" in entity["parent"] for entity in opened)
        yield "builds on", join(
            element("div", _named(parent)),
            element("div", words("content "), code(parent["content"])),
            element("div", words("from it: "), chips),
            element("div", words("taken by choice from a signer whom the author did not know")) if unknown else NOTHING,
        )


def _named(other: Mapping[str, str]) -> Html:
    return join(words("manifest "), code(other["manifest"]), words(" by "), code(other["author"]))


def checking(statement: Mapping[str, Any], *, answer: Html) -> Html:
    """Return how to check the reference that the reader opened, how to read the answer (items), and what it proves."""
    key = statement["predicate"]["agents"][0]["key"]
    steps = element(
        "ol",
        element("li", words("Install it: "), code("pip install swarmprov-nb")),
        element(
            "li",
            words("Check the reference you opened, the 64 characters by which this page was asked for: "),
            element("code", words("swarmprov verify REFERENCE"), class_="command"),
        ),
        answer,
        element(
            "li",
            words("Compare the author key with one that you know. If you trust it, give it a name of your own: "),
            code(f"swarmprov trust {key} --as NAME"),
        ),
        class_="how",
    )
    proofs = element("div", _listed("What it proves", _PROVES), _listed("What it does not prove", _PROVES_NOT))
    about = "A page can say anything, this one too: only a check of the files behind it proves something."
    return _card("check", "Check it yourself", join(element("p", words(about)), steps, proofs))


def _listed(heading: str, lines: tuple[str, ...]) -> Html:
    items = (element("li", words(line)) for line in lines)
    return element("div", element("h3", words(heading)), element("ul", *items), class_="half")


def unstated(statement: Mapping[str, Any]) -> Html:
    """Return what the manifest leaves out or knows to be incomplete, by its own word."""
    items = [element("li", line) for line in (*_omitted(statement["predicate"]), *_cells(statement["predicate"]))]
    body = element("ul", *items) if items else element("p", words("Nothing that the recorder knows of."))
    return _card("unstated", "What is not stated", body)


def _omitted(predicate: Mapping[str, Any]) -> Iterator[Html]:
    hidden = sum(entity["disclosure"] == HIDDEN for entity in predicate["entities"])
    gaps = sum("gap" in activity for activity in predicate["activities"])
    links = [link for run in predicate["activities"] for link in (*run["used"], *run["informedBy"])]
    assumed = sum(link["confidence"] == "assumed" for link in links)
    omitted = predicate["omitted"]
    lines = (
        (omitted["activities"], "cell run", _LEFT_OUT),
        (omitted["externalInputs"], "input", "counted only: neither named nor fingerprinted"),
        (hidden, "artifact", "hidden"),
        (gaps, "cell run", "not seen in full"),
        (assumed, "flow", "assumed, not seen (dashed)"),
    )
    for count, noun, what in lines:
        if count:
            yield words(f"{plural(count, noun)} {what}.")


def _cells(predicate: Mapping[str, Any]) -> Iterator[Html]:
    notebook = predicate["notebook"]
    for key, what in _CELLS:
        if cells := notebook.get(key):
            listed = join(*(element("code", say(cell, limit=60)) for cell in cells), by=" ")
            yield fold(words(f"{plural(len(cells), 'cell')} of the notebook {what}"), element("p", listed))


def _card(anchor: str, heading: str, *body: Html) -> Html:
    article = element("article", *body)
    return element("section", element("h2", words(heading)), element("div", article, class_="card"), id=anchor)
