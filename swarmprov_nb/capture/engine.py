"""The engine: hooks a shell's cell runs, asks the other modules of this room, and hands out one observation a run.

It never breaks or changes the user's cell: whatever fails in here becomes an observation with a `gap`.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from swarmprov_nb.capture import audit
from swarmprov_nb.capture.audit import Listener
from swarmprov_nb.capture.budget import Budget
from swarmprov_nb.capture.cell import Cell, cell_of, short_texts
from swarmprov_nb.capture.closures import attribute_names
from swarmprov_nb.capture.files import FileOutcome, Files
from swarmprov_nb.capture.kinds import is_a
from swarmprov_nb.capture.native import NativeOpeners
from swarmprov_nb.capture.observation import Flow, Observation
from swarmprov_nb.capture.opaque import writes_database
from swarmprov_nb.capture.outputs import Outputs
from swarmprov_nb.capture.reading import Reader, Reads
from swarmprov_nb.capture.seeds import resets_generators, seeds_of
from swarmprov_nb.capture.state import HiddenState
from swarmprov_nb.capture.tracking import Substitution, Tracker
from swarmprov_nb.capture.variables import Outcome, Touch, Variables

_CONNECTED: Final = frozenset({"sqlite3", "sqlalchemy", "duckdb", "psycopg2", "pyodbc"})
_FEW: Final = 5
_OURS: Final = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open", "display"})


@dataclass
class _Run:
    """One run under way."""

    sequence: int
    started: float
    clock: float
    thread: int
    source: str = ""
    cell_id: str | None = None
    cell: Cell | None = None
    reader: Reader | None = None
    tracker: Tracker | None = None
    listener: Listener | None = None
    writers: dict[str, int] = field(default_factory=dict)
    wholes: dict[str, int] = field(default_factory=dict)
    columns: dict[str, set[int]] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    outputs: list[Flow] = field(default_factory=list)
    gap: str | None = None


@dataclass
class _Found:
    """What capture found out about a run."""

    flows: list[Flow] = field(default_factory=list)
    reads: Reads = field(default_factory=Reads)
    variables: Outcome = field(default_factory=Outcome)
    files: FileOutcome = field(default_factory=FileOutcome)
    seeds: tuple[str, ...] = ()


class Engine:
    """Observes the cell runs of one IPython shell.

    ::

        engine = Engine(get_ipython(), on_run=print)
        engine.install()

    `on_run` gets an `Observation` after each outermost cell run, on the thread that ran it; `first_sequence` is
    the number of the first. Front-end probes (silent, or without history) are no cell runs.
    """

    def __init__(self, shell: Any, *, on_run: Callable[[Observation], None], first_sequence: int = 1) -> None:
        self._shell = shell
        self._on_run = on_run
        self._next = first_sequence
        self._namespace: dict[str, Any] = shell.user_module.__dict__
        self._lock = threading.RLock()
        self._run: _Run | None = None
        self._installed = False
        self._look_inside = False
        self._threads = 0
        self._earlier: set[str] = set()
        self._substitution = Substitution(shell)
        self._openers = NativeOpeners()
        self.active = False

    # -- life ----------------------------------------------------------------------------------------------------

    def install(self) -> None:
        """Start observing; what the namespace holds already has no writer."""
        if self._installed:
            return
        self._variables = Variables(self._namespace, _OURS | self._shell.user_ns_hidden.keys())
        self._files = Files()
        self._state = HiddenState()
        self._outputs = Outputs(self._namespace)
        self._threads = _foreign_threads()
        self._earlier = {name for name in self._variables.places() if _is_of_notebook(self._namespace.get(name))}
        self._substitution.install()
        self._openers.install()
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        self._installed = self.active = True
        self._join_midway()

    def remove(self) -> None:
        """Stop observing and take every hook back; the audit hook, which cannot be, is left without a listener."""
        if not self._installed:
            return
        self._installed = self.active = False
        self._drop()
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)
        self._substitution.remove()
        self._openers.remove()

    def pause(self) -> None:
        """Observe nothing until :meth:`resume`; the run under way is left out too."""
        with self._lock:
            self.active = False
            self._drop()

    def resume(self) -> None:
        """Observe again; what changed meanwhile has no writer."""
        with self._lock:
            if self._installed and not self.active:
                self.active = self._look_inside = True
                self._join_midway()

    # -- questions -----------------------------------------------------------------------------------------------

    @property
    def current_sequence(self) -> int | None:
        """The sequence of the outermost cell run under way, None between runs."""
        return self._run.sequence if self._run is not None else None

    def is_current(self, name: str, sequence: int) -> bool:
        """Whether a variable still is what run `sequence` left, by looking at its value again."""
        with self._lock:
            return self._installed and self._variables.is_current(name, sequence)

    # -- events --------------------------------------------------------------------------------------------------

    def _before(self, info: Any = None) -> None:
        if not self.active or _depth() > 1 or not _is_run(info):
            return
        with self._lock:
            try:
                if self._overlaps():
                    return
                self._begin(info)
            except (Exception, KeyboardInterrupt) as failure:
                self._failed("before", failure)

    def _after(self, result: Any = None) -> None:
        run = self._run
        if not self.active or run is None or _depth() > 0 or run.thread != threading.get_ident():
            return
        info = getattr(result, "info", None)
        if info is not None and not _is_run(info):  # the probe that installed us
            self._drop()
            return
        with self._lock:
            self._stop_listening()
            ended, found = time.time(), _Found()
            try:
                if run.cell is None and info is not None and run.gap is None:  # joined midway: its text is new
                    self._read_text(run, info)
                self._conclude(run, result, found)
            except (Exception, KeyboardInterrupt) as failure:
                self._failed("after", failure)
            self._run = None
            self._hand_out(self._observation(run, result, ended, found))

    # -- a run's beginning ---------------------------------------------------------------------------------------

    def _begin(self, info: Any) -> None:
        run = self._run = self._new_run()
        run.source, run.cell_id = info.raw_cell or "", getattr(info, "cell_id", None)
        self._read_text(run, info)
        assert run.cell is not None
        threads = _foreign_threads() > self._threads or "ipywidgets" in sys.modules
        names = self._variables.places() if self._look_inside else run.cell.names.reads
        self._variables.between(names, look_inside=threads or self._look_inside)
        self._look_inside = False
        self._state.between()
        run.writers, run.wholes = self._variables.writers(), self._variables.writers_of_wholes()
        run.places = self._variables.places()
        run.columns = self._variables.column_writers(run.cell.columns)
        run.reader = Reader(run.cell, self._namespace)
        run.outputs = self._outputs.flows({*run.cell.names.reads, *run.cell.outputs})
        if run.cell.needs_tracking:
            run.tracker = self._substitution.tracker = Tracker(self._namespace, contained=run.cell.contained)
        self._listen(run)

    def _new_run(self) -> _Run:
        run = _Run(self._next, time.time(), time.perf_counter(), threading.get_ident())
        self._next += 1
        return run

    def _listen(self, run: _Run) -> None:
        run.listener = self._files.begin()
        audit.listen(run.listener)

    def _read_text(self, run: _Run, info: Any) -> None:
        run.source, run.cell_id = info.raw_cell or "", getattr(info, "cell_id", None)
        run.cell = cell_of(run.source, self._shell.transform_cell)

    def _join_midway(self) -> None:
        """Observe the rest of the cell that is running now: only its end will be announced."""
        if _depth() == 0:
            return
        self._run = run = self._new_run()
        self._variables.between((), look_inside=False)
        self._state.between()
        run.writers, run.wholes = self._variables.writers(), self._variables.writers_of_wholes()
        run.places = self._variables.places()
        self._listen(run)

    def _overlaps(self) -> bool:
        """Whether another thread's run is under way; a run that never ended is closed instead."""
        run = self._run
        if run is None:
            return False
        if run.thread != threading.get_ident() and run.thread in sys._current_frames():  # noqa: SLF001 - who is alive
            run.gap = "Another cell ran at the same time on its own thread, and what it did may count as this run's."
            return True
        run.gap = "The end of this run was never announced."
        self._stop_listening()
        self._run = None
        self._hand_out(self._observation(run, None, time.time(), _Found()))
        return False

    def _stop_listening(self) -> None:
        audit.listen(None)
        self._substitution.tracker = None

    def _drop(self) -> None:
        self._stop_listening()
        if self._run is not None:
            self._next = self._run.sequence
            self._run = None

    # -- a run's end ---------------------------------------------------------------------------------------------

    def _conclude(self, run: _Run, result: Any, found: _Found) -> None:
        cell = run.cell
        if cell is None:
            return
        duration = time.perf_counter() - run.clock
        failure = _failure(result)
        now = self._variables.places()
        bound = {name for name, place in now.items() if run.places.get(name) != place}
        tracked = run.tracker.writes if run.tracker is not None else set()
        bound |= (tracked | (cell.names.sure if failure is None else set())) & now.keys()
        found.reads = self._reads(run, cell, bound, _failed_line(failure, self._namespace))
        run.gap = run.gap or self._unseen_before(run, found.reads)
        touch = self._touch(cell, found.reads, bound, failed=failure is not None)
        flows = self._variable_flows(run, found.reads)
        found.variables = self._variables.settle(run.sequence, touch, Budget(duration))
        found.files = self._settle_files(run, cell, found.reads)
        found.seeds = seeds_of(cell.tree, self._namespace)
        attributes = cell.names.attributes.union(*map(attribute_names, found.reads.codes))
        seeded = set(cell.seeded)
        if resets_generators(attributes) and not seeded:
            seeded = {"<np.random>", "<random>", "<torch>"}
        flows += self._state.settle(run.sequence, attributes=attributes, seeded=seeded)
        flows += run.outputs
        self._outputs.settle(run.sequence, getattr(result, "execution_count", None))
        found.flows = sorted([*flows, *found.files.flows], key=lambda flow: (flow.name, flow.writer))

    def _reads(self, run: _Run, cell: Cell, bound: set[str], failed_line: int | None) -> Reads:
        if cell.error is not None:
            return Reads()
        reader = run.reader or Reader(cell, self._namespace)
        tracked = run.tracker.reads if run.tracker is not None else set()
        return reader.reads(run.places, tracked=tracked, failed_line=failed_line, bound=bound)

    def _unseen_before(self, run: _Run, reads: Reads) -> str | None:
        """Name what the run read that was made before anyone looked; a run joined midway may have made it itself."""
        if run.reader is None or not self._earlier:
            return None
        names = [name for name in sorted(reads.names) if name in self._earlier and name not in run.writers]
        listed = ", ".join(names[:_FEW]) + (f" and {len(names) - _FEW} more" if len(names) > _FEW else "")
        return f"reads {listed}, which {'were' if names[1:] else 'was'} there before recording began" if names else None

    def _touch(self, cell: Cell, reads: Reads, bound: set[str], *, failed: bool) -> Touch:
        classes = {each.__name__ for each in reads.classes}
        texts = [text for code in reads.codes for text in code.co_consts if isinstance(text, str)]
        return Touch(
            used=frozenset({*reads.names, *classes}),
            acted=frozenset(reads.acted),
            assigned=frozenset(bound),
            imported=frozenset(self._imported(cell)),
            changed=frozenset() if failed else frozenset(cell.names.changed & reads.names.keys()),
            edited=frozenset() if failed else frozenset(cell.names.edited & reads.names.keys()),
            writing=writes_database("\n".join([cell.source, *texts])),
        )

    def _imported(self, cell: Cell) -> set[str]:
        names = cell.names
        return set(self._variables.places()) - names.stores if names.star else names.imports

    def _variable_flows(self, run: _Run, reads: Reads) -> list[Flow]:
        flows = []
        for name, confidence in reads.names.items():
            writer = run.writers.get(name)
            if writer is not None:
                sure = confidence if self._variables.sure(name) else "assumed"
                kind, columns = self._variables.kind(name), run.columns.get(name, {writer})
                known = "coarse" if writer not in columns and sure == "exact" else sure
                flows.append(Flow(writer, name, kind, known))
                flows += [Flow(each, name, kind, sure) for each in {*columns, run.wholes.get(name, writer)} - {writer}]
        return flows + [flow for flow in self._class_flows(run, reads) if flow not in flows]

    def _class_flows(self, run: _Run, reads: Reads) -> list[Flow]:
        """A class that was changed after an instance was made flows into the runs that use the instance."""
        flows = []
        for each, through in reads.classes.items():
            name, writer = each.__name__, run.writers.get(each.__name__)
            if writer is None or name in reads.names or self._namespace.get(name) is not each:
                continue
            if any(writer > run.writers.get(instance, writer) for instance in through):
                reads.names[name] = "exact"
                flows.append(Flow(writer, name, "var", "exact"))
        return flows

    def _settle_files(self, run: _Run, cell: Cell, reads: Reads) -> FileOutcome:
        if run.listener is None:
            return FileOutcome()
        values = [self._namespace[name] for name in reads.names if name in self._namespace]
        connected = any(type(value).__module__.partition(".")[0] in _CONNECTED for value in values)
        return self._files.settle(
            run.sequence, cell.source, run.listener, texts=short_texts(values), connected=connected
        )

    # -- handing out ---------------------------------------------------------------------------------------------

    def _observation(self, run: _Run, result: Any, ended: float, found: _Found) -> Observation:
        failure = _failure(result)
        status = "ok" if failure is None else "interrupted" if isinstance(failure, KeyboardInterrupt) else "error"
        return Observation(
            sequence=run.sequence,
            cell_id=run.cell_id,
            execution_count=getattr(result, "execution_count", None),
            source=run.source,
            started=run.started,
            ended=ended,
            status=status,
            error=None if failure is None else _class_name(failure),
            flows=tuple(found.flows),
            reads=tuple(sorted(filter(self._variables.visible, found.reads.names))),
            bound=tuple(found.variables.bound),
            mutated=tuple(found.variables.mutated),
            deleted=tuple(found.variables.deleted),
            files=tuple(found.files.accesses),
            seeds=found.seeds,
            gap=run.gap,
        )

    def _hand_out(self, observation: Observation) -> None:
        try:
            self._on_run(observation)
        except Exception as failure:
            self._shell.log.warning("swarmprov could not record cell run %d: %r", observation.sequence, failure)

    def _failed(self, when: str, failure: BaseException) -> None:
        run = self._run
        if run is not None:
            run.gap = f"Capture failed {when} the cell ran ({type(failure).__name__}), so what it read may be missing."


