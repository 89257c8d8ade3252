"""Who last wrote each column of a data frame, and which columns a cell asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

Digests = Mapping[object, int]  # of the columns of one frame, by label
_WHOLE: Final = object()


class Columns:
    """The ledger of the columns of the variables that are data frames.

    >>> columns = Columns()
    >>> columns.settle(1, "df", {}, {"a": 7, "b": 8})
    >>> columns.settle(2, "df", {"a": 7, "b": 8}, {"a": 7, "b": 9})
    >>> columns.writers("df", {"a"})
    {1}
    """

    def __init__(self) -> None:
        self._writers: dict[str, dict[object, int]] = {}

    def settle(self, sequence: int, name: str, old: Digests, new: Digests) -> None:
        """Take over what run `sequence` left; a name that was bound anew has no old columns."""
        known = self._writers.get(name, {})
        self._writers[name] = {
            label: known[label] if label in known and old.get(label) == digest else sequence
            for label, digest in new.items()
        }

    def forget(self, name: str) -> None:
        """Forget a name."""
        self._writers.pop(name, None)

    def writers(self, name: str, asked: set[str]) -> set[int]:
        """Return the runs that last wrote the columns asked for, none if not all of these are columns."""
        known = self._writers.get(name, {})
        return {known[label] for label in asked} if asked <= known.keys() else set()


def columns_asked(tree: ast.AST) -> dict[str, set[str]]:
    """Return, for each name that is used for its columns only, the labels of those.

    >>> columns_asked(ast.parse("t['z'] = t.a + t[['b', 'c']].sum(axis=1); print(u['d'], u)"))["t"] == {"a", "b", "c"}
    True
    """
    asked: dict[str, set[object]] = {}
    inside: set[int] = set()
    for node in ast.walk(tree):
        for name, labels in _labels(node):
            inside.add(id(name))
            asked.setdefault(name.id, set()).update(labels)
        if isinstance(node, ast.Name) and id(node) not in inside and not isinstance(node.ctx, ast.Store):
            asked.setdefault(node.id, set()).add(_WHOLE)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript | ast.Attribute):
            asked.setdefault(getattr(node.target.value, "id", ""), set()).add(_WHOLE)
    return {
        name: {label for label in labels if isinstance(label, str)}
        for name, labels in asked.items()
        if labels and _WHOLE not in labels
    }


def _labels(node: ast.AST) -> Iterator[tuple[ast.Name, set[object]]]:
    """Yield the name and the labels of ``name.label``, ``name['label']`` and ``name[['label', …]]``."""
    if not isinstance(node, ast.Attribute | ast.Subscript) or not isinstance(node.value, ast.Name):
        return
    if isinstance(node, ast.Attribute):
        labels: set[object] = {node.attr}
    else:
        parts = node.slice.elts if isinstance(node.slice, ast.List) else [node.slice]
        constants = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
        labels = set(constants) if len(constants) == len(parts) else {_WHOLE}
    yield node.value, labels if isinstance(node.ctx, ast.Load) else labels & {_WHOLE}
