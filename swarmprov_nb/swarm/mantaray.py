"""Mantaray 0.2: the prefix tree that maps a collection's paths to references, byte for byte as Bee builds it.

Format: Bee ``pkg/manifest/mantaray``. A node is a 32-byte obfuscation key (zeros here), then, XORed with it, 31 bytes
of version, the size of references, the node's entry, a bitmap of its forks' first bytes, and the forks: type, prefix
length, 30 bytes of prefix, child reference and, with metadata, its length (2 bytes, big-endian) and JSON. What a node
is (type and metadata) stands in its parent's fork. The bytes depend on the order in which paths were added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from swarmprov_nb.bounded_json import between_strings
from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.reference import ADDRESS_SIZE

VALUE, EDGE, PATH_SEPARATOR, METADATA = 2, 4, 8, 16
_VERSION = bytes.fromhex("5768b3b6a7db56d21d1abff40d41cebfc83448fed8d7e9b06ec0d3b073f28f")
_BLOCK = 32
_HEADER = 64
_MAX_PREFIX = 30
_MAX_METADATA = 0xFFFF
_MOST_NAMES = 16
# what Go's encoding/json escapes and Python's json does not
_GO_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "&<>\u2028\u2029"}


@dataclass
class Fork:
    """A way out of a node: the prefix that leads to a child, and the child or only its reference.

    ``kind`` is the sum of VALUE, EDGE, PATH_SEPARATOR and METADATA.
    """

    prefix: bytes
    kind: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    child: Node | None = None
    reference: bytes = b""


@dataclass
class Node:
    """One node: the reference that the path so far stands for, and the forks to longer paths.

    >>> node = Node()
    >>> node.add(b"a.csv", bytes(32), {"Content-Type": "text/csv"})
    >>> node.forks[ord("a")].prefix
    b'a.csv'
    """

    entry: bytes = b""
    reference_size: int = 0
    forks: dict[int, Fork] = field(default_factory=dict)

    def add(self, path: bytes, entry: bytes, metadata: Mapping[str, str]) -> None:
        """Add a path with its reference (empty for metadata alone); the order of calls shapes the tree, as in Bee."""
        top = Fork(b"", child=self)
        _add(top, path, entry, dict(metadata))

    def encode(self, save: Callable[[bytes], bytes]) -> bytes:
        """Bytes of this node; ``save`` stores each node below and returns its reference.

        Raises
        ------
        StorageError
            A path's metadata is over 65,535 bytes or no text.
        """
        # children first, without recursion: a path of n bytes can make n nodes below each other
        pending: list[tuple[Node, Fork | None]] = [(self, None)]
        ordered: list[tuple[Node, Fork | None]] = []
        while pending:
            node, above = pending.pop()
            ordered.append((node, above))
            pending += [(fork.child, fork) for fork in node.forks.values() if fork.child is not None]
        for node, above in reversed(ordered[1:]):
            assert above is not None
            above.reference = save(node.to_bytes())
        return self.to_bytes()

    def to_bytes(self) -> bytes:
        """Bytes of this node alone, its forks' references as they stand."""
        bitmap = bytearray(_BLOCK)
        for byte in self.forks:
            bitmap[byte // 8] |= 1 << byte % 8
        head = bytes(_BLOCK) + _VERSION + bytes([self.reference_size])
        forks = b"".join(_fork_bytes(self.forks[byte]) for byte in sorted(self.forks))
        return head + self.entry.ljust(self.reference_size, b"\0") + bytes(bitmap) + forks


def _add(top: Fork, path: bytes, entry: bytes, metadata: dict[str, str]) -> None:
    """Walk down to where the path ends, splitting and chaining forks on the way."""
    at = top
    while True:
        node = at.child
        assert node is not None
        node.reference_size = node.reference_size or len(entry)
        if not path:
            _end(at, entry, metadata)
            return
        at.kind |= EDGE
        fork = node.forks.get(path[0])
        if fork is None:
            at = Fork(path[:_MAX_PREFIX], child=Node(reference_size=node.reference_size))
            node.forks[path[0]] = at
            _flag_separator(at, path[:_MAX_PREFIX])
        else:
            at = _shared(node, fork, path)
            _flag_separator(at, path)
        path = path[len(at.prefix) :]


def _end(fork: Fork, entry: bytes, metadata: dict[str, str]) -> None:
    assert fork.child is not None
    fork.child.entry = entry
    fork.kind |= VALUE
    if metadata:
        fork.metadata = metadata
        fork.kind |= METADATA


def _shared(node: Node, fork: Fork, path: bytes) -> Fork:
    """Fork whose whole prefix the path begins with: the one at hand, or a new one above it."""
    common = 0
    while common < min(len(fork.prefix), len(path)) and fork.prefix[common] == path[common]:
        common += 1
    if common == len(fork.prefix):
        return fork
    between = Fork(fork.prefix[:common], EDGE, child=Node(reference_size=node.reference_size))
    fork.prefix = fork.prefix[common:]
    _flag_separator(fork, fork.prefix)
    assert between.child is not None
    between.child.forks[fork.prefix[0]] = fork
    node.forks[path[0]] = between
    return between


def _flag_separator(fork: Fork, path: bytes) -> None:
    # Bee looks at the path last added through the fork, and not at its first byte
    if path.find(b"/") > 0:
        fork.kind |= PATH_SEPARATOR
    else:
        fork.kind &= ~PATH_SEPARATOR


def _fork_bytes(fork: Fork) -> bytes:
    head = bytes([fork.kind, len(fork.prefix)]) + fork.prefix.ljust(_MAX_PREFIX, b"\0") + fork.reference
    return head + _metadata_bytes(fork.metadata) if fork.kind & METADATA else head


def _metadata_bytes(metadata: Mapping[str, str]) -> bytes:
    text = json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":")).translate(_GO_ESCAPES)
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise StorageError("A file name or type is no valid text.", "Rename the file and try again.") from error
    length = len(raw) + 2
    # Bee pads a whole block more when a longer text already fills its last one
    padding = 0 if length == _BLOCK else _BLOCK - (length if length < _BLOCK else length % _BLOCK)
    raw += b"\n" * padding
    if len(raw) > _MAX_METADATA:
        raise StorageError(f"The metadata of a path has {len(raw)} bytes, over 65535.", "Use shorter names.")
    return len(raw).to_bytes(2, "big") + raw


