"""Record: turn what the capture engine observes into cell runs, artifacts and edges of one session."""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.capture import Engine, Observation, environment
from swarmprov_nb.config import Settings
from swarmprov_nb.declaring import Declared, StepRequest
from swarmprov_nb.errors import ArtifactError, SwarmprovError, UsageError
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Edge, Record, Session, Use
from swarmprov_nb.notebooks import heading_above, project_folder

if TYPE_CHECKING:
    from swarmprov_nb.storing import Keeper

_LABEL_LENGTH: Final = 80


@dataclass
class _Draft:
    """A cell run in the making: what goes into the record in one transaction, and what is said about it."""

    run: CellRun
    observation: Observation
    artifacts: list[Artifact] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    updates: list[Artifact] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    problems: list[SwarmprovError] = field(default_factory=list)


class Recorder:
    """Records one kernel session of one notebook; safe to ask from any thread.

    `shell` is an IPython shell. Every finished cell run is in the record before the front end hears that it ended.
    """

    def __init__(self, shell: Any, *, home: Home | None = None, notebook: Path | None = None) -> None:
        self._shell = shell
        self.home = home or Home.of_user()
        self.notebook = notebook or notebook_of(shell)
        self.folder = (self.notebook.parent if self.notebook else Path.cwd()).absolute()
        self.settings = Settings.of(self.home, self.folder)
        self.session = Session(str(uuid.uuid4()), self.notebook.name if self.notebook else None, time.time())
        self.engine = Engine(shell, on_run=self._record)
        self._lock = threading.RLock()
        self._record_: Record | None = None
        self._step = StepRequest()
        self._declared: list[Declared] = []
        self._current: dict[str, Artifact] = {}  # the newest artifact under each name
        self._files: dict[str, tuple[tuple[int, int, int], Artifact]] = {}  # inputs by path, with their stat
        self._unrecorded: list[_Draft] = []

    # -- what magics ask

    def start(self) -> None:
        """Begin to observe; the record is opened when the first run ends."""
        self.engine.install()

    def stop(self) -> None:
        """Remove every hook and close the record."""
        self.engine.remove()
        with self._lock:
            if self._record_ is not None:
                self._record_.close()
                self._record_ = None

    def step(self, request: StepRequest) -> None:
        """Note what ``%%provenance`` said about the cell run under way; it is applied when the run ends."""
        with self._lock:
            self._step = request
            self._declared = [*self._declared, *request.declared]

    def declare(self, declared: Declared) -> None:
        """Note a declaration made from Python; it is applied when the cell run under way ends."""
        with self._lock:
            self._declared.append(declared)

    @property
    def record(self) -> Record:
        """The open record, with this session in it."""
        with self._lock:
            if self._record_ is None:
                record = Record(self.folder, key=self.home.secret(RECORD_KEY))
                if self.session.id not in {session.id for session in record.sessions()}:
                    self.session = replace(self.session, environment=environment(self.folder))
                    record.add_session(self.session)
                self._record_ = record
            return self._record_

    # -- from observation to record

    def _record(self, observation: Observation) -> None:
        with self._lock:
            request, self._step = self._step, StepRequest()
            declared, self._declared = self._declared, []
            draft = self._draft(observation, request)
            try:
                self._find_artifacts(draft)
                self._apply(draft, declared, request)
                self._store(draft)
            except Exception as error:  # noqa: BLE001 - our failure is a gap in the record, never in the user's cell
                gap = f"artifacts of this run could not be looked at ({type(error).__name__})"
                draft.run = replace(draft.run, gap=draft.run.gap or gap)
            self._write(draft)
            self._say(draft)

    def _draft(self, observation: Observation, request: StepRequest) -> _Draft:
        run = CellRun(
            id=self._run_id(observation.sequence),
            session=self.session.id,
            sequence=observation.sequence,
            source=observation.source,
            source_sha256=hashlib.sha256(observation.source.encode()).hexdigest(),
            status=observation.status,
            started=observation.started,
            ended=observation.ended,
            cell_id=observation.cell_id,
            execution_count=observation.execution_count,
            step=request.name or self._step_name(observation),
            named=request.name is not None,
            note=request.note,
            error=observation.error,
            gap=observation.gap,
            bound=observation.bound,
            mutated=observation.mutated,
            seeds=observation.seeds,
        )
        return _Draft(run, observation)

    def _step_name(self, observation: Observation) -> str:
        heading = heading_above(self.notebook, observation.cell_id, observation.source) if self.notebook else None
        lines = (line.strip().lstrip("#").strip() for line in observation.source.splitlines())
        first = next((line for line in lines if line), "empty cell")
        return (heading or first)[:_LABEL_LENGTH]

    def _find_artifacts(self, draft: _Draft) -> None:
        """List what the run made (recognised values and written files), and tie it to what it used."""
        from swarmprov_nb.artifacts import family_of

        before = dict(self._current)
        for name in dict.fromkeys((*draft.observation.bound, *draft.observation.mutated)):
            value = self._shell.user_ns.get(name)
            family = None if value is None else family_of(value)
            if family is None:
                self._current.pop(name, None)
                continue
            description = family.describe(value)
            self._made(draft, name, kind=description.kind, shape=description.shape, schema=description.schema,
                       summary=description.summary)  # fmt: skip
        written = [access for access in draft.observation.files if access.mode == "write"]
        for access in written:
            self._file_made(draft, Path(access.path), named=access.named)
        for access in draft.observation.files:
            if access.mode == "read" and access.writer is None:
                draft.uses += self._input(draft, Path(access.path), named=access.named)
        for flow in draft.observation.flows:
            name = flow.name
            if (artifact := before.get(name)) is not None and artifact.run == self._run_id(flow.writer):
                draft.uses.append(Use(draft.run.id, artifact.id, flow.confidence))

    def _made(self, draft: _Draft, name: str, *, kind: str, **attributes: Any) -> Artifact:
        known = self._current.get(name)
        version = known.version + 1 if known else 1
        artifact = Artifact(f"{draft.run.id}/{name}@{version}", draft.run.id, name, version, kind, **attributes)
        if known is not None and known.declared and artifact.run != known.run:
            artifact = replace(artifact, declaration=replace(known.declaration, title=None))
        self._current[name] = artifact
        draft.artifacts.append(artifact)
        return artifact

    def _file_made(self, draft: _Draft, path: Path, *, named: bool) -> None:
        if path.is_file() and not _is_ours(path):
            self._made(draft, self._file_name(path), kind=_kind_of(path), path=self._relative(path), named=named)

    def _input(self, draft: _Draft, path: Path, *, named: bool) -> Iterator[Use]:
        """Tie the run to a file that no recorded run wrote; each state of the file is one version of the input."""
        try:
            stat = path.stat()
        except OSError:
            return
        state = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        key = str(path)
        if key not in self._files or self._files[key][0] != state:
            version = self._files[key][1].version + 1 if key in self._files else 1
            name = self._file_name(path)
            artifact = Artifact(
                f"{self.session.id}/input/{self._relative(path)}@{version}", None, name, version, _kind_of(path),
                path=self._relative(path), named=named, summary=_size(stat.st_size),
            )  # fmt: skip
            self._files[key] = (state, artifact)
            draft.artifacts.append(artifact)
        yield Use(draft.run.id, self._files[key][1].id)

    # -- declarations

    def _apply(self, draft: _Draft, declared: list[Declared], request: StepRequest) -> None:
        for item in declared:
            try:
                artifact = self._artifact_of(draft, item)
            except SwarmprovError as error:
                draft.problems.append(error)
                continue
            self._replace(draft, self._declared_artifact(artifact, item))
        for uri in request.inputs:
            self._name_input(draft, uri)

    def _artifact_of(self, draft: _Draft, item: Declared) -> Artifact:
        from swarmprov_nb.artifacts import family_of

        name = item.name or self._name_of(item)
        if name in self._current:
            return self._current[name]
        if (path := self.folder / name).is_file():
            return self._made(draft, self._file_name(path), kind=_kind_of(path), path=self._relative(path), named=True)
        if name not in self._shell.user_ns:
            public = sorted(key for key in self._current if key.isidentifier())
            raise UsageError(
                f"There is no variable or file {name!r} after this cell.",
                f"Declare one of: {', '.join(public)}." if public else "Declare a variable that the cell binds.",
            )
        value = self._shell.user_ns[name]
        if (family := family_of(value, declared=True)) is not None:
            description = family.describe(value)
            return self._made(draft, name, kind=description.kind, shape=description.shape, schema=description.schema,
                              summary=description.summary)  # fmt: skip
        kind = type(value).__name__
        raise ArtifactError(
            f"{name} is a {kind}, and no artifact family can turn it into bytes.",
            "Write it to a file and declare that file, or register a family: swarmprov.register_family.",
        )

    def _name_of(self, item: Declared) -> str:
        namespace = self._shell.user_ns.items()
        names = [name for name, value in namespace if value is item.value and not name.startswith("_")]
        if not names:
            raise UsageError(
                "The declared object has no name after this cell.", "Bind it first: df = …, then swarmprov.dataset(df)."
            )
        return next((name for name in names if name in self._current), names[0])

    def _declared_artifact(self, artifact: Artifact, item: Declared) -> Artifact:
        declaration = Declaration(license=self.settings.license, contact=self.settings.contact)
        declaration = declaration.merged(artifact.declaration).merged(item.declaration)
        return replace(artifact, declared=True, kind=item.kind or artifact.kind, declaration=declaration)

    def _name_input(self, draft: _Draft, uri: str) -> None:
        """Say where an input came from: the file of that name that the run read, else a name without bytes."""
        for path, (state, artifact) in self._files.items():
            if uri.rstrip("/").rsplit("/", 1)[-1] == Path(path).name or uri == artifact.path:
                named = replace(artifact, origin=uri, named=True)
                self._files[path] = (state, named)
                self._replace(draft, named)
                return
        draft.problems.append(
            UsageError(f"This cell read no file that --input {uri} could name.", "Name it on the cell that reads it.")
        )

    def _replace(self, draft: _Draft, artifact: Artifact) -> None:
        if artifact.name in self._current and self._current[artifact.name].id == artifact.id:
            self._current[artifact.name] = artifact
        for index, known in enumerate(draft.artifacts):
            if known.id == artifact.id:
                draft.artifacts[index] = artifact
                return
        draft.updates = [known for known in draft.updates if known.id != artifact.id] + [artifact]

    # -- bytes

    def _store(self, draft: _Draft) -> None:
        """Store declared artifacts and written files while the time set for one run lasts."""
        deadline = time.monotonic() + self.settings.store_seconds
        wanted = [artifact for artifact in (*draft.artifacts, *draft.updates) if artifact.stored is None]
        keeper: Keeper | None = None
        for artifact in wanted:
            if not (artifact.declared or artifact.path is not None):
                continue
            if time.monotonic() > deadline:
                self._replace(draft, replace(artifact, note="not stored yet: over the time set for one cell run"))
                continue
            if keeper is None:
                from swarmprov_nb.storing import Keeper

                keeper = Keeper(self.home)
            try:
                self._replace(draft, self._kept(keeper, artifact))
            except SwarmprovError as error:
                self._replace(draft, replace(artifact, note=error.what))
                if artifact.declared:
                    draft.problems.append(error)

    def _kept(self, keeper: Keeper, artifact: Artifact) -> Artifact:
        """Store one artifact; an input is only hashed, since what somebody else made is cited, not published."""
        from swarmprov_nb.artifacts import snapshot, snapshot_file

        limit = self.settings.max_artifact_bytes
        if artifact.path is not None:
            taken = snapshot_file(self.folder / artifact.path, limit=limit)
            stored = keeper.keep(taken) if artifact.run is not None or artifact.declared else keeper.cite(taken)
            description = taken.description
            return replace(artifact, stored=stored, summary=description.summary, shape=description.shape,
                           schema=description.schema)  # fmt: skip
        folder = self.home.private_folder(self.home.root / "tmp")
        taken = snapshot(self._shell.user_ns[artifact.name], folder=folder, limit=limit, name=artifact.name)
        try:
            return replace(artifact, stored=keeper.keep(taken), note=None)
        finally:
            taken.path.unlink(missing_ok=True)

    def store_current(self, artifact: Artifact) -> Artifact | None:
        """Store an artifact that was only recognised, if the variable still is that version; None if it is not."""
        with self._lock:
            sequence = int(str(artifact.run).rsplit(":", 1)[1])
            if artifact.name not in self._shell.user_ns or not self.engine.is_current(artifact.name, sequence):
                return None
            from swarmprov_nb.storing import Keeper

            kept = self._kept(Keeper(self.home), artifact)
            self.record.update_artifact(kept)
            self._current[artifact.name] = kept
            return kept

    # -- writing and answering

    def _write(self, draft: _Draft) -> None:
        """Write the run, and those that could not be written before it; what fails is kept and tried again."""
        self._unrecorded.append(draft)
        try:
            while self._unrecorded:
                pending = self._unrecorded[0]
                self.record.add_run(
                    pending.run, edges=self._edges(pending), artifacts=pending.artifacts, uses=pending.uses
                )
                for artifact in pending.updates:
                    self.record.update_artifact(artifact)
                self._unrecorded.pop(0)
        except SwarmprovError as error:
            if len(self._unrecorded) == 1:  # said once, not after each cell
                draft.problems.append(error)

    def _edges(self, draft: _Draft) -> list[Edge]:
        return [
            Edge(self._run_id(flow.writer), draft.run.id, flow.name, flow.kind, flow.confidence)
            for flow in draft.observation.flows
        ]

    def _say(self, draft: _Draft) -> None:
        """Answer a named step by one line for each artifact; report problems in two lines, without a traceback."""
        answers = [self._answer(draft, a) for a in (*draft.artifacts, *draft.updates) if a.declared and draft.run.named]
        for line in answers:
            print(line)  # noqa: T201 - the magic's answer belongs to the cell's output
        for problem in draft.problems:
            self._shell._showtraceback(type(problem), problem, problem._render_traceback_())  # noqa: SLF001

    def _answer(self, draft: _Draft, artifact: Artifact) -> str:
        sources = [self._label(use.artifact) for use in draft.uses]
        arrow = f" ← {', '.join(dict.fromkeys(sources))}" if sources else ""
        return f"{artifact.name}: {artifact.kind}, {artifact.summary}{arrow}"

    def _label(self, artifact_id: str) -> str:
        return artifact_id.rsplit("@", 1)[0].rsplit("/", 1)[-1]

    def _run_id(self, sequence: int) -> str:
        return f"{self.session.id}:{sequence}"

    def _relative(self, path: Path) -> str:
        try:
            return path.relative_to(self.folder).as_posix()
        except ValueError:
            project = project_folder(self.folder)
            return os.path.relpath(path, self.folder) if path.is_relative_to(project) else str(path)

    def _file_name(self, path: Path) -> str:
        return "file:" + (self._relative(path) if path.is_relative_to(self.folder) else path.name)


