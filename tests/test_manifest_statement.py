"""The manifest that is built from a lineage: what it states, where, and what it leaves out."""

from __future__ import annotations

import pytest

from swarmprov_nb.errors import UsageError
from swarmprov_nb.lineage import Declaration, Stored
from swarmprov_nb.manifest.author_key import AuthorKey
from swarmprov_nb.manifest.canonical import canonical
from swarmprov_nb.manifest.disclosure import CITED, EXTERNAL, HIDDEN, PUBLISHED
from swarmprov_nb.manifest.rules import broken
from swarmprov_nb.manifest.schema import check_schema
from swarmprov_nb.manifest.statement import LONG, SHORT, Draft, Subject, statement, timestamp
from swarmprov_nb.testing import LineageBuilder

SESSION = "8e1f3b2a-0d2c-4c53-9b0e-0d7f6a1c2b3d"
ENVIRONMENT = {
    "python": {"version": "3.11.7", "implementation": "CPython"},
    "os": {"system": "Linux", "release": "6", "machine": "x86_64"},
    "cpu": {"count": 2},
    "packages": [],
}


def _stored(mark, *, file=False):
    return Stored(
        mark * 32, 5, f"{'file' if file else 'table-v1'}:sha256:{mark * 32}", "x/y", ".x", reference="ee" * 32
    )


@pytest.fixture
def built():
    """raw (cited) → clean (published), patients (hidden) → model (published); secrets.env is only counted."""
    b = LineageBuilder("n.ipynb", session=SESSION)
    b._session.environment.update(ENVIRONMENT)
    raw = b.input("raw.csv", "dataset", path="/home/ada/raw.csv", named=True, stored=_stored("01", file=True))
    env = b.input(".env", "file", path=".env", stored=_stored("02", file=True))
    table = {
        "kind": "dataset",
        "stored": _stored("03"),
        "declaration": Declaration(title="T" * 5000, license="CC0-1.0"),
    }
    b.run("clean", uses=[raw, env], makes={"clean": table})
    b.run("join", uses=["clean"], makes={"patients": {"kind": "dataset", "stored": _stored("04")}})
    b.run("fit", uses=["patients"], makes={"model": {"kind": "model", "stored": _stored("05")}}, note="N" * 20_000)
    found = b.lineage
    ids = {artifact.name: artifact.id for artifact in found.artifacts}
    kinds = {"raw.csv": CITED, ".env": EXTERNAL, "clean": PUBLISHED, "patients": HIDDEN, "model": PUBLISHED}
    files = (("clean", "data/clean.x", "03"), ("model", "models/model.x", "05"))
    return statement(
        Draft(
            lineage=found,
            author=AuthorKey(bytes(32)).did,
            recorder_version="1",
            notebook={"subject": "n.ipynb", "cells": 3},
            subjects=(
                *(Subject(path, mark * 32, "ee" * 32) for _, path, mark in files),
                Subject("n.ipynb", "06" * 32, None),
            ),
            disclosures={ids[name]: kind for name, kind in kinds.items()},
            paths={ids[name]: path for name, path, _ in files},
            commitments={ids["patients"]: "aa" * 32},
            sources={},
            exports=(),
        )
    )


def test_it_follows_the_schema_and_the_rules(built):
    """What is built is what a verifier takes."""
    check_schema(built)
    assert broken(built) is None


def test_a_digest_stands_once(built):
    """Published bytes have their digest among the subjects and nowhere else."""
    text = canonical(built).decode()
    assert text.count("05" * 32) - text.count(f"table-v1:sha256:{'05' * 32}") == 1


def test_what_is_hidden_has_no_name_type_or_size(built):
    """A commitment and a place in the graph; no edge carries its name."""
    (hidden,) = [entity for entity in built["predicate"]["entities"] if entity["disclosure"] == HIDDEN]
    assert set(hidden) == {"id", "disclosure", "generatedBy", "commitment"}
    assert "patients" not in canonical(built).decode()
    assert "04" * 32 not in canonical(built).decode()


def test_what_is_external_is_counted(built):
    """No name and no digest of a dotfile."""
    assert built["predicate"]["omitted"]["externalInputs"] == 1
    assert ".env" not in canonical(built).decode()
    assert "02" * 32 not in canonical(built).decode()


def test_no_folder_of_the_machine_leaves(built):
    """An input elsewhere is called by its last part."""
    assert "/home/ada" not in canonical(built).decode()
    assert built["predicate"]["entities"][0]["name"] == "raw.csv"


def test_texts_are_cut_to_what_the_schema_takes(built):
    """A title of 5000 and a note of 20,000 characters end in an ellipsis."""
    clean = next(entity for entity in built["predicate"]["entities"] if entity.get("name") == "clean")
    assert (len(clean["title"]), clean["title"][-1]) == (SHORT, "…")
    assert len(built["predicate"]["activities"][-1]["note"]) == LONG


def test_subjects_stand_by_the_bytes_of_their_names(built):
    """Sorted as the collection is; without a reference where bytes are personal."""
    assert [subject["name"] for subject in built["subject"]] == ["data/clean.x", "models/model.x", "n.ipynb"]
    assert "swarm" not in built["subject"][-1]["digest"]


def test_times_are_utc_to_the_millisecond():
    """RFC 3339 with a Z."""
    assert [timestamp(t) for t in (0, 1_793_700_000.0004, 1.9999)] == [
        "1970-01-01T00:00:00.000Z", "2026-11-03T10:00:00.000Z", "1970-01-01T00:00:01.999Z",
    ]  # fmt: skip


def test_a_weak_key_is_no_author():
    """A did:key of a small-order point is refused wherever it is read."""
    from swarmprov_nb.manifest.author_key import from_did, to_did

    with pytest.raises(UsageError):
        from_did(to_did(bytes(32)))


def test_two_files_of_one_name_outside_the_project_stay_two():
    """Their folders are left out, so a number tells them apart and each is generated once."""
    b = LineageBuilder("n.ipynb", session=SESSION)
    b._session.environment.update(ENVIRONMENT)
    made = {f"file:/{folder}/out.csv": {"kind": "dataset", "path": f"/{folder}/out.csv", "stored": _stored(mark)}
            for folder, mark in (("a", "01"), ("b", "02"))}  # fmt: skip
    b.run("write", makes=made)
    ids = [artifact.id for artifact in b.lineage.artifacts]
    paths = dict(zip(ids, ("data/out.csv", "data/out-2.csv"), strict=True))
    stated = statement(
        Draft(
            lineage=b.lineage,
            author=AuthorKey(bytes(32)).did,
            recorder_version="1",
            notebook={"subject": "n.ipynb", "cells": 1},
            subjects=tuple(Subject(path, "07" * 32, None) for path in ("n.ipynb", *paths.values())),
            disclosures=dict.fromkeys(ids, PUBLISHED),
            paths=paths,
            commitments={},
            sources={},
            exports=(),
        )
    )
    assert [entity["name"] for entity in stated["predicate"]["entities"]] == ["out.csv", "out.csv (2)"]
    assert broken(stated) is None
