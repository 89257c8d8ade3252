"""Recorded exchanges of Bee nodes: read, filled in, sent as they were sent, and compared with what comes back.

The recordings lie beside the checkout; their README says what the fields and placeholders mean.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import tarfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT.parent / "shared" / "conformance" / "bee"

PLACEHOLDER = re.compile(r"\{\{([^}]*)\}\}")
NUMBERS = re.compile(r"\{\{(int|number|tag:[^}]*)\}\}")
# what an unknown placeholder may be, by the part of its name before the colon
KINDS = {
    "batch": r"[0-9a-f]{64}",
    "batchOwner": r"[0-9a-fA-F]{40}",
    "tag": r"\d+",
    "overlay": r"[0-9a-f]{64}",
    "ethereum": r"[0-9a-fA-F]{40}",
    "chequebook": r"[0-9a-fA-F]{40}",
    "publicKey": r"[0-9a-f]{66}",
    "pssPublicKey": r"[0-9a-f]{66}",
    "peerid": r"[0-9A-Za-z]+",
    "txhash": r"0x[0-9a-f]{64}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "httpdate": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
    "int": r"-?\d+",
    "number": r"-?[0-9.]+(e[+-]?\d+)?",
    "decimal": r"\d+",
    "boundary": r"[0-9A-Za-z]+",
    "key": r".+",
    "accept": r"[0-9A-Za-z+/=]+",
    "any": r"(?s:.*)",
}
FREE = {"time", "httpdate", "int", "number", "decimal", "any", "txhash", "boundary", "key", "accept"}
CASELESS = {"ethereum", "chequebook", "batchOwner"}


def read_exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a file, in the order in which they were made."""
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


@dataclass
class Names:
    """What the placeholders stand for: given before, or learnt from an answer."""

    known: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """Put in what is known; KeyError for what is not."""
        return PLACEHOLDER.sub(lambda match: self.known[match[1]], text)

    def matches(self, template: str, text: str, *, learn: bool = True) -> bool:
        """Whether a text is what the template says; names that were unknown are then known."""
        found = re.fullmatch(self._pattern(template), text)
        if found is None:
            return False
        for group, value in found.groupdict().items():
            if learn:
                self.known[bytes.fromhex(group[1:]).decode()] = value
        return True

    def _pattern(self, template: str) -> str:
        parts, at, inside = [], 0, set()
        for match in PLACEHOLDER.finditer(template):
            parts += [re.escape(template[at : match.start()]), self._one(match[1], inside)]
            at = match.end()
        return "".join([*parts, re.escape(template[at:])])

    def _one(self, name: str, inside: set[str]) -> str:
        kind, _, size = name.partition(":")
        if kind == "hex":
            return rf"[0-9a-f]{{{size}}}"
        if name in FREE:
            return KINDS[name]
        if name in self.known:
            return ("(?i:%s)" if kind in CASELESS else "%s") % re.escape(self.known[name])
        group = "g" + name.encode().hex()
        if group in inside:
            return f"(?P={group})"
        inside.add(group)
        return f"(?P<{group}>{KINDS[kind]})"


def body_of(described: dict[str, Any], names: Names) -> bytes:
    """Return the bytes that were sent."""
    kind, value = described["kind"], described.get("value")
    if kind == "text":
        return names.fill(value).encode()
    if kind == "stamped":
        return bytes.fromhex(names.fill(described["stamp"])) + base64.b64decode(value)
    make = {"base64": base64.b64decode, "pattern": pattern, "tar": tar_of, "multipart": multipart_of}
    return b"" if kind == "none" else make[kind](value)


def length_of(described: dict[str, Any]) -> int:
    """Return how many bytes were sent, where that says something about the content."""
    if described["kind"] == "pattern":
        return described["value"]["length"]
    return len(described.get("value") or "") if described["kind"] in {"text", "base64"} else 0


