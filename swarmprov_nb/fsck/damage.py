"""One file that is hurt: which, how, what is hurt by it, and what can be done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, count
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


def fault_of(file: Path, read: Callable[[], object]) -> str | None:
    """Return what the error that reading a file raises says of it, None where it can be read."""
    try:
        read()
    except SwarmprovError as error:
        return fault_in(file, error)
    return None


def fault_in(file: Path, error: SwarmprovError) -> str:
    """Return what an error says of a file, to be put behind its name."""
    return error.what.rstrip(".").removeprefix(f"{file} is damaged: ").removeprefix(f"{file} is ")


def move_aside(file: Path) -> Path:
    """Give a hurt file a name under which nothing looks for it, and return that."""
    goals = (file.with_name(f"{file.name}.hurt{number}") for number in chain([""], count(2)))
    return file.rename(next(goal for goal in goals if not goal.exists()))


def move_all_aside(database: Path) -> None:
    """Move a database aside with what SQLite keeps beside it, which must not meet a new one."""
    for each in (database, *(database.with_name(database.name + end) for end in ("-journal", "-wal", "-shm"))):
        if each.exists():
            move_aside(each)


def anew(file: Path, write: Callable[..., object], *content: object) -> Callable[[], None]:
    """Return what moves a hurt file aside, where there is one, and writes it again."""

    def mend() -> None:
        if file.exists():
            move_aside(file)
        write(file, *content)

    return mend
