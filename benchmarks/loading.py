"""Time of `%load_ext swarmprov` and of `import swarmprov`, each in fresh processes: `python benchmarks/loading.py`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from row import Row, printed

ROOT = Path(__file__).resolve().parent.parent
GOALS = {"`%load_ext swarmprov`": "≤ 0.3 s", "`import swarmprov`": ""}

LOAD = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "swarmprov")
print(time.perf_counter() - start)
"""
IMPORT = "import time; start = time.perf_counter(); import swarmprov; print(time.perf_counter() - start)"


def seconds(program: str, *, python: Path | str = sys.executable, rounds: int = 5) -> float:
    """Median of what `program` prints last, over fresh processes after one that fills the disk cache."""
    found = []
    for _ in range(rounds + 1):
        ran = subprocess.run([python, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
        found.append(float(ran.stdout.split()[-1]))
    return statistics.median(found[1:])


def rows(*, quick: bool) -> Iterator[Row]:
    for (name, goal), program in zip(GOALS.items(), (LOAD, IMPORT), strict=True):
        yield Row(name, f"{seconds(program, rounds=1 if quick else 5):.3f} s", goal)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one process each")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
