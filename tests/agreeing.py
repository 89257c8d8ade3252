"""Two verifiers are asked about one publication and must say the same: ours, and one written from the page alone."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from second_verifier.verifying import verify

from swarmprov_nb.errors import ChunkNotFound
from swarmprov_nb.report import Report

NOT_OF_THE_PAGE = {"signer", "previous", "anchor", "notebook"}  # what a reader's own list, chain or notebook adds
REFUSED = (ValueError, LookupError, RecursionError)


class ByAddress(Mapping[bytes, bytes]):
    """The chunks of a storage, as the second verifier takes them: span and payload, by address."""

    def __init__(self, storage: Any) -> None:
        self._storage = storage

    def __getitem__(self, address: bytes) -> bytes:
        try:
            (chunk,) = self._storage.read([address])
        except ChunkNotFound:
            raise KeyError(address) from None
        return struct.pack("<Q", chunk.span) + chunk.payload

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._storage.addresses())

    def __len__(self) -> int:
        return len(self._storage.addresses())


def is_refused(data: bytes) -> bool:
    """Tell whether the second verifier refuses a saved file."""
    try:
        verify(data)
    except REFUSED:
        return True
    return False


def second(storage: Any, root: bytes, at_hand: Collection[Any] = ()) -> Any:
    """Return what the second verifier holds for proved; None where it refuses."""
    try:
        return verify(ByAddress(storage), root, at_hand)
    except REFUSED:
        return None


def require_agreement(report: Report, storage: Any, root: bytes, at_hand: Collection[Any] = ()) -> None:
    """Compare a report of ours with what the second verifier says.

    Of exports it says nothing: it has no exporter, and reports them as not checked.
    """
    proved = second(storage, root, at_hand)
    failed = {check.name for check in report.failed} - NOT_OF_THE_PAGE
    assert (proved is None) == bool(failed - {"exports"}), (failed, proved)
    if proved is not None:
        wallets = [seal.removeprefix("seals/author-")[:-5] for seal in proved.seals if "/author-" in seal]
        assert (proved.author, proved.manifest, proved.content.hex(), wallets) == (
            report.author, report.manifest_sha256, report.content, sorted(report.wallets))  # fmt: skip
        assert "exports" not in failed or proved.unchecked


def agreeing(report: Callable[..., Report], at_hand: Collection[Any]) -> Callable[..., Report]:
    """Return `Book.report` so that it asks both verifiers, of which the second knows what is `at_hand`."""

    def both(book: Any, **accepted: Any) -> Report:
        ours = report(book, **accepted)
        require_agreement(ours, book.storage, book.root, at_hand)
        return ours

    return both
