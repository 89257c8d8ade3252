"""The dynamic fallback: a mapping that stands in as ``exec``'s locals and notes each name a cell really looks up.

Only module-level code honours it (LOAD_NAME, STORE_NAME); functions defined meanwhile keep the real namespace as their
globals. It costs ten times the plain look-up, hence a fallback for cells that static reading cannot see through.
"""

from __future__ import annotations

import ast
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final

_MAPPING: Final = frozenset({"get", "items", "keys", "pop", "setdefault", "update", "values"})


def contained(tree: ast.AST) -> bool:
    """Whether every ``globals()`` is used on the spot, so that a stand-in for it goes nowhere.

    >>> contained(ast.parse("globals()['x'] = 1")), contained(ast.parse("exec(code, globals())"))
    (True, False)
    """
    used = {
        id(node.value.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) or (isinstance(node, ast.Attribute) and node.attr in _MAPPING)
        if isinstance(node.value, ast.Call)
    }
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "globals"]
    return all(id(name) in used for name in names)


class Tracker(dict[str, Any]):
    """Write through to `real` and note reads that precede writes.

    >>> space = {"x": 1}
    >>> tracker = Tracker(space)
    >>> exec("y = x + 1; z = y", space, tracker)
    >>> sorted(tracker.reads), sorted(tracker.writes), space["z"]
    (['x'], ['y', 'z'], 2)
    """

    def __init__(self, real: dict[str, Any], *, contained: bool = False) -> None:
        super().__init__()
        self._real = real
        self._contained = contained
        self.reads: set[str] = set()
        self.writes: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = self._real.get(name, self)
        if value is self:
            if name == "globals" and self._contained:
                return lambda: self
            raise KeyError(name)
        if name not in self.writes:
            self.reads.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.writes.add(name)
        self._real[name] = value

    def __delitem__(self, name: str) -> None:
        del self._real[name]
        if name not in self.writes:
            self.reads.add(name)
        self.writes.add(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        return self[name] if name in self._real else default

    def pop(self, name: str, *default: Any) -> Any:
        """Remove and return a value."""
        if name not in self._real:
            return self._real.pop(name, *default)
        value = self[name]
        del self[name]
        return value

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return a value, set first where there is none."""
        if name not in self._real:
            self[name] = default
        return self[name]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several names."""
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def __contains__(self, name: object) -> bool:
        return name in self._real

    def __iter__(self) -> Iterator[str]:
        return iter(self._real)

    def __len__(self) -> int:
        return len(self._real)

    def __eq__(self, other: object) -> bool:
        return self._real == (other._real if isinstance(other, Tracker) else other)

    __hash__ = None  # a dict is unhashable

    def __repr__(self) -> str:
        return repr(self._real)

    def __or__(self, other: Any) -> Any:
        return self._real | other

    def keys(self) -> Any:
        """Return the names there are."""
        return self._real.keys()

    def items(self) -> Any:
        """Return names and values; looking at all of them reads none."""
        return self._real.items()

    def values(self) -> Any:
        """Return the values; looking at all of them reads none."""
        return self._real.values()

    def copy(self) -> dict[str, Any]:
        """Return a plain copy; copying reads no name."""
        return dict(self._real)


class Substitution:
    """Wraps the shell's ``run_code`` so that a tracker can stand in for its namespace while code runs."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._inner: Callable[..., Any] | None = None
        self.tracker: Tracker | None = None

    def install(self) -> None:
        """Wrap ``run_code``."""
        self._inner = inner = self._shell.run_code

        def run_code(code: Any, result: Any = None, *, async_: bool = False) -> Any:
            running = inner(code, result, async_=async_)
            self._stand_in(running)
            return running

        self._mine = run_code
        self._shell.run_code = run_code

    def remove(self) -> None:
        """Unwrap it, unless somebody wrapped it again: then it stays, and does nothing."""
        self.tracker = None
        if vars(self._shell).get("run_code") is self._mine:
            del self._shell.run_code

    def _stand_in(self, running: Any) -> None:
        """Put the tracker in the namespace's place until what runs is over, which frees it.

        Awaited in a function of ours, it would have one more frame below it: the user's recursions would end one call
        sooner, and stacks show us.
        """
        real, tracker = self._shell.user_ns, self.tracker
        if tracker is None or isinstance(real, Tracker):
            return
        self._over = weakref.ref(running, lambda _: setattr(self._shell, "user_ns", real))
        self._shell.user_ns = tracker
