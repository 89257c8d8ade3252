"""What lies on Swarm: paths (section 6.1), chunks and files (6.2), collections (6.3), and the saved file (14)."""

import hashlib
import json
import re
import struct
import unicodedata
from functools import lru_cache
from os.path import commonprefix
from pathlib import Path
from types import SimpleNamespace

from .signing import keccak, require

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
TYPES = dict(re.findall(r"`([.\w]+)`(?: \| |\s+has\s)`(\w+/[^`]+)`", PAGE))
HOLDS = re.findall(r"U\+(\w+)(?:–(\w+))?", re.search("a path holds\nnone of (.*?)\\. With", PAGE, re.DOTALL)[1])
FORBIDDEN = "[" + "".join(f"\\U{one:0>8}-\\U{end or one:0>8}" for one, end in HOLDS) + "]"
NODE = bytes(32) + bytes.fromhex("5768b3b6a7db56d21d1abff40d41cebfc83448fed8d7e9b06ec0d3b073f28f20")

def is_path(path):
    parts = path.split("/") if isinstance(path, str) and not re.search(FORBIDDEN, path) else [""]
    short = all(part and part[0] not in ".-" and len(part.encode()) <= 255 for part in parts)
    return short and len(path.encode()) <= 1024 and unicodedata.is_normalized("NFC", path)

def require_paths(paths):
    require(all(map(is_path, paths)), "a path that is not allowed")
    folded = [unicodedata.normalize("NFC", path.casefold()) for path in paths]
    folders = {path[:at] for path in folded for at, character in enumerate(path) if character == "/"}
    require(len(set(folded)) == len(folded) and not folders & set(folded), "paths that are one on some system")

def metadata_of(path):
    suffix = Path(path).suffix.lower()
    known = TYPES if path == "index.html" or suffix not in (".html", ".svg") else {}
    kind = known.get(path) or known.get(suffix) or "application/octet-stream"
    return {"Content-Type": kind, "Filename": path.rpartition("/")[2]}

@lru_cache(4096)
def address_of(chunk):
    """Return a chunk's address; a chunk is its span and its payload."""
    level = chunk[8:].ljust(4096, b"\0")
    while len(level) > 32:
        level = b"".join(keccak(level[at : at + 64]) for at in range(0, len(level), 64))
    return keccak(chunk[:8] + level)

def part_of(length):
    """Return how many bytes of a file stand below each address in its top chunk; fewer below the last."""
    part = 4096
    while part * 128 < length:
        part *= 128
    return part

def reference_of(data):
    span, part = struct.pack("<Q", len(data)), part_of(len(data))
    below = [reference_of(data[at : at + part]) for at in range(0, len(data), part)] if len(data) > 4096 else [data]
    return address_of(span + b"".join(below))

def length_of(chunks, reference):
    return int.from_bytes(chunks[reference][:8], "little")

def read(chunks, address, length=None):
    """Return the bytes of a file; its length decides its whole tree."""
    chunk, length = chunks[address], length_of(chunks, address) if length is None else length
    part, inner = part_of(length), length > 4096
    require(len(chunk) <= 4104 and address_of(chunk) == address, "a chunk that does not hash to its address")
    below = [(chunk[8 + at // part * 32 :][:32], min(part, length - at)) for at in range(0, length, part) if inner]
    fits = length_of(chunks, address) == length <= 2**31 and len(chunk) == 8 + (32 * len(below) if inner else length)
    require(fits, "a chunk that does not fit its file")
    return b"".join(read(chunks, *each) for each in below) if inner else chunk[8:]

def listed(chunks, root):
    """Return path and reference of each file of a collection."""
    files, nodes, size, ahead = {}, 0, 0, [(b"", root, 0)]
    while ahead:
        path, reference, is_value = ahead.pop()
        nodes, size = nodes + 1, size + length_of(chunks, reference)
        require(nodes <= 400_000 and size <= 2**26 and len(path) <= 4096, "too large a tree")
        data, at = read(chunks, reference), 128
        if is_value and path != b"/":
            files[path.decode()] = data[64:96]
        for _ in range(int.from_bytes(data[96:128], "little").bit_count()):
            ahead.append((path + data[at + 2 : at + 2 + data[at + 1]], data[at + 32 : at + 64], data[at] & 2))
            at += 66 + int.from_bytes(data[at + 64 : at + 66], "big") if data[at] & 16 else 64
    require_paths(files)
    require(len(files) <= 100_000 and collection(files) == root, "a tree that is not the one of its files")
    return files

def fork_of(prefix):
    return SimpleNamespace(prefix=prefix, forks={}, entry=bytes(32), metadata=b"", type=0)

def mark(fork, path):
    fork.type = fork.type & ~8 | 8 * (path.find(b"/") > 0)

def add(fork, path, entry, metadata):
    """Add a file to the tree below a fork; a fork holds the node below it."""
    while path:
        fork.type |= 4
        known = fork.forks.get(path[0])
        below = known or fork_of(path[:30])
        common = commonprefix([path, below.prefix])  # noqa: RUF071 - of bytes
        if common != below.prefix:
            above, below.prefix = fork_of(common), below.prefix[len(common) :]
            mark(below, below.prefix)
            above.type, above.forks, below = 4, {below.prefix[0]: below}, above
        mark(below, path if known else path[:30])
        fork.forks[path[0]], fork, path = below, below, path[len(common) :]
    text = json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    data = re.sub("[&<>\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text).encode()
    data += b"\n" * (0 if len(data) == 30 else 32 - (2 + len(data)) % 32)
    fork.entry, fork.metadata, fork.type = entry, struct.pack(">H", len(data)) + data, fork.type | 2 | 16

def collection(files):
    """Return the reference of a collection, of which paths and references are given."""
    order = [fork_of(b"")]
    for path in sorted(files, key=str.encode):
        add(order[0], path.encode(), files[path], metadata_of(path))
    add(order[0], b"/", bytes(32), {"website-index-document": "index.html"})
    for fork in order:
        order += fork.forks.values()
    for fork in reversed(order):
        data = NODE + fork.entry + sum(1 << byte for byte in fork.forks).to_bytes(32, "little")
        for _, each in sorted(fork.forks.items()):
            data += bytes([each.type, len(each.prefix)]) + each.prefix.ljust(30, b"\0") + each.reference + each.metadata
        fork.reference = reference_of(data)
    return order[0].reference

def saved(data):
    """Return the address in the head of a saved file, and its chunks by the addresses to which they hash."""
    require(data[:18] == b"swarmprov saved 1\n", "no saved file")
    chunks, at, count = {}, 50, 0
    while (length := int.from_bytes(data[at : at + 2], "little")) != 0xFFFF:
        chunk = data[at + 2 : at + 10 + length]
        require(len(chunk) == 8 + length <= 4104, "a chunk that is cut short or too long")
        chunks[address_of(chunk)], at, count = chunk, at + 10 + length, count + 1
    end = struct.pack("<Q", count) + hashlib.sha256(data[:at]).digest()
    require(data[at + 2 :] == end, "a saved file whose end does not fit")
    return data[18:50], chunks
