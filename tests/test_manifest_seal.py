"""A seal: wallet and key over one statement, each naming the other, in one spelling."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_keys.datatypes import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.seal import DOMAIN, FIELDS, ROLES, TYPE_HASH, Seal, SealedStatement
from swarmprov_nb.manifest.statement import PREDICATE_TYPE
from swarmprov_nb.swarm import keccak256

KEY, OTHER = AuthorKey(bytes(32)), AuthorKey(b"\1" * 32)
WALLET, OTHER_WALLET = PrivateKey(b"\2" * 32), PrivateKey(b"\3" * 32)
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SEAL = Seal(b"\4" * 32, b"\5" * 32, PREDICATE_TYPE, "author", KEY.public, WALLET.public_key.to_canonical_address(), 1)

digests = st.binary(min_size=32, max_size=32)
seals = st.builds(
    Seal,
    digests,
    digests,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
    st.sampled_from(ROLES),
    st.just(KEY.public),
    st.just(SEAL.wallet),
    st.integers(0, 2**53 - 1),
)


def _signed(seal, *, key=KEY, wallet=WALLET):
    signature = wallet.sign_msg_hash(seal.digest()).to_bytes()
    return SealedStatement(seal, signature[:64] + bytes([signature[64] + 27]), key.sign(seal.message()))


@settings(max_examples=30)
@given(seals)
def test_a_seal_is_read_as_it_was_written(seal):
    """from_bytes(to_bytes(s)) is s, and it checks."""
    sealed = _signed(seal)
    assert SealedStatement.from_bytes(sealed.to_bytes(), path=seal.path) == sealed
    sealed.check()


@settings(max_examples=30)
@given(seals)
def test_the_digest_is_eip_712_s(seal):
    """The wallet's digest is what a library makes of the typed data."""
    assert seal.digest() == bytes(_hash_eip191_message(encode_typed_data(full_message=seal.typed_data())))


def test_type_hash_and_domain_are_what_they_say():
    """The constants are the hashes of the types that are documented."""
    fields = ",".join(f"{kind} {name}" for name, kind in FIELDS)
    assert keccak256(f"Seal({fields})".encode()) == TYPE_HASH
    assert TYPE_HASH.hex() == "794b9898abdbfec63c50736fd37d80a22809982e9bcec562513fa66d06268942"
    domain = b"EIP712Domain(string name,string version)"
    assert keccak256(keccak256(domain) + keccak256(b"swarmprov") + keccak256(b"1")) == DOMAIN


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest": b"\6" * 32},
        {"content": b"\6" * 32},
        {"predicate_type": "x"},
        {"role": "reviewer"},
        {"signer_key": OTHER.public},
        {"wallet": OTHER_WALLET.public_key.to_canonical_address()},
        {"signed_at": 2},
    ],
)
def test_both_signatures_cover_every_field(changes):
    """With any of the seven fields changed neither signature fits."""
    honest, changed = _signed(SEAL), _signed(replace(SEAL, **changes))
    for mixed in (
        replace(honest, seal=changed.seal),
        replace(changed, wallet_signature=honest.wallet_signature),
        replace(changed, key_signature=honest.key_signature),
    ):
        with pytest.raises(VerificationFailed):
            mixed.check()


@settings(max_examples=60)
@given(st.integers(0, 8 * 65 - 1))
def test_one_flipped_bit_of_the_wallets_signature_is_refused(bit):
    """No other 65 bytes fit, and none raise anything else."""
    sealed = _signed(SEAL)
    signature = bytearray(sealed.wallet_signature)
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationFailed):
        replace(sealed, wallet_signature=bytes(signature)).check()


@pytest.mark.parametrize("backend", ["native", "coincurve"])
@pytest.mark.parametrize(
    ("r", "s", "v"),
    [(0, 1, 27), (1, 0, 27), (N, 1, 27), (N + 1, 1, 28), (2**256 - 1, 1, 27), (1, N // 2 + 1, 27), (1, N - 1, 28),
     (1, N, 27), (5, 5, 27), (5, 5, 28), (5, 5, 29), (5, 5, 0), (5, 5, 1), (N - 1, 3, 27)],
)  # fmt: skip
def test_odd_wallet_signatures_are_refused(r, s, v, backend, monkeypatch):
    """Zero, the group order and over, high s, other v and points off the curve: refused with either backend."""
    if backend == "coincurve":
        pytest.importorskip("coincurve", reason="the [fast] extra is not installed")
    monkeypatch.setenv(
        "ECC_BACKEND_CLASS", f"eth_keys.backends.{'CoinCurve' if backend == 'coincurve' else 'Native'}ECCBackend"
    )
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v])
    with pytest.raises(VerificationFailed):
        replace(_signed(SEAL), wallet_signature=signature).check()


def test_high_s_is_refused():
    """The twin of a signature recovers the same wallet, and is refused (EIP-2)."""
    sealed = _signed(SEAL)
    s = N - int.from_bytes(sealed.wallet_signature[32:64], "big")
    v = 55 - sealed.wallet_signature[64]
    with pytest.raises(VerificationFailed, match="low s"):
        replace(sealed, wallet_signature=sealed.wallet_signature[:32] + s.to_bytes(32, "big") + bytes([v])).check()


@pytest.mark.parametrize("length", [0, 64, 66, 130])
def test_wallet_signatures_of_other_lengths_are_refused(length):
    """65 bytes, and no others."""
    with pytest.raises(VerificationFailed):
        replace(_signed(SEAL), wallet_signature=bytes(length)).check()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(extra=1),
        lambda d: d["seal"].update(extra=1),
        lambda d: d["seal"].update(role="owner"),
        lambda d: d["seal"].update(role=["author"]),
        lambda d: d["seal"].update(signedAt="1"),
        lambda d: d["seal"].update(signedAt=True),
        lambda d: d["seal"].update(signedAt=-1),
        lambda d: d["seal"].update(predicateType=5),
        lambda d: d["seal"].update(manifest=d["seal"]["manifest"].removeprefix("0x")),
        lambda d: d["seal"].update(manifest="0x" + d["seal"]["manifest"]),
        lambda d: d["seal"].update(manifest="0x 04" + d["seal"]["manifest"][4:]),
        lambda d: d["seal"].update(signerKey=d["seal"]["signerKey"].upper()),
        lambda d: d["seal"].update(wallet=d["seal"]["wallet"] + "00"),
        lambda d: d.update(keySignature=d["keySignature"][:-2]),
        lambda d: d.update(walletSignature=None),
        lambda d: d.pop("seal"),
        lambda d: d.update(seal=[]),
    ],
)
def test_any_other_file_is_no_seal(change):
    """Other keys, types, lengths and spellings are refused, though the signatures would fit."""
    sealed = _signed(SEAL)
    document = json.loads(sealed.to_bytes())
    change(document)
    with pytest.raises(VerificationFailed):
        SealedStatement.from_bytes(canonical(document), path=SEAL.path)


def test_a_seal_stands_under_its_own_name():
    """The file's name is role and wallet."""
    data = _signed(SEAL).to_bytes()
    with pytest.raises(VerificationFailed):
        SealedStatement.from_bytes(data, path=SEAL.path.replace("author", "reviewer"))
    assert SEAL.path == "seals/author-0x" + SEAL.wallet.hex() + ".json"


@pytest.mark.parametrize("value", [[], "x", 1, None, {}])
def test_what_is_no_seal_is_refused(value):
    """Any JSON value is refused with words."""
    with pytest.raises(VerificationFailed):
        SealedStatement.from_bytes(canonical(value), path="seals/x.json")
