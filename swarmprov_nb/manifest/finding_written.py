"""Passwords and keys that somebody wrote out, known by the name or the words before them.

Where they stand: assignments in programs, settings and shells; connection strings (ODBC, ADO.NET, libpq), addresses,
.netrc and .pgpass (as curl and PostgreSQL describe them), the header Authorization (RFC 6750, RFC 7617), options of
commands.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from swarmprov_nb.manifest.finding_rule import (
    PERSON,
    PROMPT,
    REVOKE,
    Confidence,
    Rule,
    any_case,
    is_mixed,
    is_packed,
    is_placeholder,
    is_random,
    random_value,
    rule,
    secret_text,
)

_LONGEST_NAME: Final = 80
_BEFORE: Final = re.compile(r"(?P<sets>(?:%env|%set_env|export|ENV)[ \t]+)?(?P<name>[A-Za-z0-9_-]*)$")
_OF_INDEX: Final = re.compile(
    r"(?i)(?:public|primary|foreign|partition|sort|cache|group|join|index|row|column|object|blob|file|path|state|context"
    r"|idempotency|verify|verifying|merkle|map|dict|page|next|pad|sep|cls|mask|unk|bos|eos|websocket)$"
)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z_.]*[,;:]?")
_TYPE_NAME: Final = re.compile(
    r"(?i)[a-z_.]*(?:int|float|str|bool|complex|bytes|datetime|utf|md|sha|base)_?\d+|[\w.]*(?:key|token|secret)(?:types?)?"
)
_EXPRESSION: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^\]]*\]?)+")


def _written(match: re.Match[str]) -> Confidence | None:
    """A literal after a name such as password: no placeholder, path, address or name of a variable."""
    value = secret_text(match)
    if is_placeholder(value) or (re.match(r"[),;\]}~/]|\(\?|\./|[a-z]+://", value) and not is_packed(value)):
        return None
    return "high"


def _guarded(match: re.Match[str]) -> Confidence | None:
    """A literal that stands where only a password can: but a mere word in capitals stands for one."""
    return None if secret_text(match).isupper() else _written(match)


def _bare(match: re.Match[str]) -> Confidence | None:
    """A value without quotes: a name of a variable or a call is none, and what could be one is listed only.

    What a shell or a file of settings sets is a value: there a variable has a dollar.
    """
    value, name = secret_text(match), _name(match)
    whole = match.string[name.start("name") : match.start("gap")]
    mixed, shell = is_mixed(value), whole.isupper() and match["gap"] == "="
    if _written(match) is None or "(" in value or (_VARIABLE.fullmatch(value) and not mixed):
        return None
    if _TYPE_NAME.fullmatch(value.rstrip("),;:]}")) or (match["gap"] == " = " and _EXPRESSION.fullmatch(value)):
        return "low"
    if name["sets"] or is_random(value):
        return "high"
    lettered = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return "high" if (lettered or mixed) and (shell or match["gap"] == ": ") else "low"


def _ending(match: re.Match[str]) -> Confidence | None:
    """A value whose name ends in key or token and is none of those that index, group or verify."""
    return None if _OF_INDEX.search(_name(match)["name"]) else random_value(match)


def _bare_ending(match: re.Match[str]) -> Confidence | None:
    return _ending(match) if _bare(match) == "high" else None


def _name(match: re.Match[str]) -> re.Match[str]:
    """Return the whole name, of which the rule has seen the end, and what sets it."""
    found = _BEFORE.search(match.string, max(0, match.start() - _LONGEST_NAME), match.start())
    assert found  # it may be empty, and that is found too
    return found


def _token(match: re.Match[str]) -> Confidence | None:
    """A value named just ``token``: texts of language models are called so too, so it must look random."""
    value = secret_text(match)
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return _written(match) if mixed else None


def _credentials(match: re.Match[str]) -> Confidence | None:
    """A user's name and password with a colon between, in base64."""
    value = secret_text(match)
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return "high" if colon and user and len(password) >= 3 and text.isprintable() else None  # noqa: PLR2004


