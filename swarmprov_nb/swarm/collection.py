"""Collections: many files under one reference, as a Bee node's ``/bzz`` makes of an upload of a folder."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import mantaray
from swarmprov_nb.swarm.file_tree import chunk_addresses, read_file, split
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.swarm.storage import Storage, Upload

MAX_ENTRIES = 100_000
_MAX_NODES = 4 * MAX_ENTRIES
_MAX_PATH = 4096
# 256 forks with all the metadata that a fork can have
_MAX_NODE = 17 << 20
# of all nodes, counted as often as they are named: one node under many paths would be read without end
_MAX_LISTING = 64 << 20
# nodes that are kept once read, and up to which size: what repeats is neither fetched nor hashed again
_KEPT, _KEPT_SIZE = 1024, 64 << 10
_INDEX, _ERROR = "website-index-document", "website-error-document"
_TYPE, _NAME = "Content-Type", "Filename"


@dataclass(frozen=True)
class Entry:
    """A file in a collection: its path, its level-0 reference (32 bytes) and its content type.

    ``metadata`` holds only what ``write_collection`` would not write by itself, so an honest collection has none.

    >>> Entry("data/a.csv", bytes(32), "text/csv").path
    'data/a.csv'
    """

    path: str
    address: bytes
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def _written(self) -> dict[str, str]:
        return {_TYPE: self.content_type, _NAME: posixpath.basename(self.path), **self.metadata}


@dataclass(frozen=True)
class Collection:
    """What a collection lists: its files sorted bytewise by path, and its website documents."""

    entries: tuple[Entry, ...]
    index_document: str | None
    error_document: str | None


def write_collection(
    entries: Sequence[Entry],
    *,
    index_document: str | None,
    error_document: str | None = None,
    upload: Upload | None,
) -> bytes:
    """Write the manifest of files, in the order given, and return its reference (32 bytes).

    The files' own chunks are not touched. With ``upload`` None nothing is stored.

    >>> len(write_collection([Entry("a.txt", bytes(range(32)), "text/plain")], index_document="a.txt", upload=None))
    32

    Raises
    ------
    StorageError
        No file, a path given twice, empty or "/", or a reference that is not 32 bytes.
    """
    _check(entries)
    root = mantaray.Node()
    for entry in entries:
        root.add(_path_bytes(entry.path), entry.address, entry._written())  # noqa: SLF001 - this module's class
    website = {key: value for key, value in ((_INDEX, index_document), (_ERROR, error_document)) if value}
    if website:
        root.add(b"/", b"", website)

    def save(node: bytes) -> bytes:
        return split(node, upload, kind="manifest")

    return save(root.encode(save))


def _check(entries: Sequence[Entry]) -> None:
    if not entries:
        raise StorageError("A collection needs at least one file.", "Add a file and try again.")
    seen: set[str] = set()
    for entry in entries:
        if entry.path in {"", "/"} or entry.path in seen or len(_path_bytes(entry.path)) > _MAX_PATH:
            raise StorageError(f"The path {entry.path[:80]!r} is empty, too long or listed twice.", "Give it another.")
        if len(entry.address) != ADDRESS_SIZE:
            raise StorageError(f"{entry.path} has a reference of {len(entry.address)} bytes.", "Give one of 32 bytes.")
        seen.add(entry.path)


def _path_bytes(path: str) -> bytes:
    try:
        return path.encode()
    except UnicodeEncodeError as error:
        raise StorageError(f"The path {path!r} is no valid text.", "Rename the file and try again.") from error


@dataclass
class _Walk:
    """Goes through a manifest's nodes, each read with every chunk checked, in order of paths."""

    storage: Storage
    nodes: list[bytes] = field(default_factory=list)
    size: int = 0
    kept: dict[bytes, tuple[mantaray.Node, int]] = field(default_factory=dict)

    def values(self, root: bytes) -> Iterator[tuple[bytes, bytes, dict[str, str]]]:
        """Path, reference and metadata of every node that has a value."""
        pending = [(b"", mantaray.Fork(b"", reference=root))]
        while pending:
            path, fork = pending.pop()
            node = self._node(path, fork.reference)
            if fork.kind & mantaray.VALUE or any(node.entry):
                yield path, node.entry, fork.metadata
            elif fork.metadata:
                raise _refused(path, "has metadata and no file")
            pending += [(path + node.forks[byte].prefix, node.forks[byte]) for byte in sorted(node.forks, reverse=True)]

    def _node(self, path: bytes, address: bytes) -> mantaray.Node:
        if len(self.nodes) >= _MAX_NODES or len(path) > _MAX_PATH:
            raise _refused(path, f"is past {_MAX_NODES} nodes or {_MAX_PATH} bytes of path")
        self.nodes.append(address)
        node, size = self.kept.get(address) or self._read(address)
        self.size += size
        if self.size > _MAX_LISTING:
            raise _refused(path, f"is past {_MAX_LISTING >> 20} MiB of listing")
        return node

    def _read(self, address: bytes) -> tuple[mantaray.Node, int]:
        data = b"".join(read_file(self.storage, address, limit=_MAX_NODE))
        found = mantaray.decode(data), len(data)
        if len(self.kept) < _KEPT and len(data) <= _KEPT_SIZE:
            self.kept[address] = found
        return found


