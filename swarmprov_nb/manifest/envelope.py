"""The signature envelope ``manifest.dsse.json``: DSSE 1.0.2 over the manifest's bytes, by its one author key.

https://github.com/secure-systems-lab/dsse. The envelope is a function of the manifest and one signature, so that it
has one spelling: whoever checks rebuilds it and compares the bytes.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical, parse
from swarmprov_nb.manifest.ed25519 import verify

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
MEDIA_TYPE: Final = "application/vnd.dsse.envelope.v1+json"


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the DSSE pre-authentication encoding of a payload: the bytes that are signed.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def key_id(public: bytes) -> str:
    """Return the ``keyid`` of a raw public key: its sha256 in hex."""
    return hashlib.sha256(public).hexdigest()


def envelope(manifest: bytes, public: bytes, signature: bytes) -> bytes:
    """Return the canonical envelope bytes of a manifest and one signature."""
    return canonical(
        {
            "payload": base64.b64encode(manifest).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": key_id(public), "sig": base64.b64encode(signature).decode()}],
        }
    )


def signed(manifest: bytes, key: AuthorKey) -> bytes:
    """Sign a manifest: the bytes of ``manifest.dsse.json``.

    >>> signed(b"{}", AuthorKey(bytes(32)))[:30]
    b'{"payload":"e30=","payloadType'
    """
    return envelope(manifest, key.public, key.sign(pae(PAYLOAD_TYPE, manifest)))


def check(data: bytes, manifest: bytes, public: bytes) -> None:
    """Check that `data` is exactly the envelope of `manifest` by `public`; VerificationFailed says what is not."""
    document = parse(data, what="manifest.dsse.json")
    try:
        (only,) = document["signatures"]
        signature = base64.b64decode(only["sig"], validate=True)
    except (TypeError, KeyError, ValueError):
        raise VerificationFailed(
            "manifest.dsse.json is no envelope with exactly one signature.", "Ask its publisher for the original."
        ) from None
    if envelope(manifest, public, signature) != data:
        raise VerificationFailed(
            "manifest.dsse.json is not the envelope of this manifest by the author it names.",
            "The manifest or the envelope was exchanged: do not rely on this publication.",
        )
    if not verify(public, signature, pae(PAYLOAD_TYPE, manifest)):
        raise VerificationFailed(
            "The author's signature does not fit the manifest.",
            "The manifest was changed after it was signed: do not rely on this publication.",
        )
