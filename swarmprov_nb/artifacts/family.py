"""What a family of artifacts is: the protocol that another library implements in ten lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol


@dataclass(frozen=True)
class Description:
    """What people read about an object before they see a byte of it.

    `kind` is dataset, model, figure or file. `schema` holds (column, logical type) pairs. `summary` is for people.

    >>> Description("dataset", (333, 8), None, "333 rows × 8 columns").summary
    '333 rows × 8 columns'
    """

    kind: str
    shape: tuple[int, ...] | None
    schema: tuple[tuple[str, str], ...] | None
    summary: str


@dataclass(frozen=True)
class Encoded:
    """How an object was written: its media type, its file suffix with the dot, and every stated fallback.

    >>> Encoded("application/vnd.apache.parquet", ".parquet", ()).suffix
    '.parquet'
    """

    media_type: str
    suffix: str
    warnings: tuple[str, ...]


class Family(Protocol):
    """One kind of object: how to recognise it, describe it, name its content and write it down.

    A family may also have ``declarable(value) -> bool``: wider than `matches`, for what a person declares.

    >>> from swarmprov_nb.artifacts.digest import framed
    >>> class Texts:
    ...     name = "texts"
    ...     def matches(self, value):
    ...         return isinstance(value, str)
    ...     def describe(self, value):
    ...         return Description("file", None, None, f"{len(value)} characters")
    ...     def content_id(self, value):
    ...         return f"text-v1:sha256:{framed('text', value.encode()).hex()}"
    ...     def encode(self, value, stream):
    ...         stream.write(value.encode())
    ...         return Encoded("text/plain", ".txt", ())
    >>> Texts().describe("hello").summary
    '5 characters'
    """

    name: str

    def matches(self, value: Any) -> bool:
        """Say whether this family recognises the object; cheap, imports nothing (looks in ``sys.modules``)."""

    def describe(self, value: Any) -> Description:
        """Say what the object is: kind, shape, schema, and a summary for people."""

    def content_id(self, value: Any) -> str:
        """Name what the object holds: a prefix with the algorithm and its version, then the digest in hex."""

    def encode(self, value: Any, stream: BinaryIO) -> Encoded:
        """Write the object to the stream, equal bytes for equal content, and say how it was written."""
