from __future__ import annotations

import json
from itertools import pairwise

import pytest
from studies import CELLS, make_study, write_notebook

from swarmprov_nb.errors import PublishRefused, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.planning import Choices
from swarmprov_nb.publication import listing
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.storing import user_store
from swarmprov_nb.swarm import read_file
from swarmprov_nb.verifying import verify

LOAD = "%load_ext swarmprov"


def files_of(home, reference):
    store = user_store(home)
    return {path: b"".join(read_file(store, at)) for path, at in listing(store, bytes.fromhex(reference)).items()}


def quietly(study, **options):
    said = []
    result = publish(study.notebook, home=study.home, say=said.append, **options)
    return result, "\n".join(said)


def test_a_preview_says_what_leaves_and_publishes_nothing(study):
    """Without yes there is a preview: items with size and kind, total, cost, who signs, chain, and what is public."""
    result, said = quietly(study)

    assert result is None
    assert receipts(study.home) == []
    for words in ("4 items", "clean", "21 B", "CC0-1.0", "free", "did:key:", "0x", "Public for ever", "--yes"):
        assert words in said
    for words in ("Cited: raw.csv", "no licence is stated", "Source and Markdown are public"):
        assert words in said
    assert [line for line in said.splitlines() if len(line) > 100 and " " in line.strip()] == []


def test_a_publication_holds_exactly_what_it_says(study):
    """The folder: manifest, envelope, notebook, artifacts in their folders, the four exports and one seal."""
    result, _ = quietly(study, yes=True)
    files = files_of(study.home, result.reference)
    seal = next(path for path in files if path.startswith("seals/"))

    assert sorted(set(files) - {seal}) == [
        "data/clean.json", "data/summary.csv", "index.html", "manifest.dsse.json", "manifest.json", "models/model.json",
        "prov.json", "requirements.txt", "ro-crate-metadata.json", "study.ipynb",
    ]  # fmt: skip
    assert files["data/clean.json"] == b'[["b","2"],["a","1"]]'
    assert seal == f"seals/author-{result.receipt.wallet.lower()}.json"


def test_unchanged_work_is_not_published_twice(study):
    """A second publish returns the old receipt; --again makes a new one that names the old as previous."""
    first, _ = quietly(study, yes=True)
    second, _ = quietly(study, yes=True)
    third, _ = quietly(study, yes=True, again=True)

    assert second.unchanged
    assert second.reference == first.reference
    assert not third.unchanged
    manifest = json.loads(files_of(study.home, third.reference)["manifest.json"])
    assert manifest["predicate"]["previous"]["manifest"] == first.receipt.manifest
    assert len(receipts(study.home)) == 2
    assert verify(first.reference, home=study.home).checks[-2].detail == f"superseded by {third.reference}"


def test_a_publication_that_is_no_longer_whole_is_stored_again_under_its_reference(study, monkeypatch):
    """Where the store lost chunks, the same publish stores the same bytes again: one reference, one anchor."""
    import shutil

    from swarmprov_nb.errors import SwarmprovError

    first, _ = quietly(study, yes=True)
    lost = study.home.store.with_name("lost")
    study.home.store.rename(lost)
    study.home.store.mkdir(mode=0o700)
    (study.home.root / "contents.sqlite").unlink()
    with pytest.raises(PublishRefused, match="no longer in the store"):
        quietly(study, yes=True)
    shutil.rmtree(study.home.store)
    lost.rename(study.home.store)
    monkeypatch.setattr("swarmprov_nb.publish_steps._whole", lambda *_: False)
    second, _ = quietly(study, yes=True)

    assert (second.reference, second.receipt) == (first.reference, first.receipt)
    assert len(receipts(study.home)) == 1
    with pytest.raises(SwarmprovError):
        verify("00" * 32, home=study.home)


def test_changed_markdown_is_changed_work(study):
    """The notebook counts by all its sources."""
    first, _ = quietly(study, yes=True)
    write_notebook(study.notebook, CELLS, markdown="# Another title")
    second, _ = quietly(study, yes=True)

    assert not second.unchanged
    assert second.reference != first.reference


