"""Coverage-guided fuzzing of one parser of ours, in a process of its own.

    python tests/fuzzing.py PARSER [libFuzzer's options] [FOLDER OF SEEDS]

Whatever the bytes, a parser takes them or raises a SwarmprovError; anything else ends the run, and the bytes are kept.
It needs atheris, which knows only Linux.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["swarmprov_nb"]):
    from swarmprov_nb.errors import SwarmprovError
    from swarmprov_nb.lineage import Record
    from swarmprov_nb.lineage.record import FILE, FOLDER
    from swarmprov_nb.manifest import envelope
    from swarmprov_nb.manifest.author_key import AuthorKey
    from swarmprov_nb.manifest.canonical import canonical, parse
    from swarmprov_nb.manifest.normal_form import attachments, is_normal, normal_form
    from swarmprov_nb.manifest.rules import broken
    from swarmprov_nb.manifest.schema import check_schema
    from swarmprov_nb.manifest.seal import SealedStatement
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.swarm import (
        Chunk,
        MemoryStorage,
        chunk_addresses,
        file_size,
        mantaray,
        read_collection,
        read_file,
    )
    from swarmprov_nb.swarm.saved import SavedFile

KEY = AuthorKey(bytes(range(32)))
LINK = b"\xff" * 8  # in a payload, before the number of an earlier chunk: that chunk's address stands there
MANY = 4096  # addresses or pieces after which a walk is left: that walks end is tested elsewhere


def chunks(data: bytes) -> tuple[MemoryStorage, bytes]:
    """Return a store of the chunks that the bytes describe, each under its right address, and the last one's address.

    Of each: two bytes for its length, eight for its span, and its payload.
    """
    store, addresses = MemoryStorage(), [bytes(32)]
    while data and len(addresses) < 64:
        length = int.from_bytes(data[:2], "little") % 4097
        span, payload = int.from_bytes(data[2:10], "little"), bytearray(data[10 : 10 + length])
        data = data[10 + length :]
        for at in range(0, len(payload) - 31, 32):
            if payload[at : at + 8] == LINK:
                payload[at : at + 32] = addresses[payload[at + 8] % len(addresses)]
        chunk = Chunk.of(span, bytes(payload))
        store.replace(chunk)
        addresses.append(chunk.address)
    return store, addresses[-1]


def chunk_tree(data: bytes, _place: Path) -> None:
    store, root = chunks(data)
    with suppress(SwarmprovError):
        file_size(store, root)
        sum(map(len, islice(read_file(store, root), MANY)))
    list(islice(chunk_addresses(store, root), MANY))


def mantaray_node(data: bytes, _place: Path) -> None:
    with suppress(SwarmprovError):
        mantaray.decode(data)
    store, root = chunks(data)
    read_collection(store, root)


def manifest(data: bytes, _place: Path) -> None:
    statement = parse(data, what="manifest.json")
    assert canonical(statement) == data
    check_schema(statement)
    broken(statement)


def seal(data: bytes, _place: Path) -> None:
    sealed = SealedStatement.from_bytes(data, path="seals/fuzzed.json")
    assert sealed.to_bytes() == data
    sealed.check()


def dsse(data: bytes, _place: Path) -> None:
    envelope.check(data, b"{}", KEY.public)


def saved_file(data: bytes, place: Path) -> None:
    file = place / "fuzzed.swarm"
    head, body = data[:64], data[64:]
    file.write_bytes(head + body + (hashlib.sha256(head + body).digest() if data[-1:] == b"\1" else b""))
    saved = SavedFile(file)
    read_collection(saved, saved.root)


def record(data: bytes, place: Path) -> None:
    file = place / FOLDER / FILE
    file.parent.mkdir(exist_ok=True)
    for each in file.parent.iterdir():
        each.unlink()
    file.write_bytes(data)
    with Record(place, key=bytes(32), create=False) as opened:
        for session in opened.sessions():
            opened.lineage(session.id)


def notebook(data: bytes, place: Path) -> None:
    with suppress(ValueError, KeyError, TypeError, AttributeError):  # which it states for bytes that are no notebook
        is_normal(data)
    file = place / "fuzzed.ipynb"
    file.write_bytes(data)
    read = Notebook.read(file)
    attachments(read)
    assert is_normal(normal_form(read))


PARSERS = {
    "chunk-tree": chunk_tree,
    "mantaray": mantaray_node,
    "manifest": manifest,
    "seal": seal,
    "dsse": dsse,
    "saved-file": saved_file,
    "record": record,
    "notebook": notebook,
}


def main() -> None:
    name = sys.argv.pop(1)
    parser, place = PARSERS[name], Path(tempfile.mkdtemp(prefix="fuzz", dir=os.environ.get("FUZZ_FOLDER")))

    def one(data: bytes) -> None:
        with suppress(SwarmprovError):
            parser(data, place)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
