"""Size and import time of a normal install and of one for verifying: `python benchmarks/installs.py`.

Each in a fresh environment made of a wheel; sizes are of all files below site-packages as pip leaves them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from loading import IMPORT, seconds
from row import Row, Skipped, printed

ROOT = Path(__file__).resolve().parent.parent
GOALS = {
    "normal install": "",
    "normal install, `import swarmprov`": "",
    "install for verifying": "",
    "install for verifying, `import swarmprov`": "",
    "install for verifying, verifying machinery imported": "",
}
VERIFYING = IMPORT.replace("import swarmprov;", "import swarmprov_nb.verifying, swarmprov_nb.checking;")


def ran(*command) -> None:
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skipped(f"{command[2]} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")


def installed(folder: Path, *requirements) -> Path:
    """Make an environment and return its Python."""
    ran(sys.executable, "-m", "venv", "--without-pip", folder)
    ran(sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet", *requirements)
    return folder / "bin/python"


def size(python: Path) -> str:
    (packages,) = (python.parent.parent / "lib").glob("python*/site-packages")
    count = len(list(packages.glob("*.dist-info")))
    total = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    return f"{total / 1e6:.0f} MB, {count} packages"


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ran(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT)
        (wheel,) = folder.glob("*.whl")
        normal = installed(folder / "normal", wheel)
        verifying = installed(folder / "verify", "--no-deps", wheel, "-r", ROOT / "requirements/verify.txt")
        values = (
            size(normal),
            f"{seconds(IMPORT, python=normal, rounds=rounds):.3f} s",
            size(verifying),
            f"{seconds(IMPORT, python=verifying, rounds=rounds):.3f} s",
            f"{seconds(VERIFYING, python=verifying, rounds=rounds):.3f} s",
        )
    yield from (Row(name, value, goal) for (name, goal), value in zip(GOALS.items(), values, strict=True))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one process for each import")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
