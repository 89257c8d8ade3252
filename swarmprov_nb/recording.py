"""Record: turn what the capture engine observes into cell runs, artifacts and edges of one session."""

from __future__ import annotations

import atexit
import hashlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.capture import Engine, Observation, environment
from swarmprov_nb.config import Settings
from swarmprov_nb.declarations import Declared, StepRequest
from swarmprov_nb.errors import RecordError, StorageError, SwarmprovError, UsageError
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Edge, Lineage, Record, Session
from swarmprov_nb.notebooks import heading_above

if TYPE_CHECKING:
    from swarmprov_nb.catalogue import Catalogue, RunDraft
    from swarmprov_nb.storing import Keeper

_LABEL_LENGTH: Final = 80
_PATIENCE: Final = 10.0  # seconds that a cell run waits for a record that another program keeps locked
_NO_PATIENCE: Final = 0.5  # and where the one before it had waited in vain
_active: list[Recorder] = []  # a kernel has one recorder, or none
_active_lock = threading.RLock()


class Recorder:
    """Records one kernel session of one notebook; safe to ask from any thread.

    `shell` is an IPython shell. Every finished cell run is in the record before the front end hears that it ended.
    """

    def __init__(self, shell: Any, *, home: Home | None = None, notebook: Path | None = None) -> None:
        self._shell = shell
        self.home = home or Home.of_user()
        self.notebook = notebook or notebook_of(shell)
        self.folder = Path(os.path.realpath(self.notebook.parent)) if self.notebook else _working_folder()
        self.settings = Settings.of(self.home, self.folder)
        self.session = Session(str(uuid.uuid4()), self.notebook.name if self.notebook else None, time.time())
        self.engine = Engine(shell, on_run=self._on_run)
        self._lock = threading.RLock()
        self._open_record: Record | None = None
        self._catalogue: Catalogue | None = None
        self._step = StepRequest()
        self._declared: list[Declared] = []
        self._opened: list[Artifact] = []
        self._unrecorded: list[RunDraft] = []
        self._first = 1  # the first run that the record can hold: what was before is lost with a removed one
        self._problem: SwarmprovError | None = None
        self.on_recorded: list[Callable[[Lineage], None]] = []  # each hears of every run, alone, once it is recorded

    def start(self) -> None:
        """Begin to observe; the record is opened when the first run ends."""
        self.engine.install()
        atexit.register(self._at_exit, os.getpid())
        self._shell.events.register("post_run_cell", self._fail_cell)

    def stop(self) -> None:
        """Remove every hook and close the record."""
        self._shell.events.unregister("post_run_cell", self._fail_cell)
        self.engine.remove()
        atexit.unregister(self._at_exit)
        self._end()

    def _at_exit(self, process: int) -> None:
        if os.getpid() == process:  # a forked child has a copy of what is not its own
            self._end()

    def _end(self) -> None:
        """Write what could not be written before, if that works now, and close the record."""
        with self._lock:
            with suppress(SwarmprovError):
                self.catch_up()
            if self._open_record is not None:
                self._open_record.close()
                self._open_record = None

    def step(self, request: StepRequest) -> None:
        """Note what ``%%provenance`` said about the cell run under way; it is applied when the run ends."""
        with self._lock:
            self._step = request

    def declare(self, declared: Declared) -> None:
        """Note a declaration made from Python; it is applied when the cell run under way ends."""
        with self._lock:
            self._declared.append(declared)

    def note_opened(self, artifact: Artifact) -> bool:
        """Note an input that was opened from a publication; False where no cell run is under way that used it."""
        with self._lock:
            if not self.engine.active or self.engine.current_sequence is None:
                return False
            self._opened.append(artifact)
            return True

    @property
    def title(self) -> str:
        """What the recording is called: the notebook's name, where it is known."""
        return self.notebook.name if self.notebook else f"this session in {self.folder.name}"

    def document(self) -> Path:
        """Return the notebook's file as it is called now: it may be renamed while its kernel runs.

        Raises UsageError where nothing says which file it is.
        """
        path = notebook_of(self._shell) or self.notebook
        if path is not None and path.is_file():
            return path
        what = "The kernel does not know which notebook it runs for."
        if path is not None:
            what = f"{path.name} is no longer there: it was renamed or moved while its kernel ran."
        raise UsageError(what, "Name it once: %env SWARMPROV_NOTEBOOK=study.ipynb")

    @property
    def on_main(self) -> Callable[[Callable[[], None]], None] | None:
        """What runs a callable on the main thread when no cell keeps it; None outside a kernel."""
        loop = getattr(getattr(self._shell, "kernel", None), "io_loop", None)
        return None if loop is None else loop.add_callback

    @property
    def record(self) -> Record:
        """The open record, with this session in it."""
        with self._lock:
            if self._open_record is None:
                patience = _NO_PATIENCE if len(self._unrecorded) > 1 else _PATIENCE
                record = Record(self.folder, key=self.home.secret(RECORD_KEY), patience=patience)
                try:
                    self._begin_in(record)
                except SwarmprovError:
                    record.close()
                    raise
                self._open_record = record
            return self._open_record

    def _begin_in(self, record: Record) -> None:
        if self.session.id not in {session.id for session in record.sessions()}:
            if not self.session.environment:
                self.session = replace(self.session, environment=environment(self.folder))
            record.add_session(self.session)

    def store_current(self, artifact: Artifact) -> Artifact | None:
        """Store an artifact that was only recognised, if the variable still is that version; None if it is not."""
        with self._lock:
            sequence = int(str(artifact.run).rsplit(":", 1)[1])
            if artifact.name not in self._shell.user_ns or not self.engine.is_current(artifact.name, sequence):
                return None
            from swarmprov_nb.storing import Keeper

            kept = self._kept(Keeper(self.home), artifact)
            self.record.update_artifact(kept)
            return kept

    # -- from observation to record

    def _on_run(self, observation: Observation) -> None:
        from swarmprov_nb.catalogue import Catalogue, RunDraft

        with self._lock:
            lost = self._removed(observation)
            observation = self._without_lost(observation)
            if self._catalogue is None:
                self._catalogue = Catalogue(self._shell.user_ns, self.folder, self.session.id, self.settings,
                                            notebook=self.notebook, home=self.home.root)  # fmt: skip
            request, self._step = self._step, StepRequest()
            declared, self._declared = [*request.declared, *self._declared], []
            opened, self._opened = self._opened, []
            draft = RunDraft(self._run(observation, request), observation, problems=lost)
            try:
                self._catalogue.observe(draft, self._run_id)
                for artifact in opened:
                    self._catalogue.opened(draft, artifact)
                self._declare(draft, self._catalogue, declared, request)
                self._store(draft, self._catalogue)
            except SwarmprovError as error:
                draft.run = replace(draft.run, gap=draft.run.gap or f"its artifacts were not stored: {error.what}")
                draft.problems.append(error)
            except Exception as error:  # noqa: BLE001 - our failure is a gap in the record, never in the user's cell
                gap = f"its artifacts could not be looked at ({type(error).__name__})"
                draft.run = replace(draft.run, gap=draft.run.gap or gap)
            self._write(draft)
            self._answer(draft)

    def _removed(self, observation: Observation) -> list[SwarmprovError]:
        """Begin the record anew where somebody removed it while it was open, and say so."""
        if self._open_record is None or not self._open_record.removed:
            return []
        self._open_record.close()
        self._open_record, self._catalogue = None, None
        self._first = self._unrecorded[0].run.sequence if self._unrecorded else observation.sequence
        known = {artifact.id for draft in self._unrecorded for artifact in draft.artifacts}
        for draft in self._unrecorded:
            draft.uses = [use for use in draft.uses if use.artifact in known]
            draft.updates = [artifact for artifact in draft.updates if artifact.id in known]
        return [RecordError(
            f"The record in {self.folder} was removed while this notebook ran: it begins anew with this cell.",
            "Restart the kernel and run the notebook again from its first cell, to have all of it recorded.",
        )]  # fmt: skip

    def _without_lost(self, observation: Observation) -> Observation:
        """Say in an observation what flowed from runs that were lost with a removed record, and leave out the flows."""
        lost = [flow for flow in observation.flows if flow.writer < self._first]
        if not lost:
            return observation
        names = ", ".join(dict.fromkeys(flow.name.removeprefix("file:") for flow in lost))
        kept = tuple(flow for flow in observation.flows if flow not in lost)
        gap = f"what made {names} is not known: its record was removed"
        return replace(observation, flows=kept, gap=observation.gap or gap)

    def _run(self, observation: Observation, request: StepRequest) -> CellRun:
        return CellRun(
            id=self._run_id(observation.sequence),
            session=self.session.id,
            sequence=observation.sequence,
            source=observation.source,
            source_sha256=hashlib.sha256(observation.source.encode("utf-8", "surrogatepass")).hexdigest(),
            status=observation.status,
            started=observation.started,
            ended=observation.ended,
            cell_id=observation.cell_id,
            execution_count=observation.execution_count,
            step=(request.name or self._step_name(observation))[:_LABEL_LENGTH],
            named=request.name is not None,
            note=request.note,
            error=observation.error,
            gap=observation.gap,
            bound=observation.bound,
            mutated=observation.mutated,
            seeds=observation.seeds,
        )

    def _step_name(self, observation: Observation) -> str:
        from swarmprov_nb.manifest.finding_paths import without_folders

        heading = heading_above(self.notebook, observation.cell_id, observation.source) if self.notebook else None
        lines = [line.strip().lstrip("#").strip() for line in observation.source.splitlines()]
        said = [line for line in lines if line]
        code = [line for line in said if not line.startswith(("%", "!"))]
        return heading or without_folders(next(iter([*code, *said]), "empty cell"))

    @staticmethod
    def _declare(draft: RunDraft, catalogue: Catalogue, declared: list[Declared], request: StepRequest) -> None:
        if request.license is not None:
            catalogue.license_files(draft, request.license)
        for item in declared:
            try:
                catalogue.declare(draft, item)
            except SwarmprovError as error:
                draft.problems.append(error)
        for uri in request.inputs:
            try:
                catalogue.name_input(draft, uri)
            except SwarmprovError as error:
                draft.problems.append(error)

    # -- bytes

    def _store(self, draft: RunDraft, catalogue: Catalogue) -> None:
        """Store declared artifacts and written files while the time set for one run lasts."""
        deadline = time.monotonic() + self.settings.store_seconds
        wanted = [a for a in (*draft.artifacts, *draft.updates) if a.stored is None and (a.declared or a.path)]
        if not wanted:
            return
        from swarmprov_nb.storing import Keeper

        keeper: Keeper | None = None
        for artifact in wanted:
            if time.monotonic() > deadline:
                late = "not stored yet: over the time set for one cell run (store_seconds)"
                catalogue.update(draft, replace(artifact, note=late))
                continue
            try:
                keeper = keeper or Keeper(self.home)
                catalogue.update(draft, self._kept(keeper, artifact))
            except SwarmprovError as error:
                catalogue.update(draft, replace(artifact, note=error.what))
                if artifact.declared:
                    draft.problems.append(error)

    def _kept(self, keeper: Keeper, artifact: Artifact) -> Artifact:
        """Store one artifact; an input is only hashed, since what somebody else made is cited, not published."""
        from swarmprov_nb.artifacts import snapshot, snapshot_file

        limit = self.settings.max_artifact_bytes
        if artifact.path is not None:
            taken = snapshot_file(self.folder / artifact.path, limit=limit)
            stored = keeper.keep(taken) if artifact.run is not None or artifact.declared else keeper.cite(taken)
            return replace(artifact, stored=stored, summary=taken.encoded.media_type.partition(";")[0], note=None)
        folder = self.home.private_folder(self.home.root / "tmp")
        taken = snapshot(self._shell.user_ns[artifact.name], folder=folder, limit=limit, name=artifact.name)
        try:
            return replace(artifact, stored=keeper.keep(taken), note=None)
        finally:
            taken.path.unlink(missing_ok=True)

    # -- writing and answering

    def _write(self, draft: RunDraft) -> None:
        """Write the run, and those that could not be written before it; what fails is kept and tried again."""
        self._unrecorded.append(draft)
        try:
            self.catch_up()
            self.record.wait_at_most(_PATIENCE)
        except SwarmprovError as error:
            if self._open_record is not None:
                self._open_record.wait_at_most(_NO_PATIENCE)
            if len(self._unrecorded) == 1:  # said once, not after each cell
                meanwhile = "Until then cell runs are kept in memory, and written down as soon as that works."
                draft.problems.append(type(error)(error.what, f"{error.next_step} {meanwhile}"))

    def catch_up(self) -> None:
        """Write the runs that could not be written before, in their order. Raises RecordError where it still fails."""
        with self._lock:
            while self._unrecorded:
                pending = self._unrecorded[0]
                edges = list(self._edges(pending))
                self.record.add_run(pending.run, edges=edges, artifacts=pending.artifacts, uses=pending.uses,
                                    updates=pending.updates)  # fmt: skip
                self._unrecorded.pop(0)
                made = (*pending.artifacts, *pending.updates)
                self._tell(Lineage(self.session, (pending.run,), tuple(edges), made, tuple(pending.uses)))

    def _tell(self, recorded: Lineage) -> None:
        for listener in self.on_recorded:
            listener(recorded)

    def _edges(self, draft: RunDraft) -> Iterator[Edge]:
        """Return the flows between runs; one through a file has the artifact's name, wherever the kernel works."""
        assert self._catalogue is not None
        for flow in draft.observation.flows:
            name = flow.name.removeprefix("file:") if flow.kind == "file" else flow.name
            for access in draft.observation.files:
                path = Path(access.path)
                if flow.kind == "file" and access.writer == flow.writer and path.name == Path(name).name:
                    name = self._catalogue.file_name(path)
            yield Edge(self._run_id(flow.writer), draft.run.id, name, flow.kind, flow.confidence)

    def _answer(self, draft: RunDraft) -> None:
        """Answer a named step by one line for each declared artifact; report problems in two lines."""
        if draft.run.named:
            for artifact in (*draft.artifacts, *draft.updates):
                if artifact.declared:
                    print(self._line(draft, artifact))  # noqa: T201 - the magic's answer belongs to the cell's output
        for problem in draft.problems:
            self._shell._showtraceback(type(problem), problem, problem._render_traceback_())  # noqa: SLF001
        if draft.run.named:  # what a disk or another program does to us fails no cell
            meant = (problem for problem in draft.problems if not isinstance(problem, RecordError | StorageError))
            self._problem = next(meant, None)

    @staticmethod
    def _line(draft: RunDraft, artifact: Artifact) -> str:
        sources = [use.artifact.rsplit("@", 1)[0].rsplit("/", 1)[-1].removeprefix("file:") for use in draft.uses]
        arrow = f" ← {', '.join(dict.fromkeys(sources))}" if sources else ""
        return f"{artifact.name}: {artifact.kind}, {artifact.summary}{arrow}"

    def _fail_cell(self, result: Any) -> None:
        """Let a cell whose declaration cannot be meant fail, so that nbconvert and papermill stop there too."""
        problem, self._problem = self._problem, None
        if problem is not None and result is not None and result.success:
            result.error_in_exec = problem

    def _run_id(self, sequence: int) -> str:
        return f"{self.session.id}:{sequence}"


def recording() -> Recorder | None:
    """Return the recorder of this kernel, None where the extension is not loaded."""
    return _active[0] if _active else None


def active_recorder() -> Recorder:
    """Return the recorder of this kernel; UsageError where the extension is not loaded."""
    if not _active:
        raise UsageError("Nothing records here.", "Run %load_ext swarmprov first.")
    return _active[0]


def start_recording(shell: Any) -> Recorder | None:
    """Start this kernel's one recorder; None where it has one already."""
    with _active_lock:
        if _active:
            return None
        recorder = Recorder(shell)
        recorder.start()
        _active.append(recorder)
        return recorder


def stop_recording() -> bool:
    """Stop this kernel's recorder; False where there is none."""
    with _active_lock:
        if not _active:
            return False
        _active.pop().stop()
        return True


def _working_folder() -> Path:
    try:
        return Path(os.path.realpath(Path.cwd()))
    except FileNotFoundError:
        raise UsageError(
            "The folder in which this kernel works is no longer there.", "Go into one that is: %cd FOLDER"
        ) from None


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
