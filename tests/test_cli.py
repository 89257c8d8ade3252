"""The command line: what each command answers, its exit code, and that a mistake is told in two lines."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from studies import CELLS, SESSION, make_study, write_notebook

from swarmprov_nb.cli import main
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Record
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.publication import collection, listing
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.swarm import UploadPlan

COMMANDS = ["run", "show", "publish", "verify", "trust", "get", "save", "load", "doctor", "completion", "status"]
COMMANDS += ["forget", "binder", "push", "anchor", "revoke", "chain", "stamps", "keys", "gc", "fsck"]
STRANGER = AuthorKey(b"\7" * 32).did


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self):
        return self.err.splitlines()


@dataclass
class Published:
    """A published study: its home and folder, and the reference."""

    home: Home
    folder: Path
    reference: str


@pytest.fixture
def say(capsys, monkeypatch):
    """Run a command in this process, which is no terminal."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*words):
        capsys.readouterr()
        try:
            code = main([str(word) for word in words])
        except SystemExit as ended:  # --help and --version
            code = ended.code
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run


@pytest.fixture
def fails(say):
    """Run a command that cannot succeed: two lines on stderr, nothing on stdout, no traceback, this exit code."""

    def run(code, *words):
        said = say(*words)

        assert (said.code, said.out) == (code, ""), said
        assert len(said.lines) == 2, said.err
        assert all(line.strip() for line in said.lines)
        assert said.lines[0].startswith("swarmprov")
        return said.err

    return run


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A study published once for this file; tests that change anything take a copy."""
    folder = tmp_path_factory.mktemp("shared")
    study = make_study(Home(folder / "home"), folder / "work")
    return Published(study.home, study.folder, publish(study.notebook, yes=True, home=study.home, say=str).reference)


@pytest.fixture
def published(shared, monkeypatch):
    """The shared publication, read and not changed."""
    monkeypatch.setenv("SWARMPROV_HOME", str(shared.home.root))
    monkeypatch.chdir(shared.folder)
    return shared


@pytest.fixture
def copied(shared, tmp_path, monkeypatch):
    """A copy of the shared publication to change."""
    shutil.copytree(shared.home.root, tmp_path / "home")
    shutil.copytree(shared.folder, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return Published(Home(tmp_path / "home"), tmp_path / "work", shared.reference)


@pytest.fixture
def worked(study, monkeypatch):
    """A recorded study, published by nobody, with its folder as the current one."""
    monkeypatch.chdir(study.folder)
    return study


def process(*words, folder, stdin=subprocess.DEVNULL):
    """Run a command in a process of its own, in a pipe."""
    command = [sys.executable, "-m", "swarmprov_nb.cli", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ran = subprocess.run(command, cwd=folder, env=env, stdin=stdin, capture_output=True, check=False, timeout=120)
    return Said(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


# -- help


def test_the_help_names_every_command_with_examples_and_exit_codes(say):
    """One page says what there is, shows it used, and what the exit codes mean."""
    said = say("--help")

    assert said.code == 0
    assert {*COMMANDS} <= {line.split()[0] for line in said.out.splitlines() if line.startswith("    ")}
    assert "swarmprov publish study.ipynb --execute" in said.out
    assert "0 done, 1 failed, 2 wrong use, 3 valid but" in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself_by_examples(say, name):
    """Every command has a purpose, its options and an example that can be typed."""
    said = say(name, "--help")
    examples = said.out.partition("examples:\n")[2].splitlines()

    assert said.code == 0
    assert examples
    assert all(line.startswith(f"  swarmprov {name}") for line in examples)


def test_the_version_is_the_packages(say):
    """--version says which one this is."""
    import swarmprov

    assert say("--version").out == f"swarmprov {swarmprov.__version__}\n"


# -- what cannot be meant


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "COMMAND"),
        (("evaluate",), "invalid choice: 'evaluate'"),
        (("publish",), "swarmprov publish: the following arguments are required: notebook"),
        (("show", "study.ipynb", "--jso"), "swarmprov show --help"),
        (("verify", "ab", "--strict"), "swarmprov verify --help"),
        (("show", "study.ipynb", "--json", "--table"), "not allowed with"),
        (("run", "study.ipynb", "--timeout", "soon"), "invalid float"),
        (("run", "study.ipynb", "--timeout", "-3"), "no time for a cell"),
        (("status", "elsewhere"), "There is no folder"),
        (("publish", "study.ipynb", "--chain", "moon"), "no chain named 'moon'"),
        (("publish", "study.ipynb", "--hide", "moon"), "no artifact 'moon'"),
        (("verify", "REFERENCE", "--require", "replayed"), "no level 'replayed'"),
        (("verify", "REFERENCE", "--chain", "moon"), "no chain named 'moon'"),
        (("verify", "REFERENCE", "--signer", "Alice"), "labelled 'Alice'"),
        (("trust", "list", "more"), "one word too many"),
        (("trust", "remove"), "Nothing is named"),
        (("trust", "remove", "Alice"), "not on your list"),
        (("trust", "did:key:z6Mk", "--as", "Alice"), "no Ed25519 key"),
        (("trust", STRANGER), "under a name"),
    ],
)
def test_wrong_use_is_exit_code_2(fails, published, words, says):
    """An option, a word or a name that cannot be meant: two lines, the second saying how to go on."""
    words = [published.reference if word == "REFERENCE" else word for word in words]

    assert says in fails(2, *words)


@pytest.mark.parametrize("command", ["run", "show", "publish"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "There is no notebook"),
        (b"", "cannot be read as a notebook"),
        (b"{}", "not of notebook format 4"),
        (b'{"nbformat": 3, "worksheets": []}', "not of notebook format 4"),
        (b'{"nbformat": 4, "cells": [7]}', "cannot be read as a notebook"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "sheet", "source": ""}]}', "cell 1 is of no known type"),
        (b"\xff\xfe\x00", "cannot be read as a notebook"),
    ],
)
def test_what_is_no_notebook_is_exit_code_2(fails, tmp_path, command, content, says):
    """A missing file, and whatever is no notebook of format 4."""
    path = tmp_path / "n.ipynb"
    if content is not None:
        path.write_bytes(content)

    assert says in fails(2, command, path)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("zz" * 32, "not hexadecimal"),
        ("ab" * 30, "cut off"),
        ("ab" * 64, "encrypted"),
    ],
)
def test_a_malformed_reference_is_exit_code_2(fails, published, tmp_path, words, says):
    """Not hexadecimal, truncated, or one that holds a key."""
    goal = tmp_path / "goal"
    for command in (("verify", words), ("get", words, goal), ("save", words, goal)):
        assert says in fails(2, *command)
    assert not goal.exists()


# -- what is not there, or is something else


@pytest.mark.parametrize("command", [("show",), ("publish",), ("forget", "--yes")])
def test_nothing_recorded_is_said(fails, published, tmp_path, command):
    """A notebook that never ran, in a folder without a record or with another notebook's."""
    name, *options = command
    shutil.copy("study.ipynb", tmp_path / "fresh.ipynb")
    write_notebook(published.folder / "unseen.ipynb", {"other": "other = 1"})
    try:
        assert "swarmprov run" in fails(1, name, tmp_path / "fresh.ipynb", *options)
        assert "recorded" in fails(1, name, "unseen.ipynb", *options)
    finally:
        Path("unseen.ipynb").unlink()


