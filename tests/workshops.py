"""Workshops: copies of contracts/ in which forge (of the npm packages that it pins) may leave what it likes."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from anvils import CONTRACTS, foundry, packages

SOURCE = Path("src") / "SwarmProvenance.sol"


def make_workshop(folder: Path) -> Path:
    """Copy contracts/, without what forge or npm left there, into a new folder."""
    node_modules = packages()
    shutil.copytree(CONTRACTS, folder, ignore=shutil.ignore_patterns("node_modules", "out", "cache", "snapshots"))
    (folder / "node_modules").symlink_to(node_modules)
    return folder


def forge(workshop: Path, *words: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run forge there; `settings` are variables of its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOUNDRY_")}
    command = [foundry("forge"), *words]
    return subprocess.run(command, cwd=workshop, env={**kept, **settings}, capture_output=True, text=True, check=False)
