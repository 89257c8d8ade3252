"""Random lies: whatever is changed without the author's keys is not the author's, and hurts nobody who looks."""

from __future__ import annotations

import resource
import sys
import time
from random import Random

import pytest
from agreeing import require_agreement, second
from forging import Book
from mutating import mutate

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.verifying import Accepted, examine

SECONDS, BYTES = 10, 256 << 20
BATCHES = 10


def _peak():
    """Return the most memory that this process has had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def _survives(book: Book, seed: int, honest: bytes):
    """Mutate by a seed and verify, by both verifiers, within bounds of ours; returns whether it was refused."""
    forged = Book(dict(book.files), book.key, book.wallet, book.home)
    done = mutate(forged, Random(seed))
    try:
        forged.bind()
    except SwarmprovError:  # no collection can be made of it
        return False
    began, peak = time.process_time(), _peak()
    try:
        report = examine(forged.storage, forged.root, accepted=Accepted(any_signer=True), home=forged.home)
    except SwarmprovError:  # there is no publication to verify
        report = None
    assert time.process_time() - began < SECONDS, (seed, done)
    assert _peak() - peak < BYTES, (seed, done)
    if report is None:
        assert second(forged.storage, forged.root) is None, (seed, done)
        return True
    require_agreement(report, forged.storage, forged.root)
    changed = forged.root != honest or bool(forged.after)
    if changed and report.author == book.key.did:
        assert report.failed, (seed, done)
    if report.failed:
        assert (report.exit_code, report.level, report.ok) == (1, "none", False), (seed, done)
    return bool(report.failed)


def _caught(book, seeds):
    """Return how many of the mutations were refused."""
    honest = Book(dict(book.files), book.key, book.wallet, book.home)
    honest.bind()
    return sum(_survives(book, seed, honest.root) for seed in seeds)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_mutation_verifies_as_the_original_signers(book, batch):
    """Fifty changes, of one place or of three: nearly all change something, and all that do are refused."""
    assert _caught(book, range(batch * 50, batch * 50 + 50)) > 25


@pytest.mark.long
@pytest.mark.parametrize("batch", range(BATCHES))
def test_none_of_ten_thousand_mutations_verifies(book, batch):
    """A thousand at a time."""
    assert _caught(book, range(10_000 + batch * 1000, 11_000 + batch * 1000)) > 500
