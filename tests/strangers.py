"""Other people's tools, which know nothing of this project, and one real publication to show them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from anvils import CONTRACTS, alone
from forging import taken_apart
from studies import make_study

from swarmprov_nb.home import Home
from swarmprov_nb.planning import Choices
from swarmprov_nb.publishing import NO_CHAIN, publish

ROOT = Path(__file__).parents[1]
TOOLS = ("roc-validator==0.13.0", "securesystemslib[crypto]==1.6.0")
NPM = ("ethers@6.17.0", "canonicalize@4.0.0")
BEE_JS = ("@ethersphere/bee-js@12.1.0",)
UNREACHABLE = ("connection broken by", "Max retries exceeded", "Temporary failure in name resolution")


def published_book(folder):
    """A real publication as {path: bytes} with its keys: a cited input, published tables and files, a hidden model."""
    study = make_study(Home(folder / "home"), folder / "work")
    made = publish(
        study.notebook, yes=True, chain=NO_CHAIN, choices=Choices(hide=("model",)), home=study.home, say=lambda _: None
    )
    return taken_apart(made.reference, study.home)


def laid_out(files, folder):
    """Write {path: bytes} as a folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def python_of_strangers():
    """The Python of an environment of its own, made on first use: these tools concern nobody who installs us."""
    folder = ROOT / ".venv-strangers"
    python, stamp = folder / "bin" / "python", folder / ".installed"
    with alone(CONTRACTS):
        if not stamp.exists() or stamp.read_text() != str(TOOLS):
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS]
            ran = subprocess.run(pip, capture_output=True, text=True, check=False)
            if ran.returncode and any(words in ran.stderr for words in UNREACHABLE):
                pytest.skip("no package index can be reached, so the strangers' tools cannot be installed")
            assert ran.returncode == 0, ran.stderr
            stamp.write_text(str(TOOLS))
    return python


def npm_of_strangers(folder, packages=NPM):
    """A folder whose scripts can import the packages; nothing of them is run on installing."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, *packages]
    if subprocess.run(command, capture_output=True, check=False, timeout=240).returncode:
        pytest.skip(f"npm cannot fetch {' and '.join(packages)}")
    return folder


def sha256(data):
    return hashlib.sha256(data).hexdigest()
