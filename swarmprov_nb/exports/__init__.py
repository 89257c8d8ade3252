"""Exports: files that say in other words what the manifest says, each a pure function of the manifest.

A manifest declares its exports by path, exporter and version, without digests; whoever has the same version renders
them again and compares the bytes. An export may state the manifest's sha256 and the author's key. What comes later
it cannot know: the envelope's digest, seals, wallets, references, anchors, receipts, levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.exports.exporter import Exporter, Render
from swarmprov_nb.exports.page import PAGE
from swarmprov_nb.exports.page_first import FIRST_PAGE
from swarmprov_nb.exports.prov import PROV
from swarmprov_nb.exports.repeated import require_bounded
from swarmprov_nb.exports.requirements import REQUIREMENTS
from swarmprov_nb.exports.rocrate import ROCRATE

__all__ = ["EXPORTERS", "OLDER", "Exporter", "Render", "declared", "regenerate"]

EXPORTERS: Final[Mapping[str, Exporter]] = MappingProxyType(
    {exporter.name: exporter for exporter in (PAGE, REQUIREMENTS, ROCRATE, PROV)}
)

OLDER: Final = (FIRST_PAGE,)
_AT_HAND: Final = MappingProxyType({(each.name, each.version): each for each in (*EXPORTERS.values(), *OLDER)})


def declared() -> tuple[dict[str, str], ...]:
    """Return what a new manifest declares as its exports.

    >>> [record["path"] for record in declared()]
    ['index.html', 'requirements.txt', 'ro-crate-metadata.json', 'prov.json']
    """
    return tuple(exporter.record for exporter in EXPORTERS.values())


def regenerate(record: Mapping[str, str], statement: Mapping[str, Any], manifest_sha256: str) -> bytes | None:
    """Return the bytes that a declared export must have; None where this version of its generator is not at hand.

    >>> regenerate({"exporter": "page", "version": "0", "path": "index.html"}, {}, "") is None
    True

    Raises VerificationFailed where the file is declared under a path or as a type that its generator does not give it:
    what is harmless as text is a program as a page. And where rendering would have no end.
    """
    exporter = _AT_HAND.get((record["exporter"], record["version"]))
    if exporter is None:
        return None
    if exporter.record != record:
        what = f"{record['path']} ({record['mediaType']}) is no file that the exporter {exporter.name} makes."
        raise VerificationFailed(what, "Do not open it: ask its publisher for the original.")
    require_bounded(statement)
    return exporter.render(statement, manifest_sha256=manifest_sha256)