@pytest.mark.parametrize("command", ["verify", "get", "save"])
def test_an_unknown_reference_is_named(fails, published, tmp_path, command):
    """A well-formed reference that the store does not hold."""
    goal = [] if command == "verify" else [tmp_path / "goal"]

    assert f"{'ab' * 32} is not in the store" in fails(1, command, "ab" * 32, *goal)
    assert not (tmp_path / "goal").exists()


@pytest.mark.parametrize("command", ["verify", "get", "save"])
def test_a_reference_to_something_else_is_no_publication(fails, copied, tmp_path, command):
    """A single file, small or large, one file of a publication, and a collection that is no publication."""
    store = user_store(copied.home)
    small, large = put(store, b"small"), put(store, b"large" * 5000)
    upload = store.upload(b"", UploadPlan(id="other"))
    other = collection({"index.html": small, "a.txt": large}, upload=upload)
    upload.finish()
    part = listing(store, bytes.fromhex(copied.reference))["manifest.json"]
    goal = [] if command == "verify" else [tmp_path / "goal"]

    for reference in (small, large, part, other):
        assert "is no publication" in fails(1, command, reference.hex(), *goal)
    assert not (tmp_path / "goal").exists()


def test_no_store_is_said_with_the_way_to_name_one(fails, tmp_path, published):
    """A store that is not there."""
    assert "--store FOLDER" in fails(1, "verify", published.reference, "--store", tmp_path / "none")


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_corrupt_chunk_fails(say, fails, copied, tmp_path):
    """One flipped byte in any pack: nothing verifies, nothing is written, the chunk is named."""
    (pack, *_) = sorted(copied.home.store.rglob("*.pack"), key=lambda path: -path.stat().st_size)
    for at in range(40, pack.stat().st_size, 500):
        flip(pack, at)
    said = say("verify", copied.reference)

    assert said.code == 1
    assert "Traceback" not in said.out + said.err
    assert "✗ chunks" in said.out or "does not hash" in said.err or "damaged" in said.err
    for words in (("get", copied.reference, tmp_path / "goal"), ("save", copied.reference, tmp_path / "goal")):
        fails(1, *words)
        assert not (tmp_path / "goal").exists()


