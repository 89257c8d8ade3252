"""Push: send a publication's chunks from the own store to a remote one, under the same reference.

Every chunk was computed and is verified here; the remote store only keeps what it is given. A push that is killed goes
on where it stopped: what arrived is not sent again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.progress import Progress, Told
from swarmprov_nb.publication import listing
from swarmprov_nb.receipts import receipt_of
from swarmprov_nb.remotes import SHORT_DAYS, batch_for, expiry_of, is_usable, remote_url, shown_store
from swarmprov_nb.swarm import CHUNK_SIZE, ChunkBatch, UploadPlan, collection_addresses, open_remote
from swarmprov_nb.view.captions import plural

if TYPE_CHECKING:
    from swarmprov_nb.swarm import Storage

_AT_A_TIME: Final = 512  # chunks


@dataclass(frozen=True)
class Pushed:
    """A publication that a remote store has: where, in which postage batch, and until about when that is paid for."""

    reference: str
    push: Mapping[str, Any]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"✓ Pushed to {self.push['store']}: {plural(self.push['chunks'], 'chunk')}",
                f"  reference  {self.reference}",
                f"  stored     {lasts(self.push)}",
                f"  check it   swarmprov verify {self.reference} --store {self.push['store']}",
            ]
        )


def push(
    target: str | Path, *, store: str, batch: str | None = None, home: Home | None = None,
    progress: Progress | None = None,
) -> Pushed:  # fmt: skip
    """Push a publication of the own store, or a saved file, to a remote store; its reference stays the same.

    >>> import swarmprov
    >>> swarmprov.push("4c9c…f295", store="http://127.0.0.1:1633")  # doctest: +SKIP

    Raises StorageError where the remote store, or a postage batch for it, cannot be used; NotAPublication or
    ChunkNotFound where the own store does not hold the whole publication. Call it again to go on.
    """
    from swarmprov_nb.verifying import located

    home = home or Home.of_user()
    remote = remote_url(store)
    local, root = located(str(target), store=None, home=home)
    listing(local, root)
    done = push_chunks(local, root, remote, batch=batch, home=home, progress=progress or Told(lambda _: None))
    receipt = receipt_of(home, root.hex())
    if receipt is not None:
        receipt.with_push(done).save(home)
    return Pushed(root.hex(), done)


def push_chunks(
    local: Storage, root: bytes, remote: str, *, batch: str | None, home: Home, progress: Progress
) -> dict[str, Any]:
    """Send every chunk of a collection to a remote store, and return what the receipt keeps of that."""
    from swarmprov_nb.swarm.file_tree import fetch

    addresses = list(dict.fromkeys(collection_addresses(local, root)))
    shown = shown_store(remote)
    folder = home.private_folder(home.journal / "push")
    begun = Journal(folder / f"{root.hex()}-{hashlib.sha256(shown.encode()).hexdigest()[:16]}.jsonl")
    chosen = _batch(begun, remote, batch, addresses)
    total = len(addresses) * CHUNK_SIZE

    def acked(chunks: int, _: int) -> None:
        progress.bytes(min(chunks * CHUNK_SIZE, total), total)

    storage = open_remote(remote, batch=chosen, source=local, journal=folder, progress=acked, check=progress.check,
                          say=progress.detail)  # fmt: skip
    upload = storage.upload(root, UploadPlan(root.hex()))
    for some in _batches(addresses):
        upload.put(ChunkBatch.of(fetch(local, some)))
    upload.finish()
    expires = expiry_of(remote, chosen)
    return {
        "store": shown,
        "batch": chosen,
        "chunks": len(addresses),
        "expires": expires.timestamp() if expires else None,
        "found": getattr(upload, "confirmed", None),
        "at": time.time(),
    }


def _batch(begun: Journal, remote: str, batch: str | None, addresses: Sequence[bytes]) -> str | None:
    """Return the batch that pays: the one named, else the one that this push began with, else the best that fits."""
    noted = begun.entries.get("batch", {}).get("id")
    if batch is None and noted is not None and is_usable(remote, noted):
        return str(noted)
    chosen = batch_for(remote, batch, addresses)
    begun.write("batch", {"id": chosen})
    return chosen


def lasts(push: Mapping[str, Any]) -> str:
    """Say how long a push is paid for.

    >>> lasts({"expires": None})
    'for as long as that store keeps it'
    """
    if push["expires"] is None:
        return "for as long as that store keeps it"
    seconds = push["expires"] - time.time()
    day = datetime.fromtimestamp(push["expires"], UTC).date().isoformat()
    if seconds <= 0:
        return f"EXPIRED on {day}: push it again, or it may be gone"
    short = ": top its batch up soon (swarmprov stamps topup)" if seconds < SHORT_DAYS * 86400 else ""
    return f"until about {day}, {plural(int(seconds // 86400), 'day')}{short}"


def _batches(addresses: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(addresses), _AT_A_TIME):
        yield addresses[start : start + _AT_A_TIME]
