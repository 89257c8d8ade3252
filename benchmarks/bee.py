"""Sending 64 MiB to a Bee node and reading it back, beside curl: `python benchmarks/bee.py [--quick]`.

Upload: every chunk pushed through the node's stream, journaled, until the node's tag and stewardship say that it is
there; curl sends the same bytes in one `POST /bytes`, at level 0, to the same node. Download: every chunk fetched and
hashed again; curl gets the same bytes by `GET /bytes`, and believes them. The node is FakeBee in a process of its own,
which takes 0.3 ms for a chunk as a real one does, or the live one that SWARMPROV_TEST_BEE and SWARMPROV_TEST_BEE_BATCH
name. Wall time, medians of interleaved rounds with fresh bytes; hashing before the upload is not counted for either.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from row import Row, Skipped, printed

from swarmprov_nb.swarm import ChunkBatch, PackStore, UploadPlan, chunk_addresses, open_remote, read_file, split
from swarmprov_nb.swarm.file_tree import fetch

MIB = 1 << 20
PACE = 0.0003
UP, DOWN = "curl -T : push, 64 MiB to /bytes on the same node", "curl : verified download, the same 64 MiB"
GOALS = {UP: "≥ 0.7", DOWN: "", "push, 64 MiB": "", "verified download, 64 MiB": ""}


@contextmanager
def node() -> Iterator[tuple[str, str, str]]:
    """Yield URL and batch of the live node that is named, else of a FakeBee in a process of its own, and which."""
    if named := os.environ.get("SWARMPROV_TEST_BEE"):
        yield named, os.environ["SWARMPROV_TEST_BEE_BATCH"], "live node"
        return
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "batch"
        words = ["--folder", f"{folder}/node", "--batch-file", str(told), "--pace", str(PACE), "--depth", "24"]
        process = subprocess.Popen(
            [sys.executable, "-m", "swarmprov_nb.testing.fake_bee", *words], stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = next(word for word in line.split() if word.startswith("http"))
            while not told.is_file() or not told.read_text():
                time.sleep(0.05)
            yield url, told.read_text().strip(), "FakeBee"
        finally:
            process.terminate()
            process.wait()


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def put(store: PackStore, data: bytes) -> bytes:
    """Store bytes, so that their chunks can be pushed; returns their root."""
    upload = store.upload(b"", UploadPlan("bench"))
    root = split(data, upload)
    upload.finish()
    return root


def push(store: PackStore, root: bytes, url: str, batch: str, journal: Path) -> None:
    addresses = list(dict.fromkeys(chunk_addresses(store, root)))
    upload = open_remote(url, batch=batch, journal=journal, source=store).upload(root, UploadPlan(root.hex()))
    for start in range(0, len(addresses), 512):
        upload.put(ChunkBatch.of(fetch(store, addresses[start : start + 512])))
    upload.finish()


def curl_up(file: Path, url: str, batch: str) -> str:
    headers = [f"Swarm-Postage-Batch-Id: {batch}", "Swarm-Redundancy-Level: 0", "Expect:",
               "Content-Type: application/octet-stream"]  # fmt: skip
    words = ["curl", "-sS", "--fail", "-T", str(file), "-X", "POST", *(w for h in headers for w in ("-H", h))]
    ran = subprocess.run([*words, f"{url}/bytes"], capture_output=True, text=True, check=True)
    return str(json.loads(ran.stdout)["reference"])


def curl_down(root: bytes, url: str, file: Path) -> None:
    subprocess.run(["curl", "-sS", "--fail", "-o", str(file), f"{url}/bytes/{root.hex()}"], check=True)


def download(root: bytes, url: str, file: Path) -> None:
    with file.open("wb") as stream:
        for piece in read_file(open_remote(url), root):
            stream.write(piece)


def rows(*, quick: bool) -> Iterator[Row]:
    if shutil.which("curl") is None:
        raise Skipped("curl is not installed")
    size, rounds = (2 * MIB, 1) if quick else (64 * MIB, 3)
    ours, theirs, down, believed = [], [], [], []
    with node() as (url, batch, which), tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = PackStore.open(place / "store", create=True)
        for number in range(rounds):
            mine, other = os.urandom(size), os.urandom(size)
            root = put(store, mine)
            (place / "data").write_bytes(other)
            theirs.append(timed(lambda: curl_up(place / "data", url, batch)))
            ours.append(timed(lambda: push(store, root, url, batch, place / f"journal{number}")))  # noqa: B023 - at once
            believed.append(timed(lambda: curl_down(root, url, place / "believed")))  # noqa: B023 - at once
            down.append(timed(lambda: download(root, url, place / "down")))  # noqa: B023 - at once
            assert (place / "down").read_bytes() == mine == (place / "believed").read_bytes()
    up, got = statistics.median(ours), statistics.median(down)
    yield Row(UP, f"{statistics.median(theirs) / up:.2f} ({which})", GOALS[UP])
    yield Row("push, 64 MiB", f"{up:.1f} s, {size / MIB / up:.1f} MiB/s")
    yield Row(DOWN, f"{statistics.median(believed) / got:.2f} ({which})")
    yield Row("verified download, 64 MiB", f"{got:.1f} s, {size / MIB / got:.1f} MiB/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 MiB, one round")
    printed(rows(quick=parser.parse_args().quick))
