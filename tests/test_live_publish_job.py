"""One kernel's publish, asked by front ends: a real recorder in this process, and real kernels where threads meet."""

from __future__ import annotations

import getpass
import json
import time
from pathlib import Path

import pytest
from studies import CELLS, make_study, write_notebook
from tabs import Tab, jobs

from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.home import Home
from swarmprov_nb.live.sharing import shareable
from swarmprov_nb.progress import STAGES
from swarmprov_nb.receipts import receipts
from swarmprov_nb.verifying import verify

LOAD = "%load_ext swarmprov"
HERE = tuple(stage for stage in STAGES if stage != "push")  # nothing is pushed to the own store
MAKE = "%%provenance make --dataset df --license MIT\nimport pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})"
TOKEN = "ghp_" + "k2J8vQx4mN7bT1rY5wZ3" + "cD6fG9hL0pSaWq3E"


class Front:
    """A front end that answers to be saved as it is told to, and keeps the notes that it gets."""

    def __init__(self, saves):
        self.saves, self.asked, self.received = saves, [], []

    def save(self, client):
        self.asked.append(client)
        return self.saves

    def receive(self, client, receipt):
        self.received.append((client, receipt.reference))


@pytest.fixture
def job_of():
    with jobs() as start:
        yield start


def anchors(study):
    (receipt,) = receipts(study.home)
    return list(open_embedded(study.home.chain).lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))


def test_from_preview_to_receipt(study, job_of):
    """Preview, stages in order with bytes up to the total, receipt; what is told is what the publication is."""
    tab = Tab(job_of(study))
    assert tab.job.state["phase"] == "empty"
    preview = tab.ask("preview", "preview", choices={})
    done = tab.ask("publish", "receipt", plan=preview["plan"])
    told = [state for state in tab.states if state["phase"] == "publishing"]
    (receipt,) = receipts(study.home)

    assert [state["phase"] for state in tab.states][:2] == ["preparing", "preview"]
    assert tuple(dict.fromkeys(state["stage"] for state in told)) == tuple(told[0]["stages"]) == HERE
    assert told[-1]["bytes"]["done"] == told[-1]["bytes"]["total"] > preview["total"]["bytes"]
    assert done["receipt"]["reference"] == receipt.reference
    assert done["receipt"]["verify"] == f"swarmprov verify {receipt.reference}"
    assert done["receipt"]["save"].endswith("study.swarm")
    assert verify(receipt.reference, home=study.home).ok
    assert len(anchors(study)) == 1


def test_the_tab_saves_first_and_gets_the_note(study, job_of):
    """The tab that asked is asked to save before the first look, not at a tick; it gets the receipt's note."""
    tab = Tab(job_of(study))
    tab.job.front = front = Front(saves=True)
    preview = tab.ask("preview", "preview", choices={})
    preview = tab.ask("preview", "preview", choices={**preview["choices"], "purpose": "teaching"})
    done = tab.ask("publish", "receipt", plan=preview["plan"])
    deadline = time.monotonic() + 60
    while not front.received and time.monotonic() < deadline:
        time.sleep(0.01)

    assert front.asked == ["tab"]
    assert front.received == [("tab", done["receipt"]["reference"])]
    assert not [line for line in preview["says"] if "saved" in line]


@pytest.mark.parametrize(("saves", "said"), [(None, "as it was last saved"), (False, "could not be saved first")])
def test_a_document_that_was_not_saved_is_said(study, job_of, saves, said):
    """Without a front end, or where it did not answer, the file on disk is taken, and the preview says so."""
    tab = Tab(job_of(study))
    tab.job.front = Front(saves=saves)
    preview = tab.ask("preview", "preview", choices={})
    assert [line for line in preview["says"] if said in line]
    ticked = tab.ask("preview", "preview", choices={**preview["choices"], "all_runs": True})
    assert [line for line in ticked["says"] if said in line]


def test_pressing_twice_publishes_once(study, job_of):
    """The same plan pressed in two tabs gives one publication; a press on an old plan shows the new one first."""
    job = job_of(study)
    one, two = Tab(job), Tab(job)
    preview = one.ask("preview", "preview", choices={})
    for tab in (one, two, one):
        tab.ask("publish", plan=preview["plan"])
    two.wait("receipt")
    job.handle({"op": "again"})
    two.wait("preview", start=len(two.states))
    before = len(two.states)
    two.ask("publish", plan=preview["plan"])
    time.sleep(0.2)
    assert {state["phase"] for state in two.states[before:]} <= {"preview"}
    again = two.ask("publish", "preview", plan="0000")
    assert [line for line in again["says"] if line.startswith("This is newer")]
    assert len(receipts(study.home)) == len(anchors(study)) == 1


