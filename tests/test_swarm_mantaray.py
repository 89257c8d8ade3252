"""Manifests: byte for byte Bee's, and nothing crooked is read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm import mantaray, reference_of

GOLDENS = json.loads((Path(__file__).parent / "goldens" / "swarm.json").read_text("utf-8"))["manifests"]


def build(entries):
    root = mantaray.Node()
    for path, entry, metadata in entries:
        root.add(path, entry, metadata)
    return root


def reference(root):
    return reference_of(root.encode(reference_of))


@pytest.mark.parametrize("case", GOLDENS, ids=lambda case: case["name"])
def test_manifests_equal_bees(case):
    """Each collection from Bee's own code and tests gets the reference that Bee gives it."""
    entries = [(path.encode(), bytes.fromhex(address), metadata) for path, address, metadata in case["entries"]]
    if case["website"]:
        entries.append((b"/", b"", case["website"]))
    assert reference(build(entries)).hex() == case["reference"]


def test_a_single_file_upload_equals_bees():
    """Where "/" comes first, as for one file posted to /bzz, its node has no room for a reference."""
    root = build(
        [
            (b"/", b"", {"website-index-document": "data.csv"}),
            (b"data.csv", reference_of(b"hello"), {"Content-Type": "text/csv", "Filename": "data.csv"}),
        ]
    )
    assert reference(root).hex().startswith("b63e773fdd7ba2c6")


@pytest.mark.parametrize(("length", "padded"), [(7, 30), (30, 30), (31, 62), (62, 94), (63, 94)])
def test_metadata_is_padded_as_bee_pads(length, padded):
    """Short texts fill one block; a longer one that fills its last block gets a whole block more."""
    raw = mantaray._metadata_bytes({"": "x" * (length - 7)})
    assert int.from_bytes(raw[:2], "big") == padded == len(raw) - 2
    assert len(raw.rstrip(b"\n")) == length + 2


def test_metadata_is_gos_json():
    """Keys are sorted, and &, <, > and the line separators are escaped as Go does."""
    raw = mantaray._metadata_bytes({"b": "<&>\u2028é", "a": "\b\x01"})[2:].rstrip(b"\n")
    assert raw.decode() == r'{"a":"\b\u0001","b":"\u003c\u0026\u003e\u2028é"}'


def test_metadata_that_does_not_fit_is_refused():
    """Over 65,535 bytes there is no way to write it; nor text that UTF-8 cannot hold."""
    with pytest.raises(StorageError, match="over 65535"):
        mantaray._metadata_bytes({"a": "x" * 65530})
    with pytest.raises(StorageError, match="no valid text"):
        mantaray._metadata_bytes({"a": "\ud800"})


def decoded(data, saved):
    node = mantaray.decode(data)
    for fork in node.forks.values():
        fork.child = decoded(saved[fork.reference], saved)
    return node


paths = st.lists(st.sampled_from(["a", "ab", "/", "data", "x" * 29, "é", "."]), min_size=1, max_size=4).map("".join)


@given(st.lists(st.tuples(paths, st.binary(min_size=32, max_size=32)), min_size=1, max_size=8), st.booleans())
@settings(max_examples=120, deadline=None)
def test_a_tree_that_is_decoded_encodes_to_the_same_bytes(files, with_website):
    """Decoding loses nothing but the root's own type: encoding again gives the same references."""
    entries = [(path.encode(), address, {"Filename": path}) for path, address in files]
    entries += [(b"/", b"", {"website-index-document": "a"})] * with_website
    saved = {}

    def save(node):
        saved[reference_of(node)] = node
        return reference_of(node)

    data = build(entries).encode(save)
    assert decoded(data, saved).encode(reference_of) == data


def test_a_node_with_an_obfuscation_key_is_read():
    """Nodes that others wrote with a key decode to the same forks."""
    plain = build([(b"a", b"\1" * 32, {})]).encode(lambda _: b"\2" * 32)
    key = bytes(range(32))
    hidden = key + bytes(byte ^ key[index % 32] for index, byte in enumerate(plain[32:]))
    assert mantaray.decode(hidden) == mantaray.decode(plain)


NODE = build([(b"ab", b"\1" * 32, {"k": "v"})]).encode(lambda _: b"\2" * 32)
FORK = 64 + 32 + 32


def changed(at, value):
    return NODE[:at] + value + NODE[at + len(value) :]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "too short"),
        (bytes(64), "mark of mantaray"),
        (changed(63, b"\x40"), "references of 64 bytes"),
        (changed(63, b"\x00"), "goes on"),
        (NODE[:100], "cut off"),
        (NODE[:140], "cut off"),
        (NODE[:-1], "cut off"),
        (NODE + b"\0", "goes on"),
        (changed(FORK + 1, b"\x1f"), "wrong prefix"),
        (changed(FORK + 1, b"\x00"), "wrong prefix"),
        (changed(FORK + 2, b"x"), "wrong prefix"),
        (changed(FORK + 20, b"x"), "wrong prefix"),
        (changed(FORK + 66, b"{}}"), "no JSON"),
        (changed(FORK + 66, ('{"k":"v"}' + "\n" * 6).encode("utf-16-le")), "no JSON"),
        (changed(FORK + 66, b'{"k":1}  '), "names to texts"),
        (changed(FORK + 66, b'["a"]    '), "names to texts"),
        (changed(FORK + 66, b'{"k":"","k":""}'), "twice"),
        (changed(FORK + 66, b'"\xff"'), "no JSON"),
    ],
)
def test_a_crooked_node_is_refused(data, fault):
    """Whatever is cut off, too long or out of form is an error that says so, never a guess."""
    with pytest.raises(StorageError, match=fault):
        mantaray.decode(data)


@given(st.binary(max_size=40), st.integers(0, len(NODE)))
@settings(max_examples=200, deadline=None)
def test_random_damage_raises_nothing_else(damage, at):
    """Damaged nodes decode or are refused; no other error comes out."""
    try:
        decoded = mantaray.decode(changed(at, damage))
    except StorageError:
        decoded = None
    assert decoded is None or decoded == mantaray.decode(changed(at, damage))
