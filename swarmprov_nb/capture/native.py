"""Readers and writers that open files past Python's audit events (Arrow, HDF5): wrapped, and unwrapped again.

Wrapping happens when their module is loaded, by a finder that steps aside; classes are wrapped rather than functions
where there is a choice, so that what users imported by name, and what pickle refers to, stays the same.
"""

from __future__ import annotations

import functools
import importlib.machinery
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from swarmprov_nb.capture import audit

# module -> (owner, attribute, place of the path among the arguments, its name, how it is opened)
_TARGETS: Final[dict[str, tuple[tuple[str, str, int, str, str], ...]]] = {
    "pandas.io.parquet": (
        ("PyArrowImpl", "read", 1, "path", "read"),
        ("PyArrowImpl", "write", 2, "path", "write"),
    ),
    "pandas.io.pytables": (("HDFStore", "__init__", 1, "path", "by mode"),),
    "pyarrow.parquet.core": (
        ("ParquetFile", "__init__", 1, "source", "read"),
        ("ParquetDataset", "__init__", 1, "path_or_paths", "read"),
        ("ParquetWriter", "__init__", 1, "where", "write"),
    ),
    "pyarrow.feather": (
        ("", "read_table", 0, "source", "read"),
        ("", "write_feather", 1, "dest", "write"),
    ),
    "pyarrow.csv": (
        ("", "read_csv", 0, "input_file", "read"),
        ("", "open_csv", 0, "input_file", "read"),
        ("", "write_csv", 1, "output_file", "write"),
    ),
    "pyarrow.ipc": (
        ("", "open_file", 0, "source", "read"),
        ("", "open_stream", 0, "source", "read"),
        ("", "new_file", 0, "sink", "write"),
        ("", "new_stream", 0, "sink", "write"),
    ),
    "h5py._hl.files": (("File", "__init__", 1, "name", "by mode"),),
}
_BY_MODE: Final = {"w": "write", "x": "write", "w-": "write", "a": "update", "r+": "update"}


class NativeOpeners:
    """The wrappers, installed and removed together."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._finder = _Finder(self._wrap)

    def install(self) -> None:
        """Wrap what is loaded, and what will be."""
        for name in _TARGETS:
            if name in sys.modules:
                self._wrap(sys.modules[name])
        sys.meta_path.insert(0, self._finder)

    def remove(self) -> None:
        """Put every original back."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        while self._undo:
            self._undo.pop()()

    def _wrap(self, module: ModuleType) -> None:
        for owner_name, attribute, place, keyword, action in _TARGETS[module.__name__]:
            owner = getattr(module, owner_name, None) if owner_name else module
            original = getattr(owner, attribute, None)
            if original is None:
                continue
            wrapper = _noting(original, place, keyword, action)
            if not owner_name:
                wrapper.__module__ = module.__name__  # pickle finds functions by their module
            setattr(owner, attribute, wrapper)
            self._undo.append(functools.partial(_restore, owner, attribute, wrapper, original))


def _restore(owner: Any, attribute: str, wrapper: Any, original: Any) -> None:
    if vars(owner).get(attribute) is wrapper:
        setattr(owner, attribute, original)


def _noting(original: Callable[..., Any], place: int, keyword: str, action: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        hearing = audit.listener()
        if hearing is not None:
            path = args[place] if len(args) > place else kwargs.get(keyword)
            hearing.note(action if action != "by mode" else _opened(args, kwargs, place), path)
        return original(*args, **kwargs)

    return wrapper


def _opened(args: tuple[Any, ...], kwargs: dict[str, Any], place: int) -> str:
    mode = args[place + 1] if len(args) > place + 1 else kwargs.get("mode", "r")
    return _BY_MODE.get(str(mode), "read")


class _Finder:
    """Finds the modules of the table as the path finder does, and wraps them once they are executed."""

    def __init__(self, wrap: Callable[[ModuleType], None]) -> None:
        self._wrap = wrap

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name not in _TARGETS:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            self._attend(spec.loader)
        return spec

    def _attend(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            vars(loader).pop("exec_module", None)
            try:
                self._wrap(module)
            except Exception:  # an unknown version of the library: its files go unseen, its users undisturbed
                return

        loader.exec_module = exec_module
