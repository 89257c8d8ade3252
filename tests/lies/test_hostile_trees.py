"""Trees of chunks that claim more than there is, or lead round and round: refused in bounded time and memory."""

from __future__ import annotations

import hashlib
import struct

import pytest
from agreeing import is_refused
from forging import saved_whole
from lying import Lies, is_found_out

from swarmprov_nb.carrying import get, load
from swarmprov_nb.errors import ChunkCorrupt, NotAPublication, StorageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.publication import collection, content_type
from swarmprov_nb.swarm import Chunk, UploadPlan, mantaray, reference_of, split
from swarmprov_nb.swarm.saved import MARK as SAVED
from swarmprov_nb.verifying import verify

LIES = Lies()
TERABYTE = 1 << 40


@pytest.mark.parametrize(("lie", "check"), LIES)
def test_a_tree_that_lies_is_found_out(lie, check, book):
    """Whatever a root claims, no more is read than was given."""
    is_found_out(lambda forged: forged.after.append(lie), check, book)


def _listed(book, *chunks, path="data/more.csv"):
    """Store chunks, list a file under the last of them, and sign nothing: the listing is what is read first."""
    for chunk in chunks:
        book.storage.replace(chunk)
    files = {name: reference_of(data) for name, data in book.files.items()}
    book.root = collection({**files, path: chunks[-1].address}, upload=book.storage.upload(b"", UploadPlan("lie")))


def _tower(levels):
    """Return the chunks of a file whose every level repeats one child 128 times: it claims 4096 × 128^levels bytes."""
    chunks = [Chunk.of(4096, b"x" * 4096)]
    for _ in range(levels):
        chunks.append(Chunk.of(chunks[-1].span * 128, chunks[-1].address * 128))
    return chunks


@LIES.fails_at("chunks")
def petabytes_in_eight_chunks(book):
    _listed(book, *_tower(6))


@LIES.fails_at("chunks")
def gigabytes_in_four_chunks(book):
    _listed(book, *_tower(3))


@LIES.fails_at("chunks")
def one_big_file_under_many_names(book):
    """Each is under the bound, and a disk that took them all would be full."""
    chunks = _tower(2)
    big = Chunk.of(chunks[-1].span * 8, chunks[-1].address * 8)
    for chunk in (*chunks, big):
        book.storage.replace(chunk)
    files = {name: reference_of(data) for name, data in book.files.items()}
    files |= {f"data/{number}.bin": big.address for number in range(50)}
    book.root = collection(files, upload=book.storage.upload(b"", UploadPlan("lie")))


@LIES.fails_at("chunks")
def many_files_that_share_one_big_tree(book):
    """Every root is another, and what is below them is the same: it is walked once."""
    chunks = _tower(2)
    for chunk in chunks:
        book.storage.replace(chunk)
    files = {name: reference_of(data) for name, data in book.files.items()}
    for number in range(40):
        leaf = Chunk.of(4096, number.to_bytes(4, "big") * 1024)
        root = Chunk.of(chunks[-1].span * 127 + 4096, chunks[-1].address * 127 + leaf.address)
        for chunk in (leaf, root):
            book.storage.replace(chunk)
        files[f"data/{number}.bin"] = root.address
    book.root = collection(files, upload=book.storage.upload(b"", UploadPlan("lie")))


@LIES.fails_at("chunks")
def a_terabyte_that_is_not_there(book):
    _listed(book, Chunk.of(TERABYTE, b"\x11" * 32 * 128))


@LIES.fails_at("chunks")
def a_terabyte_with_too_few_children(book):
    _listed(book, Chunk.of(TERABYTE, b"\x11" * 32))


@LIES.fails_at("chunks")
def a_span_without_end(book):
    _listed(book, Chunk.of((1 << 64) - 1, b"\x11" * 4096))


@LIES.fails_at("chunks")
def a_child_that_claims_less_than_its_parent_says(book):
    leaf = Chunk.of(4095, b"x" * 4095)
    _listed(book, leaf, Chunk.of(8192, leaf.address * 2))


@LIES.fails_at("chunks")
def a_child_that_claims_more_than_its_parent_says(book):
    below = _tower(2)[-1]
    _listed(book, *_tower(2), Chunk.of(8192, below.address * 2))


@LIES.fails_at("chunks")
def one_subtree_under_two_spans(book):
    """It is right in its first place, and so walked once; in its second place it stands for other bytes."""
    chunks = _tower(2)
    whole = chunks[-1]
    odd = Chunk.of(whole.span + 128 * 4096 - 1, whole.address + chunks[1].address)
    _listed(book, *chunks, odd)


