"""Names inside the texts of a cell: queries, formulas, expressions, format strings filled from a namespace."""

from __future__ import annotations

import ast
import re
from typing import Final

_QUERY: Final = re.compile(r"@([A-Za-z_]\w*)")
_FORMULA: Final = re.compile(r"([A-Za-z_]\w*)\s*[(.]")
_PLACE: Final = re.compile(r"(?:\{|%\()([A-Za-z_]\w*)")
_EVALUATORS: Final = frozenset({"pd", "pandas", "ne", "numexpr"})
_NAMESPACES: Final = frozenset({"globals", "locals", "vars"})


def names_in(text: str) -> list[str]:
    """Return the names in a text that is an expression or statements, none if it is neither.

    >>> names_in("a + b.c"), names_in("a dog")
    (['a', 'b'], [])
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return []
    return sorted({part.id for part in ast.walk(tree) if isinstance(part, ast.Name)})


def names_in_arguments(call: ast.Call) -> list[str]:
    """Return the names inside ``frame.query("a > @limit")``, ``ols("y ~ scale(x)")`` and ``pd.eval("a + b")``.

    >>> names_in_arguments(ast.parse("frame.query('a > @limit')", mode="eval").body)
    ['limit']
    """
    function = call.func
    attribute = function.attr if isinstance(function, ast.Attribute) else ""
    evaluating = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") in _EVALUATORS
    found: list[str] = []
    for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            continue
        found += _QUERY.findall(argument.value) if attribute in {"query", "eval"} else []
        found += _FORMULA.findall(argument.value) if "~" in argument.value else []
        found += names_in(argument.value) if attribute in {"eval", "evaluate"} and evaluating else []
    return found


def names_filled_in(node: ast.Call | ast.BinOp) -> list[str]:
    """Return the names inside ``"{x}".format(**globals())`` and ``"%(x)s" % locals()``.

    >>> names_filled_in(ast.parse("'{x:>3} {y}'.format(**globals())", mode="eval").body)
    ['x', 'y']
    """
    if isinstance(node, ast.BinOp):
        text, filled = node.left, isinstance(node.op, ast.Mod) and _is_namespace(node.right)
    elif isinstance(node.func, ast.Attribute):
        text, filled = node.func.value, any(_is_namespace(keyword.value) for keyword in node.keywords)
    else:
        return []
    constant = text.value if filled and isinstance(text, ast.Constant) else None
    return _PLACE.findall(constant) if isinstance(constant, str) else []


def _is_namespace(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and not node.args and getattr(node.func, "id", "") in _NAMESPACES
