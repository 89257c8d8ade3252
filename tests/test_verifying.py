"""Verification as people ask for it: by reference, file or notebook; exit codes; with nothing but its packages."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from swarmprov_nb.carrying import save
from swarmprov_nb.cli import main
from swarmprov_nb.errors import (
    ChunkNotFound,
    InvalidReference,
    NotAPublication,
    StorageError,
    UsageError,
    VerificationFailed,
)
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.receipt_note import write_receipt
from swarmprov_nb.signers import author_key, trust
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.verifying import verify

ALONE = """
import importlib.abc, sys

BLOCKED = ("IPython", "ipykernel", "jupyter_client", "nbformat", "nbclient", "web3", "eth", "eth_abi", "eth_account",
           "pandas", "numpy", "pyarrow", "sklearn", "matplotlib", "requests", "networkx", "numba", "xxhash",
           "detect_secrets")

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not installed")
        return None

sys.meta_path.insert(0, Blocked())
from swarmprov_nb.cli import main
code = main(sys.argv[1:])
assert not set(BLOCKED) & set(sys.modules)
sys.exit(code)
"""


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, home=study.home, say=lambda _: None)


@pytest.fixture
def reader(tmp_path):
    return Home(tmp_path / "reader")


def _outcomes(report):
    return {check.name: check.outcome for check in report.checks}


def _edit(notebook, change):
    document = json.loads(notebook.read_text())
    change(document["cells"])
    notebook.write_text(json.dumps(document))


# -- exit codes


def test_exit_codes_of_a_valid_publication(study, published, reader):
    """0 for a listed author, the one asked for, or any; 3 for an unknown one or a level that cannot be checked."""
    store, key = study.home.store, author_key(study.home).did

    def code(**options):
        return verify(published.reference, store=store, home=reader, **options).exit_code

    assert code() == 3
    assert code(any_signer=True) == 0
    assert code(signer=key) == 0
    assert code(any_signer=True, require="anchored") == 3
    trust(reader, key, "Ada")
    assert code() == 0
    assert code(signer="Ada") == 0


def test_exit_codes_of_the_command_line(study, published, tmp_path, capsys):
    """The command gives the report's code: 0, 1, 2 and 3."""
    lines = [
        (0, ["verify", published.reference]),
        (0, ["verify", published.reference, "--any-signer"]),
        (3, ["verify", published.reference, "--require", "anchored"]),
        (2, ["verify", "not a reference"]),
        (2, ["verify", published.reference, "--require", "perfect"]),
        (2, ["verify", published.reference, "--signer", "Nobody"]),
        (2, ["verify", published.reference, "--chain", "mainnet"]),
        (2, ["verify", published.reference + published.reference]),
        (1, ["verify", "ab" * 32]),
    ]
    assert [main(line) for _, line in lines] == [code for code, _ in lines]
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert published.reference * 2 not in said.out + said.err


def test_a_demanded_signer_must_have_signed(study, published, reader):
    """Another key than the one asked for is a failure, exit code 1."""
    other = author_key(reader).did
    report = verify(published.reference, store=study.home.store, signer=other, home=reader)
    assert (report.failed[0].name, report.exit_code) == ("signer", 1)


def test_require_raises_unless_it_is_proved(study, published, reader):
    """Report.require passes the report on, or raises with what to do."""
    report = verify(published.reference, home=study.home)
    assert report.require("signed") is report
    with pytest.raises(VerificationFailed, match="Required was anchored"):
        report.require("anchored")
    with pytest.raises(VerificationFailed):
        verify(published.reference, store=study.home.store, home=reader).require("signed")
    with pytest.raises(UsageError):
        report.require("perfect")


def test_the_report_as_json(study, published):
    """Names, outcomes, level and exit code stand in the JSON, which holds no 64-byte reference."""
    document = json.loads(json.dumps(verify(published.reference, home=study.home).to_json()))
    assert (document["format"], document["ok"], document["level"], document["exitCode"]) == (
        "swarmprov-report/1", True, "signed", 0,
    )  # fmt: skip
    assert {check["outcome"] for check in document["checks"]} <= {"pass", "fail", "not checked"}
    assert document["networks"] == ["embedded"]


# -- what there is to verify


def test_what_is_no_reference_or_publication_is_told(study, published, tmp_path):
    """A malformed, an unknown, a single file's, an encrypted reference, and no store at all: each in its own words."""
    with pytest.raises(InvalidReference):
        verify(published.reference[:-1], home=study.home)
    with pytest.raises(ChunkNotFound):
        verify("ab" * 32, home=study.home)
    with pytest.raises(NotAPublication):
        verify(put(user_store(study.home), b"just bytes").hex(), home=study.home)
    with pytest.raises(UsageError, match="encrypted") as told:
        verify(published.reference * 2, home=study.home)
    assert published.reference not in str(told.value)
    with pytest.raises(StorageError, match="no store"):
        verify(published.reference, home=Home(tmp_path / "nobody"))


