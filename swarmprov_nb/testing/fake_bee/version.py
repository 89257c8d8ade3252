"""What differs between the versions of Bee that a FakeBee can be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """A version of Bee, and what it has.

    `default_level` is the redundancy level where no header names one; `labels`: PATCH /stamps/{id} and
    GET /batches/{id}; `ratio`: utilizationRatio, and minimumValidityBlocks in /chainstate; `stamped_stream`: a stream
    without a batch takes stamps, a tag in the query, and says why it closes; `sniffs`: /bzz without a Content-Type;
    `open_wallet`: /wallet also without swap.
    """

    name: str
    build: str
    api: str
    default_level: int
    labels: bool
    ratio: bool
    stamped_stream: bool
    sniffs: bool
    open_wallet: bool


VERSIONS = {
    "2.8.1": Version(
        "2.8.1", "2.8.1-7cf53193", "8.1.0", 1,
        labels=True, ratio=True, stamped_stream=True, sniffs=True, open_wallet=True,
    ),
    "2.8.0": Version(
        "2.8.0", "2.8.0-41d6efc6", "7.4.1", 0,
        labels=False, ratio=False, stamped_stream=False, sniffs=False, open_wallet=False,
    ),
}  # fmt: skip
