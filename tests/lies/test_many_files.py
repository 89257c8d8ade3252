"""A publication of a hundred thousand files: refused by name or taken whole, in memory that grows with its bytes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from forging import saved_whole

from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.statement import MANIFEST

pytestmark = [pytest.mark.long, pytest.mark.once, pytest.mark.timeout(1200)]

MOST = 100_000  # files that a listing may hold
SIGNED = 10_000
BYTES = 768 << 20

READER = """
import json, resource, sys
from pathlib import Path

from swarmprov_nb.carrying import get
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.verifying import verify

file, goal, home = sys.argv[1], Path(sys.argv[2]), Home(Path(sys.argv[3]))
said = {"failed": [], "error": ""}
try:
    said["failed"] = [check.name for check in verify(file, any_signer=True, home=home).failed]
    get(file, goal, home=home)
except SwarmprovError as error:
    said["error"] = error.what
said["written"] = sum(path.is_file() for path in goal.rglob("*")) if goal.exists() else 0
if sys.platform == "linux":  # getrusage counts what the process before had, too
    most = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    said["most"] = int(most) << 10
else:
    said["most"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps(said))
"""


def read(book, tmp_path):
    """What a process that verifies and gets the book says, and the most memory that it had."""
    file = saved_whole(book, tmp_path / "many.swarm")
    command = [sys.executable, "-c", READER, file, tmp_path / "out", tmp_path / "reader"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def added(book, count):
    """Add small files, a hundred a folder; returns {path: bytes}."""
    more = {f"data/{number // 100:04}/{number:06}.csv": b"%d\n" % number for number in range(count)}
    book.files |= more
    return more


def stated(book, more):
    """Return the statement with each file among the subjects, and an artifact of the last cell run for each."""
    statement = book.statement
    run, entities = statement["predicate"]["activities"][-1]["id"], statement["predicate"]["entities"]
    named = [{"name": path, "digest": {"sha256": "ab" * 32, "swarm": "ab" * 32}} for path in more]
    statement["subject"] = sorted([*statement["subject"], *named], key=lambda subject: subject["name"].encode())
    entities += [
        {"declared": False, "disclosure": "published", "generatedBy": run, "id": f"artifact-{number}", "kind": "file",
         "mediaType": "text/csv", "name": path, "size": len(data), "subject": path, "version": 1}
        for number, (path, data) in enumerate(more.items(), len(entities) + 1)
    ]  # fmt: skip
    return statement


def test_as_many_files_as_a_listing_holds_are_not_smuggled_in(book, tmp_path):
    """Up to the bound they are read and compared, and the first that nobody signed is named."""
    added(book, MOST - len(book.files))
    said = read(book, tmp_path)
    assert said["failed"][0] == "files"
    assert (said["written"], said["error"][:20]) == (0, "Nothing was written.")
    assert said["most"] < BYTES


def test_one_file_more_is_no_publication(book, tmp_path):
    """Over the bound nothing is read to its end."""
    added(book, MOST - len(book.files) + 1)
    said = read(book, tmp_path)
    assert f"is past {MOST} files" in said["error"]
    assert (said["failed"], said["written"]) == ([], 0)
    assert said["most"] < BYTES


def test_a_manifest_of_as_many_files_is_refused_before_it_is_parsed(book, tmp_path):
    """Signed by its author, it holds more values than a manifest may."""
    statement = stated(book, added(book, MOST - len(book.files)))
    book.files[MANIFEST] = canonical(statement)
    book.wrap(by=book.key)
    book.author_seals()
    said = read(book, tmp_path)
    assert (said["failed"][0], said["written"]) == ("manifest", 0)
    assert said["most"] < BYTES


def test_ten_thousand_files_are_verified_and_got(book, tmp_path):
    """All signed, rendered and listed by their author: every one arrives."""
    more = added(book, SIGNED)
    book.author_states(stated(book, more))
    said = read(book, tmp_path)
    assert (said["failed"], said["error"]) == ([], "")
    assert said["written"] == len(book.files)
    assert said["most"] < BYTES
    assert all((tmp_path / "out" / path).read_bytes() == data for path, data in more.items())
