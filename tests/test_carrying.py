"""Carrying a publication: nothing unverified is written, nothing outside the folder; one file is all there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from forging import taken_apart

from swarmprov_nb.carrying import get, load, save
from swarmprov_nb.errors import NotAPublication, StorageError, SwarmprovError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.publication import is_safe_path, listing
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.swarm import PackStore, UploadPlan, read_file
from swarmprov_nb.swarm.drafts import draft
from swarmprov_nb.verifying import verify


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)


def _everything(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _planted(book, folder):
    """Put a forged publication into a store of its own; returns its reference."""
    store = PackStore.open(folder)
    book.storage = store
    upload = store.upload(b"", UploadPlan("planted"))
    root = book._collected(book.files, upload=upload)
    upload.finish()
    return root.hex()


# -- drafts


def test_only_what_nobody_writes_any_more_is_swept(tmp_path):
    """A draft that a process left goes with the next of its name; one under way, and files of others, stay."""
    goal = tmp_path / "out"
    left, others = tmp_path / ".out.0123abcd.part", [tmp_path / ".out.part", tmp_path / ".outer.0123abcd.part"]
    for path in (left, *others):
        path.mkdir()
    with draft(goal, Path.mkdir) as first, draft(goal, Path.mkdir) as second:
        assert not left.exists()
        assert first.is_dir()
        second.rename(goal)
    assert sorted(tmp_path.iterdir()) == sorted([goal, *others])


# -- get


def test_the_files_are_those_that_were_published(study, published, tmp_path):
    """Every file of the publication stands under its path, byte for byte, and nothing else."""
    folder = get(published.reference, tmp_path / "out" / "penguins", home=study.home)
    store = user_store(study.home)
    files = listing(store, bytes.fromhex(published.reference))
    assert {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} == set(files)
    assert all((folder / path).read_bytes() == b"".join(read_file(store, at)) for path, at in files.items())
    assert _everything(tmp_path / "out") == ["penguins", *(f"penguins/{name}" for name in _everything(folder))]


def test_an_empty_folder_is_filled(study, published, tmp_path):
    """A folder that is there and empty is as good as none."""
    (tmp_path / "out").mkdir()
    assert (get(published.reference, tmp_path / "out", home=study.home) / "index.html").is_file()


@pytest.mark.parametrize("kind", ["full", "file"])
def test_what_is_there_is_not_touched(study, published, tmp_path, kind):
    """A folder with something in it, or a file, is refused and stays as it was."""
    goal = tmp_path / "out"
    if kind == "full":
        goal.mkdir()
        (goal / "mine.txt").write_text("mine")
    else:
        goal.write_text("mine")
    before = _everything(tmp_path)
    with pytest.raises(UsageError, match="there already"):
        get(published.reference, goal, home=study.home)
    assert [name for name in _everything(tmp_path) if name.startswith("out")] == [
        n for n in before if n.startswith("out")
    ]


@pytest.mark.parametrize("path", ["../evil", "../../evil", "/evil", "data/../../evil", "a\\..\\evil"])
def test_no_path_leads_out_of_the_folder(study, published, tmp_path, path):
    """A publication whose paths lead elsewhere is refused, and nothing at all is written."""
    book = taken_apart(published.reference, study.home)
    book.files[path] = b"evil"
    reference = _planted(book, tmp_path / "store")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    with pytest.raises(VerificationFailed, match="Nothing was written"):
        get(reference, tmp_path / "deep" / "er" / "out", store=tmp_path / "store", home=study.home)
    assert _everything(tmp_path / "deep") == ["er"]
    assert not is_safe_path(path)


@pytest.mark.parametrize("lie", ["file", "unsigned", "twin"])
def test_a_tampered_publication_writes_nothing(study, published, tmp_path, lie):
    """A changed file, a missing seal, twins by case: refused before the first byte."""
    book = taken_apart(published.reference, study.home)
    if lie == "file":
        book.files[book.subject_of("clean")] += b" "
    elif lie == "unsigned":
        del book.files[book.seals[0]]
    else:
        book.files["INDEX.html"] = b""
    reference = _planted(book, tmp_path / "store")
    with pytest.raises(VerificationFailed):
        get(reference, tmp_path / "out", store=tmp_path / "store", home=study.home)
    assert not (tmp_path / "out").exists()


def test_a_link_in_the_place_of_the_folder_is_not_followed(study, published, tmp_path):
    """A dangling link where the folder should be leaves its target alone."""
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SwarmprovError):
        get(published.reference, tmp_path / "out", home=study.home)
    assert not (tmp_path / "elsewhere").exists()
    assert not [name for name in _everything(tmp_path) if name.startswith(".out")]


def test_a_folder_that_cannot_be_made_is_told(study, published, tmp_path):
    """A file in the way of the folder's parent is two sentences, and no traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SwarmprovError, match="cannot be written"):
        get(published.reference, tmp_path / "file" / "out", home=study.home)