def test_two_jobs_at_once_leave_one_publication(study, job_of):
    """Two kernels with the same work press at the same time: one publishes, the other finds it unchanged."""
    tabs = [Tab(job_of(study)), Tab(job_of(study))]
    plans = [tab.ask("preview", "preview", choices={})["plan"] for tab in tabs]
    for tab, plan in zip(tabs, plans, strict=True):
        tab.ask("publish", plan=plan)
    done = [tab.wait("receipt")["receipt"] for tab in tabs]

    assert sorted(each["unchanged"] for each in done) == [False, True]
    assert len({each["reference"] for each in done}) == 1
    assert len(receipts(study.home)) == len(anchors(study)) == 1


@pytest.mark.parametrize("stage", HERE)
def test_cancelled_at_any_stage_then_published(study, job_of, stage):
    """Cancel takes effect between steps, and the same plan goes on from there; after the anchor it is too late."""
    job = job_of(study)
    tab = Tab(job)
    pressed = []

    def press(state):
        if state["phase"] == "publishing" and state["stage"] == stage and not pressed:
            pressed.append(1)
            job.handle({"op": "cancel"})

    preview = tab.ask("preview", "preview", choices={})
    job.listen(press)
    ended = tab.ask("publish", "preview", "receipt", plan=preview["plan"])
    assert any(state.get("cancelling") for state in tab.states)
    if ended["phase"] == "preview":
        assert stage != "receipt"
        assert (ended["plan"], receipts(study.home)) == (preview["plan"], [])
        assert ended["says"][0].startswith("Cancelled")
        ended = tab.ask("publish", "receipt", plan=ended["plan"])
    assert ended["receipt"]["unchanged"] is False
    assert len(receipts(study.home)) == len(anchors(study)) == 1
    assert list(study.home.journal.glob("*.jsonl")) == []


def test_a_publish_that_was_interrupted_is_said(study, job_of, monkeypatch):
    """Another kernel that looks at the same work hears that it goes on from there, and finishes it."""
    first = Tab(job_of(study))
    preview = first.ask("preview", "preview", choices={})
    first.job.listen(lambda state: state.get("stage") == "store" and first.job.handle({"op": "cancel"}))
    first.ask("publish", "preview", plan=preview["plan"])
    second = Tab(job_of(study))
    found = second.ask("preview", "preview", choices={})

    assert found["says"][0] == "A publish of this was interrupted; it goes on from there."
    second.ask("publish", "receipt", plan=found["plan"])
    after = second.ask("again", "preview")
    assert not [line for line in after["says"] if "interrupted" in line]
    assert len(receipts(study.home)) == len(anchors(study)) == 1


def test_a_tick_that_cannot_be_published_keeps_the_preview(study, job_of):
    """Half a licence, or nothing left, is said in the preview; nothing is published by it, and it can be taken back."""
    tab = Tab(job_of(study))
    preview = tab.ask("preview", "preview", choices={})
    half = tab.ask("preview", "preview", choices={**preview["choices"], "license": "CC-B"})
    assert half["stopped"].startswith("'CC-B' is no SPDX licence")
    assert (half["items"], half["choices"]["license"]) == (preview["items"], "CC-B")
    before = len(tab.states)
    tab.ask("publish", "preview", plan=half["plan"])
    assert receipts(study.home) == []
    assert {state["phase"] for state in tab.states[before:]} == {"preview"}
    free = [item["id"] for item in preview["items"] if not item["fixed"]]
    none = tab.ask("preview", "preview", choices={**preview["choices"], "hide": free})
    assert none["stopped"]
    assert [item["ticked"] for item in none["items"]] == [False, False, False, True, False]
    whole = tab.ask("preview", "preview", choices={**preview["choices"], "license": "cc-by-4.0"})
    assert "stopped" not in whole
    tab.ask("publish", "receipt", plan=whole["plan"])
    (receipt,) = receipts(study.home)
    statement = verify(receipt.reference, home=study.home).statement
    assert statement["predicate"]["statements"] == {"license": "CC-BY-4.0"}


def test_a_problem_says_what_and_what_next(study, job_of):
    """Our errors come as two sentences, with the choice that would help; what nobody foresaw is in a private log."""
    write_notebook(study.notebook, {**CELLS, "clean": "clean = []"})
    tab = Tab(job_of(study))
    problem = tab.ask("preview", "problem", choices={})["problem"]
    assert "no longer holds the source of" in problem["what"]
    assert problem["remedy"]["choices"] == {"old_sources": True}
    preview = tab.ask("preview", "preview", choices={"old_sources": True})
    assert [item["kind"] for item in preview["items"]].count("source") == 1


