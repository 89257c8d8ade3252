"""Swarm figures as ratios in one run: references against bee-js, the store against copying, memory of streaming.

    python benchmarks/swarm.py [--quick]

CPU time of one process, rounds interleaved, medians; wall time where a disk is involved. Ratios carry over to other
machines, MB/s (1e6 bytes) do not.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from row import Row, printed

from swarmprov_nb.swarm import PackStore, UploadPlan, bmt, file_tree, read_file, reference_of, split

PEER = "cafe-utility@33.11"  # the MerkleTree of @ethersphere/bee-js
MIB = 1 << 20
GOALS = {
    "references, bee-js": "",
    "references, plain engine": "",
    "references, numba engine": "≥ 5 x bee-js",
    "store: copy with fsync": "",
    "store it, hashing included": "",
    "store it, hashing taken off": "",
    "read it, every chunk re-hashed": "",
    "disk taken": "",
    "memory of streaming": "≤ 16 MiB for 1 GiB",
}


def with_engine(engine, data: bytes) -> tuple[float, str]:
    """CPU seconds and reference of bytes under one engine."""
    before, file_tree.hash_chunks = file_tree.hash_chunks, engine
    try:
        start = time.process_time()
        reference = reference_of(data).hex()
        return time.process_time() - start, reference
    finally:
        file_tree.hash_chunks = before


def mixed(fast):
    """The fast engine, with batches too small for its lanes left to the plain one, as ``hash_chunks`` does."""
    return lambda payloads, spans: (fast if len(spans) >= 10 else bmt.hash_chunks_plain)(payloads, spans)


def peer(folder: Path):
    """Return a function that hashes with bee-js' tree, or the reason why there is none."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "npm and node are not installed"
    (folder / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", PEER]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        return f"npm could not install {PEER}"
    script = Path(__file__).with_name("bee_js.mjs")

    def measure(file: Path) -> tuple[float, str]:
        out = subprocess.run(["node", script, folder, file], capture_output=True, text=True, check=True).stdout
        answer = json.loads(out)
        return answer["seconds"], answer["reference"]

    return measure


def references(size: int, rounds: int, folder: Path) -> Iterator[Row]:
    data = os.urandom(size)
    file = folder / "data"
    file.write_bytes(data)
    engines = {"plain engine": lambda: with_engine(bmt.hash_chunks_plain, data)}
    fast = bmt.fast_engine()
    if fast is not None:
        engines["numba engine"] = lambda: with_engine(mixed(fast), data)
    bee_js = peer(folder)
    if callable(bee_js):
        engines["bee-js"] = lambda: bee_js(file)
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    seen = set()
    for _ in range(rounds):
        for name, run in engines.items():
            took, reference = run()
            seconds[name].append(took)
            seen.add(reference)
    assert len(seen) == 1, f"engines disagree: {seen}"
    median = {name: statistics.median(values) for name, values in seconds.items()}
    absent = {"numba engine": "numba is not installed", "bee-js": bee_js}
    for name in ("bee-js", "plain engine", "numba engine"):
        label = f"references, {name}"
        if name not in median:
            yield Row(label, f"skipped: {absent[name]}", GOALS[label])
            continue
        against = f", {median['bee-js'] / median[name]:.1f} x bee-js" if "bee-js" in median and name != "bee-js" else ""
        yield Row(label, f"{size / median[name] / 1e6:.1f} MB/s CPU of {size // MIB} MiB{against}", GOALS[label])


def copy_durably(data: bytes, path: Path) -> float:
    start = time.perf_counter()
    with path.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return time.perf_counter() - start


def store(size: int, rounds: int, folder: Path) -> Iterator[Row]:
    copies, puts, hashes, reads = [], [], [], []
    for number in range(rounds):
        data = os.urandom(size)
        copies.append(copy_durably(data, folder / f"copy{number}"))
        start = time.perf_counter()
        root = reference_of(data)
        hashes.append(time.perf_counter() - start)
        place = PackStore(folder / f"store{number}")
        start = time.perf_counter()
        upload = place.upload(root, UploadPlan("benchmark"))
        split(data, upload)
        upload.finish()
        puts.append(time.perf_counter() - start)
        start = time.perf_counter()
        assert b"".join(read_file(place, root)) == data
        reads.append(time.perf_counter() - start)
        disk = sum(path.stat().st_size for path in place.folder.rglob("*") if path.is_file()) / size
    copy, put, hashing, read = (statistics.median(values) for values in (copies, puts, hashes, reads))
    alone = put - hashing
    yield Row("store: copy with fsync", f"{size / copy / 1e6:.1f} MB/s wall of {size // MIB} MiB")
    yield Row("store it, hashing included", f"{size / put / 1e6:.1f} MB/s wall, {put / copy:.2f} x the copy's time")
    yield Row("store it, hashing taken off", f"{size / alone / 1e6:.1f} MB/s wall, {alone / copy:.2f} x")
    yield Row("read it, every chunk re-hashed", f"{size / read / 1e6:.1f} MB/s wall")
    yield Row("disk taken", f"{disk:.3f} x the bytes")


class Source(io.RawIOBase):
    """So many bytes that do not exist in memory."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.block = os.urandom(MIB)

    def readinto(self, buffer) -> int:
        count = min(len(buffer), len(self.block), self.left)
        buffer[:count] = self.block[:count]
        self.left -= count
        return count


def forget_peak() -> None:
    """Let the peak begin at what is resident now, where the system can (Linux)."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")


def peak() -> int:
    """Highest resident memory so far, bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def stream(size: int) -> None:
    """Print how much memory streaming adds; meant for a process of its own."""
    bmt.fast_engine()
    source = Source(size)
    forget_peak()
    before, start = peak(), time.process_time()
    split(source)
    took = time.process_time() - start
    print(f"{(peak() - before) / MIB:.1f} MiB more for {size // MIB} MiB, {size / took / 1e6:.0f} MB/s CPU")


def rows(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        yield from references((2 if quick else 8) * MIB, rounds, Path(folder))
        yield from store((16 if quick else 64) * MIB, 1 if quick else 3, Path(folder))
    command = [sys.executable, __file__, "--stream", "256" if quick else "1024"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    yield Row("memory of streaming", said.strip(), GOALS["memory of streaming"])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, one round")
    parser.add_argument("--stream", type=int, metavar="MIB", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.stream:
        stream(options.stream * MIB)
    else:
        printed(rows(quick=options.quick))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
