"""Columns of Python objects: told apart by the types of their values, as Parquet would store them."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from swarmprov_nb.artifacts.canonical import object_digest
from swarmprov_nb.artifacts.codecs import Block, Codec, binaries, floats, strings, times

_EXACT = 1 << 53
_MISSING = frozenset({"NAType", "NaTType", "NoneType"})


def object_codec(values: Any) -> Codec:
    """Choose the codec for an array of objects: the one type that all its values have, else ``object``.

    >>> import numpy
    >>> object_codec(numpy.array([1, 2.5, None], dtype=object)).logical
    'float64'
    >>> object_codec(numpy.array([1, "a"], dtype=object)).logical
    'object'
    """
    if values.dtype.kind != "O":
        return _anything()
    held = values.reshape(-1).tolist()
    kinds = {kind for kind in set(map(type, held)) if kind.__name__ not in _MISSING}
    if kinds != {float} and all(item != item for item in held if type(item) is float):  # noqa: PLR0124 - NaN
        kinds.discard(float)
    if not kinds:
        return Codec("null", 0, lambda block: (_none(len(block)), ()))
    return _one_type(kinds, held) or _anything()


def _none(rows: int) -> Any:
    import numpy as np

    return np.zeros(rows, bool)


def _one_type(kinds: set[type], held: list[Any]) -> Codec | None:
    import numpy as np

    if kinds <= {str, np.str_}:
        return strings()
    if kinds == {bytes}:
        return binaries()
    if kinds <= {bool, np.bool_}:
        return _cast("bool", "?", bool)
    if kinds == {decimal.Decimal}:
        return _decimals()
    return _days(kinds, held) or _numbers(kinds, held)


def _days(kinds: set[type], held: list[Any]) -> Codec | None:
    if kinds == {dt.date}:
        return _cast("date", "<i8", lambda day: day.toordinal() - dt.date(1970, 1, 1).toordinal())
    naive = kinds == {dt.datetime} and all(item.tzinfo is None for item in held if isinstance(item, dt.datetime))
    return _datetimes() if naive else None


def _numbers(kinds: set[type], held: list[Any]) -> Codec | None:
    import numpy as np

    whole = [kind for kind in kinds if issubclass(kind, int | np.integer) and kind is not bool]
    real = [kind for kind in kinds if kind is float or issubclass(kind, np.float64)]
    if len(whole) + len(real) < len(kinds):
        return None
    integers = [int(item) for item in held if isinstance(item, int | np.integer)]
    low, high = min(integers, default=0), max(integers, default=0)
    if real:
        return _cast("float64", "<f8", float) if low >= -_EXACT and high <= _EXACT else None
    if low >= -(1 << 63) and high < 1 << 63:
        return _cast("int64", "<i8", int)
    return _cast("uint64", "<u8", int) if low >= 0 and high < 1 << 64 else None


def _present(block: Any) -> Any:
    """Return the mask of what is neither None, NA, NaT nor NaN."""
    import numpy as np

    def there(item: Any) -> bool:
        return type(item).__name__ not in _MISSING and not (isinstance(item, float) and item != item)  # noqa: PLR0124

    return np.fromiter(map(there, block.tolist()), bool, len(block))


def _cast(logical: str, dtype: str, convert: Any) -> Codec:
    import numpy as np

    def encode(block: Any) -> Block:
        valid = _present(block)
        pairs = zip(block.tolist(), valid.tolist(), strict=True)
        held = np.fromiter((convert(item) if there else 0 for item, there in pairs), dtype, len(block))
        return floats(held, valid, held.dtype)

    return Codec(logical, 1, encode)


def _datetimes() -> Codec:
    import numpy as np

    inner = times("timestamp", ("us", 1))

    def encode(block: Any) -> Block:
        return inner.encode(np.array([item if isinstance(item, dt.datetime) else "NaT" for item in block], "M8[us]"))

    return Codec("timestamp", 2, encode)


def _decimals() -> Codec:
    import numpy as np

    def shortest(item: Any) -> str | None:
        return f"{item.normalize():f}" if isinstance(item, decimal.Decimal) and not item.is_nan() else None

    def encode(block: Any) -> Block:
        return strings().encode(np.array([shortest(item) for item in block] or [None], object)[: len(block)])

    return Codec("decimal", 2, encode)


def _anything() -> Codec:
    import numpy as np

    def encode(block: Any) -> Block:
        valid = _present(block)
        pairs = zip(block.tolist(), valid.tolist(), strict=True)
        return valid, (b"".join(object_digest(_cell(item)) if there else bytes(32) for item, there in pairs),)

    def _cell(item: Any) -> Any:
        return item.tolist() if isinstance(item, np.ndarray) else item

    return Codec("object", 1, encode)
