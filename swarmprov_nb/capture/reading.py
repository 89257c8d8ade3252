"""What one run reads, put together: static reads, what tracking saw, and the closure of the user code that they run."""

from __future__ import annotations

import ast
import types
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from swarmprov_nb.capture.cell import Cell
from swarmprov_nb.capture.closures import Code, Use, code_of, evaluates, pending_codes, reach
from swarmprov_nb.capture.names import Names
from swarmprov_nb.capture.texts import names_in


@dataclass
class Reads:
    """The names that a run read, with the confidence of each, and the classes and code that took part."""

    names: dict[str, str] = field(default_factory=dict)
    acted: set[str] = field(default_factory=set)
    classes: dict[type, set[str]] = field(default_factory=dict)  # class -> names that brought it in
    codes: set[types.CodeType] = field(default_factory=set)


class Reader:
    """Collects one run's reads: `before` it (code objects, which it may consume) and after (late-bound names)."""

    def __init__(self, cell: Cell, namespace: dict[str, Any]) -> None:
        self._cell = cell
        self._names: Names = cell.names
        self._namespace = namespace
        self._code = {name: self._code_of(name) for name in self._names.reads if name in namespace}

    def _code_of(self, name: str) -> Code:
        uses = self._cell.uses
        use = Use(
            frozenset(self._names.attributes),
            escapes=name in self._names.passed,
            operated=name not in uses.quiet or name in self._names.texts | self._names.guesses,
            shown=name in uses.shown,
            calls=uses.made.get(name),
            only_got=uses.loaded - uses.stored,
            only_set=uses.stored - uses.loaded,
        )
        return code_of(self._namespace[name], self._namespace, use)

    def reads(
        self, places: Mapping[str, int], *, tracked: Collection[str], failed_line: int | None, bound: Collection[str]
    ) -> Reads:
        """Return the reads, after the run; `places` say which object each name had before it.

        `failed_line` is the line of the top-level statement that raised, `bound` what the run bound.
        """
        found = Reads()
        for name, line in self._names.reads.items():
            unreached = failed_line is not None and line > failed_line
            if name in places and not unreached and not (name in self._names.maybe and name in bound):
                found.names[name] = "assumed" if name in self._names.guesses else "exact"
        for name in tracked:
            if name in places:
                found.names.setdefault(name, "exact")
        found.acted = set(found.names) & (self._cell.acting | set(tracked))
        self._follow(found, places, bound)
        if any(map(evaluates, found.codes)):
            for name in self._texts():
                if name in places:
                    found.names.setdefault(name, "assumed")
        return found

    def _texts(self) -> set[str]:
        """Return the names in the cell's texts: one of its functions runs text."""
        texts = [node.value for node in ast.walk(self._cell.tree) if isinstance(node, ast.Constant)]
        return {name for text in texts if isinstance(text, str) for name in names_in(text)}

    def _follow(self, found: Reads, places: Mapping[str, int], bound: Collection[str]) -> None:
        """Add what the code behind the loaded names reads, bound late: as things stand now."""
        pending = pending_codes(self._namespace[name] for name in bound if name in self._namespace)
        made_here = {name for name in self._names.loads if name in bound and name in self._namespace}
        for name in sorted({*found.names, *made_here}):
            code = self._code.get(name) or (self._code_of(name) if name in self._namespace else None)
            if code is None:
                continue
            assigned = self._names.loads.get(name, frozenset())
            reached = reach(code, self._namespace.__getitem__, self._namespace, pending)
            found.codes |= code.codes
            for each in reached.classes:
                found.classes.setdefault(each, set()).add(name)
            for inner in reached.names - assigned:
                if inner in places:
                    found.names.setdefault(inner, "exact")
                    found.acted.add(inner)
