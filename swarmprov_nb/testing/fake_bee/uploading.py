"""What the upload paths share: their headers, the tag and batch that they name, and words for what stops them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from swarmprov_nb.errors import StorageError
from swarmprov_nb.testing.fake_bee.answer import Answer, Request, json_answer, refuse
from swarmprov_nb.testing.fake_bee.node import Node
from swarmprov_nb.testing.fake_bee.parameters import Parameters, is_level, required, to_bool, to_bytes, to_unsigned
from swarmprov_nb.testing.fake_bee.postage import BucketFull
from swarmprov_nb.testing.fake_bee.session import DiskFull, Session
from swarmprov_nb.testing.fake_bee.tags import Tag

BATCH, TAG, STAMP = "Swarm-Postage-Batch-Id", "Swarm-Tag", "Swarm-Postage-Stamp"
LEVEL = "Swarm-Redundancy-Level"
NEITHER = f"Either '{STAMP}' or '{BATCH}' header must be set in the request"


@dataclass(frozen=True)
class Wanted:
    """How content is to be stored."""

    batch_id: bytes
    tag: int
    pin: bool
    deferred: bool
    level: int


def wanted(node: Node, request: Request, headers: Parameters) -> Wanted:
    """Read the headers of /bytes and /bzz; RefusedRequest also for what this double does not do."""
    batch_id = headers.take(BATCH, to_bytes, b"", rule=required)
    tag = headers.take(TAG, to_unsigned, 0)
    pin = headers.take("Swarm-Pin", to_bool, default=False)
    deferred = headers.take("Swarm-Deferred-Upload", to_bool, default=True)
    encrypt = headers.take("Swarm-Encrypt", to_bool, default=False)
    level = headers.take(LEVEL, to_unsigned, None, rule=is_level)
    headers.check()
    if encrypt or request.header("Swarm-Act"):
        raise refuse(501, "FakeBee neither encrypts nor controls access.")
    return Wanted(batch_id, tag, pin, deferred, node.version.default_level if level is None else level)


def tag_of(node: Node, uid: int, *, create: bool) -> Tag | None:
    """Return the tag of this number, a new one for zero if `create`; RefusedRequest 404."""
    with node.lock:
        if not uid:
            tag = node.tags.create() if create else None
        else:
            tag = node.tags.get(uid)
            if tag is None:
                raise refuse(404, "tag not found")
        return tag


@contextmanager
def session_for(node: Node, want: Wanted) -> Iterator[tuple[Session, Tag | None]]:
    """Open a session as headers want it, and put what stops it into Bee's words."""
    deferred = want.deferred or want.pin  # what is pinned goes through the own store
    tag = tag_of(node, want.tag, create=True) if deferred else None
    issuer = node.stamping(want.batch_id)
    with (
        in_words("split write all failed"),
        Session(node, issuer, tag=tag, deferred=deferred, pin=want.pin) as session,
    ):
        yield session, tag


@contextmanager
def in_words(otherwise: str) -> Iterator[None]:
    """Refuse in Bee's words what a session raises; `otherwise` for what has none of its own."""
    try:
        yield
    except BucketFull as error:
        raise refuse(402, "batch is overissued") from error
    except DiskFull as error:
        raise refuse(500, otherwise) from error
    except StorageError as error:
        # our splitter's word for a body that ended too early
        raise ConnectionAbortedError from error


def need_level_0(want: Wanted, chunks: int) -> None:
    """Refuse (501) a tree of more than one chunk with redundancy, whose parities this double does not compute."""
    if want.level and chunks > 1:
        words = f"FakeBee builds no trees of redundancy level {want.level}: send {LEVEL}: 0."
        raise refuse(501, words)


def created(node: Node, reference: bytes, tag: Tag | None) -> Answer:
    """Answer an upload with its reference."""
    told = bytes(31) + b"\1" if node.faults.wrong_reference else reference
    answer = json_answer({"reference": told.hex()}, 201)
    answer.headers["Access-Control-Expose-Headers"] = TAG
    if tag is not None:
        answer.headers[TAG] = str(tag.uid)
    return answer
