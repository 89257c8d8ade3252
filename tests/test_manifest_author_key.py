"""The author's key: one text for one key, and no text for a weak one."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import UsageError
from swarmprov_nb.manifest.author_key import AuthorKey, from_did, to_did

seeds = st.binary(min_size=32, max_size=32)
DID = AuthorKey(bytes(32)).did


@given(seeds)
def test_did_and_key_are_one_to_one(seed):
    """from_did(to_did(k)) is k, and every text has the form that the schema states."""
    key = AuthorKey(seed)
    assert from_did(key.did) == key.public
    assert key.did.startswith("did:key:z6Mk")
    assert len(key.did) == 56


def test_a_known_pair():
    """The did:key method's own example."""
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    assert to_did(from_did(did)) == did
    assert from_did(did).hex() == "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "did:key:z",
        "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        DID + "1",
        DID[:-1],
        DID.replace("z6Mk", "z1z6Mk"),
        "did:key:z1" + DID.removeprefix("did:key:z"),
        DID + "\n",
        " " + DID,
        DID.upper(),
        DID.replace("did:key:", "did:web:"),
        "did:key:z" + "0" * 47,
        "did:key:z" + "é" * 47,
        "did:key:z" + "6" * 100_000,
        to_did(bytes([1]) + bytes(31)),
        to_did(bytes(32)),
        to_did(b"\xff" * 32),
    ],
)
def test_other_texts_are_no_key(text):
    """Cut, padded, of another method, of another alphabet, and weak points: each is refused in two sentences."""
    with pytest.raises(UsageError, match="no Ed25519 key"):
        from_did(text)


def test_a_key_tells_nothing_of_itself():
    """Neither repr nor pickle nor an attribute gives the seed away."""
    seed = bytes(range(32))
    key = AuthorKey(seed)
    assert seed.hex() not in repr(key) + str(vars(key))
    with pytest.raises(TypeError):
        pickle.dumps(key)
