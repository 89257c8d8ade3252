"""Parameters of a request, read as Bee reads them: the same words for what is wrong (pkg/api, mapStructure).

Values that do not parse are all named first; only where all parse, those that break a rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from swarmprov_nb.testing.fake_bee.answer import Request, invalid

_TRUE, _FALSE = {"1", "t", "T", "TRUE", "true", "True"}, {"0", "f", "F", "FALSE", "false", "False"}
_DIGITS = set("0123456789abcdefABCDEF")


class Unparsable(ValueError):
    """A text is none of what is wanted; the message is Go's."""


def to_bytes(text: str) -> bytes:
    """Read hexadecimal digits as Go's encoding/hex does.

    >>> to_bytes("0aff").hex()
    '0aff'
    """
    for character in text:
        if character not in _DIGITS:
            raise Unparsable(f"invalid hex byte: U+{ord(character):04X} {character!r}")
    if len(text) % 2:
        raise Unparsable("odd length hex string")
    return bytes.fromhex(text)


def to_bool(text: str) -> bool:
    """Read a boolean as Go's strconv does."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise Unparsable("invalid syntax")


def to_unsigned(text: str, most: int = (1 << 64) - 1) -> int:
    """Read a whole number from zero."""
    if not (text.isascii() and text.isdigit()):
        raise Unparsable("invalid syntax")
    if int(text) > most:
        raise Unparsable("value out of range")
    return int(text)


def to_byte(text: str) -> int:
    """Read a whole number of eight bits."""
    return to_unsigned(text, 255)


def to_integer(text: str) -> int:
    """Read a whole number with or without a sign."""
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise Unparsable("invalid syntax")
    return int(text)


def to_amount(text: str) -> int:
    """Read a whole number of any size."""
    try:
        return to_integer(text)
    except Unparsable as error:
        raise Unparsable("invalid value") from error


@dataclass
class Parameters:
    """Reads the parameters of one kind (``header``, ``path``, ``query``) and collects what is wrong with them."""

    request: Request
    where: str
    _unparsable: list[tuple[str, str]] = field(default_factory=list)
    _wrong: list[tuple[str, str]] = field(default_factory=list)

    def take(
        self, name: str, read: Callable[[str], Any], default: Any = None, *, rule: Callable[[Any], str] | None = None
    ) -> Any:
        """Return a parameter; `rule` gives the words for a value that parses and is not wanted, else nothing."""
        text = self._text(name)
        if not text:
            value = default
        else:
            try:
                value = read(text)
            except Unparsable as error:
                self._unparsable.append((name, str(error)))
                return default
        fault = rule(value) if rule else ""
        if fault:
            self._wrong.append((name.lower(), fault))
        return value

    def _text(self, name: str) -> str:
        if self.where == "header":
            return self.request.header(name)
        if self.where == "query":
            return self.request.query.get(name, "")
        return self.request.part(name)

    def check(self) -> None:
        """Refuse the request (RefusedRequest) where something was wrong."""
        if self._unparsable or self._wrong:
            raise invalid(self.where, self._unparsable or self._wrong)


def required(value: Any) -> str:
    """Rule: it must be there, and not zero."""
    return "" if value else "want required:"


def is_level(value: int | None) -> str:
    """Rule: a redundancy level."""
    return "" if value is None or value in range(5) else "want redundancy level to be between 0 and 4"


def length_32(value: bytes | None) -> str:
    """Rule: 32 bytes."""
    if not value:
        return "want required:"
    return "" if len(value) == 32 else "want len:32"  # noqa: PLR2004 - as the name says
