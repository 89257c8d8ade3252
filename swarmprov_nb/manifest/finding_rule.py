"""A rule for findings: a pattern of what looks like a secret, who judges a match, and what to do about one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

Confidence = Literal["high", "low"]
Judge = Callable[["re.Match[str]"], "Confidence | None"]

REVOKE: Final = "Revoke it where it was issued, and read the new one from the environment or a prompt."
PROMPT: Final = "Remove it from the source, and read it with getpass or from the environment."
NEW_KEY: Final = "Treat the key as lost: move what it guards to a new one, and load it from a key file."
NEW_REFERENCE: Final = "It opens encrypted content to whoever reads it: publish the content's digest instead."
PERSON: Final = "Ask the person, or remove the address."

_PLACEHOLDERS = re.compile(
    r"(?i)your|example|change_?-?me|placeholder|redacted|dummy|insert|replace|fixme|os\.environ|getenv|getpass|\.\.\."
    r"|x{4}|\*{3}|…|[<>{}]|\$\(|%\(|^\$|^env[.:]|^%(?![0-9A-F]{2})\w"
)
_EMPTY_WORDS = """
    password passwd passphrase pass secret secretkey token apikey user username none null nil string str text true false
    test testing required optional invalid incorrect wrong mypassword mysecret default hidden unknown value key
"""
_FEW: Final = 5
_LETTERS_OF_RANDOM: Final = 9
_CHANGES_OF_RANDOM: Final = 0.28
_CHANGES_OF_MIXED: Final = 0.4
_SHORTEST_MIXED: Final = 12
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMES = re.compile(r"(?:[A-Z]?[a-z]+|[A-Z]+|\d+)(?:[-_./:](?:[A-Z]?[a-z]+|[A-Z]+|\d+))*")
_HEX = re.compile(r"(?i)(?=.*[a-f])(?=.*\d)[0-9a-f]{20,}")
_PACKED = re.compile(r"(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?!(?:.*/)?[a-z]{3,}(?:/|$))[A-Za-z0-9+/]{16,}={0,2}")


@dataclass(frozen=True)
class Rule:
    """A pattern whose group ``secret`` (else all of it) is the secret, where `judge` does not say otherwise."""

    name: str
    pattern: re.Pattern[str]
    needles: tuple[str, ...]
    advice: str
    judge: Judge


def is_placeholder(value: str) -> bool:
    """Say whether a text only stands where a secret would.

    >>> is_placeholder("changeme"), is_placeholder("${TOKEN}"), is_placeholder("correct-horse")
    (True, True, False)
    """
    letters = re.sub(r"[^a-z0-9]", "", value.lower())
    return bool(_PLACEHOLDERS.search(value)) or letters in _EMPTY_WORDS.split() or len(set(letters)) <= 1


def is_random(value: str) -> bool:
    """Say whether a text looks drawn at random: many different characters, and kinds of them that keep changing.

    >>> is_random("q7ZfLx02TnbR9sWd"), is_random("experiment-of-2026-run-3")
    (True, False)
    """
    if _UUID.fullmatch(value) or _NAMES.fullmatch(value) or len(set(value)) < _LETTERS_OF_RANDOM:
        return False
    kinds = [0 if each.isdigit() else 1 if each.islower() else 2 if each.isupper() else 3 for each in value]
    changes = sum(one != other for one, other in pairwise(kinds))
    several = 0 in kinds and (1 in kinds or 2 in kinds)  # noqa: PLR2004 - the kinds are numbered a line above
    return bool(_HEX.fullmatch(value)) or (several and changes >= _CHANGES_OF_RANDOM * len(value))


def is_mixed(value: str) -> bool:
    """Say whether small and capital letters alternate as in no name of a variable or type.

    >>> is_mixed("TVdkMEJnaEpCdXAjOHFB"), is_mixed("MyHTTPServerConfig")
    (True, False)
    """
    changes = sum(one.isupper() != other.isupper() for one, other in pairwise(value))
    return len(value) >= _SHORTEST_MIXED and changes >= _CHANGES_OF_MIXED * len(value)


def is_packed(value: str) -> bool:
    """Say whether a text is base64 and no path.

    >>> is_packed("/qYp8jEba4WPZuXMLgYSMA=="), is_packed("/run/secrets/Db1")
    (True, False)
    """
    return bool(_PACKED.fullmatch(value))


def secret_of(match: re.Match[str]) -> tuple[int, int]:
    """Return where the secret stands in the text."""
    group = "secret" if "secret" in match.re.groupindex else 0
    return match.span(group)


def secret_text(match: re.Match[str]) -> str:
    """Return the secret."""
    start, end = secret_of(match)
    return match.string[start:end]


def real(match: re.Match[str]) -> Confidence | None:
    """Judge a token whose form is its issuer's own: sure, unless it is an example."""
    value = secret_text(match)
    few = len(set(value[len(value) // 3 :].lower())) < _FEW
    return None if is_placeholder(value) or few else "high"


def random_value(match: re.Match[str]) -> Confidence | None:
    """Judge a value whose name alone says little: it must look drawn at random."""
    value = secret_text(match)
    return "high" if is_random(value) and not is_placeholder(value) else None


def any_case(*words: str) -> str:
    """Return a pattern of words in any case, written so that the engine skips to their first letters.

    >>> any_case("key")
    '(?:k(?i:ey)|K(?i:ey))'
    """
    pairs = [(first, word[1:]) for word in words for first in dict.fromkeys((word[0].lower(), word[0].upper()))]
    return f"(?:{'|'.join(f'{first}(?i:{rest})' for first, rest in pairs)})"


def rule(name: str, pattern: str, needles: str, advice: str = REVOKE, judge: Judge = real) -> Rule:
    """Return a rule that is tried only where one of its needles (in lower case, by spaces) stands in the text."""
    return Rule(name, re.compile(pattern), tuple(needles.lower().split()), advice, judge)


def issued(name: str, pattern: str, needles: str) -> Rule:
    """Return a rule for a token that stands alone, as a word of its own."""
    return rule(name, f"(?<![A-Za-z0-9_+-])(?P<secret>{pattern})(?![A-Za-z0-9_+/-])", needles)