def notebook_of(shell: Any) -> Path | None:
    """Return the notebook that the kernel runs for, as far as anything here says so."""
    named = (
        os.environ.get("SWARMPROV_NOTEBOOK")
        or os.environ.get("JPY_SESSION_NAME")
        or shell.user_ns.get("__vsc_ipynb_file__")
        or shell.user_ns.get("__session__")
    )
    path = Path(str(named)) if named else None
    return path.absolute() if path is not None and path.suffix == ".ipynb" and path.is_file() else None


def forget(notebook: str | Path, *, home: Home | None = None) -> int:
    """Delete the record of a notebook; publications stay. Returns the number of sessions deleted.

    Raises RecordError where nothing is recorded beside the notebook.
    """
    path = Path(notebook)
    key = (home or Home.of_user()).secret(RECORD_KEY)
    with Record(path.parent.absolute(), key=key, create=False) as record:
        return record.forget(path.name)


def _is_ours(path: Path) -> bool:
    return ".swarmprov" in path.parts


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in {".png", ".svg", ".jpg", ".jpeg", ".pdf"}:
        return "figure"
    if suffix in {".csv", ".tsv", ".parquet", ".feather", ".arrow", ".xlsx", ".npy", ".npz", ".jsonl"}:
        return "dataset"
    return "model" if suffix in {".skops", ".pkl", ".joblib", ".onnx", ".safetensors"} else "file"


def _size(size: int) -> str:
    units = ("bytes", "kB", "MB", "GB")
    value, unit = float(size), 0
    while value >= 1000 and unit < len(units) - 1:  # noqa: PLR2004 - SI prefixes
        value, unit = value / 1000, unit + 1
    return f"{value:.0f} {units[unit]}" if unit == 0 else f"{value:.3g} {units[unit]}"
