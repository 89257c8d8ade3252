"""Lies that somebody without the author's keys can tell: each is rebuilt whole, and fails at the check it names."""

from __future__ import annotations

import base64
import json

import pytest
from eth_keys.datatypes import PrivateKey
from lying import Lies, is_found_out

from swarmprov_nb.manifest.author_key import AuthorKey, to_did
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.envelope import envelope, key_id
from swarmprov_nb.manifest.seal import SealedStatement
from swarmprov_nb.manifest.statement import ENVELOPE, MANIFEST, PREDICATE_TYPE
from swarmprov_nb.swarm import Chunk

LIES = Lies()
fails_at = LIES.fails_at
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEY, WALLET = AuthorKey(b"\x13" * 32), PrivateKey(b"\x17" * 32)


@pytest.mark.parametrize(("lie", "check"), LIES)
def test_a_stranger_is_found_out(lie, check, book):
    """The lie fails at its check, first of all, with exit code 1 and no level, whoever's signature is accepted."""
    is_found_out(lie, check, book)


# -- files


@fails_at("digests")
def one_changed_file(book):
    book.files[book.subject_of("clean")] += b" "


@fails_at("envelope")
def one_changed_file_that_the_manifest_states(book):
    book.files[book.subject_of("clean")] += b" "
    book.state()


@fails_at("digests")
def swapped_files(book):
    clean, model = book.subject_of("clean"), book.subject_of("model")
    book.files[clean], book.files[model] = book.files[model], book.files[clean]


@fails_at("envelope")
def swapped_files_that_the_manifest_states(book):
    swapped_files(book)
    book.state()


@fails_at("files")
def an_added_file(book):
    book.files["data/more.csv"] = b"a,b\n"


@fails_at("envelope")
def an_added_file_that_the_manifest_states(book):
    statement = book.statement
    book.files["data/more.csv"] = b"a,b\n"
    entity = {**next(e for e in statement["predicate"]["entities"] if e.get("subject")), "id": "artifact-99",
              "name": "more", "subject": "data/more.csv", "size": 4}  # fmt: skip
    statement["predicate"]["entities"].append(entity)
    statement["subject"].append({"name": "data/more.csv", "digest": {}})
    book.state(statement)


@fails_at("files")
def a_missing_file(book):
    del book.files[book.subject_of("model")]


@fails_at("files")
def a_missing_export(book):
    del book.files["requirements.txt"]


@fails_at("envelope")
def a_missing_envelope(book):
    del book.files[ENVELOPE]


