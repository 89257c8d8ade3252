"""Processes killed by SIGKILL at every step at which they write, and at any time: one that is warm forks for each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from steps import chosen

from swarmprov_nb.fsck import fsck, repair
from swarmprov_nb.home import Home

_ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
OFTEN = pytest.param(100, marks=(pytest.mark.long, pytest.mark.once, pytest.mark.timeout(1800)))


@dataclass(frozen=True)
class Ran:
    """How a fork ended: what it had reported done, and its steps where it was not killed."""

    code: int
    seconds: float
    said: list[str]
    steps: list[str]


class Forge:
    """A process that has imported all that a program needs, and forks to run its `act` for each order."""

    def __init__(self, program: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._said = folder / "said"
        self._heard = (folder / "stderr").open("w+")
        tests = str(Path(__file__).parent)
        paths = [str(Path(tests).parent), tests, os.environ.get("PYTHONPATH", "")]
        env = {**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "MPLBACKEND": "Agg",
               "PYTHONDONTWRITEBYTECODE": "1", "IPYTHONDIR": str(folder / "ipython"), "no_proxy": "*",
               "TMPDIR": str(folder),
               "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}  # fmt: skip
        command = [sys.executable, "-c", f"{program}\nimport steps\nsteps.serve(act)"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._heard,
                                         text=True, env=env, cwd=folder)  # fmt: skip

    def run(self, *arguments: object, **order: Any) -> Ran:
        """Run in a fork; to its end, unless the order says when to kill it."""
        self._said.write_text("")  # a fork that is killed at once has not begun to report
        line = json.dumps({"arguments": list(map(str, arguments)), "said": str(self._said), **order})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self.heard()
        ended = json.loads(answer)
        steps = self._said.with_suffix(".steps")
        taken = json.loads(steps.read_text()) if ended["code"] == 0 else []
        assert ended["code"] in (0, -signal.SIGKILL), self.heard()
        return Ran(ended["code"], ended["seconds"], self._said.read_text().split("\n")[:-1], taken)

    def heard(self) -> str:
        """Return what the process and its forks wrote to stderr."""
        self._heard.seek(0)
        return self._heard.read()

    def close(self) -> None:
        """End it."""
        self._process.communicate()
        self._heard.close()


@contextmanager
def forge(program: str, folder: Path) -> Iterator[Forge]:
    """Keep a warm process while this holds."""
    started = Forge(program, folder)
    try:
        yield started
    finally:
        started.close()


def kills(whole: Ran, times: int) -> Iterator[dict[str, Any]]:
    """Yield orders to kill: so many times at each step that a whole run had, and as often at any time of it."""
    for kill in chosen(whole.steps, times):
        yield {"kill": kill}
    for number in range(times):
        yield {"after": whole.seconds * (number + 0.5) / times}


@contextmanager
def named(order: dict[str, Any]) -> Iterator[None]:
    """Say with a failure where the kill was."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"killed at {order}")
        raise


def only_mine(home: Home) -> None:
    """Hold that every key, and each folder on the way to it, is its user's alone; half a one too."""
    if home.keys.is_dir():
        for path in (home.keys, *home.keys.rglob("*")):
            assert path.lstat().st_mode & 0o077 == 0, path


def healthy(home: Home, folder: Path) -> None:
    """Hold that fsck finds nothing hurt; or what it finds is mended without loss, and then all is whole."""
    found = fsck(home, folder)
    if found.damage:
        assert all(damage.mend and not damage.hurts for damage in found.damage), found
        repair(home, folder)
        assert fsck(home, folder).damage == (), found
