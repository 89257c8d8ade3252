"""A front end of a publish job, for tests: it hears every state, asks, and waits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from IPython.core.interactiveshell import InteractiveShell
from studies import Study

from swarmprov_nb.live.publish_job import PublishJob
from swarmprov_nb.recording import Recorder


class Tab:
    """A front end of a job: hears every state, and waits for the next of a kind."""

    def __init__(self, job):
        self.job, self.states, self.answers = job, [], []
        self._heard = threading.Condition()
        self._end = job.listen(self._hear)

    def _hear(self, state):
        with self._heard:
            self.states.append(json.loads(json.dumps(state)))
            self._heard.notify_all()

    def ask(self, op, *phases, **message):
        """Send a message and return the first state after it in one of these phases."""
        start = len(self.states)
        self.job.handle({"op": op, **message}, client="tab", answer=self.answers.append)
        return self.wait(*phases, start=start) if phases else None

    def wait(self, *phases, start=0):
        """Return the first state from `start` on that is in one of these phases."""
        return self.until(lambda state: state["phase"] in phases, start=start)

    def until(self, met, start=0):
        """Return the first state from `start` on that meets a condition."""
        deadline = time.monotonic() + 60
        with self._heard:
            while True:
                for state in self.states[start:]:
                    if met(state):
                        return state
                assert self._heard.wait(deadline - time.monotonic()), self.states[start:]

    def choose(self, kind, **what):
        """Choose where it goes, and return the preview in which store and chain have answered."""
        start = len(self.states)
        self.job.handle({"op": "where", "kind": kind, **what}, client="tab")
        return self.until(answered, start=start)


def answered(state):
    """Whether a preview says what store and chain have answered."""
    return state["phase"] == "preview" and not state["asking"]


@contextmanager
def jobs() -> Iterator[Callable[[Study], PublishJob]]:
    """Give what starts a publish job of a study in this process; all are ended."""
    made = []

    def start(study: Study) -> PublishJob:
        recorder = Recorder(InteractiveShell(), home=study.home, notebook=study.notebook)
        made.append((PublishJob(recorder), recorder))
        return made[-1][0]

    yield start
    for job, recorder in made:
        job.close()
        recorder.record.close()