def _is_of_notebook(value: Any) -> bool:
    """Tell data and the notebook's own functions and classes from what was imported."""
    if is_a(value, ModuleType):
        return False
    defined = is_a(value, (type, FunctionType, BuiltinFunctionType))
    return not defined or value.__module__ == "__main__"


def _foreign_threads() -> int:
    """Count the threads that may change what a cell made: neither ours, nor those on which a kernel answers comms."""
    return sum(not thread.name.startswith(("swarmprov-", "subshell-")) for thread in threading.enumerate())


def _depth() -> int:
    """Return how many cells run inside each other on this thread: ``%%capture`` runs its body as a cell."""
    depth, frame = 0, sys._getframe()  # noqa: SLF001 - the stack is the one count that cannot go stale
    while frame is not None:
        depth += frame.f_code.co_name == "run_cell_async"
        frame = frame.f_back  # type: ignore[assignment]
    return depth


def _is_run(info: Any) -> bool:
    return info is not None and not getattr(info, "silent", False) and bool(getattr(info, "store_history", True))


def _failure(result: Any) -> BaseException | None:
    if result is None:
        return KeyboardInterrupt()
    return getattr(result, "error_before_exec", None) or getattr(result, "error_in_exec", None)


def _class_name(failure: BaseException) -> str:
    """Return the public name: Python 3.13 raises an ``_IncompleteInputError``, which is a SyntaxError."""
    return next(kind.__name__ for kind in type(failure).__mro__ if not kind.__name__.startswith("_"))


def _failed_line(failure: BaseException | None, namespace: dict[str, Any]) -> int | None:
    """Return the line of the cell's own top level where it raised."""
    step = failure.__traceback__ if failure is not None else None
    while step is not None:
        if step.tb_frame.f_code.co_name == "<module>" and step.tb_frame.f_globals is namespace:
            return step.tb_lineno
        step = step.tb_next
    return None
