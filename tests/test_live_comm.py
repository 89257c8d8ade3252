"""The comm between a kernel and the panels that show it, spoken by hand over a real kernel's channels."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from swarmprov_nb.home import Home
from swarmprov_nb.live.rows import row_of, step_shown
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import LineageBuilder

LOAD = "%load_ext swarmprov"
MAKE = "%%provenance make --dataset df --license MIT\nimport pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})"

WAIT = """import os, time
for _ in range(600):
    if os.path.exists("go"): break
    time.sleep(0.1)
ended = 'the cell has ended'"""


def panel(kernel, cells=None):
    """A kernel whose extension is loaded, and a tab that said hello."""
    k = kernel(cells or {"load": LOAD})
    k.run(LOAD, "load")
    k.tell({"op": "hello"})
    k.hear("rows", reset=True)
    k.hear("status")
    return k


def test_nothing_is_sent_until_a_tab_says_hello(kernel):
    """Loading opens one comm; without a tab no cell sends anything."""
    k = kernel()
    k.run(LOAD)
    k.run("a = 1")
    k.quiet()

    assert [message["msg_type"] for message in k.comms] == ["comm_open"]


def test_hello_is_answered_by_all_there_is(kernel):
    """Rows of what ran before, the status, and the states of both jobs."""
    k = kernel()
    k.run(LOAD)
    k.run("a = 1", "first")
    k.run("b = a + 1", "second")
    k.tell({"op": "hello"})
    rows = k.hear("rows", reset=True)["rows"]
    status = k.hear("status")
    k.quiet()  # the jobs' states come from another thread, before or after
    kinds = {message["content"]["data"].get("type") for message in k.comms}

    assert [(row["cell_id"], row["step"], row["reads"], row["status"]) for row in rows] == [
        ("first", "a = 1", [], "ok"),
        ("second", "b = a + 1", ["a"], "ok"),
    ]
    assert (status["recording"], status["title"], status["runs"], status["failed"]) == (True, "study.ipynb", 2, 0)
    assert {"publish", "verify"} <= kinds


def test_a_run_sends_its_row(kernel):
    """What a cell read and made, and how it ended; a failed one says the kind of its error and no more."""
    k = panel(kernel)
    k.run(MAKE, "make")
    (row,) = k.hear("rows")["rows"]
    k.run("total = df.a.sum()\n1 / 0", "fail")
    (failed,) = k.hear("rows")["rows"]
    status = k.hear("status", failed=1)

    assert (row["step"], row["named"], row["number"], row["cell_id"]) == ("make", True, 2, "make")
    assert [(made["name"], made["kind"]) for made in row["makes"]] == [("df", "dataset")]
    assert "2" in row["makes"][0]["summary"]
    assert (failed["status"], failed["error"], failed["reads"]) == ("error", "ZeroDivisionError", ["df"])
    assert (status["runs"], status["artifacts"]) == (2, 1)


def test_a_cell_that_only_asks_sends_nothing(kernel):
    """%provenance is no step, and the panel hears nothing of it."""
    k = panel(kernel)
    k.run("a = 1")
    k.hear("status", runs=1)
    before = len(k.comms)
    k.run("%provenance")
    k.quiet()

    assert len(k.comms) == before


def test_a_later_declaration_sends_the_earlier_row_again(kernel):
    """A row with a known id replaces it: declared later, an artifact is shown where it was made."""
    k = panel(kernel)
    k.run("import pandas as pd\ndf = pd.DataFrame({'a': [1]})")
    (first,) = k.hear("rows")["rows"]
    k.run("import swarmprov\nswarmprov.dataset(df, title='Numbers')")
    rows = k.hear("rows")["rows"]

    assert first["id"] in [row["id"] for row in rows]


def test_two_tabs_and_a_reload_see_the_same(kernel):
    """A second hello brings everything anew; the graph goes to the tab that asked."""
    k = panel(kernel)
    k.run(MAKE, "make")
    k.hear("rows")
    k.tell({"op": "hello"}, client="second")
    assert len(k.hear("rows", reset=True)["rows"]) == 1
    k.tell({"op": "graph", "focus": None}, client="second")
    drawn = k.hear("graph")
    k.tell({"op": "graph", "focus": "nothing"}, client="tab")
    missing = k.hear("graph", client="tab")

    assert (drawn["client"], "make" in json.dumps(drawn["document"])) == ("second", True)
    assert missing["document"] is None
    assert missing["problem"]["next"]


def test_pausing_from_the_panel(kernel, recorded):
    """Paused, nothing is recorded; the status says so."""
    k = panel(kernel)
    k.tell({"op": "pause"})
    assert k.hear("status")["paused"] is True
    k.run("unseen = 1")
    k.tell({"op": "resume"})
    assert k.hear("status")["paused"] is False
    k.run("seen = 1")
    k.hear("rows")

    assert [run.source for run in recorded().runs if "seen" in run.source] == ["seen = 1"]


def test_a_comm_that_one_tab_closes_is_opened_again(kernel):
    """One tab's goodbye takes the panel from no other."""
    k = panel(kernel)
    first = k.comm_id
    message = k.client.session.msg("comm_close", {"comm_id": first, "data": {}})
    k.client.shell_channel.send(message)
    k.run("a = 1")
    k.quiet()

    assert k.comm_id != first
    k.tell({"op": "hello"})
    assert k.hear("rows", reset=True)["rows"]


