"""fsck names every other file that is hurt, says what can be done, and rebuilds what a publication tells."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys

import pytest
from hurting import QUIET, flipped, make_home

from swarmprov_nb.checksum import unchecked
from swarmprov_nb.freeing import free
from swarmprov_nb.fsck import fsck, repair
from swarmprov_nb.fsck.database import require_whole, rows
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import Journal, journal_of
from swarmprov_nb.lineage import Record
from swarmprov_nb.lineage.record import FILE, FOLDER
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipt_of, receipts, whole_receipts
from swarmprov_nb.signers import trust
from swarmprov_nb.spending import Purse
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm.bee.upload_journal import UploadJournal
from swarmprov_nb.verifying import verify

OTHER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two publications, anchored on the embedded chain."""
    return make_home(tmp_path_factory.mktemp("files"), chain="local")


@pytest.fixture
def kept(made, tmp_path):
    """A copy that a test may hurt."""
    return made.copied(tmp_path)


def only(kept):
    (damage,) = fsck(kept.home, kept.folder).damage
    return damage


def mended(kept):
    said = []
    left = repair(kept.home, kept.folder, say=said.append)
    assert "1 file mended" in said[-1]
    assert left == fsck(kept.home, kept.folder)
    return left.damage == ()


def receipt_file(kept):
    return kept.home.receipts / f"{kept.references[0]}.json"


