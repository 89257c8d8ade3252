"""Live: one comm from the kernel to the panels that show it, in any number of browser tabs.

The kernel opens it (target ``swarmprov``) when the extension is loaded, and says nothing more until a tab says hello.
Then each cell run sends one row, made in a worker thread. Handlers run on any thread, and wait for nothing.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.lineage import CellRun, Lineage
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.live.sharing import shareable
from swarmprov_nb.live.subshells import keep_subshell
from swarmprov_nb.live.worker import Worker
from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.live.publish_job import PublishJob
    from swarmprov_nb.live.verify_job import VerifyJob
    from swarmprov_nb.receipts import Receipt
    from swarmprov_nb.recording import Recorder

TARGET: Final = "swarmprov"
_SAVE_SECONDS: Final = 5.0
_ROWS: Final = 500  # in one message

_Data = dict[str, Any]
_log = logging.getLogger("swarmprov")


class Live:
    """Tells the panels of one kernel what its recorder records, and does what they ask."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._worker = Worker("live", failed=self._failed)
        self._lock = threading.RLock()
        self._telling = threading.Lock()
        self._comm: Any = None
        self._client: str | None = None  # the tab that asked last
        self._saves: dict[str, tuple[threading.Event, list[bool]]] = {}
        self._names: dict[str, str] = {}
        self._counts = {"runs": 0, "failed": 0, "artifacts": 0, "gaps": 0}
        self._publish: PublishJob | None = None
        self._verify: VerifyJob | None = None

    def open(self) -> None:
        """Open the comm, and listen to the recorder."""
        self._open_comm()
        self._recorder.on_recorded.append(self._on_recorded)

    def close(self) -> None:
        """Close the comm and end every job."""
        self._recorder.on_recorded.remove(self._on_recorded)
        with self._lock:
            comm, self._comm, self._client = self._comm, None, None
        if comm is not None:
            comm.close()
        for job in (self._publish, self._verify, self._worker):
            if job is not None:
                job.close()

    def _open_comm(self) -> None:
        from comm import create_comm

        comm = create_comm(target_name=TARGET, primary=False)
        keep_subshell(comm)
        comm.on_msg(self._on_message)
        comm.on_close(lambda _: self._reopen(comm))
        self._comm = comm
        comm.open(data={})  # last: a tab may answer at once, on another thread

    def _reopen(self, closed: Any) -> None:
        """Open the comm anew where one tab closed it for all."""
        with self._lock:
            if self._comm is closed:
                self._open_comm()

    def _send(self, data: _Data) -> None:
        with self._lock:
            comm = self._comm
        if comm is not None:
            comm.send(shareable(data, self._recorder.home))

    # -- what tabs ask

    def _on_message(self, message: Mapping[str, Any]) -> None:
        data, buffers = message["content"]["data"], message.get("buffers") or ()
        asked = {"hello": self._hello, "saved": self._saved, "publish": self._on_publish, "graph": self._graph,
                 "pause": self._pause, "resume": self._pause}  # fmt: skip
        op, client = data.get("op"), str(data.get("client") or "")[:100]
        with self._lock:
            self._client = client or self._client
        if op == "verify":
            self._jobs()[1].handle(data.get("message") or {}, buffers=buffers)
        elif op in asked:
            asked[op](data, client)

    def _hello(self, data: _Data, client: str) -> None:
        del data, client
        publish, verify = self._jobs()
        self._worker.do(self._tell_all)
        self._send({"type": "publish", "state": publish.state})
        self._send({"type": "verify", "state": verify.state})

    def _on_publish(self, data: _Data, client: str) -> None:
        def answer(said: _Data) -> None:
            self._send({**said, "client": client})

        self._jobs()[0].handle(data.get("message") or {}, client=client, answer=answer)

    def _graph(self, data: _Data, client: str) -> None:
        focus = data.get("focus")
        self._worker.do(lambda: self._draw(client, str(focus) if focus else None))

    def _pause(self, data: _Data, client: str) -> None:
        del client
        engine = self._recorder.engine
        (engine.pause if data["op"] == "pause" else engine.resume)()
        self._worker.do(self._tell_status)

    def _jobs(self) -> tuple[PublishJob, VerifyJob]:
        """Return the jobs that tabs see, made when the first tab says something."""
        from swarmprov_nb.live.publish_job import publish_job
        from swarmprov_nb.live.verify_job import VerifyJob

        with self._lock:
            if self._publish is None or self._verify is None:
                self._publish, self._verify = publish_job(self._recorder), VerifyJob(self._recorder.home)
                self._publish.front = self
                self._publish.listen(self._on_publish_state)
                self._verify.listen(lambda state: self._send({"type": "verify", "state": state}))
            return self._publish, self._verify

    # -- what the publish job asks of a tab

    def save(self, client: str | None) -> bool | None:
        """Ask a tab to save its document and wait for the answer, five seconds at most; None where there is no tab."""
        client = client or self._client
        if client is None:
            return None
        request, answered = secrets.token_hex(8), threading.Event()
        answers: list[bool] = []
        self._saves[request] = (answered, answers)
        self._send({"type": "save", "request": request, "client": client})
        answered.wait(_SAVE_SECONDS)
        del self._saves[request]
        return bool(answers and answers[0])

    def _saved(self, data: _Data, client: str) -> None:
        del client
        if (waiting := self._saves.get(str(data.get("request")))) is not None:
            waiting[1].append(bool(data.get("ok")))
            waiting[0].set()

    def receive(self, client: str | None, receipt: Receipt) -> None:
        """Hand the note of a receipt to the tab that asked for it."""
        from swarmprov_nb.receipt_note import note

        if (client := client or self._client) is not None:
            self._send({"type": "receipt", "client": client, "note": note(receipt)})

    # -- what is told

    def _on_publish_state(self, state: _Data) -> None:
        with self._telling:  # states come on several threads; the newest is told last
            self._send({"type": "publish", "state": self._jobs()[0].state})
        if state["phase"] == "receipt" and self._client is not None:
            self._worker.do(self._tell_published)

    def _on_recorded(self, part: Lineage) -> None:
        """Take a run as it is recorded: what is left to do for it is the worker's."""
        if self._client is not None:
            self._worker.do(lambda: self._tell_run(part))

    def _tell_run(self, part: Lineage) -> None:
        (run,) = part.runs
        if only_asks(run.source):
            return
        self._count(run, part)
        rows = [self._row(run, part)]
        earlier = {artifact.run for artifact in part.artifacts} - {run.id, None}
        if earlier:  # a declaration changed what an earlier run made
            whole = self._lineage()
            rows += [self._row(each, whole) for each in whole.runs if each.id in earlier]
        self._send({"type": "rows", "reset": False, "rows": rows})
        self._tell_status()

    def _tell_all(self) -> None:
        """Tell every row anew, as a tab needs them that has just come."""
        whole = self._lineage()
        self._counts = dict.fromkeys(self._counts, 0)
        rows = []
        for run, part in _parts(whole):
            if not only_asks(run.source):
                self._count(run, part)
                rows.append(self._row(run, part))
        for start in range(0, max(len(rows), 1), _ROWS):
            self._send({"type": "rows", "reset": start == 0, "rows": rows[start : start + _ROWS]})
        self._tell_status()

    def _tell_published(self) -> None:
        published = self._jobs()[0].published_runs
        rows = [self._row(run, part) for run, part in _parts(self._lineage()) if run.id in published]
        if rows:
            self._send({"type": "rows", "reset": False, "rows": rows})

    def _tell_status(self) -> None:
        self._send({"type": "status", **self._status()})

    def _status(self) -> _Data:
        active = self._recorder.engine.active
        named = self._recorder.notebook
        title = clean(named.name) if named else "this session"
        return {"recording": active, "paused": not active, "title": title, **self._counts}

    def _count(self, run: CellRun, part: Lineage) -> None:
        self._counts["runs"] += 1
        self._counts["failed"] += run.status != "ok"
        self._counts["gaps"] += run.gap is not None
        self._counts["artifacts"] += sum(artifact.run == run.id for artifact in part.artifacts)

    def _row(self, run: CellRun, part: Lineage) -> _Data:
        from swarmprov_nb.live.rows import row_of

        published = self._publish.published_runs if self._publish is not None else ()
        return row_of(run, part, self._names, published)

    def _draw(self, client: str, focus: str | None) -> None:
        from swarmprov_nb.showing import picture

        title = self._status()["title"]
        try:
            document = picture(self._lineage(), title=title, focus=focus).to_json()
        except SwarmprovError as error:
            problem = {"what": error.what, "next": error.next_step}
            self._send({"type": "graph", "client": client, "document": None, "problem": problem})
            return
        self._send({"type": "graph", "client": client, "document": document})

    def _lineage(self) -> Lineage:
        return self._recorder.record.lineage(self._recorder.session.id)

    @staticmethod
    def _failed(error: Exception) -> None:
        _log.warning("The panel could not be told something: %r", error)


def _parts(whole: Lineage) -> list[tuple[CellRun, Lineage]]:
    """Return each run with what belongs to it, found in one walk over the whole."""
    made: dict[str | None, list[Any]] = {}
    for artifact in whole.artifacts:
        made.setdefault(artifact.run, []).append(artifact)
    read: dict[str, list[Any]] = {}
    for edge in whole.edges:
        read.setdefault(edge.reader, []).append(edge)
    used: dict[str, list[Any]] = {}
    for use in whole.uses:
        used.setdefault(use.run, []).append(use)

    def part(run: CellRun) -> Lineage:
        artifacts = (*made.get(None, ()), *made.get(run.id, ()))
        return Lineage(whole.session, (run,), tuple(read.get(run.id, ())), artifacts, tuple(used.get(run.id, ())))

    return [(run, part(run)) for run in whole.runs]


_open: list[Live] = []  # a kernel has one, or none


def open_live(shell: Any, recorder: Recorder) -> None:
    """Open the comm of this kernel; outside a kernel there is nothing to open."""
    if getattr(shell, "kernel", None) is None:
        return
    live = Live(recorder)
    live.open()
    _open.append(live)


def close_live() -> None:
    """Close this kernel's comm, if there is one."""
    while _open:
        _open.pop().close()
