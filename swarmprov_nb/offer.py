"""The offer: what a planned publish would send into the world, as plain JSON values that every front end shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.costing import Cost, chain_label, chain_proves, cost_of, store_label
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.manifest.disclosure import CITED, FOLDERS, HIDDEN, PUBLISHED, shown_name
from swarmprov_nb.manifest.statement import parents_of
from swarmprov_nb.planning import is_named
from swarmprov_nb.view.captions import byte_size, plural
from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.manifest.findings import Finding
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.publisher import Publisher

_LABEL: Final = 60
_CELL: Final = re.compile(r"(?:.*, )?(?:output of )?cell (\d+)", re.DOTALL)
_IN_SOURCE: Final = {
    "URL": re.compile(r"https?://[^\s\"')>]+"),
    "e-mail": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "path": re.compile(r"[\"']((?:\.{0,2}/|~/)?[\w.-]+(?:/[\w.-]+)+|[\w-]+\.[A-Za-z]\w{1,6})[\"']"),
}


def offer(planned: Plan, publisher: Publisher, *, cost: Cost | None = None) -> dict[str, Any]:
    """Return what a plan would do, for people to decide on; `previewing.preview` is its text.

    What it would cost is asked of the store and the chain, unless `cost` says it.

    ``items[]``: ``id``, ``name``, ``kind``, ``detail``, ``size``, ``size_text``, ``choice`` (published, cited,
    hidden), ``ticked``, ``fixed`` (it cannot be chosen otherwise) and ``why``; what was left out stays in the list.
    ``total``, ``cost``, ``signer``, ``store``, ``chain``; ``findings[]`` with ``cell_id`` or ``item`` where known;
    ``advice[]``; ``says[]``, the sentences on what becomes public; ``choices``, what they rest on.
    """
    cost = cost or cost_of(planned, publisher)
    return {
        "notebook": clean(planned.notebook.path.name),
        "store": {"name": publisher.store, "label": store_label(publisher)},
        "chain": {"name": publisher.chain, "label": chain_label(publisher), "proves": chain_proves(publisher)},
        "items": list(_items(planned)),
        "total": {"items": planned.items, "bytes": planned.size, "text": byte_size(planned.size)},
        "cost": cost.offered(),
        "signer": {"did": publisher.key.did, "wallet": publisher.wallet.address, "dev": publisher.wallet.dev},
        "findings": [*(_finding(planned, each) for each in planned.findings),
                     *(_finding(planned, each, accepted=True) for each in planned.accepted)],
        "advice": [clean(line) for line in (*cost.advice, *planned.advice)],
        "says": list(_leaves(planned)),
        "choices": {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(planned.choices).items()},
    }  # fmt: skip


# -- items


def _items(planned: Plan) -> Iterator[dict[str, Any]]:
    """Yield what is published or was left out by choice, in one steady order, then what is cited or hidden anyway."""
    chosen = [a for a in planned.recorded.artifacts if _is_chosen(planned, a)]
    free = {a.id: a for a in (*planned.published, *chosen)}
    personal = [artifact for artifact in planned.hidden if artifact.id not in free]
    for artifact in sorted(free.values(), key=lambda a: (planned.files.get(a.id) or _path(a), a.version)):
        yield _artifact(planned, artifact)
    outputs = "sources and outputs" if planned.outputs else "sources and figures of what is published"
    yield _beside("notebook", planned.subject, "notebook", outputs, planned.normal)
    for attachment in planned.attached:
        name = clean(attachment.name, limit=_LABEL)
        yield _beside(f"attachment-{attachment.number}", name, "attachment", "in a Markdown cell", attachment.data)
    for digest, source in planned.sources.items():
        detail = "of a run that the notebook no longer holds"
        yield _beside(f"source-{digest}", f"sources/{digest[:8]}….py", "source", detail, source)
    for artifact in (*(a for a in planned.cited if a.id not in free), *personal):
        yield _artifact(planned, artifact, fixed=True)


def _is_chosen(planned: Plan, artifact: Artifact) -> bool:
    """Tell whether a person's choice, and not a rule, decides how an artifact leaves."""
    named = is_named(artifact, (*planned.choices.hide, *planned.choices.cite))
    personal = (artifact.declaration.personal_data or "none") != "none"
    return named and artifact.stored is not None and not personal


def _artifact(planned: Plan, artifact: Artifact, *, fixed: bool = False) -> dict[str, Any]:
    part = artifact.id in {each.id for each in planned.lineage.artifacts}
    choice = planned.disclosures[artifact.id] if part else HIDDEN
    detail = ", ".join(filter(None, (artifact.summary, artifact.declaration.license)))
    if choice == CITED:
        detail = f"name and digests{_source(artifact)}"
    size = artifact.stored.size if artifact.stored else 0
    return _item(artifact.id, label(artifact), artifact.kind, clean(detail), size, choice=choice, fixed=fixed,
                 why=_why(artifact, choice, part=part, fixed=fixed))  # fmt: skip