@pytest.mark.parametrize("how", ["a bit", "half of it", "all of it"])
def test_a_receipt_is_rebuilt_from_its_journal(kept, how):
    """A hurt receipt is moved aside and rebuilt, with its anchor; publishing again anchors nothing twice."""
    path = receipt_file(kept)
    before, text = receipt_of(kept.home, kept.references[0]), path.read_bytes()
    if how == "a bit":
        flipped(path, text.index(b'"items": ') + 9)
    else:
        path.write_bytes(text[: len(text) // 2] if how == "half of it" else b"")
    damage = only(kept)
    assert damage.file == path
    assert kept.references[0] in damage.hurts[0]
    assert mended(kept)
    assert path.with_name(f"{path.name}.hurt").exists()
    assert receipt_of(kept.home, kept.references[0]) == before
    publish(kept.folder / "study.ipynb", home=kept.home, **QUIET)
    assert receipt_of(kept.home, kept.references[0]) == before


def test_a_receipt_of_an_older_version_is_held_against_its_publication(kept):
    """Without a checksum, a receipt whose manifest, author, content or wallet is not the publication's is named."""
    path = receipt_file(kept)
    stated = unchecked(json.loads(path.read_text()))
    path.write_text(json.dumps(stated))
    assert fsck(kept.home, kept.folder).damage == ()
    for name in ("manifest", "content", "author", "wallet"):
        path.write_text(json.dumps({**stated, name: stated[name][:-1] + ("1" if stated[name][-1] == "0" else "0")}))
        assert (only(kept).file, only(kept).what) == (path, f"its {name} is not what the publication says")


def test_a_receipt_that_nothing_tells_of_is_not_rebuilt(kept):
    """Without the kept journal the salts are nowhere else: that is said, and nothing is touched."""
    path = receipt_file(kept)
    path.with_suffix(".journal").unlink()
    path.write_text("{")
    assert only(kept).mend is None
    assert "salts" in only(kept).cure
    assert verify(kept.references[0], home=kept.home).exit_code == 0


@pytest.mark.parametrize("how", ["a bit", "its last line"])
def test_a_kept_journal_is_rebuilt_from_publication_and_receipt(kept, how):
    """What stood in it is what stands in it after the repair."""
    path = receipt_file(kept).with_suffix(".journal")
    before = Journal(path).entries
    if how == "a bit":
        flipped(path, 1000)
    else:
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert only(kept).file == path
    assert mended(kept)
    assert Journal(path).entries == before


def test_a_page_is_copied_from_its_publication(kept):
    """A page that is not the publication's is named and made anew, by publishing again too."""
    page = kept.home.pages / f"{kept.references[0]}.html"
    whole = page.read_bytes()
    flipped(page, 200)
    assert only(kept).file == page
    assert mended(kept)
    assert page.read_bytes() == whole
    flipped(page, 200)
    publish(kept.folder / "study.ipynb", home=kept.home, **QUIET)
    assert page.read_bytes() == whole


def test_the_journal_of_an_interrupted_publish_keeps_what_stands_before_the_damage(kept):
    """Steps before the hurt line stay; the next publish goes on from there."""
    journal = journal_of(kept.home, "ab" * 32)
    journal.write("manifest", {"manifest": "x"})
    journal.write("seal", {"seal": "y"})
    flipped(journal.path, len(journal.path.read_bytes()) - 20)
    assert only(kept).file == journal.path
    assert mended(kept)
    assert Journal(journal.path).entries == {"manifest": {"manifest": "x"}}


def test_the_journal_of_a_transaction_is_mended_only_where_the_receipt_has_it_too(kept):
    """Of a transaction that no receipt names it is not known whether it was sent: nothing is touched."""
    path = next((kept.home.journal / "chain").glob(f"*{receipts(kept.home)[0].manifest}.jsonl"))
    flipped(path, 300)
    assert only(kept).file == path
    assert mended(kept)
    other = path.with_name(path.name.replace(receipts(kept.home)[0].manifest, "ab" * 32))
    Journal(other).write("anchor", {"hash": "0x"})
    flipped(other, 20)
    assert (only(kept).file, only(kept).mend) == (other, None)


def test_the_journal_of_a_push_begins_anew(kept):
    """What a node took is asked again: the notes are moved aside, but not while the push goes on."""
    folder = kept.home.journal / "push"
    upload = UploadJournal(folder / "a.upload", {"root": "x"})
    upload.took([bytes(32), bytes(32)])
    flipped(upload.file, 80)
    assert fsck(kept.home, kept.folder).damage == ()
    upload.close()
    assert only(kept).file == upload.file
    assert mended(kept)


def test_a_ledger_is_named_and_not_touched(kept):
    """What was promised cannot be known from anything else."""
    Purse.of(kept.home, "gnosis", "xDAI").promise("anchor", 5)
    path = kept.home.root / "spending.jsonl"
    assert fsck(kept.home, kept.folder).damage == ()
    flipped(path, 15)
    assert (only(kept).file, only(kept).mend) == (path, None)


def test_a_ledger_that_was_cut_at_a_line_is_told_by_the_transactions(kept):
    """Whole lines that are lost are told by what was sent since it began; moved away, it begins anew and is whole."""
    purse, path = Purse.of(kept.home, "gnosis", "xDAI"), kept.home.root / "spending.jsonl"
    for subject in ("aa" * 32, "bb" * 32):
        purse.promise(f"anchor {subject} on gnosis", 5)
        sent = kept.home.journal / "chain" / f"anchor-100-0x{'cd' * 20}-{subject}.jsonl"
        Journal(sent).write("anchor", {"hash": "0x"})
    assert fsck(kept.home, kept.folder).damage == ()
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b"\n") + 1])
    assert (only(kept).file, only(kept).mend) == (path, None)
    assert only(kept).what == "it lacks what was promised for 1 transaction"
    path.unlink()
    purse.promise(f"anchor {'ee' * 32} on gnosis", 5)
    assert fsck(kept.home, kept.folder).damage == ()


def test_the_list_of_signers_is_named_and_not_touched(kept):
    """A changed label or key is seen; the user's own word is nowhere else."""
    trust(kept.home, OTHER, "Bob")
    assert fsck(kept.home, kept.folder).damage == ()
    flipped(kept.home.signers, kept.home.signers.read_bytes().index(b"Bob"))
    assert (only(kept).file, only(kept).mend) == (kept.home.signers, None)


@pytest.mark.parametrize("name", ["author.key", "dev-wallet.key"])
def test_a_key_is_told_from_another_by_what_it_signed(kept, name):
    """A changed bit makes another key: the publications from here tell."""
    flipped(kept.home.keys / name, 5)
    assert (only(kept).file, only(kept).mend) == (kept.home.keys / name, None)


