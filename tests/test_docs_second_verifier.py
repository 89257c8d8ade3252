"""A second verifier, written from docs/formats.md alone, agrees with its vectors and with the first on any files.

Nothing of swarmprov is used but where the two are compared.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
import json
import re
import struct
import sys
from pathlib import Path

import pytest
from agreeing import is_refused
from hypothesis import given, settings
from hypothesis import strategies as st
from second_verifier.signing import L, N, P, canonical, is_strict, key_of, pae, require_signed, wallet_of
from second_verifier.statement import require_parents
from second_verifier.swarm import PAGE, collection, reference_of
from second_verifier.verifying import DOMAIN, SEAL_TYPE, require_seal, seal_digest, verify

ROOT = Path(__file__).parents[1]
PARTS = sorted((ROOT / "tests/second_verifier").glob("*.py"))
VECTORS = {
    name: text.split("\n") for name, text in re.findall(r"```text vector=([a-z-]+)\n(.*?)\n```", PAGE, re.DOTALL)
}


def sha(data):
    return hashlib.sha256(data).digest()


# -- what it is made of


def test_it_imports_nothing_of_ours():
    """The second verifier shares no code with the first: the standard library, Ed25519 and a Keccak are all it has."""
    nodes = [node for path in PARTS for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    outside = {name.partition(".")[0] for name in named} - sys.stdlib_module_names
    assert outside == {"cryptography", "tiny_keccak"}
    assert not any(word in path.read_text("utf-8") for path in PARTS for word in ("swarmprov_nb", "importlib", "exec("))


def test_it_can_be_read_in_one_sitting():
    """All of it has under 400 lines."""
    assert sum(len(path.read_text("utf-8").splitlines()) for path in PARTS) < 400


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
    assert key_of(f"did:key:z{text}") == key


def test_canonical_json(files):
    value = {"numbers": [2**53 - 1, -1, 0], "é": '\0\n"/', "": None, "\U0001f600": True, "\ufb33": False}
    assert VECTORS["canonical"] == [canonical(value).hex()]
    for path in files:
        assert path == "notebook.ipynb" or canonical(json.loads(files[path])) == files[path]


def test_points_that_are_refused_and_taken():
    for line in VECTORS["points"]:
        data, said = line.split()
        assert is_strict(bytes.fromhex(data)) == (said == "taken")


def test_the_envelope(files, key):
    document = json.loads(files["manifest.dsse.json"])
    (signature,) = document["signatures"]
    manifest = files["manifest.json"]
    message = pae(b"application/vnd.in-toto+json", manifest)
    assert base64.b64decode(document["payload"]) == manifest
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert signature["keyid"] == sha(key).hex()
    require_signed(key, base64.b64decode(signature["sig"]), message)
    assert VECTORS["manifest-signed"][0] == sha(manifest).hex()
    assert message.startswith(VECTORS["manifest-signed"][1].removesuffix("…").encode())
    assert VECTORS["manifest-signed"][2] == sha(message).hex()


def test_references(files):
    *singles, content = VECTORS["references"]
    for line in singles:
        path, expected = line.split()
        assert reference_of(files[path]).hex() == expected
    bare = {path: reference_of(data) for path, data in files.items() if not path.startswith("seals/")}
    assert collection(bare).hex() == content
    assert collection({path: reference_of(data) for path, data in files.items()}).hex() == VECTORS["publication"][0]


def test_the_seal(files, key):
    document = json.loads(files[VECTORS["seal"][0]])
    seal = document["seal"]
    raw = {name: bytes.fromhex(seal[name][2:]) for name in ("manifest", "content", "signerKey", "wallet")}
    digest = seal_digest(seal)
    message = pae(b"application/vnd.swarmprov.seal+json", canonical(seal))
    said = [SEAL_TYPE.hex(), DOMAIN.hex(), digest.hex(), message.decode(), seal["wallet"]]
    assert VECTORS["seal-signed"] == said
    assert wallet_of(digest, bytes.fromhex(document["walletSignature"][2:])) == raw["wallet"]
    require_signed(key, bytes.fromhex(document["keySignature"][2:]), message)
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
    try:
        require_parents(predicate)
    except ValueError:
        return True
    return False


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
    from swarmprov_nb.swarm import reference_of as ours

    data = bytes(at % 251 for at in range(size))
    assert reference_of(data) == ours(data)


def refuses(act, *arguments):
    try:
        act(*arguments)
    except ValueError:
        return True
    return False


def flipped(data, bits):
    """Return data with one bit changed, for each of some bits."""
    return [(int.from_bytes(data, "big") ^ 1 << bit).to_bytes(len(data), "big") for bit in bits]


SMALL = [(y | sign << 255).to_bytes(32, "little") for y in (0, 1, P - 1, P, P + 1, P + 18) for sign in (0, 1)]


def test_both_take_and_refuse_the_same_signatures_of_keys(files, key):
    """Small order, another spelling, an S too large, another length, a changed bit: they are of one mind on each."""
    from swarmprov_nb.manifest.ed25519 import verify as ours

    message = pae(b"application/vnd.in-toto+json", files["manifest.json"])
    good = base64.b64decode(json.loads(files["manifest.dsse.json"])["signatures"][0]["sig"])
    above = (int.from_bytes(good[32:], "little") + L).to_bytes(32, "little")
    cases = [(key, good), (key, good[:32] + above), (key, good[:63]), (key, good + b"x"), (key, b"")]
    cases += [(point, r + bytes(32)) for point in [*SMALL, key] for r in [*SMALL, good[:32]]]
    cases += [(each[:32], each[32:]) for each in flipped(key + good, range(0, 768, 11))]
    assert not refuses(require_signed, key, good, message)
    for case in cases:
        assert bool(ours(*case, message)) != refuses(require_signed, *case, message), case


def test_both_take_and_refuse_the_same_signatures_of_wallets(files):
    """The other s, another v, an r of no point or too large, other lengths and single bits: they are of one mind."""
    from swarmprov_nb.errors import VerificationFailed
    from swarmprov_nb.manifest.seal import SealedStatement

    path, data = VECTORS["seal"][0], files[VECTORS["seal"][0]]
    document = json.loads(data)
    good = bytes.fromhex(document["walletSignature"][2:])
    other = (N - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes([55 - good[64]])
    cases = [good, good[:64], good + b"x", good[:32] + other, good[:64] + other[32:]]
    cases += [good[:64] + bytes([good[64] - 27]), good[:32] + bytes(32) + good[64:]]
    cases += [r.to_bytes(32, "big") + good[32:] for r in (0, 5, N, 2**256 - 1)]
    said = (VECTORS["manifest-signed"][0], bytes.fromhex(VECTORS["references"][-1]), VECTORS["author"][1])
    assert not refuses(require_seal, path, data, *said)
    for case in [*cases, *flipped(good, range(0, 520, 21))]:
        changed = canonical({**document, "walletSignature": f"0x{case.hex()}"})
        try:
            SealedStatement.from_bytes(changed, path=path).check()
            taken = True
        except VerificationFailed:
            taken = False
        assert taken != refuses(require_seal, path, changed, *said), case.hex()


@pytest.fixture(scope="module")
def carried(files, tmp_path_factory):
    """The page's publication as a saved file."""
    from swarmprov_nb.publication import collection as ours
    from swarmprov_nb.swarm import MemoryStorage, UploadPlan, split
    from swarmprov_nb.swarm.saved import save

    storage = MemoryStorage()
    upload = storage.upload(b"", UploadPlan("page"))
    root = ours({path: split(data, upload) for path, data in files.items()}, upload=upload)
    file = tmp_path_factory.mktemp("page") / "page.swarm"
    save(storage, root, file)
    return file.read_bytes()


