"""Settle: look how settled an own anchor is by now, since a block that is included may still go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from swarmprov_nb.receipts import Receipt

if TYPE_CHECKING:
    from swarmprov_nb.publisher import Publisher

GONE: Final = "The chain no longer holds the anchor: its block was dropped. Publish again: it is anchored anew."
_MINUTE: Final = 60


def settled(receipt: Receipt, publisher: Publisher) -> tuple[Receipt, str]:
    """Ask the publisher's chain how settled a publication's anchor is; the receipt as it is then, saved, and a word.

    Where the chain no longer holds the anchor, the receipt names none: the next publish makes it anew. Raises
    ChainError where the chain cannot be asked.
    """
    anchor = receipt.anchored_on(publisher.network) if publisher.network is not None else None
    if anchor is None:
        return receipt, ""
    record = publisher.anchors().get(anchor["attester"], bytes.fromhex(receipt.manifest))
    if record is None or record.anchored_block is None:
        said = GONE
        receipt = replace(receipt, anchors=tuple(each for each in receipt.anchors if each != anchor))
    else:
        said = final_in(record.seconds_to_final)
        receipt = receipt.with_anchor({**anchor, "block": record.anchored_block, "state": record.state})
    receipt.save(publisher.home)
    return receipt, said


def final_in(seconds: int | None) -> str:
    """Say about when a block will be final, nothing where it is, or nobody knows.

    >>> final_in(230), final_in(0)
    ('final in about 4 minutes', '')
    """
    if not seconds:
        return ""
    minutes = max(1, round(seconds / _MINUTE))
    return f"final in about {minutes} minute{'' if minutes == 1 else 's'}"