def _refused(path: bytes, fault: str) -> StorageError:
    shown = path[:80].decode(errors="replace")
    return StorageError(
        f"The collection's path {shown!r} {fault}.", "Do not use it: no honest program makes such a collection."
    )


def read_collection(storage: Storage, root: bytes) -> Collection:
    """Read what a collection lists, every manifest chunk re-hashed; files sorted bytewise by path.

    Writing the result again gives the same reference only if the collection was made by the rules of
    ``write_collection`` from sorted paths: comparing the two shows whatever was slipped in.

    Raises
    ------
    ChunkNotFound, ChunkCorrupt
        A manifest chunk is missing or changed; the message names its address.
    StorageError
        The reference is no collection, or it has over 100,000 files, nodes without end or a value that is no file.
    """
    return _read(_Walk(storage), root)


def _read(walk: _Walk, root: bytes) -> Collection:
    entries: list[Entry] = []
    website: dict[str, str] = {}
    for path, reference, metadata in walk.values(root):
        if path == b"/" and not any(reference):
            website = metadata
            continue
        entries.append(_entry(path, reference, metadata))
        if len(entries) > MAX_ENTRIES:
            raise _refused(path, f"is past {MAX_ENTRIES} files")
    unknown = set(website) - {_INDEX, _ERROR}
    if unknown:
        raise _refused(b"/", f"has unknown metadata {min(unknown)[:40]!r}")
    return Collection(tuple(entries), website.get(_INDEX), website.get(_ERROR))


def _entry(path: bytes, reference: bytes, metadata: dict[str, str]) -> Entry:
    if not path or not any(reference):
        raise _refused(path, "has a value that is no file")
    try:
        text = path.decode()
    except UnicodeDecodeError as error:
        raise _refused(path, "is no valid text") from error
    own = {key: value for key, value in metadata.items() if key != _TYPE}
    if own.get(_NAME) == posixpath.basename(text):
        del own[_NAME]
    return Entry(text, reference, metadata.get(_TYPE, ""), own)


def collection_addresses(storage: Storage, root: bytes) -> Iterator[bytes]:
    """Addresses of every chunk of a collection, files and manifest, children before parents, the root last.

    Chunks of files that repeat may be named again. Raises what ``read_collection`` does, and what
    ``chunk_addresses`` does for each file.
    """
    walk = _Walk(storage)
    walked: set[bytes] = set()
    for address in dict.fromkeys(entry.address for entry in _read(walk, root).entries):
        yield from chunk_addresses(storage, address, walked=walked)
    for node in dict.fromkeys(reversed(walk.nodes)):
        yield from chunk_addresses(storage, node)