@LIES.fails_at("chunks")
def half_an_address(book):
    leaf = Chunk.of(4096, b"x" * 4096)
    _listed(book, leaf, Chunk.of(8192, leaf.address * 2 + b"\0" * 16))


@LIES.fails_at("chunks")
def an_empty_file_that_holds_bytes(book):
    _listed(book, Chunk.of(0, b"hidden"))


@LIES.fails_at("chunks")
def a_full_chunk_that_holds_nothing(book):
    _listed(book, Chunk.of(4096, b""))


@LIES.fails_at("chunks")
def a_file_whose_last_leaf_stands_a_level_too_low(book):
    """The 129th leaf moves up unwrapped; here it is wrapped, and the bytes are the same."""
    leaf, group = _tower(1)
    wrapped = Chunk.of(4096, leaf.address)
    _listed(book, leaf, group, wrapped, Chunk.of(group.span + 4096, group.address + wrapped.address))


def test_the_largest_repetition_that_is_taken(book):
    """Ten megabytes of zeros are a few chunks, and an honest file."""
    book.files["data/zeros.bin"] = bytes(10 << 20)
    report = book.report()
    assert report.failed[0].name == "files"
    assert next(check for check in report.checks if check.name == "chunks").outcome == "pass"


# -- listings


MARK = bytes.fromhex("5768b3b6a7db56d21d1abff40d41cebfc83448fed8d7e9b06ec0d3b073f28f")
VALUE, EDGE, METADATA = 2, 4, 16


