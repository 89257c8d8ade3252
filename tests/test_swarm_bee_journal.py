"""The upload's journal: what it says after a kill at any byte, and whom it belongs to."""

from __future__ import annotations

import secrets

import pytest

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.upload_journal import Session, UploadJournal

HEAD = {"node": "http://127.0.0.1:1633", "overlay": "aa", "batch": "bb", "root": "cc"}


def _killed(*_):
    raise KeyboardInterrupt


def opened(folder, head=HEAD, name="plan"):
    return UploadJournal.within(folder, name, head)


def test_a_journal_is_read_back_as_it_was_left(tmp_path):
    """Sent, acked, kept and forgotten chunks, and the session, are there when it is opened again."""
    a, b, c, d = (secrets.token_bytes(32) for _ in range(4))
    journal = opened(tmp_path)
    journal.begin(Session("7", 3))
    journal.sending([a, b, c, d])
    journal.took([a, b])
    journal.kept()
    journal.took([c])
    journal.forget([b])
    journal.close()
    again = opened(tmp_path)

    assert again.acked == {a, c}
    assert set(again.unsure) == {d}
    assert again.session == Session("7", 3)
    assert again.in_session == [c]


def test_every_torn_end_is_survived(tmp_path):
    """Cut anywhere, the journal holds a prefix of what was written, and goes on from there."""
    addresses = [secrets.token_bytes(32) for _ in range(6)]
    journal = opened(tmp_path)
    for address in addresses:
        journal.sending([address])
        journal.took([address])
    journal.close()
    (file,) = tmp_path.glob("*.upload")
    whole = file.read_bytes()
    seen = set()
    for size in range(0, len(whole), 7):
        file.write_bytes(whole[:size])
        torn = opened(tmp_path)
        known = len(torn.acked)
        seen.add(known)
        assert torn.acked == set(addresses[:known])
        torn.took([bytes(32)])
        torn.close()
        after = opened(tmp_path)
        assert bytes(32) in after.acked
        after.close()

    assert seen == set(range(6))


def test_a_damaged_record_and_what_follows_it_counts_as_not_written(tmp_path):
    """A flipped bit ends the journal there: chunks after it are sent again."""
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    journal = opened(tmp_path)
    journal.took([one])
    journal.took([two])
    journal.close()
    (file,) = tmp_path.glob("*.upload")
    data = bytearray(file.read_bytes())
    data[data.index(two) + 3] ^= 1
    file.write_bytes(data)

    assert opened(tmp_path).acked == {one}


def test_done_and_killed_before_that_is_noted(tmp_path, monkeypatch):
    """All that was acked is still known where a kill comes as the journal becomes short."""
    addresses = [secrets.token_bytes(32) for _ in range(3)]
    journal = opened(tmp_path)
    journal.sending(addresses)
    journal.took(addresses)
    journal.kept()
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", _killed)
        with pytest.raises(KeyboardInterrupt):
            journal.finished()
    journal.close()
    again = opened(tmp_path)
    assert again.acked == set(addresses)
    again.finished()
    again.close()

    (file,) = tmp_path.glob("*.upload")
    assert file.stat().st_size < 32 * 3 + 200
    assert opened(tmp_path).done


@pytest.mark.parametrize("other", [{"overlay": "dd"}, {"batch": "dd"}, {"root": "dd"}])
def test_a_journal_of_another_node_batch_or_root_begins_anew(tmp_path, other):
    """What another node took, another batch paid or another root had says nothing about this upload."""
    journal = opened(tmp_path)
    journal.took([bytes(32)])
    journal.close()

    assert opened(tmp_path, {**HEAD, **other}).acked == set()


def test_the_same_upload_cannot_be_under_way_twice(tmp_path):
    """A second process, or a second cell, is told so; once the first has ended it may go on."""
    journal = opened(tmp_path)
    with pytest.raises(StorageError, match="under way already"):
        opened(tmp_path)
    journal.close()

    opened(tmp_path).close()


def test_a_finished_journal_is_short_and_says_so(tmp_path):
    """A publication of a gigabyte leaves a few hundred bytes behind."""
    journal = opened(tmp_path)
    journal.took([secrets.token_bytes(32) for _ in range(1000)])
    journal.finished()
    journal.close()
    (file,) = tmp_path.glob("*.upload")

    assert file.stat().st_size < 1000
    assert opened(tmp_path).done


def test_doubted_chunks_have_to_be_asked_for(tmp_path):
    """Acked chunks of an upload that the node never pushed are unsure when it is opened again."""
    journal = opened(tmp_path)
    journal.took([bytes(32)])
    journal.doubt()
    journal.close()
    again = opened(tmp_path)

    assert again.acked == set()
    assert list(again.unsure) == [bytes(32)]


def test_the_journal_is_its_owner_s_alone(tmp_path):
    """Nobody else on the machine reads which chunks one uploads."""
    opened(tmp_path / "new").close()
    (file,) = (tmp_path / "new").glob("*.upload")

    assert file.stat().st_mode & 0o077 == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    """A file in the folder's place is an error with a way out, not a traceback."""
    (tmp_path / "taken").write_text("")

    with pytest.raises(StorageError, match="journal"):
        opened(tmp_path / "taken")
