"""A publish that is killed before or after any step is taken up by another process, and gives the same publication."""

from __future__ import annotations

import base64
import hashlib
import json
import signal
import subprocess
import sys

import pytest

from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import Publisher, publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.verifying import verify

STEPS = ("manifest", "envelope", "seal", "store", "anchor", "receipt", "close")
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
        for line in path.read_text().splitlines():
            step, entry = json.loads(line)
            entries[step] = entry
    return entries


def _events(home, receipt):
    chain = open_embedded(home.chain)
    return list(chain.lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))


@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_publish_is_taken_up(study, when, at):
    """Same manifest, same reference, same transaction as journaled; one anchor, one receipt, and it verifies."""
    _killed(study, when, at)
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
