"""Every signed byte stays what it is: with fixed keys, times and salts a publication gives the digests in goldens.

Where bytes change on purpose (a new version of an exporter, say), write them anew and read the difference:
``python -m pytest tests/test_manifest_goldens.py --update-goldens && git diff tests/goldens``.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

import pytest

from swarmprov_nb import drafting
from swarmprov_nb.home import write_once
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import parse
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.planning import Choices
from swarmprov_nb.publication import listing
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm import read_file
from swarmprov_nb.verifying import verify

GOLDEN = Path(__file__).parent / "goldens" / "publication.json"
AUTHOR, WALLET = b"\x01" * 32, b"\x02" * 32
NOW = 1_793_700_000


@pytest.fixture
def published(study, monkeypatch):
    """A publication with one hidden artifact, in which nothing is left to chance."""
    folder = study.home.private_folder(study.home.keys)
    write_once(folder / "author.key", AUTHOR)
    write_once(folder / "dev-wallet.key", WALLET.hex().encode() + b"\n")
    monkeypatch.setattr(drafting, "__version__", "0.0.0")
    monkeypatch.setattr(drafting.secrets, "token_bytes", lambda length: b"\x03" * length)
    monkeypatch.setattr(time, "time", lambda: NOW)
    return publish(
        study.notebook, yes=True, chain=NO_CHAIN, choices=Choices(hide=("model",)), home=study.home, say=lambda _: None
    )


def test_every_signed_byte_is_what_it_was(study, published, request):
    """Manifest, envelope, seal, exports, commitments and both references equal the goldens."""
    found = _digests(study.home, published)
    if request.config.getoption("--update-goldens"):
        GOLDEN.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    assert found == json.loads(GOLDEN.read_text())


def test_what_the_goldens_name_verifies(study, published):
    """The golden publication is valid, and signed by the fixed key."""
    report = verify(published.reference, signer=AuthorKey(AUTHOR).did, home=study.home)
    assert report.exit_code == 0


def _digests(home, published):
    store = user_store(home)
    files = listing(store, bytes.fromhex(published.reference))
    data = {path: b"".join(read_file(store, at)) for path, at in files.items()}
    path = next(path for path in data if path.startswith("seals/"))
    seal = SealedStatement.from_bytes(data[path], path=path)
    manifest = parse(data["manifest.json"], what="manifest.json")
    return {
        "files": {path: hashlib.sha256(data[path]).hexdigest() for path in sorted(data)},
        "references": {path: files[path].hex() for path in sorted(files)},
        "author": published.receipt.author,
        "wallet": published.receipt.wallet,
        "sealDigest": seal.seal.digest().hex(),
        "sealMessage": hashlib.sha256(seal.seal.message()).hexdigest(),
        "sealPath": path,
        "commitments": [e["commitment"] for e in manifest["predicate"]["entities"] if "commitment" in e],
        "content": published.receipt.content,
        "publication": published.reference,
        "workId": published.receipt.work,
    }
