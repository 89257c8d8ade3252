"""The fast engine: chunk addresses side by side in vector registers, compiled by numba.

Lane = chunk: the Keccak state is a structure of arrays, word k of chunk l at ``state[k * LANES + l]``, so every loop
over lanes is one vector instruction stream. The rounds are straight-line source, written by ``_rounds_source``: one
loop over lanes holds four of them, which LLVM still turns into vectors (24 it does not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import FunctionType
from typing import Any

LANES = 24
_WORDS = 25
_ENTRY = "void(Array(uint64, 2, 'C', readonly=True), uint64[::1], uint64[::1], uint64[:,::1])"
_ROUNDS_PER_PASS = 4
_WORK = 64 * 4 * LANES + 2 * _WORDS * LANES
# FIPS 202, 3.2.2 and 3.2.5
_ROTATIONS = ((0, 36, 3, 41, 18), (1, 44, 10, 45, 2), (62, 6, 43, 15, 61), (28, 55, 25, 21, 56), (27, 20, 39, 8, 14))
_ROUND_CONSTANTS = (
    0x0000000000000001,
    0x0000000000008082,
    0x800000000000808A,
    0x8000000080008000,
    0x000000000000808B,
    0x0000000080000001,
    0x8000000080008081,
    0x8000000000008009,
    0x000000000000008A,
    0x0000000000000088,
    0x0000000080008009,
    0x000000008000000A,
    0x000000008000808B,
    0x800000000000008B,
    0x8000000000008089,
    0x8000000000008003,
    0x8000000000008002,
    0x8000000000000080,
    0x000000000000800A,
    0x800000008000000A,
    0x8000000080008081,
    0x8000000000008080,
    0x0000000080000001,
    0x8000000080008008,
)


def _rotated(value: str, bits: int) -> str:
    return f"(({value} << u{bits}) | ({value} >> u{64 - bits}))" if bits else value


def _round_source(source: str, target: str, constant: str) -> Iterator[str]:
    for x in range(5):
        yield f"c{x} = " + " ^ ".join(f"{source}{x + 5 * y}" for y in range(5))
    for x in range(5):
        yield f"d{x} = c{(x + 4) % 5} ^ " + _rotated(f"c{(x + 1) % 5}", 1)
    for x in range(5):
        for y in range(5):
            yield f"t = {source}{x + 5 * y} ^ d{x}"
            yield f"b{y + 5 * ((2 * x + 3 * y) % 5)} = " + _rotated("t", _ROTATIONS[x][y])
    for y in range(5):
        for x in range(5):
            mixed = f"b{x + 5 * y} ^ (~b{(x + 1) % 5 + 5 * y} & b{(x + 2) % 5 + 5 * y})"
            yield f"{target}{x + 5 * y} = " + (f"({mixed}) ^ {constant}" if x == y == 0 else mixed)


def _rounds_source() -> str:
    """Source of ``rounds(source, target, at)``: rounds ``at`` to ``at + 3`` on every lane."""
    constants = [f"    k{i} = constants[at + {i}]" for i in range(_ROUNDS_PER_PASS)]
    body = [f"a{word} = source[{word} * LANES + l]" for word in range(_WORDS)]
    names = "ae"
    for i in range(_ROUNDS_PER_PASS):
        body.extend(_round_source(names[i % 2], names[(i + 1) % 2], f"k{i}"))
    body.extend(f"target[{word} * LANES + l] = {names[_ROUNDS_PER_PASS % 2]}{word}" for word in range(_WORDS))
    lines = ["def rounds(source, target, at):", *constants, "    for l in range(LANES):"]
    return "\n".join([*lines, *(f"        {line}" for line in body)]) + "\n"


def _permute(state: Any, other: Any, words: int) -> None:
    """Pad ``words`` 64-bit words already in the state and run the 24 rounds; the digest is words 0 to 3."""
    for at in range(words * LANES, 25 * LANES):
        state[at] = 0
    for lane in range(LANES):
        state[words * LANES + lane] = 1
        state[16 * LANES + lane] = 0x8000000000000000
    for at in range(0, 24, 8):
        rounds(state, other, at)  # type: ignore[name-defined]  # noqa: F821 - bound by load()
        rounds(other, state, at + 4)  # type: ignore[name-defined]  # noqa: F821


def _hash_pairs(state: Any, other: Any, nodes: Any, at: int) -> None:
    """Hash the 64 bytes in each lane of the state into node ``at``."""
    permute(state, other, 8)  # type: ignore[name-defined]  # noqa: F821 - bound by load()
    for word in range(4 * LANES):
        nodes[at * 4 * LANES + word] = state[word]


def _hash_leaves(payloads: Any, first: int, state: Any, other: Any, nodes: Any) -> None:
    """Hash the 64 pairs of segments of LANES chunks; lanes past the last chunk repeat it."""
    last = payloads.shape[0] - 1
    for pair in range(64):
        for lane in range(LANES):
            chunk = min(first + lane, last)
            for word in range(8):
                state[word * LANES + lane] = payloads[chunk, 8 * pair + word]
        hash_pairs(state, other, nodes, pair)  # type: ignore[name-defined]  # noqa: F821


def _hash_inner(state: Any, other: Any, nodes: Any) -> None:
    """Hash 64 nodes of each lane down to one."""
    width = 32
    while width >= 1:
        for pair in range(width):
            for at in range(8 * LANES):
                state[at] = nodes[pair * 8 * LANES + at]
            hash_pairs(state, other, nodes, pair)  # type: ignore[name-defined]  # noqa: F821
        width >>= 1


def _hash_chunks(payloads: Any, spans: Any, work: Any, addresses: Any) -> None:
    """Hash every chunk: payloads (n, 512), spans (n), addresses (n, 4), all of 64-bit words."""
    count = spans.size
    nodes = work[: 64 * 4 * LANES]
    state = work[64 * 4 * LANES : (64 * 4 + 25) * LANES]
    other = work[(64 * 4 + 25) * LANES :]
    for first in range(0, count, LANES):
        hash_leaves(payloads, first, state, other, nodes)  # type: ignore[name-defined]  # noqa: F821
        hash_inner(state, other, nodes)  # type: ignore[name-defined]  # noqa: F821
        for lane in range(LANES):
            state[lane] = spans[min(first + lane, count - 1)]
            for word in range(4):
                state[(word + 1) * LANES + lane] = nodes[word * LANES + lane]
        permute(state, other, 5)  # type: ignore[name-defined]  # noqa: F821
        for lane in range(min(LANES, count - first)):
            for word in range(4):
                addresses[first + lane, word] = state[word * LANES + lane]


def load() -> Callable[[bytes | memoryview, Sequence[int]], bytes] | None:
    """Compile the engine, or read it from numba's cache; None where numba is not installed or does not work.

    numba keeps the compiled code beside this file or, where that is read-only, in ``NUMBA_CACHE_DIR`` or the user's
    cache folder; with none of them writable it compiles for this process alone.
    """
    try:
        import numba
        import numpy as np
    except ImportError:
        return None
    try:
        kernel = _compile(numba, np, cache=True)
    except (RuntimeError, OSError):  # no cache folder
        kernel = _compile(numba, np, cache=False)

    def hash_chunks(payloads: bytes | memoryview, spans: Sequence[int]) -> bytes:
        count = len(spans)
        words = np.require(np.frombuffer(payloads, dtype=np.uint64), requirements=["A", "C"]).reshape(count, 512)
        words.flags.writeable = False  # one signature for bytes and for memoryviews
        addresses = np.empty((count, 4), np.uint64)
        if count:
            kernel(words, np.array(spans, np.uint64), np.empty(_WORK, np.uint64), addresses)
        return addresses.tobytes()

    return hash_chunks


def _compile(numba: Any, np: Any, *, cache: bool) -> Any:
    jit = numba.njit(nogil=True, error_model="numpy", boundscheck=False, cache=cache)
    names: dict[str, Any] = {"__name__": __name__, "LANES": LANES, "min": min, "range": range}
    names.update({f"u{bits}": np.uint64(bits) for bits in range(1, 64)})
    names["constants"] = np.array(_ROUND_CONSTANTS, np.uint64)
    # this file's name makes it the source that numba's cache goes stale with
    exec(compile(_rounds_source(), __file__, "exec"), names)  # noqa: S102 - our own source, no input in it
    names["rounds"] = jit(names["rounds"])
    for function in (_permute, _hash_pairs, _hash_leaves, _hash_inner):
        name = function.__name__.removeprefix("_")
        names[name] = jit(FunctionType(function.__code__, names, name))
    entry = numba.njit(_ENTRY, nogil=True, error_model="numpy", boundscheck=False, cache=cache)
    return entry(FunctionType(_hash_chunks.__code__, names, "hash_chunks"))