def _source(artifact: Artifact) -> str:
    """Say where a cited artifact came from, as the manifest states it."""
    if artifact.parent is not None:
        return f", opened from a publication by {artifact.parent.author[:16]}…{artifact.parent.author[-4:]}"
    return f", from {artifact.origin}" if artifact.origin else ""


def _why(artifact: Artifact, choice: str, *, part: bool, fixed: bool) -> str | None:
    """Say what becomes of something that is not published."""
    if choice == PUBLISHED:
        return None
    if choice == HIDDEN and fixed:
        return "declared as personal data, or a copy of such: only a commitment leaves"
    if not part:
        return "left out: nothing of it leaves"
    if choice == HIDDEN:
        return "left out: only a commitment and its place in the graph leave"
    return "an input: its bytes stay here" if artifact.run is None else "its bytes stay here"


def _beside(id_: str, name: str, kind: str, detail: str, data: bytes) -> dict[str, Any]:
    return _item(id_, name, kind, detail, len(data), choice=PUBLISHED, fixed=True, why=None)


def _item(
    id_: str, name: str, kind: str, detail: str, size: int, *, choice: str, fixed: bool, why: str | None
) -> dict[str, Any]:
    return {
        "id": id_,
        "name": name,
        "kind": kind,
        "detail": detail,
        "size": size,
        "size_text": byte_size(size),
        "choice": choice,
        "ticked": choice == PUBLISHED,
        "fixed": fixed,
        "why": why,
    }


def label(artifact: Artifact) -> str:
    """Return an artifact's name as it may leave, made to fit."""
    return clean(shown_name(artifact), limit=_LABEL)


def _path(artifact: Artifact) -> str:
    return f"{FOLDERS[artifact.kind]}/{shown_name(artifact)}"


# -- findings


def _finding(planned: Plan, finding: Finding, *, accepted: bool = False) -> dict[str, Any]:
    return {
        "id": finding.id,
        "rule": finding.rule,
        "place": clean(finding.place, limit=_LABEL),
        "line": finding.line,
        "excerpt": clean(finding.excerpt),
        "advice": finding.advice,
        "stops": finding.confidence == "high" and not accepted,
        "cell_id": _cell_of(planned, finding.place),
        "item": _item_of(planned, finding.place),
        "accepted": accepted,
    }


def _cell_of(planned: Plan, place: str) -> str | None:
    """Return the id of the notebook's cell that a place names, or whose step it names."""
    if (found := _CELL.fullmatch(place)) and int(found[1]) <= len(planned.notebook.cells):
        return planned.notebook.cells[int(found[1]) - 1].id
    return next((run.cell_id for run in planned.lineage.runs if place == f"step {run.step}"), None)


def _item_of(planned: Plan, place: str) -> str | None:
    """Return the id of the artifact in whose bytes or declaration a place lies."""
    for artifact in planned.published:
        path = planned.files[artifact.id]
        if place == path or place.startswith((f"{path}, ", f"{path} (")):
            return artifact.id
    said = (a.id for a in (*planned.published, *planned.cited) if place == f"declaration of {a.name}")
    return next(said, None)


# -- sentences


def _leaves(planned: Plan) -> Iterator[str]:
    """Say what becomes public and what does not, to the letter of the disclosure rules."""
    names = ", ".join(label(artifact) for artifact in planned.published)
    yield f"Public for ever, and cannot be recalled: {names}; {planned.subject}."
    if planned.cited:
        cited = ", ".join(label(artifact) for artifact in planned.cited)
        yield f"Cited: {cited}; whoever can guess such data can confirm it."
    if parents := parents_of(planned.lineage.artifacts, planned.disclosures):
        whose = "its" if len(parents) == 1 else "their"
        stated = f"{whose} manifest's digest, content reference and author key are stated"
        yield f"Builds on {plural(len(parents), 'publication')}: {stated}, in the manifest and on the chain."
    if planned.hidden:
        yield f"Hidden: {len(planned.hidden)}; their number and place in the graph show."
    yield f"Source and Markdown are public and contain: {', '.join(_said_in_source(planned))}."
    packages = planned.recorded.session.environment.get("packages", [])
    private = [clean(package["name"], limit=_LABEL) for package in packages if package.get("editable")]
    listed = f" (private ones: {', '.join(private)})" if private else ""
    yield f"Also public: packages{listed}, run times, your key and wallet, which link your publications."


def _said_in_source(planned: Plan) -> Iterator[str]:
    """Say what stands in the notebook's text that a person may not think of: counted, and hidden names by name."""
    text = "\n".join([*(cell.source for cell in planned.notebook.cells), *map(bytes.decode, planned.sources.values())])
    for noun, pattern in _IN_SOURCE.items():
        yield plural(len(set(pattern.findall(text))), noun)
    hidden = [shown_name(artifact) for artifact in planned.hidden]
    shared = [clean(name, limit=_LABEL) for name in hidden if name and name in text]
    yield f"names of what is hidden: {', '.join(shared)}" if shared else "no name of what is hidden"
