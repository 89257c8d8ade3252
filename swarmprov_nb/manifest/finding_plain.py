r"""A text as a person reads it: without the escapes of strings, JSON, tables, pages and terminals around its quotes.

``"password = \"s3same\"\n"`` in JSON, ``password = &quot;s3same&quot;`` in HTML, ``""s3same""`` in a table and a line
that a terminal colours all say the same. What was found in the plain text is shown where it stands in the original.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

_SIGNS: Final = ("\\", "\x1b[", "&", '""')  # where none of these stands there is no escape
_ESCAPE: Final = re.compile(
    r"\x1b\[[0-9;]{0,20}m"
    r"|(?<!\\)\\+(?:u001b\[[0-9;]{0,20}m|(?P<letter>[\"'nrt/])|u00(?P<code>2[267]|3[cCdDeE]))"  # a whole run
    r"|&(?:amp;)?(?P<name>quot|apos|amp|lt|gt|#x27|#39|#34);|(?P<twice>\"\")"
)
_MEANT: Final = {
    **dict(zip("nrt", "\n\r\t", strict=True)),
    "quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">", "#x27": "'", "#39": "'", "#34": '"',
}


@dataclass(frozen=True)
class Plain:
    """A text without escapes, and where its characters stand in the original."""

    text: str
    _starts: tuple[int, ...] = (0,)
    _shifts: tuple[int, ...] = (0,)

    def original(self, place: int) -> int:
        """Return where in the original a place of the text is."""
        return place + self._shifts[bisect_right(self._starts, place) - 1]


def plain(text: str) -> Plain:
    r"""Return a text without escapes.

    >>> read = plain(r'{"note": "key = \"a\""}')
    >>> read.text, read.original(read.text.index("a"))
    ('{"note": "key = "a""}', 18)
    """
    if not any(sign in text for sign in _SIGNS):
        return Plain(text)
    parts: list[str] = []
    starts, shifts = [0], [0]
    done = length = 0
    for match in _ESCAPE.finditer(text):
        meant = _meant(match)
        parts += [text[done : match.start()], meant]
        length += match.start() - done + len(meant)
        done = match.end()
        starts.append(length)
        shifts.append(done - length)
    return Plain("".join([*parts, text[done:]]), tuple(starts), tuple(shifts))


def _meant(match: re.Match[str]) -> str:
    if match["code"]:
        return chr(int(match["code"], 16))
    letter = match["letter"] or match["name"] or ('"' if match["twice"] else "")
    return _MEANT.get(letter, letter)