def _bearer(match: re.Match[str]) -> Confidence | None:
    value = secret_text(match)
    return "high" if re.search(r"\d", value) and len(set(value)) > 8 and not is_placeholder(value) else None  # noqa: PLR2004


def _person(match: re.Match[str]) -> Confidence | None:
    name, domain = match[0].lower().rsplit("@", 1)
    made_up = re.search(r"(?:^|\.)(?:example(?:\.\w+)?|localhost|invalid|test)$", domain)
    return None if made_up or name in ("git", "noreply", "no-reply") else "low"


_SEPARATOR = r"[\"'\])]{0,3}\s{0,4}(?::\s{0,4}[A-Za-z_.\[\]| ]{1,30}=|=>|:=|={1,3}|:|,)\s{0,4}[brfBRF]{0,2}"
_SUFFIX = r"(?:[_-]?(?:key|value|string|text|hex|b64|base64|prod|production|dev|test|\d{1,3}))?"
_NAMED = any_case(
    *("password", "passwd", "passphrase", r"pwd(?<![a-z]pwd)", "secret", r"api[_-]?key", r"access[_-]?key"),
    *(r"auth[_-]?key", r"encryption[_-]?key", r"account[_-]?key", r"private[_-]?key", r"client[_-]?secret"),
    *("_pass", "-pass"),
    *(rf"{word}[_-]?token" for word in ("auth", "access", "api", "bearer", "bot", "refresh", "secret", "session")),
)
_ENDINGS = "_key -key _token -token _auth -auth credentials"
_ENDS = any_case(*_ENDINGS.split())
_QUOTED = r"(?P<quote>\"\"\"|[\"'])(?P<secret>[^\s\"']{4,256})(?P=quote)"
_RANDOM = r"(?P<quote>[\"'])(?P<secret>[A-Za-z0-9_.+/=~:-]{16,256})(?P=quote)"
_BARE = r"(?P<gap>=|: ?| = ?)(?P<secret>[^\s\"'#&=:,<][^\s\"',<]{5,255})(?=[ \t]*(?:$|[\r\n,\"'<]| https?:))"
_TOOLS = (
    r"(?i:(?:docker|podman|helm|oc|az|vault|gh|huggingface-cli)\b[^\n]{0,60}?\blogin|twine|sshpass|cast|swarm-cli|wandb)"
)