def test_what_nobody_foresaw_is_told_and_kept(study, job_of, monkeypatch):
    """The worker lives on, the front end hears two sentences without a path, and the traceback is in the home."""
    import swarmprov_nb.live.publish_desk as room

    tab = Tab(job_of(study))
    honest = room.offer
    monkeypatch.setattr(room, "offer", lambda *_, **__: 1 / 0)
    problem = tab.ask("preview", "problem", choices={})["problem"]
    monkeypatch.setattr(room, "offer", honest)

    assert "ZeroDivisionError" in problem["what"]
    assert str(study.home.root) not in problem["next"]
    log = study.home.root / "problem.log"
    assert "ZeroDivisionError" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    assert tab.ask("again", "preview")["items"]


def test_only_the_asker_gets_page_and_licences(study, job_of):
    """The readable page and the licences like what was typed are answers, not states."""
    tab = Tab(job_of(study))
    preview = tab.ask("preview", "preview", choices={})
    tab.ask("licences", prefix="cc-by-4")
    tab.ask("publish", "receipt", plan=preview["plan"])
    tab.ask("page")
    deadline = time.monotonic() + 60
    while len(tab.answers) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    licences, page = tab.answers

    assert [each["id"] for each in licences["licences"]] == ["CC-BY-4.0"]
    assert page["html"].lower().startswith("<!doctype html>")


def test_a_listener_that_fails_keeps_nothing_from_the_others(study, job_of, caplog):
    """One front end that is gone is logged, and the next hears the state; one that left hears no more."""
    job = job_of(study)
    left = []
    job.listen(lambda _: 1 / 0)
    job.listen(left.append)()
    assert Tab(job).ask("preview", "preview", choices={})["items"]
    assert left == []
    assert "could not be told" in caplog.text


def test_a_message_that_cannot_be_meant(study, job_of):
    """Choices of the wrong shape are a problem in two sentences; an unknown message changes nothing."""
    tab = Tab(job_of(study))
    assert tab.ask("preview", "problem", choices={"hide": "all"})["problem"]["next"]
    tab.ask("dance")
    assert tab.job.state["phase"] == "problem"


def test_no_state_holds_a_secret_or_a_private_path(tmp_path, job_of):
    """Searched in every state of a full run with a finding: keys, salts, the token, home paths and the user's name."""
    study = make_study(Home(tmp_path / "home"), tmp_path / "work", cells={**CELLS, "more": f"key = '{TOKEN}'"})
    tab = Tab(job_of(study))
    preview = tab.ask("preview", "preview", choices={"hide": ["clean"], "all_runs": True})
    (finding,) = [each for each in preview["findings"] if each["stops"]]
    assert tab.ask("publish", "problem", plan=preview["plan"])["problem"]["what"].startswith("Secrets may leak")
    again = tab.ask("preview", "preview", choices={**preview["choices"], "accept": [finding["id"]]})
    tab.ask("publish", "receipt", plan=again["plan"])
    (receipt,) = receipts(study.home)
    told = json.dumps([*tab.states, *tab.answers], ensure_ascii=False)
    keys = [path.read_bytes() for path in study.home.keys.iterdir()]
    private = [*(key.hex() for key in keys), *receipt.salts.values(), TOKEN, str(tmp_path), str(Path.home()) + "/"]
    private += [f"/{getpass.getuser()}/"]

    assert receipt.salts
    assert [word for word in private if word in told] == []


def test_what_is_shared_has_words_for_private_places(tmp_path, monkeypatch):
    """A path below the home, the user's folder or the working folder is told by a word; others' words stay."""
    monkeypatch.setattr(Path, "home", lambda: Path("/home/ana"))
    home = Home(Path("/home/ana/.local/swarmprov"))
    text = "/home/ana/.local/swarmprov/store and /home/ana/data.csv, data/home/ana/x, /home/anastasia"
    assert shareable([text], home) == ["SWARMPROV_HOME/store and ~/data.csv, data/home/ana/x, /home/anastasia"]
    assert shareable("ab" * 64, home) == "…"
    assert shareable("ab" * 32, home) == "ab" * 32


# -- with real kernels


def ask(k, subshell=None, **message):
    k.tell({"op": "publish", "message": message}, subshell=subshell)


def started(kernel, cells, *, run=True):
    k = kernel(cells)
    k.run(LOAD, "load")
    k.tell({"op": "hello"})
    k.hear("status")
    for key, source in cells.items():
        if key != "load" and run:
            k.run(source, key)
    return k


