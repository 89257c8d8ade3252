"""The outcome of one check of a verification: passed, failed or not checked, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PASS: Final = "pass"  # noqa: S105 - an outcome
FAIL: Final = "fail"
NOT_CHECKED: Final = "not checked"
_MARKS: Final = {PASS: "✓", FAIL: "✗", NOT_CHECKED: "-"}
_MARKER_WIDTH: Final = 14
_LONGEST: Final = 2000


@dataclass(frozen=True)
class Check:
    """One check by its name: what was found, and for a failure what was expected and what is."""

    name: str
    outcome: str
    detail: str
    expected: str | None = None
    actual: str | None = None

    def __str__(self) -> str:
        text = f"{_MARKS[self.outcome]} {self.name:<{_MARKER_WIDTH}} {self.detail}"
        if self.expected is not None:
            text += f" (expected {self.expected}, is {self.actual})"
        return one_line(text)


def one_line(text: str) -> str:
    r"""Return a stranger's text as it may stand in a report: one line, nothing that a terminal obeys or turns round.

    >>> one_line("Alice\n✓ anchor\x1b[2J")
    'Alice�✓ anchor�[2J'
    """
    return "".join(character if character.isprintable() else "�" for character in text[:_LONGEST])
