"""The one hash of content ids: sha256 over framed parts.

A frame is the sha256 of its parts in order, each preceded by its length as eight bytes, little-endian; the first part
is the tag, UTF-8 text that says what is hashed, so that no two kinds of frame can be taken for each other. SHA-256
(FIPS 180-4) because every language has it, and manifests use it everywhere else.
"""

from __future__ import annotations

import hashlib
from typing import Any


def framed(tag: str, *parts: bytes) -> bytes:
    """Return the digest (32 bytes) of a tag and parts.

    >>> framed("pair", b"ab", b"c") == framed("pair", b"a", b"bc")
    False
    """
    digest = hashlib.sha256()
    for part in (tag.encode(), *parts):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


def integer(value: int) -> bytes:
    """Return a count as eight bytes, little-endian."""
    return value.to_bytes(8, "little")


def text(value: str) -> bytes:
    """Return text as UTF-8; a lone surrogate, which UTF-8 has no place for, as its own three bytes."""
    return value.encode("utf-8", "surrogatepass")


def full_name(kind: Any) -> str:
    """Return the name that a class or function is imported by.

    >>> full_name(dict)
    'builtins.dict'
    """
    return f"{kind.__module__}.{kind.__qualname__}"
