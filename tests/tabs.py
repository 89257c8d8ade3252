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
        deadline = time.monotonic() + 60
        with self._heard:
            while True:
                for state in self.states[start:]:
                    if state["phase"] in phases:
                        return state
                assert self._heard.wait(deadline - time.monotonic()), self.states[start:]


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
