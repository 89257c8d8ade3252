"""Take a real publication apart, let a lie change it, and put it together as whoever tells the lie could.

An attacker without the keys can rebuild every digest, the manifest, the envelope's payload, the exports, the collection
and all references; signatures only with keys of their own. An author who lies has the author's keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_keys.datatypes import PrivateKey

from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.exports import regenerate
from swarmprov_nb.home import Home
from swarmprov_nb.live.verify_job import VerifyJob
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.envelope import signed
from swarmprov_nb.manifest.seal import Seal, SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PREDICATE_TYPE
from swarmprov_nb.publication import INDEX, SEALS, content_type, listing
from swarmprov_nb.report import Report
from swarmprov_nb.signers import author_key
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm import (
    Entry,
    MemoryStorage,
    UploadPlan,
    read_file,
    reference_of,
    split,
    write_collection,
)
from swarmprov_nb.swarm.saved import MARK
from swarmprov_nb.verifying import Accepted, examine

STRANGER = AuthorKey(b"\x13" * 32)
STRANGER_WALLET = PrivateKey(b"\x17" * 32)
SIGNED_AT = 1_793_700_000


@dataclass
class Book:
    """A publication as {path: bytes}, with the keys of its author; `storage` and `root` once it is `bound`."""

    files: dict[str, bytes] = field(repr=False)
    key: AuthorKey
    wallet: PrivateKey = field(repr=False)
    home: Home
    types: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    index: str | None = INDEX
    error: str | None = None
    backwards: bool = False
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    root: bytes = b""
    after: list[Callable[[Book], None]] = field(default_factory=list)

    @property
    def statement(self) -> dict[str, Any]:
        """The manifest's value; change it and `state` it."""
        return json.loads(self.files[MANIFEST])

    @property
    def seals(self) -> list[str]:
        return [path for path in self.files if path.startswith(SEALS)]

    def subject_of(self, name: str) -> str:
        """Return the path of the published artifact with this name."""
        return next(e["subject"] for e in self.statement["predicate"]["entities"] if e.get("name") == name)

    def state(self, statement: dict[str, Any] | None = None, *, by: AuthorKey | None = None) -> None:
        """Write the manifest with all digests right, its exports and envelope; without a key the signature stays."""
        statement = statement or self.statement
        for subject in statement["subject"]:
            if subject["name"] in self.files:
                data = self.files[subject["name"]]
                subject["digest"] = {"sha256": hashlib.sha256(data).hexdigest(), "swarm": reference_of(data).hex()}
        self.files[MANIFEST] = canonical(statement)
        self.wrap(by=by)
        digest = hashlib.sha256(self.files[MANIFEST]).hexdigest()
        for export in statement["predicate"]["exports"]:
            with suppress(ValueError, KeyError, SwarmprovError):  # a lie may be too odd to be drawn
                rendered = regenerate(export, statement, digest)
                if rendered is not None:
                    self.files[export["path"]] = rendered

    def wrap(self, *, by: AuthorKey | None = None) -> None:
        """Put the manifest's bytes into the envelope, signed anew or with the signature that is there."""
        if by is not None:
            self.files[ENVELOPE] = signed(self.files[MANIFEST], by)
            return
        envelope = json.loads(self.files[ENVELOPE])
        envelope["payload"] = base64.b64encode(self.files[MANIFEST]).decode()
        self.files[ENVELOPE] = canonical(envelope)

    def author_states(self, statement: dict[str, Any] | None = None) -> None:
        """State, sign and seal with the author's own keys."""
        self.state(statement, by=self.key)
        self.author_seals()

    def author_seals(self) -> None:
        for path in self.seals:
            del self.files[path]
        self.add_seal(self.key, self.wallet)

    def add_seal(
        self, key: AuthorKey, wallet: PrivateKey, /, *, role: str = "author", **changes: Any
    ) -> SealedStatement:
        """Seal what is there now, and add the seal's file."""
        sealed = self.sealed(key, wallet, role=role, **changes)
        self.files[sealed.seal.path] = sealed.to_bytes()
        return sealed

    def sealed(self, key: AuthorKey, wallet: PrivateKey, /, *, role: str = "author", **changes: Any) -> SealedStatement:
        seal = Seal(
            manifest=hashlib.sha256(self.files[MANIFEST]).digest(),
            content=self.content,
            predicate_type=PREDICATE_TYPE,
            role=role,
            signer_key=key.public,
            wallet=wallet.public_key.to_canonical_address(),
            signed_at=SIGNED_AT,
        )
        seal = replace(seal, **changes)
        by_wallet = wallet.sign_msg_hash(seal.digest()).to_bytes()
        return SealedStatement(seal, by_wallet[:64] + bytes([by_wallet[64] + 27]), key.sign(seal.message()))

    @property
    def content(self) -> bytes:
        return self._collected({path: data for path, data in self.files.items() if not path.startswith(SEALS)})

    def bind(self) -> None:
        """Put everything into a storage, and let the late lies change that."""
        self.root = self._collected(self.files, upload=self.storage.upload(b"", UploadPlan("book")))
        for change in self.after:
            change(self)

    def _collected(self, files: dict[str, bytes], upload: Any = None) -> bytes:
        entries = [
            Entry(
                path, split(files[path], upload), self.types.get(path, content_type(path)), self.metadata.get(path, {})
            )
            for path in sorted(files, key=str.encode, reverse=self.backwards)
        ]
        return write_collection(entries, index_document=self.index, error_document=self.error, upload=upload)

    def report(self, **accepted: Any) -> Report:
        """Verify as somebody who accepts any author."""
        self.bind()
        return examine(self.storage, self.root, accepted=Accepted(**(accepted or {"any_signer": True})), home=self.home)

    def addresses_of(self, path: str) -> list[bytes]:
        """Return the chunks of one file, its root last."""
        from swarmprov_nb.swarm import chunk_addresses

        return list(chunk_addresses(self.storage, reference_of(self.files[path])))


def saved_whole(book: Book, file: Path) -> Path:
    """Write every chunk of a book to a saved file, as whoever lies could: nothing is asked of what they are."""
    book.bind()
    chunks = list(book.storage.read(sorted(book.storage.addresses())))
    body = MARK + book.root
    body += b"".join(struct.pack("<HQ", len(chunk.payload), chunk.span) + chunk.payload for chunk in chunks)
    file.write_bytes(body + struct.pack("<HQ", 0xFFFF, len(chunks)) + hashlib.sha256(body).digest())
    return file


def dropped(file: Path, home: Home) -> dict[str, Any]:
    """Return what a front end is told when a saved file is dropped there: its last state."""
    job, states, answered = VerifyJob(home), [], threading.Event()

    def hear(state: dict[str, Any]) -> None:
        states.append(state)
        if state["phase"] != "checking":
            answered.set()

    job.listen(hear)
    job.handle({"op": "verify", "name": file.name}, buffers=[file.read_bytes()])
    assert answered.wait(120)
    job.close()
    return states[-1]


def taken_apart(reference: str, home: Home) -> Book:
    store = user_store(home)
    files = listing(store, bytes.fromhex(reference))
    wallet = PrivateKey(bytes.fromhex((home.keys / "dev-wallet.key").read_text().strip()))
    return Book({path: b"".join(read_file(store, at)) for path, at in files.items()}, author_key(home), wallet, home)
