"""What one cell run did, as frozen dataclasses: the only thing that leaves this room."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flow:
    """The run used what run `writer` had last written or changed under `name`.

    `kind` is var, file, db, state, net or import; `confidence` is exact, coarse or assumed.

    >>> Flow(1, "df", "var", "exact").name
    'df'
    """

    writer: int
    name: str
    kind: str
    confidence: str


@dataclass(frozen=True)
class FileAccess:
    """A data file that the run opened.

    `path` is absolute and real, `mode` is read or write, `writer` the run of this session that wrote the file before
    (None: nobody here did), `named` whether the file's name stands in the cell's source.

    >>> FileAccess("/data/raw.csv", "read", None, named=True).mode
    'read'
    """

    path: str
    mode: str
    writer: int | None
    named: bool


@dataclass(frozen=True)
class Observation:
    """One outermost cell run: how it ended, what flowed into it, what it left.

    Times are Unix seconds. `status` is ok, error or interrupted, `error` the exception's class name.
    `gap` is one sentence when capture failed or could not see.

    >>> Observation(1, None, 1, "x = 1", 0.0, 0.1, "ok", None, bound=("x",)).bound
    ('x',)
    """

    sequence: int
    cell_id: str | None
    execution_count: int | None
    source: str
    started: float
    ended: float
    status: str
    error: str | None
    flows: tuple[Flow, ...] = ()
    reads: tuple[str, ...] = ()
    bound: tuple[str, ...] = ()
    mutated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    files: tuple[FileAccess, ...] = ()
    seeds: tuple[str, ...] = ()
    gap: str | None = None
