"""How each kind of column is turned into validity and buffers; `swarmprov_nb.artifacts.columns` has the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Block = tuple[Any, tuple[Any, ...]]  # the mask of what has a value, and the buffers

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class Codec:
    """A logical type, how many buffers it has, and what turns a block of values into them."""

    logical: str
    buffers: int
    encode: Callable[[Any], Block]
    categories: bytes = b""


def codec_of(values: Any) -> Codec:
    """Choose the codec for a NumPy array or a pandas extension array.

    >>> import numpy
    >>> codec_of(numpy.array(["a", None], dtype=object)).logical
    'string'
    """
    import numpy as np

    if not isinstance(values, np.ndarray):
        from swarmprov_nb.artifacts.pandas_codecs import extension_codec

        return extension_codec(values)
    kind = values.dtype.kind
    if kind in "biufc" and values.dtype.itemsize <= 8 * (1 + (kind == "c")):
        return numbers(values.dtype)
    if kind in "Mm" and kind + "8" != values.dtype.str[1:]:
        return times("timestamp" if kind == "M" else "duration", np.datetime_data(values.dtype))
    if kind in "SU":
        return strings() if kind == "U" else binaries()
    if kind == "V" and values.dtype.names:
        return _struct(values.dtype)
    from swarmprov_nb.artifacts.object_codecs import object_codec

    return object_codec(values)


def numbers(dtype: Any) -> Codec:
    """Booleans, integers, floats and complex numbers; NaN is a missing value."""
    import numpy as np

    plain = dtype.newbyteorder("<")

    def encode(block: Any) -> Block:
        if dtype.kind in "biu":
            return np.ones(len(block), bool), (np.ascontiguousarray(block, plain),)
        return floats(block, ~np.isnan(block), plain)

    return Codec(dtype.name, 1, encode)


def floats(block: Any, valid: Any, dtype: Any) -> Block:
    """Floats with zeros where there is no value; copied only if one is missing."""
    import numpy as np

    return valid, (np.ascontiguousarray(block if valid.all() else np.where(valid, block, 0), dtype),)


def times(logical: str, unit: tuple[str, int]) -> Codec:
    """Points in time and durations of any resolution, as seconds and nanoseconds."""
    import numpy as np

    name, step = unit
    per = _UNITS.get(name, 1)
    coarse = np.dtype(f"{'m' if logical == 'duration' else 'M'}8[{name if name in _UNITS and step == 1 else 's'}]")
    if name in ("ps", "fs", "as"):
        coarse, per = np.dtype(f"{coarse.kind}8[ns]"), 10**9

    def encode(block: Any) -> Block:
        valid = ~np.isnat(block)
        ticks = np.where(valid, np.ascontiguousarray(block).astype(coarse, copy=False).view("i8"), 0)
        seconds = ticks // per
        return valid, (seconds.astype("<i8"), ((ticks - seconds * per) * (10**9 // per)).astype("<i8"))

    return Codec(logical, 2, encode)


def strings() -> Codec:
    """Texts: an array of them, or of objects where all but None and NaN are texts."""
    import numpy as np

    def encode(block: Any) -> Block:
        valid, texts = _texts(block)
        joined = "".join(texts)
        data = joined.encode("utf-8", "surrogatepass")
        measured = texts if len(data) == len(joined) else [item.encode("utf-8", "surrogatepass") for item in texts]
        return valid, (np.fromiter(map(len, measured), "<i8", len(texts)), data)

    return Codec("string", 2, encode)


def _texts(block: Any) -> tuple[Any, list[str]]:
    import numpy as np

    texts = block.tolist()
    valid = np.fromiter((isinstance(item, str) for item in texts), bool, len(texts))
    return valid, texts if valid.all() else [item if isinstance(item, str) else "" for item in texts]


def binaries() -> Codec:
    """Bytes: an array of them, or of objects where all but None and NaN are bytes."""
    import numpy as np

    def encode(block: Any) -> Block:
        items = block.tolist()
        valid = np.fromiter((isinstance(item, bytes) for item in items), bool, len(items))
        held = [item if isinstance(item, bytes) else b"" for item in items]
        return valid, (np.fromiter(map(len, held), "<i8", len(held)), b"".join(held))

    return Codec("binary", 2, encode)


def side_by_side(
    logical: str, parts: tuple[tuple[Codec, Callable[[Any], Any]], ...], valid: Callable[[Any], Any]
) -> Codec:
    """Columns side by side under one name: of each its validity, then its buffers."""
    from swarmprov_nb.artifacts.columns import packed

    def encode(block: Any) -> Block:
        buffers: list[Any] = []
        for codec, part in parts:
            mask, inner = codec.encode(part(block))
            buffers += [packed(mask), *inner]
        return valid(block), tuple(buffers)

    return Codec(logical, sum(codec.buffers + 1 for codec, _ in parts), encode)


def _struct(dtype: Any) -> Codec:
    import numpy as np

    def field(name: str) -> Callable[[Any], Any]:
        return lambda block: block[name].reshape(len(block), -1).reshape(-1)

    codecs = {name: codec_of(np.zeros(0, dtype[name].base)) for name in dtype.names}
    inner = ", ".join(f"{name}: {_shaped(dtype[name], codecs[name])}" for name in dtype.names)
    parts = tuple((codec, field(name)) for name, codec in codecs.items())
    return side_by_side(f"struct[{inner}]", parts, lambda block: np.ones(len(block), bool))


def _shaped(dtype: Any, codec: Codec) -> str:
    return f"{codec.logical}{list(dtype.shape)}" if dtype.shape else codec.logical
