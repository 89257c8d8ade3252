"""Seals of several signers: what one of them may say, and what none may say for another."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from eth_keys.datatypes import PrivateKey
from forging import STRANGER, STRANGER_WALLET
from lying import Lies, is_found_out

from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.seal import FIELDS, SealedStatement
from swarmprov_nb.manifest.statement import MANIFEST

LIES = Lies()
REVIEWER, REVIEWER_WALLET = AuthorKey(b"\x21" * 32), PrivateKey(b"\x23" * 32)


@pytest.fixture
def sealed(book):
    """The publication with three signers: its author, a reviewer and an organisation."""
    book.add_seal(REVIEWER, REVIEWER_WALLET, role="reviewer")
    book.add_seal(STRANGER, STRANGER_WALLET, role="organisation")
    return book


def test_three_signers_verify(sealed):
    """What the lies below change is valid without them."""
    report = sealed.report(level="signed")
    assert (report.failed, report.exit_code, len(report.wallets)) == ((), 0, 1)


@pytest.mark.parametrize(("lie", "check"), LIES)
def test_a_lie_about_one_seal_fails_them_all(lie, check, sealed):
    """One bad seal among good ones is no detail: nobody adds it by accident."""
    is_found_out(lie, check, sealed)


def _document(book, role):
    path = next(path for path in book.seals if path.startswith(f"seals/{role}"))
    return path, json.loads(book.files[path])


def _rewritten(book, role, **changes):
    """Change fields of a seal's statement and keep its signatures and its name."""
    path, document = _document(book, role)
    document["seal"] |= changes
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_reviewers_seal_that_says_author(book):
    path, document = _document(book, "reviewer")
    document["seal"]["role"] = "author"
    del book.files[path]
    book.files[path.replace("reviewer", "author")] = canonical(document)


@LIES.fails_at("seals")
def a_reviewer_who_reviewed_another_content(book):
    book.add_seal(REVIEWER, REVIEWER_WALLET, role="reviewer", content=b"\x42" * 32)


@LIES.fails_at("seals")
def a_reviewer_who_reviewed_another_manifest(book):
    book.add_seal(REVIEWER, REVIEWER_WALLET, role="reviewer", manifest=b"\x42" * 32)


@LIES.fails_at("seals")
def a_reviewer_under_the_authors_key(book):
    """The wallet is the reviewer's, and the key that it names never signed."""
    book.add_seal(REVIEWER, REVIEWER_WALLET, role="reviewer", signer_key=book.key.public)


@LIES.fails_at("seals")
def a_reviewer_under_the_authors_wallet(book):
    wallet = book.wallet.public_key.to_canonical_address()
    book.add_seal(REVIEWER, REVIEWER_WALLET, role="reviewer", wallet=wallet)


@LIES.fails_at("seals")
def the_signatures_of_two_reviewers_exchanged(book):
    one, other = (_document(book, role) for role in ("reviewer", "organisation"))
    for key in ("walletSignature", "keySignature"):
        one[1][key], other[1][key] = other[1][key], one[1][key]
    book.files |= {path: canonical(document) for path, document in (one, other)}


@LIES.fails_at("seals")
def one_seal_under_two_names(book):
    path, document = _document(book, "reviewer")
    book.files[path.replace("reviewer", "organisation")] = canonical(document)


@LIES.fails_at("seals")
def a_seal_in_a_folder_of_seals(book):
    path, document = _document(book, "reviewer")
    book.files[path.replace("seals/", "seals/more/")] = canonical(document)


@LIES.fails_at("seals")
def a_seal_by_a_wallet_in_capitals(book):
    path, document = _document(book, "reviewer")
    document["seal"]["wallet"] = "0x" + document["seal"]["wallet"][2:].upper()
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_role_in_capitals(book):
    book.add_seal(REVIEWER, PrivateKey(b"\x29" * 32), role="Reviewer")


@LIES.fails_at("seals")
def a_time_after_the_end_of_numbers(book):
    _rewritten(book, "reviewer", signedAt=2**53 - 1)


@LIES.fails_at("seals")
def a_time_before_the_epoch(book):
    _rewritten(book, "reviewer", signedAt=-1)


@LIES.fails_at("seals")
def a_time_that_is_a_text(book):
    _rewritten(book, "reviewer", signedAt="1793700000")