def test_unloading_closes_the_comm_and_loading_opens_one(kernel):
    """After %unload_ext nothing is sent; %reload_ext opens another comm."""
    k = panel(kernel)
    first = k.comm_id
    k.run("%unload_ext swarmprov")
    k.run("a = 1")
    k.quiet(0.2)
    assert k.comms[-1]["msg_type"] == "comm_close"
    k.run(LOAD)
    assert k.comm_id != first
    k.tell({"op": "hello"})
    k.hear("rows", reset=True)
    threads = k.run("import threading; print(sorted(t.name for t in threading.enumerate() if 'swarmprov' in t.name))")
    assert threads.stdout.count("swarmprov-live") == 1


def test_our_threads_make_no_cell_slower(kernel):
    """The capture engine looks inside everything where foreign threads run; ours and subshells are none."""
    k = panel(kernel)
    subshell = k.subshell()
    k.tell({"op": "hello"}, subshell=subshell)
    k.hear("rows", reset=True)
    asked = k.run("""
import threading
from swarmprov_nb.capture.engine import _foreign_threads
from swarmprov_nb.recording import active_recorder
print(_foreign_threads() <= active_recorder().engine._threads, threading.active_count())
""")
    assert asked.stdout.startswith("True")


def test_outside_a_kernel_there_is_no_comm(tmp_path):
    """Terminal IPython opens nothing."""
    from IPython.core.interactiveshell import InteractiveShell

    from swarmprov_nb.live import comm

    comm.open_live(InteractiveShell(), None)
    assert comm._open == []


@pytest.mark.parametrize("name", ["x" * 10_000, "<img src=x onerror=alert(1)>", "a\u202eb\x00c"])
def test_a_row_is_short_and_harmless(name):
    """Labels of any length and kind come as one short line; the front end sets them as text."""
    built = LineageBuilder()
    made = built.run(name, makes={name: "dataset"}, gap=name)
    row = row_of(made, built.lineage, {}, ())
    del row["makes"][0]["artifact_id"]  # an id is never shown

    assert len(json.dumps(row)) < 2_000
    assert not {"\u202e", "\x00"} & set(json.dumps(row, ensure_ascii=False))


def test_a_row_never_holds_a_text_of_the_source():
    """A line that stands for a step is shown without the texts in it, but for names of files."""
    assert step_shown('key = "not-for-others-1"') == 'key = "…"'
    assert step_shown("df = read('data/raw file.csv')") == "df = read('data/raw file.csv')"
    built = LineageBuilder()
    made = built.run("key = 'hunter2-hunter2'", source="key = 'hunter2-hunter2'")
    assert "hunter2" not in json.dumps(row_of(made, built.lineage, {}, ()))


def test_the_button_answers_while_a_cell_sleeps(kernel, tmp_path):
    """On a subshell a preview comes while a long cell runs, and the publish too: nobody waits for it."""
    cells = {"load": LOAD, "make": MAKE}
    k = panel(kernel, cells)
    k.run(MAKE, "make")
    subshell = k.subshell()
    k.start(WAIT)
    k.tell({"op": "publish", "message": {"op": "preview", "choices": {}}}, subshell=subshell)
    save = k.hear("save")
    k.tell({"op": "saved", "request": save["request"], "ok": True}, subshell=subshell)
    state = k.hear("publish", phase="preview")["state"]
    k.tell({"op": "publish", "message": {"op": "publish", "plan": state["plan"]}}, subshell=subshell)
    k.hear("publish", phase="receipt")
    note = k.hear("receipt")
    assert k.busy
    (tmp_path / "work" / "go").touch()
    ended = k.run("ended")

    assert (note["client"], set(note["note"])) == ("tab", {"reference", "manifest", "anchor"})
    assert save["client"] == "tab"
    assert "says" in state
    assert not [line for line in state["says"] if "saved" in line]
    assert "the cell has ended" in ended.text


