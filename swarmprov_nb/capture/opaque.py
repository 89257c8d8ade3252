"""Objects whose changes cannot be seen from outside: figures, files, cursors, connections. Used means changed.

Unless the cell only shows or asks: ``fig``, ``print(ax)``, ``fig.savefig(…)``; the rule is read off the syntax tree.
"""

from __future__ import annotations

import ast
import io
import re
from typing import Any, Final

from swarmprov_nb.capture.kinds import is_a

_SHOWING: Final = frozenset({"print", "display", "repr", "str", "type", "len", "id", "isinstance", "bool", "format"})
_ASKING: Final = re.compile(r"(get|is|has)_?|savefig$|show$|canvas$|closed$|name$|mode$|axes$|figure$|number$")
_DATABASES: Final = frozenset({"sqlite3", "duckdb", "sqlalchemy"})
_DRAWINGS: Final = frozenset({"matplotlib", "seaborn", "tqdm"})
_WRITING_SQL: Final = re.compile(
    r"\b(alter|attach|begin|commit|copy|create|delete|drop|executescript|insert|load|replace|restore|to_sql|truncate"
    r"|update|vacuum)\b", re.IGNORECASE
)  # fmt: skip


def writes_database(source: str) -> bool:
    """Whether a cell's text says anything that changes a database.

    >>> writes_database("con.execute('SELECT 1')"), writes_database("df.to_sql('t', con)")
    (False, True)
    """
    return bool(_WRITING_SQL.search(source))


def acting_names(tree: ast.AST) -> set[str]:
    r"""Return the names that are used other than to be shown or asked.

    >>> sorted(acting_names(ast.parse("fig\nprint(ax)\nbar.plot(x)\nfig.savefig('a.png')")))
    ['bar', 'x']
    """
    quiet = {id(name) for node in ast.walk(tree) for name in _quiet(node)}
    loads = (node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    return {node.id for node in loads if id(node) not in quiet} - _SHOWING


def _quiet(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Expr):
        return [node.value]
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _ASKING.match(node.attr):
        return [node.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _SHOWING:
        return list(node.args)
    return []


def acted_on(value: Any, opaque: frozenset[int], *, writing: bool) -> set[int]:
    """Return the ids of the opaque objects that using `value` changes: itself, and the axes and figure around it."""
    module = type(value).__module__.partition(".")[0]
    if module in _DATABASES:
        return {id(value)} if writing or type(value).__name__ == "Cursor" else set()
    if module in _DRAWINGS:
        around = (getattr(value, name, None) for name in ("axes", "figure"))
        own = {id(value)} if hasattr(value, "get_axes") else set(opaque)
        return own | {id(each) for each in around if each is not None}
    if is_a(value, io.IOBase):
        return {id(value)}
    if module in {"builtins", "numpy", "__main__"}:
        return set(opaque)
    return set()
