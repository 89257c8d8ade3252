"""The journal: what is written is there after a kill, and half a line counts for nothing."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal, journal_of

entries = st.lists(
    st.tuples(st.sampled_from(["manifest", "seal", "anchor"]), st.dictionaries(st.text(), st.text() | st.integers()))
)


@given(entries)
def test_what_is_written_is_read_again(tmp_path_factory, entries):
    """The last entry of each step counts, in whatever text."""
    path = tmp_path_factory.mktemp("journal") / "w.jsonl"
    for step, entry in entries:
        Journal(path).write(step, entry)
    assert Journal(path).entries == dict(entries)


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_torn_line_is_dropped_wherever_it_tore(tmp_path, cut):
    """Every prefix of a line is nothing, and the next write stands on a line of its own."""
    path = tmp_path / "w.jsonl"
    Journal(path).write("seal", {"a": 1})
    whole = path.read_bytes()
    Journal(path).write("anchor", {"b": "x" * 20})
    path.write_bytes(path.read_bytes()[: len(whole) + cut])
    journal = Journal(path)
    assert journal.entries == {"seal": {"a": 1}}
    journal.write("receipt", {"c": 3})
    assert Journal(path).entries == {"seal": {"a": 1}, "receipt": {"c": 3}}


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_changed_bit_is_seen_wherever_it_is(tmp_path, at):
    """A journal of which a bit changed is named as damaged, or says what it said."""
    path = tmp_path / "w.jsonl"
    Journal(path).write("seal", {"a": "1"})
    Journal(path).write("anchor", {"b": "2"})
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)
    with pytest.raises(SwarmprovError, match=r"w\.jsonl is damaged in line [12]"):
        Journal(path)


def test_a_line_that_lost_only_its_end_still_counts(tmp_path):
    """What is whole but for the end of its line is read, and what is written after it stands on a line of its own."""
    path = tmp_path / "w.jsonl"
    Journal(path).write("seal", {"a": 1})
    path.write_bytes(path.read_bytes()[:-1])
    journal = Journal(path)
    assert journal.entries == {"seal": {"a": 1}}
    journal.write("anchor", {"b": 2})
    assert Journal(path).entries == {"seal": {"a": 1}, "anchor": {"b": 2}}


def test_a_journal_of_an_older_version_is_read(tmp_path):
    """Lines without a checksum are taken as they are."""
    path = tmp_path / "w.jsonl"
    path.write_text('["seal", {"a": 1}]\n')
    assert Journal(path).entries == {"seal": {"a": 1}}


def test_a_step_is_made_once(tmp_path):
    """What an earlier try wrote down is not made again."""
    made = []

    def make():
        made.append(1)
        return {"n": len(made)}

    assert Journal(tmp_path / "w").once("seal", make) == {"n": 1}
    assert Journal(tmp_path / "w").once("seal", make) == {"n": 1}
    assert made == [1]


def test_an_entry_that_could_not_be_written_does_not_count(tmp_path, monkeypatch):
    """On a full disk the step is refused with what to do, and another try starts where this one did."""

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = Journal(tmp_path / "w")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SwarmprovError, match="No space left"):
        journal.write("seal", {"a": 1})
    assert journal.entries == {}


def test_a_closed_journal_is_kept_elsewhere_and_stays_closable(tmp_path):
    """It no longer stands for a publish under way; what it holds is still there."""
    journal = journal_of(Home(tmp_path), "w")
    journal.write("seal", {"of": "w"})
    journal.close(tmp_path / "kept")
    journal.close(tmp_path / "kept")
    assert journal_of(Home(tmp_path), "w").entries == {}
    assert Journal(tmp_path / "kept").entries == {"seal": {"of": "w"}}


def test_works_have_journals_of_their_own(tmp_path):
    """Two publishes under way do not mix."""
    journal_of(Home(tmp_path), "a").write("seal", {"of": "a"})
    journal_of(Home(tmp_path), "b").write("seal", {"of": "b"})
    assert journal_of(Home(tmp_path), "a").entries == {"seal": {"of": "a"}}
