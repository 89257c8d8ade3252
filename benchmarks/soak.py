"""Ten thousand cell runs and a thousand publications in one home: `python benchmarks/soak.py [--quick]`.

A real kernel runs the cells. What the process needs more at the end than after the first tenth is the growth of its
resident memory. The publications are of one notebook whose only file changes each time; the size of the store is
compared with the chunks in it, each counted once.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tests")]

from row import Row, printed  # noqa: E402 - found by the line above

GOALS = {
    "10,000 cell runs: the last thousand : the first": "",
    "10,000 cell runs: growth of memory after 1,000": "flat",
    "10,000 cell runs: `%provenance`": "≤ 1 s",
    "10,000 cell runs: `swarmprov status`": "≤ 1 s",
    "10,000 cell runs: `%load_ext swarmprov`": "≤ 0.3 s",
    "1,000 publications: the last hundred : the first": "",
    "1,000 publications: growth of memory after 100": "flat",
    "1,000 publications: `swarmprov status`": "≤ 1 s",
    "1,000 publications: verify the first": "",
    "1,000 publications: store : its chunks": "≤ 1.05 x",
    "1,000 publications: `swarmprov gc`": "",
}
LOAD = """import time as _t
_s = _t.perf_counter()
get_ipython().run_line_magic('load_ext', 'swarmprov')
print(_t.perf_counter() - _s)"""
RSS = "import psutil as _p; print(_p.Process().memory_info().rss)"


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def asked(folder: Path, home: Path, *words: str) -> float:
    """Return the seconds that a command takes, in a process of its own."""
    environment = {**os.environ, "SWARMPROV_HOME": str(home), "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-m", "swarmprov_nb.cli", *words]
    return timed(lambda: subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True))


def cell_runs(place: Path, many: int) -> Iterator[tuple[str, str]]:
    """Run that many cells in a kernel; yield what they and the questions cost."""
    from kernels import Kernel
    from studies import write_notebook

    (place / "work").mkdir()
    notebook = write_notebook(place / "work" / "study.ipynb", {"a": "x = x + 1"})
    sockets = Path(tempfile.mkdtemp(prefix="k"))  # ipc paths are short

    def started() -> Any:
        return Kernel(place / "work", place / "home", notebook, sockets)

    kernel = started()
    try:
        kernel.run(LOAD)
        kernel.run("x = 0")
        tenths, memory = [], []
        for _ in range(10):
            tenths.append(timed(lambda: [kernel.run("x = x + 1") for _ in range(many // 10)]))
            memory.append(int(kernel.run(RSS).stdout))
        yield "the last thousand : the first", f"{tenths[-1] / tenths[0]:.2f} x"
        yield "growth of memory after 1,000", f"{(memory[-1] - memory[0]) / 1e6:.1f} MB, to {memory[-1] / 1e6:.0f} MB"
        yield "`%provenance`", f"{timed(lambda: kernel.run('%provenance')):.2f} s"
    finally:
        kernel.stop()
    yield "`swarmprov status`", f"{asked(place / 'work', place / 'home', 'status'):.2f} s"
    kernel = started()
    try:
        yield "`%load_ext swarmprov`", f"{float(kernel.run(LOAD).stdout.split()[-1]):.3f} s"
    finally:
        kernel.stop()


def publications(place: Path, many: int) -> Iterator[tuple[str, str]]:
    """Publish that many times; yield what it and the questions cost."""
    from publishing import recorded

    from swarmprov_nb.home import Home
    from swarmprov_nb.verifying import verify

    home = Home(place / "home")
    references, tenths, memory = [], [], []
    notebook = recorded(home, place / "study", b"first")

    def publish_some() -> None:
        for _ in range(many // 10):
            references.append(changed_and_published(home, notebook, len(references)))

    for _ in range(10):
        tenths.append(timed(publish_some))
        memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
    yield "the last hundred : the first", f"{tenths[-1] / tenths[0]:.2f} x, {tenths[-1] / (many // 10):.2f} s each"
    yield "growth of memory after 100", f"{(memory[-1] - memory[0]) / 1e6:.1f} MB, to {memory[-1] / 1e6:.0f} MB"
    yield "`swarmprov status`", f"{asked(notebook.parent, home.root, 'status'):.2f} s"
    reports = []
    yield "verify the first", f"{timed(lambda: reports.append(verify(references[0], home=home))):.2f} s"
    assert reports[0].ok, reports[0]
    yield "store : its chunks", f"{overhead(home):.3f} x"
    yield "`swarmprov gc`", f"{asked(notebook.parent, home.root, 'gc', '--yes'):.2f} s"


def changed_and_published(home: Any, notebook: Path, number: int) -> str:
    """Write another file, store it as the end of its cell run does, and publish; returns the reference."""
    from publishing import store_and_publish

    (notebook.parent / "data.bin").write_bytes(f"measured {number}\n".encode() * 1000)
    return store_and_publish(home, notebook)


def overhead(home: Any) -> float:
    """Return how many bytes the store takes on the disk for one byte of its chunks, each counted once."""
    from swarmprov_nb.swarm.pack_file import records

    taken = sum(path.stat().st_size for path in home.store.rglob("*") if path.is_file())
    unique = {(span, payload) for pack in home.store.rglob("*.pack") for _, span, payload in records(pack)}
    return taken / sum(len(payload) for _, payload in unique)


def rows(*, quick: bool) -> Iterator[Row]:
    note = " (of a tenth as many)" if quick else ""
    for what, work, many in (("10,000 cell runs", cell_runs, 10_000), ("1,000 publications", publications, 1_000)):
        with tempfile.TemporaryDirectory() as name:
            for label, value in work(Path(name), many // 10 if quick else many):
                yield Row(f"{what}: {label}", f"{value}{note}", GOALS[f"{what}: {label}"])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the cell runs and publications")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
