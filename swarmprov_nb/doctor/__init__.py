"""Doctor: what works on this machine, what is missing, and how to get it.

It makes nothing, changes nothing and asks no network. What it says may be pasted into an issue: it holds no key, and
the user's home folder reads ``~``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.doctor.check import BROKEN, NOTE, Check, home_folder
from swarmprov_nb.doctor.places import places
from swarmprov_nb.doctor.software import software
from swarmprov_nb.home import Home

FORMAT: Final = "swarmprov-doctor/1"


@dataclass(frozen=True)
class Diagnosis:
    """All lines of the doctor, in order.

    >>> from swarmprov_nb.doctor.check import Check
    >>> print(Diagnosis((Check("Python", "ok", "3.11.7"),)))
    ✓ Python             3.11.7
    <BLANKLINE>
    Everything works.
    """

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """0 where nothing is broken, also if something optional is missing; else 1."""
        return int(any(check.state == BROKEN for check in self.checks))

    def to_json(self) -> dict[str, Any]:
        """Return ``format``, ``healthy``, and ``checks[]`` with ``name``, ``state``, ``said`` and ``next_step``."""
        return {"format": FORMAT, "healthy": not self.exit_code, "checks": [asdict(check) for check in self.checks]}

    def __str__(self) -> str:
        states = [check.state for check in self.checks]
        broken, notes = states.count(BROKEN), states.count(NOTE)
        end = "Everything works."
        if broken:
            end = f"{broken} broken: do what stands behind →, then ask again."
        elif notes:
            end = "Everything needed works; lines with ! are optional."
        return "\n".join([*map(str, self.checks), "", end])


def diagnosis(home: Home, folder: Path) -> Diagnosis:
    """Look at software, `home` and `folder`; takes well under a second.

    >>> report = diagnosis(Home(Path("/nowhere")), Path())
    >>> report.checks[0].name
    'system'
    """
    checks = (*software(), *places(home, folder.absolute()))
    hidden = home_folder()
    return Diagnosis(tuple(check.without(hidden) for check in checks) if hidden else checks)
