"""Real development nodes for tests: anvil, and forge beside it, from the npm packages that contracts/ pins.

    with anvil("--chain-id", "84532") as url: ...          # a node of its own, on loopback, gone afterwards
    with node("--state", path) as running: running.kill()  # the same, by its process, for tests of what a kill leaves

The fixture `anvil_url` (conftest.py) is one node for the tests of a file.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).parents[1] / "contracts"
OFFLINE = re.compile("ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH")
LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")
SYSTEMS = {"Linux": "linux", "Darwin": "darwin"}
PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
START = 60  # seconds that a node may take until it listens; it takes 0.2


@dataclass(frozen=True)
class RunningNode:
    """A node that was started: where it listens, and its process."""

    url: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End it as kill -9 does: nothing is written any more."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, as ctrl-c does: with --state it writes its state."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


@contextmanager
def anvil(*flags: str) -> Iterator[str]:
    """Start anvil with these flags and give its URL; skip where it cannot be had."""
    with node(*flags) as running:
        yield running.url


@contextmanager
def node(*flags: str) -> Iterator[RunningNode]:
    """Start anvil with these flags (on a free port, unless --port is among them); skip where it cannot be had."""
    binary = foundry("anvil")
    with tempfile.TemporaryDirectory(prefix="anvil") as folder:
        port = () if "--port" in flags else ("--port", "0")
        command = [binary, "--host", "127.0.0.1", *port, "--cache-path", folder, *flags]
        log = Path(folder) / "log"
        with log.open("wb") as told:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=told, stderr=subprocess.STDOUT)
        running = RunningNode("", process)
        try:
            yield RunningNode(f"http://{_address(process, log)}", process)
        finally:
            running.stop()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        if found := LISTENING.search(log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"anvil does not listen:\n{log.read_text()}")


@cache
def foundry(tool: str) -> str:
    """The path of anvil or forge, installed on first use; skips the test where it cannot be had."""
    system, processor = SYSTEMS.get(platform.system()), PROCESSORS.get(platform.machine().lower())
    binary = packages() / "@foundry-rs" / f"{tool}-{system}-{processor}" / "bin" / tool
    if not binary.exists():
        pytest.skip(f"npm has no {tool} for {platform.system()} on {platform.machine()}")
    return str(binary)


def packages() -> Path:
    """The folder of contracts/'s npm packages, exactly as its lock file says; skips where npm cannot bring them."""
    if reason := _missing():
        pytest.skip(f"{reason}: neither the contract's compiler nor a development node is here")
    return CONTRACTS / "node_modules"


@cache
def _missing() -> str:
    """Install what is not yet installed, and tell why it cannot be; asked once a process, as npm is slow to give up."""
    if not (shutil.which("node") and shutil.which("npm")):
        return "node and npm are not installed"
    stamp = CONTRACTS / "node_modules" / ".installed"
    wanted = hashlib.sha256((CONTRACTS / "package-lock.json").read_bytes()).hexdigest()
    with alone(CONTRACTS):
        if not stamp.exists() or stamp.read_text() != wanted:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            ran = subprocess.run(command, cwd=CONTRACTS, capture_output=True, text=True, check=False)
            if ran.returncode and OFFLINE.search(ran.stderr):
                return "npm cannot reach a registry"
            assert ran.returncode == 0, ran.stderr
            stamp.write_text(wanted)
    return ""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time: workers of pytest-xdist come at once, and `npm ci` begins by deleting."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)  # lets the lock go
