"""A second verifier, written from docs/formats.md alone, agrees with its vectors and with the first on any files.

Nothing of swarmprov is used but where the two are compared.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
from pathlib import Path

import pytest
import tiny_keccak
from hypothesis import given, settings
from hypothesis import strategies as st

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
VECTORS = {
    name: text.split("\n") for name, text in re.findall(r"```text vector=([a-z-]+)\n(.*?)\n```", PAGE, re.DOTALL)
}
TYPES = dict(re.findall(r"^\| `(\.\w+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE))


def keccak(data):
    return bytes(tiny_keccak.keccak256(data))


def sha(data):
    return hashlib.sha256(data).digest()


# -- 2 canonical JSON


def canonical(value):
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(value[key]) for key in keys) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    return json.dumps(value, ensure_ascii=False).encode()


# -- 4 Ed25519, by affine arithmetic

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    t = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + t, -1, P) % P
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, P) % P


def times(number, point):
    result = (0, 1)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def point(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    found = (P - x if x % 2 != sign else x), y
    return None if times(8, found) == (0, 1) else found


def encoded(found):
    return (found[1] | (found[0] & 1) << 255).to_bytes(32, "little")


def ed25519(key, signature, message):
    a, s = point(key), int.from_bytes(signature[32:], "little")
    if a is None or point(signature[:32]) is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    base = point(bytes([0x58]) + bytes([0x66]) * 31)
    return encoded(add(times(s, base), times(k, (P - a[0], a[1])))) == signature[:32]


def pae(kind, body):
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


# -- 6 chunks, files, collections


def address(span, payload):
    level = payload.ljust(4096, b"\0")
    while len(level) > 32:
        level = b"".join(keccak(level[at : at + 64]) for at in range(0, len(level), 64))
    return keccak(struct.pack("<Q", span) + level)


def reference(data):
    leaves = [data[at : at + 4096] for at in range(0, len(data), 4096)] or [b""]
    level = [(len(leaf), address(len(leaf), leaf)) for leaf in leaves]
    while len(level) > 1:
        groups = [level[at : at + 128] for at in range(0, len(level), 128)]
        level = [group[0] if len(group) == 1 else joined(group) for group in groups]
    return level[0][1]


def joined(group):
    span = sum(length for length, _ in group)
    return span, address(span, b"".join(each for _, each in group))


class Fork:
    def __init__(self, prefix=b"", size=0):
        self.type, self.prefix, self.metadata = 0, prefix, {}
        self.entry, self.size, self.forks = b"", size, {}

    def mark(self, path):
        self.type = self.type | 8 if path.find(b"/") > 0 else self.type & ~8


def insert(fork, path, entry, metadata):
    while True:
        fork.size = fork.size or len(entry)
        if not path:
            fork.entry, fork.type = entry, fork.type | 2
            if metadata:
                fork.metadata, fork.type = metadata, fork.type | 16
            return
        fork.type |= 4
        below = fork.forks.get(path[0])
        if below is None:
            below = fork.forks[path[0]] = Fork(path[:30], fork.size)
            below.mark(path[:30])
        else:
            if not path.startswith(below.prefix):
                old, common = below, 0
                while path[common : common + 1] == old.prefix[common : common + 1]:
                    common += 1
                below = fork.forks[path[0]] = Fork(old.prefix[:common], fork.size)
                below.type = 4
                old.prefix = old.prefix[common:]
                old.mark(old.prefix)
                below.forks[old.prefix[0]] = old
            below.mark(path)
        path, fork = path[len(below.prefix) :], below


def node(fork):
    bitmap, forks = bytearray(32), b""
    for byte, child in sorted(fork.forks.items()):
        bitmap[byte // 8] |= 1 << byte % 8
        forks += bytes([child.type, len(child.prefix)]) + child.prefix.ljust(30, b"\0") + reference(node(child))
        forks += described(child.metadata) if child.type & 16 else b""
    mark = bytes.fromhex("5768b3b6a7db56d21d1abff40d41cebfc83448fed8d7e9b06ec0d3b073f28f")
    return bytes(32) + mark + bytes([fork.size]) + fork.entry.ljust(fork.size, b"\0") + bytes(bitmap) + forks


def described(metadata):
    text = json.dumps(metadata, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    data = text.encode()
    length = 2 + len(data)
    data += b"\n" * (0 if length == 32 else 32 - length if length < 32 else 32 - length % 32)
    return struct.pack(">H", len(data)) + data


def kind_of(path):
    special = {
        "manifest.json": "application/vnd.in-toto+json",
        "manifest.dsse.json": "application/vnd.dsse.envelope.v1+json",
    }
    name = path.rsplit("/", 1)[-1]
    suffix = "." + name.rsplit(".", 1)[-1].lower() if "." in name.lstrip(".") else ""
    hidden = suffix in (".html", ".svg") and path != "index.html"
    return special.get(path) or TYPES.get("" if hidden else suffix, "application/octet-stream")


def collection(files):
    top = Fork()
    for path in sorted(files, key=str.encode):
        insert(top, path.encode(), files[path], {"Content-Type": kind_of(path), "Filename": path.rsplit("/", 1)[-1]})
    insert(top, b"/", b"", {"website-index-document": "index.html"})
    return reference(node(top))


# -- 7 the wallet's signature, recovered by affine arithmetic on secp256k1

Q = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)


def plus(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % Q == 0:
        return None
    slope = 3 * a[0] ** 2 * pow(2 * a[1], -1, Q) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, Q)
    x = (slope * slope - a[0] - b[0]) % Q
    return x, (slope * (a[0] - x) - a[1]) % Q


def multiplied(number, found):
    result = None
    while number:
        result = plus(result, found) if number & 1 else result
        found, number = plus(found, found), number >> 1
    return result


def recovered(digest, signature):
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    assert len(signature) == 65
    assert v in (27, 28)
    assert 0 < s <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    y = pow(r**3 + 7, (Q + 1) // 4, Q)
    y = y if y % 2 == v - 27 else Q - y
    z = int.from_bytes(digest, "big")
    inverse = pow(r, -1, N)
    public = plus(multiplied(s * inverse % N, (r, y)), multiplied(-z * inverse % N, G))
    return keccak(public[0].to_bytes(32, "big") + public[1].to_bytes(32, "big"))[12:]


# -- 12 content ids


def frame(tag, *parts):
    return sha(b"".join(struct.pack("<Q", len(part)) + part for part in (tag.encode(), *parts)))


def thing(value):
    if value is None:
        return frame("none")
    if isinstance(value, list):
        return frame("list", *map(thing, value))
    if isinstance(value, dict):
        return frame("dict", *sorted(thing(key) + thing(item) for key, item in value.items()))
    data = {bool: lambda v: bytes([v]), int: lambda v: str(v).encode(), float: lambda v: struct.pack("<d", v)}
    return frame(type(value).__name__, data.get(type(value), str.encode)(value))


def column(logical, rows, validity, *buffers):
    return frame("column", logical.encode(), struct.pack("<Q", rows), b"", sha(validity), *map(sha, buffers))


def leaf(tag, label, logical, digest):
    return frame(tag, thing(label), logical.encode(), digest)


# -- the page's publication


@pytest.fixture(scope="module")
def files():
    return {
        "notebook.ipynb": "\n".join([*VECTORS["notebook"], ""]).encode(),
        "manifest.json": VECTORS["manifest"][0].encode(),
        "manifest.dsse.json": VECTORS["envelope"][0].encode(),
        VECTORS["seal"][0]: VECTORS["seal"][1].encode(),
    }


@pytest.fixture(scope="module")
def key():
    return bytes.fromhex(VECTORS["author"][0])


def test_the_key_its_text_and_its_id(key):
    number, text = int.from_bytes(b"\xed\x01" + key, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    assert VECTORS["author"] == [key.hex(), f"did:key:z{text}", sha(key).hex()]


def test_canonical_json(files):
    value = {"numbers": [2**53 - 1, -1, 0], "é": '\0\n"/', "": None, "\U0001f600": True, "\ufb33": False}
    assert VECTORS["canonical"] == [canonical(value).hex()]
    for path in files:
        assert path == "notebook.ipynb" or canonical(json.loads(files[path])) == files[path]


def test_points_that_are_refused_and_taken():
    for line in VECTORS["points"]:
        data, said = line.split()
        assert (point(bytes.fromhex(data)) is not None) == (said == "taken")


def test_the_envelope(files, key):
    document = json.loads(files["manifest.dsse.json"])
    (signature,) = document["signatures"]
    manifest = files["manifest.json"]
    message = pae(b"application/vnd.in-toto+json", manifest)
    assert base64.b64decode(document["payload"]) == manifest
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert signature["keyid"] == sha(key).hex()
    assert ed25519(key, base64.b64decode(signature["sig"]), message)
    assert VECTORS["manifest-signed"][0] == sha(manifest).hex()
    assert message.startswith(VECTORS["manifest-signed"][1].removesuffix("…").encode())
    assert VECTORS["manifest-signed"][2] == sha(message).hex()


def test_references(files):
    *singles, content = VECTORS["references"]
    for line in singles:
        path, expected = line.split()
        assert reference(files[path]).hex() == expected
    bare = {path: reference(data) for path, data in files.items() if not path.startswith("seals/")}
    assert collection(bare).hex() == content
    assert collection({path: reference(data) for path, data in files.items()}).hex() == VECTORS["publication"][0]


def test_the_seal(files, key):
    document = json.loads(files[VECTORS["seal"][0]])
    seal = document["seal"]
    kind = re.search(r"`(Seal\(.*?\))`", PAGE)[1]
    type_hash = keccak(kind.encode())
    domain = keccak(
        b"".join(map(keccak, (b"EIP712Domain(string name,string version)", b"swarmprov", b"1")))
    )
    raw = {name: bytes.fromhex(seal[name][2:]) for name in ("manifest", "content", "signerKey", "wallet")}
    words = (type_hash, raw["manifest"], raw["content"], keccak(seal["predicateType"].encode()))
    words += (keccak(seal["role"].encode()), raw["signerKey"], bytes(12), raw["wallet"])
    words += (seal["signedAt"].to_bytes(32, "big"),)
    digest = keccak(b"\x19\x01" + domain + keccak(b"".join(words)))
    message = pae(b"application/vnd.swarmprov.seal+json", canonical(seal))
    said = [type_hash.hex(), domain.hex(), digest.hex(), message.decode(), seal["wallet"]]
    assert VECTORS["seal-signed"] == said
    assert recovered(digest, bytes.fromhex(document["walletSignature"][2:])) == raw["wallet"]
    assert ed25519(key, bytes.fromhex(document["keySignature"][2:]), message)
    assert raw["manifest"] == sha(files["manifest.json"])
    assert raw["content"].hex() == VECTORS["references"][-1]
    assert raw["signerKey"] == key
    assert VECTORS["seal"][0] == f"seals/author-{seal['wallet']}.json"


def test_a_parent_and_the_edge_to_it(files, key):
    """A child names the parent's manifest, content and author; its anchor the wallet that sealed it, relation 2."""
    wallet = json.loads(files[VECTORS["seal"][0]])["seal"]["wallet"]
    manifest, content = sha(files["manifest.json"]).hex(), VECTORS["references"][-1]
    stated = [{"manifest": manifest, "content": content, "author": VECTORS["author"][1]}]
    opened = {"manifest": manifest, "subject": "notebook.ipynb"}
    words = [wallet[2:].rjust(64, "0"), manifest, f"{2:064x}"]
    assert VECTORS["parents"] == [canonical(stated).decode(), canonical(opened).decode(), *words]
    predicate = json.loads(files["manifest.json"])["predicate"]
    predicate["entities"] = [{"id": "artifact-1", "disclosure": "cited", "parent": opened}]
    assert not parents_fault({**predicate, "parents": stated})
    assert parents_fault({**predicate, "parents": []})
    assert parents_fault({**predicate, "parents": stated * 2})
    assert parents_fault({**predicate, "parents": stated, "entities": []})
    assert parents_fault({**predicate, "parents": [{**stated[0], "author": "did:key:z6Mk" + "z" * 44}]})


