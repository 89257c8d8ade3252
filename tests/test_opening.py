"""swarmprov.open: what it gives, whom it takes it from, and what it never does."""

from __future__ import annotations

import os
import pickle
import stat

import numpy as np
import pandas as pd
import pytest
from people import Person, noted, npy

import swarmprov
from swarmprov_nb.errors import ArtifactError, InvalidReference, StorageError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.manifest.findings import scan
from swarmprov_nb.progress import Told
from swarmprov_nb.pushing import push
from swarmprov_nb.receipts import receipts
from swarmprov_nb.signers import trust
from swarmprov_nb.storing import user_store
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify

TABLE = pd.DataFrame({"bird": ["a", "b", None], "grams": [3750.0, 3800.5, float("nan")]})


class Evil:
    """Says that it was unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("unpickled",))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Alice's publication of a table, an array, a model and files, saved to a file; the tests read and change none."""
    pytest.importorskip("skops", reason="skops is not installed: pip install 'swarmprov-nb[ml]'")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'swarmprov-nb[tables]'")
    from sklearn.linear_model import LinearRegression

    place = tmp_path_factory.mktemp("people")
    alice = Person("alice", place)
    line = LinearRegression().fit([[1.0], [2.0]], [2.0, 4.0])
    files = {
        "plain.csv": b"a,b\n1,x\n2,y\n",
        "tabs.tsv": b"a\tb\n1\tx\n",
        "steps.npy": npy(np.arange(6).reshape(2, 3)),
        "objects.npy": npy(np.array([{"a": 1}], dtype=object), allow_pickle=True),
        "notes.txt": "Grüße\n".encode(),
        "old.pkl": pickle.dumps(Evil()),
        "broken.parquet": b"no table",
    }
    published = alice.publishes("birds.ipynb", values={"clean": TABLE, "line": line}, files=files)
    file = swarmprov.save(published.reference, place / "birds.swarm", home=alice.home)
    return alice, published, file


@pytest.fixture
def bob(world, tmp_path, monkeypatch):
    """Bob, who knows Alice's key, in a folder of his own."""
    alice, _, _ = world
    person = Person("bob", tmp_path)
    trust(person.home, alice.key, "Alice")
    monkeypatch.chdir(person.folder)
    monkeypatch.setenv("SWARMPROV_HOME", str(person.home.root))
    return person


def test_a_parquet_table_comes_back_as_it_was(world, bob, capsys):
    """Values, types and missing values are those of the publisher, and one short line says who signed."""
    _, _, file = world
    clean = swarmprov.open(file, "data/clean.parquet")

    pd.testing.assert_frame_equal(clean, TABLE)
    assert capsys.readouterr().out == "data/clean.parquet: signed by Alice, level signed\n"


def test_a_reference_a_url_and_a_saved_file_open_the_same(world, bob, monkeypatch):
    """`store=` and SWARMPROV_STORE say where to read, as in verify."""
    alice, published, file = world
    store = alice.home.store
    by_file = swarmprov.open(file, "data/plain.csv")
    by_store = swarmprov.open(published.reference, "data/plain.csv", store=store)
    monkeypatch.setenv("SWARMPROV_STORE", str(store))
    by_url = swarmprov.open(f"bzz://{published.reference}/data/plain.csv")

    assert by_file.equals(by_store)
    assert by_file.equals(by_url)
    assert by_file["b"].tolist() == ["x", "y"]


def test_what_was_opened_can_be_opened_again_when_the_file_is_gone(world, bob):
    """The publication is kept in the own store: a line does not break because a stick was taken out."""
    _, published, file = world
    swarmprov.open(file, "data/plain.csv")

    assert swarmprov.open(published.reference, "data/tabs.tsv")["b"].tolist() == ["x"]
    assert verify(published.reference).ok
    assert bytes.fromhex(published.reference) in set(user_store(bob.home).pins())


def test_an_array_and_a_model_come_back(world, bob):
    """``.npy`` gives an array, ``.skops`` a model of types that skops knows to be harmless."""
    _, _, file = world

    assert np.array_equal(swarmprov.open(file, "data/steps.npy"), np.arange(6).reshape(2, 3))
    assert swarmprov.open(file, "models/line.skops").predict([[3.0]]) == pytest.approx([6.0])


def test_anything_else_is_a_path_to_a_read_only_copy(world, bob):
    """A text is no table: its bytes lie in a file that nobody can write to by mistake."""
    _, _, file = world
    path = swarmprov.open(file, "files/notes.txt")

    assert path.read_text("utf-8") == "Grüße\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    assert path.is_relative_to(bob.home.root)
    assert swarmprov.open(file, "files/notes.txt") == path


