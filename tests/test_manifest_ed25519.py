"""Ed25519 stricter than libraries: what is accepted is a subset of what they accept, without small-order points."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.ed25519 import is_strong_point, verify

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
ORDER_8 = [
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
SMALL = [
    bytes([1]) + bytes(31),  # the identity
    (P - 1).to_bytes(32, "little"),  # order 2
    bytes(32),  # order 4
    bytes(31) + b"\x80",  # order 4
    *map(bytes.fromhex, ORDER_8),
]
NOT_CANONICAL = [
    P.to_bytes(32, "little"),  # 0 again
    (P + 1).to_bytes(32, "little"),  # 1 again
    (2**255 - 1).to_bytes(32, "little"),
    bytes([1]) + bytes(30) + b"\x80",  # the identity with a sign that zero has not
    ((P - 1) | 1 << 255).to_bytes(32, "little"),
    (P | 1 << 255).to_bytes(32, "little"),
    b"\xff" * 32,
]
seeds = st.binary(min_size=32, max_size=32)


def _library(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@given(seeds, st.binary(max_size=300))
def test_honest_signatures_verify(seed, message):
    """What a key signs verifies, here and in the library."""
    key = AuthorKey(seed)
    signature = key.sign(message)
    assert verify(key.public, signature, message)
    assert _library(key.public, signature, message)


@given(seeds, st.binary(max_size=40), st.integers(0, 511), st.sampled_from(["key", "signature"]))
def test_one_flipped_bit_is_refused(seed, message, bit, part):
    """No other key and no other signature verifies; and nothing that the library refuses."""
    key = AuthorKey(seed)
    public, signature = bytearray(key.public), bytearray(key.sign(message))
    target = public if part == "key" else signature
    target[bit // 8 % len(target)] ^= 1 << bit % 8
    assert not verify(bytes(public), bytes(signature), message)


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=10))
def test_what_is_accepted_the_library_accepts_too(key, signature, message):
    """The strict rule is a subset, and no bytes of any length raise."""
    assert not verify(key, signature, message) or _library(key, signature, message)


@given(seeds)
def test_decoding_agrees_with_the_library_on_strong_points(data):
    """Random bytes that decode to a strong point are a key for the library too."""
    assert not is_strong_point(data) or Ed25519PublicKey.from_public_bytes(data).public_bytes_raw() == data


@pytest.mark.parametrize("point", SMALL, ids=lambda p: p.hex()[:12])
def test_small_order_points_are_refused(point):
    """All eight points of small order are no key and no R."""
    assert len(set(SMALL)) == 8
    assert not is_strong_point(point)
    key = AuthorKey(bytes(32))
    assert not verify(point, point + bytes(32), b"anything")
    assert not verify(key.public, point + key.sign(b"m")[32:], b"m")


@pytest.mark.parametrize("encoded", NOT_CANONICAL, ids=lambda p: p.hex()[:12])
def test_other_encodings_of_points_are_refused(encoded):
    """y of p or more, and a sign for x = 0, are no encoding."""
    assert not is_strong_point(encoded)
    assert not verify(encoded, bytes(64), b"")


def test_the_library_accepts_what_is_refused_here():
    """The reason for all this: under the identity one signature fits every message."""
    identity, signature = SMALL[0], SMALL[0] + bytes(32)
    assert _library(identity, signature, b"anything at all")
    assert not verify(identity, signature, b"anything at all")


@given(seeds, st.binary(max_size=40))
def test_s_over_the_group_order_is_refused(seed, message):
    """S + L says the same as S, and is refused."""
    key = AuthorKey(seed)
    signature = key.sign(message)
    s = int.from_bytes(signature[32:], "little") + L
    assert not verify(key.public, signature[:32] + s.to_bytes(32, "little"), message)


def test_rfc_8032_vectors():
    """Tests 1 to 3 of RFC 8032, 7.1."""
    vectors = [
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]  # fmt: skip
    for seed, message, signature in vectors:
        key = AuthorKey(bytes.fromhex(seed))
        assert key.sign(bytes.fromhex(message)).hex() == signature
        assert verify(key.public, bytes.fromhex(signature), bytes.fromhex(message))
