"""What must hold in a manifest beyond its schema: each rule is one function that yields what breaks it.

The rules follow PROV-CONSTRAINTS (https://www.w3.org/TR/prov-constraints/): every end exists, order is by sequence
number, nothing derives from itself, and an artifact has one generation. Times are attributes and prove no order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from swarmprov_nb.errors import UsageError
from swarmprov_nb.manifest.author_key import from_did
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PAGE

Rule = Callable[[Mapping[str, Any]], Iterator[str]]


def ends_exist(statement: Mapping[str, Any]) -> Iterator[str]:
    """Every id and path is unique, every edge, subject and twin names what is there, and twins hold the same."""
    predicate = statement["predicate"]
    activities = Counter(activity["id"] for activity in predicate["activities"])
    entities = Counter(entity["id"] for entity in predicate["entities"])
    subjects = Counter(subject["name"] for subject in statement["subject"])
    paths = subjects + Counter([MANIFEST, ENVELOPE, *(export["path"] for export in predicate["exports"])])
    for names in (activities, entities, paths):
        yield from (f"{name} stands {count} times" for name, count in names.items() if count > 1)
    for activity in predicate["activities"]:
        yield from _missing(activity["id"], (use["entity"] for use in activity["used"]), entities)
        yield from _missing(activity["id"], (edge["activity"] for edge in activity["informedBy"]), activities)
        yield from _missing(activity["id"], (activity["source"]["subject"],), subjects)
    for entity in predicate["entities"]:
        yield from _missing(entity["id"], [entity[key] for key in ("generatedBy",) if key in entity], activities)
        yield from _missing(entity["id"], [entity[key] for key in ("subject",) if key in entity], subjects)
        yield from _missing(entity["id"], entity.get("alternateOf", ()), entities)
    yield from _no_twins(statement)
    about = predicate["notebook"]
    yield from _missing("the notebook", (about["subject"], *about.get("attachments", ())), subjects)


def _no_twins(statement: Mapping[str, Any]) -> Iterator[str]:
    """Two that are called the same have one content id, as they state it; else one sha256."""
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    named = [entity for entity in statement["predicate"]["entities"] if "name" in entity]
    stated = {each["id"]: each.get("contentId") or _sha256(each, digests) for each in named}
    for entity in named:
        others = (other for other in entity.get("alternateOf", ()) if stated.get(other) != stated[entity["id"]])
        yield from (f"{entity['id']} is called the same as {other}, which is something else" for other in others)


def _sha256(entity: Mapping[str, Any], digests: Mapping[str, str]) -> str | None:
    return str(entity["digest"]["sha256"]) if "digest" in entity else digests.get(entity["subject"])


def subjects_are_stated(statement: Mapping[str, Any]) -> Iterator[str]:
    """Every subject is the notebook, an attachment of it, a run's source, or one entity's bytes; in order of names.

    None is the page: browsers open what stands there as a page of the publication, and nobody rendered it.
    """
    predicate = statement["predicate"]
    names = [subject["name"].encode("utf-8", "replace") for subject in statement["subject"]]
    if names != sorted(names):
        yield "the subjects do not stand in the order of their names"
    if PAGE.encode() in names:
        yield f"the subject {PAGE} stands where the page belongs"
    spoken = {predicate["notebook"]["subject"], *predicate["notebook"].get("attachments", ())}
    spoken |= {run["source"]["subject"] for run in predicate["activities"]}
    bytes_of = Counter(entity["subject"] for entity in predicate["entities"] if "subject" in entity)
    for subject in statement["subject"]:
        if subject["name"] not in spoken and subject["name"] not in bytes_of:
            yield f"no entity speaks of the subject {subject['name']}"
    yield from (f"{count} entities claim the subject {name}" for name, count in bytes_of.items() if count > 1)


def order_holds(statement: Mapping[str, Any]) -> Iterator[str]:
    """Runs stand in the order of their sequence numbers, and use only what came before them."""
    predicate = statement["predicate"]
    sequence = {run["id"]: run["sequence"] for run in predicate["activities"]}
    made = {entity["id"]: sequence.get(entity.get("generatedBy"), 0) for entity in predicate["entities"]}
    numbers = [run["sequence"] for run in predicate["activities"]]
    if numbers != sorted(set(numbers)):
        yield "the cell runs are not in the order of their sequence numbers"
    for run in predicate["activities"]:
        if run["id"] != f"run-{run['sequence']}":
            yield f"{run['id']} has the sequence number {run['sequence']}"
        for edge in run["informedBy"]:
            if sequence.get(edge["activity"], 0) >= run["sequence"]:
                yield f"{run['id']} was informed by {edge['activity']}, which did not come before it"
        for use in run["used"]:
            if made.get(use["entity"], 0) >= run["sequence"]:
                yield f"{run['id']} used {use['entity']}, which was not made before it"


def no_cycle(statement: Mapping[str, Any]) -> Iterator[str]:
    """Nothing derives from itself."""
    graph: dict[str, set[str]] = {}
    for run in statement["predicate"]["activities"]:
        graph[run["id"]] = {use["entity"] for use in run["used"]} | {edge["activity"] for edge in run["informedBy"]}
    for entity in statement["predicate"]["entities"]:
        graph.setdefault(entity["id"], set()).update([entity["generatedBy"]] if "generatedBy" in entity else [])
    waiting = {node: len(targets & graph.keys()) for node, targets in graph.items()}
    users: dict[str, list[str]] = {}
    for node, targets in graph.items():
        for target in targets & graph.keys():
            users.setdefault(target, []).append(node)
    ready = [node for node, count in waiting.items() if count == 0]
    done = 0
    while ready:
        done += 1
        for user in users.get(ready.pop(), ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if done < len(graph):
        yield f"{next(node for node in graph if waiting[node] > 0)} derives from itself"


def one_generation(statement: Mapping[str, Any]) -> Iterator[str]:
    """An artifact's identity (cell run, name, version) is generated once; inputs were generated elsewhere."""
    identities = Counter(
        (entity["generatedBy"], entity["name"], entity["version"])
        for entity in statement["predicate"]["entities"]
        if "name" in entity and "generatedBy" in entity
    )
    for (run, name, version), count in identities.items():
        if count > 1:
            yield f"{name} version {version} of {run} is stated {count} times"


