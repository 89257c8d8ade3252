"""The words of lineage, as frozen dataclasses: what a session, a cell run, an artifact and an edge are.

The names follow W3C PROV (https://www.w3.org/TR/prov-dm/): a cell run is an Activity, an artifact an Entity.
Nothing here knows of IPython, storage or signatures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Session:
    """One kernel's life recording one notebook.

    `notebook` is the file's path relative to the record's folder, or None where no front end named it.
    `trusted` says whether the row carries the mark of this user's home (``trust.md`` §9).
    """

    id: str
    notebook: str | None
    started: float
    environment: Mapping[str, Any] = field(default_factory=dict)
    trusted: bool = True


@dataclass(frozen=True)
class Edge:
    """A version edge: `reader` used what `writer` had last written or changed under `name`.

    `kind` is one of var, file, db, state, net, import; `confidence` one of exact, coarse, assumed.

    >>> Edge("s:1", "s:2", "df", "var").confidence
    'exact'
    """

    writer: str
    reader: str
    name: str
    kind: str = "var"
    confidence: str = "exact"


@dataclass(frozen=True)
class Declaration:
    """What a person states about an artifact; never inferred.

    `license` is an SPDX expression, `personal_data` one of none, pseudonymous, personal, special.
    """

    title: str | None = None
    license: str | None = None
    purpose: str | None = None
    consent: str | None = None
    contact: str | None = None
    personal_data: str | None = None
    note: str | None = None

    def merged(self, newer: Declaration) -> Declaration:
        """Return this declaration with every field that `newer` states replaced.

        >>> Declaration(license="MIT").merged(Declaration(title="Penguins")).title
        'Penguins'
        """
        stated = {key: value for key, value in vars(newer).items() if value is not None}
        return Declaration(**{**vars(self), **stated})


@dataclass(frozen=True)
class Stored:
    """Where the bytes of an artifact are: digests, size, and the level-0 Swarm reference in the user's store."""

    sha256: str
    size: int
    content_id: str
    media_type: str
    suffix: str
    reference: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parent:
    """The publication that an input was opened from, and the file (`subject`) in it.

    `manifest` (sha256) and `content` (reference) are hex, `author` is a ``did:key``: that is what a manifest states.
    `any_signer` says that nobody here knew the author. `wallet` (of the author's seal) and `reference` are for this
    machine alone.

    >>> Parent("ab" * 32, "cd" * 32, "did:key:z6Mk…", "data/clean.parquet").any_signer
    False
    """

    manifest: str
    content: str
    author: str
    subject: str
    any_signer: bool = False
    wallet: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Artifact:
    """One version of a dataset, model, figure or file (its `kind`); its identity is (cell run, name, version).

    `run` is None for an input that no recorded cell run made. `path` is set for files: relative to the
    record's folder where it lies below it, absolute otherwise. `stored` is None while it was only recognised. `parent`
    is set for an input that was opened from a publication.
    """

    id: str
    run: str | None
    name: str
    version: int
    kind: str
    declared: bool = False
    shape: tuple[int, ...] | None = None
    schema: tuple[tuple[str, str], ...] | None = None
    summary: str = ""
    path: str | None = None
    named: bool = False
    origin: str | None = None
    declaration: Declaration = field(default_factory=Declaration)
    stored: Stored | None = None
    note: str | None = None
    parent: Parent | None = None

    @property
    def title(self) -> str:
        """What people read: the declared title, else the name."""
        return self.declaration.title or self.name


@dataclass(frozen=True)
class CellRun:
    """One execution of one cell: what it read, wrote and changed, and how it ended.

    `sequence` counts from 1 within the session and is the order; times are Unix seconds and only attributes.
    `status` is one of ok, error, interrupted.
    """

    id: str
    session: str
    sequence: int
    source: str
    source_sha256: str
    status: str
    started: float
    ended: float
    cell_id: str | None = None
    execution_count: int | None = None
    step: str = ""
    named: bool = False
    note: str | None = None
    error: str | None = None
    gap: str | None = None
    bound: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Use:
    """A cell run used an artifact: an input file, or what another run had left under a name."""

    run: str
    artifact: str
    confidence: str = "exact"


@dataclass(frozen=True)
class Lineage:
    """The graph of one session: cell runs and artifacts, and the edges between them.

    Runs stand in order of their sequence. `edges` hold every flow between runs; `uses` tie runs to artifacts.
    """

    session: Session
    runs: tuple[CellRun, ...]
    edges: tuple[Edge, ...]
    artifacts: tuple[Artifact, ...]
    uses: tuple[Use, ...]

    def run(self, run_id: str) -> CellRun:
        """Return the cell run with this id; KeyError if it is not of this session."""
        return {run.id: run for run in self.runs}[run_id]

    def artifact(self, artifact_id: str) -> Artifact:
        """Return the artifact with this id; KeyError if it is not of this session."""
        return {artifact.id: artifact for artifact in self.artifacts}[artifact_id]