def tables(path):
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]


@pytest.mark.parametrize("command", [("show",), ("publish", "--yes"), ("status",), ("forget", "--yes")])
@pytest.mark.parametrize(
    ("damage", "says"),
    [("corrupt", "cannot be read"), ("other", "is not a swarmprov record"), ("newer", "newer swarmprov")],
)
def test_a_record_that_is_not_ours_is_said(fails, worked, command, damage, says):
    """A corrupt record, another program's database, and one of a newer version: named, and nothing in them lost."""
    path = worked.folder / ".swarmprov" / "record.sqlite"
    if damage != "newer":
        path.unlink()
    if damage == "corrupt":
        path.write_bytes(b"no database, but long enough to be read" * 40)
    else:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA user_version = 99" if damage == "newer" else "CREATE TABLE other (x)")
    before = path.read_bytes()
    name, *options = command
    target = worked.folder if name == "status" else worked.notebook

    assert says in fails(1, name, target, *options)
    assert path.read_bytes() == before or damage == "other"
    assert damage != "other" or tables(path) == ["other"]


def test_a_foreign_record_is_shown_and_not_published(say, fails, worked, tmp_path, monkeypatch):
    """A record from another home is data: it can be looked at, and publishing asks to run the notebook here."""
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "another"))

    assert json.loads(say("show", worked.notebook, "--json").out)["trusted"] is False
    assert "--execute" in fails(1, "publish", worked.notebook, "--yes")


@pytest.fixture
def read_only(worked, tmp_path):
    """The study's folder on a file system that takes no writes, where mounting is permitted."""
    goal = tmp_path / "read-only"
    goal.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", goal], capture_output=True, check=False).returncode == 0
    if not mounted:
        pytest.skip("mounting a tmpfs is not permitted here, so no folder can be made read-only")
    write_notebook(goal / "study.ipynb", {"a": "x = 1"})
    subprocess.run(["mount", "-o", "remount,ro", goal], check=True)
    yield goal
    subprocess.run(["umount", goal], check=True)


def test_a_read_only_folder_is_said(fails, say, worked, read_only):
    """Nothing can be recorded, got, saved or drawn there; each says so and leaves nothing behind."""
    publish(worked.notebook, yes=True, home=worked.home, say=str)
    reference = receipts(worked.home)[0].reference

    assert "cannot be written" in fails(1, "run", read_only / "study.ipynb")
    assert "Nothing ran" in fails(2, "run", "study.ipynb", "-o", read_only / "out.ipynb")
    assert "Read-only file system" in fails(1, "get", reference, read_only / "files")
    assert "Read-only file system" in fails(1, "save", reference, read_only / "study.swarm")
    assert "Read-only file system" in fails(2, "show", "study.ipynb", "--svg", read_only / "picture.svg")
    assert say("verify", reference).code == 0
    assert [path.name for path in read_only.iterdir()] == ["study.ipynb"]