def test_nothing_private_is_in_the_traffic(kernel, tmp_path):
    """No byte of what a kernel tells panels holds a home path, user name, key, salt or encrypted reference."""
    use = "%%provenance use --dataset total\ntotal = df.sum().to_frame()"
    k = panel(kernel, {"load": LOAD, "make": MAKE, "use": use})
    k.run(MAKE, "make")
    k.run(use, "use")
    k.tell({"op": "publish", "message": {"op": "preview", "choices": {"hide": ["df"]}}})
    save = k.hear("save")
    k.tell({"op": "saved", "request": save["request"], "ok": True})
    state = k.hear("publish", phase="preview")["state"]
    k.tell({"op": "publish", "message": {"op": "publish", "plan": state["plan"]}})
    k.hear("publish", phase="receipt")
    k.hear("rows")
    k.tell({"op": "graph", "focus": None})
    k.hear("graph")
    for message in ({"op": "verify", "source": "ab" * 64}, {"op": "verify", "source": str(Path.home() / "x.swarm")}):
        k.tell({"op": "verify", "message": message})
        k.hear("verify", phase="problem")
    Path(tmp_path / "work" / "study.ipynb").unlink()
    k.tell({"op": "publish", "message": {"op": "preview", "choices": {}}})
    save = k.hear("save")
    k.tell({"op": "saved", "request": save["request"], "ok": False})
    assert k.hear("publish", phase="problem")["state"]["problem"]["next"]

    home = Home(tmp_path / "home")
    (receipt,) = receipts(home)
    keys = [path.read_bytes() for path in home.keys.iterdir()]
    private = [key.hex() for key in keys] + [key.decode("ascii", "replace").strip() for key in keys if key.isascii()]
    private += [str(home.root), str(tmp_path), str(Path.home()) + "/", f"/{getpass.getuser()}/", "ab" * 64]
    private += list(receipt.salts.values())
    assert receipt.salts
    assert [word for word in private if word in k.traffic] == []


def test_published_runs_are_marked(kernel):
    """After the receipt the rows of what was published come again, marked; a reload keeps the mark."""
    k = panel(kernel, {"load": LOAD, "make": MAKE})
    k.run(MAKE, "make")
    k.tell({"op": "publish", "message": {"op": "preview", "choices": {}}})
    k.tell({"op": "saved", "request": k.hear("save")["request"], "ok": True})
    state = k.hear("publish", phase="preview")["state"]
    k.tell({"op": "publish", "message": {"op": "publish", "plan": state["plan"]}})
    k.hear("publish", phase="receipt")
    assert [row["published"] for row in k.hear("rows")["rows"]] == [True]
    k.tell({"op": "hello"}, client="other")
    assert [row["published"] for row in k.hear("rows", reset=True)["rows"]] == [True]
    k.tell({"op": "publish", "message": {"op": "page"}}, client="other")
    page = k.hear("page")
    assert (page["client"], page["html"][:15].lower()) == ("other", "<!doctype html>")


def test_a_dropped_file_is_verified_from_its_bytes(kernel, tmp_path):
    """A saved file comes as a buffer; the report and the lineage of that publication go back, and nothing is kept."""
    k = panel(kernel, {"load": LOAD, "make": MAKE})
    k.run(MAKE, "make")
    k.run("%publish --yes")
    (receipt,) = receipts(Home(tmp_path / "home"))
    k.run(f"import swarmprov; swarmprov.save('{receipt.reference}', 'study.swarm')")
    data = (tmp_path / "work" / "study.swarm").read_bytes()
    k.tell({"op": "verify", "message": {"op": "verify", "name": "study.swarm"}}, buffers=[data])
    state = k.hear("verify", phase="report")["state"]

    assert state["source"] == "study.swarm"
    assert (state["report"]["ok"], state["report"]["reference"]) == (True, receipt.reference)
    assert state["lineage"]["nodes"]
    assert list((tmp_path / "home" / "tmp").iterdir()) == []