def test_a_copy_that_was_changed_is_made_anew(world, bob):
    """What lies on the disk is believed only as long as it has the digest."""
    _, _, file = world
    path = swarmprov.open(file, "files/notes.txt")
    path.chmod(0o600)
    path.write_text("forged")

    assert swarmprov.open(file, "files/notes.txt").read_text("utf-8") == "Grüße\n"


def test_a_pickle_is_never_loaded(world, bob):
    """Neither a pickle nor an array that holds one runs: the first is a path, the second is refused in words."""
    _, _, file = world
    path = swarmprov.open(file, "models/old.pkl")

    assert path.name == "old.pkl"
    with pytest.raises(ArtifactError, match="only a pickle can hold"):
        swarmprov.open(file, "data/objects.npy")
    assert swarmprov.open(file, "data/objects.npy", as_path=True).suffix == ".npy"
    assert list(bob.folder.iterdir()) == []


def test_a_file_that_is_not_what_it_is_called_is_told_in_two_sentences(world, bob):
    """A parser's complaint is no traceback."""
    _, _, file = world
    with pytest.raises(ArtifactError, match="cannot be read as what it is called") as error:
        swarmprov.open(file, "data/broken.parquet")

    assert "as_path=True" in error.value.next_step


def test_a_model_of_unknown_types_needs_them_named(bob, tmp_path):
    """A skops file that would call a function of the operating system is not loaded; the type is named."""
    from sklearn.base import BaseEstimator
    from sklearn.preprocessing import FunctionTransformer
    from skops import io as skops_io

    assert issubclass(FunctionTransformer, BaseEstimator)
    data = skops_io.dumps(FunctionTransformer(os.getpid))
    published = bob.publishes("model.ipynb", files={"odd.skops": data})
    with pytest.raises(ArtifactError, match=r"posix\.getpid|os\.getpid") as error:
        swarmprov.open(published.reference, "models/odd.skops")
    named = skops_io.get_untrusted_types(data=data)
    model = swarmprov.open(published.reference, "models/odd.skops", trusted=named)

    assert "trusted=" in error.value.next_step
    assert model.func is os.getpid


def test_without_a_path_it_lists_what_there_is(world, bob):
    """The listing shows names, kinds and sizes as text and as a table, opens nothing, and opens what is asked."""
    _, published, file = world
    found = swarmprov.open(file)

    assert repr(found).startswith("birds.ipynb signed by Alice, level signed: 10 files\n")
    assert "data/clean.parquet   The clean, dataset, " in repr(found)
    assert "<bdi>models/old.pkl</bdi>" in found._repr_html_()
    assert found.reference == published.reference
    assert found.open("data/plain.csv").shape == (2, 2)


def test_an_unknown_signer_needs_a_word(world, tmp_path, capsys):
    """Valid is not enough: the signer is shown with what they claim, and taken only by choice."""
    alice, _, file = world
    nobody = Home(tmp_path / "nobody")
    with pytest.raises(VerificationFailed, match="you do not know its signer") as error:
        swarmprov.open(file, "data/plain.csv", home=nobody)
    with noted() as opened:
        swarmprov.open(file, "data/plain.csv", any_signer=True, home=nobody)

    assert f"swarmprov trust {alice.key} --as NAME" in error.value.next_step
    assert "any_signer=True" in error.value.next_step
    assert [each.parent.any_signer for each in opened] == [True]
    assert f"signed by {alice.key} (unknown signer), level signed" in capsys.readouterr().out


def test_a_known_signer_is_no_any_signer(world, bob):
    """The word changes nothing where the signer is known, and a signer may be demanded."""
    alice, _, file = world
    with noted() as opened:
        swarmprov.open(file, "data/plain.csv", any_signer=True)
        swarmprov.open(file, "data/plain.csv", signer="Alice")
        swarmprov.open(file, "data/plain.csv", signer=alice.key, home=Home(bob.folder / "other"))

    assert [each.parent.any_signer for each in opened] == [False, False, False]
    with pytest.raises(VerificationFailed, match="another key signed"):
        swarmprov.open(file, "data/plain.csv", signer=bob.key)


def test_a_revoked_publication_is_refused_whatever_is_said(world, bob):
    """What its author took back on a network that is asked is not opened, by no word."""
    alice, published, file = world
    alice.revokes(published, on=bob.home)
    for words in ({}, {"any_signer": True}, {"signer": "Alice"}):
        with pytest.raises(VerificationFailed, match="revoked on"):
            swarmprov.open(file, "data/plain.csv", **words)


