"""The workId: equal for unchanged work, so that publishing it again publishes nothing. Local; never published.

It is the sha256 of the manifest without what changes when the same cells run again on the same data: times, uuids,
hardware, git state, salts. Run ids become positions, digests become content ids, the notebook counts by its sources.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from swarmprov_nb.manifest.canonical import canonical

_CHANGING: Final = frozenset({"commitment", "digest", "size", "subject", "version"})


def work_id(
    statement: Mapping[str, Any], *, sources: Sequence[str], hidden: Mapping[str, str], outputs: bool = False
) -> str:
    """Return the workId of a manifest, in hex.

    `sources` are all the notebook's cell sources in order, Markdown included; `hidden` maps the ids of hidden
    entities to the content ids that they hide. `outputs` says that the notebook's outputs are published too.
    """
    predicate = copy.deepcopy(dict(statement["predicate"]))
    contents = {entity["subject"]: entity.get("contentId") for entity in predicate["entities"] if "subject" in entity}
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    notebook = predicate["notebook"]["subject"]
    position = {run["id"]: number for number, run in enumerate(predicate["activities"])}
    predicate["activities"] = [_run(run, position, hidden) for run in predicate["activities"]]
    entities = [_entity(entity, position, digests, hidden) for entity in predicate["entities"]]
    predicate["entities"] = sorted(entities, key=canonical)
    predicate["environment"] = {key: predicate["environment"][key] for key in ("python", "packages")}
    for key in ("omitted", "previous", "session"):
        del predicate[key]
    subjects = [
        [name, list(sources) if name == notebook else contents.get(name) or digest] for name, digest in digests.items()
    ]
    body = {"predicate": predicate, "subjects": subjects, **({"outputs": True} if outputs else {})}
    return hashlib.sha256(canonical(body)).hexdigest()


def _run(run: dict[str, Any], position: Mapping[str, int], hidden: Mapping[str, str]) -> dict[str, Any]:
    named = ("step", "status", "used", "note", "error", "gap", "seeds", "cell")
    kept: dict[str, Any] = {key: run[key] for key in named if key in run}
    informed = [{**edge, "activity": position[edge["activity"]]} for edge in run["informedBy"]]
    used = [{**use, "entity": hidden.get(use["entity"], use["entity"])} for use in run["used"]]
    kept["used"] = sorted(used, key=canonical)
    return {**kept, "source": run["source"]["sha256"], "informedBy": informed}


def _entity(
    entity: dict[str, Any], position: Mapping[str, int], digests: Mapping[str, str], hidden: Mapping[str, str]
) -> dict[str, Any]:
    known = {key: value for key, value in entity.items() if key not in _CHANGING}
    content = entity.get("contentId") or hidden.get(entity["id"])
    if content is None:
        content = digests[entity["subject"]] if "subject" in entity else entity["digest"]["sha256"]
    # the number of a hidden entity follows its commitment, which is another with each salt
    known["id"] = hidden.get(entity["id"], entity["id"])
    by = {"generatedBy": position[entity["generatedBy"]]} if "generatedBy" in entity else {}
    return {**known, **by, "contentId": content}
