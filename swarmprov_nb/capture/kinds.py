"""What a user's object is, without asking it: `isinstance` reads its `__class__`, and a lazy proxy would be loaded."""

from __future__ import annotations

from types import UnionType


def is_a(value: object, kinds: type | tuple[type, ...] | UnionType) -> bool:
    """Whether a value's own type is one of `kinds`, whatever the value says of itself.

    >>> class Proxy:
    ...     @property
    ...     def __class__(self):
    ...         raise RuntimeError("loaded")
    >>> is_a(Proxy(), int), is_a(True, int | str)
    (False, True)
    """
    return issubclass(type(value), kinds)
