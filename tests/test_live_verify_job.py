"""A verification for a front end: references and dropped files, reports and problems, nothing opened or run."""

from __future__ import annotations

import json
import threading
import time

import pytest

from swarmprov_nb.carrying import save
from swarmprov_nb.home import Home
from swarmprov_nb.live.verify_job import VerifyJob
from swarmprov_nb.publishing import publish
from swarmprov_nb.signers import trust


class Tab:
    """A front end of a verify job."""

    def __init__(self, home):
        self.job, self.states = VerifyJob(home), []
        self._heard = threading.Condition()
        self.job.listen(self._hear)

    def _hear(self, state):
        with self._heard:
            self.states.append(json.loads(json.dumps(state)))
            self._heard.notify_all()

    def ask(self, *, buffers=(), **message):
        """Send a question and return the state that answers it."""
        start, deadline = len(self.states), time.monotonic() + 60
        self.job.handle({"op": "verify", **message}, buffers=buffers)
        with self._heard:
            while True:
                for state in self.states[start:]:
                    if state["phase"] in ("report", "problem"):
                        return state
                assert self._heard.wait(deadline - time.monotonic())


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, home=study.home, say=lambda _: None)


@pytest.fixture
def tab_of():
    made = []

    def start(home):
        made.append(Tab(home))
        return made[-1]

    yield start
    for tab in made:
        tab.job.close()


def test_a_reference_gives_report_and_lineage(study, published, tab_of):
    """The report as JSON with its sentences, and the publication's own lineage to draw."""
    tab = tab_of(study.home)
    state = tab.ask(source=published.reference)

    assert [each["phase"] for each in tab.states] == ["checking", "report"]
    assert (state["source"], state["report"]["reference"]) == (published.reference, published.reference)
    assert state["report"]["headline"].startswith("Valid")
    assert state["report"]["closing"].startswith("Signed: this key vouches.")
    assert {"The clean", "The model"} <= {node["title"] for node in state["lineage"]["nodes"]}


@pytest.mark.parametrize("words", ["swarmprov verify {}", "$ swarmprov verify {}", "  bzz://{}/ ", "0x{}"])
def test_what_people_paste_is_understood(study, published, tab_of, words):
    """The whole command, an address with its scheme, blanks around."""
    state = tab_of(study.home).ask(source=words.format(published.reference))
    assert state["phase"] == "report"
    assert state["report"]["reference"] == published.reference


def test_a_dropped_file_is_verified_elsewhere(study, published, tab_of, tmp_path):
    """A saved file verifies on a machine that has nothing else: signer unknown, until trusted; nothing is kept."""
    file = save(published.reference, study.folder / "study.swarm", home=study.home)
    elsewhere = Home(tmp_path / "elsewhere")
    tab = tab_of(elsewhere)
    state = tab.ask(name="study.swarm", buffers=[memoryview(file.read_bytes())])
    assert "unknown" in state["report"]["headline"]
    assert "swarmprov trust did:key:" in state["report"]["advice"]
    assert state["lineage"]["nodes"]
    assert list((elsewhere.root / "tmp").iterdir()) == []
    assert not elsewhere.store.exists()
    trust(elsewhere, state["report"]["author"], "Ana")
    assert tab.ask(name="study.swarm", buffers=[file.read_bytes()])["report"]["label"] == "Ana"


def test_a_damaged_file_says_so_and_draws_nothing(study, published, tab_of, tmp_path):
    """A changed byte is found; nothing is drawn of what is not valid, and what is no saved file is a problem."""
    file = save(published.reference, study.folder / "study.swarm", home=study.home)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    tab = tab_of(Home(tmp_path / "elsewhere"))
    state = tab.ask(name="study.swarm", buffers=[bytes(data)])
    assert state["lineage"] is None
    assert state["phase"] == "problem" or state["report"]["headline"].endswith("chunks.") or not state["report"]["ok"]
    other = tab.ask(name="notes.txt", buffers=[b"no saved file at all"])
    assert other["phase"] == "problem"
    assert other["problem"]["next"]
    assert str(tmp_path) not in json.dumps(tab.states)


def test_a_path_that_is_typed_opens_no_file(study, published, tab_of):
    """Only a reference can be typed: a file's path is refused, though the file is there; and no HTML is opened."""
    file = save(published.reference, study.folder / "study.swarm", home=study.home)
    tab = tab_of(study.home)
    for source in (str(file), str(published.page), str(study.notebook), "", "abc"):
        state = tab.ask(source=source)
        assert state["problem"]["what"].startswith("That is no reference")
        assert str(study.home.root) not in json.dumps(state)


def test_an_encrypted_reference_is_not_repeated(study, published, tab_of):
    """A reference of 128 characters holds a key: it stands in no state."""
    tab = tab_of(study.home)
    state = tab.ask(source="ab" * 64)
    assert "encrypted reference" in state["problem"]["what"]
    assert "ab" * 64 not in json.dumps(tab.states)


def test_a_file_that_is_too_large_is_refused(study, tab_of, monkeypatch):
    """Over the limit nothing is written; the command that can do it is named."""
    monkeypatch.setattr("swarmprov_nb.live.verify_job.LARGEST", 3)
    state = tab_of(study.home).ask(name="big.swarm", buffers=[b"four"])
    assert state["problem"]["next"].endswith("swarmprov verify FILE")
    assert not (study.home.root / "tmp").exists() or not list((study.home.root / "tmp").iterdir())


def test_only_the_newest_question_is_answered(study, published, tab_of):
    """Two questions in a row: the state ends with the answer to the second."""
    tab = tab_of(study.home)
    tab.job.handle({"op": "verify", "source": "abc"})
    tab.job.handle({"op": "verify", "source": published.reference})
    tab.job.handle({"op": "dance"})
    deadline = time.monotonic() + 60
    while tab.job.state["phase"] != "report" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert tab.job.state["source"] == published.reference
    assert [each["source"] for each in tab.states][-2:] == [published.reference] * 2
