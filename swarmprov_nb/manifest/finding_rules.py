"""What looks like a secret: our own rules, each a pattern, how sure it is, and what to do.

Formats are those that the issuers document (AWS "Unique identifiers", GitHub "Token formats", Stripe "API keys",
RFC 7468 for PEM, RFC 7519 for JWT, BIP-39 for seed phrases). A rule is tried only where one of its `needles` stands in
the text, so that a megabyte of numbers costs next to nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from swarmprov_nb.bounded_json import loads

Confidence = Literal["high", "low"]
Judge = Callable[["re.Match[str]"], "Confidence | None"]

REVOKE = "Revoke it where it was issued, and read the new one from the environment or a prompt."
PROMPT = "Remove it from the source, and read it with getpass or from the environment."
NEW_KEY = "Treat the key as lost: move what it guards to a new one, and load it from a key file."
NEW_REFERENCE = "It opens encrypted content to whoever reads it: publish the content's digest instead."
PERSON = "Ask the person, or remove the address."

_START = r"(?:(?<![A-Za-z0-9_+-])|(?<=\\n))"
_END = r"(?![A-Za-z0-9_+/-])"

_PLACEHOLDERS = re.compile(
    r"(?i)your|example|change_?-?me|placeholder|redacted|dummy|insert|replace|fixme|os\.environ|getenv|getpass|\.\.\."
    r"|x{4}|\*{3}|…|[<>{}]|\$\(|%\(|^\$|^env[.:]|^%\w"
)
_EMPTY_WORDS = """
    password passwd passphrase pass secret secretkey token apikey user username none null nil string str text true false
    test testing required optional invalid incorrect wrong mypassword mysecret default hidden unknown value key
