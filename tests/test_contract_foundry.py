"""The contract under forge: its rules, its coverage, its gas, its bytes. The rules themselves are in contracts/test."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

import pytest
from anvils import CONTRACTS
from workshops import SOURCE, forge, make_workshop

from swarmprov_nb.chain.contract import artifact

SNAPSHOT = Path("snapshots") / "SwarmProvenance.json"
BOUNDS = {"anchor, no parents": 50_000, "anchor, 2 known parents": 75_000, "revoke": 32_000}
LARGEST = 8 * 1024

pytestmark = [pytest.mark.once, pytest.mark.timeout(900)]  # a compiler in WebAssembly, on cores that others use too


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    return make_workshop(tmp_path_factory.mktemp("forge") / "contracts")


@pytest.fixture(scope="module")
def results(workshop):
    """Every test of contracts/test by name, with its result: run once."""
    ran = forge(workshop, "test", "--json")
    assert ran.stdout.startswith("{"), ran.stdout + ran.stderr
    suites = json.loads(ran.stdout)
    return {name.partition("(")[0]: each for suite in suites.values() for name, each in suite["test_results"].items()}


def test_every_rule_of_the_contract_holds(results):
    """Unit tests, fuzz and invariants: every test that stands in contracts/test has run and passed."""
    sources = "".join(path.read_text() for path in (CONTRACTS / "test").glob("*.t.sol"))
    written = re.findall(r"function ((?:test|invariant)\w+)", sources)
    failed = {name: each["reason"] for name, each in results.items() if each["status"] != "Success"}
    assert failed == {}
    assert set(results) == set(written)
    assert len(written) > 40


def test_forge_makes_the_bytes_that_are_shipped(workshop, results):
    """forge and compile.mjs come to the same bytes, and these are at most 8 KiB."""
    made = json.loads((workshop / "out" / "SwarmProvenance.sol" / "SwarmProvenance.json").read_text())
    assert made["bytecode"]["object"] == artifact()["bytecode"]
    assert made["deployedBytecode"]["object"] == artifact()["deployedBytecode"]
    assert len(bytes.fromhex(artifact()["deployedBytecode"][2:])) <= LARGEST


def test_gas_is_that_of_the_snapshot(workshop, results):
    """What calls take is written down in contracts/snapshots: whoever changes it sees it in the diff."""
    ran = forge(workshop, "test", "--match-contract", "GasTest")  # with --json it writes no snapshot
    assert ran.returncode == 0, ran.stdout + ran.stderr
    measured = json.loads((workshop / SNAPSHOT).read_text())
    assert measured == json.loads((CONTRACTS / SNAPSHOT).read_text()), "copy what `npm test` made, if it is meant so"
    assert {name: int(measured[name]) <= most for name, most in BOUNDS.items()} == dict.fromkeys(BOUNDS, True)


def test_every_line_and_branch_is_tried(workshop, results):
    """The unit tests alone reach every line, branch and function of the contract."""
    report = workshop / "lcov.info"
    options = ("--report", "lcov", "--report-file", report, "--no-match-coverage", "^test/")
    # without the optimizer, so without the tests of gas
    ran = forge(workshop, "coverage", *options, "--match-contract", "AnchorTest|RevokeTest|HeadTest")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.findall("^SF:(.*)", report.read_text(), re.MULTILINE) == [str(SOURCE)]
    counts = {key: int(value) for key, value in re.findall(r"^([A-Z]{2,3}):(\d+)$", report.read_text(), re.MULTILINE)}
    assert counts["LF"] > 30
    assert counts["BRF"] >= 9
    assert [counts[each + "H"] for each in ("L", "BR", "FN")] == [counts[each + "F"] for each in ("L", "BR", "FN")]


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_rules_hold_in_many_other_cases(workshop):
    """Fuzz and invariants from a seed of this run, and far more of them; a failure names the seed."""
    settings = {
        "FOUNDRY_FUZZ_SEED": "0x" + secrets.token_hex(8),
        "FOUNDRY_FUZZ_RUNS": "5000",
        "FOUNDRY_INVARIANT_RUNS": "40",
        "FOUNDRY_INVARIANT_DEPTH": "200",
    }
    ran = forge(workshop, "test", "--match-test", "testFuzz|invariant_", **settings)
    assert ran.returncode == 0, f"{settings}\n{ran.stdout[-5000:]}{ran.stderr}"
