"""What an exporter is: a pure function from a manifest to the bytes of one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Render(Protocol):
    """Turns a manifest into a file: equal manifests give equal bytes, on every machine and Python."""

    def __call__(self, statement: Mapping[str, Any], *, manifest_sha256: str) -> bytes:
        """Return the file's bytes; `manifest_sha256` is hex."""


@dataclass(frozen=True)
class Exporter:
    """One file that is rendered from the manifest: who renders it, where it stands, and what it is.

    `version` changes whenever `render` would write other bytes for some manifest.
    """

    name: str
    version: str
    path: str
    media_type: str
    render: Render

    @property
    def record(self) -> dict[str, str]:
        """How the manifest declares the file: no digest, since the file is made from the manifest."""
        return {"path": self.path, "exporter": self.name, "version": self.version, "mediaType": self.media_type}
