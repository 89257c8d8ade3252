"""A cell as typed, and all that its text says: one analysis per run, before it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from swarmprov_nb.capture.columns import columns_asked
from swarmprov_nb.capture.kinds import is_a
from swarmprov_nb.capture.names import Names, names_of
from swarmprov_nb.capture.opaque import acting_names
from swarmprov_nb.capture.seeds import seeded_generators
from swarmprov_nb.capture.tracking import contained
from swarmprov_nb.capture.uses import Uses, uses_of

_OUTPUTS: Final = frozenset({"Out", "_oh"})
_NESTING: Final = frozenset({"capture", "provenance"})
_SHORT: Final = 300  # longer texts name no file


@dataclass(frozen=True)
class Cell:
    """The text of a cell, analysed; `error` says why it could not be."""

    source: str
    tree: ast.Module
    names: Names
    uses: Uses
    acting: frozenset[str]
    seeded: frozenset[str]
    outputs: frozenset[str]
    columns: Mapping[str, set[str]]
    error: str | None = None

    @property
    def needs_tracking(self) -> bool:
        """Whether only running it shows what it reads; magics that run code by themselves leave it to text."""
        return self.names.dynamic and all(m.code() is None or m.name in _NESTING for m in self.names.magics)

    @property
    def contained(self) -> bool:
        """Whether ``globals()`` can be stood in for."""
        return contained(self.tree)


def cell_of(source: str, transform: Callable[[str], str]) -> Cell:
    """Analyse a cell; `transform` is the shell's ``transform_cell``.

    >>> cell_of("y = x", str).names.reads
    {'x': 1}
    """
    error = None
    try:
        tree = ast.parse(transform(_body(source)))
    except (SyntaxError, ValueError) as failure:  # the shell will say so, and nothing will run
        tree, error = ast.Module([], []), type(failure).__name__

    def parse(text: str) -> ast.Module:
        try:
            return ast.parse(transform(text))
        except (SyntaxError, ValueError):
            return ast.Module([], [])

    names = names_of(tree, parse)
    inside = [parse(code) for code in (magic.code() for magic in names.magics) if code]
    whole = ast.Module([*tree.body, *(statement for part in inside for statement in part.body)], [])
    return Cell(
        source=source,
        tree=whole,
        names=names,
        uses=uses_of(whole),
        acting=frozenset(acting_names(whole)),
        seeded=frozenset(seeded_generators(whole)),
        outputs=frozenset(_outputs(whole)),
        columns=columns_asked(whole),
        error=error,
    )


def _body(source: str) -> str:
    """Return what runs when the ``%%provenance`` line is taken off."""
    first, _, rest = source.lstrip().partition("\n")
    return rest if first.startswith("%%provenance") else source


def _outputs(tree: ast.AST) -> set[str]:
    """Return ``_7`` for each ``Out[7]``."""
    return {
        f"_{node.slice.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in _OUTPUTS
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
    }


def short_texts(values: list[Any]) -> list[str]:
    """Return the texts and paths among values: what a shell line may have been given.

    >>> short_texts(["a.csv", 3])
    ['a.csv']
    """
    kinds = [(next((kind for kind in (str, PurePath) if is_a(value, kind)), None), value) for value in values]
    texts = [kind.__str__(value) for kind, value in kinds if kind is not None]  # a user's own class may have another
    return [text for text in texts if len(text) < _SHORT]
