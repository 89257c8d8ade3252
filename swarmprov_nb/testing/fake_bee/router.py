"""From a path to a handler, with what Bee's router and its wrappers do to every answer (pkg/api/router.go)."""

from __future__ import annotations

import gzip
import posixpath
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from swarmprov_nb.testing.fake_bee.answer import JSON_TYPE, Answer, RefusedRequest, Request, json_answer, message
from swarmprov_nb.testing.fake_bee.node import Node

Handler = Callable[[Node, Request], Answer]

_DOWNLOADS = ("/bzz", "/bytes", "/chunks", "/feeds", "/soc")
_NO_CACHE = {"Cache-Control": "no-cache, no-store, must-revalidate", "Expires": "0", "Pragma": "no-cache"}
_HEADERS = (
    "User-Agent, Accept, X-Requested-With, Access-Control-Request-Headers, Access-Control-Request-Method, "
    "Accept-Ranges, Content-Encoding, Authorization, Accept-Encoding, Content-Type, Content-Disposition, Range, "
    "Origin, Swarm-Tag, Swarm-Pin, Swarm-Encrypt, Swarm-Index-Document, Swarm-Error-Document, Swarm-Collection, "
    "Swarm-Postage-Batch-Id, Swarm-Postage-Stamp, Swarm-Deferred-Upload, Swarm-Redundancy-Level, "
    "Swarm-Redundancy-Strategy, Swarm-Redundancy-Fallback-Mode, Swarm-Chunk-Retrieval-Timeout, "
    "Swarm-Lookahead-Buffer-Size, Swarm-Feed-Index, Swarm-Feed-Index-Next, Swarm-Soc-Signature, "
    "Swarm-Only-Root-Chunk, Gas-Price, Gas-Limit, Immutable, Swarm-Act, Swarm-Act-Timestamp, Swarm-Act-Publisher, "
    "Swarm-Act-History-Address"
)


@dataclass(frozen=True)
class Route:
    """A path, `{name}` for a part and `{name:*}` for the rest, with the handler of each method.

    `v1` serves it under /v1 too; `always` also while the node starts; any method goes to `any` where that is given.
    """

    pattern: str
    methods: dict[str, Handler] = field(default_factory=dict)
    v1: bool = True
    always: bool = False
    any: Handler | None = None

    def compiled(self) -> re.Pattern[str]:
        """Return the pattern of whole paths."""
        text = re.sub(r"\{(\w+):\*\}", r"(?P<\1>.*)", self.pattern)
        text = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text)
        return re.compile(("(?:/v1)?" if self.v1 else "") + text)


class Router:
    """Finds the handler and dresses its answer."""

    def __init__(self, routes: Sequence[Route], origins: Sequence[str]) -> None:
        self._routes = [(route.compiled(), route) for route in routes]
        self._origins = origins

    def answer(self, node: Node, request: Request) -> Answer:
        """Answer a request; Hangup where Bee closes the connection."""
        try:
            answer = self._routed(node, request)
        except RefusedRequest as refused:
            answer = refused.answer
        self._cors(request, answer)
        return _compressed(request, answer)

    def _routed(self, node: Node, request: Request) -> Answer:
        clean = _cleaned(request.path)
        if clean != request.path:
            where = clean + ("?" + request.query_text if request.query_text else "")
            return Answer(301, {"Location": where})
        for pattern, route in self._routes:
            match = pattern.fullmatch(request.path)
            if match:
                request.parts = match.groupdict()
                return self._served(node, request, route)
        return message(404)

    def _served(self, node: Node, request: Request, route: Route) -> Answer:
        if node.faults.syncing and not route.always:
            busy = message(503, "Node is syncing. This endpoint is unavailable. Try again later.")
            busy.headers.update(_NO_CACHE)
            return busy
        handler = route.any or route.methods.get(request.method)
        if handler is not None:
            return handler(node, request)
        allowed = ", ".join(sorted(route.methods))
        if request.method == "OPTIONS":
            return Answer(204, {"Allow": allowed}, sized=False)
        answer = json_answer({"message": "Method Not Allowed", "code": 405}, 405, Allow=allowed)
        answer.body = answer.body[:-1]  # the one answer that ends in one line feed
        return answer

    def _cors(self, request: Request, answer: Answer) -> None:
        origin = request.header("Origin")
        if not origin or not (origin in self._origins or "*" in self._origins):
            return
        methods = answer.headers.pop("Allow", None) if request.method == "OPTIONS" else None
        answer.headers.update(
            {
                "Access-Control-Allow-Credentials": "true",
                "Access-Control-Allow-Headers": _HEADERS,
                "Access-Control-Allow-Methods": methods or "GET, HEAD, OPTIONS, POST, PUT, DELETE",
                "Access-Control-Allow-Origin": origin,
                "Access-Control-Max-Age": "3600",
            }
        )


def _cleaned(path: str) -> str:
    """Return the path without double slashes and dots, as Go's path.Clean with the last slash kept."""
    if "//" not in path and "/." not in path:
        return path
    clean = posixpath.normpath("/" + path.lstrip("/"))
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _compressed(request: Request, answer: Answer) -> Answer:
    wanted = request.header("Accept-Encoding")
    kept = request.method in {"GET", "HEAD"} and request.path.removeprefix("/v1").startswith(_DOWNLOADS)
    if kept or request.method == "HEAD" or not answer.body or answer.headers.get("Content-Type") != JSON_TYPE:
        return answer
    encoding = next((name for name in ("gzip", "deflate") if name in wanted), "")
    if encoding:
        raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        deflated = raw.compress(answer.body) + raw.flush()
        answer.body = gzip.compress(answer.body, mtime=0) if encoding == "gzip" else deflated
        answer.headers |= {"Content-Encoding": encoding, "Vary": "Accept-Encoding"}
    return answer
