"""Every figure in one run, as one Markdown table with the goals beside them.

    python -m benchmarks [--quick] [--skip-installs] [--skip PART]… [--only PART]…

What cannot be measured here stands in the table with the reason. `python benchmarks/PART.py` runs one part alone.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from row import Row, Skipped  # noqa: E402 - found by the line above

PARTS = {
    "capture": "Capture",
    "loading": "Loading",
    "picture": "Picture",
    "drawing": "Picture in a browser",
    "panel": "In JupyterLab",
    "swarm": "Swarm references and store",
    "publishing": "Publish and verify",
    "large": "Large files and arrays",
    "soak": "Ten thousand cell runs, a thousand publications",
    "bee": "Bee node",
    "chain": "Chain",
    "installs": "Installs",
}


def lines_of(name: str, *, quick: bool, skip: bool) -> Iterator[Row]:
    """Yield every line of a part: measured, or skipped with the reason."""
    try:
        part: Any = import_module(name)
    except ImportError as error:
        yield Row(name, f"skipped: {error}")
        return
    left, reason = dict(part.GOALS), "left out by option"
    try:
        for row in part.rows(quick=quick) if not skip else ():
            left.pop(row.name)
            yield row
    except Skipped as skipped:
        reason = str(skipped)
    yield from (Row(label, f"skipped: {reason}", goal) for label, goal in left.items())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a smoke run: small sizes, one round")
    parser.add_argument("--skip-installs", action="store_true", help="make no fresh environments")
    parser.add_argument("--skip", action="append", default=[], choices=PARTS, help="leave this part out")
    parser.add_argument("--only", action="append", default=[], choices=PARTS, help="leave all other parts out")
    options = parser.parse_args(argv)
    skipped = {*options.skip, *(["installs"] if options.skip_installs else [])}
    skipped |= set(PARTS) - set(options.only or PARTS)
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"{'Quick run, figures mean little: ' if options.quick else ''}{system}\n")
    print("| what | measured | goal |\n|---|---|---|", flush=True)
    for name, title in PARTS.items():
        print(f"| **{title}** | | |", flush=True)
        for row in lines_of(name, quick=options.quick, skip=name in skipped):
            print(f"| {row.name} | {row.value} | {row.goal} |", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
