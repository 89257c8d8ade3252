"""Arrays: NumPy's, written as ``.npy`` (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).

The content id ``array-v1:sha256:HEX`` is the frame ``array`` of: the shape (each length as eight bytes, little-endian),
and the column digest (`swarmprov_nb.artifacts.columns`) of all values in C order. So the order in memory, the order of
bytes and the payload of NaN are no content.
"""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.codecs import codec_of
from swarmprov_nb.artifacts.columns import column_digest
from swarmprov_nb.artifacts.digest import framed, integer
from swarmprov_nb.artifacts.family import Description, Encoded

_TIMES = " × "


def array_digest(value: Any) -> bytes:
    """Return the digest (32 bytes) of a NumPy array."""
    return framed("array", b"".join(map(integer, value.shape)), column_digest(value))


class Arrays:
    """The family of NumPy arrays of at least one dimension; masked ones are not taken.

    >>> import numpy
    >>> Arrays().describe(numpy.zeros((2, 3))).summary
    '2 × 3 values, float64'
    """

    name = "arrays"

    def matches(self, value: Any) -> bool:
        """Say whether it is an array of numbers, texts or times; one of objects counts only when declared."""
        return issubclass(type(value), _kinds()) and self.declarable(value) and not value.dtype.hasobject

    def declarable(self, value: Any) -> bool:
        """Say whether it is an array with at least one dimension and no mask."""
        return isinstance(value, _kinds()) and value.ndim > 0 and not hasattr(value, "mask")

    def describe(self, value: Any) -> Description:
        """Say its shape and its logical type."""
        logical = codec_of(value).logical
        lengths = _TIMES.join(f"{length:,}" for length in value.shape)
        return Description("dataset", tuple(value.shape), None, f"{lengths} values, {logical}")

    def content_id(self, value: Any) -> str:
        """Name its shape, logical type and values."""
        return f"array-v1:sha256:{array_digest(value).hex()}"

    def encode(self, value: Any, stream: BinaryIO) -> Encoded:
        """Write ``.npy``, or JSON for an array of objects, which ``.npy`` could hold only as an unsafe pickle."""
        if value.dtype.hasobject:
            return _write_json(value, stream)
        import numpy as np

        np.save(stream, value, allow_pickle=False)
        return Encoded("application/x-npy", ".npy", ())


def _kinds() -> Any:
    return getattr(sys.modules.get("numpy"), "ndarray", ())


def _write_json(value: Any, stream: BinaryIO) -> Encoded:
    """Write an object with ``shape``, logical ``type``, and ``values`` in C order."""
    from swarmprov_nb.artifacts.table_lines import cell

    logical = codec_of(value).logical
    head = {"format": "swarmprov-array/1", "shape": list(value.shape), "type": logical}
    values = [cell(item) for item in value.reshape(-1)]
    stream.write(json.dumps({**head, "values": values}, ensure_ascii=False, separators=(",", ":")).encode())
    kept = "; values that are no text or number are kept as text" if logical == "object" else ""
    return Encoded("application/json", ".json", (f"an array of Python objects; stored as JSON{kept}",))
