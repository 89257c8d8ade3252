"""docs/formats.md holds what the code does: every vector and table in it is computed anew."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from functools import cache
from pathlib import Path

import pytest

from swarmprov_nb.artifacts.canonical import object_digest
from swarmprov_nb.artifacts.digest import framed
from swarmprov_nb.chain.contract import CONTRACTS
from swarmprov_nb.checking import CHECKS, Evidence, run_checks
from swarmprov_nb.exports import declared
from swarmprov_nb.lineage import Artifact, Lineage, Parent, Session, Stored
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical, parse
from swarmprov_nb.manifest.disclosure import commitment
from swarmprov_nb.manifest.ed25519 import is_strong_point
from swarmprov_nb.manifest.envelope import PAYLOAD_TYPE, key_id, pae, signed
from swarmprov_nb.manifest.normal_form import normal_form
from swarmprov_nb.manifest.schema import schema
from swarmprov_nb.manifest.seal import DOMAIN, FIELDS, TYPE_HASH, Seal, SealedStatement
from swarmprov_nb.manifest.statement import PREDICATE_TYPE, Draft, statement
from swarmprov_nb.manifest.work_id import work_id
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.outcome import PASS
from swarmprov_nb.parents import anchor_edges, attesters_of
from swarmprov_nb.publication import CONTENT_TYPES, collection, content_type
from swarmprov_nb.storing import put
from swarmprov_nb.swarm import MemoryStorage, SavedFile, UploadPlan, keccak256, save

PAGE = (Path(__file__).parents[1] / "docs" / "formats.md").read_text("utf-8")
KEY = AuthorKey(bytes(32))
WALLET_KEY = b"\1" * 32
SIGNED_AT = 1_793_700_000
SOURCE = "1 + 1"


def printed():
    return dict(re.findall(r"```text vector=([a-z-]+)\n(.*?)\n```", PAGE, re.DOTALL))


def lines(*values):
    return "\n".join(value if isinstance(value, str) else value.hex() for value in values)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def notebook():
    run = {"cell_type": "code", "execution_count": 3, "outputs": []}
    cells = [
        {"cell_type": "markdown", "id": "title", "metadata": {}, "source": ["# Sums\n", "Grüße"]},
        {**run, "id": "sum", "metadata": {"tags": ["x"]}, "source": SOURCE},
    ]
    metadata = {"kernelspec": {"name": "python3"}, "x": 1}
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "notebook.ipynb"
        path.write_text(json.dumps(document), "utf-8")
        return normal_form(Notebook.read(path))


def manifest(reference):
    time = "2026-11-03T12:00:00.000Z"
    run = {"id": "run-1", "sequence": 1, "step": "Sums", "status": "ok", "startedAt": time, "endedAt": time}
    source = {"sha256": sha256(SOURCE.encode()), "subject": "notebook.ipynb"}
    predicate = {
        "activities": [{**run, "cell": "sum", "source": source, "used": [], "informedBy": []}],
        "agents": [
            {"id": "author", "type": "prov:Agent", "key": KEY.did},
            {"id": "recorder", "type": "prov:SoftwareAgent", "name": "swarmprov", "version": "0.1.0"},
        ],
        "entities": [],
        "environment": {
            "python": {"version": "3.11.7", "implementation": "CPython"},
            "os": {"system": "Linux", "release": "6.1", "machine": "x86_64"},
            "cpu": {"count": 2},
            "packages": [],
        },
        "exports": [],
        "notebook": {"subject": "notebook.ipynb", "cells": 2},
        "omitted": {"activities": 0, "externalInputs": 0},
        "parents": [],
        "previous": None,
        "session": {"id": "00000000-0000-4000-8000-000000000000", "startedAt": time},
        "statements": {},
    }
    subject = {"name": "notebook.ipynb", "digest": {"sha256": sha256(notebook()), "swarm": reference.hex()}}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }


def wallet():
    from eth_keys import keys

    return keys.PrivateKey(WALLET_KEY)


def sealed(manifest_bytes, content):
    private = wallet()
    seal = Seal(
        manifest=hashlib.sha256(manifest_bytes).digest(),
        content=content,
        predicate_type=PREDICATE_TYPE,
        role="author",
        signer_key=KEY.public,
        wallet=private.public_key.to_canonical_address(),
        signed_at=SIGNED_AT,
    )
    signature = private.sign_msg_hash(seal.digest()).to_bytes()
    statement = SealedStatement(seal, signature[:64] + bytes([signature[64] + 27]), KEY.sign(seal.message()))
    statement.check()
    return statement


def publish(storage):
    """Put the page's publication into a storage; returns its parts by name."""
    upload = storage.upload(b"", UploadPlan("vectors"))
    files = {"notebook.ipynb": put(storage, notebook())}
    document = canonical(manifest(files["notebook.ipynb"]))
    envelope = signed(document, KEY)
    files["manifest.json"] = put(storage, document)
    files["manifest.dsse.json"] = put(storage, envelope)
    content = collection(files)
    seal = sealed(document, content)
    whole = {**files, seal.seal.path: put(storage, seal.to_bytes())}
    reference = collection(whole, upload=upload)
    upload.finish()
    made = {"files": files, "manifest": document, "envelope": envelope}
    return {**made, "content": content, "seal": seal, "root": reference}


