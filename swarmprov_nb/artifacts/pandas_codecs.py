"""Columns of pandas' extension types, read through their public interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from swarmprov_nb.artifacts.codecs import Block, Codec, codec_of, floats, side_by_side, strings, times


def extension_codec(values: Any) -> Codec:
    """Choose the codec for a pandas extension array.

    >>> import pandas
    >>> extension_codec(pandas.array([1, None], dtype="Int64")).logical
    'int64'
    """
    import pandas as pd

    makers: tuple[tuple[Any, Callable[[Any], Codec]], ...] = (
        (pd.CategoricalDtype, _categories),
        (pd.DatetimeTZDtype, _zoned),
        (pd.PeriodDtype, _periods),
        (pd.IntervalDtype, _intervals),
        (pd.StringDtype, _texts),
        (pd.ArrowDtype, _arrow),
    )
    for dtype, make in makers:
        if isinstance(values.dtype, dtype):
            return make(values)
    plain = getattr(values.dtype, "numpy_dtype", None)
    return _other(values) if plain is None else _masked(plain)


def _other(values: Any) -> Codec:
    """Sparse columns, and those of other libraries, as the NumPy array that they turn into."""
    import numpy as np

    codec = codec_of(np.asarray(values))
    return Codec(codec.logical, codec.buffers, lambda block: codec.encode(np.asarray(block)), codec.categories)


def _masked(dtype: Any) -> Codec:
    import numpy as np

    def encode(block: Any) -> Block:
        held = block.to_numpy(dtype=dtype, na_value=dtype.type(0))
        missing = np.asarray(block.isna())
        return floats(held, ~(missing | np.isnan(held) if dtype.kind == "f" else missing), dtype.newbyteorder("<"))

    return Codec(dtype.name, 1, encode)


def _objects(block: Any) -> Any:
    return block.to_numpy(dtype=object, na_value=None)


def _texts(values: Any) -> Codec:
    if bool(values.isna().all()):
        return codec_of(_objects(values[:0]))
    inner = strings()
    return Codec(inner.logical, inner.buffers, lambda block: inner.encode(_objects(block)))


def _arrow(values: Any) -> Codec:
    """Arrow's types, as the ones of NumPy or Python that hold the same values."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if is_bool_dtype(values.dtype) or (is_numeric_dtype(values.dtype) and values.dtype.kind in "iuf"):
        return _masked(values.dtype.numpy_dtype)
    if values.dtype.kind in "Mm":
        zone = getattr(values.dtype.pyarrow_dtype, "tz", None)
        return _instants(values, zone)
    codec = codec_of(_objects(values))
    return Codec(codec.logical, codec.buffers, lambda block: codec.encode(_objects(block)))


def _instants(values: Any, zone: str | None) -> Codec:
    import pyarrow as pa

    arrow = values.dtype.pyarrow_dtype
    if pa.types.is_date(arrow):
        codec = codec_of(_objects(values))
        return Codec(codec.logical, codec.buffers, lambda block: codec.encode(_objects(block)))
    numpy_dtype = f"{values.dtype.kind}8[{arrow.unit}]"
    logical = "duration" if values.dtype.kind == "m" else f"timestamp[{zone}]" if zone else "timestamp"
    inner = times(logical, (arrow.unit, 1))

    def encode(block: Any) -> Block:
        return inner.encode(pa.array(block).cast(pa.int64()).to_numpy(zero_copy_only=False).view(numpy_dtype))

    return Codec(logical, inner.buffers, encode)


def _categories(values: Any) -> Codec:
    import numpy as np

    from swarmprov_nb.artifacts.columns import column_digest

    held = values.categories.to_numpy() if isinstance(values.categories.dtype, np.dtype) else values.categories.array
    inner = codec_of(held)
    logical = f"category[{inner.logical}, ordered]" if values.ordered else f"category[{inner.logical}]"

    def encode(block: Any) -> Block:
        places = np.asarray(block.codes)
        return places >= 0, (np.where(places >= 0, places, 0).astype("<i8"),)

    return Codec(logical, 1, encode, column_digest(held, codec=inner))


def _zoned(values: Any) -> Codec:
    import numpy as np

    unit = values.dtype.unit
    inner = times(f"timestamp[{_zone(values.dtype.tz)}]", (unit, 1))
    return Codec(inner.logical, inner.buffers, lambda block: inner.encode(np.asarray(block, f"M8[{unit}]")))


def _zone(zone: Any) -> str:
    """Name a time zone alike for zoneinfo, pytz, dateutil and datetime: its key, or its offset as +01:00."""
    import datetime as dt

    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    offset = None if key else zone.utcoffset(None)
    if offset is None:
        return str(key or zone)
    minutes = int(offset / dt.timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


def _periods(values: Any) -> Codec:
    import numpy as np

    def encode(block: Any) -> Block:
        valid = ~np.asarray(block.isna())
        return valid, (np.where(valid, block.asi8, 0).astype("<i8"),)

    return Codec(str(values.dtype), 1, encode)


def _intervals(values: Any) -> Codec:
    import numpy as np

    def ends(side: str) -> Any:
        def take(block: Any) -> Any:
            index = getattr(block, side)
            return index.to_numpy() if isinstance(index.dtype, np.dtype) else index.array

        return take

    left, right = ends("left"), ends("right")
    codec = codec_of(left(values))
    logical = f"interval[{codec.logical}, {values.closed}]"
    return side_by_side(logical, ((codec, left), (codec, right)), lambda block: ~np.asarray(block.isna()))
