"""The envelope has one spelling for a manifest and a signature; whatever else it might say is refused."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.envelope import PAYLOAD_TYPE, check, envelope, key_id, pae, signed

KEY, OTHER = AuthorKey(bytes(32)), AuthorKey(b"\1" * 32)
MANIFEST = b'{"a":1}'


@given(st.binary(max_size=500), st.binary(min_size=32, max_size=32))
def test_what_is_signed_checks(manifest, seed):
    """Any bytes signed by any key check under that key and no other."""
    key = AuthorKey(seed)
    data = signed(manifest, key)
    check(data, manifest, key.public)
    assert base64.b64decode(json.loads(data)["payload"]) == manifest
    with pytest.raises(VerificationFailed):
        check(data, manifest + b" ", key.public)
    if key.public != OTHER.public:
        with pytest.raises(VerificationFailed):
            check(data, manifest, OTHER.public)


@given(st.data())
def test_one_changed_byte_is_refused(data):
    """No other bytes check for the same manifest and key."""
    honest = signed(MANIFEST, KEY)
    changed = bytearray(honest)
    changed[data.draw(st.integers(0, len(honest) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(VerificationFailed):
        check(bytes(changed), MANIFEST, KEY.public)


def test_pae_is_dsse_s():
    """The example of DSSE's protocol."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_counted_in_bytes():
    """A type of two-byte characters counts by bytes, so that no two pairs have one encoding."""
    assert pae("é", b"x") == b"DSSEv1 2 \xc3\xa9 1 x"
    assert pae("a 1 b", b"") != pae("a", b"b")


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e.update(payloadType="text/plain"),
        lambda e: e.update(extra=1),
        lambda e: e.update(signatures=[]),
        lambda e: e.update(signatures={}),
        lambda e: e.update(signatures=[1]),
        lambda e: e.update(signatures=None),
        lambda e: e["signatures"].append(e["signatures"][0]),
        lambda e: e["signatures"][0].update(keyid=key_id(OTHER.public)),
        lambda e: e["signatures"][0].update(keyid=KEY.did),
        lambda e: e["signatures"][0].update(sig=""),
        lambda e: e["signatures"][0].update(sig=5),
        lambda e: e["signatures"][0].update(sig="é"),
        lambda e: e["signatures"][0].update(sig=e["signatures"][0]["sig"].rstrip("=")),
        lambda e: e["signatures"][0].update(sig=e["signatures"][0]["sig"].replace("/", "_").replace("+", "-") + " "),
        lambda e: e.pop("payload"),
        lambda e: e.pop("signatures"),
    ],
)
def test_any_other_envelope_is_refused(change):
    """Types, keys, counts and texts: only what would be written is read."""
    document = json.loads(signed(MANIFEST, KEY))
    change(document)
    with pytest.raises(VerificationFailed):
        check(canonical(document), MANIFEST, KEY.public)


@pytest.mark.parametrize("value", [[], "x", 1, None, {}])
def test_what_is_no_envelope_is_refused(value):
    """Any JSON value is refused with words."""
    with pytest.raises(VerificationFailed):
        check(canonical(value), MANIFEST, KEY.public)


def test_a_signature_for_another_purpose_is_refused():
    """The payload type is signed: a signature over the bare bytes, or as a seal, is none."""
    for message in (MANIFEST, pae("application/vnd.swarmprov.seal+json", MANIFEST)):
        with pytest.raises(VerificationFailed, match="does not fit"):
            check(envelope(MANIFEST, KEY.public, KEY.sign(message)), MANIFEST, KEY.public)
    check(envelope(MANIFEST, KEY.public, KEY.sign(pae(PAYLOAD_TYPE, MANIFEST))), MANIFEST, KEY.public)
