"""A large file and a large array, published and verified: `python benchmarks/large.py [--quick]`.

Each step in a process of its own, which has done the same with a small one before: what it needs beyond that is the
peak of its resident memory, less what it had then. The array itself stands in memory before, as a user's does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from row import Row, Skipped, printed

HERE = Path(__file__).resolve().parent
MIB = 1 << 20
GOALS = {
    "2 GiB file: publish": "",
    "2 GiB file: memory to publish": "≤ 200 MB",
    "2 GiB file: verify": "",
    "2 GiB file: memory to verify": "≤ 200 MB",
    "1 GiB array: publish": "",
    "1 GiB array: memory to publish": "≤ 200 MB",
    "1 GiB array: verify": "",
    "1 GiB array: memory to verify": "≤ 200 MB",
}
PROGRAM = """
import json, sys, time
from pathlib import Path
sys.path[:0] = {path!r}
import large
what, place, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
getattr(large, what)(place / "small", 4 << 20)
prepared = large.prepare(what, place / "big", size)
before, start = large.peak(), time.perf_counter()
getattr(large, what)(place / "big", size, *prepared)
print(json.dumps([time.perf_counter() - start, large.peak() - before]))
"""


def peak() -> int:
    """Return the most resident memory that this process ever had, in bytes."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def prepare(what: str, place: Path, size: int) -> tuple:
    """Write the file, or make the array, that is published then."""
    if what == "publish_array":
        import numpy as np

        return (np.random.default_rng(7).random(size // 8),)
    if what == "publish_file":
        import os

        place.mkdir()
        with (place / "data.bin").open("wb") as out:
            for _ in range(size // MIB):
                out.write(os.urandom(MIB))
    return ()


def publish_file(place: Path, size: int) -> None:
    """Do what the end of the cell run that wrote the file does, and publish."""
    from dataclasses import replace

    from publishing import recorded

    from swarmprov_nb.artifacts import snapshot_file
    from swarmprov_nb.home import RECORD_KEY, Home
    from swarmprov_nb.lineage import Record
    from swarmprov_nb.storing import Keeper

    place.mkdir(exist_ok=True)
    home, file = Home(place.parent / "home"), place / "data.bin"
    notebook = recorded(home, place / "study", b"data" * (size if not file.exists() else 0))
    if file.exists():
        file.replace(notebook.parent / "data.bin")
    stored = Keeper(home).keep(snapshot_file(notebook.parent / "data.bin", limit=4 << 30))
    with Record(notebook.parent, key=home.secret(RECORD_KEY)) as record:
        (artifact,) = record.lineage(record.sessions()[-1].id).artifacts
        record.update_artifact(replace(artifact, stored=stored))
    _publish(home, notebook, place)


def publish_array(place: Path, size: int, array=None) -> None:
    """Do what the end of the cell run that declared the array does, and publish."""
    from dataclasses import replace

    import numpy as np
    from publishing import recorded

    from swarmprov_nb.artifacts import snapshot
    from swarmprov_nb.home import RECORD_KEY, Home
    from swarmprov_nb.lineage import Record
    from swarmprov_nb.storing import Keeper

    place.mkdir(exist_ok=True)
    home = Home(place.parent / "home")
    notebook = recorded(home, place / "study", b"unused")
    taken = snapshot(np.ones(size // 8) if array is None else array, folder=place, limit=4 << 30, name="x")
    try:
        stored = Keeper(home).keep(taken)
    finally:
        taken.path.unlink()
    with Record(notebook.parent, key=home.secret(RECORD_KEY)) as record:
        (artifact,) = record.lineage(record.sessions()[-1].id).artifacts
        record.update_artifact(replace(artifact, stored=stored))
    _publish(home, notebook, place)


def verify(place: Path, size: int) -> None:  # noqa: ARG001 - asked like the others
    """Verify what the step before published."""
    from swarmprov_nb.home import Home
    from swarmprov_nb.verifying import verify

    report = verify((place / "reference").read_text(), home=Home(place.parent / "home"))
    assert report.ok, report


def _publish(home, notebook: Path, place: Path) -> None:
    from swarmprov_nb.publishing import publish

    published = publish(notebook, yes=True, home=home, say=lambda _: None)
    assert published is not None
    (place / "reference").write_text(published.reference)


def measured(what: str, place: Path, size: int) -> tuple[float, int]:
    """Return the seconds and the bytes of memory that one step took in a process of its own."""
    program = PROGRAM.format(path=[str(HERE), str(HERE.parent)])
    words = [sys.executable, "-c", program, what, str(place), str(size)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Skipped(ran.stderr.strip().splitlines()[-1])
    seconds, memory = json.loads(ran.stdout.splitlines()[-1])
    return seconds, memory


def rows(*, quick: bool) -> Iterator[Row]:
    for what, size in (("file", 2048 * MIB), ("array", 1024 * MIB)):
        taken = size // 64 if quick else size
        note = f" (of {taken // MIB} MiB)" if quick else ""
        with tempfile.TemporaryDirectory() as name:
            for step in (f"publish_{what}", "verify"):
                seconds, memory = measured(step, Path(name), taken)
                label = f"{size // MIB // 1024} GiB {what}: "
                verb = step.partition("_")[0]
                yield Row(f"{label}{verb}", f"{seconds:.1f} s, {taken / seconds / 1e6:.0f} MB/s{note}")
                yield Row(f"{label}memory to {verb}", f"{memory / 1e6:.0f} MB{note}", GOALS[f"{label}memory to {verb}"])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="32 and 16 MiB")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
