"""A hostile publication is met alike wherever it comes in: by verify, get, open, load and the widget."""

from __future__ import annotations

import pytest
from forging import dropped, saved_whole

import swarmprov
from swarmprov_nb.carrying import get, load
from swarmprov_nb.errors import StorageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.statement import MANIFEST
from swarmprov_nb.publication import collection
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm import Chunk, UploadPlan, reference_of
from swarmprov_nb.verifying import verify


def named(path):
    return lambda book: book.files.update({path: b"evil"})


def manifest(data):
    return lambda book: book.files.update({MANIFEST: data})


def tree(*chunks):
    """A file under the last of these chunks, all right by their hashes."""

    def late(bound):
        for chunk in chunks:
            bound.storage.replace(chunk)
        files = {name: reference_of(data) for name, data in bound.files.items()} | {"data/x.bin": chunks[-1].address}
        bound.root = collection(files, upload=bound.storage.upload(b"", UploadPlan("lie")))

    return lambda book: book.after.append(late)


LEAF = Chunk.of(4096, b"x" * 4096)
REPEATED = [LEAF]
for _ in range(6):
    REPEATED.append(Chunk.of(REPEATED[-1].span * 128, REPEATED[-1].address * 128))

HOSTILE = {
    "a path that leads out": (named("data/../../evil.sh"), "collection"),
    "an absolute path": (named("/etc/cron.d/evil"), "collection"),
    "a hidden path": (named(".git/hooks/post-checkout"), "collection"),
    "an option": (named("--checkpoint-action=exec=sh evil.csv"), "collection"),
    "an accent beside its letter": (named("data/cafe\u0301.csv"), "collection"),
    "a twin by capitals": (named("INDEX.html"), "collection"),
    "a name of three hundred bytes": (named("data/" + "a" * 300), "collection"),
    "ten megabytes of JSON": (manifest(b"[" + b"[]," * 3_500_000 + b"[]]"), "manifest"),
    "a hundred thousand brackets": (manifest(b"[" * 100_000), "manifest"),
    "a span that lies": (tree(LEAF, Chunk.of(9000, LEAF.address)), "chunks"),
    "a terabyte that is not there": (tree(Chunk.of(1 << 40, b"\x11" * 4096)), "chunks"),
    "a tree that repeats one leaf without end": (tree(*REPEATED), "chunks"),
}


@pytest.mark.parametrize(("lie", "check"), HOSTILE.values(), ids=HOSTILE)
def test_every_way_in_names_the_fault_and_leaves_nothing(book, lie, check, tmp_path):
    """The same check fails everywhere, nothing is written or drawn, and what is loaded is refused when it is used."""
    lie(book)
    file, reader = saved_whole(book, tmp_path / "evil.swarm"), Home(tmp_path / "reader")

    assert verify(file, any_signer=True, home=reader).failed[0].name == check
    with pytest.raises(VerificationFailed, match="Nothing was written") as refused:
        get(file, tmp_path / "out" / "here", home=reader)
    assert check in refused.value.what
    assert not (tmp_path / "out").exists()
    with pytest.raises(VerificationFailed, match="Nothing was opened") as unopened:
        swarmprov.open(file, any_signer=True, home=reader)
    assert unopened.value.what.isprintable()

    told = dropped(file, reader)
    assert (told["phase"], told["lineage"], told["report"]["exitCode"]) == ("report", None, 1)
    assert next(each["name"] for each in told["report"]["checks"] if each["outcome"] == "fail") == check
    assert list((reader.root / "tmp").iterdir()) == []

    reference, unloaded = loaded(file, reader)
    if reference is None:
        assert unloaded.what.isprintable()
        assert list(user_store(reader).pins()) == []
    else:
        assert verify(reference, any_signer=True, home=reader).failed[0].name == check


def loaded(file, home):
    """Return the reference that was loaded, or the error that refused it."""
    try:
        return load(file, home=home), None
    except (VerificationFailed, StorageError) as error:
        return None, error
