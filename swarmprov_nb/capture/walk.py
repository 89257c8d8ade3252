"""The change token of a value: a walk over everything that can be changed in place, hashed and thrown away.

Never an identity of content: addresses take part. A quick walk samples long buffers and stops early; `complete` says
whether it saw all. Side effects are none: no user method, property or iterator is called.
"""

from __future__ import annotations

import builtins
import functools
import io
import marshal
import re
import sys
import types
import weakref
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from swarmprov_nb.capture import arrays, frames, iterators
from swarmprov_nb.capture.pointers import pointers

_ATOMS: Final = frozenset({int, float, complex, bool, type(None)})
_LONG: Final = 2_000  # items beyond which a container's pointers are hashed at once
_QUICK_NODES: Final = 2_000
_NODES: Final = 50_000
_QUICK_BYTES: Final = 1 << 18
_QUICK_ITEMS: Final = _QUICK_BYTES // 8
_SAMPLES: Final = 64
_SAMPLE_BYTES: Final = 1 << 12
_BENIGN: Final = re.compile(
    r".*_cache|_?cached?_.*|_cache.*|_item_cache|predict_(start|end|dates)$"
    r"|__(dict|weakref|doc|module|annotations|slotnames)__$"
    r"|_abc_impl$|__(firstlineno|static_attributes|annotate.*|annotations_cache)__$"
)
_OPAQUE: Final = frozenset({
    "matplotlib", "IPython", "ipykernel", "tkinter", "threading", "_thread", "asyncio", "logging", "sqlite3", "duckdb",
    "sqlalchemy", "tqdm", "concurrent", "seaborn",
})  # fmt: skip
# Fitting, summing up and forecasting fill statsmodels' models and results, in public attributes, too; their `data`
# refers to the user's own frame, which is a variable of its own.
_LAZY: Final = "statsmodels."
_bases_of: Final = type.__dict__["__mro__"].__get__
_names_of: Final = type.__dict__["__dict__"].__get__
_SLOTS: Final = (types.GetSetDescriptorType, types.MemberDescriptorType)
_IMMUTABLE: Final = (types.ModuleType, types.CodeType, range, slice, re.Pattern)


@dataclass(frozen=True)
class Token:
    """What a walk saw: `digest` of the value, ids of `owned` mutable and `opaque` objects in it, whether all was seen.

    `private` lists, per object of a library, the attributes that count only as long as they are no addition;
    `skipped` counts the bytes that were sampled. `columns` holds a digest per column of a value that is a data frame.
    """

    digest: int
    complete: bool
    owned: frozenset[int]
    opaque: frozenset[int]
    private: Mapping[int, frozenset[str]]
    skipped: int
    columns: Mapping[object, int] = field(default_factory=dict)


def token_of(value: Any, *, quick: bool = True, known: Mapping[int, frozenset[str]] | None = None) -> Token:
    """Return the change token of a value; `known` leaves out private attributes that a library object gained since.

    >>> items = [1, [2]]
    >>> before = token_of(items).digest
    >>> items[1].append(3)
    >>> token_of(items).digest == before
    False
    """
    walker = Walker(quick=quick, known=known or {})
    walker.run(value)
    return walker.token()