def test_a_changed_copy_is_refused(world, bob, tmp_path):
    """One byte changed in a copy of the file: nothing is opened and nothing is kept."""
    _, _, file = world
    data = bytearray(file.read_bytes())
    at = data.index(b"1,x")
    data[at] ^= 1
    import hashlib

    body, end = bytes(data[:-42]), bytes(data[-42:-32])
    forged = tmp_path / "forged.swarm"
    forged.write_bytes(body + end + hashlib.sha256(body).digest())
    with pytest.raises(VerificationFailed, match="Nothing was opened"):
        swarmprov.open(forged, "data/clean.parquet", any_signer=True)
    assert not bob.home.store.exists()


@pytest.mark.parametrize(
    ("asked", "says", "error"),
    [
        (("{file}", "data/clean.parket"), "data/clean.parquet", UsageError),
        (("{file}", "manifest.json"), "It holds", UsageError),
        (("{file}", "../secret"), "It holds", UsageError),
        (("bzz://{reference}/data/plain.csv", "data/plain.csv"), "Name the file once", UsageError),
        (("nowhere.swarm", "data/plain.csv"), "Check the name", UsageError),
        (("bzz://12ab/data/plain.csv",), "Copy the whole reference", InvalidReference),
        (("{reference}{reference}", "data/plain.csv"), "Keep it secret", UsageError),
    ],
)
def test_a_wrong_name_is_told_in_two_sentences(world, bob, asked, says, error):
    """A typing mistake, a file that is no subject, two names, no file, half a reference, an encrypted one."""
    _, published, file = world
    with pytest.raises(error) as raised:
        swarmprov.open(*(text.format(file=file, reference=published.reference) for text in asked))

    assert says in raised.value.next_step


def test_the_input_says_whose_it_is(world, bob):
    """Kind, name, digests, size and content id are those of the file; the parent is manifest, content and author."""
    alice, published, file = world
    with noted() as opened:
        swarmprov.open(file, "data/clean.parquet")
    (artifact,) = opened
    entities = verify(file, any_signer=True).statement["predicate"]["entities"]
    stated = next(entity for entity in entities if entity["name"] == "clean")
    receipt = published.receipt

    assert (artifact.run, artifact.name, artifact.kind) == (None, "data/clean.parquet", "dataset")
    assert artifact.stored.content_id == stated["contentId"]
    assert artifact.stored.size == stated["size"]
    assert (artifact.shape, artifact.declaration.license) == ((3, 2), "CC0-1.0")
    assert (artifact.parent.manifest, artifact.parent.content) == (receipt.manifest, receipt.content)
    assert (artifact.parent.author, artifact.parent.subject) == (alice.key, "data/clean.parquet")
    assert artifact.parent.wallet == receipt.wallet.lower()


def test_a_content_id_that_was_made_up_is_not_stated_again(bob, monkeypatch):
    """Whoever opens a table computes its content id anew, and signs for no claim of somebody else's."""
    from swarmprov_nb.artifacts.tables import Tables

    with monkeypatch.context() as lying:
        lying.setattr(Tables, "content_id", lambda *_: "table-v1:sha256:" + "00" * 32)
        published = bob.publishes("lie.ipynb", values={"clean": TABLE})
    with noted() as opened:
        swarmprov.open(published.reference, "data/clean.parquet")

    assert opened[0].stored.content_id.startswith("file:sha256:")


def test_it_opens_from_a_node_that_is_not_trusted(world, bob):
    """From a Bee node it is the same, every chunk hashed; what the node cannot give is refused in words."""
    alice, published, _ = world
    with FakeBee() as bee:
        push(published.reference, store=bee.url, home=alice.home, progress=Told(lambda _: None))
        clean = swarmprov.open(f"bzz://{published.reference}/data/clean.parquet", store=bee.url)
        bee.faults.lying_chunk = True
        with pytest.raises((StorageError, VerificationFailed)):
            swarmprov.open(published.reference, "data/plain.csv", store=bee.url, home=Home(bob.folder / "other"))

    pd.testing.assert_frame_equal(clean, TABLE)


@pytest.mark.parametrize("asked", ["'{0}', 'data/clean.parquet'", "'bzz://{0}/data/clean.parquet'"])
def test_the_cell_that_opens_is_no_secret(asked):
    """A reference in the notebook's source is a digest, and stops no publish."""
    source = f"clean = swarmprov.open({asked.format('4c' * 16 + '9b1e' * 8)})"

    assert scan([("cell 1", source)]) == ()


def test_outside_a_notebook_it_works_and_records_nothing(world, bob):
    """In a script there is nobody to record."""
    _, _, file = world

    assert len(swarmprov.open(file, "data/plain.csv")) == 2
    assert receipts(bob.home) == []
    assert not (bob.folder / ".swarmprov").exists()
