"""What comes in and what goes out: a request, an answer, and Bee's JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

JSON_TYPE = "application/json; charset=utf-8"


class Body(Protocol):
    """The body of a request, read as it comes."""

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view; 0 at the end."""

    def read_all(self, limit: int | None = None) -> bytes:
        """Read what is left; RefusedRequest 413 past the limit."""


@dataclass
class Request:
    """One HTTP request. Names of `headers` are in small letters; `parts` are what the route's pattern matched."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Body
    empty: bool = True
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path, still encoded."""
        return self.target.partition("?")[0]

    @property
    def query_text(self) -> str:
        """What stands after the question mark."""
        return self.target.partition("?")[2]

    @property
    def query(self) -> dict[str, str]:
        """The query; the first of a name counts."""
        return dict(reversed(parse_qsl(self.query_text, keep_blank_values=True)))

    def header(self, name: str) -> str:
        """Return a header, empty where there is none."""
        return self.headers.get(name.lower(), "")

    def part(self, name: str) -> str:
        """Return what stands in the path for `name`, decoded."""
        return unquote(self.parts.get(name, ""))


@dataclass
class Answer:
    """An answer. `stream` comes instead of `body` where `length` is known before the bytes are.

    `chunked` sends Transfer-Encoding; `sized` False leaves Content-Length away; `broken` closes after the head.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    stream: Iterable[bytes] | None = None
    length: int | None = None
    chunked: bool = False
    sized: bool = True
    broken: bool = False


class RefusedRequest(Exception):
    """A request is refused with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Hangup(Exception):
    """The connection is closed without an answer."""


def to_json(value: Any) -> bytes:
    r"""Return JSON as Bee writes it: raw UTF-8, and two line feeds at the end (pkg/jsonhttp).

    >>> to_json({"a": 1})
    b'{"a":1}\n\n'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def json_answer(value: Any, status: int = 200, **headers: str) -> Answer:
    """Answer with JSON; keywords are further headers, ``_`` standing for ``-``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, {"Content-Type": JSON_TYPE, **named}, to_json(value))


def message(status: int, text: str | None = None) -> Answer:
    r"""Answer with a code and a message; without one, the status's own words.

    >>> message(404).body
    b'{"code":404,"message":"Not Found"}\n\n'
    """
    return json_answer({"code": status, "message": HTTPStatus(status).phrase if text is None else text}, status)


def refuse(status: int, text: str | None = None) -> RefusedRequest:
    """Refuse with a code and a message; to be raised."""
    return RefusedRequest(message(status, text))


def invalid(where: str, reasons: list[tuple[str, str]]) -> RefusedRequest:
    """Refuse parameters, naming each; `where` is ``header``, ``path`` or ``query``; to be raised."""
    named = [{"field": name, "error": error} for name, error in reasons]
    return RefusedRequest(json_answer({"code": 400, "message": f"invalid {where} params", "reasons": named}, 400))
