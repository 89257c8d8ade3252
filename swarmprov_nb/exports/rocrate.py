"""``ro-crate-metadata.json``: the publication as an RO-Crate 1.1 that follows Provenance Run Crate 0.5.

https://www.researchobject.org/ro-crate/specification/1.1/ and
https://www.researchobject.org/workflow-run-crate/profiles/0.5/provenance_run_crate/. The notebook is the workflow, a
cell run the execution of a tool, the recorder the workflow engine. A publication without runs is a plain RO-Crate.

| manifest field | RO-Crate |
|---|---|
| ``notebook.subject`` | ``mainEntity``: File, SoftwareSourceCode, ComputationalWorkflow, HowTo; also the crate's name |
| ``statements`` | the crate's ``license``, and ``description`` from ``purpose`` and ``note``; ``contact`` is left out |
| the last ``endedAt``, else ``session.startedAt`` | ``datePublished``, which RO-Crate requires: no earlier than this |
| ``session`` | CreateAction ``#session`` on the notebook, from the inputs to what is published |
| ``agents[author]`` | ``publisher`` of the crate, by the ``did:key``; the name is a claim |
| ``agents[recorder]`` | SoftwareApplication ``#recorder``, instrument of OrganizeAction ``#recording`` |
| ``activities[]`` | CreateAction ``#run-N``: name, times, status, ``error``; ``note`` and ``gap`` in its description |
| ``activities[].source`` | HowToStep ``#step-SHA256`` and its tool: ``#source-SHA256``, or the file in ``sources/`` |
| ``activities[].sequence`` | order of the graph; ControlAction ``#control-N`` ties step and run |
| ``activities[].used[].entity`` | ``object`` of the run |
| ``entities[].generatedBy`` | ``result`` of the run |
| ``entities[]`` published | File at its path, with sha256, size, type, and what is declared of it |
| ``entities[]`` cited | CreativeWork ``#artifact-N``, with the same |
| ``entities[]`` hidden | CreativeWork ``#artifact-N`` with its commitment, and nothing else |
| ``entities[]`` without ``generatedBy``; published ones with it | FormalParameter: input, output of the notebook |
| ``entities[].alternateOf[]`` | ``sameAs`` |
| ``entities[].parent``, ``parents[]`` | ``isBasedOn`` the parent's manifest |
| ``previous`` | ``isBasedOn`` of the crate |
| ``environment.python`` | ComputerLanguage ``#python``; packages are in the file of the ``requirements`` exporter |
| ``exports[]``, manifest and envelope | File |
| ``confidence``, ``informedBy``, ``seeds``, ``omitted``, ``personalData``, ``consent``, ``schema`` | left out |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from swarmprov_nb.exports.compact_json import compact
from swarmprov_nb.exports.exporter import Exporter
from swarmprov_nb.exports.prov import MANIFESTS, others
from swarmprov_nb.manifest.envelope import MEDIA_TYPE, PAYLOAD_TYPE
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST

VERSION: Final = "1"
METADATA: Final = "ro-crate-metadata.json"
_CONTEXT: Final = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
_ROCRATE: Final = "https://w3id.org/ro/crate/1.1"
_WORKFLOW: Final = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
_PROFILES: Final = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    _WORKFLOW: ("Workflow RO-Crate", "1.0"),
}
_TYPES: Final = {MANIFEST: PAYLOAD_TYPE, ENVELOPE: MEDIA_TYPE}
_UNLICENSED: Final = "No licence is stated."
_SPDX_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,60}\+?")
_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?")
_NOT_LICENCES: Final = ("LicenseRef-", "DocumentRef-")

Thing = dict[str, Any]


def render(statement: Mapping[str, Any], *, manifest_sha256: str) -> bytes:
    """Return the metadata of a verified manifest's crate."""
    crate = _Crate(statement, manifest_sha256)
    graph = [
        *crate.root(),
        *crate.files,
        *crate.artifacts(),
        *crate.others(),
        *(crate.workflow() if crate.runs else ()),
    ]
    once = {thing["@id"]: thing for thing in reversed(graph)}
    return compact({"@context": _CONTEXT, "@graph": list(reversed(once.values()))})


ROCRATE: Final = Exporter("rocrate", VERSION, METADATA, "application/json", render)


