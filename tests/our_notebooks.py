"""Our own notebooks, run as anybody would run them, and what their cells said."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat


def executed(notebook, *, folder):
    """Run a notebook from `folder` in a process of its own; ``swarmprov`` is on its path as in any environment."""
    own = {
        "SWARMPROV_HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "ipython"),
        "TMPDIR": str(folder),  # a reader's machine clears its own
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    words = ("nbconvert", "--to=notebook", "--execute", "--inplace", str(notebook))
    command = [sys.executable, "-m", *words]
    ran = subprocess.run(command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    return nbformat.read(notebook, as_version=4)


def told(notebook):
    """Return what each cell printed or showed as text; newer libraries may warn that a model was made by older ones."""
    code = (cell for cell in notebook.cells if cell.cell_type == "code")
    return {cell.id: "".join(map(_text, cell.outputs)).replace("\r\n", "\n") for cell in code}


def _text(output):
    if output.output_type == "stream":
        return output.text if output.name == "stdout" else ""
    return output.get("data", {}).get("text/plain", "")