@LIES.fails_at("seals")
def a_time_that_is_true(book):
    _rewritten(book, "reviewer", signedAt=True)


@LIES.fails_at("seals")
def an_earlier_time(book):
    _rewritten(book, "reviewer", signedAt=1)


@LIES.fails_at("seals")
def a_predicate_type_that_is_a_list(book):
    _rewritten(book, "reviewer", predicateType=["https://w3id.org/swarmprov/provenance/v1"])


@LIES.fails_at("seals")
def a_seal_without_a_role(book):
    path, document = _document(book, "reviewer")
    del document["seal"]["role"]
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_seal_with_a_chain_id(book):
    """A field more would be shown to people, and signed by nobody."""
    _rewritten(book, "reviewer", chainId=1)


@LIES.fails_at("seals")
def a_seal_that_is_an_array(book):
    path, document = _document(book, "reviewer")
    book.files[path] = canonical([document])


@LIES.fails_at("seals")
def a_seal_that_is_a_text(book):
    path, _ = _document(book, "reviewer")
    book.files[path] = b'"sealed"'


@LIES.fails_at("seals")
def an_empty_seal(book):
    path, _ = _document(book, "reviewer")
    book.files[path] = b""


@LIES.fails_at("seals")
def a_seal_of_a_megabyte(book):
    path, _ = _document(book, "reviewer")
    book.files[path] = b" " * (1 << 20)


@LIES.fails_at("seals")
def a_seal_nested_without_end(book):
    path, _ = _document(book, "reviewer")
    book.files[path] = b"[" * 16_000


@LIES.fails_at("seals")
def a_seal_of_a_text_that_nobody_closes(book):
    path, _ = _document(book, "reviewer")
    book.files[path] = b'"' + b'\\"' * 8_000


@LIES.fails_at("seals")
def a_hundred_and_one_seals(book):
    """Each costs the recovery of a wallet: a hundred are checked, and more are not even begun."""
    book.files |= {f"seals/reviewer-0x{number:040x}.json": b"{}" for number in range(98)}


@LIES.fails_at("seals")
def a_signature_without_its_last_byte(book):
    path, document = _document(book, "reviewer")
    document["walletSignature"] = document["walletSignature"][:-2]
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_compact_signature(book):
    """EIP-2098 says the same in 64 bytes: one seal has one spelling."""
    path, document = _document(book, "reviewer")
    raw = bytearray.fromhex(document["walletSignature"][2:])
    raw[32] |= (raw[64] - 27) << 7
    document["walletSignature"] = "0x" + raw[:64].hex()
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_signature_of_zeros(book):
    path, document = _document(book, "reviewer")
    document["walletSignature"] = "0x" + "00" * 64 + "1b"
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_signature_for_another_chain(book):
    """Recovery numbers from 35 name a chain; a seal names none."""
    path, document = _document(book, "reviewer")
    raw = bytes.fromhex(document["walletSignature"][2:])
    document["walletSignature"] = "0x" + (raw[:64] + bytes([raw[64] + 10])).hex()
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def a_plain_message_signed_by_the_wallet(book):
    """What a site has somebody sign as text is no typed statement."""
    sealed = book.sealed(REVIEWER, REVIEWER_WALLET, role="reviewer")
    text = b"\x19Ethereum Signed Message:\n32" + sealed.seal.digest()
    from eth_utils.crypto import keccak

    by_wallet = REVIEWER_WALLET.sign_msg_hash(keccak(text)).to_bytes()
    signature = by_wallet[:64] + bytes([by_wallet[64] + 27])
    book.files[sealed.seal.path] = SealedStatement(sealed.seal, signature, sealed.key_signature).to_bytes()


@LIES.fails_at("seals")
def a_key_signature_over_the_bare_statement(book):
    """Without DSSE's encoding the same bytes could mean something else elsewhere."""
    sealed = book.sealed(REVIEWER, REVIEWER_WALLET, role="reviewer")
    bare = REVIEWER.sign(canonical(sealed.seal.to_json()))
    book.files[sealed.seal.path] = replace(sealed, key_signature=bare).to_bytes()


