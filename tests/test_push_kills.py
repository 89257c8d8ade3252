"""A publish to a Bee node and a chain that is killed anywhere goes on: chunks once, one transaction, one receipt."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import pytest
from killing import Forge, Ran, forge, healthy, kills, named, only_mine
from studies import make_study

from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify

PUBLISH = """
import sys
from pathlib import Path
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish

def act(home, notebook, store, chain):
    publish(notebook, yes=True, home=Home(Path(home)), store=store, chain=chain, say=lambda line: None)
"""
JOURNALED = {"batch": 4, "anchor": 5, "receipt": 6}  # after manifest, envelope, seal and store: each line's number
MOMENTS = {"before": "write", "within": "half a write", "after": "sync"}


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


@dataclass(frozen=True)
class Pushing:
    """A process that publishes to a chain and can be killed, and how it went where nobody killed it."""

    process: Forge
    chain: str
    whole: Ran

    def order_at(self, step, moment):
        """Return the order to be killed as this step is written into a journal."""
        steps = self.whole.steps
        (name,) = {name for name in steps if name.startswith(f"{MOMENTS[moment]} kept_lines") and "journal" in name}
        assert steps.count(name) == len(JOURNALED) + 4
        return {"kill": (name, JOURNALED[step])}

    def noting(self, times):
        """Return orders to be killed as an upload notes what is sent, taken and kept; at each so many times."""
        return [order for order in kills(self.whole, times) if "upload_journal" in order.get("kill", [""])[0]]

    def killed(self, study, bee, order):
        """Kill a publish; tells whether it was: of some notes of an upload there may be a few fewer the next time."""
        ended = self.process.run(study.home.root, study.notebook, bee.url, self.chain, **order)
        assert ended.code == -signal.SIGKILL or "kill" not in order or "upload" in order["kill"][0]
        deadline = time.monotonic() + 60
        while bee.connected:  # chunks that were on their way come now, and not after the next one asked for them
            assert time.monotonic() < deadline
            time.sleep(0.01)
        only_mine(study.home)
        healthy(study.home, study.folder)
        return ended.code == -signal.SIGKILL

    def taken_up(self, study, bee):
        """Publish by another process: every chunk came once, one transaction is on the chain, and it verifies."""
        result = publish(study.notebook, yes=True, home=study.home, store=bee.url, chain=self.chain, say=str)
        (receipt,) = receipts(study.home)
        assert set(bee.received.values()) == {1}
        assert receipt.anchor["network"] == "anvil"
        assert verify(result.reference, store=bee.url, home=study.home, chains=[self.chain]).exit_code == 0
        healthy(study.home, study.folder)


@pytest.fixture(scope="module")
def pushing(tmp_path_factory, anvil_url):
    place = tmp_path_factory.mktemp("whole")
    study = make_study(Home(place / "home"), place / "work")
    with forge(PUBLISH, tmp_path_factory.mktemp("publisher")) as process:
        with FakeBee() as node:
            whole = process.run(study.home.root, study.notebook, node.url, anvil_url)
        yield Pushing(process, anvil_url, whole)


def steps_in(home):
    """Return the steps that journals of this home hold, whole lines only."""
    lines = [line for path in home.journal.rglob("*.jsonl") for line in path.read_text().split("\n")[:-1]]
    return {json.loads(line)[0] for line in lines}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("step", JOURNALED)
def test_a_killed_push_or_anchor_is_taken_up(study, bee, pushing, step, moment):
    """Killed before, within and after each line of the journal that a push and an anchor add."""
    assert pushing.killed(study, bee, pushing.order_at(step, moment))
    assert (step in steps_in(study.home)) == (moment == "after")
    pushing.taken_up(study, bee)


@pytest.mark.parametrize("third", range(3))
def test_a_push_killed_as_it_notes_chunks_is_taken_up(study, bee, pushing, third):
    """Killed as it writes down which chunks are sent, taken and kept."""
    orders = pushing.noting(1)
    assert pushing.killed(study, bee, orders[third * len(orders) // 3])
    pushing.taken_up(study, bee)


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_a_push_or_anchor_killed_a_hundred_times_is_taken_up(tmp_path, pushing):
    """As above, 100 times at each line of the journal, 20 as chunks are noted, and 100 at any time."""
    orders = [pushing.order_at(step, moment) for step in JOURNALED for moment in MOMENTS] * 34
    orders += pushing.noting(20) + [{"after": pushing.whole.seconds * part / 100} for part in range(100)]
    count = 0
    for order in orders:
        place = tmp_path / "killed"
        study = make_study(Home(place / "home"), place / "work")
        with named(order), FakeBee() as node:
            count += pushing.killed(study, node, order)
            pushing.taken_up(study, node)
        shutil.rmtree(place)
    assert count > 0.8 * len(orders)


def test_two_processes_push_the_same_once(study, bee, anvil_url):
    """Two at a time wait for each other, and send nothing twice."""
    ran = f"{PUBLISH}\nact(*sys.argv[1:])"
    words = [sys.executable, "-c", ran, str(study.home.root), str(study.notebook), bee.url, anvil_url]
    processes = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=240)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert set(bee.received.values()) == {1}
    assert len(receipts(study.home)) == 1
