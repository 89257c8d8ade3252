"""A Swarm reference: what people share to name bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from swarmprov_nb.errors import InvalidReference

ADDRESS_SIZE = 32
_NEXT = "Copy the whole reference again: 64 hexadecimal characters, or 128 when it is encrypted."
_SHOWN = 20


@dataclass(frozen=True)
class Reference:
    """A Swarm address (32 bytes) and, when the content is encrypted, its key (32 bytes), which is secret.

    >>> reference = Reference.parse("bzz://b34ca8c22b9e982354f9c7f50b470d66db428d880c8a904d5fe4ec9713171526/")
    >>> str(reference)[:8], reference.secret
    ('b34ca8c2', False)

    Raises
    ------
    InvalidReference
        The bytes have another length than 32.
    """

    address: bytes
    key: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if len(self.address) != ADDRESS_SIZE or (self.key is not None and len(self.key) != ADDRESS_SIZE):
            raise InvalidReference("A reference is 32 bytes, or 64 with its key.", _NEXT)

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read a reference as people paste it: hex, with or without ``0x``, ``bzz://`` and a last slash.

        >>> Reference.parse("0x" + "ab" * 32).address == bytes.fromhex("ab" * 32)
        True

        Raises
        ------
        InvalidReference
            The text is cut off, too long or not hexadecimal.
        """
        digits = text.strip().lower().removeprefix("bzz://").removesuffix("/").removeprefix("0x")
        _check_digits(digits)
        raw = bytes.fromhex(digits)
        return cls(raw[:ADDRESS_SIZE], raw[ADDRESS_SIZE:] or None)

    @property
    def secret(self) -> bool:
        """Whether whoever holds this reference can decrypt: then it is never shown or logged."""
        return self.key is not None

    def __str__(self) -> str:
        return (self.address + (self.key or b"")).hex()

    def __repr__(self) -> str:
        return f"Reference({self.address.hex()}{', key=...' if self.secret else ''})"


def _check_digits(digits: str) -> None:
    if not digits:
        raise InvalidReference("The reference is empty.", _NEXT)
    strange = next((character for character in digits if character not in "0123456789abcdef"), None)
    if strange is not None:
        # what was pasted may hold a key: only a text too short for one is shown
        shown = f" in {digits!r}" if len(digits) <= _SHOWN else ""
        raise InvalidReference(f"The reference has the character {strange!r}{shown}, which is not hexadecimal.", _NEXT)
    length = len(digits)
    if length in {2 * ADDRESS_SIZE, 4 * ADDRESS_SIZE}:
        return
    between = 2 * ADDRESS_SIZE < length < 4 * ADDRESS_SIZE
    kind = "too long or cut off" if between else "too long" if length > 2 * ADDRESS_SIZE else "cut off"
    raise InvalidReference(f"The reference is {kind}: it has {length} characters instead of 64 or 128.", _NEXT)