def _signed_with(book, domain, encoding):
    """Put a reviewer's seal whose wallet signed under another domain, or another encoding of the domain."""
    from eth_utils.crypto import keccak

    sealed = book.sealed(REVIEWER, REVIEWER_WALLET, role="reviewer")
    words = b"".join(keccak(part.encode()) if isinstance(part, str) else part for part in domain)
    struct = keccak(b"".join(_words(sealed.seal)))
    by_wallet = REVIEWER_WALLET.sign_msg_hash(keccak(encoding + keccak(words) + struct)).to_bytes()
    signature = by_wallet[:64] + bytes([by_wallet[64] + 27])
    book.files[sealed.seal.path] = replace(sealed, wallet_signature=signature).to_bytes()


def _words(seal):
    from eth_utils.crypto import keccak

    yield keccak(b"Seal(" + b",".join(f"{kind} {name}".encode() for name, kind in FIELDS) + b")")
    yield from (seal.manifest, seal.content, keccak(seal.predicate_type.encode()), keccak(seal.role.encode()))
    yield from (seal.signer_key, bytes(12) + seal.wallet, seal.signed_at.to_bytes(32, "big"))


PLAIN = ("EIP712Domain(string name,string version)", "swarmprov", "1")


def test_the_same_digest_without_a_lie_is_accepted(sealed):
    """What the three lies below change is the digest that a wallet signs."""
    _signed_with(sealed, PLAIN, b"\x19\x01")
    assert sealed.report().exit_code == 0


@LIES.fails_at("seals")
def a_seal_for_another_program(book):
    """A site may ask for a signature under a name of its own, and hand it on."""
    _signed_with(book, (PLAIN[0], "notaryprov", "1"), b"\x19\x01")


@LIES.fails_at("seals")
def a_seal_under_the_id_of_a_chain(book):
    _signed_with(book, ("EIP712Domain(string name,string version,uint256 chainId)", "swarmprov", "1",
                        (1).to_bytes(32, "big")), b"\x19\x01")  # fmt: skip


@LIES.fails_at("seals")
def a_seal_for_an_intended_validator(book):
    """EIP-191 has other kinds of signed data, whose first byte is another."""
    _signed_with(book, PLAIN, b"\x19\x00")


@LIES.fails_at("seals")
def a_key_signature_of_the_manifests_type(book):
    """DSSE binds the type: what was signed as a manifest is no seal."""
    from swarmprov_nb.manifest.envelope import PAYLOAD_TYPE, pae

    sealed = book.sealed(REVIEWER, REVIEWER_WALLET, role="reviewer")
    by_key = REVIEWER.sign(pae(PAYLOAD_TYPE, canonical(sealed.seal.to_json())))
    book.files[sealed.seal.path] = replace(sealed, key_signature=by_key).to_bytes()


@LIES.fails_at("seals")
def the_envelopes_signature_as_that_of_the_seal(book):
    """The author's key signed the manifest, and not that this wallet vouches for it."""
    import base64

    envelope = json.loads(book.files["manifest.dsse.json"])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    path, document = _document(book, "author")
    document["keySignature"] = "0x" + signature.hex()
    book.files[path] = canonical(document)


@LIES.fails_at("seals")
def only_reviewers_and_organisations(book):
    path, _ = _document(book, "author")
    del book.files[path]


@LIES.fails_at("seals")
def an_authors_seal_of_the_content_before(book):
    """The manifest stayed, and the page that people read was exchanged after the seal."""
    book.files["index.html"] = book.files["index.html"].replace(b"</body>", b"<p>Retracted</p></body>")


@LIES.fails_at("seals")
def a_second_author(book):
    """Two keys that both say author: one of them takes the credit."""
    book.add_seal(REVIEWER, REVIEWER_WALLET)


@LIES.fails_at("envelope")
def a_manifest_that_names_the_reviewer_as_author(book):
    statement = book.statement
    statement["predicate"]["agents"][0]["key"] = REVIEWER.did
    book.state(statement)


@LIES.fails_at("seals")
def a_manifest_that_the_reviewer_signed_as_author(book):
    """The reviewer's own signature is right; the author's seal is for another manifest."""
    statement = book.statement
    statement["predicate"]["agents"][0]["key"] = REVIEWER.did
    book.state(statement, by=REVIEWER)
    assert MANIFEST in book.files