def _node(*forks, entry=b"", size=32):
    bitmap = bytearray(32)
    for fork in forks:
        bitmap[fork[2] // 8] |= 1 << fork[2] % 8
    return bytes(32) + MARK + bytes([size]) + entry.ljust(size, b"\0") + bytes(bitmap) + b"".join(forks)


def _fork(prefix, reference, *, kind=VALUE, metadata=None):
    head = bytes([kind, len(prefix)]) + prefix.ljust(30, b"\0") + reference
    return head if metadata is None else head + struct.pack(">H", len(metadata)) + metadata


def many_nodes(save):
    """Seventy-nine ways out of each of four nodes: thirty-nine million paths."""
    below = save(_node(entry=b"\1" * 32))
    for _ in range(4):
        below = save(_node(*(_fork(bytes([byte]), below, kind=EDGE) for byte in range(48, 127))))
    return below


def heavy_nodes(save):
    """One node of four megabytes under seventy paths."""
    value = save(_node(entry=b"\1" * 32))
    text = b'{"a":"' + b"x" * 60_000 + b'"}'
    metadata = {"kind": VALUE | METADATA, "metadata": text}
    heavy = save(_node(*(_fork(bytes([byte]), value, **metadata) for byte in range(48, 118))))
    return save(_node(*(_fork(bytes([byte]), heavy, kind=EDGE) for byte in range(48, 118))))


def a_path_without_end(save):
    below = save(_node(entry=b"\1" * 32))
    for _ in range(200):
        below = save(_node(_fork(b"a" * 30, below, kind=EDGE)))
    return below


def metadata_of_a_text_that_nobody_closes(save):
    """Asked for its close, it would be sought anew from each of its thirty thousand quotes."""
    below = save(_node(entry=b"\1" * 32))
    return save(_node(_fork(b"a", below, kind=VALUE | METADATA, metadata=b'"' + b'\\"' * 30_000)))


def metadata_of_many_names(save):
    below = save(_node(entry=b"\1" * 32))
    names = ",".join(f'"{number}":""' for number in range(5_000))
    return save(_node(_fork(b"a", below, kind=VALUE | METADATA, metadata=f"{{{names}}}".encode())))


def metadata_nested_without_end(save):
    below = save(_node(entry=b"\1" * 32))
    return save(_node(_fork(b"a", below, kind=VALUE | METADATA, metadata=b"[" * 60_000)))


def metadata_that_says_a_type_twice(save):
    below = save(_node(entry=b"\1" * 32))
    text = b'{"Content-Type":"text/html","Content-Type":"text/csv"}'
    return save(_node(_fork(b"a", below, kind=VALUE | METADATA, metadata=text)))


def metadata_that_is_cut_off(save):
    below = save(_node(entry=b"\1" * 32))
    return save(_node(_fork(b"a", below, kind=VALUE | METADATA, metadata=b"{}")[:-1]))


def a_name_that_is_no_text(save):
    return save(_node(_fork(b"\xff\xfe", save(_node(entry=b"\1" * 32)))))


def a_prefix_of_another_byte(save):
    fork = bytearray(_fork(b"a", save(_node(entry=b"\1" * 32))))
    node = bytearray(_node(bytes(fork)))
    node[-62] = ord("b")
    return save(bytes(node))


def a_prefix_of_nothing(save):
    fork = bytearray(_fork(b"a", save(_node(entry=b"\1" * 32))))
    fork[1] = 0
    return save(_node(bytes(fork)))


def references_of_sixty_four_bytes(save):
    return save(bytes(32) + MARK + b"\x40" + bytes(64) + bytes(32))


def a_root_that_is_a_file(save):
    return save(_node(_fork(b"manifest.json", save(_node(entry=b"\1" * 32))), entry=b"\2" * 32))


def a_mark_of_another_version(save):
    return save(bytes(32) + MARK[::-1] + b"\x20" + bytes(64))


def bytes_after_the_last_fork(save):
    return save(_node(_fork(b"a", save(_node(entry=b"\1" * 32)))) + b"more")


def a_node_that_is_cut_off(save):
    return save(_node(_fork(b"a", save(_node(entry=b"\1" * 32))))[:-5])


def a_node_of_twenty_megabytes(save):
    return save(bytes(20 << 20))


def a_node_that_names_itself_a_file(save):
    return save(b"just a file")


def a_listing_of_nothing(save):
    return save(_node())


def a_file_at_no_address(save):
    return save(_node(_fork(b"manifest.json", save(_node(entry=b"")))))


LISTINGS = (
    many_nodes, heavy_nodes, a_path_without_end, metadata_of_a_text_that_nobody_closes, metadata_of_many_names,
    metadata_nested_without_end, metadata_that_says_a_type_twice, metadata_that_is_cut_off, a_name_that_is_no_text,
    a_prefix_of_another_byte, a_prefix_of_nothing, a_root_that_is_a_file, references_of_sixty_four_bytes,
    a_mark_of_another_version,
    bytes_after_the_last_fork, a_node_that_is_cut_off, a_node_of_twenty_megabytes, a_node_that_names_itself_a_file,
    a_listing_of_nothing, a_file_at_no_address,
)  # fmt: skip


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.__name__)
def test_a_listing_that_is_none_is_refused(book, listing, tmp_path):
    """verify, get and load name what it is, and write nothing."""

    def lie(forged):
        upload = forged.storage.upload(b"", UploadPlan("lie"))
        forged.root = listing(lambda data: split(data, upload, kind="manifest"))

    book.after.append(lie)
    file = saved_whole(book, tmp_path / "evil.swarm")
    assert is_refused(file.read_bytes())
    for act in (lambda: verify(file, home=book.home), lambda: get(file, tmp_path / "out", home=book.home),
                lambda: load(file, home=book.home)):  # fmt: skip
        with pytest.raises((NotAPublication, StorageError)) as refused:
            act()
        assert refused.value.what.isprintable()
    assert not (tmp_path / "out").exists()


# -- listings of the very same files under another reference


def _written(book, change, as_stored=lambda node: node):
    """List a book's files as they are listed, change the tree or the bytes of its nodes, and store it."""
    upload = book.storage.upload(b"", UploadPlan("lie"))
    root = mantaray.Node()
    for path in sorted(book.files, key=str.encode):
        said = {"Content-Type": content_type(path), "Filename": path.rpartition("/")[2]}
        root.add(path.encode(), reference_of(book.files[path]), said)
    root.add(b"/", b"", {"website-index-document": "index.html"})
    change(root)

    def save(node):
        return split(as_stored(node), upload, kind="manifest")

    book.root = save(root.encode(save))


def test_the_listing_is_written_as_it_is(book):
    """What the lies below change gives the publication's own reference without them."""
    book.bind()
    before = book.root
    _written(book, lambda root: None)
    assert book.root == before


@LIES.fails_at("collection")
def a_veiled_listing(book):
    """Mantaray can hide its nodes behind a key: the same files would have as many references as there are keys."""

    def veiled(node):
        key = b"\x5a" * 32
        return key + bytes(byte ^ 0x5A for byte in node[32:])

    _written(book, lambda root: None, veiled)


@LIES.fails_at("collection")
def a_way_that_leads_to_nothing(book):
    """A node that lists no file can carry what nobody sees."""
    _written(book, lambda root: root.forks.update({ord("z"): mantaray.Fork(b"zz", child=mantaray.Node(b"", 32))}))