def test_no_file_stands_in_for_a_reference(study, published, tmp_path, monkeypatch):
    """A file that is named like the reference is not what was asked for."""
    from swarmprov_nb.carrying import save

    other = publish(study.notebook, yes=True, again=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    monkeypatch.chdir(tmp_path)
    save(other.reference, tmp_path / published.reference, home=study.home)
    assert verify(published.reference, home=study.home).reference == published.reference


def test_a_store_that_lost_a_chunk(study, published):
    """A chunk that is gone fails at the chunks, and all that rests on it is not checked."""
    from swarmprov_nb.checking import Evidence, run_checks
    from swarmprov_nb.publication import listing

    store = user_store(study.home)
    lost = listing(store, bytes.fromhex(published.reference))["index.html"]

    class Losing:
        def read(self, addresses):
            from swarmprov_nb.errors import ChunkNotFound

            if lost in addresses:
                raise ChunkNotFound("It is gone.", "Look elsewhere.")
            return store.read(addresses)

    checks = list(run_checks(Evidence(Losing(), bytes.fromhex(published.reference))))
    assert [check.name for check in checks if check.outcome == "fail"] == ["chunks"]
    assert {check.outcome for check in checks[1:]} == {"not checked"}


# -- notebooks


def test_a_notebook_is_followed_to_its_publication(study, published):
    """The file has the cells that were published, with or without outputs and counts."""
    _edit(study.notebook, lambda cells: cells[1].update(execution_count=9, outputs=[], metadata={"tags": ["x"]}))
    report = verify(study.notebook, home=study.home)
    assert (_outcomes(report)["notebook"], report.exit_code) == ("pass", 0)


def _changed(cells):
    cells[2]["source"] += "\n# later"


def _removed(cells):
    del cells[3]


def _added(cells):
    cells.append({**cells[1], "id": "evil", "source": "import os"})


def _doubled(cells):
    cells.insert(1, {**cells[2], "source": "import os"})


def _swapped(cells):
    cells[1], cells[2] = cells[2], cells[1]


def _retyped(cells):
    cells[4].update(cell_type="markdown")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_changed, "clean"),
        (_removed, "fit"),
        (_added, "evil"),
        (_doubled, "clean"),
        (_swapped, "order"),
        (_retyped, "report"),
    ],
)
def test_a_notebook_that_differs_is_named_by_its_cells(study, published, change, named):
    """Changed, removed, added, doubled, moved and retyped cells fail, and the report names them."""
    _edit(study.notebook, change)
    report = verify(study.notebook, home=study.home)
    assert ([check.name for check in report.failed], report.exit_code) == (["notebook"], 1)
    assert named in report.failed[0].detail


def test_a_notebook_carries_its_claim_elsewhere(study, published, reader):
    """The note in the metadata leads to the publication; it proves nothing by itself."""
    write_receipt(study.notebook, published.receipt)
    report = verify(study.notebook, store=study.home.store, home=reader)
    assert (_outcomes(report)["notebook"], report.exit_code, report.reference) == ("pass", 3, published.reference)


def test_a_notebook_that_claims_nothing(study, reader):
    """Without a note and a receipt there is nothing to verify."""
    with pytest.raises(UsageError, match="claims no publication"):
        verify(study.notebook, store=study.home.store, home=reader)


def test_a_note_names_no_file_of_this_machine(study, published, tmp_path):
    """A stranger's notebook does not say which file is read, though it holds the publication."""
    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    document = json.loads(study.notebook.read_text())
    document["metadata"]["swarmprov"] = {"reference": str(file)}
    study.notebook.write_text(json.dumps(document))
    with pytest.raises(InvalidReference):
        verify(study.notebook, home=study.home)


@pytest.mark.parametrize("claim", ["x", "ab" * 64, "", 5, {"a": 1}])
def test_a_note_that_is_none_is_told(study, published, claim):
    """A malformed reference in the metadata is two sentences."""
    document = json.loads(study.notebook.read_text())
    document["metadata"]["swarmprov"] = {"reference": claim}
    study.notebook.write_text(json.dumps(document))
    if isinstance(claim, str):
        with pytest.raises((InvalidReference, UsageError)):
            verify(study.notebook, home=study.home)
    else:
        assert verify(study.notebook, home=study.home).exit_code == 0  # by its own receipt


def test_a_newer_publication_is_named(study, published):
    """What was followed by another says so."""
    again = publish(study.notebook, yes=True, again=True, home=study.home, say=lambda _: None)
    report = verify(published.reference, home=study.home)
    check = next(check for check in report.checks if check.name == "previous")
    assert check.detail == f"superseded by {again.reference}"
    newest = verify(again.reference, home=study.home)
    assert "nobody can prove" in next(check for check in newest.checks if check.name == "previous").detail


# -- with nothing but what verifying needs


def _alone(*arguments, home):
    return subprocess.run(
        [sys.executable, "-c", ALONE, *map(str, arguments)],
        capture_output=True, text=True, timeout=120, check=False,
        env={"SWARMPROV_HOME": str(home.root), "PATH": ""},
    )  # fmt: skip


def test_without_jupyter_web3_and_pandas(study, published, reader):
    """Where only the packages for verifying are there, the signature is verified and the anchor is not checked."""
    key = author_key(study.home).did
    done = _alone("verify", published.reference, "--signer", key, "--store", study.home.store, "--json", home=reader)
    assert done.returncode == 0, done.stderr
    checks = {check["name"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}
    assert checks.pop("anchor") == "not checked"
    assert checks.pop("previous") == "not checked"
    assert set(checks.values()) == {"pass"}


def test_without_the_packages_that_read_a_chain(study, published):
    """Where there is a chain and no package to read it, the report says so and the signature counts."""
    done = _alone("verify", published.reference, home=study.home)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "the packages for reading a chain are not installed" in done.stdout


def test_a_saved_file_alone(study, published, reader, tmp_path):
    """A saved file, the command, and nothing else; a tampered one fails with exit code 1 there too."""
    from swarmprov_nb.carrying import save

    file = save(published.reference, tmp_path / "study.swarm", home=study.home)
    assert _alone("verify", file, "--any-signer", home=reader).returncode == 0
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    failed = _alone("verify", file, "--any-signer", home=reader)
    assert (failed.returncode, "Traceback" in failed.stderr) == (1, False)