def derived(document, content, seal):
    """State a work that opened the page's notebook: parents, the input's parent, the words of the anchor's edge."""
    from eth_abi.abi import encode

    parent = Parent(sha256(document), content.hex(), KEY.did, "notebook.ipynb", wallet=f"0x{seal.wallet.hex()}")
    opened = Artifact("a", None, parent.subject, 1, "file", stored=Stored("0" * 64, 1, "file:", "", ""), parent=parent)
    work = Lineage(Session("s", "n.ipynb", 0.0), (), (), (opened,), ())
    draft = Draft(work, KEY.did, "0", {"subject": "n.ipynb"}, (), {"a": "cited"}, {}, {}, {}, ())
    stated = statement(draft)["predicate"]
    (edge,) = anchor_edges(stated, attesters_of([opened]))
    words = encode(["address", "bytes32", "uint8"], [edge.attester, edge.subject, edge.relation])
    (entity,) = stated["entities"]
    said = [canonical(stated["parents"]).decode(), canonical(entity["parent"]).decode()]
    return lines(*said, *(words[at : at + 32] for at in range(0, 96, 32)))


def content_ids():
    import numpy as np
    import pandas as pd

    from swarmprov_nb.artifacts.arrays import Arrays
    from swarmprov_nb.artifacts.tables import Tables

    table = pd.DataFrame({"species": pd.Series(["Adelie", None], dtype=object), "mass": [3750.0, 3800.5]}, index=[0, 1])
    return lines(
        framed("pair", b"ab", b"c"),
        object_digest({"a": 1, "b": [2.5, None, True]}),
        Arrays().content_id(np.array([1, 2, 3], dtype="int64")),
        Tables().content_id(table),
    )


def saved(storage, root):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "publication"
        save(storage, root, path)
        assert SavedFile(path).root == root
        return path.read_bytes()


