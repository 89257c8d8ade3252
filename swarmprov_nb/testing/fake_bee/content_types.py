"""Content types as Go's runtime gives them: by a name's extension, and sniffed from the first bytes.

Sources: Go ``mime/type.go`` (the types that are built in, no table of the machine), ``net/http/sniff.go``; of the
latter what researchers' files are.
"""

from __future__ import annotations

import posixpath
import re

_TEXT = "text/plain; charset=utf-8"
_BY_EXTENSION = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": _TEXT,
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".xml": "text/xml; charset=utf-8",
}
_TAGS = "!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P"  # as net/http lists them
_HTML = re.compile(rb"[\t\n\x0c\r ]*<(?:" + _TAGS.encode() + rb")[ >]", re.IGNORECASE)
_COMMENT = re.compile(rb"[\t\n\x0c\r ]*<!--")
_BY_BEGINNING = (
    (re.compile(rb"[\t\n\x0c\r ]*<\?xml"), "text/xml; charset=utf-8"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"%!PS-Adobe-"), "application/postscript"),
    (re.compile(rb"\xfe\xff.."), "text/plain; charset=utf-16be"),
    (re.compile(rb"\xff\xfe.."), "text/plain; charset=utf-16le"),
    (re.compile(rb"\xef\xbb\xbf."), _TEXT),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBPVP", re.DOTALL), "image/webp"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x1f\x8b\x08"), "application/x-gzip"),
    (re.compile(rb"PK\x03\x04"), "application/zip"),
    (re.compile(rb"\0asm"), "application/wasm"),
)
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SNIFFED = 512


def by_name(name: str) -> str:
    """Return the type that a name's extension stands for, empty where none does.

    >>> by_name("docs/index.html"), by_name("readme")
    ('text/html; charset=utf-8', '')
    """
    extension = posixpath.splitext("x" + posixpath.basename(name))[1]
    return _BY_EXTENSION.get(extension, _BY_EXTENSION.get(extension.lower(), ""))


def sniffed(data: bytes) -> str:
    """Return the type that content's first bytes look like.

    >>> sniffed(b"<!DOCTYPE html><p>"), sniffed(b"a,b"), sniffed(bytes(9))
    ('text/html; charset=utf-8', 'text/plain; charset=utf-8', 'application/octet-stream')
    """
    head = data[:_SNIFFED]
    if _HTML.match(head) or _COMMENT.match(head):
        return "text/html; charset=utf-8"
    for beginning, kind in _BY_BEGINNING:
        if beginning.match(head):
            return kind
    return "application/octet-stream" if _BINARY.search(head) else _TEXT
