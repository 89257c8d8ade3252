"""Bytes to objects: tables, arrays and models out of files that hold data and no program.

Whoever opens a stranger's file gets what is read here, or the file. A pickle is a program and is never read; what could
hold one (``.npy`` with Python objects, a skops file with types that skops does not know) is refused in words.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from swarmprov_nb.errors import ArtifactError, MissingExtra

AS_FILE: Final = "as_path=True"
_FEW: Final = 5
_SAFE_SKOPS: Final = (0, 12)  # before it, a file could name other types than it lists (CVE-2025-54412, -54413)

_Reader = Callable[[bytes, Sequence[str]], Any]


def is_loadable(path: str) -> bool:
    """Tell whether `load_value` reads files with this suffix.

    >>> is_loadable("data/clean.parquet"), is_loadable("models/old.pkl")
    (True, False)
    """
    return PurePosixPath(path).suffix.lower() in _READERS


def load_value(data: bytes, path: str, *, trusted: Sequence[str] = ()) -> Any:
    """Return the table, array or model in a file's bytes; its suffix says what it is.

    >>> load_value(b"a,b", "data/x.csv").columns.tolist()
    ['a', 'b']

    `trusted` names types, beside those that skops knows, which a model may create. Raises ArtifactError where the file
    holds something else or more than data, MissingExtra where the library that reads it is not installed.
    """
    read = _READERS[PurePosixPath(path).suffix.lower()]
    try:
        return read(data, trusted)
    except ImportError as error:
        what = f"{path} is read by {error.name}, which is not installed."
        raise MissingExtra(what, "Install it by: pip install 'swarmprov-nb[tables,ml]'") from error
    except ArtifactError:
        raise
    except Exception as error:  # a stranger's bytes can make a parser raise anything
        reason = _plain((str(error) or type(error).__name__).splitlines()[0].strip(". ")[:120])
        raise ArtifactError(
            f"{path} cannot be read as what it is called ({reason}).", f"Take it as a file: {AS_FILE}"
        ) from error


def _parquet(data: bytes, _: Sequence[str]) -> Any:
    import pandas as pd
    import pyarrow as pa  # 14.0.1 and later create no Python objects while they read (CVE-2023-47248)

    return pd.read_parquet(pa.BufferReader(data), engine="pyarrow")


def _csv(separator: str) -> _Reader:
    def read(data: bytes, _: Sequence[str]) -> Any:
        import pandas as pd

        return pd.read_csv(io.BytesIO(data), sep=separator, low_memory=False)

    return read


def _npy(data: bytes, _: Sequence[str]) -> Any:
    import numpy as np

    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        what = "The array holds Python objects, which only a pickle can hold: it is not opened."
        raise ArtifactError(what, f"Never unpickle what a stranger gave you; the file itself: {AS_FILE}") from error


def _skops(data: bytes, trusted: Sequence[str]) -> Any:
    from skops import io as skops_io

    if tuple(map(int, re.findall(r"\d+", version("skops"))[:2])) < _SAFE_SKOPS:
        what = f"skops {version('skops')} does not open strangers' models safely."
        raise ArtifactError(what, "Renew it by: pip install --upgrade skops")
    unknown = sorted(set(skops_io.get_untrusted_types(data=data)) - set(trusted))
    if unknown:
        named = _plain(", ".join(unknown[:_FEW])) + (f" and {len(unknown) - _FEW} more" if len(unknown) > _FEW else "")
        raise ArtifactError(
            f"The model would create types that are not known to be harmless: {named}.",
            f"If you know what they do, name them: trusted={unknown[:_FEW]!r}; the file itself: {AS_FILE}",
        )
    return skops_io.loads(data, trusted=list(trusted))


def _plain(text: str) -> str:
    """Return a stranger's words without what a screen obeys, and on one line."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


_READERS: Final[Mapping[str, _Reader]] = MappingProxyType(
    {".parquet": _parquet, ".csv": _csv(","), ".tsv": _csv("\t"), ".npy": _npy, ".skops": _skops}
)
