"""The shape of a publication on Swarm: its files, their content types and order, and the two references.

Content = manifest, envelope, subjects and exports; publication = content and ``seals/``. Both are collections as
Bee's ``/bzz`` builds them: paths sorted bytewise, the "/" metadata last, index document ``index.html``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from swarmprov_nb.errors import NotAPublication, StorageError
from swarmprov_nb.manifest.envelope import MEDIA_TYPE, PAYLOAD_TYPE
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PAGE
from swarmprov_nb.swarm import Entry, read_collection, write_collection

INDEX: Final = PAGE
SEALS: Final = "seals/"
MAX_PATH_BYTES: Final = 1024

CONTENT_TYPES: Final = {
    ".arrow": "application/vnd.apache.arrow.file",
    ".csv": "text/csv; charset=utf-8",
    ".feather": "application/vnd.apache.arrow.file",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".ipynb": "application/x-ipynb+json",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown; charset=utf-8",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python; charset=utf-8",
    ".skops": "application/zip",
    ".svg": "image/svg+xml",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}
MAX_NAME_BYTES: Final = 255  # what a file system holds
# backslash, controls, what is not seen or turns the direction, other spaces than the one, surrogates and no characters:
# fixed, whatever Unicode comes next
_FORBIDDEN: Final = re.compile(
    "[\\\\\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f"
    "\u205f-\u206f\u2800\u3000\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_EXACT: Final = {ENVELOPE: MEDIA_TYPE, MANIFEST: PAYLOAD_TYPE}
_ONLY_TOP_LEVEL_PAGE: Final = "application/octet-stream"


def content_type(path: str) -> str:
    """Return the content type of a path in a publication; the host's own table is never asked.

    >>> content_type("data/clean.parquet"), content_type("files/evil.html")
    ('application/vnd.apache.parquet', 'application/octet-stream')

    HTML and SVG that a notebook wrote are served as bytes: only our own page may be opened as a page.
    """
    if path in _EXACT:
        return _EXACT[path]
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in (".html", ".svg") and path != INDEX:
        return _ONLY_TOP_LEVEL_PAGE
    return CONTENT_TYPES.get(suffix, "application/octet-stream")


def is_safe_path(path: str) -> bool:
    """Tell whether a path may stand in a publication: relative, NFC, nothing hidden, every name one that disks hold.

    >>> is_safe_path("data/a.csv"), is_safe_path("../a"), is_safe_path("/a"), is_safe_path(".git/config")
    (True, False, False, False)

    Nor may a name begin with a hyphen: a command that is given ``*`` would take it for an option.
    """
    parts = path.split("/")
    return (
        0 < len(path.encode("utf-8", "replace")) <= MAX_PATH_BYTES
        and all(part and part[0] not in ".-" for part in parts)
        and all(len(part.encode("utf-8", "replace")) <= MAX_NAME_BYTES for part in parts)
        and unicodedata.normalize("NFC", path) == path
        and not _FORBIDDEN.search(path)
    )


def collection(files: Mapping[str, bytes], *, upload: Any = None) -> bytes:
    """Build the collection of files (path → 32-byte reference) and return its reference; `upload` takes its chunks."""
    entries = [Entry(path, files[path], content_type(path)) for path in sorted(files, key=str.encode)]
    return write_collection(entries, index_document=INDEX, upload=upload)


def without_seals(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the content's files: all but those in ``seals/``."""
    return {path: address for path, address in files.items() if not path.startswith(SEALS)}


def listing(storage: Any, root: bytes) -> dict[str, bytes]:
    """Return the files of a publication (path → reference) as its collection states them.

    Raises NotAPublication where the reference leads to something else; StorageError and its kinds as the store does.
    """
    what = f"{root.hex()} is no publication"
    try:
        found = read_collection(storage, root)
    except StorageError as error:
        if type(error) is not StorageError or getattr(error, "kind", None):  # not the bytes, but whoever has them
            raise
        raise NotAPublication(f"{what}: {error.what}", "Check the reference.") from error
    files = {entry.path: entry.address for entry in found.entries}
    if MANIFEST not in files:
        raise NotAPublication(f"{what}: it holds no {MANIFEST}.", "Check the reference; it may name a single file.")
    return files
