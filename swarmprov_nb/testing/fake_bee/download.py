"""Content given as Go's net/http ServeContent gives it: validators, ranges, several ranges in one answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from email.utils import formatdate

from swarmprov_nb.testing.fake_bee.answer import Answer, Request, message
from swarmprov_nb.testing.fake_bee.content import Get, Unreadable, read_range, size_of
from swarmprov_nb.testing.fake_bee.node import Node, NotFound
from swarmprov_nb.testing.fake_bee.parameters import Parameters, is_level, to_bool, to_integer, to_unsigned

_DURATION = re.compile(r"[+-]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+|0")
_REFERENCES = {32, 64}
_EXPOSED = {"Access-Control-Expose-Headers": "Content-Disposition"}


def serve_file(node: Node, request: Request, reference: bytes, headers: dict[str, str]) -> Answer:
    """Answer with a file, or ranges of it, as its headers ask."""
    keep = _check_headers(request)
    if _timeout_is_bad(request):
        return message(400, "could not parse headers")

    def get(address: bytes) -> tuple[int, bytes]:
        return node.get(address, keep=keep)

    if len(reference) not in _REFERENCES:
        return message(500, "joiner failed")
    try:
        size = size_of(get, reference)
    except NotFound:
        return message(404)
    except Unreadable:
        return message(500, "joiner failed")
    tagged = {**_EXPOSED, **headers, "Etag": f'"{reference.hex()}"', "Last-Modified": formatdate(usegmt=True)}
    return _Served(get, reference, size, tagged, request).answer()


def _check_headers(request: Request) -> bool:
    headers = Parameters(request, "header")
    headers.take("Swarm-Redundancy-Strategy", to_unsigned)
    headers.take("Swarm-Redundancy-Level", to_unsigned, None, rule=is_level)
    headers.take("Swarm-Redundancy-Fallback-Mode", to_bool)
    headers.take("Swarm-Lookahead-Buffer-Size", to_integer)
    keep: bool = headers.take("Swarm-Cache", to_bool, default=True)
    headers.check()
    return keep


def _timeout_is_bad(request: Request) -> bool:
    text = request.header("Swarm-Chunk-Retrieval-Timeout")
    return bool(text) and _DURATION.fullmatch(text) is None


class _Served:
    """One file about to be served: which of its bytes, under which status."""

    def __init__(self, get: Get, root: bytes, size: int, headers: dict[str, str], request: Request) -> None:
        self._get = get
        self._root = root
        self._size = size
        self._headers = headers
        self._request = request

    def answer(self) -> Answer:
        if self._request.method == "HEAD":
            headers = {name: text for name, text in self._headers.items() if name != "Last-Modified"}
            return Answer(200, headers, length=self._size)
        if self._is_other(self._request.header("If-Match")):
            # Go has set the length already, and then sends no body
            return Answer(412, self._headers, length=self._size, broken=True)
        if self._is_same(self._request.header("If-None-Match")):
            return Answer(304, {**_EXPOSED, "Etag": self._headers["Etag"]}, sized=False)
        text = self._request.header("Range")
        condition = self._request.header("If-Range")
        if text and (not condition or condition == self._headers["Etag"]):
            return self._ranges(text)
        return self._whole()

    def _is_other(self, wanted: str) -> bool:
        return bool(wanted) and wanted != "*" and self._headers["Etag"] not in _listed(wanted)

    def _is_same(self, wanted: str) -> bool:
        return wanted == "*" or self._headers["Etag"] in [tag.removeprefix("W/") for tag in _listed(wanted)]

    def _whole(self) -> Answer:
        headers = {**self._headers, "Accept-Ranges": "bytes"}
        return Answer(200, headers, stream=self._bytes(0, self._size), length=self._size)

    def _bytes(self, start: int, end: int) -> Iterator[bytes]:
        try:
            yield from _gathered(read_range(self._get, self._root, start, end))
        except (NotFound, Unreadable) as error:
            raise ConnectionAbortedError from error

    def _ranges(self, text: str) -> Answer:
        ranges = parse_ranges(text, self._size)
        if ranges is None:
            return self._unsatisfiable("invalid range")
        if not ranges and self._size:
            answer = self._unsatisfiable("invalid range: failed to overlap")
            answer.headers["Content-Range"] = f"bytes */{self._size}"
            return answer
        if not ranges or sum(length for _, length in ranges) > self._size:
            return self._whole()
        return self._one(*ranges[0]) if len(ranges) == 1 else self._several(ranges)

    def _unsatisfiable(self, words: str) -> Answer:
        plain = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        return Answer(416, {**_EXPOSED, **plain}, (words + "\n").encode())

    def _one(self, start: int, length: int) -> Answer:
        where = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{start + length - 1}/{self._size}"}
        body = self._bytes(start, start + length)
        return Answer(206, {**self._headers, **where}, stream=body, length=length)

    def _several(self, ranges: list[tuple[int, int]]) -> Answer:
        boundary = secrets.token_hex(30)
        parts = []
        for number, (start, length) in enumerate(ranges):
            opening = ("\r\n" if number else "") + f"--{boundary}\r\n"
            opening += f"Content-Range: bytes {start}-{start + length - 1}/{self._size}\r\n"
            opening += f"Content-Type: {self._headers['Content-Type']}\r\n\r\n"
            parts += [opening.encode(), b"".join(self._bytes(start, start + length))]
        body = b"".join(parts) + f"\r\n--{boundary}--\r\n".encode()
        kind = {"Accept-Ranges": "bytes", "Content-Type": f"multipart/byteranges; boundary={boundary}"}
        return Answer(206, {**self._headers, **kind}, body)


def _listed(tags: str) -> list[str]:
    return [tag.strip() for tag in tags.split(",") if tag.strip()]


def _gathered(blocks: Iterator[bytes], size: int = 1 << 17) -> Iterator[bytes]:
    """Join small blocks, so that each is not sent alone."""
    waiting: list[bytes] = []
    length = 0
    for block in blocks:
        waiting.append(block)
        length += len(block)
        if length >= size:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


def parse_ranges(text: str, size: int) -> list[tuple[int, int]] | None:
    """Return starts and lengths of the ranges that overlap the content; None where the text is no Range.

    >>> parse_ranges("bytes=0-9,-2", 100), parse_ranges("bytes=200-", 100), parse_ranges("items=1-2", 100)
    ([(0, 10), (98, 2)], [], None)
    """
    if not text.startswith("bytes="):
        return None
    found: list[tuple[int, int]] = []
    for part in text.removeprefix("bytes=").split(","):
        if not part.strip():
            continue
        match = re.fullmatch(r"\s*(\d*)\s*-\s*(\d*)\s*", part)
        if match is None or not any(match.groups()):
            return None
        first, last = match.groups()
        if not first:
            length = min(int(last), size)
            found.append((size - length, length))
            continue
        start, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
        if start < size:
            found.append((start, end - start + 1))
    return found