class _Crate:
    """The things of a crate, by part; an id stands once, where it is said first."""

    def __init__(self, statement: Mapping[str, Any], manifest_sha256: str) -> None:
        self._predicate = statement["predicate"]
        self._sha256 = manifest_sha256
        self._digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        self._entities = self._predicate["entities"]
        self._ids = {entity["id"]: _artifact_id(entity) for entity in self._entities}
        self._notebook = self._predicate["notebook"]["subject"]
        self.runs = self._predicate["activities"]

    @cached_property
    def _steps(self) -> list[Mapping[str, Any]]:
        """The first run of each source, in order."""
        first: dict[str, Mapping[str, Any]] = {}
        for run in self.runs:
            first.setdefault(run["source"]["sha256"], run)
        return list(first.values())

    def root(self) -> list[Thing]:
        """Return the descriptor, the crate, its publisher and the profiles."""
        predicate, said = self._predicate, self._predicate["statements"]
        author = predicate["agents"][0]
        profiles = _PROFILES if self.runs else {}
        about = "Where the results of this notebook came from, drawn from the signed manifest.json."
        root = {
            "@id": "./",
            "@type": "Dataset",
            "name": self._notebook,
            "description": _lines(said.get("purpose"), said.get("note")) or about,
            "datePublished": self._ended,
            "license": _license(said.get("license")) or _UNLICENSED,
            "publisher": _ref(author["key"]),
            "conformsTo": [_ref(profile) for profile in profiles],
            "hasPart": [_ref(name) for name in (*(file["@id"] for file in self.files), *self._ids_of(self._published))],
            "mainEntity": _ref(_at(self._notebook)),
            "mentions": [_ref(action) for action in ("#session", "#recording", *map(_run_id, self.runs)) if self.runs],
            "isBasedOn": [_ref(MANIFESTS + other) for other in others(self._predicate)],
            "identifier": f"sha256:{self._sha256}",
        }
        versions = [_ref(_ROCRATE), *([_ref(_WORKFLOW)] if self.runs else [])]
        descriptor = {"@id": METADATA, "@type": "CreativeWork", "about": _ref("./"), "conformsTo": versions}
        claimed = {"description": "Holds the key that signs the manifest. The name is a claim."}
        publisher = {"@id": author["key"], "@type": "Person", "name": author.get("name", "unnamed"), **claimed}
        named = [
            {"@id": profile, "@type": "CreativeWork", "name": name, "version": version}
            for profile, (name, version) in profiles.items()
        ]
        return [descriptor, _stated(root), publisher, *named, *self._licences()]

    @cached_property
    def _ended(self) -> str:
        """The latest moment that the manifest knows of."""
        return max((run["endedAt"] for run in self.runs), default=self._predicate["session"]["startedAt"])

    def _licences(self) -> list[Thing]:
        stated = [self._predicate["statements"].get("license"), *(entity.get("license") for entity in self._entities)]
        found = {text: _license(text) for text in stated if text}
        return [
            {"@id": licence["@id"], "@type": "CreativeWork", "name": text, "identifier": text}
            for text, licence in found.items()
            if isinstance(licence, dict)
        ]

    @cached_property
    def files(self) -> list[Thing]:
        """The notebook and every file beside the artifacts; the manifest's own digest is known."""
        artifacts = {entity.get("subject") for entity in self._entities}
        sources = {run["source"]["subject"] for run in self.runs}
        digests = {**self._digests, MANIFEST: self._sha256}
        types: dict[str, str | None] = {
            self._notebook: None,
            **{path: "text/x-python" if path in sources else None for path in self._digests if path != self._notebook},
            **_TYPES,
            **{export["path"]: export["mediaType"] for export in self._predicate["exports"]},
        }
        return [
            self._workflow_file(digests.get(path))
            if path == self._notebook
            else _file(path, digests.get(path), media_type, code=path in sources)
            for path, media_type in types.items()
            if path not in artifacts and path != METADATA
        ]

    def _workflow_file(self, sha256: str | None) -> Thing:
        file = _file(self._notebook, sha256, "application/x-ipynb+json", code=True)
        if not self.runs:
            return file
        required = [e["path"] for e in self._predicate["exports"] if e["exporter"] == "requirements"]
        return _stated({
            **file,
            "@type": [*file["@type"], "ComputationalWorkflow", "HowTo"],
            "programmingLanguage": _ref("#python"),
            "softwareRequirements": [_ref(_at(path)) for path in required],
            "hasPart": [_ref(self._tool(run)) for run in self._steps],
            "step": [_ref(_step_id(run)) for run in self._steps],
            "input": [_ref(_slot("input", entity)) for entity in self._inputs],
            "output": [_ref(_slot("output", entity)) for entity in self._outputs],
        })  # fmt: skip

    @cached_property
    def _published(self) -> list[Mapping[str, Any]]:
        return [entity for entity in self._entities if entity["disclosure"] == "published"]

    @cached_property
    def _inputs(self) -> list[Mapping[str, Any]]:
        return [entity for entity in self._entities if "generatedBy" not in entity]

    @cached_property
    def _outputs(self) -> list[Mapping[str, Any]]:
        return [entity for entity in self._published if "generatedBy" in entity]

    def _ids_of(self, entities: Iterable[Mapping[str, Any]]) -> list[str]:
        return [self._ids[entity["id"]] for entity in entities]

    def artifacts(self) -> list[Thing]:
        """Return the artifacts: files that are here, works that are cited, and hidden ones without a word."""
        return [self._artifact(entity) for entity in self._entities]

    def _artifact(self, entity: Mapping[str, Any]) -> Thing:
        slots = [_ref(slot) for slot in self._slots(entity)]
        base = {"@id": self._ids[entity["id"]], "@type": "CreativeWork", "exampleOfWork": slots}
        if entity["disclosure"] == "hidden":
            commitment = f"hmac-sha256:{entity['commitment']}"
            return _stated({**base, "name": "hidden", "identifier": commitment})
        digest = entity["digest"] if "digest" in entity else {"sha256": self._digests.get(entity["subject"])}
        published = entity["disclosure"] == "published"
        origin = entity.get("origin", "")
        return _stated({
            **base,
            "@type": "File" if published else "CreativeWork",
            "name": entity.get("title") or entity["name"],
            "alternateName": entity["name"] if entity.get("title") else None,
            "additionalType": entity["kind"],
            "version": str(entity["version"]),
            "encodingFormat": entity["mediaType"],
            "contentSize": str(entity["size"]),
            "sha256": digest["sha256"],
            "identifier": entity.get("contentId"),
            "license": _license(entity.get("license")),
            "url": origin if _URL.fullmatch(origin) else None,
            "description": _about(entity),
            "sameAs": [_ref(self._ids[other]) for other in entity.get("alternateOf", ()) if other in self._ids],
            "isBasedOn": _ref(MANIFESTS + entity["parent"]["manifest"]) if "parent" in entity else None,
        })  # fmt: skip

    def _slots(self, entity: Mapping[str, Any]) -> list[str]:
        if not self.runs:
            return []
        if "generatedBy" not in entity:
            return [_slot("input", entity)]
        return [_slot("output", entity)] if entity["disclosure"] == "published" else []

    def others(self) -> list[Thing]:
        """Return the publications that this one builds on, by their manifests."""
        return [
            {"@id": MANIFESTS + manifest, "@type": "CreativeWork", "sha256": manifest, "name": "another publication"}
            for manifest in others(self._predicate)
        ]

    def workflow(self) -> list[Thing]:
        """Return language, steps, tools and slots of the notebook, and its runs."""
        python = self._predicate["environment"]["python"]
        language = {"@id": "#python", "@type": "ComputerLanguage", "name": "Python", "version": python["version"]}
        recorder = self._predicate["agents"][1]
        software = {"@id": "#recorder", "@type": "SoftwareApplication", "name": recorder["name"]}
        return [
            {**language, "alternateName": python["implementation"]},
            {**software, "softwareVersion": recorder["version"]},
            *self._parameters(),
            *(thing for place, run in enumerate(self._steps, 1) for thing in self._step(run, place)),
            *self._session(),
            *(thing for run in self.runs for thing in self._run(run)),
        ]

    def _parameters(self) -> list[Thing]:
        return [
            {"@id": slot, "@type": "FormalParameter", "additionalType": "File", "name": entity.get("name", "hidden")}
            for entity in self._entities
            for slot in self._slots(entity)
        ]

    def _tool(self, run: Mapping[str, Any]) -> str:
        source = run["source"]
        return f"#source-{source['sha256']}" if source["subject"] == self._notebook else _at(source["subject"])

    def _step(self, run: Mapping[str, Any], place: int) -> list[Thing]:
        name = run["step"] or "a cell"
        tool = {"@id": self._tool(run), "@type": "SoftwareSourceCode", "name": name}
        step = {"@id": _step_id(run), "@type": "HowToStep", "name": name, "position": str(place)}
        code = {**tool, "programmingLanguage": _ref("#python"), "sha256": run["source"]["sha256"]}
        here = run["source"]["subject"] == self._notebook  # else its file is a thing of its own
        return [{**step, "workExample": _ref(self._tool(run))}, *([code] if here else [])]

    def _session(self) -> list[Thing]:
        session = self._predicate["session"]
        whole = {
            "@id": "#session",
            "@type": "CreateAction",
            "name": f"Session of {self._notebook}",
            "identifier": session["id"],
            "instrument": _ref(_at(self._notebook)),
            "startTime": session["startedAt"],
            "endTime": self._ended,
            "object": [_ref(name) for name in self._ids_of(self._inputs)],
            "result": [_ref(name) for name in self._ids_of(self._outputs)],
        }
        recording = {
            "@id": "#recording",
            "@type": "OrganizeAction",
            "name": "Recording of the session",
            "instrument": _ref("#recorder"),
            "object": [_ref(_control_id(run)) for run in self.runs],
            "result": _ref("#session"),
        }
        return [_stated(whole), recording]

    @cached_property
    def _made(self) -> dict[str, list[Thing]]:
        made: dict[str, list[Thing]] = {}
        for entity in self._entities:
            made.setdefault(entity.get("generatedBy", ""), []).append(_ref(self._ids[entity["id"]]))
        return made

    def _run(self, run: Mapping[str, Any]) -> list[Thing]:
        ended = "Completed" if run["status"] == "ok" else "Failed"
        gap = f"Not seen by the recorder: {run['gap']}" if run.get("gap") else None
        action = {
            "@id": _run_id(run),
            "@type": "CreateAction",
            "name": run["step"] or "a cell",
            "description": _lines(run.get("note"), gap),
            "instrument": _ref(self._tool(run)),
            "startTime": run["startedAt"],
            "endTime": run["endedAt"],
            "actionStatus": _ref(f"http://schema.org/{ended}ActionStatus"),
            "error": None if run["status"] == "ok" else run.get("error", run["status"]),
            "object": [_ref(self._ids[use["entity"]]) for use in run["used"] if use["entity"] in self._ids],
            "result": self._made.get(run["id"]),
        }
        control = {"@id": _control_id(run), "@type": "ControlAction", "instrument": _ref(_step_id(run))}
        return [_stated(action), {**control, "object": _ref(_run_id(run))}]


