"""Names that would hurt whoever writes them to a disk or reads them on a screen: none may stand in a publication."""

from __future__ import annotations

import unicodedata

import pytest
from forging import saved_whole
from lying import is_found_out

from swarmprov_nb.carrying import get
from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.publication import is_safe_path

NAMES = {
    "a hidden folder that git obeys": ".git/config",
    "a hidden file that a shell obeys": "data/.envrc",
    "an option of a command that is given a star": "data/--checkpoint-action=exec=sh evil.csv",
    "an option in the folder itself": "-rf",
    "up and out": "../evil.sh",
    "up in the middle": "data/../../evil.sh",
    "up at the end": "data/..",
    "a dot alone": "data/./a.csv",
    "two slashes": "data//a.csv",
    "a slash at the end": "data/a/",
    "from the root": "/etc/cron.d/evil",
    "two slashes at the start": "//server/share",
    "a drive": "C:\\evil.bat",
    "a server": "\\\\server\\share",
    "three hundred bytes": "data/" + "a" * 296 + ".csv",
    "three hundred bytes in wide letters": "data/" + "漢" * 100,
    "two thousand bytes": "data/" + "/".join(["a" * 200] * 10),
    "a line break": "data/a\n✓ signer",
    "a carriage return": "data/a\rb",
    "a byte of nothing": "data/a\0.csv",
    "an escape that clears the screen": "data/\x1b[2J",
    "a control of the second set": "data/\x9bJ",
    "a direction override": "data/\u202etxt.exe",
    "an isolate": "data/\u2067txt",
    "an Arabic mark": "data/\u061ctxt",
    "a hyphen that is not seen": "data/cl\u00adean.json",
    "a space of no width": "data/clean\u200b.json",
    "a joiner": "data/clean\u200d.json",
    "a byte order mark": "data/\ufeffclean.json",
    "a space that does not break": "data/a\u00a0b.csv",
    "a wide space": "data/a\u3000b.csv",
    "a tag that is not seen": "data/clean\U000e0041.json",
    "a filler that counts as a letter": "data/clean\u3164.json",
    "a filler of half its width": "data/clean\uffa0.json",
    "the first filler of a syllable": "data/clean\u115f.json",
    "a pattern of no dots": "data/clean\u2800.json",
    "a mark that joins nothing": "data/clean\u034f.json",
    "a choice among forms of a letter": "data/clean\ufe0f.json",
    "a vowel that is not written": "data/clean\u17b5.json",
    "a sign that begins a beam": "data/clean\U0001d173.json",
    "no character": "data/clean\uffff.json",
    "an accent beside its letter": "data/cafe\u0301.csv",
    "a Kelvin sign": "data/\u212a.csv",
}


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES.keys())
def test_a_hostile_name_is_refused(book, path):
    """One such name, signed and sealed by its author, fails the whole collection."""

    def lie(forged):
        forged.files[path] = b"evil"

    assert not is_safe_path(path)
    is_found_out(lie, "collection", book)


TWINS = {
    "by capitals": ("data/a.csv", "data/A.csv"),
    "by the capitals of a folder": ("data/x/a.csv", "data/X/a.csv"),
    "by a sharp s": ("data/straße.csv", "data/STRASSE.csv"),
    "by a long s": ("data/\u017f.csv", "data/s.csv"),
    "by a final sigma": ("data/ς.csv", "data/Σ.csv"),
    "by a ligature": ("data/ﬁ.csv", "data/fi.csv"),
    "a file as a folder": ("data/a", "data/a/b.csv"),
    "a file as a folder in capitals": ("data/a", "data/A/b/c.csv"),
    "the manifest as a folder": ("manifest.json/a", "data/b"),
    "the manifest in capitals": ("MANIFEST.json", "data/b"),
    "the seals in capitals as a file": ("SEALS", "data/b"),
}


@pytest.mark.parametrize("paths", TWINS.values(), ids=TWINS.keys())
def test_twins_that_are_one_file_on_some_disks_are_refused(book, paths):
    """Each name is allowed, and both at once are not."""
    assert all(is_safe_path(path) and unicodedata.is_normalized("NFC", path) for path in paths)
    is_found_out(lambda forged: forged.files.update(dict.fromkeys(paths, b"")), "collection", book)


def test_many_deep_folders_are_checked_in_little_memory(book):
    """Ten thousand long paths are one listing, not all the folders that they could name."""
    import tracemalloc

    deep = "/".join("ab" * 160)[:900]
    book.files |= {f"data/{number}/{deep}": b"" for number in range(300)}
    book.bind()
    tracemalloc.start()
    report = book.report()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert report.failed[0].name == "files"
    assert most < 64 << 20


def test_get_writes_nothing_of_a_hostile_name(book, tmp_path):
    """Not the file, not its folder, and nothing beside it."""
    book.files[".git/hooks/post-checkout"] = b"#!/bin/sh"
    file = saved_whole(book, tmp_path / "evil.swarm")
    with pytest.raises(VerificationFailed, match="Nothing was written"):
        get(file, tmp_path / "out" / "here", home=book.home)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["evil.swarm"]


@pytest.mark.parametrize("path", ["data/über uns (1).csv", "data/漢字.csv", "data/a" + "b" * 240, "data/=1+1.csv"])
def test_a_plain_name_is_taken(path):
    """Letters of any script, spaces and signs are names; what a sheet does with one is the sheet's."""
    assert is_safe_path(path)