# -- show


def test_show_draws_a_tree(say, worked):
    """The whole lineage, and where one artifact came from."""
    whole, part = say("show", "study.ipynb"), say("show", "study.ipynb", "clean")

    assert (whole.code, whole.err) == (0, "")
    assert [whole.out.index(name) for name in ("raw.csv", "clean", "model", "summary.csv")] == sorted(
        whole.out.index(name) for name in ("raw.csv", "clean", "model", "summary.csv")
    )
    assert "raw.csv" in part.out
    assert "model" not in part.out


def test_show_says_what_is_near_a_name_that_is_none(fails, worked):
    """An artifact or step of which nothing is recorded."""
    assert "Nearest: " in fails(2, "show", "study.ipynb", "cleen")


def test_show_json_is_the_documented_format(say, worked):
    """runs, edges and artifacts, each with the keys that docs/formats.md states."""
    document = json.loads(say("show", "study.ipynb", "--json").out)
    runs, edges, artifacts = document["runs"], document["edges"], document["artifacts"]

    assert document["format"] == "swarmprov-show/1"
    assert [(run["cell"], run["cell_id"], run["execution_count"], run["status"]) for run in runs] == [
        (index, key, index + 1, "ok") for index, key in enumerate(CELLS)
    ]
    assert runs[0]["id"] == f"{SESSION}:1"
    assert all(run["started"] < run["ended"] and len(run["source_sha256"]) == 64 for run in runs)
    assert edges[0] == {
        "from": f"{SESSION}:1", "to": f"{SESSION}:2", "name": "raw", "kind": "var", "confidence": "exact",
    }  # fmt: skip
    assert len(edges) == 4
    assert {artifact["kind"] for artifact in artifacts} == {"dataset", "model"}
    assert len(artifacts) == 4


def test_show_table_has_a_line_an_item(say, worked):
    """Eight things, one line each below the heading, and no NaN where there is nothing."""
    said = say("show", "study.ipynb", "--table")

    assert said.code == 0
    assert len(said.out.splitlines()) == 1 + 8
    assert "NaN" not in said.out
    assert "<NA>" not in said.out


def test_show_svg_writes_the_picture(say, fails, worked):
    """A picture for a paper; nothing on stdout."""
    said = say("show", "study.ipynb", "--svg", "picture.svg")

    assert (said.code, said.out, said.err) == (0, "", "")
    assert Path("picture.svg").read_text("utf-8").startswith("<svg")
    assert "cannot be written" in fails(2, "show", "study.ipynb", "--svg", "no/such/picture.svg")


# -- publish


@pytest.mark.parametrize("options", [(), ("--dry-run",), ("--json",), ("--dry-run", "--yes", "--json")])
def test_without_yes_nothing_is_published(say, worked, options):
    """In a pipe a publish only previews, and says how; so does --dry-run, whatever else is said."""
    said = say("publish", "study.ipynb", *options)

    assert said.code == 0
    assert "Nothing was published." in said.lines[-1]
    assert ("--yes" in said.lines[-1]) == ("--dry-run" not in options)
    assert "4 items" in said.err
    assert receipts(worked.home) == []
    if "--json" in options:
        assert json.loads(said.out) == {"reference": None, "page": None, "unchanged": False}


def test_publish_says_where_it_is_and_how_to_check(say, worked):
    """Reference, verify command, save command, page, and what it does not prove; the second time it is unchanged."""
    first = say("publish", "study.ipynb", "--yes", "--json")
    second = say("publish", "study.ipynb", "--yes", "--json")
    answer = json.loads(first.out)

    assert Path(answer["page"]).is_file()
    assert f"swarmprov verify {answer['reference']}" in first.err
    assert f"swarmprov save {answer['reference']}" in first.err
    assert "Proves nothing to others" in first.err
    assert json.loads(second.out) == {**answer, "unchanged": True}


