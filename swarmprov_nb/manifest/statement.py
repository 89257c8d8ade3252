"""The manifest: an in-toto Statement v1 whose predicate is the lineage, in W3C PROV's terms.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md. Built from the backward closure of what is
published; a digest stands once, in the subjects, and entities point to subject names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, overload

from swarmprov_nb.lineage import Artifact, CellRun, Lineage
from swarmprov_nb.manifest.disclosure import CITED, EXTERNAL, HIDDEN, PUBLISHED, shown_name

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://w3id.org/swarmprov/provenance/v1"
MANIFEST: Final = "manifest.json"
ENVELOPE: Final = "manifest.dsse.json"
PAGE: Final = "index.html"
SHORT: Final = 1_000  # characters, as the schema says
LONG: Final = 10_000
MOST_PARENTS: Final = 255  # an anchor carries an edge to each, and one to `previous`


@dataclass(frozen=True)
class Subject:
    """A file of the publication: `swarm` is its level-0 reference, left out for personal data."""

    name: str
    sha256: str
    swarm: str | None


@dataclass(frozen=True)
class Draft:
    """Everything a manifest states, gathered before it is written.

    `lineage` is the closure; `disclosures`, `paths` and `commitments` go by artifact id; `sources` maps the sha256
    of a source that is not in the notebook to its subject. `notebook` holds what is said about the notebook file.
    """

    lineage: Lineage
    author: str
    recorder_version: str
    notebook: Mapping[str, Any]
    subjects: tuple[Subject, ...]
    disclosures: Mapping[str, str]
    paths: Mapping[str, str]
    commitments: Mapping[str, str]
    sources: Mapping[str, str]
    exports: tuple[Mapping[str, str], ...]
    runs_omitted: int = 0
    previous: Mapping[str, str] | None = None
    publication: Mapping[str, str] = field(default_factory=dict)


def statement(draft: Draft) -> dict[str, Any]:
    """Return the manifest's JSON value; `canonical` gives its bytes."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [_subject(subject) for subject in sorted(draft.subjects, key=lambda s: s.name.encode())],
        "predicateType": PREDICATE_TYPE,
        "predicate": _predicate(draft),
    }


def _predicate(draft: Draft) -> dict[str, Any]:
    entities = _Entities(draft)
    session = draft.lineage.session
    external = sum(1 for kind in draft.disclosures.values() if kind == EXTERNAL)
    return {
        "activities": [_activity(run, draft, entities) for run in draft.lineage.runs],
        "agents": [
            _author(draft),
            {"id": "recorder", "type": "prov:SoftwareAgent", "name": "swarmprov", "version": draft.recorder_version},
        ],
        "entities": entities.stated,
        "environment": dict(session.environment),
        "exports": [dict(export) for export in draft.exports],
        "notebook": dict(draft.notebook),
        "omitted": {"activities": draft.runs_omitted, "externalInputs": external},
        "parents": parents_of(draft.lineage.artifacts, draft.disclosures),
        "previous": dict(draft.previous) if draft.previous else None,
        "session": {"id": session.id, "startedAt": timestamp(session.started)},
        "statements": {key: value for key, value in sorted(draft.publication.items()) if key != "publisher"},
    }


def _author(draft: Draft) -> dict[str, Any]:
    claimed = _stated(name=draft.publication.get("publisher"))
    return {"id": "author", "type": "prov:Agent", "key": draft.author, **claimed}