"""
_FEW = 5


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


def secret_of(match: re.Match[str]) -> tuple[int, int]:
    """Return where the secret stands in the text."""
    group = "secret" if "secret" in match.re.groupindex else 0
    return match.span(group)


def _text(match: re.Match[str]) -> str:
    start, end = secret_of(match)
    return match.string[start:end]


def _real(match: re.Match[str]) -> Confidence | None:
    value = _text(match)
    few = len(set(value[len(value) // 3 :].lower())) < _FEW
    return None if is_placeholder(value) or few else "high"


def _written(match: re.Match[str]) -> Confidence | None:
    """A literal after a name such as password: no placeholder, path, address or name of a variable."""
    value = _text(match)
    if is_placeholder(value) or re.match(r"[),;\]}~/]|\./|[a-z]+://", value):
        return None
    return "high"


def _bare(match: re.Match[str]) -> Confidence | None:
    """A value without quotes: a name of a variable or a call is none."""
    value = _text(match)
    if _written(match) is None or "(" in value or re.fullmatch(r"[A-Za-z_][A-Za-z_.]*[,;:]?", value):
        return None
    return "high" if match["sets"] else "low"


def _token(match: re.Match[str]) -> Confidence | None:
    """A value named just ``token``: texts of language models are called so too, so it must look random."""
    value = _text(match)
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return _written(match) if mixed else None


def _pem(match: re.Match[str]) -> Confidence:
    """A header alone may be code that looks for keys."""
    return "high" if match["secret"] else "low"


def _jwt(match: re.Match[str]) -> Confidence | None:
    head = match[0].split(".")[0]
    try:
        return "high" if "alg" in loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))) else None
    except (binascii.Error, ValueError):
        return None


def _phrase(match: re.Match[str]) -> Confidence | None:
    words = match["secret"].split()
    if len(words) not in (12, 15, 18, 21, 24) or len(set(words)) < len(words) // 2:
        return None
    return "high" if match["quote"] else "low"


_KEY_NAME = re.compile(
    r"(?i)(?:(?:private|priv|signing|wallet|deployer|owner|account|eth|from)_?key|secret(?:_?key)?|mnemonic"
    r"|seed(?:_?phrase)?|(?<![a-z])sk)(?P<rest>\w{0,12})[\"'\])]{0,3}\s{0,3}"
    r"(?::\s*[\w.|\[\] ]{1,30})?(?:=|:|\(|,)\s{0,3}"
    r"(?:[\w.]{1,30}\((?:hexstr\s*=\s*)?)?[brfBRF]{0,2}[\"']?$"
)
_DIGEST_NAME = re.compile(
    r"(?i)(?:sha|hash|digest|checksum|blake|keccak|integrity|sig|sum)\w*[\"'\])]{0,3}\s*[=:\-(,]\s*\S{0,3}$"
)
_BEFORE = 100


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - _BEFORE) : match.start()].rsplit("\n", 1)[-1]


def _named_key(match: re.Match[str]) -> Confidence | None:
    """64 hex digits are a digest, unless their name says that they are a key."""
    name = _KEY_NAME.search(_before(match))
    if name is None or re.search(r"(?i)sha|hash|digest", name["rest"]) or is_placeholder(_text(match)):
        return None
    return "high"


def _reference(match: re.Match[str]) -> Confidence | None:
    """128 hex digits are an encrypted reference, unless they are named as a digest or a signature."""
    if is_placeholder(_text(match)):
        return None
    return "low" if _DIGEST_NAME.search(_before(match)) else "high"


def _person(match: re.Match[str]) -> Confidence | None:
    name, domain = match[0].lower().rsplit("@", 1)
    made_up = re.search(r"(?:^|\.)(?:example(?:\.\w+)?|localhost|invalid|test)$", domain)
    return None if made_up or name in ("git", "noreply", "no-reply") else "low"


def _rule(name: str, pattern: str, needles: str, advice: str = REVOKE, judge: Judge = _real) -> Rule:
    return Rule(name, re.compile(pattern), tuple(needles.lower().split()), advice, judge)


def _issued(name: str, pattern: str, needles: str) -> Rule:
    return _rule(name, f"{_START}(?P<secret>{pattern}){_END}", needles)


_SEPARATOR = r"[\"'\])]{0,3}\s{0,4}(?::\s{0,4}[A-Za-z_.\[\]| ]{1,30}=|=>|:=|={1,3}|:|,)\s{0,4}[brfBRF]{0,2}"
_SUFFIX = r"(?:[_-]?(?:key|value|string|text|hex|b64|base64|prod|production|dev|test|\d{1,3}))?"
_NAMED = (
    r"(?i:password|passwd|passphrase|(?<![a-z])pwd|secret|api[_-]?key|access[_-]?key|auth[_-]?key|encryption[_-]?key"
    r"|account[_-]?key|private[_-]?key|client[_-]?secret"
    r"|(?:auth|access|api|bearer|bot|refresh|secret|session)[_-]?token)"
)

RULES: tuple[Rule, ...] = (
    _rule(
        "private-key",
        r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
        r"(?P<secret>(?:[\s\"'+,rn\\]|[A-Z][A-Za-z-]+: [^\n]{1,80}\n){0,80}"
        r"[A-Za-z0-9+/]{16}[A-Za-z0-9+/=\s\"'\\]{0,8192})?",
        "-----begin",
        NEW_KEY,
        _pem,
    ),
    _issued("aws-access-key", r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}", "a3t abia acca akia asia"),
    _rule(
        "aws-secret-key",
        r"(?i:aws|secret|s3).{0,20}?(?i:key|pwd|password|token).{0,20}?[\"'=:\s]"
        r"(?P<secret>[0-9a-zA-Z/+]{40})(?![0-9a-zA-Z/+=])",
        "aws secret s3",
    ),
    _rule("google-service-account", r"\"private_key_id\"\s*:\s*\"(?P<secret>[0-9a-f]{40})\"", "private_key_id"),
    _issued("google-api-key", r"AIza[0-9A-Za-z_-]{35}", "aiza"),
    _issued("google-oauth", r"GOCSPX-[0-9A-Za-z_-]{28}|ya29\.[0-9A-Za-z_-]{20,512}", "gocspx- ya29."),
    _rule(
        "azure-connection",
        r"(?i:AccountKey|SharedAccessKey|SharedSecretValue)=(?P<secret>[A-Za-z0-9+/]{40,120}={0,2})",
        "accountkey sharedaccesskey sharedsecretvalue",
    ),
    _rule("azure-signature", r"[?&]sig=(?P<secret>[A-Za-z0-9%+/=]{40,120})", "sig="),
    _issued(
        "github-token",
        r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{22,255}",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
    ),
    _issued(
        "gitlab-token",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_.-]{20,255}",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glagent- glsoat-",
    ),
    _issued(
        "slack-token", r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}|xapp-\d-[A-Za-z0-9-]{10,250}", "xox xapp-"
    ),
    _rule(
        "slack-webhook",
        r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>T[A-Za-z0-9_]+/[A-Za-z0-9_/]+)",
        "hooks.slack.com",
    ),
    _issued(
        "stripe-key",
        r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,247}|whsec_[A-Za-z0-9+/]{32,64}",
        "sk_live sk_test rk_live rk_test whsec_",
    ),
    _issued("anthropic-key", r"sk-ant-[A-Za-z0-9_-]{20,200}", "sk-ant-"),
    _issued(
        "openai-key",
        r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{20,250}|"
        r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{40,64}",
        "sk-",
    ),
    _issued("huggingface-token", r"(?:hf_|api_org_)[A-Za-z]{34}", "hf_ api_org_"),
    _issued("pypi-token", r"pypi-[A-Za-z0-9_-]{50,1000}", "pypi-"),
    _issued("npm-token", r"npm_[A-Za-z0-9]{36}", "npm_"),
    _rule("npm-token", r"(?:_authToken|(?<![A-Za-z0-9_])_auth)\s*=\s*(?P<secret>[A-Za-z0-9+/=_-]{16,512})", "_auth"),
    _rule("jwt", _START + r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}", "eyj", REVOKE, _jwt),
    _rule(
        "password-in-url",
        r"://[^\s/:@\"'<>`]{0,64}:(?P<secret>[^\s/@\"'<>`]{1,128})@(?=[\w\[])",
        "://",
        PROMPT,
        _written,
    ),
    _rule(
        "seed-phrase",
        r"(?i:mnemonic|seed[_ -]?(?:phrase|words)|(?<![a-z])seed|recovery[_ -]?phrase|bip_?39)\w{0,10}[\"'\])]{0,3}"
        r"\s{0,4}(?::\s*str\s*=|=|:|\()\s{0,4}(?P<quote>[\"']{0,3})"
        r"(?P<secret>[a-z]{3,8}(?:\s{1,3}[a-z]{3,8}){11,23})(?![a-z ])",
        "mnemonic seed recovery bip39 bip_39",
        NEW_KEY,
        _phrase,
    ),
    _rule(
        "named-key",
        r"(?<![0-9A-Za-z])(?:0x)?(?P<secret>[0-9a-fA-F]{64})(?![0-9A-Za-z])",
        "key secret mnemonic seed sk",
        NEW_KEY,
        _named_key,
    ),
    _rule(
        "encrypted-reference",
        r"(?<![0-9A-Za-z])(?:0x)?(?P<secret>[0-9a-fA-F]{128})(?![0-9A-Za-z])",
        "",
        NEW_REFERENCE,
        _reference,
    ),
    _rule(
        "written-secret",
        _NAMED + _SUFFIX + _SEPARATOR + r"(?P<quote>\"\"\"|[\"'])(?P<secret>[^\s\"']{4,256})(?P=quote)",
        "pass pwd secret key token",
        PROMPT,
        _written,
    ),
    _rule(
        "written-secret",
        r"(?i:(?<![A-Za-z])token)" + _SEPARATOR + r"(?P<quote>[\"'])(?P<secret>[A-Za-z0-9_.+/=-]{16,256})(?P=quote)",
        "token",
        PROMPT,
        _token,
    ),
    _rule(
        "written-secret",
        r"(?m)(?P<sets>(?:%env|%set_env|export|ENV)[ \t]+)?(?<![A-Za-z0-9_])\w{0,40}?(?:"
        + _NAMED
        + r"|_TOKEN)"
        + _SUFFIX
        + r"(?:=|: ?| = ?)(?P<secret>[^\s\"'#&=:][^\s\"'#&]{5,255})[ \t]*$",
        "pass pwd secret key token",
        PROMPT,
        _bare,
    ),
    _rule(
        "e-mail",
        r"(?<![\w.+%/-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w(\[-]|\.\w)",
        "@",
        PERSON,
        _person,
    ),
)