IN_ADDRESS: Final = rule(
    "password-in-url",
    r"://[^\s/:@\"'<>`]{0,64}:(?P<secret>[^\s/@\"'<>`]{1,128})@(?=[\w\[])",
    "://",
    PROMPT,
    _written,
)
WRITTEN: Final[tuple[Rule, ...]] = (
    rule("written-secret", _NAMED + _SUFFIX + _SEPARATOR + _QUOTED, "pass pwd secret key token", PROMPT, _written),
    rule(
        "written-secret",
        r"(?i:(?<![A-Za-z])token)" + _SEPARATOR + r"(?P<quote>[\"'])(?P<secret>[A-Za-z0-9_.+/=-]{16,256})(?P=quote)",
        "token",
        PROMPT,
        _token,
    ),
    rule("written-secret", _ENDS + _SEPARATOR + _RANDOM, _ENDINGS, PROMPT, _ending),
    rule("written-secret", _NAMED + _SUFFIX + _BARE, "pass pwd secret key token", PROMPT, _bare),
    rule("written-secret", _ENDS + _BARE, _ENDINGS, PROMPT, _bare_ending),
    rule(
        "netrc",
        r"(?:machine\s{1,8}[^\s\"']{1,255}|default)\s{1,8}login\s{1,8}\S{1,255}\s{1,8}(?:account\s{1,8}\S{1,255}\s{1,8})?"
        r"password\s{1,8}(?P<secret>[^\s\"'<]{3,256})",
        "machine",
        PROMPT,
        _guarded,
    ),
    rule(
        "pgpass",
        r"(?<![\w:./-])(?:[\w.-]{1,255}|\*):(?:5432|5433|6432|\*):(?:[\w.$-]{1,64}|\*):[\w.@-]{1,64}:"
        r"(?P<secret>[^\s:\"',<]{4,256})",
        ":5432: :*: :5433: :6432:",
        PROMPT,
        _guarded,
    ),
    rule(
        "connection-string",
        any_case(*["server", "host", "hostaddr", "source", "uid", "id", "user", "username", "dbname", "database"])
        + r"=[^\n,()\"']{0,300}?(?<![A-Za-z])(?i:pwd|password)=(?P<secret>[^\s;\"',<]{3,128})",
        "pwd= password=",
        PROMPT,
        _guarded,
    ),
    rule(
        "secret-in-query",
        r"[?&](?i:access_token|auth_token|token|api_?key|apikey|app_?id|appkey|key|auth|secret|client_secret|password"
        r"|x-amz-signature|signature)=(?P<secret>[A-Za-z0-9_.~%+/-]{16,512}=*)",
        "?access_token &access_token token= key= appid= app_id= auth= secret= password= signature=",
        REVOKE,
        random_value,
    ),
    rule(
        "authorization",
        r"(?i:authorization[\"'\]]{0,3}\s{0,3}[:=,]\s{0,3}f?[\"']?\s?(?:bearer|token|apikey|key)|(?<![a-z])bearer)\s{1,3}"
        r"(?P<secret>[A-Za-z0-9._~+/-]{16,2048}=*)",
        "bearer authorization",
        REVOKE,
        _bearer,
    ),
    rule(
        "authorization",
        r"(?i:basic)\s{1,3}(?P<secret>[A-Za-z0-9+/]{8,512}={0,2})(?![A-Za-z0-9+/=])",
        "basic",
        PROMPT,
        _credentials,
    ),
    rule(
        "authorization",
        r"[\"']auth[\"']\s{0,3}:\s{0,3}[\"'](?P<secret>[A-Za-z0-9+/]{8,512}={0,2})[\"']",
        "auth",
        PROMPT,
        _credentials,
    ),
    rule(
        "authorization",
        r"(?i:auth\s?=\s?\(|(?:basic|digest)auth\()\s{0,3}[\"'][^\"'\n]{1,64}[\"']\s?,\s{0,3}"
        r"[\"'](?P<secret>[^\"'\n]{3,128})[\"']",
        "auth",
        PROMPT,
        _guarded,
    ),
    rule(
        "password-of-command",
        r"(?<![A-Za-z])(?:curl|wget|http)\b[^\n]{0,200}?\s(?:-u|--user|-a|--auth)[ =]?[\"']?[\w.@-]{1,64}:"
        r"(?P<secret>[^\s\"']{3,128})",
        "curl wget http",
        PROMPT,
        _guarded,
    ),
    rule(
        "password-of-command",
        rf"(?<![A-Za-z]){_TOOLS}\b[^\n]{{0,200}}?\s(?:-p|--password|--token|--private-key|--api-key)[ =]?[\"']?"
        r"(?P<secret>[^\s\"'$<-][^\s\"'<]{3,255})",
        "-p --token --api-key",
        PROMPT,
        _guarded,
    ),
    rule(
        "written-secret",
        r"(?i:login|username)[\"'(\s:=,]{1,6}[^\n{}]{0,80}?(?<![A-Za-z_])[\"']?key[\"']?\s?[:=]\s?"
        r"[\"'](?P<secret>[0-9a-f]{32,64})[\"']",
        "login username",
        PROMPT,
        random_value,
    ),
)
EMAIL: Final = rule(
    "e-mail",
    r"(?<![\w.+%/-])[\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![\w(\[-]|\.\w)",
    "@",
    PERSON,
    _person,
)
