"""The shelf: publications that the stores at hand keep, found by the sha256 of their manifests."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property
from typing import Any

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.canonical import MAX_BYTES
from swarmprov_nb.manifest.statement import MANIFEST
from swarmprov_nb.publication import listing


class Shelf:
    """The publications that stores keep (their pins). What is found is as yet unverified.

    >>> Shelf([]).copies("ab" * 32)
    []
    """

    def __init__(self, stores: list[Any]) -> None:
        self._stores = stores

    @classmethod
    def of(cls, home: Home, storage: Any = None) -> Shelf:
        """Look into the storage given, if it is a local store, and the user's own."""
        from swarmprov_nb.swarm import PackStore

        stores = [storage] if isinstance(storage, PackStore) else []
        if home.store.is_dir() and not any(store.folder == home.store for store in stores):
            stores.append(PackStore.open(home.store, create=False))
        return cls(stores)

    def copies(self, manifest: str) -> list[tuple[Any, bytes]]:
        """Return the store and the root of each publication with this manifest (sha256 in hex).

        More than one: with another seal, or made by somebody who wants the good one not to be found.
        """
        return self._places.get(manifest, [])

    def followers(self, manifest: str) -> list[tuple[Any, bytes]]:
        """Return the store and root of each publication whose manifest says that it follows this one."""
        return self._following.get(manifest, [])

    @cached_property
    def _kept(self) -> list[tuple[Any, bytes, bytes]]:
        """Store and root of each publication, and where its manifest is: never all manifests, which may be large."""
        return list(self._listed())

    @cached_property
    def _places(self) -> dict[str, list[tuple[Any, bytes]]]:
        return self._by(_sha256)

    @cached_property
    def _following(self) -> dict[str, list[tuple[Any, bytes]]]:
        return self._by(lambda manifest: _previous(b"".join(manifest)))

    def _by(self, key: Callable[[Iterator[bytes]], str | None]) -> dict[str, list[tuple[Any, bytes]]]:
        """Sort what is kept by something that is read from each manifest."""
        from swarmprov_nb.swarm import read_file

        found: dict[str, list[tuple[Any, bytes]]] = {}
        for store, root, at in self._kept:
            with suppress(SwarmprovError):  # not whole: not on this shelf
                if (name := key(read_file(store, at, limit=MAX_BYTES))) is not None:
                    found.setdefault(name, []).append((store, root))
        return found

    def _listed(self) -> Iterator[tuple[Any, bytes, bytes]]:
        for store in self._stores:
            for root in store.pins():
                with suppress(SwarmprovError):  # no publication
                    yield store, root, listing(store, root)[MANIFEST]


def _sha256(manifest: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in manifest:
        digest.update(piece)
    return digest.hexdigest()


def _previous(manifest: bytes) -> str | None:
    try:
        return str(loads(manifest)["predicate"]["previous"]["manifest"])
    except (ValueError, KeyError, TypeError):
        return None
