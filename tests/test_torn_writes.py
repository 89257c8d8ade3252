"""Torn writes: whatever a disk does to a file of ours, it is named, or what was changed decides nothing."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hurting import Kept, flipped, make_home

from swarmprov_nb import keys
from swarmprov_nb.chain.keystore_file import address_of, decrypted, read_keystore
from swarmprov_nb.cli import main
from swarmprov_nb.errors import SwarmprovError, WalletError
from swarmprov_nb.fsck import fsck, repair
from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal, journal_of
from swarmprov_nb.receipts import read_receipt
from swarmprov_nb.signers import signers, trust
from swarmprov_nb.spending import Purse, ledger
from swarmprov_nb.swarm.bee.upload_journal import UploadJournal
from swarmprov_nb.swarm.packs import VERSION
from swarmprov_nb.verifying import verify

OTHER = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
PASSWORD = "a long password"


@dataclass(frozen=True)
class Kind:
    """One kind of file: where it lies, what a reader takes from it, and the command that reads it."""

    pattern: str
    meaning: Callable[[Kept, Path], object]
    command: tuple[str, ...] = ()
    named: tuple[str, ...] = ()  # the file by which fsck tells, where it is another
    grows: bool = False  # line by line: cut at its end it is what it was a moment before, as a kill leaves it


def nothing(kept, path):
    """Say that every change is to be named."""
    return object()


def rows(kept, path):
    """Return all that SQLite finds in a database."""
    with closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def chain(kept, path):
    """Take nothing from it here: what verify says of it is compared below, and it proves nothing to others."""


def steps(kept, path):
    return list(Journal(path).entries.items())


def promises(kept, path):
    return list(ledger(kept.home))


def notes(kept, path):
    """Return what an upload noted, up to where it is whole: the rest is asked of the node again."""
    journal = UploadJournal(path, {"root": "x"})
    journal.close()
    return sorted(journal.acked)


def wallet(kept, path):
    """Return the address that is shown; no other key ever comes out: whoever opens a torn one is refused."""
    (known,) = keys.wallets(kept.home)
    with suppress(WalletError):
        key = decrypted(read_keystore(path.read_bytes(), "it"), PASSWORD, "it")
        assert key is None or address_of(key) == known.address
    return known.address


VERIFY = ("verify", "REFERENCE")
KINDS = {
    "pack": Kind("home/store/packs/*.pack", nothing, VERIFY),
    "index": Kind("home/store/packs/*.idx", nothing, VERIFY),
    "mark of the store": Kind("home/store/store", nothing, VERIFY),
    "receipt": Kind("home/receipts/*.json", lambda kept, path: read_receipt(path), ("status",)),
    "kept journal": Kind("home/receipts/*.journal", lambda kept, path: Journal(path).entries),
    "journal of a publish": Kind("home/journal/ab*.jsonl", steps, grows=True),
    "journal of a transaction": Kind("home/journal/chain/*.jsonl", lambda kept, path: Journal(path).entries),
    "journal of a push": Kind("home/journal/push/*.jsonl", steps, grows=True),
    "notes of an upload": Kind("home/journal/push/*.upload", notes, grows=True),
    "ledger": Kind("home/spending.jsonl", promises, grows=True),
    "signers": Kind("home/signers.json", lambda kept, path: signers(kept.home), ("trust", "list")),
    "author key": Kind("home/keys/author.key", nothing, VERIFY),
    "record key": Kind("home/keys/record.key", nothing, ("status",), named=("record.sqlite",)),
    "findings key": Kind("home/keys/findings.key", lambda kept, path: len(path.read_bytes())),  # names findings only
    "dev wallet": Kind("home/keys/dev-wallet.key", lambda kept, path: bytes.fromhex(path.read_text()), VERIFY),
    "wallet": Kind("home/keys/wallets/*.json", wallet, ("keys", "list")),
    "page": Kind("home/pages/*.html", nothing),
    "index of contents": Kind("home/contents.sqlite", rows, ("gc", "--older-than", "0")),
    "chain": Kind("home/chain/chain.sqlite", chain, VERIFY),
    "log of the chain": Kind("home/chain/chain.sqlite-wal", chain, VERIFY, named=("chain.sqlite",)),
    "record": Kind("one/.swarmprov/record.sqlite", rows, ("status",)),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home in which there is a file of every kind."""
    place = tmp_path_factory.mktemp("torn")
    kept = make_home(place, chain="local")
    trust(kept.home, OTHER, "Bob", wallets=["0x" + "ab" * 20])
    keys.new(kept.home, "field", lambda: PASSWORD, n=2)
    Purse.of(kept.home, "gnosis", "xDAI").promise("anchor", 5)
    Purse.of(kept.home, "gnosis", "xDAI").promise("another", 6)
    begun = journal_of(kept.home, "ab" * 32)
    begun.write("manifest", {"manifest": "x" * 50, "salts": {}})
    begun.write("envelope", {"envelope": "y" * 50})
    push = kept.home.private_folder(kept.home.journal / "push")
    Journal(push / "a.jsonl").write("batch", {"id": "ab" * 32})
    upload = UploadJournal(push / "a.upload", {"root": "x"})
    for number in range(4):
        upload.took([bytes([number]) * 32])
    upload.close()
    return kept


