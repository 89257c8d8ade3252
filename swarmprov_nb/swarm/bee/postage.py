"""Postage as arithmetic: which chunks fit, for how long, and what it costs; nothing here asks a node.

Source: Bee ``pkg/postage/stampissuer.go`` (a chunk goes into the bucket of its address's first 16 bits, each bucket has
2^(depth - 16) places) and ``pkg/api/postage.go`` (a batch is paid by chunk and block; 1 BZZ is 10^16 PLUR).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from swarmprov_nb.errors import UsageError
from swarmprov_nb.swarm.bmt import CHUNK_SIZE
from swarmprov_nb.swarm.file_tree import BRANCHES

BUCKET_DEPTH = 16
SMALLEST_DEPTH, LARGEST_DEPTH = 17, 41
BLOCK_SECONDS: Mapping[int, int] = {100: 5, 11155111: 12}
# what the contract asks a new batch to pay for; Bee tells it since 2.8.1
MINIMUM_BLOCKS = 17_280
DAY = 86_400
_BUCKETS = 1 << BUCKET_DEPTH
_DIGITS = 16
# how often an upload of random chunks may meet a full bucket
_RISK = 1e-4


@dataclass(frozen=True)
class Fit:
    """Whether chunks fit into a batch, and ``why`` not in words; ``left`` places in the fullest bucket that they need.

    >>> Fit(ok=True, why="", left=3).ok
    True
    """

    ok: bool
    why: str
    left: int


@dataclass(frozen=True)
class Price:
    """What a batch costs: ``plur`` in all, ``bzz`` the same as decimal text, ``amount`` PLUR for each chunk.

    ``expires`` supposes that the price of storage stays as it is; it moves with the network's load.
    """

    plur: int
    depth: int
    amount: int
    days: float
    expires: datetime

    @property
    def bzz(self) -> str:
        """The cost in BZZ, exactly.

        >>> Price(12_345 * 10**12, 17, 1, 1.0, datetime(2026, 1, 1, tzinfo=UTC)).bzz
        '1.2345'
        """
        return decimal(self.plur, _DIGITS)


def decimal(units: int, digits: int) -> str:
    """Write a whole number of smallest units as decimal text, exactly.

    >>> decimal(1, 16), decimal(10**16, 16), decimal(0, 18)
    ('0.0000000000000001', '1', '0')
    """
    whole, rest = divmod(abs(units), 10**digits)
    text = f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if units < 0 else text


def loads(addresses: Iterable[bytes]) -> Counter[int]:
    """Count the chunks that each bucket has to take; the same chunk twice takes one place.

    >>> loads([bytes(32), bytes(32), bytes(31) + b"x"])
    Counter({0: 2})
    """
    return Counter(address[0] << 8 | address[1] for address in set(addresses))


def fit(used: Mapping[int, int], places: int, wanted: Mapping[int, int]) -> Fit:
    """Tell whether every bucket has room, where ``used`` of ``places`` in each are taken.

    >>> fit({7: 1}, 2, {7: 2})
    Fit(ok=False, why='1 of 2 chunks would find no place', left=0)
    """
    homeless = sum(max(0, used.get(bucket, 0) + count - places) for bucket, count in wanted.items())
    left = min((places - used.get(bucket, 0) - count for bucket, count in wanted.items()), default=places)
    why = f"{homeless} of {sum(wanted.values())} chunks would find no place" if homeless else ""
    return Fit(not homeless, why, max(0, left))


def chunks_of(size: int) -> int:
    """Chunks that a file of this many bytes has at redundancy level 0.

    >>> chunks_of(0), chunks_of(4096), chunks_of(64 << 20)
    (1, 1, 16513)
    """
    level = max(1, -(-size // CHUNK_SIZE))
    total = level
    while level > 1:
        level = -(-level // BRANCHES)
        total += level
    return total


def depth_for(wanted: Iterable[bytes] | int) -> int:
    """Smallest depth of a new batch that holds exactly these chunks, or about so many bytes of unknown content.

    For bytes the addresses are taken as random, with a risk of one in ten thousand that a bucket fills up too early.

    >>> depth_for([]), depth_for(1 << 30)
    (17, 21)

    Raises
    ------
    UsageError
        No batch is that large.
    """
    if isinstance(wanted, int):
        count = chunks_of(wanted)
        depths = (depth for depth in range(SMALLEST_DEPTH, LARGEST_DEPTH + 1) if _overflows(count, depth) <= _RISK)
    else:
        fullest = max(loads(wanted).values(), default=0)
        depths = (depth for depth in range(SMALLEST_DEPTH, LARGEST_DEPTH + 1) if fullest <= places(depth))
    depth = next(depths, None)
    if depth is None:
        raise UsageError("No postage batch holds that much.", "Publish less at once.")
    return depth


def places(depth: int) -> int:
    """Places in each bucket of a batch.

    >>> places(17), places(22)
    (2, 64)
    """
    return 1 << max(0, depth - BUCKET_DEPTH)


def capacity(depth: int) -> int:
    """Bytes of unknown content that a new batch takes with one chance in ten thousand of a full bucket.

    >>> 7.3e9 < capacity(22) < 7.7e9 and 103e9 < capacity(25) < 107e9
    True
    """
    low, high = 0, places(depth) * _BUCKETS
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _overflows(middle, depth) <= _RISK else (low, middle - 1)
    # all but the inner chunks, one in 128 and so on, carry content
    return low * CHUNK_SIZE * (BRANCHES - 1) // BRANCHES


def _overflows(count: int, depth: int) -> float:
    """Expected number of buckets with more than their places, when chunks fall at random (Poisson)."""
    mean, limit = count / _BUCKETS, places(depth)
    if not mean:
        return 0.0
    if mean >= limit:
        return float(_BUCKETS)
    term = math.exp((limit + 1) * math.log(mean) - mean - math.lgamma(limit + 2))
    total, number = 0.0, limit + 1
    while term > total * 1e-9:
        total += term
        number += 1
        term *= mean / number
    return _BUCKETS * total


def amount_for(days: float, *, price: int, block_seconds: int, minimum_blocks: int) -> int:
    """PLUR for each chunk that pay for so many days at a price (PLUR for each chunk and block).

    >>> amount_for(1, price=24000, block_seconds=5, minimum_blocks=17280)
    414720001

    Raises
    ------
    UsageError
        Less than a day, or no number of days.
    """
    if not math.isfinite(days) or days < 1:
        raise UsageError("A postage batch lasts for one day at least.", "Ask for one day or more.")
    blocks = max(minimum_blocks, -(-round(days * DAY) // block_seconds))
    return blocks * price + 1


def price_of(depth: int, amount: int, days: float, *, now: datetime | None = None) -> Price:
    """Price of a batch of a depth at an amount for each chunk.

    >>> price_of(17, 414720001, 1).bzz
    '0.0054358179971072'
    """
    begin = now or datetime.now(UTC)
    return Price(amount << depth, depth, amount, days, begin + timedelta(days=days))