def decode(data: bytes) -> Node:
    """Read one node; its forks hold references, not children.

    >>> decode(Node().encode(lambda node: bytes(32))).forks
    {}

    Raises
    ------
    StorageError
        The bytes are no mantaray 0.2 node, or one with encrypted references.
    """
    if len(data) < _HEADER:
        raise _malformed("is too short")
    data = data[:_BLOCK] + _unveiled(data)
    if data[_BLOCK : _HEADER - 1] != _VERSION:
        raise _malformed("does not begin with the mark of mantaray 0.2")
    size = data[_HEADER - 1]
    if size not in {0, ADDRESS_SIZE}:
        raise _malformed(f"has references of {size} bytes, where this version reads 32")
    start = _HEADER + size
    bitmap = data[start : start + _BLOCK]
    first_bytes = list(_set_in(bitmap))
    if len(bitmap) < _BLOCK or (first_bytes and not size):
        raise _malformed("is cut off")
    node = Node(data[_HEADER:start], size)
    at = start + _BLOCK
    for byte in first_bytes:
        node.forks[byte], at = _read_fork(data, at, byte)
    if at != len(data):
        raise _malformed("goes on after its last fork")
    return node


def _set_in(bitmap: bytes) -> Iterator[int]:
    bits = int.from_bytes(bitmap, "little")
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _unveiled(data: bytes) -> bytes:
    key, body = data[:_BLOCK], data[_BLOCK:]
    if not any(key):
        return body
    mask = (key * (len(body) // _BLOCK + 1))[: len(body)]
    return (int.from_bytes(body, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(body), "big")


def _read_fork(data: bytes, at: int, byte: int) -> tuple[Fork, int]:
    head = data[at : at + _BLOCK + ADDRESS_SIZE]
    if len(head) < _BLOCK + ADDRESS_SIZE:
        raise _malformed("is cut off")
    kind, length = head[0], head[1]
    prefix = head[2 : 2 + length]
    if not 1 <= length <= _MAX_PREFIX or prefix[0] != byte or any(head[2 + length : _BLOCK]):
        raise _malformed("has a fork with a wrong prefix")
    at += _BLOCK + ADDRESS_SIZE
    metadata: dict[str, str] = {}
    if kind & METADATA:
        length = int.from_bytes(data[at : at + 2], "big")
        raw = data[at + 2 : at + 2 + length]
        if len(raw) < length or len(data) < at + 2:
            raise _malformed("is cut off")
        metadata = _read_metadata(raw)
        at += 2 + length
    return Fork(prefix, kind, metadata, reference=head[_BLOCK:]), at


def _read_metadata(raw: bytes) -> dict[str, str]:
    bare = b"".join(between_strings(raw))
    if bare.count(b"{") > 1 or b"[" in bare:
        # before it is parsed: a deep text may take more stack than there is
        raise _malformed("has metadata that does not map names to texts")
    try:
        pairs: Any = json.loads(raw.decode("utf-8"), object_pairs_hook=_Pairs)
    except ValueError as error:
        raise _malformed("has metadata that is no JSON") from error
    if not isinstance(pairs, _Pairs) or not all(isinstance(value, str) for _, value in pairs):
        raise _malformed("has metadata that does not map names to texts")
    if len(pairs) > _MOST_NAMES:
        raise _malformed(f"has metadata of more than {_MOST_NAMES} names")
    if len(dict(pairs)) != len(pairs):
        raise _malformed("has metadata that names something twice")
    return dict(pairs)


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it is written, so that a name given twice is seen."""


def _malformed(fault: str) -> StorageError:
    return StorageError(f"A manifest node {fault}.", "Check the reference: it may name a plain file, not a collection.")
