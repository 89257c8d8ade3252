"""A lineage built in a few readable lines, for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from swarmprov_nb.lineage.vocabulary import Artifact, CellRun, Declaration, Edge, Lineage, Session, Stored, Use

_START = 1_793_700_000.0


class LineageBuilder:
    """A lineage in the making: `input` what was there, `run` cells, take `lineage`.

    >>> b = LineageBuilder()
    >>> raw = b.input("raw.csv", "file")
    >>> clean = b.run("clean", uses=[raw], makes={"clean": "dataset"})
    >>> plot = b.run("plot", uses=["clean"], makes={"fig": "figure"})
    >>> [(edge.name, edge.writer == clean.id) for edge in b.lineage.edges]
    [('clean', True)]
    """

    def __init__(self, notebook: str = "quickstart.ipynb", session: str = "s1") -> None:
        self._session = Session(session, notebook, _START)
        self._runs: list[CellRun] = []
        self._edges: list[Edge] = []
        self._artifacts: list[Artifact] = []
        self._uses: list[Use] = []

    @property
    def lineage(self) -> Lineage:
        """What has been built up to now."""
        return Lineage(self._session, tuple(self._runs), tuple(self._edges), tuple(self._artifacts), tuple(self._uses))

    def input(self, name: str, kind: str = "file", **fields: Any) -> Artifact:
        """Add an artifact that no cell run made; `fields` are those of `Artifact`."""
        return self._add(None, name, kind, fields)

    def run(
        self,
        step: str,
        *,
        uses: Iterable[Artifact | str] = (),
        makes: Mapping[str, str | Mapping[str, Any]] | None = None,
        reads: Mapping[str, CellRun | Edge] | None = None,
        confidence: str = "exact",
        cell: str | None = None,
        source: str | None = None,
        **fields: Any,
    ) -> CellRun:
        """Add a cell run, with what flows into it and what it makes.

        `uses` are artifacts, or names of which the latest version is meant. `makes` maps names to kinds, or to fields
        of `Artifact` with a ``kind``. `reads` maps other names to the runs that wrote them; an `Edge` there gives its
        kind and confidence (its reader and name are filled in). `fields` are those of `CellRun`.
        """
        sequence = len(self._runs) + 1
        text = source if source is not None else f"# {step}"
        stated = {"step": step, "execution_count": sequence, "cell_id": cell, **fields}
        run = CellRun(
            **{
                "id": f"{self._session.id}:{sequence}",
                "session": self._session.id,
                "sequence": sequence,
                "source": text,
                "source_sha256": sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
                "status": "error" if stated.get("error") else "ok",
                "started": _START + sequence,
                "ended": _START + sequence + 0.03,
                **stated,
            }
        )
        self._runs.append(run)
        for used in uses:
            self._use(run, used if isinstance(used, Artifact) else self.latest(used), confidence)
        for name, writer in (reads or {}).items():
            edge = writer if isinstance(writer, Edge) else Edge(writer.id, run.id, name, "var", confidence)
            self._edges.append(replace(edge, reader=run.id, name=name))
        for name, made in (makes or {}).items():
            about: dict[str, Any] = {"kind": made} if isinstance(made, str) else dict(made)
            self._add(run, name, about.pop("kind"), about)
        return run

    def latest(self, name: str) -> Artifact:
        """Return the latest version of the artifact of this name; KeyError if there is none."""
        return {artifact.name: artifact for artifact in self._artifacts}[name]

    def _use(self, run: CellRun, artifact: Artifact, confidence: str) -> None:
        self._uses.append(Use(run.id, artifact.id, confidence))
        if artifact.run is not None:
            kind = "file" if artifact.path else "var"
            self._edges.append(Edge(artifact.run, run.id, artifact.name, kind, confidence))

    def _add(self, run: CellRun | None, name: str, kind: str, fields: Mapping[str, Any]) -> Artifact:
        version = 1 + sum(artifact.name == name and artifact.kind == kind for artifact in self._artifacts)
        maker = run.id if run else self._session.id
        artifact = Artifact(
            **{
                "id": f"{maker}/{kind}/{name}@{version}",
                "run": run.id if run else None,
                "name": name,
                "version": version,
                "kind": kind,
                **fields,
            }
        )
        self._artifacts.append(artifact)
        return artifact


def stored(size: int, suffix: str, media_type: str = "application/octet-stream") -> Stored:
    """Return where the bytes of an example would be.

    >>> stored(18_400, ".parquet").size
    18400
    """
    digest = sha256(f"{size}{suffix}".encode()).hexdigest()
    return Stored(digest, size, digest, media_type, suffix)


def example_lineage() -> Lineage:
    """Return a small study of penguins: one input, seven cell runs (the last stopped), six artifacts made.

    >>> len(example_lineage().runs), len(example_lineage().artifacts)
    (7, 7)
    """
    b = LineageBuilder()
    cc0 = Declaration(license="CC0-1.0")
    raw = b.input("penguins_raw.csv", "dataset", shape=(344, 17), path="data/penguins_raw.csv", declaration=cc0)
    read = b.run("read", uses=[raw], cell="cell-read", execution_count=2)
    table = {"kind": "dataset", "shape": (333, 8), "stored": stored(18_400, ".parquet")}
    note = "drop unsexed rows"
    clean = b.run("clean", reads={"df": read}, makes={"clean": table}, cell="cell-clean", execution_count=4, note=note)
    summary = {"kind": "file", "path": "summary.csv", "stored": stored(1_200, ".csv")}
    b.run("describe", reads={"df": read}, makes={"summary.csv": summary}, cell="cell-describe", execution_count=5)
    halves = {"train": {"kind": "dataset", "shape": (249, 8)}, "test": {"kind": "dataset", "shape": (84, 8)}}
    split = b.run("split", uses=["clean"], makes=halves, cell="cell-split", execution_count=7, note="seed 7")
    forest = {"forest": {"kind": "model", "stored": stored(412_000, ".skops")}}
    state = {"<np.random>": Edge(split.id, "", "", "state")}
    b.run("fit forest", uses=["train"], makes=forest, reads=state, cell="cell-fit", execution_count=9)
    figure = {"kind": "figure", "path": "confusion.png", "stored": stored(31_000, ".png", "image/png")}
    rows = {"rows": Edge(clean.id, "", "", "var", "assumed")}
    made = {"confusion.png": figure}
    b.run("evaluate", uses=["forest", "test"], reads=rows, makes=made, cell="cell-evaluate", execution_count=11)
    b.run("cell", reads={"df": read}, cell="cell-last", execution_count=12, error="KeyError: 'sexx'")
    return b.lineage
