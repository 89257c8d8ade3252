"""What a session ran on: Python, operating system, processor, packages with the hash of their RECORD, git state.

Names of people and machines, and absolute paths, are left out: this goes into signed manifests.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Final

_GIT_TIMEOUT: Final = 2.0
_NOTHING: Final = subprocess.DEVNULL


def environment(folder: Path, *, packages: bool = True) -> dict[str, Any]:
    """Return the environment of this process, and of the repository around `folder`, as JSON values.

    ``recordSha256`` is the SHA-256 of a distribution's RECORD file
    (https://packaging.python.org/specifications/recording-installed-packages/), None where it has none. With
    `packages` off, which saves most of the time, the list is left empty. ``git`` is None outside a repository.

    >>> environment(Path(), packages=False)["python"]["implementation"]
    'CPython'
    """
    return {
        "python": {"version": platform.python_version(), "implementation": platform.python_implementation()},
        "os": {"system": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "cpu": {"model": _cpu_model(), "count": os.cpu_count()},
        "packages": installed_packages() if packages else [],
        "git": _git(folder),
    }


def installed_packages() -> list[dict[str, Any]]:
    """Return name, version and RECORD hash of each installed distribution, by name; the first on the path counts."""
    found: dict[str, dict[str, Any]] = {}
    for place in dict.fromkeys(sys.path):
        for distribution in metadata.distributions(path=[place or "."]):
            package = _package(distribution)
            if package is not None:
                found.setdefault(package["name"].lower().replace("_", "-").replace(".", "-"), package)
    return [found[name] for name in sorted(found)]


def _package(distribution: metadata.Distribution) -> dict[str, Any] | None:
    """Read a distribution's header by hand: parsing all of METADATA as an e-mail costs ten times as much."""
    header = (distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "").partition("\n\n")[0]
    fields = dict(line.partition(": ")[::2] for line in reversed(header.splitlines()) if ": " in line)
    if "Name" not in fields or "Version" not in fields:
        return None
    record = distribution.read_text("RECORD")
    package: dict[str, Any] = {
        "name": fields["Name"].strip(),
        "version": fields["Version"].strip(),
        "recordSha256": None if record is None else hashlib.sha256(_record_bytes(distribution, record)).hexdigest(),
    }
    if _editable(distribution):
        package["editable"] = True
    return package


def _record_bytes(distribution: metadata.Distribution, text: str) -> bytes:
    place = getattr(distribution, "_path", None)  # read_text translates line ends; the hash is of the file
    try:
        return (place / "RECORD").read_bytes() if place is not None else text.encode()
    except OSError:
        return text.encode()


def _editable(distribution: metadata.Distribution) -> bool:
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return False
    return bool(origin.get("dir_info", {}).get("editable"))


def _cpu_model() -> str:
    if sys.platform == "darwin":
        return _output(["sysctl", "-n", "machdep.cpu.brand_string"], None) or platform.machine()
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def _git(folder: Path) -> dict[str, Any] | None:
    commit = _output(["git", "rev-parse", "HEAD"], folder)
    if not commit:
        return None
    status = _output(["git", "status", "--porcelain"], folder)
    return {"commit": commit, "dirty": None if status is None else bool(status)}


def _output(command: list[str], folder: Path | None) -> str | None:
    """Return what a command prints, None when it is missing, slow or unhappy."""
    try:
        answer = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_GIT_TIMEOUT, check=True, stdin=_NOTHING
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return answer.stdout.strip()
