"""Slither, a static analyser of Solidity, finds nothing in the contract but what is waived here with its reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from anvils import CONTRACTS, alone
from workshops import forge, make_workshop

ROOT = Path(__file__).parents[1]
SLITHER = "slither-analyzer==0.11.6"
UNREACHABLE = ("connection broken by", "Max retries exceeded", "Temporary failure in name resolution")
WAIVED = {
    ("timestamp", "_link"): "it compares the count; slither takes a struct that holds times for a time",
}

pytestmark = [pytest.mark.long, pytest.mark.once, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def slither():
    """The Python of an environment of its own, made on first use: its 119 MB concern nobody else."""
    folder = ROOT / ".venv-slither"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    with alone(CONTRACTS):
        if not stamp.exists() or stamp.read_text() != SLITHER:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", SLITHER]
            ran = subprocess.run(pip, capture_output=True, text=True, check=False)
            if ran.returncode and any(words in ran.stderr for words in UNREACHABLE):
                pytest.skip("no package index can be reached, so slither cannot be installed")
            assert ran.returncode == 0, ran.stderr
            stamp.write_text(SLITHER)
    return python


def findings(slither, folder):
    """(detector, function) of everything that slither says about a workshop's contract."""
    for path in (folder / "test").iterdir():
        path.unlink()  # tests may do what they like
    built = forge(folder, "build", "--build-info")
    assert built.returncode == 0, built.stdout + built.stderr
    path = f"{folder / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"  # it asks forge for its settings
    command = [slither, "-m", "slither", ".", "--ignore-compile", "--json", "-"]
    ran = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    told = json.loads(ran.stdout)
    assert told["success"], told["error"]
    results = told["results"].get("detectors", [])
    return {(each["check"], each["elements"][0]["name"]) for each in results}


def test_slither_finds_nothing_that_is_not_waived(slither, tmp_path):
    """Each finding has a reason why it is none, and each such reason is still needed."""
    assert findings(slither, make_workshop(tmp_path / "contracts")) == set(WAIVED)


def test_slither_would_find_a_hole(slither, tmp_path):
    """A way for anyone to destroy the contract is found, so an empty answer means something."""
    folder = make_workshop(tmp_path / "contracts")
    source = folder / "src" / "SwarmProvenance.sol"
    hole = "    function end() external {\n        selfdestruct(payable(msg.sender));\n    }\n}\n"
    source.write_text(source.read_text().rstrip().removesuffix("}") + hole)
    assert ("suicidal", "end") in findings(slither, folder)
