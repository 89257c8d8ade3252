"""What may leave the machine: each artifact is published, cited or hidden, or not named at all.

*Published*: bytes and description leave. *Cited*: name, digests, size and origin leave. *Hidden*: a commitment and
the artifact's place in the graph leave. *External*: an input that is only counted. ``docs/formats.md`` has the rules.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import PurePosixPath
from typing import Final

from swarmprov_nb.lineage import Artifact, Lineage, Stored
from swarmprov_nb.manifest.canonical import canonical

PUBLISHED: Final = "published"
CITED: Final = "cited"
HIDDEN: Final = "hidden"
EXTERNAL: Final = "external"

FOLDERS: Final = {"dataset": "data", "model": "models", "figure": "figures", "file": "files"}
_PRIVATE_NAMES: Final = re.compile(
    r"(^|/)(\.[^/]*|__pycache__|[^/]*(credential|secret|password|\.pem$|\.key$|id_rsa|id_ed25519)[^/]*)(/|$)",
    re.IGNORECASE,
)
_UNSAFE: Final = re.compile(r"([^\w.\- ()+=@,]|[\u115f\u1160\u3164\uffa0])+")  # those count as letters and are not seen
_LONGEST_NAME: Final = 120


def default_disclosure(artifact: Artifact, lineage: Lineage) -> str | None:
    """Return how an artifact leaves unless a person decides otherwise; None where it has no bytes to speak of.

    An artifact that was only recognised and never stored is no entity: its flow stays as an edge between runs.
    """
    if artifact.stored is None:
        return EXTERNAL if artifact.run is None else None
    if artifact.run is None and not artifact.declared:
        return _input_disclosure(artifact)
    if (artifact.declaration.personal_data or "none") != "none":
        return HIDDEN
    if artifact.path is not None and _is_private(artifact.path) and not artifact.declared:
        return EXTERNAL
    if not _is_latest(artifact, lineage):
        return CITED
    used = {use.artifact for use in lineage.uses}
    leaf = artifact.kind in ("model", "figure") and artifact.id not in used
    return PUBLISHED if artifact.declared or artifact.path is not None or leaf else CITED


def _input_disclosure(artifact: Artifact) -> str:
    path = artifact.path or ""
    if _is_private(path):
        return EXTERNAL
    inside = not path.startswith("/")  # paths below the project are relative, and what was opened has none
    return CITED if inside or artifact.origin or artifact.named else EXTERNAL


def _is_private(path: str) -> bool:
    return bool(_PRIVATE_NAMES.search(re.sub(r"(^|/)\.\.(?=/)", "", path)))


def _is_latest(artifact: Artifact, lineage: Lineage) -> bool:
    """Tell whether no later version of the artifact was declared or stored under its name."""
    known = [other for other in lineage.artifacts if other.stored is not None and other.parent is None]
    same = [other for other in known if other.name == artifact.name]
    return all(other.version <= artifact.version for other in same)


def publication_paths(artifacts: Iterable[Artifact], *, taken: Collection[str] = ()) -> dict[str, str]:
    """Return a path in the publication for each artifact, by its id: safe, NFC, and unique without regard to case.

    >>> from swarmprov_nb.lineage import Artifact, Stored
    >>> publication_paths([Artifact("a", "r", "file:out/my table.csv", 1, "dataset", path="out/my table.csv")])
    {'a': 'data/my table.csv'}
    """
    paths: dict[str, str] = {}
    used = {path.casefold() for path in taken}
    for artifact in artifacts:
        wanted = PurePosixPath(FOLDERS[artifact.kind]) / safe_name(_file_name(artifact))
        path, number = wanted, 1
        while str(path).casefold() in used:
            number += 1
            path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
        used.add(str(path).casefold())
        paths[artifact.id] = str(path)
    return paths


def safe_name(name: str) -> str:
    """Return a file name that every system can hold: NFC, no separators, controls, outer dots, hyphen first."""
    text = unicodedata.normalize("NFC", name).replace("/", "_").replace("\\", "_")
    text = _UNSAFE.sub("_", text).strip(" .").lstrip(" .-") or "unnamed"
    stem, dot, suffix = text.rpartition(".")
    room = _LONGEST_NAME - len((dot + suffix).encode())
    if len(text.encode()) > _LONGEST_NAME and stem and room > 0:
        return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix
    return text.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")


def _file_name(artifact: Artifact) -> str:
    if artifact.path is not None:
        return PurePosixPath(artifact.path).name
    suffix = artifact.stored.suffix if artifact.stored else ""
    return artifact.name + suffix


def shown_name(artifact: Artifact) -> str:
    """Return the artifact's name as it may leave: a path below the project stays, one outside is only its last part."""
    if artifact.path is None:
        return artifact.name
    outside = artifact.path.startswith(("/", "../"))
    return PurePosixPath(artifact.path).name if outside else artifact.path


def commitment(salt: bytes, *, name: str, stored: Stored) -> str:
    """Return the HMAC-SHA256 that stands for a hidden artifact, under a fresh 32-byte salt that only the receipt keeps.

    >>> commitment(bytes(32), name="x", stored=Stored("00", 1, "c", "text/csv", ".csv"))[:8]
    'f94a5c84'
    """
    said = {"name": name, "contentId": stored.content_id, "sha256": stored.sha256, "size": stored.size}
    return hmac.new(salt, canonical(said), hashlib.sha256).hexdigest()
