"""What a publication proves (section 9): its files, envelope (4), seals (7), notebook (11) and exports (5)."""

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from types import SimpleNamespace

from .signing import canonical, keccak, key_of, loads, pae, parsed, require, require_signed, wallet_of
from .statement import fits, require_statement
from .swarm import PAGE, collection, length_of, listed, read, saved

SEAL_TYPE = keccak(re.search(r"`(Seal\(.*?\))`", PAGE)[1].encode())
DOMAIN = keccak(b"".join(map(keccak, (b"EIP712Domain(string name,string version)", b"swarmprov", b"1"))))

def require_envelope(envelope, data, author):
    kind, found = "application/vnd.in-toto+json", re.search(rb'"sig":"([^"]*)"', envelope)
    signature = b64decode(found[1] if found else b"")
    stated = {"keyid": sha256(key_of(author)).hexdigest(), "sig": b64encode(signature).decode()}
    whole = {"payload": b64encode(data).decode(), "payloadType": kind, "signatures": [stated]}
    require(envelope == canonical(whole), "envelope: not the one of this manifest and author")
    require_signed(key_of(author), signature, pae(kind.encode(), data))

def seal_digest(seal):
    """Return what a wallet signs."""
    manifest, content, key = (bytes.fromhex(seal[name][2:]) for name in ("manifest", "content", "signerKey"))
    said = keccak(seal["predicateType"].encode()) + keccak(seal["role"].encode())
    wallet, at = bytes(12) + bytes.fromhex(seal["wallet"][2:]), seal["signedAt"].to_bytes(32, "big")
    return keccak(b"\x19\x01" + DOMAIN + keccak(SEAL_TYPE + manifest + content + said + key + wallet + at))

def require_seal(path, data, manifest, content, author):
    document = parsed(data)
    require(len(data) <= 2**14 and fits(document, "Sealed"), "seals: a seal of another shape")
    seal, by_wallet, by_key = document["seal"], document["walletSignature"], document["keySignature"]
    require(path == f"seals/{seal['role']}-{seal['wallet']}.json", "seals: another name")
    require((seal["manifest"], seal["content"]) == (f"0x{manifest}", f"0x{content.hex()}"), "seals: of something else")
    require(seal["role"] != "author" or seal["signerKey"] == f"0x{key_of(author).hex()}", "seals: another author")
    wallet = wallet_of(seal_digest(seal), bytes.fromhex(by_wallet[2:]))
    require(any(wallet) and seal["wallet"] == f"0x{wallet.hex()}", "seals: another wallet signed")
    message = pae(b"application/vnd.swarmprov.seal+json", canonical(seal))
    require_signed(bytes.fromhex(seal["signerKey"][2:]), bytes.fromhex(by_key[2:]), message)

def code_sources(data, count):
    """Return the digests of the sources of a notebook's code cells, if it is in normal form."""
    notebook = loads(data, 2**20)
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False)
    is_normal = data == f"{text}\n".encode() and fits(notebook, "Notebook")
    require(is_normal and len(notebook["cells"]) == count, "sources: a notebook not in normal form, or of other cells")
    return {sha256(each["source"].encode()).hexdigest() for each in notebook["cells"] if each["cell_type"] == "code"}

def verify(source, reference=None, at_hand=()):
    """Return what is proved by a saved file, or by chunks and a reference; what is `at_hand` was verified before."""
    address, chunks = saved(source) if isinstance(source, bytes) else (reference, source)
    require(reference in (None, address), "not the reference that was asked for")
    files = listed(chunks, address)
    require(sum(length_of(chunks, each) for each in files.values()) <= 2**31, "chunks: more than this verifier reads")
    digests = {path: sha256(read(chunks, each)).hexdigest() for path, each in files.items()}
    content = {path: each for path, each in files.items() if not path.startswith("seals/")}
    data, digest, of_content = read(chunks, files["manifest.json"]), digests["manifest.json"], collection(content)
    manifest = parsed(data)
    require_statement(manifest)
    predicate, subjects = manifest["predicate"], {each["name"]: each["digest"] for each in manifest["subject"]}
    author, notebook = predicate["agents"][0]["key"], predicate["notebook"]["subject"]
    require_envelope(read(chunks, files["manifest.dsse.json"]), data, author)
    exports = {each["path"] for each in predicate["exports"]}
    require({"manifest.json", "manifest.dsse.json", *subjects, *exports} == content.keys(), "files: not those named")
    for path, stated in subjects.items():
        require(stated["sha256"] == digests[path], "digests: other bytes")
        require(stated.get("swarm", files[path].hex()) == files[path].hex(), "digests: another reference")
    for each in predicate["entities"]:
        require("subject" not in each or each["size"] == length_of(chunks, files[each["subject"]]), "digests: a size")
    seals = sorted(files.keys() - content.keys())
    for path in seals[:101]:
        require_seal(path, read(chunks, files[path]), digest, of_content, author)
    require(len(seals) <= 100 and any(path.startswith("seals/author-") for path in seals), "seals: none of the author")
    in_cells = code_sources(read(chunks, files[notebook]), predicate["notebook"]["cells"])
    for path, said in ((run["source"]["subject"], run["source"]["sha256"]) for run in predicate["activities"]):
        in_file = path == f"sources/{said}.py" and digests[path] == said
        require(said in in_cells if path == notebook else in_file, "sources: in no cell and in no file")
    for other in at_hand:
        taken = [each for each in predicate["entities"] if each.get("parent", {}).get("manifest") == other.manifest]
        held = {(each["parent"]["subject"], each["digest"]["sha256"]) for each in taken} <= set(other.subjects.items())
        work = {"manifest": other.manifest, "content": other.content.hex(), "author": other.author}
        require(not taken or (held and work in predicate["parents"]), "upstream: not what the parent says")
    proved = {"reference": address, "content": of_content, "manifest": digest, "author": author, "seals": seals}
    return SimpleNamespace(**proved, subjects={path: digests[path] for path in subjects}, unchecked=exports)