def parents_are_used(statement: Mapping[str, Any]) -> Iterator[str]:
    """Each parent is named once, in order, by a key that may sign; and inputs came from it, and from no other."""
    predicate = statement["predicate"]
    named = [parent["manifest"] for parent in predicate["parents"]]
    if named != sorted(set(named)):
        yield "the parents do not stand once each in the order of their manifests"
    opened = [entity for entity in predicate["entities"] if "parent" in entity]
    used = {entity["parent"]["manifest"] for entity in opened}
    yield from (f"nothing came from the parent {manifest}" for manifest in named if manifest not in used)
    for entity in opened:
        yield from _missing(f"{entity['id']} as its parent", [entity["parent"]["manifest"]], named)
    yield from (f"{entity['id']} came from a parent and from a run" for entity in opened if "generatedBy" in entity)
    for parent in predicate["parents"]:
        try:
            from_did(parent["author"])
        except UsageError:
            yield f"the author of the parent {parent['manifest']} is no key that may sign"


RULES: Final[Mapping[str, Rule]] = {
    "ends": ends_exist,
    "subjects": subjects_are_stated,
    "acyclic": no_cycle,
    "order": order_holds,
    "generation": one_generation,
    "parents": parents_are_used,
}


def broken(statement: Mapping[str, Any]) -> str | None:
    """Return what breaks a rule, in words; None where every rule holds."""
    return next((found for rule in RULES.values() for found in rule(statement)), None)


def _missing(who: str, names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    yield from (f"{who} names {name}, which is not there" for name in names if name not in known)
