"""From a manifest back to a lineage, so that the picture of a publication is drawn from what was signed.

What a manifest leaves out stays out: sources, execution counts and names of what is hidden. A hidden artifact is a file
titled "hidden"; every flow through an artifact is an edge again, as in a recorded lineage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Lineage, Parent, Session, Stored, Use

HIDDEN_TITLE: Final = "hidden"
_DECLARED: Final = {
    "title": "title",
    "license": "license",
    "purpose": "purpose",
    "consent": "consent",
    "contact": "contact",
    "personalData": "personal_data",
    "note": "note",
}


def to_lineage(statement: Mapping[str, Any]) -> Lineage:
    """Return the lineage that a verified manifest states; ids are the manifest's own.

    Pure: equal manifests give equal lineages. The session is not `trusted`, since nobody's home holds its record.

    >>> from swarmprov_nb.manifest.reading import to_lineage  # doctest: +SKIP
    >>> to_lineage(statement).runs[0].id  # doctest: +SKIP
    'run-1'

    Raises KeyError for what departs from the schema: check that first.
    """
    predicate = statement["predicate"]
    said = predicate["session"]
    session = Session(
        id=said["id"],
        notebook=predicate["notebook"]["subject"],
        started=seconds(said["startedAt"]),
        environment=predicate["environment"],
        trusted=False,
    )
    artifacts = tuple(_artifacts(statement))
    return Lineage(
        session=session,
        runs=tuple(_run(activity, session.id) for activity in predicate["activities"]),
        edges=tuple(_edges(predicate["activities"], {artifact.id: artifact for artifact in artifacts})),
        artifacts=artifacts,
        uses=tuple(
            Use(activity["id"], use["entity"], use["confidence"])
            for activity in predicate["activities"]
            for use in activity["used"]
        ),
    )


def seconds(timestamp: str) -> float:
    """Return the Unix seconds of a manifest's time.

    >>> seconds("1970-01-01T00:00:00.500Z")
    0.5
    """
    return datetime.fromisoformat(timestamp).timestamp()


def _run(activity: Mapping[str, Any], session: str) -> CellRun:
    return CellRun(
        id=activity["id"],
        session=session,
        sequence=activity["sequence"],
        source="",
        source_sha256=activity["source"]["sha256"],
        status=activity["status"],
        started=seconds(activity["startedAt"]),
        ended=seconds(activity["endedAt"]),
        cell_id=activity.get("cell"),
        step=activity["step"],
        note=activity.get("note"),
        error=activity.get("error"),
        gap=activity.get("gap"),
        seeds=tuple(activity.get("seeds", ())),
    )


def _edges(activities: list[dict[str, Any]], artifacts: Mapping[str, Artifact]) -> Iterator[Edge]:
    for activity in activities:
        reader = activity["id"]
        for edge in activity["informedBy"]:
            yield Edge(edge["activity"], reader, edge["name"], edge["kind"], edge["confidence"])
        for use in activity["used"]:
            artifact = artifacts[use["entity"]]
            if artifact.run is not None:
                kind = "file" if artifact.path else "var"
                yield Edge(artifact.run, reader, artifact.name or artifact.title, kind, use["confidence"])


def _artifacts(statement: Mapping[str, Any]) -> Iterator[Artifact]:
    digests = {subject["name"]: subject["digest"] for subject in statement["subject"]}
    parents = {parent["manifest"]: parent for parent in statement["predicate"]["parents"]}
    for entity in statement["predicate"]["entities"]:
        if entity["disclosure"] == "hidden":
            yield _hidden(entity)
        else:
            yield replace(_artifact(entity, digests), parent=_parent(entity, parents))


def _hidden(entity: Mapping[str, Any]) -> Artifact:
    said = Declaration(title=HIDDEN_TITLE)
    return Artifact(entity["id"], entity.get("generatedBy"), "", 1, "file", declaration=said)


def _artifact(entity: Mapping[str, Any], digests: Mapping[str, Mapping[str, str]]) -> Artifact:
    name = entity["name"]
    shape, schema = entity.get("shape"), entity.get("schema")
    return Artifact(
        id=entity["id"],
        run=entity.get("generatedBy"),
        name=name,
        version=entity["version"],
        kind=entity["kind"],
        declared=entity["declared"],
        shape=None if shape is None else tuple(shape),
        schema=None if schema is None else tuple((column, logical) for column, logical in schema),
        path=None if "contentId" in entity else name,  # only files go without a content id
        origin=entity.get("origin"),
        declaration=Declaration(**{ours: entity[theirs] for theirs, ours in _DECLARED.items() if theirs in entity}),
        stored=_stored(entity, digests),
        note=entity.get("remark"),
    )


def _parent(entity: Mapping[str, Any], parents: Mapping[str, Mapping[str, str]]) -> Parent | None:
    if "parent" not in entity:
        return None
    said = entity["parent"]
    return Parent(**parents[said["manifest"]], subject=said["subject"], any_signer=said.get("anySigner", False))


def _stored(entity: Mapping[str, Any], digests: Mapping[str, Mapping[str, str]]) -> Stored:
    subject = entity.get("subject")
    digest = digests[subject] if subject is not None else entity["digest"]
    return Stored(
        sha256=digest["sha256"],
        size=entity["size"],
        content_id=entity.get("contentId") or f"file:sha256:{digest['sha256']}",
        media_type=entity["mediaType"],
        suffix=PurePosixPath(subject or entity["name"]).suffix,
        reference=digest.get("swarm"),
        warnings=tuple(entity.get("warnings", ())),
    )
