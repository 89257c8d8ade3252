"""kill -9 at every step of gc: what is needed stays, byte for byte, and the next gc frees what that one did not."""

from __future__ import annotations

import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hurting import Kept, make_home
from killing import Forge, forge, healthy, kills, named, only_mine

from swarmprov_nb.artifacts import snapshot_file
from swarmprov_nb.freeing import spare
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Stored
from swarmprov_nb.storing import Keeper, put, user_store
from swarmprov_nb.swarm import PackStore, UploadPlan, split
from swarmprov_nb.verifying import verify

GC = """
import sys
from pathlib import Path
from swarmprov_nb.freeing import free
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Stored
from steps import report

def act(home, folder):
    report(str(free(Home(Path(home)), Path(folder), hours=0)))
"""


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def chunks_in(store: Path) -> Counter[bytes]:
    """Return how often each address is in the packs of a store."""
    return Counter(address for pack in PackStore(store, create=False).packs() for address, _ in pack.index)


@dataclass(frozen=True)
class Full:
    """A home with publications, stored files and garbage, and the packs' needed chunks."""

    kept: Kept
    contents: dict[Stored, bytes]

    def copied(self, place: Path) -> Home:
        shutil.copytree(self.kept.home.root, place)
        return Home(place)


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    with forge(GC, tmp_path_factory.mktemp("collector")) as started:
        yield started


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Packs with garbage beside what is needed, with garbage alone, with copies; and files that kills left."""
    kept = make_home(tmp_path_factory.mktemp("full"), chain="none")
    home, contents = kept.home, {}
    for number in range(3):
        file = kept.folder / f"{number}.bin"
        file.write_bytes(noise(20_000, number))
        uploads = [PackStore(home.store).upload(b"", UploadPlan("x")) for _ in range(2)]
        for each in uploads:  # both at once: each chunk is there twice
            split(file.read_bytes(), each)
            split(noise(9_000, 100 + number), each)
        for each in uploads:
            each.finish()
        contents[Keeper(home).keep(snapshot_file(file, limit=1 << 20))] = file.read_bytes()
    put(user_store(home), noise(50_000, 200))
    home.private_folder(home.root / "tmp" / "half").joinpath("dropped.swarm").write_bytes(b"half")
    (home.keys / ".author.key.abcdefgh").write_bytes(b"half")
    (home.keys / ".author.key.abcdefgh").chmod(0o600)
    return Full(kept, contents)


def needed_is_there(full: Full, home: Home, needed: set[bytes]) -> None:
    """Hold that every needed chunk is held, and that publications and stored files are whole."""
    assert needed <= set(chunks_in(home.store))
    keeper = Keeper(home)
    for stored, data in full.contents.items():
        assert b"".join(keeper.read(stored)) == data
    healthy(home, full.kept.folder)  # every pack, publication and stored artifact read
    only_mine(home)


def verifies(full: Full, home: Home) -> None:
    for reference in full.kept.references:
        assert verify(reference, home=home).exit_code == 0


def killed_everywhere(full: Full, collector: Forge, place: Path, times: int) -> int:
    """Kill gc at every step so many times, and run it again by another process; returns at how many steps."""
    home, folder = full.copied(place / "whole"), full.kept.folder
    before = chunks_in(home.store)
    whole = collector.run(home.root, folder)
    needed = set(chunks_in(home.store))
    assert set(before) - needed
    needed_is_there(full, home, needed)
    verifies(full, home)
    for number, order in enumerate(kills(whole, times)):
        home = full.copied(place / "killed")
        with named(order):
            killed = collector.run(home.root, folder, **order)
            assert killed.code == -signal.SIGKILL or "after" in order
            needed_is_there(full, home, needed)
            assert collector.run(home.root, folder).code == 0
            assert spare(home, folder, hours=0).nothing
            assert chunks_in(home.store) == Counter(needed)  # each once, and nothing else
            assert list((home.store / "incoming").iterdir()) == []
            assert list(home.keys.glob(".*")) == []
            assert list((home.root / "tmp").rglob("*.*")) == []
            if number % times == times // 2:
                verifies(full, home)
        shutil.rmtree(home.root)
    return len(set(whole.steps))


def test_kill_9_at_every_step_of_gc_loses_nothing(full, collector, tmp_path):
    """Three times at each step, and at any time: all that is needed is there, and in the end nothing else."""
    assert killed_everywhere(full, collector, tmp_path, 3) >= 10


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
def test_kill_9_at_every_step_of_gc_a_hundred_times(full, collector, tmp_path):
    """As above, 100 times each."""
    assert killed_everywhere(full, collector, tmp_path, 100) >= 10
