"""Seal: a wallet and the author key sign one statement over manifest and content; another wallet adds a seal."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from swarmprov_nb.home import Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.manifest.seal import Seal, SealedStatement
from swarmprov_nb.manifest.statement import MANIFEST, PREDICATE_TYPE
from swarmprov_nb.publication import collection, listing, without_seals
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.storing import put

if TYPE_CHECKING:
    from swarmprov_nb.publisher import Publisher

AUTHOR: Final = "author"


def author_seal(manifest: bytes, content: bytes, publisher: Publisher) -> SealedStatement:
    """Let the publisher's wallet and key sign one statement over a manifest and its content reference (32 bytes)."""
    seal = Seal(
        manifest=hashlib.sha256(manifest).digest(),
        content=content,
        predicate_type=PREDICATE_TYPE,
        role=AUTHOR,
        signer_key=publisher.key.public,
        wallet=bytes.fromhex(publisher.wallet.address.removeprefix("0x")),
        signed_at=int(time.time()),
    )
    by_wallet = publisher.wallet.sign_typed_data(seal.typed_data())
    sealed = SealedStatement(seal, by_wallet, publisher.key.sign(seal.message()))
    sealed.check()
    return sealed


def with_seal(receipt: Receipt, publisher: Publisher) -> Receipt:
    """Return the receipt of the same content with a seal by the publisher's wallet: itself, or a new publication's.

    The seal is in a journal before it is used, so that a publish that is killed gives the same reference again.
    """
    from swarmprov_nb.swarm import UploadPlan, read_file

    store = publisher.keeper.store
    files = listing(store, bytes.fromhex(receipt.reference))
    path = f"seals/{AUTHOR}-{publisher.wallet.address.lower()}.json"
    if path in files:
        return receipt
    manifest = b"".join(read_file(store, files[MANIFEST]))
    content = collection(without_seals(files))

    def make() -> dict[str, str]:
        return {"seal": base64.b64encode(author_seal(manifest, content, publisher).to_bytes()).decode()}

    journal = _journal(publisher.home, receipt.reference, publisher.wallet.address)
    files[path] = put(store, base64.b64decode(journal.once("seal", make)["seal"]))
    reference = collection(files)
    upload = store.upload(reference, UploadPlan(id=reference.hex()))
    collection(files, upload=upload)
    upload.finish()
    store.pin(reference, keep=True)
    sealed = replace(receipt, reference=reference.hex(), wallet=publisher.wallet.address,
                     published_at=time.time(), pushes=())  # fmt: skip
    sealed.save(publisher.home)
    journal.close(sealed.journal_path(publisher.home).with_suffix(".seal"))
    return sealed


def _journal(home: Home, reference: str, wallet: str) -> Journal:
    return Journal(home.private_folder(home.journal / "seals") / f"{reference}-{wallet.lower()}.jsonl")