def first_refuses(data, folder):
    from swarmprov_nb.errors import SwarmprovError
    from swarmprov_nb.home import Home
    from swarmprov_nb.verifying import verify as ours

    file = folder / "some.swarm"
    file.write_bytes(data)
    try:
        return bool(ours(file, any_signer=True, home=Home(folder / "home")).failed)
    except SwarmprovError:
        return True


def test_the_saved_file_of_the_page_proves_what_the_page_says(carried, key):
    """Reference, content, manifest, author and seal come out of the bytes, and another reference is refused."""
    proved = verify(carried)
    said = [VECTORS["publication"][0], VECTORS["references"][-1], VECTORS["manifest-signed"][0], VECTORS["author"][1]]
    assert VECTORS["publication"][1:] == [str(len(carried)), sha(carried).hex()]
    assert [proved.reference.hex(), proved.content.hex(), proved.manifest, proved.author] == said
    assert (proved.seals, proved.unchecked) == ([VECTORS["seal"][0]], set())
    with pytest.raises(ValueError, match="not the reference that was asked for"):
        verify(carried, bytes(32))


def test_the_published_example_is_proved_by_both(tmp_path):
    """Whoever has only the page can check the publication that comes with this project."""
    data = (ROOT / "notebooks/penguins.swarm").read_bytes()
    assert verify(data).author.startswith("did:key:z6Mk")
    assert not first_refuses(data, tmp_path)


def framed(body, count):
    return body + struct.pack("<HQ", 0xFFFF, count) + sha(body)


def test_both_take_and_refuse_the_same_saved_files(carried, tmp_path):
    """A file cut, lengthened, doubled, in another order or with a changed byte: they are of one mind on each."""
    body, count = carried[:-42], int.from_bytes(carried[-40:-32], "little")
    length = 10 + int.from_bytes(body[50:52], "little")
    chunk, rest = body[50 : 50 + length], body[50 + length :]
    taken = {
        "as it is": carried,
        "in another order": framed(body[:50] + rest + chunk, count),
        "with a chunk that stands twice": framed(body + chunk, count + 1),
        "with a chunk of nobody": framed(body + struct.pack("<HQ", 1, 1) + b"x", count + 1),
    }
    refused = {
        "another count": framed(body, count + 1), "without a chunk": framed(body[:50] + rest, count - 1),
        "another root": framed(body[:18] + bytes(32) + body[50:], count), "more": carried + b"x", "no end": body,
        "too long a chunk": framed(body + struct.pack("<HQ", 4097, 4097) + bytes(4097), count + 1), "nothing": b"",
        **{f"cut at {at}": carried[:at] for at in (10, 18, 49, 50, 51, 59, 60, 61, len(carried) - 1)},
    }  # fmt: skip
    for at in range(60, len(body), 311):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        refused |= {f"changed at {at}": framed(changed, count), f"damaged at {at}": changed + carried[-42:]}
    said = {name: (first_refuses(data, tmp_path), is_refused(data)) for name, data in (taken | refused).items()}
    assert said == dict.fromkeys(taken, (False, False)) | dict.fromkeys(refused, (True, True))