def parents_fault(predicate):
    """Return whether the rule `parents` of section 3 is broken."""
    named = [parent["manifest"] for parent in predicate["parents"]]
    opened = [entity for entity in predicate["entities"] if "parent" in entity]
    used = {entity["parent"]["manifest"] for entity in opened}
    ordered = named == sorted(set(named))
    keys = all(strict_key(parent["author"]) for parent in predicate["parents"])
    return not (ordered and keys and used == set(named) and not any("generatedBy" in entity for entity in opened))


def strict_key(did):
    number = 0
    for character in did.removeprefix("did:key:z"):
        number = number * 58 + "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".index(character)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return len(raw) == 34 and raw[:2] == b"\xed\x01" and point(raw[2:]) is not None


def test_the_commitment():
    said = {"name": "patients", "contentId": f"table-v1:sha256:{'0' * 64}", "sha256": "0" * 64, "size": 1}
    assert VECTORS["commitment"] == [hmac.new(b"\2" * 32, canonical(said), hashlib.sha256).hexdigest()]


def test_content_ids():
    integers = column("int64", 3, b"\7", struct.pack("<3q", 1, 2, 3))
    index = column("int64", 2, b"\3", struct.pack("<2q", 0, 1))
    species = column("string", 2, b"\1", struct.pack("<2q", 6, 0), b"Adelie")
    mass = column("float64", 2, b"\3", struct.pack("<2d", 3750.0, 3800.5))
    leaves = (
        leaf("index", None, "int64", index),
        leaf("field", "species", "string", species),
        leaf("field", "mass", "float64", mass),
    )
    assert VECTORS["content-ids"] == [
        frame("pair", b"ab", b"c").hex(),
        thing({"a": 1, "b": [2.5, None, True]}).hex(),
        f"array-v1:sha256:{frame('array', struct.pack('<Q', 3), integers).hex()}",
        f"table-v1:sha256:{frame('table', struct.pack('<Q', 2), *leaves).hex()}",
    ]