def test_what_is_left_out_by_name_is_left_out(say, worked):
    """--cite leaves a name and digests, --hide only a commitment."""
    said = say("publish", "study.ipynb", "--cite", "clean", "--hide", "model")

    assert "2 items" in said.err
    assert "Cited: clean, raw.csv;" in said.err
    assert "Hidden: 1" in said.err


@pytest.mark.parametrize("style", [{"indent": 1}, {"indent": 4, "ensure_ascii": True}, {"separators": (",", ":")}])
def test_a_receipt_changes_nothing_else_in_the_notebook(say, worked, style):
    """--write-receipt adds metadata.swarmprov, nothing secret, and leaves the file's own style."""
    document = json.loads(worked.notebook.read_text())
    document["cells"][0]["source"] = "# Füße \u2192 \U0001f427"
    style = {"ensure_ascii": False, **style}
    worked.notebook.write_bytes(json.dumps(document, **style).encode() + b"\n")
    worked.notebook.chmod(0o640)
    said = say("publish", "study.ipynb", "--yes", "--write-receipt")
    written = worked.notebook.read_bytes()
    after = json.loads(written)
    note = after["metadata"].pop("swarmprov")

    assert said.code == 0
    assert after == document
    assert written == json.dumps({**after, "metadata": {"swarmprov": note}}, **style).encode() + b"\n"
    assert sorted(note) == ["anchor", "manifest", "reference"]
    assert note["reference"] == receipts(worked.home)[0].reference
    assert worked.notebook.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in worked.folder.iterdir()) == [
        ".swarmprov", "raw.csv", "study.ipynb", "summary.csv",
    ]  # fmt: skip


def test_a_receipt_follows_no_link_of_a_strangers_folder(say, worked):
    """A folder that somebody else made may hold links under the names of drafts; what they lead to stays as it is."""
    mine = worked.home.root / "mine.txt"
    mine.write_text("mine")
    for name in (".study.ipynb.tmp", ".study.ipynb.draft"):
        (worked.folder / name).symlink_to(mine)
    assert say("publish", "study.ipynb", "--yes", "--write-receipt").code == 0
    assert mine.read_text() == "mine"
    assert not worked.notebook.is_symlink()
    assert "swarmprov" in json.loads(worked.notebook.read_text())["metadata"]


def test_verify_follows_a_notebooks_receipt_and_names_edited_cells(say, worked):
    """The note leads to the publication; an edited cell is named by its id, and the notebook fails."""
    say("publish", "study.ipynb", "--yes", "--write-receipt")
    same = say("verify", "study.ipynb")
    edited = worked.notebook.read_text().replace("seen = len(clean)", "seen = 7")
    worked.notebook.write_text(edited)
    changed = say("verify", "study.ipynb")

    assert same.code == 0
    assert "✓ notebook" in same.out
    assert changed.code == 1
    assert "✗ notebook" in changed.out
    assert "published in: clean" in changed.out


# -- verify, trust


def test_verify_answers_in_json(say, published):
    """The report as a program reads it."""
    report = json.loads(say("verify", published.reference, "--json").out)

    assert (report["format"], report["ok"], report["exitCode"]) == ("swarmprov-report/1", True, 0)
    assert {check["outcome"] for check in report["checks"]} == {"pass", "not checked"}


def test_an_unknown_signer_and_a_higher_level_are_exit_code_3(say, published, tmp_path, monkeypatch):
    """Valid, but by a key that is on no list; or valid, but not as far as required."""
    store = ("--store", published.home.store)
    higher = say("verify", published.reference, "--require", "anchored")
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "reader"))
    unknown = say("verify", published.reference, *store)
    any_signer = say("verify", published.reference, *store, "--any-signer")
    another = say("verify", published.reference, *store, "--signer", STRANGER)

    assert [higher.code, unknown.code, any_signer.code, another.code] == [3, 3, 0, 1]
    assert "another key signed" in another.out