class Walker:
    """One walk: the families (`arrays`, `frames`, `iterators`) emit and push into it."""

    def __init__(self, *, quick: bool, known: Mapping[int, frozenset[str]]) -> None:
        self.quick = quick
        self.known = known
        self.complete = True
        self.skipped = 0
        self.owned: set[int] = set()
        self.opaque: set[int] = set()
        self.private: dict[int, frozenset[str]] = {}
        self.columns: dict[object, int] = {}
        self._emitted: list[Any] = []
        self._stack: list[Any] = []
        self._seen: dict[int, int] = {}
        self._keep: list[Any] = []
        self._limit = _QUICK_NODES if quick else _NODES

    # -- what the families call ----------------------------------------------------------------------------------

    def emit(self, *parts: Any) -> None:
        """Add atoms to what is hashed."""
        self._emitted.extend(parts)

    def push(self, values: Iterable[Any]) -> None:
        """Walk these values next, in this order."""
        self._stack.extend(reversed(list(values)))

    def buffer(self, data: Any) -> None:
        """Hash a contiguous buffer, or 64 blocks of it when it is long and the walk quick."""
        from xxhash import xxh3_64_intdigest

        view = memoryview(data)
        size = view.nbytes
        if not size:
            self.emit(0)
            return
        view = view.cast("B")
        if not self.quick or size <= _QUICK_BYTES:
            self.emit(size, xxh3_64_intdigest(view))
            return
        self.complete = False
        self.skipped += size
        step = (size - _SAMPLE_BYTES) // (_SAMPLES - 1)
        self.emit(size, *(xxh3_64_intdigest(view[at * step : at * step + _SAMPLE_BYTES]) for at in range(_SAMPLES)))

    def aside(self, value: Any, *, shares: bool = False) -> None:
        """Walk an object that was made for looking: its own id means nothing; with `shares`, what is inside is real."""
        inner = Walker(quick=self.quick, known=self.known)
        inner.run(value)
        token = inner.token()
        self.emit(token.digest)
        self.complete &= token.complete
        self.skipped += token.skipped
        self.owned |= token.owned - {id(value)} if shares else set()

    def ids(self, items: list[Any]) -> None:
        """Hash which objects these are, at once."""
        if not self.quick or len(items) <= _QUICK_ITEMS:
            self.buffer(pointers(items))
            return
        self.complete = False
        self.skipped += len(items) * 8
        step = len(items) // _SAMPLES
        for at in range(0, len(items), step):
            self.buffer(pointers(items[at : at + _SAMPLE_BYTES // 8]))

    def first(self) -> bool:
        """Whether what is visited now is what the walk began with."""
        return len(self._seen) == 1

    @property
    def length(self) -> int:
        """How much was emitted so far."""
        return len(self._emitted)

    def since(self, start: int) -> int:
        """Return a digest of what was emitted since."""
        return hash(tuple(self._emitted[start:]))

    # -- the walk ------------------------------------------------------------------------------------------------

    def run(self, value: Any) -> None:
        """Walk a value to its end, or to the limit."""
        self._stack.append(value)
        while self._stack:
            self._visit(self._stack.pop())

    def token(self) -> Token:
        """Return what was seen."""
        from xxhash import xxh3_64_intdigest

        digest = xxh3_64_intdigest(marshal.dumps(self._emitted, 2))  # version 2 writes no reference counts
        owned, opaque = frozenset(self.owned), frozenset(self.opaque)
        return Token(digest, self.complete, owned, opaque, self.private, self.skipped, self.columns)

    def _visit(self, value: Any) -> None:
        kind = type(value)
        if kind in _ATOMS:
            self._emitted.append(value)
            return
        if kind is str or kind is bytes:
            self._emitted.append(value if len(value) < 64 else hash(value))  # noqa: PLR2004 - hashes are kept by CPython
            return
        place = id(value)
        seen = self._seen.get(place)
        if seen is not None:
            self.emit("ref", seen)
        elif len(self._seen) >= self._limit:
            self.complete = False
            self.emit("end")
            self._stack.clear()
        else:
            self._seen[place] = len(self._seen)
            self._keep.append(value)  # an id is only good while its object lives
            self._object(value, kind)

    def _object(self, value: Any, kind: type) -> None:
        self.emit(kind.__name__)
        if issubclass(kind, _IMMUTABLE) or (kind is dict and _is_namespace(value)):
            self.emit(id(value))
            return
        for family in (_container, _code, arrays.walk, frames.walk, iterators.walk, _foreign):
            if family(self, value, kind):
                return
        _instance(self, value, kind)


def _is_namespace(value: dict[str, Any]) -> bool:
    """Whether this is ``globals()`` of the notebook, whose names are looked at one by one, or of the built-ins."""
    return value is vars(builtins) or value is vars(sys.modules["__main__"])


def _container(walker: Walker, value: Any, kind: type) -> bool:
    if issubclass(kind, dict):
        _mapping(walker, value)
    elif issubclass(kind, list | tuple):
        _sequence(walker, value if kind is list else list(_iterator(value, kind)))
    elif issubclass(kind, set | frozenset):
        items = set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value)
        members = sorted(items, key=id)
        _sequence(walker, members)
    elif issubclass(kind, bytearray | array):
        walker.buffer(bytes(value) if issubclass(kind, bytearray) else value.tobytes())
    else:
        return False
    if not issubclass(kind, tuple | frozenset):
        walker.owned.add(id(value))
    if kind.__module__ == "__main__" or (kind.__flags__ & (1 << 9) and _attributes(value)):
        _instance(walker, value, kind)
    return True


def _iterator(value: Any, kind: type) -> Iterator[Any]:
    """Iterate as the built-in type does, whatever its subclass does."""
    return list.__iter__(value) if issubclass(kind, list) else tuple.__iter__(value)


def _mapping(walker: Walker, value: dict[Any, Any]) -> None:
    keys, values = list(dict.keys(value)), list(dict.values(value))
    walker.emit(len(keys))
    if len(keys) > _LONG:
        walker.ids(keys)
        _sequence(walker, values)
        return
    walker.push(part for pair in zip(keys, values, strict=True) for part in pair)


def _sequence(walker: Walker, items: list[Any]) -> None:
    walker.emit(len(items))
    if len(items) <= _LONG:
        walker.push(items)
        return
    walker.ids(items)
    if type(items[0]) not in _ATOMS and type(items[0]) not in {str, bytes}:
        walker.push(items)


def _code(walker: Walker, value: Any, kind: type) -> bool:
    if kind is types.FunctionType:
        walker.emit(id(value.__code__))
        walker.push([value.__defaults__, value.__kwdefaults__, *_kept_by(value)])
        walker.owned.add(id(value))
    elif kind is types.CellType:
        walker.owned.add(id(value))
        walker.push(_cell(value))
    elif kind is types.BuiltinFunctionType:
        walker.emit(id(value) if isinstance(value.__self__, types.ModuleType) else value.__name__)
        walker.push([value.__self__])
    elif kind is types.MethodType:
        walker.push([value.__func__, value.__self__])
    elif issubclass(kind, functools.partial):
        walker.push([value.func, value.args, value.keywords])
    elif issubclass(kind, property | staticmethod | classmethod):
        walker.push([getattr(value, name, None) for name in ("fget", "fset", "fdel", "__func__")])
    elif issubclass(kind, type):
        walker.emit(id(value))
        if value.__module__ == "__main__":
            walker.owned.add(id(value))
            walker.push(part for pair in vars(value).items() if not _BENIGN.match(pair[0]) for part in pair)
    else:
        return False
    return True


def _kept_by(value: types.FunctionType) -> list[Any]:
    """Return the attributes and cells of a function, but for what a library's function caches."""
    if value.__globals__.get("__name__") == "__main__":
        return [value.__dict__, *(value.__closure__ or ())]
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    return [part for name, part in (*value.__dict__.items(), *cells) if not _BENIGN.match(name)]


def _cell(value: types.CellType) -> list[Any]:
    try:
        return [value.cell_contents]
    except ValueError:
        return []


def _foreign(walker: Walker, value: Any, kind: type) -> bool:
    """Objects whose inside says nothing: figures, connections, open files, tensors (which count their own changes)."""
    if _defines(kind, "_trait_values"):
        walker.owned.add(id(value))
        walker.push([getattr(value, "_trait_values", None)])  # reading a trait by its name would run its default
    elif kind is weakref.ReferenceType:
        walker.push([value()])
    elif kind in {io.StringIO, io.BytesIO}:
        walker.owned.add(id(value))
        walker.emit(None if value.closed else (value.tell(), hash(value.getvalue())))
    elif kind.__module__.partition(".")[0] in _OPAQUE or issubclass(kind, io.IOBase):
        walker.opaque.add(id(value))
        walker.opaque.update(_inside(value))
        if kind.__module__.startswith("logging"):
            walker.push([vars(value).get(name) for name in ("handlers", "stream")])
    elif kind.__module__.startswith("pyarrow") or kind.__module__.startswith("polars"):
        pass  # immutable, but for a few calls
    elif kind.__module__.startswith("torch") and hasattr(kind, "_version"):
        walker.emit(value.data_ptr(), value._version)  # noqa: SLF001 - torch's own change counter
    else:
        return False
    walker.emit(id(value))
    return True


def _defines(kind: type, name: str) -> bool:
    """Whether a class or a base of it has an attribute; its metaclass, which may be the user's, is not asked."""
    return any(name in _names_of(base) for base in _bases_of(kind))


def _inside(value: Any) -> set[int]:
    """Return the ids of the axes in a figure: drawing on them changes it."""
    if "matplotlib" not in sys.modules or not hasattr(type(value), "get_axes"):
        return set()
    return {id(axes) for axes in value.get_axes()}


def _instance(walker: Walker, value: Any, kind: type) -> None:
    walker.owned.add(id(value))
    attributes = _attributes(value)
    if kind.__module__ == "__main__" and not any(base.__module__.startswith(_LAZY) for base in kind.__mro__):
        attributes = {name: part for name, part in attributes.items() if not _lazy(kind, name)}
    else:
        attributes = _without_caches(walker, value, kind, attributes)
    walker.emit(len(attributes))
    walker.push(part for pair in attributes.items() for part in pair)
    if not attributes:
        walker.emit(id(value))


def own_dictionary(value: Any) -> dict[str, Any]:
    """Return ``__dict__`` as Python keeps it, without running a property of that name (a proxy has one)."""
    for base in type(value).__mro__:
        part = vars(base).get("__dict__")
        if part is not None:
            found = part.__get__(value) if type(part) in _SLOTS else None
            return found if isinstance(found, dict) else {}
    return {}


def _attributes(value: Any) -> dict[str, Any]:
    found = dict(own_dictionary(value))
    for base in type(value).__mro__:
        for name, part in vars(base).items():
            if type(part) is types.MemberDescriptorType:
                try:
                    found[name] = part.__get__(value)
                except AttributeError:
                    continue
    return found


def _without_caches(walker: Walker, value: Any, kind: type, attributes: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a library's object keeps for itself; one that was None until now counts as an addition."""
    names = [name for name in attributes if type(name) is str and not _BENIGN.match(name) and not _lazy(kind, name)]
    if any(base.__module__.startswith(_LAZY) for base in kind.__mro__):
        names = [name for name in names if name[0] != "_" and name != "data" and attributes[name] is not None]
        additions = names
    else:
        names = [name for name in names if name[0] != "_" or attributes[name] is not None]
        additions = [name for name in names if name[0] == "_"]
    walker.private[id(value)] = frozenset(additions)
    known = walker.known.get(id(value))
    if known is not None:
        weak = set(additions) - known
        names = [name for name in names if name not in weak]
    return {name: attributes[name] for name in names}


def _lazy(kind: type, name: str) -> bool:
    part = getattr(kind, name, None)
    return isinstance(part, functools.cached_property)