# -- save and load


def test_saved_loaded_and_got_elsewhere(study, published, tmp_path):
    """save → load on another machine → get there gives the same files."""
    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    other = Home(tmp_path / "other")
    assert load(file, home=other) == published.reference
    here, there = (
        get(published.reference, tmp_path / name, home=home) for name, home in (("a", study.home), ("b", other))
    )
    assert _everything(here) == _everything(there)
    assert all((here / n).read_bytes() == (there / n).read_bytes() for n in _everything(here) if (here / n).is_file())


def test_what_is_loaded_is_kept(study, published, tmp_path):
    """A loaded publication is pinned, and loading it twice changes nothing."""
    other = Home(tmp_path / "other")
    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    assert {load(file, home=other), load(file, home=other)} == {published.reference}
    assert list(user_store(other).pins()) == [bytes.fromhex(published.reference)]


def test_saving_is_the_same_every_time(study, published, tmp_path):
    """Two files of one publication are equal, also from a store that it was loaded into."""
    first = save(published.reference, tmp_path / "a.swarm", home=study.home)
    load(first, home=Home(tmp_path / "other"))
    second = save(published.reference, tmp_path / "b.swarm", home=Home(tmp_path / "other"))
    assert first.read_bytes() == second.read_bytes()


def test_a_file_that_is_there_is_not_overwritten(study, published, tmp_path):
    """Unless it may be."""
    (tmp_path / "a.swarm").write_text("mine")
    with pytest.raises(SwarmprovError, match="there already"):
        save(published.reference, tmp_path / "a.swarm", home=study.home)
    assert (tmp_path / "a.swarm").read_text() == "mine"
    save(published.reference, tmp_path / "a.swarm", overwrite=True, home=study.home)
    assert verify(tmp_path / "a.swarm", home=study.home).exit_code == 0


def test_every_changed_byte_of_a_saved_file_is_found(study, published, tmp_path):
    """One flipped bit anywhere, one byte less or more: the file is refused, by load and by verify."""
    whole = save(published.reference, tmp_path / "a.swarm", home=study.home).read_bytes()
    file, other = tmp_path / "b.swarm", Home(tmp_path / "other")
    places = [*range(0, len(whole), max(1, len(whole) // 40)), len(whole) - 1]
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    for data in [*damaged, whole[:-1], whole + b"\0", whole[:40], b""]:
        file.write_bytes(data)
        with pytest.raises(SwarmprovError):
            load(file, home=other)
        with pytest.raises((StorageError, VerificationFailed)):
            verify(file, any_signer=True, home=study.home).require("signed")
    assert not other.store.exists() or not list(user_store(other).pins())


def test_a_saved_file_that_lies_about_its_publication(study, published, tmp_path):
    """Another address in the head, with a right checksum: it holds no such publication."""
    import hashlib

    whole = save(published.reference, tmp_path / "a.swarm", home=study.home).read_bytes()
    changed = whole[:18] + b"\x55" * 32 + whole[50:-32]
    records = changed[: -(2 + 8)]
    (tmp_path / "b.swarm").write_bytes(changed + hashlib.sha256(records).digest())
    with pytest.raises(SwarmprovError):
        load(tmp_path / "b.swarm", home=Home(tmp_path / "other"))
    with pytest.raises(VerificationFailed, match="holds the publication"):
        verify(tmp_path / "b.swarm", reference=published.reference, home=study.home)


def test_what_is_no_publication_is_not_carried(study, published, tmp_path):
    """A single file's reference is neither saved nor got."""
    single = put(user_store(study.home), b"just bytes").hex()
    with pytest.raises(NotAPublication):
        save(single, tmp_path / "a.swarm", home=study.home)
    with pytest.raises(NotAPublication):
        get(single, tmp_path / "out", home=study.home)
    assert not (tmp_path / "a.swarm").exists()
    assert not (tmp_path / "out").exists()
