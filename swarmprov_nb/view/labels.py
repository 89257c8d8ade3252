"""Text that fits: labels made harmless, measured, and cut at a word boundary.

Labels come from users' code and files, so they may hold anything. `clean` leaves one line of visible text; `width`
measures it with the advance widths of DejaVu Sans, the widest of the common sans-serif fonts, so that what fits here
fits in Helvetica, Arial, Segoe UI and Roboto too.
"""

from __future__ import annotations

from typing import Final
from unicodedata import category, combining, east_asian_width, normalize

FULL: Final = 600  # characters of a label that are kept as its full text
ELLIPSIS: Final = "…"
_ADVANCES: Final = """
    32 41 46 84 64 96 78 28 40 40 50 84 32 37 32 34 64 64 64 64 64 64 64 64
    64 64 34 34 84 84 84 54 100 69 69 70 78 64 58 78 76 30 30 66 56 87 75 79
    61 79 70 64 62 74 69 99 69 62 69 40 34 40 84 50 50 62 64 55 64 62 36 64
    64 28 28 58 28 98 64 62 64 64 42 53 40 64 60 82 60 60 53 64 34 64 84"""
_BOLD_ADVANCES: Final = """
    35 46 53 84 70 101 88 31 46 46 53 84 38 42 38 37 70 70 70 70 70 70 70 70
    70 70 40 40 84 84 84 59 100 78 77 74 84 69 69 83 84 38 38 78 64 100 84 86
    74 86 78 73 69 82 78 111 78 73 73 46 37 46 84 50 50 68 72 60 72 68 44 72
    72 35 35 67 35 105 72 69 72 72 50 60 48 72 66 93 65 66 59 72 37 72 84"""
_REGULAR: Final = {chr(32 + index): int(text) / 100 for index, text in enumerate(_ADVANCES.split())}
_BOLD: Final = {chr(32 + index): int(text) / 100 for index, text in enumerate(_BOLD_ADVANCES.split())}
for _character in "·–—…×→←":
    _REGULAR[_character], _BOLD[_character] = (0.32, 0.38) if _character == "·" else (1.0, 1.0)

_INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn"))
_ARABIC_FORMS: Final = range(0xFB50, 0xFE00)
_SIMPLE_BELOW: Final = 0x0530  # Latin, Greek and Cyrillic need no shaping
_BREAKS: Final = " _-./:,"
_MARKS_IN_A_ROW: Final = 2


def clean(text: str, *, limit: int = FULL) -> str:
    r"""Return `text` as one line of visible characters, at most `limit` of them.

    Control characters and line ends become spaces; direction marks, unpaired surrogates and other invisible
    characters go; more than two marks on one letter go.

    >>> clean("a\n\tb\x1b[31m \u202egnp.exe")
    'a b [31m gnp.exe'
    """
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return " ".join(text.split())
    kept: list[str] = []
    marks = 0
    for character in text[: 4 * limit]:
        kind = category(character)
        marks = marks + 1 if kind[0] == "M" else 0
        if kind in {"Cc", "Zl", "Zp"}:
            kept.append(" ")
        elif kind not in _INVISIBLE and marks <= _MARKS_IN_A_ROW:
            kept.append(normalize("NFKC", character) if ord(character) in _ARABIC_FORMS else character)
    line = " ".join("".join(kept).split())
    if len(line) > limit or len(text) > 4 * limit:
        return line[: limit - 1].rstrip() + ELLIPSIS
    return line


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide `text` is in pixels at a font size of `size` pixels; an upper bound for common fonts.

    >>> width("clean", 10)
    27.1
    """
    advances = _BOLD if bold else _REGULAR
    return round(size * sum(advances.get(character) or _advance(character) for character in text), 2)


def is_simple(text: str) -> bool:
    """Return whether every character of `text` is of a script whose width we know for sure.

    >>> is_simple("clean · 3 kB"), is_simple("עברית")
    (True, False)
    """
    return text.isascii() or all(ord(character) < _SIMPLE_BELOW or character in _REGULAR for character in text)


def _advance(character: str) -> float:
    point = ord(character)
    if combining(character):
        return 0.0
    if point < _SIMPLE_BELOW:
        return 1.15 if character.isupper() else 0.9
    if 0x0590 <= point < 0x0780:  # noqa: PLR2004 - Hebrew, Arabic, Syriac
        return 1.0
    if east_asian_width(character) in "WF":
        return 1.05 if point < 0x10000 else 1.35  # noqa: PLR2004 - ideographs, then pictographs
    if point >= 0x10000:  # noqa: PLR2004 - the other planes hold very wide signs
        return 2.5
    return 3.0 if point in (0x2E3A, 0x2E3B) else 1.35


def cut(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """Return `text` if it fits into `room` pixels, else its beginning up to a word boundary, and an ellipsis.

    >>> cut("drop the unsexed rows", 75, 10)
    'drop the…'
    >>> cut("short", 75, 10)
    'short'
    """
    if width(text, size, bold=bold) <= room:
        return text
    room -= width(ELLIPSIS, size, bold=bold)
    used, end = 0.0, 0
    for end, character in enumerate(text):  # noqa: B007 - where it stopped is what we want
        used += width(character, size, bold=bold)
        if used > room:
            break
    boundary = max(text.rfind(mark, 0, end + 1) for mark in _BREAKS)
    if 2 * boundary < end:  # one long word: half a word says more than nothing
        boundary = end
    return text[:boundary].rstrip(_BREAKS) + ELLIPSIS