def parents_of(artifacts: Iterable[Artifact], disclosures: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the publications that cited artifacts were opened from, each once, by manifest; hidden ones name none."""
    cited = [a.parent for a in artifacts if a.parent is not None and disclosures.get(a.id) == CITED]
    parents = {parent.manifest: parent for parent in cited}
    return [
        {"manifest": manifest, "content": parent.content, "author": parent.author}
        for manifest, parent in sorted(parents.items())
    ]


class _Entities:
    """The entities of a draft, and the manifest's own ids for artifacts and runs."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        named = [a for a in draft.lineage.artifacts if draft.disclosures.get(a.id) in (PUBLISHED, CITED, HIDDEN)]
        order = {run.id: run.sequence for run in draft.lineage.runs}
        # a hidden one stands last in its run, by its commitment: its place tells nothing of its name
        hidden = draft.commitments
        named.sort(key=lambda a: (order.get(a.run or "", 0), hidden.get(a.id, ""), a.name, a.version, _opened_from(a)))
        self.ids = {artifact.id: f"artifact-{number}" for number, artifact in enumerate(named, 1)}
        self.runs = {run.id: f"run-{run.sequence}" for run in draft.lineage.runs}
        self._names = _names(named)
        self._by_content = _grouped((a.stored.content_id, a.id) for a in named if a.stored and self._open(a))
        self.stated = [self._entity(artifact) for artifact in named]

    def _open(self, artifact: Artifact) -> bool:
        return self._draft.disclosures[artifact.id] != HIDDEN

    def _entity(self, artifact: Artifact) -> dict[str, Any]:
        disclosure = self._draft.disclosures[artifact.id]
        base: dict[str, Any] = {"id": self.ids[artifact.id], "disclosure": disclosure}
        if artifact.run is not None:
            base["generatedBy"] = self.runs[artifact.run]
        if disclosure == HIDDEN:
            return {**base, "commitment": self._draft.commitments[artifact.id]}
        opened = _stated(parent=_parent(artifact))
        return {**base, **self._description(artifact), **self._bytes(artifact, disclosure), **opened}

    def _description(self, artifact: Artifact) -> dict[str, Any]:
        said = artifact.declaration
        return {
            "kind": artifact.kind,
            "name": self._names[artifact.id],
            "version": artifact.version,
            "declared": artifact.declared,
            **_stated(
                title=cut(said.title, SHORT),
                license=cut(said.license, SHORT),
                purpose=cut(said.purpose, LONG),
                consent=cut(said.consent, LONG),
                contact=cut(said.contact, LONG),
                personalData=said.personal_data,
                note=cut(said.note, LONG),
                origin=cut(artifact.origin, SHORT),
                remark=cut(artifact.note, LONG),
                shape=list(artifact.shape) if artifact.shape is not None else None,
                schema=[list(column) for column in artifact.schema] if artifact.schema is not None else None,
            ),
        }

    def _bytes(self, artifact: Artifact, disclosure: str) -> dict[str, Any]:
        stored = artifact.stored
        assert stored is not None  # disclosures name only artifacts with bytes
        file_id = stored.content_id.startswith("file:")
        twins = [self.ids[other] for other in self._by_content[stored.content_id] if other != artifact.id]
        published = disclosure == PUBLISHED
        return {
            **({"subject": self._draft.paths[artifact.id]} if published else {"digest": {"sha256": stored.sha256}}),
            "mediaType": stored.media_type,
            "size": stored.size,
            **_stated(
                contentId=None if file_id else stored.content_id,
                warnings=list(stored.warnings) or None,
                alternateOf=twins or None,
            ),
        }


def _opened_from(artifact: Artifact) -> str:
    return artifact.parent.manifest if artifact.parent else ""


def _parent(artifact: Artifact) -> dict[str, Any] | None:
    """Return which file of which parent an input is, and whether it was taken from a signer whom nobody here knew."""
    parent = artifact.parent
    if parent is None:
        return None
    return {"manifest": parent.manifest, "subject": parent.subject, **_stated(anySigner=parent.any_signer or None)}


def _names(artifacts: Iterable[Artifact]) -> dict[str, str]:
    """Return each artifact's name; files of one run whose folders are left out are told apart by a number."""
    names: dict[str, str] = {}
    seen: dict[tuple[str | None, str, int], int] = {}
    for artifact in artifacts:
        name = cut(shown_name(artifact), SHORT - 8)
        key = (artifact.run, name, artifact.version)
        seen[key] = seen.get(key, 0) + 1
        names[artifact.id] = name if seen[key] == 1 else f"{name} ({seen[key]})"
    return names


def _activity(run: CellRun, draft: Draft, entities: _Entities) -> dict[str, Any]:
    mine = [use for use in draft.lineage.uses if use.run == run.id and use.artifact in entities.ids]
    used = sorted(mine, key=lambda use: int(entities.ids[use.artifact].removeprefix("artifact-")))
    source_at = draft.sources.get(run.source_sha256)
    return {
        "id": entities.runs[run.id],
        "sequence": run.sequence,
        "step": cut(run.step, SHORT),
        "status": run.status,
        "startedAt": timestamp(run.started),
        "endedAt": timestamp(run.ended),
        "source": {"sha256": run.source_sha256, "subject": source_at or draft.notebook["subject"]},
        "used": [{"entity": entities.ids[use.artifact], "confidence": use.confidence} for use in used],
        "informedBy": _informed_by(run, draft, entities),
        **_stated(
            cell=run.cell_id,
            note=cut(run.note, LONG),
            error=cut(run.error, SHORT),
            gap=cut(run.gap, LONG),
            seeds=[cut(seed, SHORT) for seed in run.seeds] or None,
        ),
    }


def _informed_by(run: CellRun, draft: Draft, entities: _Entities) -> list[dict[str, str]]:
    """List the flows between runs that no used entity states; one under a hidden artifact's name is called hidden."""
    hidden = {a.name for a in draft.lineage.artifacts if draft.disclosures.get(a.id) == HIDDEN}
    made = {(a.run, a.name): a.id for a in draft.lineage.artifacts if a.id in entities.ids}
    used = {use.artifact for use in draft.lineage.uses if use.run == run.id}
    edges = [
        {
            "activity": entities.runs[edge.writer],
            "name": HIDDEN if edge.name in hidden else cut(edge.name, SHORT),
            "kind": edge.kind,
            "confidence": edge.confidence,
        }
        for edge in draft.lineage.edges
        if edge.reader == run.id
        and edge.writer in entities.runs
        and edge.writer != run.id
        and made.get((edge.writer, edge.name)) not in used
    ]
    return sorted(edges, key=lambda edge: (int(edge["activity"][4:]), edge["kind"], edge["name"]))


@overload
def cut(text: str, limit: int) -> str: ...
@overload
def cut(text: None, limit: int) -> None: ...
def cut(text: str | None, limit: int) -> str | None:
    """Return a text at most `limit` characters long, with an ellipsis where it was longer.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if text is None or len(text) <= limit else text[: limit - 1] + "…"


def timestamp(seconds: float) -> str:
    """Return a UTC RFC 3339 time with milliseconds.

    >>> timestamp(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _subject(subject: Subject) -> dict[str, Any]:
    return {"name": subject.name, "digest": {"sha256": subject.sha256, **_stated(swarm=subject.swarm)}}


def _stated(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