def test_what_is_hidden_leaves_no_name_type_size_or_time(study):
    """Of a hidden artifact only a commitment and its place in the graph leave; its salt stays in the receipt."""
    result, said = quietly(study, yes=True, choices=Choices(hide=("clean",)))
    files = files_of(study.home, result.reference)
    manifest = json.loads(files["manifest.json"])
    (hidden,) = [entity for entity in manifest["predicate"]["entities"] if entity["disclosure"] == "hidden"]
    everything = b"".join(files.values())

    assert set(hidden) == {"id", "disclosure", "generatedBy", "commitment"}
    assert b"The clean" not in everything
    assert b'[["b","2"],["a","1"]]' not in everything
    salt = result.receipt.salts[hidden["id"]]
    assert salt.encode() not in everything
    assert "Hidden: 1" in said
    assert all(edge["name"] != "clean" for run in manifest["predicate"]["activities"] for edge in run["informedBy"])
    assert verify(result.reference, home=study.home).ok


def test_personal_data_is_hidden_without_asking(tmp_path, study):
    """What a person declared personal is never published by default."""
    from dataclasses import replace

    from swarmprov_nb.lineage import Record

    with Record(study.folder, key=study.home.secret("record.key")) as record:
        lineage = record.lineage(record.sessions()[0].id)
        clean = next(a for a in lineage.artifacts if a.name == "clean")
        record.update_artifact(replace(clean, declaration=replace(clean.declaration, personal_data="pseudonymous")))
    result, said = quietly(study, yes=True)

    assert "data/clean.json" not in files_of(study.home, result.reference)
    assert "summary.csv comes from personal data that stay hidden" in said


def test_a_copy_or_another_version_of_personal_data_is_hidden_too(study):
    """Citing does not uncover personal data, and neither does another name for the same content."""
    from dataclasses import replace

    from swarmprov_nb.lineage import Record

    with Record(study.folder, key=study.home.secret("record.key")) as record:
        lineage = record.lineage(record.sessions()[0].id)
        clean, model = (next(a for a in lineage.artifacts if a.name == name) for name in ("clean", "model"))
        record.update_artifact(replace(clean, declaration=replace(clean.declaration, personal_data="personal")))
        record.update_artifact(replace(model, stored=clean.stored))
    result, said = quietly(study, yes=True, choices=Choices(cite=("clean",)))
    manifest = json.loads(files_of(study.home, result.reference)["manifest.json"])
    named = {entity.get("name") for entity in manifest["predicate"]["entities"]}

    assert named == {None, "raw.csv", "summary.csv"}
    assert "Hidden: 2" in said
    assert verify(result.reference, home=study.home).ok


def test_a_source_that_is_gone_stops_the_publish_unless_it_may_leave(study):
    """A contributing run whose source the notebook no longer holds is named; --old-sources publishes it."""
    write_notebook(study.notebook, {**CELLS, "clean": "clean = 'edited'"})

    with pytest.raises(PublishRefused, match=r"no longer holds the source of: clean \[2\]") as error:
        quietly(study, yes=True)
    assert "--old-sources" in error.value.next_step
    result, said = quietly(study, yes=True, choices=Choices(old_sources=True))
    files = files_of(study.home, result.reference)
    (old,) = [path for path in files if path.startswith("sources/")]
    assert files[old].decode() == CELLS["clean"]
    assert "1 cell edited since the last run: [2]" in said
    assert verify(result.reference, home=study.home).ok


def test_a_secret_stops_the_publish_until_it_is_removed_or_accepted(tmp_path):
    """A token in a cell is found, shown masked, and published only when accepted one by one."""
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5"
    study = make_study(Home(tmp_path / "home"), tmp_path / "leaky", cells={**CELLS, "more": f"token = '{token}'"})

    with pytest.raises(PublishRefused) as error:
        quietly(study, yes=True)
    assert token not in str(error.value)
    words = error.value.next_step.rstrip(".").split()
    accepted = tuple(word for before, word in pairwise(words) if before == "--accept")
    result, said = quietly(study, yes=True, choices=Choices(accept=accepted))
    assert result is not None
    assert token not in said


