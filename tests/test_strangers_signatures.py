"""Signatures and bytes hold for tools that know nothing of us: OpenSSL, securesystemslib, ethers, canonicalize."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from strangers import npm_of_strangers, published_book, python_of_strangers

from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.seal import SealedStatement

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
ED25519 = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo of RFC 8410, then the raw key

BY_SECURESYSTEMSLIB = """
import json, sys
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

told = json.load(sys.stdin)
key = SSlibKey(told["keyid"], "ed25519", "ed25519", {"public": told["public"]})
try:
    taken = Envelope.from_dict(told["envelope"]).verify([key], threshold=1)
    print("verified", *taken)
except VerificationError:
    print("refused")
"""

BY_ETHERS = """
import { readFileSync } from "node:fs";
import { verifyTypedData, TypedDataEncoder } from "ethers";

const { domain, types, seal, signature } = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify({
  wallet: verifyTypedData(domain, types, seal, signature),
  digest: TypedDataEncoder.hash(domain, types, seal),
}));
"""

BY_CANONICALIZE = """
import { readFileSync } from "node:fs";
import canonicalize from "canonicalize";

process.stdout.write(canonicalize(JSON.parse(readFileSync(0, "utf8"))));
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    return published_book(tmp_path_factory.mktemp("strangers"))


@pytest.fixture(scope="module")
def npm(tmp_path_factory):
    return npm_of_strangers(tmp_path_factory.mktemp("npm"))


def in_node(npm, script, text):
    """Run a module that reads `text`; returns the bytes it writes."""
    path = npm / "script.mjs"
    path.write_text(script, "utf-8")
    ran = subprocess.run(["node", path], input=text, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout


def openssl_verifies(folder, public, message, signature):
    (folder / "key.der").write_bytes(ED25519 + public)
    (folder / "message").write_bytes(message)
    (folder / "signature").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "key.der"]
    command += ["-in", "message", "-sigfile", "signature"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0


def has_openssl_3():
    """Whether there is an OpenSSL that takes whole messages: LibreSSL and OpenSSL 1 know no `-rawin` for Ed25519."""
    if not shutil.which("openssl"):
        return False
    return subprocess.run(["openssl", "version"], capture_output=True, check=True).stdout.startswith(b"OpenSSL 3")


@pytest.mark.skipif(not has_openssl_3(), reason="there is no OpenSSL 3")
def test_openssl_verifies_envelope_and_seal(book, tmp_path):
    """Plain OpenSSL takes the author's key and both signatures; with one byte changed it takes neither."""
    public = book.key.public
    manifest, envelope = book.files["manifest.json"], json.loads(book.files["manifest.dsse.json"])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(manifest), manifest)
    seal = json.loads(book.files[book.seals[0]])
    body = canonical(seal["seal"])
    sealed = b"DSSEv1 35 application/vnd.swarmprov.seal+json %d %b" % (len(body), body)

    assert openssl_verifies(tmp_path, public, signed, signature)
    assert openssl_verifies(tmp_path, public, sealed, bytes.fromhex(seal["keySignature"][2:]))
    assert not openssl_verifies(tmp_path, public, signed.replace(b"study", b"Study", 1), signature)
    assert not openssl_verifies(tmp_path, public, signed, bytes.fromhex(seal["keySignature"][2:]))


@pytest.mark.long
@pytest.mark.timeout(600)
def test_securesystemslib_verifies_the_envelope(book):
    """The library of in-toto and TUF takes the envelope by the author's key, and refuses another payload or key."""
    envelope = json.loads(book.files["manifest.dsse.json"])
    keyid = envelope["signatures"][0]["keyid"]

    def said(envelope, public):
        told = json.dumps({"keyid": keyid, "public": public.hex(), "envelope": envelope})
        command = [python_of_strangers(), "-c", BY_SECURESYSTEMSLIB]
        return subprocess.run(command, input=told, capture_output=True, text=True, check=True).stdout.split()

    forged = book.files["manifest.json"].replace(b"study", b"Study", 1)
    assert said(envelope, book.key.public) == ["verified", keyid]
    assert said({**envelope, "payload": base64.b64encode(forged).decode()}, book.key.public) == ["refused"]
    assert said(envelope, EXAMPLE_KEY) == ["refused"]


EXAMPLE_KEY = bytes.fromhex("3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ethers_recovers_the_wallet_of_the_seal(book, npm):
    """ethers hashes the seal to our digest and recovers its wallet; for a changed seal it is another."""
    sealed = json.loads(book.files[book.seals[0]])
    ours = SealedStatement.from_bytes(book.files[book.seals[0]], path=book.seals[0]).seal
    fields = {
        "manifest": "bytes32", "content": "bytes32", "predicateType": "string", "role": "string",
        "signerKey": "bytes32", "wallet": "address", "signedAt": "uint64",
    }  # fmt: skip
    types = {"Seal": [{"name": name, "type": kind} for name, kind in fields.items()]}
    domain = {"name": "swarmprov", "version": "1"}

    def told(seal):
        asked = {"domain": domain, "types": types, "seal": seal, "signature": sealed["walletSignature"]}
        return json.loads(in_node(npm, BY_ETHERS, json.dumps(asked).encode()))

    assert told(sealed["seal"])["wallet"].lower() == sealed["seal"]["wallet"]
    assert told(sealed["seal"])["digest"] == f"0x{ours.digest().hex()}"
    assert told({**sealed["seal"], "role": "reviewer"})["wallet"].lower() != sealed["seal"]["wallet"]


@pytest.mark.long
@pytest.mark.timeout(600)
def test_canonicalize_writes_our_bytes(book, npm):
    """npm's RFC 8785 gives the very bytes of manifest, envelope, seal and exports, and of texts of every kind."""
    odd = {"numbers": [2**53 - 1, -1, 0], "é": '\0\n\x7f"/\\', "": None, "\U0001f600": True, "\ufb33": False}
    written = [book.files[path] for path in ("manifest.json", "manifest.dsse.json", book.seals[0])]
    exports = [book.files[path] for path in ("ro-crate-metadata.json", "prov.json")]

    for data in (*written, *exports, canonical(odd), canonical(EXAMPLE)):
        loose = json.dumps(json.loads(data), indent=1).encode()  # escapes and spaces that must go
        assert loose != data
        assert in_node(npm, BY_CANONICALIZE, loose) == data