@pytest.mark.parametrize("name", ["author.key", "record.key", "findings.key"])
def test_a_cut_key_is_named(kept, name):
    """A key of another length is none."""
    path = kept.home.keys / name
    path.write_bytes(path.read_bytes()[:-1])
    assert path in {damage.file for damage in fsck(kept.home, kept.folder).damage}


def test_another_record_key_is_told_by_the_record(kept):
    """Where one has published from a folder, and nothing in its record bears the mark, that is said."""
    flipped(kept.home.keys / "record.key", 5)
    assert {damage.file.name for damage in fsck(kept.home, kept.folder).damage} == {"record.sqlite"}
    assert "keys/record.key" in fsck(kept.home, kept.folder).damage[0].what


def test_the_index_of_contents_is_moved_aside(kept):
    """A changed row is seen, by storing too; the index fills again."""
    path = kept.home.root / "contents.sqlite"
    flipped(path, path.read_bytes().index(b'"reference": "') + 20)
    assert only(kept).file == path
    assert mended(kept)
    assert not path.exists()


def test_the_embedded_chain_is_held_against_its_hashes_and_the_receipts(kept):
    """A changed value, a lost anchor and a file that is gone are named with the publications anchored there."""
    path = kept.home.chain / "chain.sqlite"
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    assert any(kept.references[-1] in said for said in only(kept).hurts)  # what was not yet in the file itself
    path.unlink()
    assert only(kept).what == "it is missing"


@pytest.mark.parametrize("seed", range(4))
def test_a_receipt_without_a_checksum_is_no_traceback(kept, seed):
    """Of an older version's receipt not every changed bit is seen, but each is read, or named; never a traceback."""
    path, chance = receipt_file(kept), random.Random(seed)
    whole = json.dumps(unchecked(json.loads(path.read_text()))).encode()
    for _ in range(150):
        torn = bytearray(whole)
        torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        path.write_bytes(torn)
        found, damaged = whole_receipts(kept.home)
        assert len(found) + len(damaged) == 2
        assert [anchor["network"] for each in found for anchor in each.anchors]


def test_what_a_kill_leaves_of_a_record_is_moved_aside(tmp_path):
    """A record in which nothing was written yet is named, and does not keep anybody from recording."""
    home, path = Home(tmp_path / "home"), tmp_path / FOLDER / FILE
    key = home.secret(RECORD_KEY)
    path.parent.mkdir()
    path.write_bytes(b"")
    (damage,) = fsck(home, tmp_path).damage
    assert (damage.file, damage.what) == (path, "nothing is in it")
    assert repair(home, tmp_path).damage == ()
    assert fsck(home, tmp_path).damage == ()
    with Record(tmp_path, key=key) as record:
        assert record.sessions() == []


def test_what_a_kill_leaves_of_a_store_is_no_damage(tmp_path):
    """A store that was only being made holds nothing: looking leaves it alone, and the next use makes it."""
    home = Home(tmp_path / "home")
    (home.store / "packs").mkdir(parents=True)
    before = sorted(home.store.rglob("*"))
    assert fsck(home, tmp_path).damage == ()
    assert (repair(home, tmp_path).damage, free(home, tmp_path)) == ((), 0)
    assert sorted(home.store.rglob("*")) == before
    assert user_store(home).packs() == []


KILLED = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("CREATE TABLE logs (tx_hash BLOB)")
db.execute("PRAGMA cache_size = 5")
db.execute("BEGIN IMMEDIATE")
for _ in range(200):
    db.execute("INSERT INTO logs VALUES (randomblob(4000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_kill_left_half_written_is_taken_back_by_the_look(tmp_path):
    """A database whose rollback journal is still to be played back is whole, and is found so."""
    path = tmp_path / "chain.sqlite"
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert path.with_name("chain.sqlite-journal").stat().st_size
    require_whole(path, "logs")

    assert rows(path, "SELECT * FROM logs") == []
