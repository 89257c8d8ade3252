"""The id of a postage batch: 32 bytes, written as 64 hexadecimal digits."""

from __future__ import annotations

import re

from swarmprov_nb.errors import UsageError

_DIGITS = 64
_ID = re.compile(r"[0-9a-f]{64}")


def parse_batch_id(text: str) -> str:
    """Read a batch id as people paste it: in any case, with or without ``0x``.

    >>> parse_batch_id(" 0x" + "AB" * 32) == "ab" * 32
    True

    Raises
    ------
    UsageError
        It is not 64 hexadecimal digits.
    """
    digits = text.strip().lower().removeprefix("0x")
    if not _ID.fullmatch(digits):
        raise UsageError(
            f"A postage batch's id is 64 hexadecimal digits, and this is {len(digits)} characters"
            f"{'' if len(digits) != _DIGITS else ', not all of them hexadecimal'}.",
            "Copy the whole id; the node lists its batches at /stamps.",
        )
    return digits
