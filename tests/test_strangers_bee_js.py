"""References are those of bee-js, wherever bee-js gives those of Bee; and bee-js reads what we write."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from strangers import BEE_JS, npm_of_strangers, published_book

from swarmprov_nb.publication import content_type
from swarmprov_nb.swarm import Chunk, Entry, MemoryStorage, UploadPlan, mantaray, reference_of, split, write_collection

pytestmark = [pytest.mark.long, pytest.mark.once, pytest.mark.timeout(900)]

CHUNK, GROUP = 4096, 128 * 4096
GOLDENS = json.loads((Path(__file__).parent / "goldens" / "swarm.json").read_text("utf-8"))["manifests"]

BY_BEE_JS = """
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Bee, MantarayNode, MerkleTree } from "@ethersphere/bee-js";

const hex = bytes => Buffer.from(bytes).toString("hex");
const nobody = new Bee("http://127.0.0.1:1"); // never asked
const raw = text => new Uint8Array(Buffer.from(text, "hex"));
const answers = {
  async file({ path }) {
    return hex((await MerkleTree.root(new Uint8Array(readFileSync(path)))).hash());
  },
  chunk({ data }) {
    return nobody.unmarshalContentAddressedChunk(raw(data)).address.toHex();
  },
  async collection({ entries }) {
    const root = new MantarayNode();
    for (const [path, address, metadata] of entries) root.addFork(path, raw(address), metadata);
    return (await root.calculateSelfAddress()).toHex();
  },
  async read({ root, nodes }) {
    const bee = { downloadData: async address => ({ toUint8Array: () => raw(nodes[address.toHex()]) }) };
    const node = await MantarayNode.unmarshal(bee, root);
    await node.loadRecursively(bee);
    const types = node.collect().map(each => [each.fullPathString, each.metadata["Content-Type"]]);
    return { files: node.collectAndMap(), types: Object.fromEntries(types), documents: node.getDocsMetadata() };
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const [what, words] = JSON.parse(line);
  console.log(JSON.stringify(await answers[what](words)));
}
"""


@pytest.fixture(scope="module")
def bee_js(tmp_path_factory):
    """A function that asks one Node process with bee-js in it."""
    folder = npm_of_strangers(tmp_path_factory.mktemp("bee-js"), BEE_JS)
    script = folder / "script.mjs"
    script.write_text(BY_BEE_JS, "utf-8")
    with subprocess.Popen(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:

        def ask(what, **words):
            print(json.dumps([what, words]), file=node.stdin, flush=True)
            return json.loads(node.stdout.readline())

        yield ask
        node.stdin.close()


# -- files and chunks

BOUNDS = (32, 64, CHUNK, 2 * CHUNK, 127 * CHUNK, GROUP, GROUP + CHUNK, 2 * GROUP, 2 * GROUP + CHUNK, 9 * GROUP)
SIZES = sorted({0, 1, *(bound + step for bound in BOUNDS for step in (-1, 0, 1)), 128 * GROUP, 128 * GROUP + CHUNK + 1})


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_each_size_has_one_reference(bee_js, tmp_path, size):
    """Around every bound of a leaf, a group and a group of groups, where carried leaves are."""
    data = (b"%d;" % size * (size // 2 + 1))[:size]
    (tmp_path / "data").write_bytes(data)
    assert bee_js("file", path=str(tmp_path / "data")) == reference_of(data).hex()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.binary(min_size=1, max_size=64), size=st.integers(0, 3 * GROUP))
def test_any_file_has_one_reference(bee_js, tmp_path, seed, size):
    """Whatever its bytes and its size."""
    data = (seed * (size // len(seed) + 1))[:size]
    (tmp_path / "data").write_bytes(data)
    assert bee_js("file", path=str(tmp_path / "data")) == reference_of(data).hex()


@settings(max_examples=150)
@given(payload=st.binary(min_size=1, max_size=CHUNK), span=st.integers(0, 2**64 - 1))
@example(payload=b"\0", span=0)
@example(payload=b"x" * CHUNK, span=2**64 - 1)
@example(payload=bytes(31), span=2**32)
def test_any_chunk_has_one_address(bee_js, payload, span):
    """Whatever it holds and whatever length it claims."""
    assert bee_js("chunk", data=(span.to_bytes(8, "little") + payload).hex()) == Chunk.of(span, payload).address.hex()


# -- collections


def built(entries):
    """Our tree of (path, address, metadata), and its reference."""
    root = mantaray.Node()
    for path, address, metadata in entries:
        root.add(path.encode(), address, metadata)
    return root, reference_of(root.encode(reference_of)).hex()


def by_bee_js(bee_js, entries):
    told = [[path, address.hex(), dict(sorted(metadata.items())) or None] for path, address, metadata in entries]
    return bee_js("collection", entries=told)


def is_where_bee_js_is_right(root, entries):
    """Whether Bee does nothing in this tree of which bee-js is known to do something else.

    bee-js looks for the separator in a node's own prefix, and Bee in the path that was last added through it; it cuts
    a long path before it follows what is there; it forgets a path that ends where others part; and it neither escapes
    as Go does nor adds Go's last block of padding.
    """
    forks = [fork for _, fork in every_fork(root)]
    separated = all(bool(fork.kind & mantaray.PATH_SEPARATOR) == (b"/" in fork.prefix) for fork in forks)
    short = all(len(path.encode()) <= 30 for path, _, _ in entries)
    texts = [json.dumps(metadata, ensure_ascii=False, separators=(",", ":")) for _, _, metadata in entries if metadata]
    plain = not any(set(text) & set("&<>\u2028\u2029") for text in texts)
    padded = all((len(text.encode()) + 2) % 32 or len(text.encode()) + 2 == 32 for text in texts)
    paths = [path.encode() for path, _, _ in entries]
    kept = not any(is_parting(path, paths[:at]) for at, path in enumerate(paths))
    return separated and short and plain and padded and kept


def is_parting(path, earlier):
    return len({other[len(path)] for other in earlier if other.startswith(path) and other != path}) > 1


def every_fork(node, path=b""):
    for fork in node.forks.values():
        yield path + fork.prefix, fork
        yield from every_fork(fork.child, path + fork.prefix)


names = st.lists(st.sampled_from(["a", "b", "ab", "data/", "x.csv", "é", "漢", ".", "-", "0123456789"]), min_size=1,
                 max_size=4).map("".join)  # fmt: skip
words = st.dictionaries(st.sampled_from(["Content-Type", "Filename", "x"]), st.text('ab/é"\\\n 漢', max_size=70))
entry = st.tuples(names, st.binary(min_size=32, max_size=32).filter(any), words)


@settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(entry, min_size=1, max_size=12, unique_by=lambda each: each[0]))
def test_any_collection_has_one_reference_where_bee_js_is_right(bee_js, entries):
    """Split prefixes, folders, names of any script, metadata of any length, in any order."""
    root, reference = built(entries)
    assume(is_where_bee_js_is_right(root, entries))
    assert by_bee_js(bee_js, entries) == reference


FULL = {letter: (letter, bytes([number + 1] * 32), {}) for number, letter in enumerate(map(chr, range(33, 47)))}
SHAPES = {
    "one file": [("a.csv", b"\1" * 32, {"Content-Type": "text/csv", "Filename": "a.csv"})],
    "a name of thirty bytes": [("n" * 30, b"\1" * 32, {})],
    "files in folders of their own": [("data/a.csv", b"\1" * 32, {}), ("models/b.skops", b"\2" * 32, {})],
    "one name begins another": [("ab", b"\1" * 32, {}), ("abc", b"\2" * 32, {}), ("a", b"\3" * 32, {})],
    "many ways out of one node": list(FULL.values()),
    "a node of more than one chunk": [(f"{n:03}.csv", n.to_bytes(32, "big"), {"x": "y" * 90}) for n in range(1, 400)],
    "no metadata and some": [("a", b"\1" * 32, {}), ("b", b"\2" * 32, {"Filename": "b"})],
    "metadata of one block": [("a", b"\1" * 32, {"": "x" * 23})],
}


@pytest.mark.parametrize("entries", SHAPES.values(), ids=SHAPES)
def test_a_collection_of_each_shape_has_one_reference(bee_js, entries):
    """The same shapes every time, whatever hypothesis draws."""
    root, reference = built(entries)
    assert is_where_bee_js_is_right(root, entries)
    assert by_bee_js(bee_js, entries) == reference


WRONG = {
    "a name longer than a prefix, after its beginning": [("n" * 10, b"\1" * 32, {}), ("n" * 45, b"\2" * 32, {})],
    "a folder that two files share": [("data/a", b"\1" * 32, {}), ("data/b/c", b"\2" * 32, {}),
                                      ("data", b"\3" * 32, {})],
    "a path that ends where two part": [("aaa", b"\1" * 32, {}), ("aab", b"\2" * 32, {}), ("aa", b"\3" * 32, {})],
    "an ampersand": [("a", b"\1" * 32, {"Filename": "a&b"})],
    "metadata that fills its second block": [("a", b"\1" * 32, {"": "x" * 55})],
}  # fmt: skip


@pytest.mark.parametrize("entries", WRONG.values(), ids=WRONG)
def test_where_bee_js_is_wrong_the_references_differ(bee_js, entries):
    """Otherwise what is left out above would be left out for nothing."""
    root, reference = built(entries)
    assert not is_where_bee_js_is_right(root, entries)
    assert by_bee_js(bee_js, entries) != reference


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_bees_own_collections_are_bee_js_own_where_it_is_right(bee_js, case):
    """Of the collections that Bee itself made, bee-js gives those that hold nothing it is known to do otherwise."""
    entries = [(path, bytes.fromhex(address), metadata) for path, address, metadata in case["entries"]]
    same = by_bee_js(bee_js, entries) == built(entries)[1]
    assert same or not is_where_bee_js_is_right(built(entries)[0], entries)


# -- reading


def test_bee_js_reads_a_publication(bee_js, tmp_path):
    """Files, types and index document of a real publication are those that we say it has."""
    files = published_book(tmp_path).files
    storage = MemoryStorage()
    upload = storage.upload(b"", UploadPlan("read"))
    entries = [Entry(path, split(data, upload), content_type(path)) for path, data in sorted(files.items())]
    nodes: dict[str, str] = {}

    class Kept:  # every node, as a Bee node would answer for it
        def __call__(self, data):
            nodes[reference_of(data).hex()] = data.hex()
            return reference_of(data)

    root = mantaray.Node()
    for each in entries:
        root.add(each.path.encode(), each.address, each._written())
    root.add(b"/", b"", {"website-index-document": "index.html"})
    kept = Kept()
    reference = kept(root.encode(kept))
    assert reference == write_collection(entries, index_document="index.html", upload=None)

    read = bee_js("read", root=reference.hex(), nodes=nodes)
    assert read["files"] == {path: reference_of(data).hex() for path, data in files.items()}
    assert read["types"] == {path: content_type(path) for path in files}
    assert read["documents"] == {"indexDocument": "index.html", "errorDocument": None}