def test_a_signer_is_trusted_by_a_label_of_ones_own(say, fails, published, tmp_path, monkeypatch):
    """trust KEY --as LABEL, list, remove; a label stands for one key."""
    key = json.loads(say("verify", published.reference, "--json").out)["author"]
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "reader"))
    words = ("verify", published.reference, "--store", published.home.store)

    assert say("trust", key, "--as", "Alice").out == f"{key} is Alice, by your word.\n"
    assert "✓ signer         Alice: did:key:" in say(*words).out
    assert say(*words, "--signer", "Alice").code == 0
    assert "already stands for another key" in fails(2, "trust", STRANGER, "--as", "Alice")
    assert say("trust", "list").out.split() == ["Alice", key]
    assert say("trust", "remove", "Alice").out == "Alice is no longer trusted.\n"
    assert say("trust", "list").out == ""
    assert say(*words).code == 3


# -- get, save, load


def test_get_writes_the_files_into_a_new_folder_only(say, fails, published, tmp_path):
    """What was published, and not into a folder that holds anything."""
    goal = tmp_path / "files"
    said = say("get", published.reference, goal)
    before = {path: path.read_bytes() for path in goal.rglob("*") if path.is_file()}

    assert (said.code, said.out) == (0, f"{goal}\n")
    assert (goal / "data/summary.csv").read_text() == "2['a', '1']"
    assert "new or empty" in fails(2, "get", published.reference, goal)
    assert "new or empty" in fails(2, "get", published.reference, goal / "manifest.json")
    assert {path: path.read_bytes() for path in goal.rglob("*") if path.is_file()} == before


def test_save_does_not_overwrite_without_yes(say, fails, published, tmp_path):
    """A file that is there stays, unless --yes is said."""
    goal = tmp_path / "study.swarm"
    goal.write_text("mine")

    assert "--yes" in fails(2, "save", published.reference, goal)
    assert goal.read_text() == "mine"
    assert say("save", published.reference, goal, "--yes").code == 0
    assert say("verify", goal).code == 0
    assert "cannot be written" in fails(1, "save", published.reference, tmp_path / "no/such/study.swarm")


def test_a_saved_file_is_loaded_into_another_store(say, fails, published, tmp_path, monkeypatch):
    """load prints the reference, which then verifies there; what is no saved file is said to be none."""
    say("save", published.reference, tmp_path / "study.swarm")
    monkeypatch.setenv("SWARMPROV_HOME", str(tmp_path / "reader"))
    said = say("load", tmp_path / "study.swarm")

    assert said.out.splitlines()[0] == published.reference
    assert say("verify", published.reference, "--any-signer").code == 0
    assert "no saved publication" in fails(1, "load", "raw.csv")
    assert "cannot be read" in fails(1, "load", "missing.swarm")
    flip(tmp_path / "study.swarm", -100)
    fails(1, "load", tmp_path / "study.swarm")


def test_a_demanded_reference_is_compared(fails, say, published, tmp_path):
    """--reference requires that a file holds this publication and no other."""
    say("save", published.reference, tmp_path / "study.swarm")

    assert say("verify", tmp_path / "study.swarm", "--reference", published.reference).code == 0
    assert "The file holds the publication" in fails(1, "verify", tmp_path / "study.swarm", "--reference", "ab" * 32)


# -- status, forget


def test_status_says_what_is_recorded_and_published(say, published, tmp_path):
    """Here, elsewhere, and as JSON without any salt."""
    said, elsewhere = say("status"), say("status", tmp_path)
    document = json.loads(say("status", "--json").out)

    assert "study.ipynb                  4 cell runs, 4 artifacts; 1 session in all" in said.out
    assert f"{published.reference}  " in said.out
    assert "Nothing is recorded in" in elsewhere.out
    assert document["recorded"] == [{"notebook": "study.ipynb", "sessions": 1, "runs": 4, "failed": 0, "artifacts": 4}]
    assert [receipt["reference"] for receipt in document["published"]] == [published.reference]
    assert "salts" not in document["published"][0]


