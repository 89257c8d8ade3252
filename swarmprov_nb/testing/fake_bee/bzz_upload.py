"""POST /bzz: a file, a tar archive or a form, stored with a manifest (pkg/api/bzz.go, dirs.go)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from email.message import Message

from swarmprov_nb.swarm import mantaray
from swarmprov_nb.swarm.file_tree import split
from swarmprov_nb.testing.fake_bee.answer import Answer, Request, refuse
from swarmprov_nb.testing.fake_bee.archives import Member, multipart_members, tar_members
from swarmprov_nb.testing.fake_bee.bytes_routes import Watched
from swarmprov_nb.testing.fake_bee.content_types import sniffed
from swarmprov_nb.testing.fake_bee.node import Node
from swarmprov_nb.testing.fake_bee.parameters import Parameters, Unparsable, required, to_bool
from swarmprov_nb.testing.fake_bee.uploading import created, session_for, wanted

INDEX, ERROR = "website-index-document", "website-error-document"
_TYPE, _NAME = "Content-Type", "Filename"
_MEDIA_TYPE = re.compile(r"[^\s/;]+/[^\s/;]+\s*(;.*)?")


def upload(node: Node, request: Request) -> Answer:
    """Store what comes, as a collection where the headers say that it is one."""
    headers = Parameters(request, "header")
    content_type = request.header(_TYPE)
    if not node.version.sniffs:
        content_type = headers.take(_TYPE, _to_media_type, "", rule=required)
    folder = headers.take("Swarm-Collection", to_bool, default=False)
    want = wanted(node, request, headers)
    with session_for(node, want) as (session, tag):
        store = Watched(session, want)
        if folder or content_type.startswith("multipart/form-data"):
            reference = _store_folder(request, content_type, store)
        else:
            reference = _store_file(request, content_type, store)
        session.commit(reference)
    answer = created(node, reference, tag)
    if not (folder or content_type.startswith("multipart/form-data")):
        answer.headers["Etag"] = f'"{reference.hex()}"'
    return answer


def _to_media_type(text: str) -> str:
    if _MEDIA_TYPE.fullmatch(text) is None:
        raise Unparsable("mime: expected slash after first token")
    return text


def _store_file(request: Request, content_type: str, store: Watched) -> bytes:
    query = Parameters(request, "query")
    name = query.take("name", str, "", rule=lambda text: "want startsnotwith:/" if text.startswith("/") else "")
    query.check()
    data = request.body.read_all()
    reference = split(data, store)
    name = name or reference.hex()
    root = mantaray.Node()
    root.add(b"/", b"", {INDEX: name})
    about = {_TYPE: content_type or sniffed(data), _NAME: name}
    root.add(name.encode(), reference, about)
    return _store_manifest(root, store)


def _store_folder(request: Request, content_type: str, store: Watched) -> bytes:
    if request.empty:
        raise refuse(400, "could not validate request")
    index, error = request.header("Swarm-Index-Document"), request.header("Swarm-Error-Document")
    members = _members(request, content_type)
    root = mantaray.Node()
    count = 0
    for member in members:
        reference = split(member.data, store)
        about = {_TYPE: member.content_type, _NAME: posixpath.basename(member.path)}
        root.add(member.path.encode(), reference, about)
        count += 1
    if not count:
        raise refuse(400, "no files in root directory")
    if "/" in index:
        raise refuse(500, "could not store directory")
    website = {key: value for key, value in ((INDEX, index), (ERROR, error)) if value}
    if website:
        root.add(b"/", b"", website)
    return _store_manifest(root, store)


def _members(request: Request, content_type: str) -> Iterator[Member]:
    media = Message()
    media[_TYPE] = content_type
    kind = media.get_content_type() if content_type else ""
    if kind == "application/x-tar":
        return tar_members(request.body.read_all())
    if kind == "multipart/form-data":
        return multipart_members(request.body.read_all(), str(media.get_param("boundary", "")))
    raise refuse(400, "invalid content-type")


def _store_manifest(root: mantaray.Node, store: Watched) -> bytes:
    def save(node: bytes) -> bytes:
        return split(node, store, kind="manifest")

    return save(root.encode(save))
