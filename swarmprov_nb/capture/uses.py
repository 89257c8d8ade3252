"""How a cell uses values, read off its syntax tree: what is only kept, shown or asked for an attribute runs no code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

SHOWING: Final = frozenset({"bool", "display", "format", "hasattr", "id", "isinstance", "issubclass", "len", "print",
                            "repr", "str", "type"})  # fmt: skip
_LAZY: Final = frozenset({"filter", "map", "partial"})  # they keep a function and call it later


@dataclass(frozen=True)
class Uses:
    """How the text uses names and attributes.

    `quiet` are names whose own value is only kept, shown or asked for an attribute. `shown` are printed.
    `made` maps functions that are called only for a result that is kept to how often one call follows another.
    `loaded` and `stored` are the attributes got and set.

    >>> uses_of(ast.parse("add = make(2)")).made
    {'make': 1}
    >>> sorted(uses_of(ast.parse("g = f; print(h); k(x)")).quiet)
    ['f', 'h']
    """

    quiet: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    made: Mapping[str, int] = field(default_factory=dict)
    loaded: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()


def uses_of(tree: ast.AST) -> Uses:
    """Return how the tree uses names and attributes."""
    quiet: set[int] = set()
    shown: set[str] = set()
    makers: dict[int, int] = {}
    loaded: set[str] = set()
    stored: set[str] = set()
    nodes = list(ast.walk(tree))
    calling = any(isinstance(node, ast.Call) for node in nodes)
    for node in nodes:
        quiet.update(id(part) for part in _asked(node))
        shown.update(part.id for part in _shown(node))
        for value in _kept(node, calling=calling):
            quiet.update(id(part) for part in _plain(value))
            makers.update(_maker(value))
        if isinstance(node, ast.Attribute):
            (loaded if isinstance(node.ctx, ast.Load) else stored).add(node.attr)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            loaded.add(node.target.attr)
    loads = [part for part in nodes if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Store)]
    made: dict[str, int] = {}
    for part in loads:
        made[part.id] = max(made.get(part.id, 0), makers.get(id(part), 1000))
    return Uses(
        quiet=frozenset(made) - {part.id for part in loads if id(part) not in quiet},
        shown=frozenset(shown),
        made={name: calls for name, calls in made.items() if calls < 1000},  # noqa: PLR2004 - see above
        loaded=frozenset(loaded),
        stored=frozenset(stored),
    )


def _asked(node: ast.AST) -> Iterator[ast.Name]:
    """Yield names that are asked for an attribute, or only shown."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value
    yield from _shown(node)


def _shown(node: ast.AST) -> Iterator[ast.Name]:
    parts: list[ast.expr] = []
    if isinstance(node, ast.Expr | ast.FormattedValue):
        parts = [node.value]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SHOWING:
        parts = node.args
    yield from (part for part in parts if isinstance(part, ast.Name))


def _kept(node: ast.AST, *, calling: bool) -> Iterator[ast.expr]:
    """Yield expressions whose value is stored and nothing else is done with; decorators count as calls.

    What is stored into an object of a `calling` cell may be called through it.
    """
    if isinstance(node, ast.Assign):
        named = all(isinstance(each, ast.Name | ast.Tuple) for each in node.targets)
        yield from _members(node.value) if named or not calling else ()
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield from _members(node.value)
    elif isinstance(node, ast.FunctionDef):
        yield from (ast.Call(each, [], []) for each in node.decorator_list)


def _members(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.Tuple | ast.List | ast.Set):
        for part in value.elts:
            yield from _members(part)
    elif isinstance(value, ast.Dict):
        for part in value.values:
            yield from _members(part)
    else:
        yield value


def _plain(value: ast.expr) -> Iterator[ast.Name]:
    if isinstance(value, ast.Name):
        yield value
    elif isinstance(value, ast.Call) and (_name(value.func) in _LAZY or _name(value.func, dotted=True) == "partial"):
        yield from (part for part in value.args if isinstance(part, ast.Name))


def _name(node: ast.expr, *, dotted: bool = False) -> str:
    return getattr(node, "attr" if dotted else "id", "")


def _maker(value: ast.expr) -> dict[int, int]:
    calls = 0
    while isinstance(value, ast.Call):
        value, calls = value.func, calls + 1
    return {id(value): calls} if calls and isinstance(value, ast.Name) else {}