def test_nothing_secret_or_local_leaves(study):
    """No key, salt, absolute path, user or host name stands in any byte of a publication."""
    import getpass
    import socket

    result, _ = quietly(study, yes=True)
    everything = b"".join(files_of(study.home, result.reference).values())

    for key in study.home.keys.iterdir():
        assert key.read_bytes() not in everything
        assert key.read_bytes().hex().encode() not in everything
    assert str(study.folder).encode() not in everything
    assert str(study.home.root).encode() not in everything
    assert f'"{getpass.getuser()}"'.encode() not in everything
    assert f'"{socket.gethostname()}"'.encode() not in everything


def test_no_chain_means_no_anchor_and_still_a_signed_publication(study):
    """--chain none publishes without an anchor; an unknown chain is named."""
    result, _ = quietly(study, yes=True, chain="none")

    assert result.receipt.anchor is None
    assert verify(result.reference, home=study.home).level == "signed"
    with pytest.raises(UsageError, match="no chain named 'moon'"):
        quietly(study, yes=True, chain="moon")


def test_publishing_from_the_kernel_stores_what_was_only_recognised(kernel, tmp_path):
    """%publish stores a leaf model that nobody declared, if it still is the version that the record knows."""
    cells = {
        "load": LOAD,
        "data": "import numpy as np\nX = np.arange(20.0).reshape(10, 2)\ny = (X[:, 0] > 9).astype(int)",
        "fit": "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression().fit(X, y)",
    }
    k = kernel(cells)
    k.run_all(cells)
    preview = k.run("%publish")
    done = k.run("%publish --yes")
    home = Home(tmp_path / "home")

    assert "Nothing was published" in preview.stdout
    assert "Stored and signed on this machine" in done.stdout
    assert str(home.root) not in preview.stdout + done.stdout  # the notebook that keeps it may be shared
    (receipt,) = receipts(home)
    assert "models/model.skops" in files_of(home, receipt.reference)
    assert verify(receipt.reference, home=home).ok
    verified = k.run(f"%verify {receipt.reference}")
    assert verified.error is None
    assert "Valid: level signed" in verified.stdout
    again = k.run("%publish --yes")
    assert "Unchanged" in again.stdout


def test_a_failing_verify_magic_fails_its_cell(kernel, study, tmp_path):
    """%verify raises where the publication is not valid or its signer not accepted."""
    result, _ = quietly(study, yes=True)
    k = kernel({}, notebook=study.notebook)
    k.run(LOAD)

    assert k.run(f"%verify {result.reference}").error is None
    assert "VerificationFailed" in k.run(f"%verify {result.reference} --require anchored").error
    assert "InvalidReference" in k.run("%verify abc").error


def test_a_declared_artifact_that_is_changed_later_is_published_as_it_was(kernel, tmp_path):
    """The stored version leaves, and the preview says that it was changed later."""
    cells = {
        "load": LOAD,
        "make": "%%provenance make --dataset df --license MIT\nimport pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})",
        "change": "df.loc[0, 'a'] = 99",
    }
    k = kernel(cells)
    k.run_all(cells)
    said = k.run("%publish --yes").stdout
    home = Home(tmp_path / "home")
    (receipt,) = receipts(home)
    (tmp_path / "df.parquet").write_bytes(files_of(home, receipt.reference)["data/df.parquet"])

    import pandas as pd

    assert "changed later" in said
    assert pd.read_parquet(tmp_path / "df.parquet")["a"].tolist() == [1, 2]


