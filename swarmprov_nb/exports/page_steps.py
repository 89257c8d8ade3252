"""The page's steps: each cell run in its order, with what it used, what it made and how it ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from swarmprov_nb.exports.html import NOTHING, Html, code, element, facts, fold, join, link, prose, say, words
from swarmprov_nb.exports.page_names import Names, when
from swarmprov_nb.manifest.reading import seconds
from swarmprov_nb.view.captions import duration, plural

_KINDS = {"var": "", "file": "file ", "db": "database ", "state": "state ", "net": "network ", "import": "import "}


def steps(statement: Mapping[str, Any], names: Names) -> Html:
    """Return the section of cell runs; the runs of an empty manifest are no section."""
    predicate = statement["predicate"]
    activities = predicate["activities"]
    if not activities:
        return NOTHING
    made = defaultdict(list)
    for entity in predicate["entities"]:
        made[entity.get("generatedBy")].append(entity["id"])
    items = (_step(activity, made[activity["id"]], names) for activity in activities)
    about = "In the order in which the recorder saw them run. The numbers count all cell runs of the session."
    return element(
        "section",
        element("h2", words(f"Steps: {plural(len(activities), 'cell run')}")),
        element("p", words(about), class_="about"),
        element("ol", *items, class_="card steps"),
        id="steps",
    )


def _step(activity: Mapping[str, Any], made: list[str], names: Names) -> Html:
    used = [names.chip(use["entity"], assumed=use["confidence"] == "assumed") for use in activity["used"]]
    took = duration(seconds(activity["endedAt"]) - seconds(activity["startedAt"]))
    head = join(
        element("span", words(str(activity["sequence"])), class_="number"),
        element("h3", say(activity["step"] or "a cell")),
        element("span", words(took), class_="size"),
    )
    return element(
        "li",
        element("header", head),
        _ending(activity),
        *([element("div", prose(activity["note"]), class_="quiet")] if activity.get("note") else []),
        facts((("used", join(*used, by=" ")), ("made", join(*map(names.chip, made), by=" ")))),
        element("div", _details(activity, names), class_="folds"),
        id=activity["id"],
        class_="step" if activity["status"] == "ok" else "step failed",
    )


def _ending(activity: Mapping[str, Any]) -> Html:
    """Say what went wrong, if anything did: what failed is shown, not hidden."""
    lines = []
    if activity["status"] == "error":
        lines.append(join(words("✗ stopped: "), say(activity.get("error", "error"), limit=300)))
    if activity["status"] == "interrupted":
        lines.append(words("✗ interrupted"))
    failed = [element("p", line, class_="failure") for line in lines]
    gap = [element("div", words("! not seen: "), prose(activity["gap"]), class_="warning")] if "gap" in activity else []
    return join(*failed, *gap)


def _details(activity: Mapping[str, Any], names: Names) -> Html:
    source = activity["source"]
    cell = join(words(", cell "), element("code", say(activity["cell"], limit=60))) if "cell" in activity else NOTHING
    known = [
        ("after", join(*_informed(activity["informedBy"], names), by=" · ")),
        ("random seeds", join(*(element("code", say(seed)) for seed in activity.get("seeds", ())), by=" ")),
        ("source", join(link(source["subject"]), cell)),
        ("its sha256", code(source["sha256"])),
        ("started", words(when(activity["startedAt"]))),
    ]
    return fold(words("details"), facts(known))


def _informed(edges: Iterable[Mapping[str, Any]], names: Names) -> list[Html]:
    """List the runs that left something which is no artifact, each once, with what it left."""
    left: dict[str, list[Html]] = defaultdict(list)
    for edge in edges:
        seen = words({"assumed": " (assumed)", "coarse": " (roughly seen)"}.get(edge["confidence"], ""))
        left[edge["activity"]].append(
            join(words(_KINDS.get(edge["kind"], "")), element("code", say(edge["name"], limit=60)), seen)
        )
    return [join(names.step(run), words(" for "), join(*things, by=", ")) for run, things in left.items()]
