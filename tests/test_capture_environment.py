"""The environment of a session: enough to rebuild it, nothing about its user."""

from __future__ import annotations

import getpass
import hashlib
import json
import platform
import socket
import subprocess
from importlib import metadata
from pathlib import Path

from swarmprov_nb.capture import environment


def git(folder, *arguments):
    command = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_packages_carry_the_hash_of_their_record(tmp_path):
    """The SHA-256 of the RECORD file's bytes, and the version that is installed."""
    packages = {each["name"]: each for each in environment(tmp_path)["packages"]}
    record = next(file for file in metadata.files("pytest") if file.name == "RECORD")

    assert packages["pytest"]["version"] == metadata.version("pytest")
    assert packages["pytest"]["recordSha256"] == hashlib.sha256(record.read_binary()).hexdigest()
    assert list(packages) == sorted(packages, key=lambda name: name.lower().replace("_", "-").replace(".", "-"))


def test_nothing_tells_who_or_where(tmp_path):
    """No user, host or path: it goes into signed manifests."""
    text = json.dumps(environment(tmp_path))

    assert str(Path.home()) not in text
    assert str(tmp_path) not in text
    assert f'"{getpass.getuser()}"' not in text
    assert f'"{socket.gethostname()}"' not in text


def test_the_machine_is_described_in_general(tmp_path):
    """Python, operating system and processor, as the platform names them."""
    found = environment(tmp_path, packages=False)

    assert found["python"]["version"] == platform.python_version()
    assert found["os"]["system"] == platform.system()
    assert found["cpu"]["count"] > 0
    assert found["packages"] == []


def test_git_state_is_the_commit_and_whether_anything_differs(tmp_path):
    """None outside a repository and in one without a commit."""
    assert environment(tmp_path, packages=False)["git"] is None

    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "a")
    clean = environment(tmp_path, packages=False)["git"]
    (tmp_path / "a").write_text("2")

    assert len(clean["commit"]) == 40
    assert clean["dirty"] is False
    assert environment(tmp_path, packages=False)["git"] == {"commit": clean["commit"], "dirty": True}


def test_a_machine_without_git_has_no_git_state(tmp_path, monkeypatch):
    """A missing program is no error."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert environment(tmp_path, packages=False)["git"] is None
