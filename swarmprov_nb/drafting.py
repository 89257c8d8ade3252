"""Gather what a planned publication's manifest states, and store the subjects that it names by digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from swarmprov_nb import __version__
from swarmprov_nb.exports import declared
from swarmprov_nb.manifest.disclosure import commitment, shown_name
from swarmprov_nb.manifest.statement import Draft, Subject, statement
from swarmprov_nb.manifest.work_id import work_id
from swarmprov_nb.planning import Plan, attachment_path
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.secret_values import Salts, SecretBytes
from swarmprov_nb.storing import put


@dataclass(frozen=True)
class Drafted:
    """A manifest ready to be signed, with what must not be in it: the workId, and the salts by entity id."""

    statement: Mapping[str, Any]
    work: str
    salts: Mapping[str, str]


def draft(planned: Plan, *, author: str, previous: Receipt | None, store: Any) -> Drafted:
    """Build the manifest of a plan for an author; the notebook, old sources and attachments go to the store."""
    salts = {artifact.id: SecretBytes(secrets.token_bytes(32)) for artifact in planned.hidden}
    commitments = {
        artifact.id: commitment(salts[artifact.id], name=shown_name(artifact), stored=artifact.stored)
        for artifact in planned.hidden
        if artifact.stored
    }
    built = statement(
        Draft(
            lineage=planned.lineage,
            author=author,
            recorder_version=__version__,
            notebook=_notebook(planned),
            subjects=_subjects(planned, store),
            disclosures=planned.disclosures,
            paths=planned.files,
            commitments=commitments,
            sources={digest: _source_path(digest) for digest in planned.sources},
            exports=tuple(declared()),
            runs_omitted=len(planned.recorded.runs) - len(planned.lineage.runs),
            previous=_previous(previous),
            publication=planned.statements,
        )
    )
    by_commitment = {e["commitment"]: e["id"] for e in built["predicate"]["entities"] if "commitment" in e}
    entity = {key: by_commitment[value] for key, value in commitments.items()}
    contents = {entity[a.id]: a.stored.content_id for a in planned.hidden if a.stored}
    work = work_id(built, sources=[cell.source for cell in planned.notebook.cells], hidden=contents,
                   outputs=planned.outputs)  # fmt: skip
    return Drafted(built, work, Salts((entity[key], salt.hex()) for key, salt in salts.items() if key in entity))


def _notebook(planned: Plan) -> dict[str, Any]:
    attached = [attachment_path(attachment) for attachment in planned.attached]
    return {
        "subject": planned.subject,
        "cells": len(planned.notebook.cells),
        **{key: list(cells) for key, cells in planned.remarks.items()},
        **({"attachments": attached} if attached else {}),
    }


def _subjects(planned: Plan, store: Any) -> tuple[Subject, ...]:
    data = {planned.subject: planned.normal}
    data |= {_source_path(digest): source for digest, source in planned.sources.items()}
    data |= {attachment_path(attachment): attachment.data for attachment in planned.attached}
    subjects = [Subject(name, hashlib.sha256(each).hexdigest(), put(store, each).hex()) for name, each in data.items()]
    for artifact in planned.published:
        assert artifact.stored is not None  # a plan publishes only what is stored
        subjects.append(Subject(planned.files[artifact.id], artifact.stored.sha256, artifact.stored.reference))
    return tuple(subjects)


def _source_path(digest: str) -> str:
    return f"sources/{digest}.py"


def _previous(receipt: Receipt | None) -> dict[str, str] | None:
    if receipt is None:
        return None
    return {"manifest": receipt.manifest, "content": receipt.content, "author": receipt.author}