def test_forget_needs_yes_in_a_pipe(say, fails, worked):
    """Nothing is deleted unasked; with --yes the record goes and publications stay."""
    say("publish", "study.ipynb", "--yes")

    assert "--yes" in fails(2, "forget", "study.ipynb")
    with Record(worked.folder, key=b"k" * 32) as record:
        assert len(record.sessions()) == 1
    assert say("forget", "study.ipynb", "--yes").out.startswith("1 session of study.ipynb forgotten")
    assert "recorded" in fails(1, "show", "study.ipynb")
    assert "recorded" in fails(1, "forget", "study.ipynb", "--yes")
    assert say("verify", receipts(worked.home)[0].reference).code == 0


# -- processes of their own


def test_a_pipe_gets_plain_lines(worked):
    """No carriage return, no escape sequence, stdout only the answer, and the exit codes of the process."""
    published = process("publish", "study.ipynb", "--yes", "--json", folder=worked.folder)
    reference = json.loads(published.out)["reference"]
    verified = process("verify", reference, folder=worked.folder)
    wrong = process("verify", reference[:-1], folder=worked.folder)

    assert [said.code for said in (published, verified, wrong)] == [0, 0, 2]
    assert (verified.err, wrong.out, len(wrong.lines)) == ("", "", 2)
    for said in (published, verified, wrong):
        assert "\r" not in said.out + said.err
        assert "\x1b" not in said.out + said.err


@pytest.mark.parametrize("words", [["show", "study.ipynb"], ["completion", "bash"]])
def test_where_nobody_reads_it_ends_without_a_word(worked, words):
    """As in `| head`: the exit code that shells have for it, and nothing on stderr."""
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-m", "swarmprov_nb.cli", *words]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ran = subprocess.run(
        command, cwd=worked.folder, env=env, stdout=writes, stderr=subprocess.PIPE, check=False, timeout=120
    )
    os.close(writes)

    assert (ran.returncode, ran.stderr.decode()) == (141, "")


def test_a_command_leaves_the_signals_alone(say):
    """With SIGPIPE's default, a node that closes its connection would end the process that publishes."""
    before = signal.getsignal(signal.SIGPIPE)
    say("--help")

    assert signal.getsignal(signal.SIGPIPE) is before is signal.SIG_IGN


def on_a_terminal(*words, folder, answer):
    """Run a command whose standard input and error are a terminal, type an answer; the exit code and what it showed."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "swarmprov_nb.cli", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    os.write(ours, answer)
    shown = b""
    with subprocess.Popen(command, cwd=folder, env=env, stdin=theirs, stderr=theirs, stdout=theirs) as ran:
        os.close(theirs)
        with suppress(OSError):  # Linux ends a terminal that nobody holds any more by an error
            while piece := os.read(ours, 65536):
                shown += piece
    os.close(ours)
    return ran.returncode, shown.decode()


def test_a_terminal_is_asked_and_shown_progress(worked):
    """What deletes or publishes asks first; only yes counts. Progress is one line, rewritten and then cleared."""
    no, question = on_a_terminal("forget", "study.ipynb", folder=worked.folder, answer=b"\n")
    kept = process("show", "study.ipynb", folder=worked.folder).code
    published, shown = on_a_terminal("publish", "study.ipynb", folder=worked.folder, answer=b"y\n")
    yes, _ = on_a_terminal("forget", "study.ipynb", folder=worked.folder, answer=b"yes\n")

    assert (no, kept, published, yes) == (2, 0, 0, 0)
    assert "Delete the record of study.ipynb? [y/N]" in question
    assert "Publish 4 items? [y/N]" in shown
    assert "\ranchoring …\x1b[K\r\x1b[K" in shown
    assert "✓ Stored and signed on this machine" in shown


def test_a_reader_that_leaves_early_is_no_error(worked):
    """`swarmprov show … | head -1` ends quietly."""
    command = f"{sys.executable} -m swarmprov_nb.cli show study.ipynb --json | head -1"
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ran = subprocess.run(command, shell=True, cwd=worked.folder, env=env, capture_output=True, text=True, check=False)

    assert (ran.stdout, ran.stderr) == ("{\n", "")
