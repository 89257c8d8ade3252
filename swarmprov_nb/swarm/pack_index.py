"""The index of one pack: which address is at which offset, sorted, read through a memory map.

Format, little-endian: 16 bytes of mark and version, count (u64), bits (u32), CRC-32 of all that follows (u32); then
``2**bits + 1`` numbers (u32), the first entry for each value of an address's first bits; then, sorted, entries of an
address (32 bytes) and the offset of its record in the pack (u64).
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator, Mapping
from itertools import accumulate
from pathlib import Path
from struct import Struct

from swarmprov_nb.errors import StorageError

MARK = b"swarmprov idx 1\n"
_HEAD = Struct("<16sQII")
_ENTRY = Struct("<32sQ")
_NUMBER = Struct("<I")
_RANGE = Struct("<II")
# entries that share a table slot: few enough to look at one by one
_PER_SLOT = 4
_MAX_BITS = 32


def index_bytes(offsets: Mapping[bytes, int]) -> bytes:
    """Bytes of an index over addresses (32 bytes each) and their offsets.

    >>> index_bytes({}).startswith(MARK)
    True
    """
    entries = sorted(offsets.items())
    bits = max(0, (len(entries) // _PER_SLOT).bit_length() - 1)
    counts = [0] * (1 << bits)
    for address, _ in entries:
        counts[_slot(address, bits)] += 1
    starts = list(accumulate(counts, initial=0))
    body = Struct(f"<{len(starts)}I").pack(*starts) + b"".join([_ENTRY.pack(*entry) for entry in entries])
    return _HEAD.pack(MARK, len(entries), bits, zlib.crc32(body)) + body


def _slot(address: bytes, bits: int) -> int:
    return int.from_bytes(address[:4], "big") >> (32 - bits)


class PackIndex:
    """A pack's index, mapped into memory; it is checked once, and what it says about a pack is a hint only.

    Raises
    ------
    StorageError
        The file is no index of this version, or is damaged; it can be rebuilt from its pack.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        if not self._whole():
            raise StorageError(f"The index {path} is damaged.", "It is rebuilt from its pack when that can be read.")

    def _whole(self) -> bool:
        if len(self._map) < _HEAD.size:
            return False
        mark, self._count, self._bits, checksum = _HEAD.unpack_from(self._map)
        if mark != MARK or self._bits > _MAX_BITS:
            return False
        self._entries = _HEAD.size + _NUMBER.size * ((1 << self._bits) + 1)
        with memoryview(self._map) as view, view[_HEAD.size :] as body:
            whole = len(view) == self._entries + self._count * _ENTRY.size
            return whole and zlib.crc32(body) == checksum

    def __len__(self) -> int:
        return self._count

    def offset(self, address: bytes) -> int | None:
        """Offset of an address's record in the pack, or None."""
        first, last = _RANGE.unpack_from(self._map, _HEAD.size + _NUMBER.size * _slot(address, self._bits))
        for number in range(first, last):
            at = self._entries + number * _ENTRY.size
            if self._map[at : at + 32] == address:
                return int.from_bytes(self._map[at + 32 : at + 40], "little")
        return None

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        for at in range(self._entries, len(self._map), _ENTRY.size):
            address, offset = _ENTRY.unpack_from(self._map, at)
            yield address, offset
