"""The terminal: answers on standard output, everything said beside them on standard error."""

from __future__ import annotations

import sys
from typing import Any, Final

from swarmprov_nb.outcome import one_line

_WIDEST: Final = 60  # characters of a table's cell


def complain(what: str, next_step: str) -> None:
    """Print two lines, whatever a file or a stranger's text put into them."""
    said = what if what.startswith("swarmprov") else f"swarmprov: {what}"
    lines = [one_line(" ".join(text.split())) for text in (said, next_step)]
    clear_progress()
    print(*lines, sep="\n", file=sys.stderr)


def say(line: str) -> None:
    """Say a line beside the answer."""
    clear_progress()
    print(line, file=sys.stderr, flush=True)


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask a person on a terminal; in a pipe only --yes counts."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    say(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def progress(text: str) -> None:
    """Rewrite one line on a terminal; say nothing in a pipe."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    """Take the progress off the terminal."""
    progress("")


def in_columns(frame: Any) -> str:
    """Return a pandas frame as text: whole numbers whole, labels cut, and nothing where there is nothing."""
    from swarmprov_nb.view.labels import clean

    shown = frame.round(3).convert_dtypes().astype(object)
    shown = shown.where(shown.notna(), "").map(lambda value: clean(str(value), limit=_WIDEST))
    return str(shown.to_string(index=False))
