"""The binary Merkle tree over a chunk's 128 segments, which gives a chunk its address.

Format: Bee ``pkg/bmt`` and ``pkg/cac`` (the Book of Swarm, 2.2.2): Keccak-256 over seven levels of 32-byte pairs of the
payload padded with zeros to 4096 bytes, then Keccak-256 over the span (8 bytes, little-endian) and that root.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from struct import Struct

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.keccak import raw_keccak256 as keccak

CHUNK_SIZE = 4096
SPAN = Struct("<Q")
Engine = Callable[["bytes | memoryview", Sequence[int]], bytes]

_PAIR = 64
_LEVELS = 7
_UNPACK_FULL = tuple(Struct("64s" * (CHUNK_SIZE // _PAIR >> level)).unpack for level in range(_LEVELS))
# loading the numba engine costs what the plain one hashes in this many bytes
_WORTH_LOADING = 32_000_000
# below this many chunks its lanes stay empty and the plain engine is faster
_WORTH_LANES = 10


def _zero_roots() -> tuple[bytes, ...]:
    roots = [bytes(32)]
    for _ in range(_LEVELS):
        roots.append(keccak(roots[-1] * 2))
    return tuple(roots)


class _Zeros:
    """Roots of all-zero subtrees by level, made at first use so that an import hashes nothing."""

    roots: tuple[bytes, ...] = ()

    @classmethod
    def of_level(cls, level: int) -> bytes:
        if not cls.roots:
            cls.roots = _zero_roots()
        return cls.roots[level]


def chunk_address(span: int, payload: bytes) -> bytes:
    """Address of one chunk: 32 bytes, from its span (bytes of content under it) and its payload (0 to 4096 bytes).

    >>> chunk_address(11, b"hello world").hex()
    '92672a471f4419b255d7cb0cf313474a6f5856fb347c5ece85fb706d644b630f'

    Raises
    ------
    StorageError
        The payload is larger than a chunk.
    """
    if len(payload) > CHUNK_SIZE:
        raise StorageError(f"A payload of {len(payload)} bytes is no chunk.", "Split it into 4096 bytes a chunk first.")
    return keccak(SPAN.pack(span) + _root(payload))


def _root(payload: bytes) -> bytes:
    data = payload.rstrip(b"\0")
    if len(data) > CHUNK_SIZE - _PAIR:
        return _full_root(payload.ljust(CHUNK_SIZE, b"\0"))
    if not data:
        return _Zeros.of_level(_LEVELS)
    nodes = data + bytes(-len(data) % _PAIR)
    for level in range(1, _LEVELS + 1):
        nodes = b"".join([keccak(nodes[at : at + _PAIR]) for at in range(0, len(nodes), _PAIR)])
        if len(nodes) % _PAIR and level < _LEVELS:
            nodes += _Zeros.of_level(level)
    return nodes


def _full_root(payload: bytes) -> bytes:
    nodes = payload
    for unpack in _UNPACK_FULL:
        nodes = b"".join(map(keccak, unpack(nodes)))
    return nodes


def hash_chunks_plain(payloads: bytes | memoryview, spans: Sequence[int]) -> bytes:
    """Hash chunks with compiled Keccak-256 called from Python: the engine that is always there."""
    addresses = []
    for index, span in enumerate(spans):
        payload = bytes(payloads[index * CHUNK_SIZE : (index + 1) * CHUNK_SIZE])
        addresses.append(keccak(SPAN.pack(span) + _root(payload)))
    return b"".join(addresses)


class _Engines:
    """Which engine this process uses: the numba one once enough was hashed to pay for loading it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fast: Engine | None = None
        self._settled = False
        self._hashed = 0

    def choose(self, chunks: int) -> Engine:
        if not self._settled:
            self._hashed += chunks * CHUNK_SIZE
            if self._hashed >= _WORTH_LOADING:
                self.load(wait=False)
        return self._fast if self._fast is not None and chunks >= _WORTH_LANES else hash_chunks_plain

    def load(self, *, wait: bool) -> Engine | None:
        # while one thread compiles, the others go on with the plain engine
        if self._lock.acquire(blocking=wait):
            try:
                if not self._settled:
                    self._fast = _trusted_numba_engine()
                    self._settled = True
            finally:
                self._lock.release()
        return self._fast


def _trusted_numba_engine() -> Engine | None:
    from swarmprov_nb.swarm import bmt_numba

    try:
        engine = bmt_numba.load()
        return engine if engine is not None and _agrees(engine) else None
    except Exception:  # noqa: BLE001 - a compiler can fail in any way; the plain engine is always right
        return None


def _agrees(engine: Engine) -> bool:
    # more chunks than lanes, a short one and an empty one among them
    pattern = bytes(index % 251 for index in range(CHUNK_SIZE))
    spans = [CHUNK_SIZE] * 25 + [100, 0]
    payloads = pattern * 25 + pattern[:100].ljust(CHUNK_SIZE, b"\0") + bytes(CHUNK_SIZE)
    return engine(payloads, spans) == hash_chunks_plain(payloads, spans)


_engines = _Engines()


def fast_engine() -> Engine | None:
    """Load the numba engine now (0.7 s, or 4 s the first time on a machine); None without numba."""
    return _engines.load(wait=True)


def hash_chunks(payloads: bytes | memoryview, spans: Sequence[int]) -> bytes:
    """Addresses of many chunks at once: n x 4096 zero-padded bytes and n spans in, n x 32 bytes out.

    Safe to call from several threads. Large amounts go to the numba engine where it is installed.

    >>> hash_chunks(b"hello world".ljust(4096, bytes(1)), [11]) == chunk_address(11, b"hello world")
    True

    Raises
    ------
    StorageError
        The payloads are not 4096 bytes for each span.
    """
    if len(payloads) != len(spans) * CHUNK_SIZE:
        raise StorageError(
            f"{len(payloads)} bytes were given for {len(spans)} chunks.",
            "Pad every payload with zeros to 4096 bytes.",
        )
    return _engines.choose(len(spans))(payloads, spans)
