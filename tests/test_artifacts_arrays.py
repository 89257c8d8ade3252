"""Arrays: content ids by shape, type and values in C order; ``.npy``, and JSON for arrays of objects."""

from __future__ import annotations

import hashlib
import io
import json
import struct

import numpy as np
import pytest

from swarmprov_nb.artifacts.arrays import Arrays
from swarmprov_nb.artifacts.registry import family_of

ARRAYS = Arrays()
PLAIN = {
    "ints": np.arange(6).reshape(2, 3),
    "bytes": np.arange(6, dtype="u1"),
    "floats": np.array([[0.5, np.nan], [1.5, -0.0]]),
    "complex": np.array([1 + 2j, complex(np.nan, 1)]),
    "bools": np.array([True, False]),
    "texts": np.array(["a", "éé", ""]),
    "bytestrings": np.array([b"a", b"bc"]),
    "times": np.array(["2020-01-01", "NaT"], "M8[ns]"),
    "days": np.array(["2020-01-01", "NaT"], "M8[D]"),
    "durations": np.array([1, 2], "m8[ms]"),
    "records": np.array([(1, 0.5, [1, 2]), (2, 1.5, [3, 4])], dtype=[("n", "i2"), ("x", "f8"), ("v", "i4", (2,))]),
    "empty": np.zeros((0, 3)),
}


def written(value):
    stream = io.BytesIO()
    encoded = ARRAYS.encode(value, stream)
    return stream.getvalue(), encoded


@pytest.mark.parametrize("name", PLAIN)
def test_an_array_comes_back_with_its_id(name):
    """Writing and reading ``.npy`` without pickle keeps the content id, and writes equal bytes."""
    value = PLAIN[name]
    data, encoded = written(value)
    back = np.load(io.BytesIO(data), allow_pickle=False)

    assert (encoded.suffix, encoded.warnings) == (".npy", ())
    assert ARRAYS.content_id(back) == ARRAYS.content_id(value) == ARRAYS.content_id(value.copy())
    assert written(value.copy())[0] == data


def test_order_in_memory_is_no_content():
    """C order, Fortran order, strides and big-endian bytes hold the same values."""
    value = np.arange(600_000, dtype="f8").reshape(3, 400, 500)
    others = (np.asfortranarray(value), np.repeat(value, 2, axis=2)[..., ::2], value.astype(">f8"))

    assert {ARRAYS.content_id(other) for other in others} == {ARRAYS.content_id(value)}


def test_nan_has_no_payload():
    """NaN with other bits is the same missing value."""
    bits = np.array([[0x7FF8 << 48], [(0x7FF8 << 48) + 7]], "u8").view("f8")

    assert ARRAYS.content_id(bits[0]) == ARRAYS.content_id(bits[1])


@pytest.mark.parametrize(
    "other", [np.arange(6), np.arange(6.0).reshape(2, 3), np.arange(6).reshape(3, 2), np.arange(1, 7).reshape(2, 3)]
)
def test_shape_type_and_values_are_content(other):
    """Another shape, type or value is another content."""
    assert ARRAYS.content_id(other) != ARRAYS.content_id(PLAIN["ints"])


def test_the_docstring_is_enough_to_compute_an_id():
    """A second implementation, written from the documentation alone, gives the same content id."""

    def framed(tag, *parts):
        data = b"".join(len(part).to_bytes(8, "little") + part for part in (tag.encode(), *parts))
        return hashlib.sha256(data).digest()

    validity, values = hashlib.sha256(b"\x03").digest(), hashlib.sha256(struct.pack("<2i", 7, 8)).digest()
    column = framed("column", b"int32", (2).to_bytes(8, "little"), b"", validity, values)
    expected = framed("array", (2).to_bytes(8, "little") + (1).to_bytes(8, "little"), column).hex()

    assert ARRAYS.content_id(np.array([[7], [8]], "i4")) == f"array-v1:sha256:{expected}"


def test_objects_are_stored_as_json_and_said():
    """``.npy`` could hold objects only as a pickle, so they become JSON, and the warning says so."""
    data, encoded = written(np.array([[1, "a"], [None, 2.5]], dtype=object))

    assert encoded.suffix == ".json"
    assert "stored as JSON" in encoded.warnings[0]
    assert json.loads(data) == {
        "format": "swarmprov-array/1",
        "shape": [2, 2],
        "type": "object",
        "values": [1, "a", None, 2.5],
    }


def test_what_is_no_array_is_not_taken():
    """Scalars, masked arrays and lists are not recognised as arrays."""
    assert [ARRAYS.matches(value) for value in (np.float64(1), np.ma.array([1], mask=[1]), [1])] == [False] * 3
    assert family_of(np.arange(3)).name == "arrays"


def test_description_is_for_people():
    """Shape and logical type, in words."""
    assert ARRAYS.describe(PLAIN["ints"]).summary == "2 × 3 values, int64"
    assert ARRAYS.describe(PLAIN["records"]).summary == "2 values, struct[n: int16, x: float64, v: int32[2]]"
