"""What rests on the store: publications, and the artifacts of records; and what of each is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.errors import NotAPublication, StorageError
from swarmprov_nb.exports import EXPORTERS
from swarmprov_nb.fsck.mirror import Mirror
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST
from swarmprov_nb.publication import SEALS, listing
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.swarm import Chunk, chunk_addresses, collection_addresses
from swarmprov_nb.view.labels import clean

_SHOWN: Final = 5  # files
_LIST: Final = "its list of files"
_MADE: Final = {_LIST, MANIFEST, ENVELOPE, *(exporter.path for exporter in EXPORTERS.values())}  # from a kept journal


@dataclass(frozen=True)
class Resting:
    """A publication or an artifact: what to call it, its chunks that are missing by file, and how it comes back."""

    name: str
    missing: Mapping[str, frozenset[bytes]]
    cure: str

    def hurt_by(self, chunks: frozenset[bytes]) -> str | None:
        """Say what of it is hurt where these chunks are, None where nothing is."""
        files = sorted(clean(file) for file, missing in self.missing.items() if missing & chunks)
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        return f"{self.name}: {', '.join(files[:_SHOWN])}{more}" if files else None

    @property
    def chunks(self) -> frozenset[bytes]:
        """All its chunks that are missing."""
        return frozenset().union(*self.missing.values())


class _Noting:
    """The mirror's store, which notes what is asked for and missing."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self.missing: set[bytes] = set()

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        self.missing |= self._mirror.missing(addresses)
        yield from self._mirror.store.read(addresses)


def publication(mirror: Mirror, root: bytes, receipt: Receipt | None) -> Resting:
    """Walk a publication; nothing is missing where it is whole.

    A file of which an inner chunk is missing is walked up to there: what lies below is not known.
    """
    of = f" of {Path(receipt.notebook).name}" if receipt else ""
    missing = _missing(mirror, root)
    made_again = all(path in _MADE or path.startswith(SEALS) for path in missing)
    return Resting(f"the publication {root.hex()}{of}", missing, _cure(root, receipt, made_again=made_again))


def artifact(mirror: Mirror, kept: Artifact, folder: Path) -> Resting:
    """Walk the stored bytes of a recorded artifact."""
    assert kept.stored is not None
    assert kept.stored.reference is not None
    missing = _lost(mirror, chunk_addresses, bytes.fromhex(kept.stored.reference))
    name = f"the stored bytes of {kept.name}, recorded in {folder}"
    cure = f"To publish {kept.name} from now on, run the cell that makes it again."
    return Resting(name, {"they cannot be published": missing} if missing else {}, cure)


def _missing(mirror: Mirror, root: bytes) -> dict[str, frozenset[bytes]]:
    try:
        files = listing(mirror.store, root)
    except NotAPublication:  # a program may have pinned a single file
        files = {"the file": root}
    except StorageError:
        return {_LIST: _lost(mirror, collection_addresses, root)}
    lost = {address: _lost(mirror, chunk_addresses, address) for address in set(files.values())}
    return {path: lost[address] for path, address in files.items() if lost[address]}


def _lost(mirror: Mirror, walk: Callable[[Any, bytes], Iterable[bytes]], root: bytes) -> frozenset[bytes]:
    """Return the chunks that are missing of those that a walk names, as far as it comes."""
    noting = _Noting(mirror)
    try:
        return mirror.missing(set(walk(noting, root)))
    except StorageError:
        return frozenset(noting.missing or {root})


def _cure(root: bytes, receipt: Receipt | None, *, made_again: bool) -> str:
    ways = ["swarmprov load FILE, from a saved copy"]
    if receipt and receipt.pushes:
        ways.append(f"swarmprov save {root.hex()} copy.swarm --store {receipt.pushes[-1]['store']}, then load that")
    if receipt and made_again:
        ways.append(f"swarmprov publish {receipt.notebook}, if it is as it was: its journal gives the same bytes")
    return f"After the repair the publication {root.hex()[:8]}… comes back by: {'; or '.join(ways)}."
