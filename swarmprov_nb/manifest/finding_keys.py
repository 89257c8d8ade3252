"""Private keys, seed phrases and encrypted references: known by their armour, by their name, or by their length.

Formats: RFC 7468 for PEM, RFC 7517 for JWK, BIP-32, 38 and 39 for wallets, PuTTY's and age's own descriptions.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from swarmprov_nb.manifest.finding_rule import (
    NEW_KEY,
    NEW_REFERENCE,
    Confidence,
    Rule,
    any_case,
    is_placeholder,
    issued,
    random_value,
    rule,
    secret_text,
)

_PHRASES: Final = (12, 15, 18, 21, 24)
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BEFORE: Final = 100


def _pem(match: re.Match[str]) -> Confidence:
    """A header alone may be code that looks for keys."""
    return "high" if match["secret"] else "low"


def _packed_pem(match: re.Match[str]) -> Confidence | None:
    """PEM in base64, as Kubernetes keeps it."""
    head = match["secret"][:80]
    try:
        return "high" if b"PRIVATE KEY" in base64.b64decode(head[: len(head) // 4 * 4]) else None
    except binascii.Error:
        return None


def _phrase(match: re.Match[str]) -> Confidence | None:
    words = re.findall(r"[a-z]+", match["secret"])
    if len(words) not in _PHRASES or len(set(words)) < len(words) // 2:
        return None
    return "high" if match["quote"] or not re.fullmatch(r"(?i)seed", match["label"]) else "low"


_KEY_NAME = re.compile(
    r"(?i)(?:(?:private|priv|signing|wallet|deployer|owner|account|eth|from)[_ -]?key|secret(?:_?key)?|mnemonic"
    r"|seed(?:_?phrase)?|wallet|accounts?\.(?:add|import\w*)|(?<![a-z])sk)(?P<rest>\w{0,12})[\"'\])]{0,3}\s{0,3}"
    r"(?::\s*[\w.|\[\] ]{1,30})?(?:=|:|\(|,|(?<=[a-z])[ ])\s{0,3}"
    r"(?:[\w.]{1,30}\((?:hexstr\s*=\s*)?)?[brfBRF]{0,2}[\"']?$"
)
_DIGEST_NAME = re.compile(
    r"(?i)(?:sha|hash|digest|checksum|blake|keccak|integrity|sig|sum)\w*[\"'\])]{0,3}\s*[=:\-(,]\s*\S{0,3}$"
)
_LONG_DIGEST = re.compile(r"(?i)(?:sha[_-]?(?:3[_-]?)?512|sha2[_-]512|blake2b|b2sum|whirlpool)[\"'\])\s=:\-(,bx]{0,8}$")
_SUMMED = re.compile(r"[ \t][ *]\S")  # what `sha512sum` writes: the digest, a space, a space or a star, and a name
_SWARM = re.compile(r"(?i)bzz|swarm|(?<![a-z0-9])bee(?![a-z0-9])|refer|encrypt")


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _BEFORE) : match.start()].rsplit("\n", 1)[-1]


def _around(match: re.Match[str]) -> str:
    """Return the words before a match, and the rest of its line."""
    rest = match.string[match.end() : match.end() + _BEFORE].split("\n", 1)[0]
    return match.string[max(0, match.start() - _BEFORE) : match.start()] + rest


def _named_key(match: re.Match[str]) -> Confidence | None:
    """64 hex digits are a digest, unless their name says that they are a key."""
    name = _KEY_NAME.search(_before(match))
    if name is None or re.search(r"(?i)sha|hash|digest", name["rest"]) or is_placeholder(secret_text(match)):
        return None
    return "high"


def _reference(match: re.Match[str]) -> Confidence | None:
    """128 hex digits are an encrypted reference, unless they are named as a digest or a signature, or stand in sums."""
    before = _before(match)
    if is_placeholder(secret_text(match)) or _LONG_DIGEST.search(before):
        return None
    if not before and _SUMMED.match(match.string, match.end()) and not _SWARM.search(_around(match)):
        return None
    return "low" if _DIGEST_NAME.search(before) else "high"


def _base58check(match: re.Match[str]) -> Confidence | None:
    """A wallet's key in Base58Check: only if its checksum is right."""
    number = 0
    for letter in secret_text(match):
        number = number * 58 + _BASE58.index(letter)
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    check = hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()
    return "high" if check[:4] == data[-4:] else None


