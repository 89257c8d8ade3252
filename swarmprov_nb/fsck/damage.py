"""One file that is hurt: which, how, what is hurt by it, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from swarmprov_nb.errors import SwarmprovError


@dataclass(frozen=True)
class Damage:
    """A hurt file. `mend` rebuilds it without loss, None where that cannot be; what it replaces is moved aside.

    >>> print(Damage(Path("a.idx"), "its checksum is wrong", "It is rebuilt from its pack."))
    a.idx is hurt: its checksum is wrong.
      It is rebuilt from its pack.
    """

    file: Path
    what: str
    cure: str
    hurts: tuple[str, ...] = ()
    mend: Callable[[], object] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        below = [*(f"Hurts {name}." for name in self.hurts), *self.cure.split("\n")]
        return "\n  ".join([f"{self.file} is hurt: {self.what}.", *below])


def fault_in(file: Path, error: SwarmprovError) -> str:
    """Return what an error says of a file, to be put behind its name."""
    return error.what.rstrip(".").removeprefix(f"{file} is damaged: ").removeprefix(f"{file} is ")


def move_aside(file: Path) -> Path:
    """Give a hurt file a name under which nothing looks for it, and return that."""
    number, goal = 1, file.with_name(f"{file.name}.hurt")
    while goal.exists():
        number, goal = number + 1, file.with_name(f"{file.name}.hurt{number + 1}")
    return file.rename(goal)
