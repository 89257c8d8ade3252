"""Reads inside user code: the global names that functions, classes and instances of a notebook look up when they run.

Names are bound late, so they are looked up after the cell has run; code objects are collected before, because the
cell may exhaust a generator or delete a function. Only code whose globals are the notebook's counts.
"""

from __future__ import annotations

import dis
import functools
import gc
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from swarmprov_nb.capture.kinds import is_a
from swarmprov_nb.capture.makers import returned
from swarmprov_nb.capture.texts import names_in
from swarmprov_nb.capture.walk import own_dictionary

_CONSTRUCTING: Final = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__"})
_ASKED: Final = frozenset({"__getattr__", "__getattribute__", "__setattr__", "__delattr__"})
_SHOWN: Final = frozenset({"__repr__", "__str__", "__format__", "__len__", "__bool__", "__hash__", "_repr_html_"})
_DYNAMIC: Final = frozenset({"exec", "eval", "globals", "vars", "get_ipython"})
_PROSE: Final = 1000  # longer texts are no code
_NODES: Final = 300  # how far a value is searched for functions
_PLAIN: Final = frozenset({"pandas", "pyarrow", "matplotlib", "asyncio"})  # hold no code of the user's
_EVALUATING: Final = frozenset({"statsmodels", "patsy", "formulaic"})  # hold it in formulas, and run it to predict
_FUNCTIONS: Final = (types.FunctionType, types.MethodType, functools.partial)
_CONTAINERS: Final = (dict, list, tuple, set, frozenset)
_ATOMS: Final = (int, float, complex, str, bytes, bool, type(None), types.ModuleType, types.BuiltinFunctionType)


