"""Where a cell's text seeds a random generator: the calls, for the record, and which global generators they reset."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, Final

_GLOBAL: Final = frozenset({
    "seed", "manual_seed", "manual_seed_all", "set_state", "setstate", "set_rng_state", "set_seed",
})  # fmt: skip
_OWN: Final = frozenset({"default_rng", "RandomState", "SeedSequence", "PCG64", "Random", "PRNGKey"})
_KEYWORDS: Final = frozenset({"random_state", "seed", "random_seed"})


def seeds_of(tree: ast.AST, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the seeding calls and keywords of a cell, names of integers replaced by their values.

    >>> seeds_of(ast.parse("np.random.seed(S); fit(random_state=1)"), {"S": 7})
    ('np.random.seed(7)', 'random_state=1')
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if _called(node) in _GLOBAL | _OWN and node.args:
            arguments = ", ".join(_text(argument, namespace) for argument in node.args)
            found.append(f"{ast.unparse(node.func)}({arguments})")
        found += [
            f"{keyword.arg}={_text(keyword.value, namespace)}"
            for keyword in node.keywords
            if keyword.arg in _KEYWORDS and ast.unparse(keyword.value) != "None"
        ]
    return tuple(dict.fromkeys(found))


def seeded_generators(tree: ast.AST) -> set[str]:
    """Return the global generators that the cell's own calls reset.

    >>> seeded_generators(ast.parse("np.random.seed(0)"))
    {'<np.random>'}
    """
    roots = {
        ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in _GLOBAL
    }
    return {_generator(root) for root in roots}


def resets_generators(attributes: frozenset[str] | set[str]) -> bool:
    """Whether code that mentions these attributes may reset a global generator."""
    return bool(_GLOBAL & attributes)


def _generator(root: str) -> str:
    if root.startswith(("np.", "numpy.")):
        return "<np.random>"
    return "<torch>" if root.startswith("torch.") else "<random>"


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _text(node: ast.expr, namespace: Mapping[str, Any]) -> str:
    value = namespace.get(node.id) if isinstance(node, ast.Name) else None
    return str(value) if type(value) is int else ast.unparse(node)
