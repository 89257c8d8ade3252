"""``prov.json``: the lineage as PROV-JSON, for every tool that reads W3C PROV.

https://www.w3.org/submissions/prov-json/, terms by https://www.w3.org/TR/prov-dm/. Names are IRIs below
``https://w3id.org/swarmprov/manifest/SHA256``, so that two documents put together do not mix up their runs.

| manifest field | PROV |
|---|---|
| the manifest | entity ``manifest:SHA256``, attributed to the author |
| ``agents[author]`` | agent ``did:key:…``; its ``name`` is a ``claimedName`` |
| ``agents[recorder]`` | software agent ``recorder`` on behalf of the author; its version |
| ``activities[]`` | activity ``run-N``: times, ``sequence``, ``cell``, ``status``, ``error``, ``gap``, note, seeds |
| ``activities[].source`` | entity ``source-SHA256``, the plan by which the recorder saw the run |
| ``activities[].used[]`` | used, with its ``confidence`` |
| ``activities[].informedBy[]`` | wasInformedBy, with ``name``, ``kind`` and ``confidence`` |
| ``notebook`` | collection ``notebook``, whose members are the sources in it |
| ``entities[]`` published, cited | entity ``artifact-N``: ``name``, ``kind``, sha256, size, what is declared of it |
| ``entities[]`` hidden | entity ``artifact-N`` with its ``commitment``, and nothing else |
| ``entities[].generatedBy`` | wasGeneratedBy |
| ``entities[].alternateOf[]`` | alternateOf |
| ``entities[].parent`` | wasDerivedFrom the parent's manifest, with the ``subject`` there |
| ``parents[]``, ``previous`` | entity ``manifest:SHA256``, attributed to its author; this one revises ``previous`` |
| ``omitted`` | ``omittedRuns`` and ``externalInputs`` of the manifest |
| ``statements`` | ``license``, ``contact``, ``note``, ``purpose`` of the manifest |
| ``environment``, ``exports``, ``session``, ``shape``, ``schema``, ``digest.swarm`` | left out: read the manifest |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.exports.compact_json import compact
from swarmprov_nb.exports.exporter import Exporter
from swarmprov_nb.manifest.statement import PREDICATE_TYPE

VERSION: Final = "1"
MANIFESTS: Final = "https://w3id.org/swarmprov/manifest/"

_ABOUT_RUNS: Final = ("sequence", "status", "error", "gap", "note", "cell")
_ABOUT_ARTIFACTS: Final = (
    "name", "kind", "version", "mediaType", "size", "subject", "contentId", "declared", "disclosure", "license",
    "origin", "personalData", "purpose", "consent", "contact", "note", "remark",
)  # fmt: skip
_RELATIONS: Final = {
    "actedOnBehalfOf": ("delegate", "responsible"),
    "alternateOf": ("alternate1", "alternate2"),
    "hadMember": ("collection", "entity"),
    "used": ("activity", "entity"),
    "wasAssociatedWith": ("activity", "agent"),
    "wasAttributedTo": ("entity", "agent"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasGeneratedBy": ("entity", "activity"),
    "wasInformedBy": ("informed", "informant"),
}


def render(statement: Mapping[str, Any], *, manifest_sha256: str) -> bytes:
    """Return the PROV-JSON of a verified manifest."""
    document = _Document(manifest_sha256)
    _say_manifest(document, statement["predicate"])
    _say_sources(document, statement["predicate"])
    _say_runs(document, statement["predicate"])
    _say_artifacts(document, statement)
    return compact(document.value)


def others(predicate: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """Return the manifests that this one builds on and the one that it follows, by sha256."""
    previous = predicate["previous"]
    return {other["manifest"]: other for other in (*predicate["parents"], *([previous] if previous else ()))}


PROV: Final = Exporter("prov", VERSION, "prov.json", "application/json", render)


class _Document:
    """A PROV-JSON document that grows; `own` is the name of the manifest itself."""

    def __init__(self, manifest_sha256: str) -> None:
        self._relations = 0
        self.own = f"manifest:{manifest_sha256}"
        prefixes = {
            "key": "did:key:",
            "manifest": MANIFESTS,
            "swarmprov": f"{PREDICATE_TYPE}#",
            "this": f"{MANIFESTS}{manifest_sha256}#",
        }
        self.value: dict[str, dict[str, Any]] = {"prefix": prefixes}

    def say(self, what: str, name: str, attributes: Mapping[str, Any]) -> None:
        """Add an entity, activity or agent, or more about one that is there."""
        self.value.setdefault(what, {}).setdefault(name, {}).update(attributes)

    def relate(self, relation: str, first: str, second: str, **attributes: Any) -> None:
        """Add a relation between two names."""
        self._relations += 1
        ends = dict(zip((f"prov:{end}" for end in _RELATIONS[relation]), (first, second), strict=True))
        self.value.setdefault(relation, {})[f"_:id{self._relations}"] = {**ends, **attributes}


def _say_manifest(document: _Document, predicate: Mapping[str, Any]) -> None:
    author, recorder = predicate["agents"]
    omitted = predicate["omitted"]
    counted = {"omittedRuns": omitted["activities"], "externalInputs": omitted["externalInputs"]}
    document.say("entity", document.own, _ours({**predicate["statements"], **counted}))
    document.say("agent", _key(author["key"]), _ours({"claimedName": author.get("name")}))
    software = {"prov:type": _qualified("prov:SoftwareAgent"), "prov:label": recorder["name"]}
    document.say("agent", "this:recorder", {**software, **_ours({"version": recorder["version"]})})
    document.relate("wasAttributedTo", document.own, _key(author["key"]))
    document.relate("actedOnBehalfOf", "this:recorder", _key(author["key"]))
    _say_others(document, predicate)


def _say_others(document: _Document, predicate: Mapping[str, Any]) -> None:
    """Add the manifests that this one builds on, and the one that it follows."""
    previous = predicate["previous"]
    for manifest, other in others(predicate).items():
        document.say("entity", f"manifest:{manifest}", {})
        document.say("agent", _key(other["author"]), {})
        document.relate("wasAttributedTo", f"manifest:{manifest}", _key(other["author"]))
    if previous:
        revised = f"manifest:{previous['manifest']}"
        document.relate("wasDerivedFrom", document.own, revised, **{"prov:type": _qualified("prov:Revision")})


def _say_sources(document: _Document, predicate: Mapping[str, Any]) -> None:
    notebook = predicate["notebook"]["subject"]
    kind = _qualified("prov:Collection")
    document.say("entity", "this:notebook", {"prov:type": kind, **_ours({"subject": notebook})})
    subjects = {run["source"]["sha256"]: run["source"]["subject"] for run in predicate["activities"]}
    for digest, subject in subjects.items():
        about = {"prov:type": _qualified("prov:Plan"), **_ours({"sha256": digest, "subject": subject})}
        document.say("entity", _source(digest), about)
        if subject == notebook:
            document.relate("hadMember", "this:notebook", _source(digest))


def _say_runs(document: _Document, predicate: Mapping[str, Any]) -> None:
    for run in predicate["activities"]:
        name = f"this:{run['id']}"
        times = {"prov:startTime": run["startedAt"], "prov:endTime": run["endedAt"]}
        about = _ours({**{key: run.get(key) for key in _ABOUT_RUNS}, "seed": run.get("seeds")})
        document.say("activity", name, {**times, **_labelled(run["step"]), **about})
        plan = {"prov:plan": _source(run["source"]["sha256"])}
        document.relate("wasAssociatedWith", name, "this:recorder", **plan)
        for use in run["used"]:
            document.relate("used", name, f"this:{use['entity']}", **_ours({"confidence": use["confidence"]}))
        for flow in run["informedBy"]:
            about = _ours({key: flow[key] for key in ("name", "kind", "confidence")})
            document.relate("wasInformedBy", name, f"this:{flow['activity']}", **about)


def _say_artifacts(document: _Document, statement: Mapping[str, Any]) -> None:
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    for entity in statement["predicate"]["entities"]:
        name = f"this:{entity['id']}"
        document.say("entity", name, _artifact(entity, digests))
        if "generatedBy" in entity:
            document.relate("wasGeneratedBy", name, f"this:{entity['generatedBy']}")
        for other in entity.get("alternateOf", ()):
            document.relate("alternateOf", name, f"this:{other}")
        if "parent" in entity:
            parent = entity["parent"]
            where = _ours({"subject": parent["subject"], "anySigner": parent.get("anySigner")})
            document.relate("wasDerivedFrom", name, f"manifest:{parent['manifest']}", **where)


def _artifact(entity: Mapping[str, Any], digests: Mapping[str, str]) -> dict[str, Any]:
    if entity["disclosure"] == "hidden":
        return _ours({"disclosure": "hidden", "commitment": entity["commitment"]})
    digest = entity["digest"]["sha256"] if "digest" in entity else digests.get(entity["subject"])
    known = {key: entity.get(key) for key in _ABOUT_ARTIFACTS}
    return {
        **_labelled(entity.get("title") or entity["name"]),
        **_ours({**known, "sha256": digest, "warning": entity.get("warnings")}),
    }


def _ours(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes in this project's vocabulary; what is None or empty is not said."""
    return {f"swarmprov:{key}": _value(value) for key, value in values.items() if value not in (None, "", [])}


def _value(value: Any) -> Any:
    """Return a value as PROV-JSON states it: an array only for several, integers with a type that is wide enough."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        each = list(dict.fromkeys(value))
        return each if len(each) > 1 else each[0]
    return {"$": str(value), "type": "xsd:nonNegativeInteger"}


def _labelled(text: str) -> dict[str, str]:
    return {"prov:label": text} if text else {}


def _qualified(name: str) -> dict[str, str]:
    return {"$": name, "type": "xsd:QName"}


def _key(did: str) -> str:
    return f"key:{did.removeprefix('did:key:')}"


def _source(digest: str) -> str:
    return f"this:source-{digest}"