_WORDS: Final = (
    r"(?P<secret>(?:\d{1,2}[.)] ?)?[a-z]{3,8}"
    r"(?:(?:[\s,\"']{1,6}|\s{1,3}\d{1,2}[.)] ?)[a-z]{3,8}){11,23})(?![a-z ])"
)
_PHRASE_NAME: Final = any_case(
    "mnemonic", "seed[_ -]?(?:phrase|words)", "seed(?<![a-z]seed)", "recovery[_ -]?phrase", "bip_?39"
)

PEM: Final = rule(
    "private-key",
    r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
    r"(?P<secret>(?:[\s\"'+,rn\\]|[A-Z][A-Za-z-]+: [^\n]{1,80}\n){0,80}"
    r"[A-Za-z0-9+/]{16}[A-Za-z0-9+/=\s\"'\\]{0,8192})?",
    "-----begin",
    NEW_KEY,
    _pem,
)
KEYS: Final[tuple[Rule, ...]] = (
    rule("private-key", r"(?P<secret>LS0tLS1CRUdJTi[A-Za-z0-9+/=]{60,8192})", "ls0tls1crudjti", NEW_KEY, _packed_pem),
    rule(
        "private-key",
        r"PuTTY-User-Key-File-\d(?s:.){1,4000}?Private-Lines: \d+\s+(?P<secret>[A-Za-z0-9+/=]{16,100})",
        "putty-user-key-file",
        NEW_KEY,
    ),
    issued("private-key", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", "age-secret-key-"),
    rule(
        "private-key",
        r"[\"']kty[\"'][^{}]{1,2000}?[\"'](?:d|k)[\"']\s*:\s*[\"'](?P<secret>[A-Za-z0-9_-]{22,700})[\"']",
        "kty",
        NEW_KEY,
    ),
    rule(
        "wallet-key",
        r"(?<![A-Za-z0-9])(?P<secret>[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107}|5[HJK][1-9A-HJ-NP-Za-km-z]{49}"
        r"|[KL][1-9A-HJ-NP-Za-km-z]{51})(?![A-Za-z0-9])",
        "",
        NEW_KEY,
        _base58check,
    ),
    rule(
        "seed-phrase",
        f"(?P<label>{_PHRASE_NAME})"
        r"\w{0,10}[\"'\])]{0,3}\s{0,4}(?::\s*str\s*=|=|:|\(|\n)\s{0,4}(?P<quote>[\[(\"']{0,3})" + _WORDS,
        "mnemonic seed recovery bip39 bip_39",
        NEW_KEY,
        _phrase,
    ),
    rule(
        "seed-phrase",
        r"(?P<quote>[\[(\"']{1,3})" + _WORDS + r"[\"'\])]{1,3}[ \t]*#[^\n]{0,60}(?P<label>mnemonic|phrase)",
        "mnemonic phrase",
        NEW_KEY,
        _phrase,
    ),
    rule(
        "named-key",
        r"(?<![0-9A-Za-z])(?:0x)?(?P<secret>[0-9a-fA-F]{64})(?![0-9A-Za-z])",
        "key secret mnemonic seed sk wallet accounts",
        NEW_KEY,
        _named_key,
    ),
    rule(
        "named-key",
        r"(?i)private keys?[\s=:-]{1,80}(?:\(\d{1,3}\)\s*)?(?:0x)?(?P<secret>[0-9a-f]{64})(?![0-9A-Za-z])",
        "private",
        NEW_KEY,
    ),
    rule(
        "encrypted-reference",
        r"(?<![0-9A-Za-z])(?:0x)?(?P<secret>[0-9a-fA-F]{128})(?![0-9A-Za-z])",
        "",
        NEW_REFERENCE,
        _reference,
    ),
    rule(
        "wireguard-key",
        r"(?i:private[_ ]?key|preshared[_ ]?key)\s*=\s*(?P<secret>[A-Za-z0-9+/]{43}=)(?![A-Za-z0-9+/=])",
        "privatekey presharedkey private_key",
        NEW_KEY,
        random_value,
    ),
)