@functools.lru_cache(maxsize=4096)
def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the global names that `code` and what is nested in it load.

    >>> global_names(compile("lambda: x", "", "eval").co_consts[0])
    frozenset({'x'})
    """
    return _own_names(code).union(*map(global_names, _nested(code)))


@functools.lru_cache(maxsize=4096)
def names_of_calls(code: types.CodeType, calls: int) -> frozenset[str]:
    r"""Return the global names that `calls` calls load, one of the other's result; what the last returns is kept.

    >>> source = "def make():\n  seed\n  return lambda: later"
    >>> names_of_calls(compile(source, "", "exec").co_consts[0], 1)
    frozenset({'seed'})
    """
    kept = returned(code)
    run = [names_of_calls(part, calls - 1) for part in kept] if calls > 1 else []
    return _own_names(code).union(*run, *(global_names(part) for part in _nested(code) if part not in kept))


def _own_names(code: types.CodeType) -> frozenset[str]:
    found = {step.argval for step in dis.get_instructions(code) if step.opname in {"LOAD_GLOBAL", "LOAD_NAME"}}
    return frozenset(found | _names_in_texts(code) if found & _DYNAMIC else found)


def _nested(code: types.CodeType) -> list[types.CodeType]:
    return [part for part in code.co_consts if isinstance(part, types.CodeType)]


@functools.lru_cache(maxsize=4096)
def attribute_names(code: types.CodeType) -> frozenset[str]:
    """Return the attribute names that `code` and what is nested in it mention."""
    return frozenset(code.co_names).union(*map(attribute_names, _nested(code)))


def evaluates(code: types.CodeType) -> bool:
    """Whether `code` runs text."""
    return bool({"exec", "eval"} & attribute_names(code))


def _names_in_texts(code: types.CodeType) -> set[str]:
    found: set[str] = set()
    for text in code.co_consts:
        if isinstance(text, str) and len(text) < _PROSE:
            found |= set(names_in(text))
    return found


@dataclass(frozen=True)
class Use:
    """How a cell uses a value: the attributes it names, and whether the value was handed to somebody else's code.

    A value that is not `operated` on is only kept, asked for an attribute or, if `shown`, printed. `calls` counts the
    calls of a function whose result is kept, None if more may happen to it. `only_got` and `only_set` are attributes.
    """

    attributes: frozenset[str] = frozenset()
    escapes: bool = False
    operated: bool = True
    shown: bool = True
    calls: int | None = None
    only_got: frozenset[str] = frozenset()
    only_set: frozenset[str] = frozenset()


@dataclass
class Code:
    """What may run when a value is used: code objects, and user classes whose current state then counts.

    `calls` says of code whose result is only kept how often it is called.
    """

    codes: set[types.CodeType] = field(default_factory=set)
    calls: dict[types.CodeType, int] = field(default_factory=dict)
    classes: set[type] = field(default_factory=set)


def code_of(value: Any, namespace: Mapping[str, Any], use: Use) -> Code:
    """Return the user code that using `value` may run.

    >>> space = {}
    >>> exec("def area(r): return pi * r * r", space)
    >>> code = code_of(space["area"], space, Use())
    >>> [global_names(each) for each in code.codes]
    [frozenset({'pi'})]
    """
    search = _Search(namespace, use)
    if use.operated or not is_a(value, _FUNCTIONS):
        search.visit(value)
    if use.calls is not None and is_a(value, types.FunctionType) and value.__code__ in search.code.codes:
        search.code.calls[value.__code__] = use.calls
    return search.code


class _Search:
    def __init__(self, namespace: Mapping[str, Any], use: Use) -> None:
        self.code = Code()
        self._namespace = namespace
        self._use = use
        self._seen: set[int] = set()
        self._keep: list[Any] = []

    def visit(self, value: Any) -> None:
        if issubclass(type(value), _ATOMS) or id(value) in self._seen or len(self._seen) > _NODES:
            return
        self._seen.add(id(value))
        self._keep.append(value)  # an id is only good while its object lives
        for part in self._parts(value):
            self.visit(part)

    def _parts(self, value: Any) -> Iterable[Any]:
        kind = type(value)  # as `is_a` does, without a call for each question
        if issubclass(kind, types.FunctionType):
            return self._function(value)
        if issubclass(kind, types.MethodType):
            return (value.__func__, value.__self__)
        if issubclass(kind, functools.partial):
            return (value.func, *value.args, *value.keywords.values())
        if issubclass(kind, property):
            return (value.fget, value.fset)
        if issubclass(kind, type):
            return self._class(value, constructing=True)
        return self._container(value)

    def _container(self, value: Any) -> Iterable[Any]:
        kind = type(value)
        if issubclass(kind, types.GeneratorType | types.CoroutineType | types.AsyncGeneratorType):
            return self._generator(value)
        if issubclass(kind, staticmethod | classmethod):
            return (value.__func__,)
        if kind.__module__ in {"builtins", "itertools"} and hasattr(kind, "__next__"):
            return [part for part in gc.get_referents(value) if type(part) is not type]
        base: Any = next((base for base in _CONTAINERS if issubclass(kind, base)), None)
        if base is None:
            return self._instance(value)
        if base.__len__(value) > _NODES:
            return ()
        return list(dict.values(value) if base is dict else base.__iter__(value))  # a subclass may have its own

    def _function(self, value: types.FunctionType) -> Iterable[Any]:
        if value.__globals__ is self._namespace:
            self.code.codes.add(value.__code__)
        yield from _cells(value.__closure__ or ())
        yield from value.__defaults__ or ()
        yield from (value.__kwdefaults__ or {}).values()
        yield getattr(value, "__wrapped__", None)

    def _generator(self, value: Any) -> Iterable[Any]:
        code = getattr(value, "gi_code", None) or getattr(value, "cr_code", None) or value.ag_code
        frame = getattr(value, "gi_frame", None) or getattr(value, "cr_frame", None) or getattr(value, "ag_frame", None)
        if frame is not None and frame.f_globals is self._namespace:
            self.code.codes.add(code)
            return list(frame.f_locals.values())
        return ()

    def _class(self, value: type, *, constructing: bool) -> Iterator[Any]:
        for base in value.__mro__:
            if base.__module__ == "__main__":
                self.code.classes.add(base)
                for name, part in list(vars(base).items()):
                    if self._runs(name, constructing=constructing):
                        yield self._accessor(name, part)

    def _accessor(self, name: str, part: Any) -> Any:
        if not is_a(part, property) or self._use.escapes:
            return part
        if name in self._use.only_set:
            return part.fset
        return part.fget if name in self._use.only_got else part

    def _runs(self, name: str, *, constructing: bool) -> bool:
        if constructing:
            return name in _CONSTRUCTING or name in self._use.attributes or self._use.escapes
        if self._use.escapes or name in self._use.attributes or name in _ASKED:
            return True
        if self._use.operated or len(self._seen) > 1:  # only the value itself is known to be merely asked or shown
            return name[:2] == "__" and name not in _CONSTRUCTING
        return self._use.shown and name in _SHOWN

    def _instance(self, value: Any) -> Iterable[Any]:
        kind = type(value)
        if kind.__module__ == "__main__":
            yield from self._class(kind, constructing=False)
        library = kind.__module__.partition(".")[0]
        if library in _PLAIN or (library in _EVALUATING and not (self._use.escapes or self._predicts())):
            return
        yield from list(own_dictionary(value).values())

    def _predicts(self) -> bool:
        return any("predict" in name or "forecast" in name for name in self._use.attributes)


def _cells(closure: Iterable[types.CellType]) -> Iterator[Any]:
    for cell in closure:
        try:
            yield cell.cell_contents
        except ValueError:  # not filled yet
            continue


def pending_codes(values: Iterable[Any]) -> frozenset[types.CodeType]:
    """Return the code of generators that were made and not started: creating one runs nothing of it.

    >>> pending = pending_codes([(i for i in ())])
    >>> len(pending)
    1
    """
    return frozenset(
        value.gi_code
        for value in values
        if type(value) is types.GeneratorType and value.gi_frame is not None and not _started(value)
    )


def _started(value: types.GeneratorType[Any, Any, Any]) -> bool:
    import inspect

    return inspect.getgeneratorstate(value) != inspect.GEN_CREATED


@dataclass
class Reached:
    """What code reads: global names, each with the names through which it was reached, and user classes in play."""

    names: set[str] = field(default_factory=set)
    classes: set[type] = field(default_factory=set)


def reach(
    code: Code, look_up: Callable[[str], Any], namespace: Mapping[str, Any], pending: frozenset[types.CodeType]
) -> Reached:
    """Follow the global names of `code`, and of whatever they are bound to now, to their end.

    `look_up` returns the value of a name, or None where there is none.
    """
    reached = Reached(classes=set(code.classes))
    stack, done = list(code.codes), set(pending)
    while stack:
        current = stack.pop()
        if current in done:
            continue
        done.add(current)
        use = Use(attribute_names(current), escapes=True)
        calls = code.calls.get(current)
        for name in global_names(current) if calls is None else names_of_calls(current, calls):
            if name in namespace and name not in reached.names:
                reached.names.add(name)
                further = code_of(look_up(name), namespace, use)
                reached.classes |= further.classes
                stack += further.codes
    return reached
