"""Publish and verify 64 MiB: `python benchmarks/publishing.py [--quick]`.

A written file is stored as at the end of its cell run, then published: signed, stored as a collection, anchored on the
embedded chain. Beside it: copying the same bytes with fsync, and the sha256 of the same bytes. Wall time, medians of
interleaved rounds, in a process that has published before.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from row import Row, printed

from swarmprov_nb.artifacts import snapshot_file
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, CellRun, Record, Session
from swarmprov_nb.publishing import publish
from swarmprov_nb.storing import Keeper
from swarmprov_nb.verifying import verify

MIB = 1 << 20
SESSION = "8e1f3b2a-0d2c-4c53-9b0e-0d7f6a1c2b3d"
SOURCE = "open('data.bin', 'wb').write(data)"
GOALS = {
    "copy 64 MiB with fsync": "",
    "publish 64 MiB (store, sign, anchor)": "",
    "publish : copy": "",
    "sha256 of 64 MiB": "",
    "verify 64 MiB (every chunk, signature and rule)": "",
    "verify : sha256": "",
}


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def recorded(home: Home, folder: Path, data: bytes) -> Path:
    """Write a notebook and its file, and the record of the run that wrote it; the file's bytes are not stored yet."""
    import json

    folder.mkdir()
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": SOURCE, "outputs": [], "execution_count": None}
    notebook = folder / "study.ipynb"
    notebook.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    (folder / "data.bin").write_bytes(data)
    digest, key = hashlib.sha256(SOURCE.encode()).hexdigest(), f"{SESSION}:1"
    run = CellRun(key, SESSION, 1, SOURCE, digest, "ok", 1e9, 1e9 + 1, cell_id="a", execution_count=1, step="write")
    artifact = Artifact(f"{key}/file:data.bin@1", key, "data.bin", 1, "file", path="data.bin")
    with Record(folder, key=home.secret(RECORD_KEY)) as record:
        environment = {
            "python": {"version": "3.11.7", "implementation": "CPython"},
            "os": {"system": "Linux", "release": "6", "machine": "x86_64"},
            "cpu": {"count": 2},
            "packages": [],
        }
        record.add_session(Session(SESSION, notebook.name, 1e9, environment))
        record.add_run(run, artifacts=[artifact])
    return notebook


def store_and_publish(home: Home, notebook: Path) -> str:
    """Do what the end of the cell run does, then what a publish does; the reference."""
    from dataclasses import replace

    stored = Keeper(home).keep(snapshot_file(notebook.parent / "data.bin", limit=1 << 30))
    with Record(notebook.parent, key=home.secret(RECORD_KEY)) as record:
        (artifact,) = record.lineage(SESSION).artifacts
        record.update_artifact(replace(artifact, stored=stored))
    published = publish(notebook, yes=True, home=home, say=lambda _: None)
    assert published is not None
    return published.reference


def copy_durably(source: Path, goal: Path) -> None:
    data = source.read_bytes()
    with goal.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def measure(size: int, rounds: int) -> dict[str, float]:
    """Median seconds of copying, publishing, hashing and verifying `size` random bytes."""
    found: dict[str, list[float]] = {key: [] for key in ("copy", "publish", "hash", "verify")}
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name) / "home")
        store_and_publish(home, recorded(home, Path(name) / "warm", b"warm"))
        for number in range(rounds):
            folder = Path(name) / str(number)
            notebook = recorded(home, folder, os.urandom(size))
            file, references = folder / "data.bin", []
            found["copy"].append(timed(lambda file=file, folder=folder: copy_durably(file, folder / "copy")))
            found["publish"].append(timed(lambda n=notebook, r=references: r.append(store_and_publish(home, n))))
            found["hash"].append(timed(lambda file=file: hashlib.sha256(file.read_bytes()).hexdigest()))
            report = []
            found["verify"].append(timed(lambda r=references, s=report: s.append(verify(r[0], home=home))))
            assert report[0].ok, report[0]
    return {key: statistics.median(values) for key, values in found.items()}


def rows(*, quick: bool) -> Iterator[Row]:
    size = (4 if quick else 64) * MIB
    took = measure(size, 1 if quick else 5)
    note = f" (of {size // MIB} MiB)" if quick else ""

    def seconds(key: str) -> str:
        return f"{took[key]:.2f} s, {size / took[key] / 1e6:.0f} MB/s{note}"

    ratios = (f"{took['publish'] / took['copy']:.1f} x", f"{took['verify'] / took['hash']:.1f} x")
    values = (seconds("copy"), seconds("publish"), ratios[0], seconds("hash"), seconds("verify"), ratios[1])
    yield from (Row(name, value, goal) for (name, goal), value in zip(GOALS.items(), values, strict=True))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4 MiB, one round")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
