"""What may leave the machine, rule by rule."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.lineage import Artifact, Declaration, Lineage, Session, Stored, Use
from swarmprov_nb.manifest.disclosure import (
    CITED,
    EXTERNAL,
    HIDDEN,
    PUBLISHED,
    commitment,
    default_disclosure,
    publication_paths,
    safe_name,
    shown_name,
)
from swarmprov_nb.publication import is_safe_path

STORED = Stored("ab" * 32, 5, "file:sha256:" + "ab" * 32, "text/csv", ".csv", reference="cd" * 32)


def _artifact(name="x", *, run="s:1", kind="dataset", version=1, stored=STORED, **fields):
    return Artifact(f"{run}/{name}@{version}", run, name, version, kind, stored=stored, **fields)


def _decided(artifact, *others, uses=()):
    lineage = Lineage(Session("s", "n.ipynb", 0.0), (), (), (artifact, *others), tuple(uses))
    return default_disclosure(artifact, lineage)


def _input(path, **fields):
    return _artifact(f"file:{path}", run=None, kind="file", path=path, **fields)


# -- what is made


@pytest.mark.parametrize("kind", ["dataset", "model", "figure", "file"])
def test_declared_artifacts_are_published(kind):
    """Of any kind, used or not."""
    made = _artifact(kind=kind, declared=True)
    assert _decided(made) == PUBLISHED
    assert _decided(made, uses=[Use("s:2", made.id)]) == PUBLISHED


def test_files_written_are_published():
    """A file that a cell wrote leaves, declared or not."""
    assert _decided(_artifact("file:out.csv", kind="file", path="out.csv")) == PUBLISHED


@pytest.mark.parametrize("kind", ["model", "figure"])
def test_models_and_figures_that_nothing_uses_are_published(kind):
    """A leaf leaves; what something else consumes is cited."""
    made = _artifact(kind=kind)
    assert _decided(made) == PUBLISHED
    assert _decided(made, uses=[Use("s:2", made.id)]) == CITED


def test_datasets_that_nobody_declared_are_cited():
    """A table in a variable stays, with name and digests."""
    assert _decided(_artifact()) == CITED


def test_an_older_version_is_cited():
    """Only the latest stored version of a name leaves."""
    old, new = _artifact(declared=True), _artifact(declared=True, version=2)
    assert (_decided(old, new), _decided(new, old)) == (CITED, PUBLISHED)
    assert _decided(old, _artifact(version=2, stored=None)) == PUBLISHED


@pytest.mark.parametrize("kind", ["pseudonymous", "personal", "special"])
def test_personal_data_is_hidden(kind):
    """Whatever is declared personal leaves as a commitment, a written file and an older version too."""
    declared = Declaration(personal_data=kind)
    assert _decided(_artifact(declared=True, declaration=declared)) == HIDDEN
    assert _decided(_artifact(declared=True, declaration=declared, path="p.csv")) == HIDDEN
    assert _decided(_artifact(declared=True, declaration=declared), _artifact(version=2)) == HIDDEN
    assert _decided(_artifact(declared=True, declaration=Declaration(personal_data="none"))) == PUBLISHED


def test_what_was_only_recognised_is_no_entity():
    """Without bytes an output is not named, and an input is counted."""
    assert _decided(_artifact(stored=None)) is None
    assert _decided(_input("a.csv", stored=None)) == EXTERNAL


# -- what is read


@pytest.mark.parametrize("path", ["raw.csv", "data/raw.csv", "data/deep/raw.csv"])
def test_inputs_under_the_project_are_cited(path):
    """Name, digests, size and origin leave."""
    assert _decided(_input(path)) == CITED


def test_inputs_elsewhere_are_cited_only_when_named():
    """Named in the cell's source, or by --input; else they are counted."""
    assert _decided(_input("/srv/raw.csv")) == EXTERNAL
    assert _decided(_input("/srv/raw.csv", named=True)) == CITED
    assert _decided(_input("/srv/raw.csv", origin="https://example.org/raw.csv")) == CITED


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".config/app.toml",
        "data/.hidden.csv",
        "/home/ada/.netrc",
        "credentials.json",
        "aws_credentials",
        "my-Secret.txt",
        "PASSWORDS.csv",
        "server.pem",
        "id_rsa",
        "keys/id_ed25519.pub",
        "a/__pycache__/b.pyc",
        "../.ssh/config",
        "private.key",
    ],
)
def test_credentials_dotfiles_and_caches_are_only_counted(path):
    """No name, no digest, though the cell names them."""
    assert _decided(_input(path, named=True)) == EXTERNAL
    assert _decided(_artifact(f"file:{path}", kind="file", path=path)) == EXTERNAL


@pytest.mark.parametrize("path", ["../shared/raw.csv", "keys.csv", "monkey.csv", "environment.csv", "a.key.csv"])
def test_ordinary_names_are_no_secrets(path):
    """A parent folder and words that only resemble are inputs like others."""
    assert _decided(_input(path)) == CITED


# -- names and paths


def test_paths_outside_the_project_lose_their_folders():
    """Only the last part is shown: folders name people and machines."""
    assert shown_name(_input("data/raw.csv")) == "data/raw.csv"
    assert shown_name(_input("/home/ada/secret project/raw.csv")) == "raw.csv"
    assert shown_name(_input("../../ada/raw.csv")) == "raw.csv"
    assert shown_name(_artifact("clean")) == "clean"


@given(st.text(max_size=200))
def test_every_name_becomes_a_safe_one(name):
    """Any text gives a file name that may stand in a publication, and a safe one stays."""
    safe = safe_name(name)
    assert is_safe_path(f"data/{unicodedata.normalize('NFC', safe)}")
    assert "/" not in safe
    assert len(safe.encode()) <= 120


@given(st.lists(st.text(max_size=12), max_size=12))
def test_paths_are_unique_without_regard_to_case(names):
    """However alike the names, no two artifacts share a path on any system."""
    made = [_artifact(name, version=number) for number, name in enumerate(names)]
    paths = publication_paths(made, taken=["data/X.csv"])
    folded = [path.casefold() for path in paths.values()] + ["data/x.csv"]
    assert len(set(folded)) == len(made) + 1


def test_kinds_stand_in_their_folders():
    """data, models, figures and files; a number tells twins apart."""
    kinds = {"dataset": "data", "model": "models", "figure": "figures", "file": "files"}
    for kind, folder in kinds.items():
        assert publication_paths([_artifact("a", kind=kind)]) == {"s:1/a@1": f"{folder}/a.csv"}
    twins = [_artifact("a", version=1), _artifact("A", version=2)]
    assert list(publication_paths(twins).values()) == ["data/a.csv", "data/A-2.csv"]


# -- commitments


@given(
    st.binary(min_size=32, max_size=32), st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 2**53 - 1)
)
def test_a_commitment_is_the_documented_hmac(salt, name, size):
    """HMAC-SHA256 under the salt over RFC 8785 of name, content id, sha256 and size."""
    stored = Stored("ab" * 32, size, "table-v1:sha256:" + "cd" * 32, "x", ".x")
    said = {"name": name, "contentId": stored.content_id, "sha256": stored.sha256, "size": size}
    assert commitment(salt, name=name, stored=stored) == hmac.new(salt, rfc8785.dumps(said), hashlib.sha256).hexdigest()


def test_a_commitment_tells_two_salts_and_two_contents_apart():
    """Without the salt nobody can guess; with it nothing else fits."""
    one = commitment(bytes(32), name="x", stored=STORED)
    assert one != commitment(b"\1" * 32, name="x", stored=STORED)
    assert one != commitment(bytes(32), name="y", stored=STORED)
