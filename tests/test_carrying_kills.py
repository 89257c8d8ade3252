"""kill -9 at every step of get, save, load and open: whole or not there, and the next time all is as it should be."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hurting import Kept, make_home
from killing import Forge, forge, healthy, kills, named, only_mine

from swarmprov_nb.carrying import get
from swarmprov_nb.freeing import free
from swarmprov_nb.home import Home

CARRY = """
from pathlib import Path
from swarmprov_nb import carrying, opening, verifying, checking, anchor_check, signer_check
from swarmprov_nb.home import Home
import swarmprov_nb.artifacts, swarmprov_nb.catalogue
from steps import report

def act(verb, home, target, goal):
    home = Home(Path(home))
    if verb == "get":
        carrying.get(target, goal, home=home)
    elif verb == "save":
        carrying.save(target, goal, home=home)
    elif verb == "load":
        carrying.load(target, home=home)
    else:
        opening.open(target, "data/summary.csv", as_path=True, any_signer=True, home=home)
    report("done")
"""


def everything(folder: Path) -> dict[str, bytes]:
    """Return each file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Carried:
    """A publication, in a home and in a saved file, and what carries it in a process that can be killed."""

    kept: Kept
    files: dict[str, bytes]
    process: Forge

    @property
    def reference(self) -> str:
        return self.kept.references[0]

    @property
    def saved(self) -> Path:
        return self.kept.home.root.parent / "one.swarm"


@pytest.fixture(scope="module")
def carried(tmp_path_factory):
    place = tmp_path_factory.mktemp("carried")
    kept = make_home(place, chain="none")
    files = everything(get(kept.references[0], place / "files", home=kept.home))
    with forge(CARRY, place / "forge") as process:
        yield Carried(kept, files, process)


def got(carried: Carried, place: Path, said: list[str] | None) -> tuple[object, ...]:
    """Hold what lies where it was to be written: all of it, or nothing yet; with `said`, after a kill."""
    goal = place / "out" / "penguins"
    if goal.exists() or said is None or "done" in said:
        assert everything(goal) == carried.files
        assert goal.stat().st_mode & 0o777 == 0o755
    if said is None:
        assert list(goal.parent.iterdir()) == [goal]
    return "get", carried.kept.home.root, carried.reference, goal


def saved(carried: Carried, place: Path, said: list[str] | None) -> tuple[object, ...]:
    """Hold the one file as `got` does the folder."""
    goal = place / "out" / "penguins.swarm"
    if goal.exists() or said is None or "done" in said:
        assert goal.read_bytes() == carried.saved.read_bytes()
    if said is None:
        assert list(goal.parent.iterdir()) == [goal]
    (place / "out").mkdir(exist_ok=True)
    return "save", carried.kept.home.root, carried.reference, goal


def loaded(carried: Carried, place: Path, said: list[str] | None) -> tuple[object, ...]:
    """Hold that it is kept where that was said; whether it is whole is for `healthy`, and `whole_in` in the end."""
    home = Home(place / "home")
    if said is None or "done" in said:
        assert (home.store / "pins" / carried.reference).exists()
    return "load", home.root, carried.saved, ""


def opened(carried: Carried, place: Path, said: list[str] | None) -> tuple[object, ...]:
    """Hold the copy of a file below the home: it is that file, and nobody writes into it; the publication is kept."""
    home = Home(place / "home")
    folder = home.root / "opened" / carried.reference
    copy = folder / "data" / "summary.csv"
    if copy.exists() or said is None or "done" in said:
        assert copy.read_bytes() == carried.files["data/summary.csv"]
        assert copy.stat().st_mode & 0o777 == 0o400
        assert (home.store / "pins" / carried.reference).exists()
    if said is None:
        assert [path for path in folder.rglob("*") if path.is_file()] == [copy]
    return "open", home.root, carried.saved, ""


def whole_in(home: Home, carried: Carried, place: Path) -> None:
    """Hold that a home has the publication, byte for byte, and that gc takes nothing of it."""
    free(home, place, hours=0)
    assert list((home.store / "incoming").iterdir()) == []
    assert list((home.root / "tmp").rglob("*")) == []
    assert everything(get(carried.reference, place / "again", home=home)) == carried.files  # which verifies it


def killed_everywhere(carried: Carried, place: Path, there: Callable[..., tuple[object, ...]], times: int) -> int:
    """Kill it at every step so many times, and do it again by another process; returns at how many steps."""
    (place / "whole").mkdir()
    whole = carried.process.run(*there(carried, place / "whole", []))
    there(carried, place / "whole", None)
    for number, order in enumerate(kills(whole, times)):
        mine = place / f"{number}"
        mine.mkdir()
        with named(order):
            killed = carried.process.run(*there(carried, mine, []), **order)
            assert killed.code == -signal.SIGKILL or "after" in order
            arguments = there(carried, mine, killed.said)
            home = Home(mine / "home")
            only_mine(home)
            healthy(home, mine)
            if there not in (got, saved) or not Path(str(arguments[-1])).exists():
                assert carried.process.run(*arguments).said[-1] == "done"
            there(carried, mine, None)
            if there in (loaded, opened) and number % times == times // 2:
                healthy(home, mine)
                whole_in(home, carried, mine)
        shutil.rmtree(mine)
    return len(set(whole.steps))


VERBS = {got: 7, saved: 8, loaded: 15, opened: 18}  # at least so many steps


@pytest.mark.parametrize("there", VERBS)
def test_kill_9_at_every_step_leaves_all_or_nothing(carried, tmp_path, there):
    """Three times at each step, and at any time: nothing half under its name, and nothing left by the next time."""
    assert killed_everywhere(carried, tmp_path, there, 3) >= VERBS[there]


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("there", VERBS)
def test_kill_9_at_every_step_a_hundred_times(carried, tmp_path, there):
    """As above, 100 times each."""
    assert killed_everywhere(carried, tmp_path, there, 100) >= VERBS[there]