def tear(path, chance):
    """Cut a file somewhere, or change one bit of it."""
    size = path.stat().st_size
    if chance.random() < 0.4:
        path.write_bytes(path.read_bytes()[: chance.randrange(size)])
    else:
        flipped(path, chance.randrange(size), bit=chance.randrange(8))


def taken(kind, kept, path):
    """Return what a reader takes from a file; what it refuses with two sentences is no wrong result."""
    try:
        return kind.meaning(kept, path)
    except (SwarmprovError, sqlite3.Error, ValueError):
        return "refused"


def said(kind, kept, capsys):
    """Run the ordinary command; whatever escapes it is a traceback."""
    capsys.readouterr()
    code = main([word.replace("REFERENCE", kept.references[0]) for word in kind.command]) if kind.command else 1
    told = capsys.readouterr()
    return code, told.out


def holds(kind, before, after):
    """Tell whether what a reader takes from a torn file is what was written, as far as anybody can know."""
    return after == before or (kind.grows and after != "refused" and before[: len(after)] == after)


def torn_once(kind, kept, chance, good, capsys):
    """Tear one file, and hold everything that is asked about it against what was."""
    path = chance.choice(sorted(kept.folder.parent.glob(kind.pattern)))
    before = taken(kind, kept, path)
    tear(path, chance)
    found = fsck(kept.home, kept.folder)
    named = {damage.file.name for damage in found.damage}
    told = said(kind, kept, capsys)
    assert told[0] in (0, 1, 2, 3)
    if not named & {path.name, *kind.named}:
        assert holds(kind, before, taken(kind, kept, path)), found
        assert told == good
    elif told[0] == 0 and kind.command == VERIFY:
        assert passed(told[1]) <= passed(good[1])
    return found


def the_rest_is_usable(kept, found, reader):
    """Repair what can be, and verify as a stranger every publication that was not said to be hurt."""
    if any(damage.mend for damage in found.damage):
        assert all(damage.mend is None for damage in repair(kept.home, kept.folder).damage)
    if (kept.home.store / "store").read_bytes() != VERSION.encode():  # maybe of another version
        return
    hurt = [said for damage in found.damage if kept.home.store in damage.file.parents for said in damage.hurts]
    for reference in kept.references:
        if not any(reference in said for said in hurt):
            assert verify(reference, store=kept.home.store, any_signer=True, home=reader).exit_code == 0


def passed(report):
    """Return the lines of a report that say that something was found right."""
    return {line for line in report.splitlines() if line.strip().startswith("✓")}


@pytest.fixture
def torn(made, tmp_path, capsys, monkeypatch):
    """Return what tears one file of a kind in a copy of all, once for each number, and looks."""

    def tear_each(name, seeds):
        place, good = tmp_path / "torn", None
        for seed in seeds:
            chance = random.Random(f"{name} {seed}")
            shutil.copytree(made.home.root.parent, place)
            monkeypatch.setenv("SWARMPROV_HOME", str(place / "home"))
            monkeypatch.chdir(place / "one")
            kept = Kept(Home(place / "home"), place / "one", made.references)
            good = good or said(KINDS[name], kept, capsys)
            found = torn_once(KINDS[name], kept, chance, good, capsys)
            the_rest_is_usable(kept, found, Home(place / "reader"))
            shutil.rmtree(place)

    return tear_each


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_named_or_decides_nothing(torn, name):
    """Three times each: fsck names the file, or whoever reads it gets what was written; never a traceback."""
    torn(name, range(3))


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
def test_damage_is_named_or_decides_nothing_a_thousand_times(torn, name):
    """As above, 48 times for each kind of file."""
    torn(name, range(3, 51))
