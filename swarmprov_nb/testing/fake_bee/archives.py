"""Folders as they are uploaded: tar archives and multipart forms, taken apart as Bee does (pkg/api/dirs.go)."""

from __future__ import annotations

import io
import posixpath
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

from swarmprov_nb.testing.fake_bee.answer import refuse
from swarmprov_nb.testing.fake_bee.content_types import by_name

_BLOCK = 512


@dataclass(frozen=True)
class Member:
    """A file of an archive."""

    path: str
    content_type: str
    data: bytes


def tar_members(data: bytes) -> Iterator[Member]:
    """Yield the files of a tar archive; folders and links are skipped. RefusedRequest for what is no archive."""
    if len(data) % _BLOCK and len(data) < _BLOCK:
        raise refuse(500, "could not store directory")
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is not None:
                    path = posixpath.normpath(member.name)
                    yield Member(path, by_name(member.name), content.read())
    except tarfile.ReadError as error:
        raise refuse(400, "invalid filename in tar archive") from error


def multipart_members(data: bytes, boundary: str) -> Iterator[Member]:
    """Yield the parts of a form: each under its file name without folders, or its field's name; RefusedRequest."""
    if not boundary:
        raise refuse(500, "could not store directory")
    mark = b"--" + boundary.encode()
    for part in (b"\r\n" + data).split(b"\r\n" + mark)[1:]:
        if part.startswith(b"--"):
            return
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = {name.lower(): value.strip() for name, value in _headers(head.decode())}
        disposition = headers.get("content-disposition", "")
        name = _quoted(disposition, "filename") or _quoted(disposition, "name")
        if not name:
            raise refuse(500, "could not store directory")
        yield Member(posixpath.basename(posixpath.normpath(name)), headers.get("content-type", ""), content)
    raise refuse(500, "could not store directory")


def _headers(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\r\n"):
        name, _, value = line.partition(":")
        yield name, value


def _quoted(disposition: str, name: str) -> str:
    match = re.search(rf'[; ]{name}="([^"]*)"', disposition)
    return match[1] if match else ""