@fails_at("envelope")
def an_edited_source(book):
    statement = book.statement
    path = statement["predicate"]["notebook"]["subject"]
    notebook = json.loads(book.files[path])
    cell = notebook["cells"][-1]
    before = cell["source"]
    cell["source"] += "\nraise SystemExit"
    book.files[path] = (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    for run in statement["predicate"]["activities"]:
        if run["source"]["sha256"] == _sha256(before):
            run["source"]["sha256"] = _sha256(cell["source"])
    book.state(statement)


@fails_at("seals")
def an_edited_page(book):
    book.files["index.html"] = book.files["index.html"].replace(b"</body>", b"<p>Checked by experts</p></body>")


@fails_at("seals")
def an_edited_requirements_file(book):
    book.files["requirements.txt"] += b"evil-package==6.6.6\n"


# -- the graph


@fails_at("envelope")
def an_edge_removed(book):
    statement = book.statement
    statement["predicate"]["activities"][-1]["used"].pop()
    book.state(statement)


@fails_at("envelope")
def an_edge_added(book):
    statement = book.statement
    edge = {"activity": "run-1", "name": "peeked", "kind": "var", "confidence": "exact"}
    statement["predicate"]["activities"][-1]["informedBy"].append(edge)
    book.state(statement)


@fails_at("envelope")
def a_kinder_licence(book):
    statement = book.statement
    next(e for e in statement["predicate"]["entities"] if "license" in e)["license"] = "MIT"
    book.state(statement)


@fails_at("envelope")
def a_publication_that_supersedes_itself(book):
    statement = book.statement
    statement["predicate"]["previous"] = {"manifest": "11" * 32, "content": "22" * 32, "author": book.key.did}
    book.state(statement)


# -- the manifest's and the envelope's bytes


@fails_at("manifest")
def an_extra_json_key(book):
    statement = book.statement
    statement["predicate"]["reviewed"] = True
    book.state(statement)


@fails_at("manifest")
def a_duplicate_json_key(book):
    book.files[MANIFEST] = b'{"_type":"https://example.org/evil",' + book.files[MANIFEST][1:]
    book.wrap()


@fails_at("manifest")
def a_manifest_with_a_trailing_newline(book):
    book.files[MANIFEST] += b"\n"
    book.wrap()


@fails_at("manifest")
def a_manifest_with_spaces(book):
    book.files[MANIFEST] = json.dumps(book.statement, sort_keys=True).encode()
    book.wrap()


@fails_at("manifest")
def a_manifest_with_a_float(book):
    book.files[MANIFEST] = book.files[MANIFEST].replace(b'"size":21', b'"size":21.0')
    book.wrap()


@fails_at("manifest")
def a_manifest_nested_without_end(book):
    book.files[MANIFEST] = b"[" * 100_000 + b"]" * 100_000


@fails_at("manifest")
def a_day_that_is_not_in_the_calendar(book):
    statement = book.statement
    statement["predicate"]["session"]["startedAt"] = "2026-02-30T10:00:00.000Z"
    book.state(statement)


@fails_at("manifest")
def an_identity_point_as_key(book):
    """Under the identity, libraries take one signature for every message."""
    identity, signature = bytes([1]) + bytes(31), bytes([1]) + bytes(63)
    statement = book.statement
    statement["predicate"]["agents"][0]["key"] = to_did(identity)
    book.state(statement)
    book.files[ENVELOPE] = envelope(book.files[MANIFEST], identity, signature)
    _drop_seals(book)
    book.add_seal(KEY, WALLET, signer_key=identity)


@fails_at("envelope")
def a_second_envelope_signature(book):
    document = json.loads(book.files[ENVELOPE])
    document["signatures"].append(dict(document["signatures"][0]))
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def a_strangers_signature_beside_the_authors(book):
    document = json.loads(book.files[ENVELOPE])
    signature = base64.b64encode(KEY.sign(book.files[MANIFEST])).decode()
    document["signatures"].append({"keyid": key_id(KEY.public), "sig": signature})
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def a_strangers_signature_under_the_authors_key_id(book):
    book.wrap(by=KEY)
    document = json.loads(book.files[ENVELOPE])
    document["signatures"][0]["keyid"] = key_id(book.key.public)
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def a_second_base64_text_for_the_same_signature(book):
    """64 bytes leave four bits of the last digit unused."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    document = json.loads(book.files[ENVELOPE])
    text = document["signatures"][0]["sig"]
    other = text[:-3] + digits[digits.index(text[-3]) ^ 1] + "=="
    assert base64.b64decode(other) == base64.b64decode(text)
    document["signatures"][0]["sig"] = other
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def base64_with_a_line_break(book):
    document = json.loads(book.files[ENVELOPE])
    document["payload"] = document["payload"][:76] + "\n" + document["payload"][76:]
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def an_extra_key_in_the_envelope(book):
    document = json.loads(book.files[ENVELOPE])
    document["signatures"][0]["cert"] = "trust me"
    book.files[ENVELOPE] = canonical(document)


@fails_at("envelope")
def the_authors_envelope_of_another_manifest(book):
    honest = book.files[ENVELOPE]
    statement = book.statement
    statement["predicate"]["statements"] = {"note": "retold"}
    book.state(statement)
    book.files[ENVELOPE] = honest


@fails_at("envelope")
def an_ed25519_signature_with_s_over_the_group_order(book):
    document = json.loads(book.files[ENVELOPE])
    signature = base64.b64decode(document["signatures"][0]["sig"])
    s = int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    malleable = signature[:32] + s.to_bytes(32, "little")
    document["signatures"][0]["sig"] = base64.b64encode(malleable).decode()
    book.files[ENVELOPE] = canonical(document)


# -- seals


@fails_at("seals")
def no_seal_at_all(book):
    _drop_seals(book)


@fails_at("seals")
def a_seal_of_another_content(book):
    """The author sealed both, and the seal of one is put on the other."""
    content = book.content
    _drop_seals(book)
    book.add_seal(book.key, book.wallet, content=bytes(reversed(content)))


@fails_at("seals")
def a_seal_of_another_manifest(book):
    _drop_seals(book)
    book.add_seal(book.key, book.wallet, manifest=b"\x07" * 32)


@fails_at("seals")
def a_seal_of_another_type_of_statement(book):
    _drop_seals(book)
    book.add_seal(book.key, book.wallet, predicate_type=PREDICATE_TYPE.replace("/v1", "/v0"))


@fails_at("seals")
def a_stolen_seal(book):
    """The author's own signature, beside a stranger's wallet."""
    _, stolen = _seal(book)
    _drop_seals(book)
    own = book.sealed(KEY, WALLET, signer_key=book.key.public)
    _put_seal(book, SealedStatement(own.seal, own.wallet_signature, stolen.key_signature))


@fails_at("seals")
def a_stolen_wallet_signature(book):
    """The author's wallet's signature, beside a stranger's key."""
    _, stolen = _seal(book)
    _drop_seals(book)
    own = book.sealed(KEY, book.wallet)
    _put_seal(book, SealedStatement(own.seal, stolen.wallet_signature, own.key_signature))


@fails_at("seals")
def a_reseal_by_a_stranger(book):
    _drop_seals(book)
    book.add_seal(KEY, WALLET)


@fails_at("seals")
def a_strangers_author_seal_beside_the_authors(book):
    book.add_seal(KEY, WALLET)


@fails_at("seals")
def only_a_reviewers_seal(book):
    _drop_seals(book)
    book.add_seal(KEY, WALLET, role="reviewer")


@fails_at("seals")
def a_high_s_signature(book):
    _, sealed = _seal(book)
    signature = sealed.wallet_signature
    s = ORDER - int.from_bytes(signature[32:64], "big")
    high = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    _put_seal(book, SealedStatement(sealed.seal, high, sealed.key_signature))


@fails_at("seals")
def a_recovery_number_from_zero(book):
    _, sealed = _seal(book)
    signature = sealed.wallet_signature
    _put_seal(book, SealedStatement(sealed.seal, signature[:64] + bytes([signature[64] - 27]), sealed.key_signature))


@fails_at("seals")
def the_zero_address_as_wallet(book):
    book.add_seal(KEY, WALLET, role="reviewer", wallet=bytes(20))


@fails_at("seals")
def an_identity_point_as_reviewer(book):
    sealed = book.sealed(KEY, WALLET, role="reviewer", signer_key=bytes([1]) + bytes(31))
    _put_seal(book, SealedStatement(sealed.seal, sealed.wallet_signature, bytes([1]) + bytes(63)))


@fails_at("seals")
def a_seal_under_another_name(book):
    path, sealed = _seal(book)
    del book.files[path]
    book.files["seals/author-0x" + "00" * 20 + ".json"] = sealed.to_bytes()


@fails_at("seals")
def a_file_among_the_seals(book):
    book.files["seals/readme.html"] = b"<h1>Sealed by everyone</h1>"


@fails_at("seals")
def a_seal_with_an_extra_key(book):
    path, _ = _seal(book)
    document = json.loads(book.files[path])
    document["comment"] = "checked"
    book.files[path] = canonical(document)


@fails_at("seals")
def a_seal_with_capital_hex(book):
    path, _ = _seal(book)
    document = json.loads(book.files[path])
    document["walletSignature"] = "0x" + document["walletSignature"][2:].upper()
    book.files[path] = canonical(document)


@fails_at("seals")
def a_seal_of_an_unknown_role(book):
    book.add_seal(KEY, WALLET, role="notary")


# -- the collection


@fails_at("collection")
def another_content_type(book):
    book.types[book.subject_of("clean")] = "text/html"


@fails_at("collection")
def another_index_document(book):
    book.index = book.subject_of("clean")


@fails_at("collection")
def no_index_document(book):
    book.index = None


@fails_at("collection")
def an_error_document(book):
    book.error = "index.html"


@fails_at("collection")
def metadata_on_a_file(book):
    book.metadata["index.html"] = {"Cache-Control": "max-age=0"}


@fails_at("collection")
def another_file_name_in_the_metadata(book):
    book.metadata["index.html"] = {"Filename": "evil.html"}


@fails_at("collection")
def a_path_out_of_the_folder(book):
    book.files["../evil.sh"] = b"rm -rf ~"


@fails_at("collection")
def an_absolute_path(book):
    book.files["/etc/cron.d/evil"] = b"* * * * *"


@fails_at("collection")
def a_path_with_a_backslash(book):
    book.files["..\\evil.bat"] = b"del"


@fails_at("collection")
def a_path_that_turns_its_direction(book):
    book.files["data/\u202etxt.exe"] = b"MZ"


@fails_at("collection")
def a_path_with_a_line_break(book):
    book.files["data/a\n✓ signer"] = b""


@fails_at("collection")
def a_path_that_is_not_composed(book):
    book.files["data/cafe\u0301.csv"] = b""


@fails_at("collection")
def case_twins(book):
    path = book.subject_of("clean")
    book.files[path.replace("clean", "CLEAN")] = b"[]"


@fails_at("collection")
def a_file_that_is_also_a_folder(book):
    book.files[book.subject_of("clean") + "/more"] = b""


# -- chunks


@fails_at("chunks")
def a_hidden_corrupt_chunk(book):
    def corrupt(bound):
        address = bound.addresses_of(bound.subject_of("clean"))[0]
        (chunk,) = bound.storage.read([address])
        bound.storage.replace(Chunk(address, chunk.span, b"!" + chunk.payload[1:]))

    book.after.append(corrupt)


@fails_at("chunks")
def a_missing_chunk(book):
    book.after.append(lambda bound: bound.storage.forget(bound.addresses_of("index.html")[0]))


@fails_at("chunks")
def a_span_that_lies(book):
    """A chunk that is right by its hash, and claims more bytes than it holds."""

    def lie(bound):
        path = bound.subject_of("clean")
        _relisted(bound, path, Chunk.of(9_999, bound.files[path]))

    book.after.append(lie)


@fails_at("chunks")
def a_file_that_says_it_has_redundancy(book):
    def lie(bound):
        path = bound.subject_of("clean")
        _relisted(bound, path, Chunk.of(len(bound.files[path]) | 1 << 56, bound.files[path]))

    book.after.append(lie)


@fails_at("chunks")
def a_tree_of_another_shape(book):
    """The same bytes under one more node than the format allows."""

    def lie(bound):
        path = bound.subject_of("clean")
        leaf = Chunk.of(len(bound.files[path]), bound.files[path])
        bound.storage.replace(leaf)
        _relisted(bound, path, Chunk.of(leaf.span, leaf.address))

    book.after.append(lie)


def _relisted(book, path, chunk):
    """List a file under another root chunk."""
    from swarmprov_nb.publication import collection
    from swarmprov_nb.swarm import UploadPlan, reference_of

    book.storage.replace(chunk)
    files = {name: reference_of(data) for name, data in book.files.items()}
    book.root = collection({**files, path: chunk.address}, upload=book.storage.upload(b"", UploadPlan("lie")))


def _seal(book):
    (path,) = book.seals
    return path, SealedStatement.from_bytes(book.files[path], path=path)


def _put_seal(book, sealed):
    book.files[sealed.seal.path] = sealed.to_bytes()


def _drop_seals(book):
    for path in book.seals:
        del book.files[path]


def _sha256(text):
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
