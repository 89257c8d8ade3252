"""A publish to a Bee node and a chain that is killed anywhere goes on: chunks once, one transaction, one receipt."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify

PUBLISH = """
import os, signal, sys
from pathlib import Path
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.publishing import publish

home, notebook, store, chain, when, at = sys.argv[1:]

def die():
    os.kill(os.getpid(), signal.SIGKILL)

write = Journal.write
def written(self, step, entry):
    if (when, at) == ("before", step):
        die()
    write(self, step, entry)
    if (when, at) == ("after", step):
        die()
Journal.write = written

if at.isdigit():  # so many chunks acknowledged
    import swarmprov_nb.publish_steps as steps
    real = steps.push_chunks
    def pushed(*args, progress, **more):
        class Watch:
            def bytes(self, done, total):
                if done >= int(at) * 4096:
                    die()
            def check(self):
                pass
            def stage(self, name):
                pass
            def detail(self, words, link=None):
                pass
        return real(*args, progress=Watch(), **more)
    steps.push_chunks = pushed
publish(notebook, yes=True, home=Home(Path(home)), store=store, chain=chain, say=lambda line: None)
"""


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


def killed(study, bee, chain, when, at):
    words = [sys.executable, "-c", PUBLISH, str(study.home.root), str(study.notebook), bee.url, chain, when, at]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr


@pytest.mark.parametrize(
    ("when", "at"),
    [("before", "batch"), ("after", "batch"), ("", "1"), ("", "7"), ("", "12"), ("before", "anchor"),
     ("after", "anchor"), ("before", "receipt"), ("after", "receipt")],
)  # fmt: skip
def test_a_killed_push_or_anchor_is_taken_up(study, bee, anvil_url, when, at):
    """Taken up by another process: every chunk came once, one transaction is on the chain, and it verifies."""
    killed(study, bee, anvil_url, when, at)
    result = publish(study.notebook, yes=True, home=study.home, store=bee.url, chain=anvil_url, say=lambda _: None)

    (receipt,) = receipts(study.home)
    assert set(bee.received.values()) == {1}
    assert receipt.anchor["network"] == "anvil"
    assert verify(result.reference, store=bee.url, home=study.home, chains=[anvil_url]).exit_code == 0


def test_two_processes_push_the_same_once(study, bee, anvil_url):
    """Two at a time wait for each other, and send nothing twice."""
    words = [sys.executable, "-c", PUBLISH, str(study.home.root), str(study.notebook), bee.url, anvil_url, "", ""]
    processes = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=240)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert set(bee.received.values()) == {1}
    assert len(receipts(study.home)) == 1