@cache
def vectors():
    """Compute every vector of the page, by its name."""
    storage = MemoryStorage()
    made = publish(storage)
    document, seal = made["manifest"], made["seal"].seal
    statement = parse(document, what="manifest.json")
    carried = saved(storage, made["root"])
    stored = Stored("0" * 64, 1, f"table-v1:sha256:{'0' * 64}", "", "")
    text = {"numbers": [2**53 - 1, -1, 0], "é": '\0\n"/', "": None, "\U0001f600": True, "\ufb33": False}
    points = ["01" + "00" * 31, "ee" + "ff" * 30 + "7f", KEY.public.hex()]
    judged = [f"{point} {'taken' if is_strong_point(bytes.fromhex(point)) else 'refused'}" for point in points]
    references = [f"{path} {made['files'][path].hex()}" for path in sorted(made["files"])]
    signing = pae(PAYLOAD_TYPE, document)
    return {
        "contract": lines(CONTRACTS["1"].address, CONTRACTS["1"].code_hash),
        "author": lines(KEY.public, KEY.did, key_id(KEY.public)),
        "canonical": canonical(text).hex(),
        "points": lines(*judged),
        "notebook": notebook().decode().removesuffix("\n"),
        "manifest": document.decode(),
        "manifest-signed": lines(sha256(document), signing[: signing.index(b"{")].decode() + "…", sha256(signing)),
        "envelope": made["envelope"].decode(),
        "references": lines(*references, made["content"]),
        "seal-signed": lines(TYPE_HASH, DOMAIN, seal.digest(), seal.message().decode(), f"0x{seal.wallet.hex()}"),
        "seal": lines(seal.path, made["seal"].to_bytes().decode()),
        "publication": lines(made["root"], str(len(carried)), sha256(carried)),
        "parents": derived(document, made["content"], seal),
        "commitment": commitment(b"\2" * 32, name="patients", stored=stored),
        "content-ids": content_ids(),
        "work-id": work_id(statement, sources=["# Sums\nGrüße", SOURCE], hidden={}),
    }


@pytest.mark.parametrize("name", sorted(printed()))
def test_a_printed_vector_is_what_the_code_computes(name):
    assert vectors()[name] == printed()[name]


def test_every_vector_is_printed():
    assert set(vectors()) == set(printed())


def test_the_publication_of_the_page_passes_every_check():
    storage = MemoryStorage()
    evidence = Evidence(storage, publish(storage)["root"])
    assert {check.name: check.outcome for check in run_checks(evidence)} == dict.fromkeys(CHECKS, PASS)


def test_every_check_is_described_in_the_order_of_the_report():
    table = PAGE[PAGE.index("## 9 Verification") : PAGE.index("**Levels.**")]
    rows = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    described = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert described == [*CHECKS, "signer", "previous", "upstream", "anchor", "notebook"]


def test_the_table_of_content_types_is_the_codes():
    table = dict(re.findall(r"^\| `(\.\w+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE))
    assert table == CONTENT_TYPES
    assert content_type("manifest.json") == "application/vnd.in-toto+json"
    assert content_type("manifest.dsse.json") == "application/vnd.dsse.envelope.v1+json"
    assert content_type("data/x.unheard") == "application/octet-stream"


def fields_of(node):
    if isinstance(node, dict):
        yield from node.get("properties", {})
        for child in node.values():
            yield from fields_of(child)
    elif isinstance(node, list):
        for child in node:
            yield from fields_of(child)


def test_every_field_of_the_schema_is_named():
    section = PAGE[PAGE.index("## 3 The manifest") : PAGE.index("## 4 ")]
    missing = {field for field in fields_of(schema()) if not re.search(rf"\b{field}\b", section)}
    assert missing == set()


def test_type_hash_and_domain_are_those_of_the_types_that_the_page_writes_out():
    kind = "Seal(" + ",".join(f"{kind} {name}" for name, kind in FIELDS) + ")"
    assert kind in PAGE
    assert keccak256(kind.encode()) == TYPE_HASH
    parts = (b"EIP712Domain(string name,string version)", b"swarmprov", b"1")
    assert keccak256(b"".join(map(keccak256, parts))) == DOMAIN


def test_exporters_are_named_with_their_versions():
    for record in declared():
        assert f"`{record['exporter']}` version {record['version']}" in re.sub(r"\s+", " ", PAGE)
        assert f"`{record['path']}`" in PAGE


def test_every_link_within_the_page_leads_to_a_heading():
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
