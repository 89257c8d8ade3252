"""Columns: what a sequence of values holds, whatever library holds it and however.

The digest of a column is the frame ``column`` of: its logical type (UTF-8), the number of rows (eight bytes,
little-endian), the digest of its categories (empty for other types), the sha256 of its validity, and the sha256 of each
of its buffers. Validity is one bit a row, set where there is a value, lowest bit first, as Apache Arrow packs it
(https://arrow.apache.org/docs/format/Columnar.html). A missing value (None, NA, NaT, NaN) holds zeros in its buffers,
so NaN has no payload. All numbers are little-endian.

============================== ==================================================================================
logical type                   buffers
============================== ==================================================================================
``bool``                       one byte a row
``int8`` … ``uint64``          the integers
``float16`` ``float32`` …      IEEE 754; ``complex64`` and ``complex128`` too
``string`` ``binary``          lengths in bytes (int64); the bytes one after another, UTF-8 for strings
``timestamp`` ``timestamp[Z]`` seconds since 1970 (int64, rounded down), nanoseconds (int64); UTC if it has a zone Z
``duration``                   seconds, nanoseconds
``date``                       days since 1970 (int64)
``decimal``                    as ``string``, of the shortest decimal text without exponent
``category[T]``                row's place in the categories (int64); ``category[T, ordered]``
``interval[T, closed]``        validity and buffers of the left ends, then of the right ends
``period[F]``                  ordinals at frequency F (int64)
``struct[name: T, …]``         validity and buffers of each field
``object``                     the digest of each value (`swarmprov_nb.artifacts.canonical`)
``null``                       none: a column of objects or strings without any value
============================== ==================================================================================

Equal therefore: pandas' ``object``, ``str`` and ``string`` columns of the same texts, nullable and plain numbers, and
times of any resolution. Different: int64 and int32, a value and a missing one, the order of categories.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from swarmprov_nb.artifacts.codecs import Codec, codec_of
from swarmprov_nb.artifacts.digest import framed, integer, text

_ROWS = 1 << 17  # a multiple of eight, so that the packed validity of blocks joins without gaps


def column_digest(values: Any, *, codec: Codec | None = None) -> bytes:
    """Return the digest (32 bytes) of a NumPy array, read in C order, or of a pandas extension array.

    >>> import numpy
    >>> column_digest(numpy.array([1.0, 2.0])) == column_digest(numpy.array([1.0, 2.0], dtype=">f8"))
    True
    """
    codec = codec or codec_of(values)
    validity, buffers = hashlib.sha256(), tuple(hashlib.sha256() for _ in range(codec.buffers))
    for block in blocks(values):
        valid, parts = codec.encode(block)
        validity.update(packed(valid))
        for digest, part in zip(buffers, parts, strict=True):
            digest.update(part)
    ends = (validity.digest(), *(digest.digest() for digest in buffers))
    return framed("column", text(codec.logical), integer(int(values.size)), codec.categories, *ends)


def packed(valid: Any) -> Any:
    """Return a mask as bits, lowest first."""
    import numpy as np

    return np.packbits(valid, bitorder="little")


def blocks(values: Any) -> Iterator[Any]:
    """Yield the values in blocks of one dimension, in C order; nothing is copied that lies so already."""
    if getattr(values, "ndim", 1) == 1:
        for start in range(0, len(values), _ROWS):
            yield values[start : start + _ROWS]
    elif values.flags.c_contiguous:
        yield from blocks(values.reshape(-1))
    elif values.dtype.hasobject:
        yield from blocks(values.flatten())
    else:
        yield from _gathered(values)


def _gathered(values: Any) -> Iterator[Any]:
    """Yield blocks of an array that lies in another order, without a copy of the whole."""
    import numpy as np

    found: Any = np.nditer(values, ["external_loop", "buffered", "zerosize_ok"], order="C", buffersize=_ROWS)
    for block in found:
        if block.size:
            yield block.reshape(-1)