def previewed(k, subshell=None, **choices):
    ask(k, subshell, op="preview", choices=choices)
    k.tell({"op": "saved", "request": k.hear("save")["request"], "ok": True}, subshell=subshell)
    return k.hear("publish", phase="preview")["state"]


def test_a_cell_that_changes_a_declared_object_changes_nothing_of_what_is_published(kernel, tmp_path):
    """Rebound and mutated between preview and publish, while a cell runs: what was previewed leaves."""
    k = started(kernel, {"load": LOAD, "make": MAKE})
    subshell = k.subshell()
    state = previewed(k, subshell)
    k.start("import os, time\ndf.loc[0, 'a'] = 99\ndf = None\nwhile not os.path.exists('go'): time.sleep(0.05)")
    ask(k, subshell, op="publish", plan=state["plan"])
    done = k.hear("publish", phase="receipt")["state"]["receipt"]
    assert k.busy
    (tmp_path / "work" / "go").touch()
    k.run("pass")

    home = Home(tmp_path / "home")
    k.run(f"import swarmprov; swarmprov.get('{done['reference']}', 'out')")
    import pandas as pd

    (file,) = (tmp_path / "work" / "out").rglob("df.parquet")
    assert pd.read_parquet(file).a.tolist() == [1, 2]
    assert verify(done["reference"], home=home).ok


def test_an_object_that_was_only_recognised_waits_for_the_running_cell(kernel, tmp_path):
    """A leaf model is stored on the main thread between two cells: the preview says what it waits for."""
    fit = "import numpy as np\nfrom sklearn.linear_model import LogisticRegression\nX = np.arange(20.0).reshape(10, 2)"
    fit += "\nmodel = LogisticRegression().fit(X, X[:, 0] > 9)"
    k = started(kernel, {"load": LOAD, "make": MAKE, "fit": fit})
    subshell = k.subshell()
    k.start("import os, time\nwhile not os.path.exists('go'): time.sleep(0.05)")
    ask(k, subshell, op="preview", choices={})
    k.tell({"op": "saved", "request": k.hear("save")["request"], "ok": True}, subshell=subshell)
    assert k.hear("publish", waiting="waiting for the running cell")["state"]["phase"] == "preparing"
    ask(k, subshell, op="cancel")
    assert k.hear("publish", phase="empty")
    assert k.busy
    ask(k, subshell, op="preview", choices={})
    k.tell({"op": "saved", "request": k.hear("save")["request"], "ok": True}, subshell=subshell)
    k.hear("publish", waiting="waiting for the running cell")
    (tmp_path / "work" / "go").touch()
    state = k.hear("publish", phase="preview")["state"]

    assert {"df", "model"} <= {item["name"] for item in state["items"]}
    assert k.run("'still here'").text == "'still here'"


def test_a_killed_kernel_is_taken_up_by_another(kernel, tmp_path):
    """kill -9 while the job anchors: another kernel says that it was interrupted, and leaves one publication."""
    cells = {"load": LOAD, "make": MAKE}
    k = started(kernel, cells)
    dying = """
import os, signal
from swarmprov_nb import journal
write = journal.Journal.write
def written(self, step, entry):
    write(self, step, entry)
    if step == "anchor": os.kill(os.getpid(), signal.SIGKILL)
journal.Journal.write = written"""
    k.run(dying)
    state = previewed(k)
    ask(k, op="publish", plan=state["plan"])
    deadline = time.monotonic() + 60
    while k.manager.is_alive() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not k.manager.is_alive()
    home = Home(tmp_path / "home")
    assert receipts(home) == []

    other = started(kernel, cells, run=False)
    state = previewed(other)
    assert "A publish of this was interrupted; it goes on from there." in state["says"]
    ask(other, op="publish", plan=state["plan"])
    done = other.hear("publish", phase="receipt")["state"]["receipt"]
    (receipt,) = receipts(home)
    assert done["reference"] == receipt.reference
    assert len(list(open_embedded(home.chain).lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))) == 1


def test_two_kernels_press_at_once(kernel, tmp_path):
    """Two kernels of one notebook, two tabs, one press each: one publication."""
    cells = {"load": LOAD, "make": MAKE}
    one, two = started(kernel, cells), started(kernel, cells, run=False)
    plans = [previewed(k)["plan"] for k in (one, two)]
    for k, plan in zip((one, two), plans, strict=True):
        ask(k, op="publish", plan=plan)
    done = [k.hear("publish", phase="receipt")["state"]["receipt"] for k in (one, two)]
    home = Home(tmp_path / "home")

    assert len({each["reference"] for each in done}) == len(receipts(home)) == 1
    assert sorted(each["unchanged"] for each in done) == [False, True]