def test_the_work_id(files):
    statement = json.loads(files["manifest.json"])
    predicate = {k: v for k, v in statement["predicate"].items() if k not in ("omitted", "previous", "session")}
    predicate["environment"] = {key: predicate["environment"][key] for key in ("python", "packages")}
    kept = ("step", "status", "used", "informedBy", "note", "error", "gap", "seeds", "cell")
    predicate["activities"] = [
        {**{key: run[key] for key in kept if key in run}, "source": run["source"]["sha256"]}
        for run in predicate["activities"]
    ]
    sources = [cell["source"] for cell in json.loads(files["notebook.ipynb"])["cells"]]
    document = {"predicate": predicate, "subjects": [["notebook.ipynb", sources]]}
    assert VECTORS["work-id"] == [sha(canonical(document)).hex()]


# -- the two verifiers compared

PATHS = st.lists(st.sampled_from("abé/.&x"), min_size=1, max_size=80).map("".join)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(PATHS, st.binary(min_size=32, max_size=32).filter(any), min_size=1, max_size=8))
def test_collections_of_any_paths_have_one_reference(listed):
    from swarmprov_nb.publication import collection as ours
    from swarmprov_nb.publication import is_safe_path

    listed = {path: each for path, each in listed.items() if is_safe_path(path)} or {"a": b"\1" * 32}
    assert collection(listed) == ours(listed)


@pytest.mark.parametrize("size", [0, 1, 31, 4096, 4097, 128 * 4096, 128 * 4096 + 1])
def test_files_of_any_size_have_one_reference(size):
    from swarmprov_nb.swarm import reference_of

    data = bytes(at % 251 for at in range(size))
    assert reference(data) == reference_of(data)