def _artifact_id(entity: Mapping[str, Any]) -> str:
    return _at(entity["subject"]) if entity["disclosure"] == "published" else f"#{entity['id']}"


def _file(path: str, sha256: str | None, media_type: str | None, *, code: bool) -> Thing:
    kind: Any = ["File", "SoftwareSourceCode"] if code else "File"
    about = {"@id": _at(path), "@type": kind, "name": path, "encodingFormat": media_type}
    return _stated({**about, "sha256": sha256})


def _about(entity: Mapping[str, Any]) -> str | None:
    origin = entity.get("origin", "")
    said = f"From {origin}" if origin and not _URL.fullmatch(origin) else None
    return _lines(entity.get("purpose"), entity.get("note"), said, entity.get("remark"), *entity.get("warnings", ()))


def _license(text: str | None) -> Thing | str | None:
    """Return an SPDX id as the thing it names; other expressions and words stay text.

    >>> _license("CC0-1.0"), _license("MIT OR Apache-2.0")
    ({'@id': 'https://spdx.org/licenses/CC0-1.0'}, 'MIT OR Apache-2.0')
    """
    if text and _SPDX_ID.fullmatch(text) and not text.startswith(_NOT_LICENCES):
        return _ref(f"https://spdx.org/licenses/{text}")
    return text


def _at(path: str) -> str:
    """Return a file's path as the relative reference that it is in a crate, whatever stands in it.

    >>> _at("data/a b#c.csv"), _at("javascript:x")
    ('data/a%20b%23c.csv', 'javascript%3Ax')
    """
    return quote(path, safe="/")


def _ref(name: str) -> Thing:
    return {"@id": name}


def _run_id(run: Mapping[str, Any]) -> str:
    return f"#{run['id']}"


def _control_id(run: Mapping[str, Any]) -> str:
    return f"#control-{run['id'].removeprefix('run-')}"


def _step_id(run: Mapping[str, Any]) -> str:
    return f"#step-{run['source']['sha256']}"


def _slot(which: str, entity: Mapping[str, Any]) -> str:
    return f"#{which}-{entity['id'].removeprefix('artifact-')}"


def _lines(*texts: str | None) -> str | None:
    return "\n".join(text for text in texts if text) or None


def _stated(thing: Thing) -> Thing:
    return {key: value for key, value in thing.items() if value not in (None, "", [])}
