"""Findings: secrets and addresses in what is about to leave the machine.

A finding shows three characters of a secret and no more, so that it can be listed, logged and kept. Its id names rule,
place and secret without giving the secret away, so that it can be accepted on its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from swarmprov_nb.manifest.finding_plain import plain
from swarmprov_nb.manifest.finding_plugins import plugin_hits
from swarmprov_nb.manifest.finding_rule import NEW_KEY, REVOKE, Confidence, Rule, secret_of
from swarmprov_nb.manifest.finding_rules import RULES
from swarmprov_nb.manifest.finding_texts import texts_of_file, texts_of_stream

__all__ = ["Finding", "scan", "texts_of_file", "texts_of_stream"]

_SHOWN = 3
_SHORT = 8
_BEFORE = 48


@dataclass(frozen=True)
class Finding:
    """Something that should not leave: which rule, where, what is shown of it, how sure, and what to do."""

    id: str
    rule: str
    place: str
    line: int
    excerpt: str
    confidence: Confidence
    advice: str


@dataclass(frozen=True)
class _Hit:
    start: int
    end: int
    rule: str
    confidence: Confidence
    advice: str


def scan(
    texts: Iterable[tuple[str, str]],
    *,
    known_keys: Collection[bytes] = (),
    own_digests: Collection[str] = (),
    key: bytes = b"swarmprov finding",
    rules: tuple[Rule, ...] = RULES,
) -> tuple[Finding, ...]:
    """Return what looks like a secret or an address in (place, text) pairs, in order of place and line.

    `known_keys` are found wherever they stand, as hex or base64. `own_digests` (hex) are digests and references that
    we made: no finding. `key` keys the findings' ids; a private one keeps short secrets from being guessed by them.
    `rules` are looked for beside them. No network is used.

    >>> found = scan([("cell 3", "url = 'https://ana:s3same0pen@host.org/data'")])
    >>> [(item.rule, item.place, item.line, item.excerpt) for item in found]
    [('password-in-url', 'cell 3', 1, "url = 'https://ana:s3s…")]
    """
    keys = tuple(known_keys)
    ours = frozenset(digest.lower().rsplit(":", 1)[-1].removeprefix("0x") for digest in own_digests)
    found: dict[str, Finding] = {}
    for place, text in texts:
        for finding in _findings(place, text, _chosen(_hits(text, keys, ours, rules)), key):
            found.setdefault(finding.id, finding)
    return tuple(found.values())


def _hits(text: str, keys: tuple[bytes, ...], ours: frozenset[str], rules: tuple[Rule, ...]) -> Iterator[_Hit]:
    """Yield hits, the surest rules first."""
    yield from _known(text, text.lower(), keys)
    read = plain(text)
    for hit in _read(read.text, ours, rules):
        yield replace(hit, start=read.original(hit.start), end=read.original(hit.end - 1) + 1)


def _read(text: str, ours: frozenset[str], rules: tuple[Rule, ...]) -> Iterator[_Hit]:
    """Yield hits in a text without escapes."""
    lowered = text.lower()
    for rule in rules:
        if rule.needles and not any(needle in lowered for needle in rule.needles):
            continue
        for match in rule.pattern.finditer(text):
            start, end = secret_of(match)
            start, end = (start, end) if start < end else match.span()
            confidence = None if lowered[start:end] in ours else rule.judge(match)
            if confidence is not None:
                yield _Hit(start, end, rule.name, confidence, rule.advice)
    for name, confidence, start, end in plugin_hits(text):
        if lowered[start:end] not in ours:
            yield _Hit(start, end, name, confidence, REVOKE)


def _known(text: str, lowered: str, keys: tuple[bytes, ...]) -> Iterator[_Hit]:
    """Yield where a key that this user holds stands in the text."""
    for secret in filter(None, keys):
        forms = {base64.b64encode(secret), base64.urlsafe_b64encode(secret)}
        forms_of_text = [(lowered, secret.hex()), *((text, form.decode().rstrip("=")) for form in forms)]
        for where, form in forms_of_text:
            for match in re.finditer(re.escape(form), where):
                yield _Hit(*match.span(), "known-key", "high", NEW_KEY)


def _chosen(hits: Iterable[_Hit]) -> list[_Hit]:
    """Keep one hit a place: of those that overlap, a sure one, else the one whose rule comes first."""
    chosen: list[_Hit] = []
    starts: list[int] = []
    for hit in sorted(hits, key=lambda hit: hit.confidence != "high"):
        place = bisect_right(starts, hit.start)
        free_before = place == 0 or chosen[place - 1].end <= hit.start
        free_after = place == len(chosen) or hit.end <= chosen[place].start
        if free_before and free_after:
            chosen.insert(place, hit)
            starts.insert(place, hit.start)
    return chosen


def _findings(place: str, text: str, hits: list[_Hit], key: bytes) -> Iterator[Finding]:
    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))] if hits else []
    for number, hit in enumerate(hits):
        line = bisect_right(lines, hit.start)
        secret = text[hit.start : hit.end]
        message = f"{hit.rule}\0{place}\0{secret}".encode("utf-8", "surrogatepass")
        name = hmac.new(key, message, hashlib.sha256).hexdigest()[:32]
        excerpt = _excerpt(text, lines[line - 1], hits[:number], hit)
        yield Finding(name, hit.rule, place, line, excerpt, hit.confidence, hit.advice)


def _excerpt(text: str, line: int, earlier: list[_Hit], hit: _Hit) -> str:
    """Show the line up to three characters of the secret, with every secret before it masked too."""
    shown, place = [], line
    for other in earlier:
        if other.end > line:
            shown += [text[place : max(place, other.start)], "…"]
            place = other.end
    before = "".join([*shown, text[place : hit.start]]).lstrip()
    secret = text[hit.start : hit.end].lstrip()
    cut = f"…{before[-_BEFORE:]}" if len(before) > _BEFORE else before
    return f"{cut}{secret[: _SHOWN if len(secret) >= _SHORT else 1]}…"