def test_a_cell_that_publishes_publishes_nothing_twice(kernel, tmp_path):
    """A cell that only asks is never stated as not run or out of order, so that running it again changes nothing."""
    cells = {"load": LOAD, "make": "open('b.txt', 'w').write('b')", "see": "%provenance", "give": "%publish --yes"}
    k = kernel(cells)
    for key in ("load", "make"):
        k.run(cells[key], key)
    first = k.run(cells["give"], "give").stdout
    k.run(cells["see"], "see")
    second = k.run(cells["give"], "give").stdout

    assert "never run" not in first
    assert "Unchanged since it was published" in second
    assert len(receipts(Home(tmp_path / "home"))) == 1


def test_a_notebook_renamed_under_its_kernel_is_asked_for_once(kernel, tmp_path):
    """What to do next is said, and does it: the record of this kernel is published under the new name."""
    cells = {"load": LOAD, "make": "open('b.txt', 'w').write('b')"}
    k = kernel(cells)
    k.run_all(cells)
    for attempt in range(3):
        k.run(f"{attempt}", f"scratch{attempt}")
    (tmp_path / "work" / "study.ipynb").rename(tmp_path / "work" / "renamed.ipynb")
    lost = k.run("%publish").error
    k.run("%env SWARMPROV_NOTEBOOK=renamed.ipynb")
    said = k.run("%publish --yes").stdout

    assert "study.ipynb is no longer there: it was renamed" in lost
    assert "%env SWARMPROV_NOTEBOOK=" in lost
    assert "Publish renamed.ipynb" in said
    assert "Stored and signed" in said


def test_the_notebook_itself_is_no_input_of_what_it_records(kernel, recorded):
    """%publish reads the notebook's file, and that is not the user's doing."""
    cells = {"load": LOAD, "make": "open('b.txt', 'w').write('b')"}
    k = kernel(cells)
    for key, source in [*cells.items(), ("give", "%publish")]:
        k.run(source, key)

    assert [artifact.name for artifact in recorded().artifacts] == ["b.txt"]


def test_an_input_that_another_cell_wrote_is_said_to_be_none(kernel):
    """The message does not claim that the cell read nothing."""
    k = kernel()
    k.run(LOAD)
    k.run("open('a.csv', 'w').write('a')")
    said = k.run("%%provenance read --input https://example.org/data\nopen('a.csv').read()").error

    assert "this cell read no file that came from outside this notebook" in said
    assert "one that another cell wrote is no input" in said


def test_each_kernel_publishes_what_it_recorded_itself(kernel):
    """With two kernels on one notebook, the older one does not publish what the newer one made."""
    cells = {"load": LOAD, "make": "open('b.txt', 'a').write('b')"}
    older, newer = kernel(cells), kernel(cells)
    for each in (older, newer):
        each.run_all(cells)

    assert " 1 B  file" in older.run("%publish").stdout
    assert " 2 B  file" in newer.run("%publish").stdout


def test_a_fresh_kernel_publishes_what_an_earlier_one_made(kernel):
    """Restart, load, %publish: the newest session that made something is meant."""
    cells = {"load": LOAD, "make": "open('b.txt', 'w').write('b')"}
    earlier, fresh = kernel(cells), kernel(cells)
    earlier.run_all(cells)
    fresh.run(LOAD, "load")

    assert "b.txt" in fresh.run("%publish").stdout


def test_cells_that_never_ran_or_ran_out_of_order_are_stated(kernel, tmp_path):
    """The preview and the manifest name cells that were edited, never run, failed or run out of order."""
    cells = {"load": LOAD, "b": "open('b.txt', 'w').write(str(a))", "a": "a = 1", "never": "c = 3", "bad": "1 / 0"}
    k = kernel(cells)
    for key in ("load", "a", "b", "bad"):
        k.run(cells[key], key)
    said = k.run("%publish --yes").stdout
    home = Home(tmp_path / "home")
    manifest = json.loads(files_of(home, receipts(home)[0].reference)["manifest.json"])

    assert manifest["predicate"]["notebook"]["unrun"] == ["never"]
    assert manifest["predicate"]["notebook"]["failed"] == ["bad"]
    assert manifest["predicate"]["notebook"]["outOfOrder"] == ["a"]
    assert "1 cell never run: cell 5" in said
    assert "1 cell failed: [4]" in said
