"""The widgets in a real kernel: what a front end that speaks their protocol gets to see."""

from __future__ import annotations

import getpass
import json
import time
from pathlib import Path

import pytest

from swarmprov_nb.home import Home
from swarmprov_nb.receipts import receipts

LOAD = "%load_ext swarmprov"
MAKE = "%%provenance make --dataset df --license MIT\nimport pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})"
PUBLISH = "from swarmprov_nb.widgets import PublishWidget\nPublishWidget()"
CELLS = {"load": LOAD, "make": MAKE, "publish": PUBLISH}


class Front:
    """The models that a kernel's widgets have in one front end."""

    def __init__(self, kernel) -> None:
        self.kernel = kernel

    def ids(self) -> list[str]:
        """Return the comms of our widgets, in the order in which they opened."""
        opened = [message["content"] for message in self.kernel.comms if message["msg_type"] == "comm_open"]
        return [each["comm_id"] for each in opened if "_esm" in each["data"].get("state", {})]

    def told(self, comm_id: str) -> list[dict]:
        """Return what a widget was sent, opening first."""
        contents = [message["content"] for message in self.kernel.comms]
        return [each["data"] for each in contents if each["comm_id"] == comm_id]

    def state(self, comm_id: str) -> dict:
        return [each["state"]["state"] for each in self.told(comm_id) if "state" in each.get("state", {})][-1]

    def wait(self, comm_id: str, phase: str) -> dict:
        """Wait until a widget shows a phase."""
        deadline = time.monotonic() + 30
        while self.state(comm_id)["phase"] != phase:
            assert time.monotonic() < deadline, self.state(comm_id)
            self.kernel.quiet(0.1)
        return self.state(comm_id)

    def answer(self, comm_id: str, kind: str) -> dict:
        """Wait for a custom message."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for each in self.told(comm_id):
                if each.get("method") == "custom" and each["content"]["type"] == kind:
                    return each["content"]
            self.kernel.quiet(0.1)
        raise AssertionError(f"no {kind} came")

    def say(self, comm_id: str, message: dict, *, buffers: list | None = None) -> None:
        self.send(comm_id, {"method": "custom", "content": message}, buffers=buffers)

    def send(self, comm_id: str, data: dict, *, buffers: list | None = None) -> None:
        client = self.kernel.client
        message = client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        client.session.send(client.shell_channel.socket, message, buffers=buffers)


@pytest.fixture
def front(kernel):
    """A kernel that recorded one dataset, and its front end."""
    started = kernel(CELLS)
    started.run(LOAD, "load")
    started.run(MAKE, "make")
    return Front(started)


def test_two_publish_widgets_are_one_publication(front, tmp_path):
    """One previews, publishes and gets a receipt; the other shows the same; both say so where no kernel runs."""
    shown = front.kernel.run(PUBLISH, "publish")
    front.kernel.run(PUBLISH, "publish")
    one, two = front.ids()
    assert "swarmprov publish study.ipynb" in shown.bundle["text/html"]
    assert shown.bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == one

    offered = front.wait(two, "preview")
    assert [item["name"] for item in offered["items"] if item["ticked"]] == ["df", "study.ipynb"]
    front.wait(one, "preview")
    front.say(one, {"op": "licences", "prefix": "cc-by"})
    assert "CC-BY-4.0" in [each["id"] for each in front.answer(one, "licences")["licences"]]
    front.say(one, {"op": "publish", "plan": offered["plan"]})
    front.say(two, {"op": "publish", "plan": offered["plan"]})
    receipt = front.wait(two, "receipt")["receipt"]
    assert front.wait(one, "receipt")["receipt"] == receipt
    assert len(receipts(Home(tmp_path / "home"))) == 1

    front.say(two, {"op": "page"})
    assert front.answer(two, "page")["html"].startswith("<!DOCTYPE html>")
    assert [each for each in front.told(one) if each.get("content", {}).get("type") == "page"] == []
    again = front.kernel.run(PUBLISH, "publish")
    assert receipt["verify"] in again.bundle["text/plain"]
    assert_nothing_private(front, tmp_path)


def assert_nothing_private(front: Front, tmp_path: Path) -> None:
    """Neither keys, salts nor places of this machine are in anything that was sent to a widget."""
    home = Home(tmp_path / "home")
    sent = json.dumps([front.told(comm_id) for comm_id in front.ids()], ensure_ascii=False)
    keys = [path.read_bytes() for path in home.root.rglob("*.key")]
    hexes = {key.hex() for key in keys} | {key.decode("latin-1").strip() for key in keys}
    salts = {salt for receipt in receipts(home) for salt in receipt.salts.values()}

    assert hexes
    assert [secret for secret in hexes | salts if secret in sent] == []
    assert str(tmp_path) not in sent
    assert str(Path.home()) not in sent.replace("\\/", "/")
    assert f"/{getpass.getuser()}/" not in sent


def test_a_front_end_sets_no_state(front):
    """What a front end writes into the state is taken by nobody, and comes back to no other."""
    front.kernel.run(PUBLISH, "publish")
    (widget,) = front.ids()
    before = front.wait(widget, "preview")
    front.send(widget, {"method": "update", "state": {"state": {"phase": "receipt"}, "_esm": "alert(1)"}})
    front.say(widget, ["no", "mapping"])
    front.say(widget, {"op": "nothing like it"})
    front.kernel.quiet()

    assert front.kernel.run("_.state['phase'], 'alert' in _._esm").text == f"('{before['phase']}', False)"


def test_a_closed_widget_frees_its_comm_and_hears_no_more(front):
    """Closed in the kernel or by the front end, a widget is gone; the others go on."""
    front.kernel.run(PUBLISH.replace("PublishWidget()", "one, two = PublishWidget(), PublishWidget(); two"), "publish")
    one, two = front.ids()
    front.wait(two, "preview")
    front.kernel.run("one.close()")
    assert [m for m in front.kernel.comms if m["msg_type"] == "comm_close" and m["content"]["comm_id"] == one]
    count = "from swarmprov_nb.live.publish_job import publish_job\nlen(publish_job()._listeners)"
    left = int(front.kernel.run(count).text)

    client = front.kernel.client
    client.shell_channel.send(client.session.msg("comm_close", {"comm_id": two, "data": {}}))
    front.kernel.quiet()
    assert int(front.kernel.run(count).text) == left - 1
    assert front.kernel.run("two.comm is None").text == "True"


def test_a_reference_and_a_saved_file_are_verified(front, tmp_path):
    """The report comes with the lineage; a dropped file is read from its bytes; a wrong reference says so."""
    front.kernel.run("import swarmprov\npublished = swarmprov.publish('study.ipynb', yes=True)")
    reference = front.kernel.run("print(published.reference)").stdout.strip()
    front.kernel.run(f"swarmprov.save('{reference}', 'study.swarm')")
    front.kernel.run(f"from swarmprov_nb.widgets import VerifyWidget\nVerifyWidget('{reference}')")
    (widget,) = front.ids()
    found = front.wait(widget, "report")
    assert (found["report"]["exitCode"], found["report"]["level"]) == (0, "signed")
    assert found["lineage"]["nodes"]

    front.say(widget, {"op": "verify", "source": "/etc/passwd"})
    assert "no reference" in front.wait(widget, "problem")["problem"]["what"]
    data = (tmp_path / "work/study.swarm").read_bytes()
    front.say(widget, {"op": "verify", "name": "study.swarm"}, buffers=[data])
    found = front.wait(widget, "report")
    assert (found["source"], found["report"]["reference"]) == ("study.swarm", reference)
    said = front.kernel.run("VerifyWidget('study.swarm')").bundle
    assert "swarmprov verify" in said["text/plain"]
    assert_nothing_private(front, tmp_path)


def test_without_a_recorder_there_is_nothing_to_publish(kernel):
    """Two sentences say what to do."""
    said = kernel().run(PUBLISH)

    assert "%load_ext swarmprov" in said.error + said.traceback


def test_importing_the_widgets_loads_no_anywidget(kernel):
    """Only who uses a widget pays for it."""
    said = kernel().run("import sys, swarmprov_nb.widgets as w\nprint('anywidget' in sys.modules, sorted(dir(w)))")

    assert said.stdout == "False ['PublishWidget', 'VerifyWidget']\n"
