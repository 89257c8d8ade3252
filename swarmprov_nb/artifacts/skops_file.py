"""skops files made canonical: equal bytes over dumps, refits and processes, still loaded by skops.

skops names files and nodes after memory addresses and stamps zip entries with the time. Here nodes are numbered in the
order of the schema, files follow in that order, equal files stand once, zip entries carry 1980-01-01, members of sets
are sorted, texts and numbers are never "the same object", and bytes between the fields of a structured array are zero.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.family import Encoded

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SCHEMA = "schema.json"
_ADDRESSES = frozenset({"_stop_words_id"})  # see states.py
_VALUES = frozenset({"JsonNode", "TypeNode", "FunctionNode"})  # loaded alike whether shared or not


class NotSkops(ValueError):
    """skops is missing, or cannot hold this object; says why."""


def write_skops(value: Any, stream: BinaryIO) -> Encoded:
    """Write an estimator as a canonical skops file; NotSkops, and nothing written, where that is not possible."""
    try:
        from skops import io as skops_io
    except ImportError as error:
        raise NotSkops("skops is not installed (pip install 'swarmprov-nb[ml]')") from error
    raw = io.BytesIO()
    try:
        skops_io.dump(value, raw)
    except Exception as error:  # skops has no base error, and walks a stranger's object
        reason = (str(error) or type(error).__name__).splitlines()[0].strip(". ")
        raise NotSkops(f"skops cannot hold this model ({reason[:120]})") from error
    with zipfile.ZipFile(raw) as source:
        schema = json.loads(source.read(_SCHEMA))
        own = sorted(set(_of_the_notebook(schema)))
        if any("<" in name for name in own):
            raise NotSkops("skops cannot hold this model (a function without a name)")
        _rewrite(source, schema, stream)
    return Encoded(
        "application/zip", ".skops", tuple(f"loads only where the notebook's {name} is defined" for name in own)
    )


def _of_the_notebook(node: Any) -> Iterator[str]:
    """Yield the functions and classes that only the notebook defines, and lambdas of wherever."""
    if isinstance(node, dict):
        name = node.get("__class__")
        if isinstance(name, str) and (node.get("__module__") == "__main__" or "<" in name):
            yield name
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _of_the_notebook(item)


def _rewrite(source: zipfile.ZipFile, schema: Any, stream: BinaryIO) -> None:
    files = {name: _canonical_file(name, source.read(name)) for name in source.namelist() if name != _SCHEMA}
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    numbering = _Numbering(digests)
    renamed = numbering.renamed(_sorted_sets(schema, digests))
    with zipfile.ZipFile(_Forward(stream), "w", zipfile.ZIP_STORED) as target:  # type: ignore[call-overload]
        for old, new in numbering.first.items():
            target.writestr(zipfile.ZipInfo(new, _EPOCH), files[old])
        target.writestr(zipfile.ZipInfo(_SCHEMA, _EPOCH), json.dumps(renamed, separators=(",", ":")))


class _Forward:
    """A stream that zipfile can only write forward on, so that files, pipes and buffers get the same bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self.write = stream.write

    def flush(self) -> None:
        """Leave flushing to whoever owns the stream."""


class _Numbering:
    """Names for nodes and files in the order in which the schema meets them."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        self._digests = digests
        self._nodes: dict[int, int] = {}
        self._count = 0
        self._names: dict[str, str] = {}
        self.first: dict[str, str] = {}

    def renamed(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.renamed(item) for item in node]
        if not isinstance(node, dict):
            return node
        number = self._node(node) if "__id__" in node else None
        renamed = {key: self._member(key, item) for key, item in node.items() if key != "__id__"}
        for key in _ADDRESSES & renamed.keys():
            renamed[key]["content"] = "0"
        return renamed if number is None else {**renamed, "__id__": number}

    def _member(self, key: str, item: Any) -> Any:
        return (
            self._file(item)
            if key == "file" and isinstance(item, str) and item in self._digests
            else self.renamed(item)
        )

    def _node(self, node: dict[str, Any]) -> int:
        known = None if node.get("__loader__") in _VALUES else self._nodes.get(node["__id__"])
        if known is not None:
            return known
        self._count += 1
        self._nodes[node["__id__"]] = self._count
        return self._count

    def _file(self, old: str) -> str:
        digest = self._digests[old]
        if digest not in self._names:
            self._names[digest] = self.first[old] = f"{len(self._names) + 1}.{old.rsplit('.', 1)[-1]}"
        return self._names[digest]


def _sorted_sets(node: Any, digests: Mapping[str, str]) -> Any:
    """Put the members of sets, which come in the order of this process's hashes, into the order of what they hold."""
    if isinstance(node, list):
        return [_sorted_sets(item, digests) for item in node]
    if not isinstance(node, dict):
        return node
    ordered = {key: _sorted_sets(item, digests) for key, item in node.items()}
    if ordered.get("__loader__") == "SetNode":
        ordered["content"] = sorted(ordered["content"], key=lambda item: _held(item, digests))
    return ordered


def _held(node: Any, digests: Mapping[str, str]) -> str:
    """Return text that orders nodes by what they hold, not by where it lies."""

    def plain(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: plain(value) for key, value in item.items() if key != "__id__"}
        if isinstance(item, list):
            return [plain(value) for value in item]
        return digests.get(item, item) if isinstance(item, str) else item

    return json.dumps(plain(node), sort_keys=True)


def _canonical_file(name: str, data: bytes) -> bytes:
    if name.endswith(".npz"):
        return _without_times(data)
    return _without_gaps(data) if name.endswith(".npy") else data


def _without_times(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as written:
        for name in sorted(source.namelist()):
            written.writestr(zipfile.ZipInfo(name, _EPOCH), source.read(name))
    return target.getvalue()


def _without_gaps(data: bytes) -> bytes:
    """Zero the bytes between the fields of a structured array: they hold whatever memory held before."""
    import numpy as np

    values = np.load(io.BytesIO(data), allow_pickle=False)
    if not values.dtype.names:
        return data
    clean = np.zeros(values.shape, values.dtype)
    for field in values.dtype.names:
        clean[field] = values[field]
    target = io.BytesIO()
    np.save(target, clean, allow_pickle=False)
    return target.getvalue()
