"""A publish that is killed before or after any step is taken up by another process, and gives the same publication."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter

import pytest
from killing import forge, healthy, kills, named, only_mine
from studies import make_study

from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.freeing import free
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import Publisher, publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.verifying import verify

PUBLISH = """
import os, signal, sys
from pathlib import Path
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.publishing import publish

home, notebook, when, at = sys.argv[1:]
write, close = Journal.write, Journal.close

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def written(self, step, entry):
    if (when, at) == ("before", step):
        die()
    write(self, step, entry)
    if (when, at) == ("after", step):
        die()

def closed(self, kept_at):
    if (when, at) == ("before", "close"):
        die()
    close(self, kept_at)
    if (when, at) == ("after", "close"):
        die()

Journal.write, Journal.close = written, closed
result = publish(notebook, yes=True, home=Home(Path(home)), say=lambda line: None)
print(result.reference)
"""

WARM = """
from pathlib import Path
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish

def act(home, notebook):
    publish(notebook, yes=True, home=Home(Path(home)), say=lambda line: None)
"""


def _process(study, when="never", at=""):
    return subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(study.home.root), str(study.notebook), when, at],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _killed(study, when, at):
    process = _process(study, when, at)
    _, said = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, said


def _journal(home, *, chain=True):
    entries = {}
    for path in home.journal.rglob("*.jsonl") if chain else home.journal.glob("*.jsonl"):
        for line in path.read_text().split("\n")[:-1]:  # half a line counts for nothing
            step, entry = json.loads(line)
            entries[step] = entry
    return entries


def _events(home, receipt):
    chain = open_embedded(home.chain)
    return list(chain.lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))


@pytest.fixture(scope="module")
def publisher(tmp_path_factory):
    with forge(WARM, tmp_path_factory.mktemp("publisher")) as started:
        yield started


def _taken_up(study):
    """Same manifest, same reference, same transaction as journaled; one anchor, one receipt, and it verifies."""
    journaled = _journal(study.home)
    result = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    (receipt,) = receipts(study.home)
    assert receipt.reference == result.reference
    if "manifest" in journaled:
        manifest = base64.b64decode(journaled["manifest"]["manifest"])
        assert receipt.manifest == hashlib.sha256(manifest).hexdigest()
        assert receipt.salts == journaled["manifest"]["salts"]
    if "store" in journaled:
        assert result.reference == journaled["store"]["reference"]
    if "anchor" in journaled:
        assert receipt.anchor["transaction"] == journaled["anchor"]["hash"]
    assert len(_events(study.home, receipt)) == 1
    assert verify(result.reference, home=study.home).exit_code == 0
    assert _journal(study.home, chain=False) == {}


def _killed_and_taken_up(publisher, place, orders):
    """Kill a publish as each order says, look at what is left, and publish by another process."""
    for order in orders:
        study = make_study(Home(place / "home"), place / "work")
        with named(order):
            killed = publisher.run(study.home.root, study.notebook, **order)
            assert killed.code == -signal.SIGKILL or "after" in order
            only_mine(study.home)
            healthy(study.home, study.folder)
            _taken_up(study)
            free(study.home, study.folder, hours=0)
            healthy(study.home, study.folder)
            assert _hidden(study.home) == []
        shutil.rmtree(place)


def _hidden(home):
    """Return the drafts of files that are left in a home."""
    return [path for path in home.root.rglob(".*") if path.is_file()]


def _whole(publisher, place):
    study = make_study(Home(place / "home"), place / "work")
    return publisher.run(study.home.root, study.notebook)


def test_a_publish_killed_at_each_journaled_step_is_taken_up(publisher, tmp_path):
    """Killed before, within and after each line of a journal, as that is closed, and at three other times."""
    whole = _whole(publisher, tmp_path / "whole")
    orders = [*_journaled(whole), *({"after": whole.seconds * part} for part in (0.3, 0.6, 0.9))]
    assert len(orders) >= 6 * 3 + 1 + 3
    _killed_and_taken_up(publisher, tmp_path / "killed", orders)


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_a_publish_killed_a_hundred_times_at_each_journaled_step_is_taken_up(publisher, tmp_path):
    """As above, 100 times each; and 20 times at every other step at which something is written, and at any time."""
    whole = _whole(publisher, tmp_path / "whole")
    assert len(set(whole.steps)) > 60
    _killed_and_taken_up(publisher, tmp_path / "killed", [*(_journaled(whole) * 34), *kills(whole, 20)])


def _journaled(whole):
    """Return orders to kill before, within and after each journal entry that was written down, and at its end."""
    mine = [name for name in whole.steps if name.endswith("journal.py") or "journal.py:" in name]
    counted = Counter(name for name in mine if name.split()[0] in ("write", "half", "sync", "rename"))
    return [{"kill": (name, number)} for name, count in counted.items() for number in range(count)]


def test_a_publish_killed_twice(study):
    """A resume that is killed itself is resumed from where both had come."""
    _killed(study, "after", "seal")
    first = _journal(study.home)
    _killed(study, "before", "receipt")
    second = _journal(study.home)
    assert {step: second[step] for step in first} == first
    result = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    assert result.reference == second["store"]["reference"]
    assert result.receipt.anchor["transaction"] == second["anchor"]["hash"]


def test_the_transaction_is_the_one_that_was_signed(study):
    """Nonce and hash are in the journal before anything is sent, and the resume sends those very bytes."""
    _killed(study, "after", "anchor")
    journaled = _journal(study.home)["anchor"]
    wallet = Publisher.of(study.home).wallet.address
    assert open_embedded(study.home.chain).get(wallet, bytes.fromhex(journaled["subject"][2:])) is None
    result = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    sent = _events(study.home, result.receipt)[0].transaction
    assert (sent, journaled["nonce"]) == (journaled["hash"], 1)  # the contract's deployment took nonce 0


def test_half_a_journal_line_is_cut(study):
    """A kill inside a write leaves half a line, which counts for nothing."""
    _killed(study, "after", "envelope")
    (path,) = study.home.journal.glob("*.jsonl")
    with path.open("a") as stream:
        stream.write('["seal", {"path": "se')
    kept = _journal_prefix(path)
    result = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    assert hashlib.sha256(base64.b64decode(kept["manifest"]["manifest"])).hexdigest() == result.receipt.manifest
    assert verify(result.reference, home=study.home).exit_code == 0


def _journal_prefix(path):
    return dict(json.loads(line) for line in path.read_text().splitlines()[:-1])


def test_two_processes_publish_the_same_notebook_once(study):
    """Two at a time wait for each other; the second finds the work published."""
    processes = [_process(study), _process(study)]
    said = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert said[0][0] == said[1][0]
    (receipt,) = receipts(study.home)
    assert len(_events(study.home, receipt)) == 1
    assert verify(receipt.reference, home=study.home).exit_code == 0


def test_again_after_a_kill_at_the_end_is_a_new_publication(study):
    """A journal that outlived its receipt is swept, and does not give --again the old bytes."""
    _killed(study, "before", "close")
    first = publish(study.notebook, yes=True, home=study.home, say=lambda _: None)
    assert first.unchanged
    again = publish(study.notebook, yes=True, again=True, home=study.home, say=lambda _: None)
    assert again.reference != first.reference
    assert len(receipts(study.home)) == 2


def test_nothing_of_a_killed_publish_is_readable_by_others(study):
    """The journal holds salts and signatures: it is the user's alone."""
    _killed(study, "after", "store")
    (path,) = study.home.journal.glob("*.jsonl")
    assert (path.stat().st_mode & 0o077, path.parent.stat().st_mode & 0o077) == (0, 0)


def test_a_refused_publish_leaves_no_journal(study):
    """What cannot be published is refused before anything is written down."""
    with pytest.raises(SwarmprovError):
        publish(study.folder / "other.ipynb", yes=True, home=study.home, say=lambda _: None)
    assert not list(Home(study.home.root).journal.glob("*.jsonl"))
