"""Parents: what a publication builds on, as the edges that its anchor carries on a chain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from swarmprov_nb.chain.anchors import AnchorEdge
    from swarmprov_nb.lineage import Artifact

# The relation of an anchor's edge (docs/formats.md §8).
PREVIOUS: Final = 1  # to the manifest that this one supersedes
DERIVED: Final = 2  # to a manifest from whose publication an input was opened

NOBODY: Final = "0x" + "00" * 20  # the attester of an edge where it is not known who anchored the parent


def stated_edges(predicate: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield (relation, manifest in hex) of every edge that the anchor of a manifest must carry, in order.

    >>> list(stated_edges({"previous": None, "parents": [{"manifest": "ab" * 32}]})) == [(DERIVED, "ab" * 32)]
    True
    """
    if predicate["previous"] is not None:
        yield PREVIOUS, predicate["previous"]["manifest"]
    for parent in predicate["parents"]:
        yield DERIVED, parent["manifest"]


def attesters_of(artifacts: Iterable[Artifact]) -> dict[str, str]:
    """Return the wallet that sealed each parent from which one of the artifacts was opened, by its manifest."""
    opened = [artifact.parent for artifact in artifacts if artifact.parent is not None]
    return {parent.manifest: parent.wallet for parent in opened if parent.wallet}


def anchor_edges(predicate: Mapping[str, Any], attesters: Mapping[str, str]) -> tuple[AnchorEdge, ...]:
    """Return the edges of a manifest's anchor, in the manifest's order; `attesters` are wallets by parent manifest."""
    from eth_utils.address import to_checksum_address

    from swarmprov_nb.chain.anchors import AnchorEdge

    return tuple(
        AnchorEdge(to_checksum_address(attesters.get(manifest, NOBODY)), bytes.fromhex(manifest), relation)
        for relation, manifest in stated_edges(predicate)
    )
