"""A home with two publications, and damage to its files as disks and power cuts do it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from studies import Study, make_study

from swarmprov_nb.carrying import save
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish

QUIET = {"yes": True, "say": lambda _: None}


@dataclass(frozen=True)
class Kept:
    """A home, the folder of its first notebook, and its two publications."""

    home: Home
    folder: Path
    references: list[str]

    def copied(self, place: Path) -> Kept:
        """Return the same with home and notebook in another place, to be hurt there."""
        shutil.copytree(self.home.root, place / "home")
        return Kept(Home(place / "home"), self.folder, self.references)


def make_home(place: Path, *, chain: str) -> Kept:
    """Publish two notebooks from one home; the first is saved in place/one.swarm too."""
    home = Home(place / "home")
    studies = [make_study(home, place / name) for name in ("one", "two")]
    _retitled(studies[1])
    references = [publish(study.notebook, home=home, chain=chain, **QUIET).reference for study in studies]
    save(references[0], place / "one.swarm", home=home)
    return Kept(home, studies[0].folder, references)


def _retitled(study: Study) -> None:
    study.notebook.write_text(study.notebook.read_text().replace("# A study", "# Another"))


def flipped(path: Path, at: int, *, bit: int = 0) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)