@LIES.fails_at("collection")
def a_way_in_two_steps(book):
    def change(root):
        fork = root.forks[ord("i")]
        fork.prefix, whole = fork.prefix[5:], fork.prefix
        root.forks[ord("i")] = mantaray.Fork(whole[:5], EDGE, child=mantaray.Node(b"", 32, {fork.prefix[0]: fork}))

    _written(book, change)


@LIES.fails_at("collection")
def a_folder_that_is_called_none(book):
    """Nodes say of a way whether it leads through a folder; some readers go by that."""

    def change(root):
        for fork in root.forks.values():
            fork.kind ^= mantaray.PATH_SEPARATOR

    _written(book, change)


@LIES.fails_at("collection")
def a_kind_that_nobody_knows(book):
    def change(root):
        root.forks[ord("i")].kind |= 1 << 7

    _written(book, change)


@LIES.fails_at("collection")
def a_file_in_the_place_of_the_folder(book):
    """What browsers show under the bare reference would be this file."""
    page = reference_of(book.files["index.html"])
    _written(book, lambda root: root.add(b"/", page, {"website-index-document": "index.html"}))


@LIES.fails_at("collection")
def a_type_that_is_said_in_another_order(book):
    def turned(node):
        said = b'"Content-Type":"text/html; charset=utf-8","Filename":"index.html"'
        return node.replace(said, b",".join(reversed(said.split(b","))))

    _written(book, lambda root: None, turned)


@LIES.fails_at("collection")
def a_listing_with_more_padding(book):
    def padded(node):
        at = node.find(b'{"website-index-document"')
        if at < 0:
            return node
        end = at + int.from_bytes(node[at - 2 : at], "big")
        return node[: at - 2] + (end - at + 32).to_bytes(2, "big") + node[at:end] + b"\n" * 32 + node[end:]

    _written(book, lambda root: None, padded)


# -- a saved file that would spoil the store for another


def _saved(file, address, chunks):
    body = SAVED + address + b"".join(struct.pack("<HQ", len(payload), span) + payload for span, payload in chunks)
    file.write_bytes(body + struct.pack("<HQ", 0xFFFF, len(chunks)) + hashlib.sha256(body).digest())
    return file


@pytest.mark.parametrize("padded", ["leaf", "inner"])
def test_a_payload_with_zeros_after_it_is_not_kept(book, padded, tmp_path):
    """It has the address of the good chunk, which a store that took it would never take again."""
    book.files["data/large.bin"] = b"x" * 4096 + b"y" * 100
    book.bind()
    reader = Home(tmp_path / "reader")
    at = {"leaf": Chunk.of(100, b"y" * 100).address, "inner": book.addresses_of("data/large.bin")[-1]}[padded]
    chunks = list(book.storage.read(sorted(book.storage.addresses())))
    spoilt = [(c.span, c.payload + b"\0" * 32 if c.address == at else c.payload) for c in chunks]
    with pytest.raises(ChunkCorrupt, match=at.hex()):
        load(_saved(tmp_path / "spoilt.swarm", book.root, spoilt), home=reader)

    good = _saved(tmp_path / "good.swarm", book.root, [(c.span, c.payload) for c in chunks])
    assert load(good, home=reader) == book.root.hex()
    report = verify(book.root.hex(), home=reader)
    assert next(check for check in report.checks if check.name == "chunks").outcome == "pass"


TREES = [petabytes_in_eight_chunks, one_big_file_under_many_names, one_subtree_under_two_spans]


@pytest.mark.parametrize("tree", TREES)
def test_get_writes_nothing_of_a_tree_that_lies(book, tree, tmp_path):
    """Nothing is written before all is read, and so much is not read."""
    book.after.append(tree)
    file = saved_whole(book, tmp_path / "evil.swarm")
    with pytest.raises(VerificationFailed, match="Nothing was written"):
        get(file, tmp_path / "out", home=book.home)
    assert not (tmp_path / "out").exists()


def test_a_saved_bomb_is_loaded_as_what_it_is(book, tmp_path):
    """Loading takes the few chunks that there are, and verifying still refuses them."""
    book.after.append(petabytes_in_eight_chunks)
    file = saved_whole(book, tmp_path / "evil.swarm")
    reader = Home(tmp_path / "reader")
    assert load(file, home=reader) == book.root.hex()
    assert verify(book.root.hex(), any_signer=True, home=reader).failed[0].name == "chunks"
