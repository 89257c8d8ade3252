"""One answer of a node: its status, headers and body, of a size that was bounded before it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.faults import fault

_SHOWN = 160
_REDIRECT = 3
BUSY = frozenset({429, 500, 502, 503, 504})
_FORBIDDEN = frozenset({401, 403})
_NEXT_PROXY = "Name the node itself: a proxy, a login page or another program stands at this address."


@dataclass(frozen=True)
class Answer:
    """What came back from ``shown`` (scheme, host and port).

    >>> Answer("http://127.0.0.1:1633", 404, {}, b'{"code":404,"message":"tag not found"}').message
    'tag not found'
    """

    shown: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, as proxies send and nodes do not."""
        kind = self.headers.get("content-type", "").lower()
        return kind.startswith("text/html") or self.body[:15].lstrip().lower().startswith((b"<!doctype", b"<html"))

    def json(self) -> dict[str, Any]:
        """Return the body's JSON object.

        Raises
        ------
        StorageError
            It is none.
        """
        value = self._value()
        if isinstance(value, dict):
            return value
        if self.is_page:
            raise self.page()
        raise fault("garbage", f"{self.shown} answers something that no Bee node answers.", _NEXT_PROXY)

    def _value(self) -> Any:
        try:
            return loads(self.body)
        except ValueError:
            return None

    @property
    def message(self) -> str:
        """What Bee says of a failure, printable and short; empty where it says nothing."""
        value = self._value()
        said = value.get("message") if isinstance(value, dict) else None
        text = said if isinstance(said, str) else ""
        return "".join(letter for letter in text if letter.isprintable())[:_SHOWN]

    @property
    def fields(self) -> frozenset[str]:
        """Names of the parameters that Bee refuses, in lower case."""
        value = self._value()
        reasons = value.get("reasons") if isinstance(value, dict) else None
        found = [reason.get("field") for reason in reasons or () if isinstance(reason, dict)]
        return frozenset(str(name).lower() for name in found)

    def page(self) -> StorageError:
        """Say that a web page came instead of an answer."""
        return fault("not-bee", f"{self.shown} answers with a web page, not as a Bee node.", _NEXT_PROXY)

    def failure(self, doing: str) -> StorageError:
        """Say in words what an answer that is no success means, where ``doing`` was asked."""
        if self.status // 100 == _REDIRECT:
            return fault(
                "redirect",
                f"{self.shown} sends us elsewhere (HTTP {self.status}) instead of {doing}.",
                "Name the address that it sends to, if you trust it: redirects are never followed.",
            )
        if self.is_page:
            return self.page()
        return self._known_failure() or self._other_failure(doing)

    def _known_failure(self) -> StorageError | None:
        said = self.message
        if "no space left" in said:
            return disk_full(self.shown)
        if self.status == HTTPStatus.PAYMENT_REQUIRED or "overissued" in said:
            return full(self.shown)
        if "batch not usable" in said:
            return unusable(self.shown)
        if self.status == HTTPStatus.NOT_FOUND and ("batch" in said or "issuer" in said):
            return unknown(self.shown)
        if self.fields & {"swarm-postage-batch-id", "batch_id"} or "Swarm-Postage-" in said:
            return fault(
                "no-batch",
                f"{self.shown} asks for a postage batch, or for another than the one given.",
                "Name one of the node's batches with its 64 hexadecimal digits.",
            )
        return None

    def _other_failure(self, doing: str) -> StorageError:
        said = f": {self.message}" if self.message else ""
        if self.status == HTTPStatus.NOT_FOUND and "tag " in said:
            return tag_gone(self.shown)
        if "write error" in said:
            return unwritten(self.shown, said)
        return self._state_failure(doing, said)

    def _state_failure(self, doing: str, said: str) -> StorageError:
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE and "sync" in said:
            return fault(
                "syncing",
                f"The node at {self.shown} is still syncing.",
                "Wait until it is ready: a light node needs minutes, a full node hours.",
            )
        if self.status in _FORBIDDEN:
            return fault(
                "refused",
                f"{self.shown} forbids {doing} (HTTP {self.status}).",
                "Ask whoever runs it, or name another node.",
            )
        if self.status in BUSY:
            return fault(
                "busy",
                f"{self.shown} failed at {doing} (HTTP {self.status}{said}).",
                "Try again later, or look at the node's log.",
            )
        return fault(
            "garbage",
            f"{self.shown} refused {doing} (HTTP {self.status}{said}).",
            "Check that it is a Bee node of version 2.6 to 2.8.",
        )


def full(shown: str) -> StorageError:
    """Say that the batch has no place for a chunk."""
    return fault(
        "batch-full",
        f"The postage batch is full for a chunk that {shown} was sent.",
        "Choose another batch, or dilute this one; what was sent stays.",
    )


def unusable(shown: str) -> StorageError:
    """Say that the batch cannot be used yet."""
    return fault(
        "batch-unusable",
        f"The postage batch is not usable yet, or {shown} does not know it.",
        "A new batch is usable after about two minutes; then try again.",
    )


def unknown(shown: str) -> StorageError:
    """Say that the node has no such batch."""
    return fault(
        "batch-unknown",
        f"The node at {shown} has no such postage batch: it is another node's, or it has expired.",
        "Name one of the node's own batches, or buy one.",
    )


def tag_gone(shown: str) -> StorageError:
    """Say that the node has no such tag any more."""
    return fault(
        "tag-gone",
        f"The node at {shown} no longer knows the upload's tag.",
        "Run the same command again for a new one.",
    )


def unwritten(shown: str, said: str) -> StorageError:
    """Say that the node could not keep a chunk, which it does not explain."""
    return fault(
        "busy",
        f"The node at {shown} could not write a chunk{said}.",
        "Look at its log, its disk may be full; then run the same command again.",
    )


def disk_full(shown: str) -> StorageError:
    """Say that the node's disk is full."""
    return fault(
        "disk-full", f"The disk of the node at {shown} is full.", "Free space there, then run the same command again."
    )
