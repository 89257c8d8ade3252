"""Paths of collections: POST /bzz, and what is read by a path in a manifest (pkg/api/bzz.go)."""

from __future__ import annotations

import html
import posixpath
from urllib.parse import quote

from swarmprov_nb.testing.fake_bee.answer import Answer, Request, message
from swarmprov_nb.testing.fake_bee.bzz_upload import ERROR, INDEX, upload
from swarmprov_nb.testing.fake_bee.content import Unreadable
from swarmprov_nb.testing.fake_bee.download import serve_file
from swarmprov_nb.testing.fake_bee.manifests import Manifest
from swarmprov_nb.testing.fake_bee.node import Node, NotFound
from swarmprov_nb.testing.fake_bee.references import reference_in
from swarmprov_nb.testing.fake_bee.router import Route

_SAFE = "/:@!$&'()*+,;=~"
_NO_PATH = "path address not found"
_NO_ROOT = "address not found or incorrect"
Found = tuple[bytes, dict[str, str]]


def to_slash(_node: Node, request: Request) -> Answer:
    """Redirect a reference without a slash, whatever it is, to the one with it."""
    return _redirect(request, request.path + "/")


def _redirect(request: Request, path: str) -> Answer:
    where = path + ("?" + request.query_text if request.query_text else "")
    if request.method not in {"GET", "HEAD"}:
        return Answer(308, {"Location": where})
    body = f'<a href="{html.escape(where)}">Permanent Redirect</a>.\n\n'.encode()
    kind = {"Content-Type": "text/html; charset=utf-8", "Location": where}
    return Answer(308, kind, body, sized=request.method == "GET")


def download(node: Node, request: Request) -> Answer:
    """Give the file at a path, the index document of a folder, or the error document."""
    reference = reference_in(request)
    path = request.part("path")
    manifest = Manifest(node.get, reference)
    try:
        found = _at_root(manifest) if not path else _at_path(manifest, path)
        redirected = found is None and bool(path) and _is_folder(manifest, path)
        if found is None and path and not redirected:
            found = _instead(manifest, path)
    except (NotFound, Unreadable):
        return message(404, None if path else _NO_ROOT)
    if redirected:
        prefix = "/v1/bzz/" if request.path.startswith("/v1/") else "/bzz/"
        return _redirect(request, prefix + request.parts["address"] + "/" + quote(path, safe=_SAFE) + "/")
    if found is None:
        return message(404, _NO_PATH if path else _NO_ROOT)
    return _served(node, request, found)


def _at_root(manifest: Manifest) -> Found | None:
    index = manifest.website(INDEX)
    return manifest.lookup(index.encode()) if index else None


def _at_path(manifest: Manifest, path: str) -> Found | None:
    return manifest.lookup(path.encode("utf-8", "surrogateescape"))


def _is_folder(manifest: Manifest, path: str) -> bool:
    return not path.endswith("/") and manifest.has_prefix((path + "/").encode("utf-8", "surrogateescape"))


def _instead(manifest: Manifest, path: str) -> Found | None:
    """Return the folder's index document, else the error document."""
    index, error = manifest.website(INDEX), manifest.website(ERROR)
    found = None
    if index and not path.endswith(index):
        found = _at_path(manifest, posixpath.normpath(posixpath.join(path, index)))
    if found is None and error and path != error:
        found = _at_path(manifest, error)
    return found


def _served(node: Node, request: Request, found: Found) -> Answer:
    reference, metadata = found
    name = posixpath.basename(metadata.get("Filename", "")).replace("\\", "\\\\").replace('"', '\\"')
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Content-Type": metadata.get("Content-Type", "")}
    return serve_file(node, request, reference, headers)


ROUTES = [
    Route("/bzz", {"POST": upload}),
    Route("/bzz/{address}", any=to_slash),
    Route("/bzz/{address}/{path:*}", {"GET": download, "HEAD": download}),
]
