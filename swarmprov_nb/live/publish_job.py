"""The publish of one kernel, carried out in a worker thread and told to any number of front ends as plain JSON.

Its state is the dictionary that widget and panel draw (``phase`` empty, preparing, preview, publishing, receipt or
problem); its messages are what they send. What was previewed is what is published: a cell that runs meanwhile is
neither blocked nor able to change it.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import write_whole
from swarmprov_nb.live.publish_watch import Watch
from swarmprov_nb.live.sharing import shareable
from swarmprov_nb.live.worker import Worker
from swarmprov_nb.progress import STAGES, PublishCancelled
from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.chain.asking import Opens
    from swarmprov_nb.live.publish_desk import Desk, Draft, Ready
    from swarmprov_nb.live.publish_where import Answer
    from swarmprov_nb.publish_steps import Published
    from swarmprov_nb.publisher import Publisher
    from swarmprov_nb.receipts import Receipt
    from swarmprov_nb.recording import Recorder

State = dict[str, Any]
Listener = Callable[[State], None]
_Answer = Callable[[dict[str, Any]], None]

_INTERRUPTED: Final = "A publish of this was interrupted; it goes on from there."
_CANCELLED: Final = "Cancelled: nothing was published, and nothing is lost. Publish goes on from there."
_STOPPED: Final = {
    "push": "Cancelled: it is signed and stored on this machine, and partly sent. Publish sends the rest.",
    "anchor": "Cancelled while it was anchored: what was sent may still be included. Publish looks for just that.",
}
_CHANGED: Final = "This is newer than what you looked at before: look again, then publish."
_AS_SAVED: Final = "The notebook is taken from its file, as it was last saved."
_NOT_SAVED: Final = "The notebook could not be saved first, so the file as it was last saved is taken."


class Front(Protocol):
    """A front end with documents: it can save the notebook, and keep the note of a receipt in it."""

    def save(self, client: str | None) -> bool | None:
        """Save the document in a browser tab; None where there is no such front end, False where it did not."""

    def receive(self, client: str | None, receipt: Receipt) -> None:
        """Hand the note of a receipt to a browser tab."""


class PublishJob:
    """Looks at what a publish would do, and does it, when a front end says so; safe to ask from any thread.

    `on_main` runs a callable on the main thread between two cells; None where there is no such thing.
    """

    def __init__(self, recorder: Recorder, *, on_main: Callable[[Callable[[], None]], None] | None = None) -> None:
        self._recorder = recorder
        self._on_main = on_main
        self._worker = Worker("publish", failed=self._failed)
        self._asker = Worker("ask", failed=self._failed_asking)  # a store or chain that is slow holds up no preview
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._stop = threading.Event()
        self._wanted = 0  # only the newest of the previews that wait is looked at
        self._desk: Desk | None = None
        self._draft: Draft | None = None
        self._ready: Ready | None = None  # what a press publishes, None as long as nothing can be
        self._asked = 0  # only the newest answer of store and chain counts
        self._offered: State | None = None  # the last preview that was whole
        self._not_so: Callable[[State], State] = _as_it_is  # what a choice that cannot be meant makes of a preview
        self._spent: str | None = None  # the plan that was published: pressing twice publishes once
        self._published: Published | None = None
        self._publisher: Publisher | None = None  # who published it
        self.published_runs: frozenset[str] = frozenset()
        self.front: Front | None = None
        self._state: State = self._said("empty")

    @property
    def _choices(self) -> State:
        """The choices of the last preview that was whole."""
        return dict(self._offered["choices"]) if self._offered else {}

    # -- what front ends ask

    @property
    def state(self) -> State:
        """What there is to show now: plain JSON values, not to be changed."""
        return self._state

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have each new state told to `listener`, on any thread; returns what ends that."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end

    def handle(self, message: Mapping[str, Any], *, client: str | None = None, answer: _Answer | None = None) -> None:
        """Take a message of a front end and return at once; `answer` gets what only the asker hears."""
        op = message.get("op")
        with self._lock:
            busy = self._state["phase"] == "publishing"
            if op == "licences" and answer is not None:
                self._licences(str(message.get("prefix", "")), answer)
            elif op == "page" and answer is not None:
                self._worker.do(lambda: self._page(answer))
            elif op == "cancel":
                self._cancel()
            elif op == "publish" and not busy:
                plan = str(message.get("plan"))
                self._worker.do(lambda: self._publish(plan, client))
            elif op in ("preview", "again") and not busy:
                self._ask_preview(message.get("choices") if op == "preview" else None, client)
            elif op in ("where", "test") and not busy:
                chosen = dict(message)
                self._worker.do(lambda: self._choose(chosen))
            elif op == "settle":
                self._asker.do(self._settle)

    def close(self) -> None:
        """End the worker, after what is under way."""
        self._worker.close()
        self._asker.close()
        with _jobs_lock:
            _jobs.pop(self._recorder, None)

    def _ask_preview(self, said: Any, client: str | None) -> None:
        self._wanted += 1
        number, ticked = self._wanted, self._state["phase"] in ("preview", "preparing") and self._offered is not None
        choices = dict(said) if isinstance(said, Mapping) and said else self._choices
        self._stop.clear()
        self._tell(self._said("preparing", choices=choices))
        self._worker.do(lambda: self._preview(number, choices, client, ticked=ticked))

    def _cancel(self) -> None:
        self._stop.set()
        if self._state["phase"] == "publishing" and not self._state["cancelling"]:
            self._tell({**self._state, "cancelling": True})

    @staticmethod
    def _licences(prefix: str, answer: _Answer) -> None:
        from swarmprov_nb.licences import licences_like

        answer({"type": "licences", "prefix": prefix, "licences": licences_like(prefix)})

    def _page(self, answer: _Answer) -> None:
        if self._published is not None:
            answer({"type": "page", "html": self._published.page.read_text("utf-8")})

    # -- what the worker does

    def _preview(
        self, number: int, said: State, client: str | None, *, ticked: bool = False, why: str | None = None
    ) -> None:
        from swarmprov_nb.live.publish_state import not_so

        if number != self._wanted:
            return
        try:
            sentences = [why] if why else []
            sentences += self._saved(client, ticked=ticked)
            self._look(said, sentences, fresh=not ticked)
            self._not_so = _as_it_is
        except SwarmprovError as refused:
            if not ticked or self._offered is None or isinstance(refused, PublishCancelled):
                raise
            error = refused
            self._not_so = lambda offered: not_so(offered, said, error)
        if number == self._wanted:
            self._offer()

    def _saved(self, client: str | None, *, ticked: bool) -> list[str]:
        """Have the document saved before it is first looked at; returns what a person should know of that."""
        if ticked and self._offered is not None:
            return [line for line in self._offered["says"] if line in (_AS_SAVED, _NOT_SAVED)]
        saved = self.front.save(client) if self.front is not None else None
        return [] if saved else [_AS_SAVED if saved is None else _NOT_SAVED]

    def _look(self, said: State, sentences: list[str], *, fresh: bool) -> None:
        """Plan anew, and keep the plan."""
        from swarmprov_nb.live.publish_desk import Desk
        from swarmprov_nb.live.publish_state import choices_said

        choices = choices_said(said)
        sentences += self._store_recognised()
        self._desk = self._desk or Desk(self._recorder)
        if fresh:
            self._desk.where.renew()
        draft = self._desk.draft(choices)
        if draft.interrupted:
            sentences.insert(0, _INTERRUPTED)
        self._draft = replace(draft, says=tuple(sentences))

    def _choose(self, chosen: State) -> None:
        """Take where a publish is to go, and show the preview anew."""
        if self._desk is None:
            return
        id_, text = (chosen.get(key) for key in ("id", "text"))
        if chosen.get("op") == "where":
            self._desk.where.choose(str(chosen.get("kind")), id_=None if id_ is None else str(id_),
                                    text=None if text is None else str(text))  # fmt: skip
        if self._draft is not None and self._state["phase"] == "preview":
            self._offer()

    def _offer(self) -> None:
        """Tell what the plan offers where it is to go: at once where nothing need be asked, else also while it is."""
        draft, desk = self._draft, self._desk
        if draft is None or desk is None:
            return
        with self._lock:
            self._asked += 1
            number = self._asked
        if desk.where.is_here:
            self._answered(number, desk.where.ask(draft.plan, page=self._unlock))
            return
        self._answered(number, None)
        self._asker.do(lambda: self._ask(number, draft))

    def _ask(self, number: int, draft: Draft) -> None:
        if number == self._asked and self._desk is not None:
            self._answered(number, self._desk.where.ask(draft.plan, page=self._unlock), late=True)

    def _answered(self, number: int, answer: Answer | None, *, late: bool = False) -> None:
        """Tell the preview with what store and chain have answered, unless something else was chosen meanwhile."""
        with self._lock:
            if number != self._asked or self._draft is None or self._desk is None:
                return
            self._offered, self._ready = self._desk.offered(self._draft, answer)
            if not late or self._state["phase"] == "preview":
                self._tell(self._said("preview", **self._not_so(self._offered)))

    def _publish(self, plan: str, client: str | None) -> None:
        from swarmprov_nb.live.publish_state import NO_PLAN, receipt_state, stages_of
        from swarmprov_nb.publish_steps import carry_out

        if plan in (self._spent, NO_PLAN):  # pressed twice, or where nothing can be published
            self._tell(self._state)
            return
        ready = self._ready
        if ready is None or plan != ready.id:
            with self._lock:
                self._wanted += 1
            self._preview(self._wanted, self._choices, client, why=_CHANGED)
            return
        self._stop.clear()
        planned, by = ready.draft.plan, ready.publisher
        stages = stages_of(by)
        begun = {"stage": stages[0], "bytes": {"done": 0, "total": planned.size}, "detail": None, "cancelling": False}
        self._tell(self._said("publishing", stages=stages, **begun))
        try:
            published = carry_out(planned, by, progress=Watch(self._tell_progress, self._stop))
        except PublishCancelled:
            offered = self._offered or {}
            says = [_STOPPED.get(self._state["stage"], _CANCELLED), *offered["says"]]
            self._tell(self._said("preview", **{**offered, "says": says}))
            return
        with self._lock:
            self._spent, self._draft, self._ready, self._published, self._publisher = plan, None, None, published, by
        self.published_runs |= {artifact.run for artifact in planned.published if artifact.run}
        self._tell(self._said("receipt", receipt=receipt_state(published)))
        if self.front is not None:
            self.front.receive(client, published.receipt)

    def _tell_progress(self, **changed: Any) -> None:
        with self._lock:
            self._tell({**self._state, **changed})

    def _unlock(self, address: str, opens: Opens) -> None:
        """Ask for a wallet's password by a page; its link is told as long as it is worth something, and no longer."""
        from swarmprov_nb.keys import wallets
        from swarmprov_nb.live.unlock_page import ask_by_page

        name = next((each.name for each in wallets(self._recorder.home) if each.address == address), "")
        watch = Watch(self._tell_progress, self._stop)

        def show(link: str) -> None:
            self._tell_progress(unlock={"url": link, "address": address, "name": name})

        try:
            ask_by_page(address, opens, show=show, name=name, waiting=watch.check)
        finally:
            with self._lock:
                self._tell({key: value for key, value in self._state.items() if key != "unlock"})

    def _settle(self) -> None:
        """Look how settled the anchor of what was published is by now, and show it."""
        from swarmprov_nb.live.publish_state import receipt_state
        from swarmprov_nb.settling import settled

        if self._published is None or self._publisher is None:
            return
        published = self._published
        try:
            receipt, said = settled(published.receipt, self._publisher)
        except SwarmprovError as error:
            receipt, said = published.receipt, f"{error.what} {error.next_step}"
        with self._lock:
            if published is self._published:
                self._published = replace(published, receipt=receipt)
                if self._state["phase"] == "receipt":
                    shown = {**receipt_state(self._published), "settling": said}
                    self._tell({**self._state, "receipt": shown})

    # -- what is on the main thread

    def _store_recognised(self) -> list[str]:
        """Have objects stored that were only recognised: on the main thread, and while no cell runs."""
        from swarmprov_nb.live.between_cells import BetweenCells
        from swarmprov_nb.publishing import unstored

        waiting = unstored(self._recorder)
        if not waiting or self._on_main is None:
            return []
        between = BetweenCells(self._recorder, self._on_main)
        failures = between.store(waiting, self._tell_waiting, self._stop)
        return [f"{clean(name)} is not published: {error.what}" for name, error in failures]

    def _tell_waiting(self) -> None:
        self._tell({**self._state, "waiting": "waiting for the running cell"})

    # -- telling

    def _said(self, phase: str, **more: Any) -> State:
        from swarmprov_nb.live.publish_state import HERE

        document = self._recorder.notebook
        offered = self._offered or HERE
        return {
            "phase": phase,
            "notebook": clean(document.name) if document else "",
            "store": offered["store"],
            "chain": offered["chain"],
            "stages": list(STAGES),
            **more,
        }

    def _tell(self, state: State) -> None:
        with self._lock:
            self._state = shareable(state, self._recorder.home)
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(self._state)
            except Exception:
                logging.getLogger("swarmprov").warning("A front end could not be told of the publish.", exc_info=True)

    def _failed(self, error: Exception) -> None:
        """Tell what stopped the worker's task: our own two sentences, or two for what nobody foresaw."""
        if isinstance(error, PublishCancelled):
            self._tell(self._said("preview", **self._offered) if self._offered else self._said("empty"))
            return
        from swarmprov_nb.live.publish_state import remedy_of

        if not isinstance(error, SwarmprovError):
            error = self._unforeseen(error)
        problem = {"what": error.what, "next": error.next_step, "remedy": remedy_of(error)}
        self._tell(self._said("problem", problem=problem, choices=self._choices))

    def _failed_asking(self, error: Exception) -> None:
        if self._state["phase"] != "publishing":  # what is under way has asked for itself
            self._failed(error)

    def _unforeseen(self, error: Exception) -> SwarmprovError:
        home = self._recorder.home
        log = home.private_folder(home.root) / "problem.log"
        write_whole(log, "".join(traceback.format_exception(error)).encode("utf-8", "replace"))
        what = f"Publishing failed in a way that nobody foresaw ({type(error).__name__})."
        return SwarmprovError(what, f"Try again. If it stays, send {log} to the authors; nothing is lost.")


def _as_it_is(offered: State) -> State:
    return offered


_jobs: dict[Recorder, PublishJob] = {}
_jobs_lock = threading.Lock()


def publish_job(recorder: Recorder | None = None) -> PublishJob:
    """Return the one publish job of a recorder, by default of this kernel's; UsageError where nothing records."""
    from swarmprov_nb.recording import active_recorder

    recorder = recorder or active_recorder()
    with _jobs_lock:
        if recorder not in _jobs:
            _jobs[recorder] = PublishJob(recorder, on_main=recorder.on_main)
        return _jobs[recorder]