def pattern(described: dict[str, Any]) -> bytes:
    length = described["length"]
    cycle = bytes(range(255)) if described["type"] == "i mod 255" else b"\0"
    data = (cycle * (length // len(cycle) + 1))[:length]
    return described["span"].to_bytes(8, "little") + data if "span" in described else data


def tar_of(members: list[dict[str, str]]) -> bytes:
    """Rebuild a tar archive as the README says."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member in members:
            entry = tarfile.TarInfo(member["name"])
            data = b""
            if member.get("type") == "dir":
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            elif member.get("type") == "symlink":
                entry.type, entry.linkname = tarfile.SYMTYPE, member["target"]
            else:
                data = member["text"].encode()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def multipart_of(described: dict[str, Any]) -> bytes:
    """Rebuild a form as the README says."""
    lines: list[str] = []
    for part in described["parts"]:
        file = f'; filename="{part["filename"]}"' if "filename" in part else ""
        lines += ["--" + described["boundary"], f'Content-Disposition: form-data; name="{part["name"]}"{file}']
        lines += [f"Content-Type: {part['content-type']}"] if "content-type" in part else []
        lines += ["", part["text"]]
    return "\r\n".join([*lines, "--" + described["boundary"] + "--", ""]).encode()


@dataclass
class Received:
    """An answer as it came: status None where there was none."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    broken: bool = False


def differences(exchange: dict[str, Any], got: Received, names: Names) -> list[str]:
    """Return what of an answer is not as it was recorded."""
    expected = exchange["response"]
    if expected["status"] != got.status:
        return [f"status {got.status} and not {expected['status']}: {got.body[:200]!r}"]
    wrong = [] if bool(expected.get("broken")) == got.broken else [f"broken: {got.broken}"]
    wrong += _headers(expected, got, names)
    body = expected["body"]
    if isinstance(body.get("length"), int) and body["kind"] != "omitted" and len(got.body) != body["length"]:
        wrong.append(f"length {len(got.body)} and not {body['length']}")
    if not _is_body(body, exchange, got, names):
        wrong.append(f"body {got.body[:600]!r} and not {str(body.get('value'))[:600]}")
    return wrong


def _headers(expected: dict[str, Any], got: Received, names: Names) -> list[str]:
    wanted = dict(expected["headers"])
    if expected["body"]["kind"] == "omitted":
        wanted.pop("Content-Length", None)  # another compressor, other metrics
    wrong = [f"no header {name}" for name in wanted if name not in got.headers]
    unlooked = {"Date", "Content-Length"} if "Content-Length" not in wanted else {"Date"}
    if expected["body"]["kind"] != "omitted" and "Content-Length" not in wanted:
        unlooked.discard("Content-Length")
    wrong += [f"header {name}: {got.headers[name]}" for name in got.headers if name not in {*wanted, *unlooked}]
    for name, value in wanted.items():
        if name in got.headers and not names.matches(value, got.headers[name]):
            wrong.append(f"{name}: {got.headers[name]} and not {value}")
    return wrong


def _is_body(body: dict[str, Any], exchange: dict[str, Any], got: Received, names: Names) -> bool:
    kind, value = body["kind"], body.get("value")
    if kind == "none":
        return not got.body
    if kind == "text":
        return names.matches(value, got.body.decode())
    if kind == "base64":
        return names.matches(base64.b64decode(value).decode("latin-1"), got.body.decode("latin-1"))
    if kind == "sha256":
        return hashlib.sha256(got.body).hexdigest() == value
    if kind == "omitted":
        return bool(_unpacked(got))
    assert kind in {"json", "jsonlines"}, kind
    partly = bool(re.search(r"kept|cut", exchange["note"]))
    return is_json(value, json.loads(got.body), names, partly=partly)


def _unpacked(got: Received) -> bytes:
    encoding = got.headers.get("Content-Encoding")
    if encoding is None:
        return got.body
    data = zlib.decompress(got.body, zlib.MAX_WBITS | 16 if encoding == "gzip" else -zlib.MAX_WBITS)
    json.loads(data)
    return data


def is_json(template: Any, value: Any, names: Names, *, partly: bool, listed: bool = False) -> bool:
    """Whether JSON is what the template says: lists in any order, with others between them if `partly`."""
    if isinstance(template, str):
        if template == "{{any}}":
            return True
        if NUMBERS.fullmatch(template):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and ((listed and "tag:" in template) or names.matches(template, str(value)))
        return isinstance(value, str) and names.matches(template, value)
    if isinstance(template, dict):
        partly = partly or "buckets" in template  # of 65,536 those that are filled
        same = isinstance(value, dict) and template.keys() == value.keys()
        if partly and not listed and isinstance(value, dict):
            same = template.keys() <= value.keys()
        return same and all(
            is_json(template[name], value[name], names, partly=partly, listed=listed) for name in template
        )
    if isinstance(template, list):
        return isinstance(value, list) and _is_list(template, value, names, partly=partly)
    return type(template) is type(value) and template == value


def _is_list(template: list[Any], value: list[Any], names: Names, *, partly: bool) -> bool:
    left = [*value]
    for wanted in template:
        if wanted in left:  # without placeholders, and at once
            left.remove(wanted)
            continue
        for found in left:
            trial = Names(dict(names.known))
            if is_json(wanted, found, trial, partly=partly, listed=True):
                names.known.update(trial.known)
                left.remove(found)
                break
        else:
            return False
    return partly or not left
