"""The line across people as a tree of text: whose work, at which level, what was taken from it, and where it ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.upstream import Ancestor

_FILES: Final = 6
_LABEL: Final = 80
_MARK: Final = 240


def upstream_lines(line: Sequence[Ancestor], *, in_full: bool = False) -> Iterator[str]:
    """Yield the lines of the tree, from what the work builds on to what that builds on.

    With `in_full` the digests and keys, by which the work names its parents, stand below each of them.
    """
    written: set[str] = set()
    pending = [("", one, last) for one, last in reversed(_with_last(line))]
    while pending:
        lead, one, last = pending.pop()
        again = one.manifest in written
        inner = lead + ("   " if last else "│  ")
        yield f"{lead}{'└' if last else '├'}─ {caption(one)}{'  (above)' if again else ''}"
        if in_full and not lead:
            yield from (f"{inner}   {key:<8} {getattr(one, key)}" for key in ("author", "manifest", "content"))
        yield from (f"{inner}   {clean(mark, limit=_MARK)}" for mark in one.marks)
        if again:
            continue
        written.add(one.manifest)
        if one.ends is not None:
            yield f"{inner}   the line ends here: {one.ends} (manifest {one.manifest[:12]}…)"
        pending += [(inner, parent, end) for parent, end in reversed(_with_last(one.parents))]


def caption(one: Ancestor) -> str:
    """Return one publication in a line: its notebook, its signer, its level, and what was taken from it."""
    name = clean(one.notebook, limit=_LABEL) if one.notebook else "a publication"
    level = f" · level {one.level}" if one.level else ""
    return f"{name} · {clean(one.signer, limit=_LABEL)}{level} · {files_of(one)}"


def files_of(one: Ancestor) -> str:
    """Return what was taken from a publication, by name; a file from a signer whom nobody there knew says so."""
    named = [f"{clean(t.subject, limit=_LABEL)}{' (any signer)' if t.any_signer else ''}" for t in one.taken]
    more = f" and {len(named) - _FILES} more" if len(named) > _FILES else ""
    return ", ".join(named[:_FILES]) + more


def _with_last(line: Sequence[Ancestor]) -> list[tuple[Ancestor, bool]]:
    return [(one, index == len(line) - 1) for index, one in enumerate(line)]
