"""The store on the user's own machine: append-only packs of chunks, shared safely by several processes.

A folder holds ``store`` (the version), ``lock``, ``packs/NAME.pack`` with ``NAME.idx``, ``incoming/`` (being written)
and ``pins/``. A pack counts once its index has its name: that rename, after everything is on the disk, is the commit.
Chunks are committed in the order in which they were put, so a root that is there is whole. Packs are never changed:
small ones are merged into a new one before they go, and so is what is kept of one that is freed. A pack's time is when
an upload last wrote or relied on it. Nothing depends on a process ending well: what a killed one left in
``incoming`` is swept by the next.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from swarmprov_nb.errors import ChunkNotFound, StorageError
from swarmprov_nb.file_lock import LOCK_SECONDS, locked_within
from swarmprov_nb.swarm.chunk import Chunk, verify_chunks
from swarmprov_nb.swarm.drafts import remove_abandoned
from swarmprov_nb.swarm.pack_file import (
    PackFile,
    PackWriter,
    explained,
    make_folder_durable,
    rebuild_index,
    write_durably,
)
from swarmprov_nb.swarm.pack_upload import PackUpload
from swarmprov_nb.swarm.pack_use import Use
from swarmprov_nb.swarm.reference import ADDRESS_SIZE
from swarmprov_nb.swarm.storage import Status, UploadPlan

VERSION = "swarmprov store 1\n"
_SMALL = 4 << 20
_SMALL_PACKS = 16
_READ_CHUNKS = 128


class PackStore:
    """A Storage in a folder, for one machine and any number of processes.

    >>> import tempfile
    >>> from swarmprov_nb.swarm import read_file, split
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = PackStore(Path(folder) / "store")
    ...     upload = store.upload(b"", UploadPlan("first"))
    ...     root = split(b"hello world", upload)
    ...     stored = upload.finish()
    ...     b"".join(read_file(store, root))
    b'hello world'

    Raises
    ------
    StorageError
        The folder cannot be used, is no store, or is one of a newer version.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self.folder = Path(folder)
        self._packs: dict[str, PackFile] = {}
        self._mutex = threading.RLock()
        with explained(self.folder):
            if create:
                self._create()
            self._check_version()
            self.refresh()

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> PackStore:
        """Open the store in a folder; with ``create`` make it when the folder is missing or empty."""
        return cls(folder, create=create)

    def _create(self) -> None:
        marker = self.folder / "store"
        if marker.exists() or (self.folder.is_dir() and any(self.folder.iterdir()) and not self._half_made()):
            return
        for name in ("packs", "incoming", "pins"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"store.{os.getpid()}.{threading.get_ident()}"
        write_durably(fresh, VERSION.encode())
        fresh.replace(marker)
        make_folder_durable(self.folder)

    def _half_made(self) -> bool:
        # another process is making it, or was killed while it did
        return all(
            path.name in {"packs", "incoming", "pins"} or path.name.startswith("store.")
            for path in self.folder.iterdir()
        )

    def _check_version(self) -> None:
        marker = self.folder / "store"
        if not marker.is_file():
            raise StorageError(f"{self.folder} is no swarmprov store.", "Name the folder of a store, or an empty one.")
        if marker.read_text("utf-8", "replace") != VERSION:
            raise StorageError(f"The store in {self.folder} is of another version.", "Open it with a newer swarmprov.")

    def read(self, addresses: Sequence[bytes]) -> Iterator[Chunk]:
        """Chunks in the order asked for, each re-hashed.

        Raises
        ------
        ChunkNotFound
            The store does not hold one.
        ChunkCorrupt
            A pack was damaged; the message names it and the address.
        """
        for start in range(0, len(addresses), _READ_CHUNKS):
            wanted = addresses[start : start + _READ_CHUNKS]
            with explained(self.folder):
                chunks = [self._chunk(address) for address in wanted]
                verify_chunks(chunks)
            yield from chunks

    def _chunk(self, address: bytes) -> Chunk:
        with self._mutex:
            found = self._find(address)
            if found is None:
                self.refresh()
                found = self._find(address)
            if found is None:
                raise ChunkNotFound(
                    f"Chunk {address.hex()} is not in the store {self.folder}.",
                    "Name the store that holds it, or load it from a saved file.",
                )
            pack, offset = found
            return pack.chunk(address, offset)

    def _find(self, address: bytes) -> tuple[PackFile, int] | None:
        if len(address) != ADDRESS_SIZE:
            return None
        for pack in self._packs.values():
            offset = pack.index.offset(address)
            if offset is not None:
                return pack, offset
        return None

    def has(self, addresses: Sequence[bytes]) -> Sequence[bool]:
        """Whether each address is held, by what the indexes say."""
        with self._mutex, explained(self.folder):
            held = [self._find(address) is not None for address in addresses]
            if not all(held):
                self.refresh()
                held = [
                    known or self._find(address) is not None for known, address in zip(held, addresses, strict=True)
                ]
            return held

    def places(self, addresses: Sequence[bytes]) -> list[str | None]:
        """Names of the packs that hold addresses, of those that this process knows: what there is, is not put again."""
        with self._mutex:
            found = [self._find(address) for address in addresses]
            return [place[0].path.stem if place is not None else None for place in found]

    def freshen(self, names: Collection[str]) -> None:
        """Note that packs are relied on now, so that nobody who found them unused before frees them."""
        folder = self.folder / "packs"
        with self._mutex, locked(self.folder):
            if not all((folder / f"{name}.pack").exists() for name in names):  # merged: into one of those there are
                names = [path.stem for path in folder.glob("*.pack")]
            for name in names:
                with suppress(PermissionError):  # a store that may only be read
                    os.utime(folder / f"{name}.pack")

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold off whoever frees chunks, until what is stored meanwhile is pinned or named."""
        use = Use(self.folder)
        try:
            yield
        finally:
            use.close()

    def upload(self, root: bytes, plan: UploadPlan) -> PackUpload:
        """Open an upload. Chunks that are held are not written again, which is what resuming one amounts to."""
        del plan
        with explained(self.folder):
            use = Use(self.folder)  # first: what is seen from here on stays
            self.refresh()
        return PackUpload(self, root, use)

    def pin(self, root: bytes, keep: bool) -> None:  # noqa: FBT001 - the Protocol's signature
        """Mark a root as kept, or no longer; nothing is deleted either way."""
        path = self.folder / "pins" / root.hex()
        with explained(self.folder):
            if keep:
                path.touch()
            else:
                path.unlink(missing_ok=True)
            make_folder_durable(path.parent)

    def pins(self) -> Iterator[bytes]:
        """Roots that are kept, in order."""
        with explained(self.folder):
            names = sorted(path.name for path in (self.folder / "pins").iterdir())
        return iter([bytes.fromhex(name) for name in names if len(name) == 2 * ADDRESS_SIZE])

    def status(self, root: bytes) -> Status:
        """Whether the root is held, and so, as children are committed before their parents, all below it."""
        return Status(retrievable=self.has([root])[0])

    def refresh(self) -> None:
        """Open packs that others committed, and let go of those that were merged away."""
        vanished: set[str] = set()
        with self._mutex:
            # merged away between listing and opening: its chunks are in a pack of the next listing
            while (missing := self._open_listed()) != vanished:
                vanished = missing

    def _open_listed(self) -> set[str]:
        folder = self.folder / "packs"
        names = {path.stem for path in folder.iterdir() if path.suffix == ".idx"}
        for gone in self._packs.keys() - names:
            self._packs.pop(gone).close()
        for name in names - self._packs.keys():
            with suppress(FileNotFoundError):
                self._packs[name] = _opened(folder / f"{name}.pack")
        return names - self._packs.keys()

    def new_writer(self) -> PackWriter:
        """Start a pack; under the lock, so that nobody sweeps it before it is locked itself."""
        with locked(self.folder):
            self._sweep()
            return PackWriter(self.folder / "incoming")

    def commit(self, writer: PackWriter) -> None:
        """Make a written pack part of the store."""
        try:
            sealed = writer.seal()
            with self._mutex, locked(self.folder):
                self._adopt(*sealed)
                self.refresh()
                self._merge_small()
        except (OSError, StorageError):
            writer.discard()  # where it has its place already, nothing is left to be removed
            raise
        writer.close()

    def _adopt(self, pack: Path, index: Path) -> None:
        folder = self.folder / "packs"
        pack.rename(folder / f"{pack.stem}.pack")
        index.rename(folder / f"{pack.stem}.idx")
        make_folder_durable(folder)

    def _merge_small(self) -> None:
        small = [pack for pack in self._packs.values() if pack.size < _SMALL]
        if len(small) < _SMALL_PACKS:
            return
        sound = [pack for pack in small if pack.sound()]  # a damaged one stays: merging would hide the damage
        if len(sound) >= _SMALL_PACKS:
            with suppress(OSError):  # where there is no room for both they stay small: what was put is safe
                self._rewrite(sound, lambda _: True)

    def packs(self) -> list[PackFile]:
        """Return the packs there are now."""
        with self._mutex:
            self.refresh()
            return list(self._packs.values())

    def rewrite(self, packs: Sequence[PackFile], keep: Callable[[bytes], bool]) -> None:
        """Put the chunks of some packs for whose addresses `keep` is true into one new pack, then remove those packs.

        Whoever calls it is ``alone`` with the store, or keeps all. A kill leaves the old packs, the new one, or both.
        """
        with self._mutex, locked(self.folder):
            self._rewrite(packs, keep)

    def set_aside(self, pack: PackFile, whole: Collection[bytes]) -> None:
        """Put the chunks of a hurt pack with these addresses into a new pack, then name the hurt one NAME.pack.hurt.

        Whoever calls it is ``alone`` with the store. A kill leaves the hurt pack, or both; its bytes are never deleted.
        """
        with self._mutex, locked(self.folder):
            self._copy([pack], lambda address: address in whole)
            index = pack.path.with_suffix(".idx")
            # a pack without an index would get a new one, an index without a pack is swept: so the copy goes first
            shutil.copyfile(index, index.with_name(f"{index.name}.hurt"))
            pack.path.rename(pack.path.with_name(f"{pack.path.name}.hurt"))
            index.unlink()
            self.refresh()

    def _rewrite(self, packs: Sequence[PackFile], keep: Callable[[bytes], bool]) -> None:
        self._copy(packs, keep)
        for pack in packs:
            # a pack without an index is finished, an index without a pack is swept: so the pack goes first
            pack.path.unlink()
            pack.path.with_suffix(".idx").unlink()
        self.refresh()

    def _copy(self, packs: Sequence[PackFile], keep: Callable[[bytes], bool]) -> None:
        used = max(pack.path.stat().st_mtime_ns for pack in packs)
        writer = PackWriter(self.folder / "incoming")
        try:
            for pack in packs:
                for address, offset in pack.index:
                    if address not in writer.offsets and keep(address):
                        writer.add_record(address, pack.record(offset))
            if writer.offsets:
                self._adopt(*writer.seal())
                os.utime(self.folder / "packs" / f"{writer.path.stem}.pack", ns=(used, used))
                writer.close()
            else:
                writer.discard()
        except OSError:
            writer.discard()
            raise

    def sweep(self) -> None:
        """Clear what killed processes left."""
        with locked(self.folder):
            self._sweep()

    def _sweep(self) -> None:
        """Clear what killed processes left: finish commits, drop indexes of merged packs and unfinished packs."""
        folder = self.folder / "packs"
        for pack in folder.glob("*.pack"):
            if not pack.with_suffix(".idx").exists():
                rebuild_index(pack)
        for index in folder.glob("*.idx"):
            if not index.with_suffix(".pack").exists():
                index.unlink()
        incoming = self.folder / "incoming"
        for part in incoming.glob("*.part"):
            remove_abandoned(part)
        for part in (*folder.glob("*.idxpart"), *incoming.glob("*.idxpart")):
            # one beside a pack that is still written belongs to a living process
            if not part.with_suffix(".part").exists():
                part.unlink(missing_ok=True)


def is_begun(folder: Path) -> bool:
    """Whether there is a store in a folder; one whose making was killed holds nothing, and the next use makes it."""
    return (folder / "store").exists() or any((folder / "packs").glob("*.pack"))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock under which the packs of the store in this folder change: they stay as they are meanwhile.

    Raises StorageError where another process holds it for over a minute.
    """
    with (folder / "lock").open("ab") as lock:
        if not locked_within(lock.fileno(), LOCK_SECONDS):
            raise StorageError(
                f"Another process has kept the packs of the store {folder} locked for {LOCK_SECONDS:.0f} seconds.",
                "Wait for it, or end it if it hangs, then run this again.",
            )
        yield


def _opened(path: Path) -> PackFile:
    try:
        return PackFile(path)
    except StorageError:
        rebuild_index(path)
        return PackFile(path)
