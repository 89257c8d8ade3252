"""The line across people: from what one opened to the manifest, the chain, the report and the picture."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pandas as pd
import pytest
from people import Person, noted

import swarmprov
from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.cli import main
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.lineage import Artifact, Record
from swarmprov_nb.manifest.statement import parents_of
from swarmprov_nb.parents import DERIVED
from swarmprov_nb.planning import Choices
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.showing import lineage
from swarmprov_nb.signers import trust
from swarmprov_nb.upstream_picture import Upstream
from swarmprov_nb.verifying import verify

TABLE = pd.DataFrame({"bird": ["a", "b"], "grams": [3750.0, 3800.5]})


@pytest.fixture
def alice(tmp_path):
    return Person("alice", tmp_path)


@pytest.fixture
def bob(tmp_path, alice, monkeypatch):
    """Bob, who knows Alice; the commands and verbs of a test are his where no home is named."""
    person = Person("bob", tmp_path)
    trust(person.home, alice.key, "Alice")
    monkeypatch.setenv("SWARMPROV_HOME", str(person.home.root))
    return person


@pytest.fixture
def carol(tmp_path, bob):
    """Carol, who knows Bob and nobody else."""
    person = Person("carol", tmp_path)
    trust(person.home, bob.key, "Bob")
    return person


@pytest.fixture
def clean(alice):
    """What Alice published."""
    return alice.publishes("clean.ipynb", values={"clean": TABLE}, chain=NO_CHAIN)


def carried(published, person, path, *, to, any_signer=False):
    """Give a publication to somebody as a file, and open one of its files there."""
    file = to.folder / f"{person.name}-{published.reference[:6]}.swarm"
    swarmprov.save(published.reference, file, overwrite=True, home=person.home)
    with noted() as opened:
        swarmprov.open(file, path, any_signer=any_signer, home=to.home)
    return opened[0]


def predicate_of(published, person):
    report = verify(published.reference, home=person.home)
    assert report.ok, report
    return report.statement["predicate"]


def check(report, name):
    return next(each for each in report.checks if each.name == name)


# -- what is stated


def test_the_manifest_states_the_parent_and_its_input(alice, bob, clean):
    """Manifest, content and author of the parent, once; the cited input names the parent and its file, no reference."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    other = carried(clean, alice, "clean.ipynb", to=bob)
    model = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[opened, other], chain=NO_CHAIN)
    predicate = predicate_of(model, bob)
    inputs = [entity for entity in predicate["entities"] if "parent" in entity]

    assert predicate["parents"] == [
        {"manifest": clean.receipt.manifest, "content": clean.receipt.content, "author": alice.key}
    ]
    assert [entity["parent"] for entity in inputs] == [
        {"manifest": clean.receipt.manifest, "subject": "clean.ipynb"},
        {"manifest": clean.receipt.manifest, "subject": "data/clean.parquet"},
    ]
    assert [entity["disclosure"] for entity in inputs] == ["cited", "cited"]
    assert inputs[1]["contentId"] == opened.stored.content_id
    assert inputs[1]["license"] == "CC0-1.0"
    assert predicate["activities"][0]["used"] == [
        {"entity": entity["id"], "confidence": "exact"} for entity in inputs
    ]
    assert clean.reference not in json.dumps(predicate)


def test_two_parents_stand_in_one_order_however_they_were_opened(alice, bob):
    """Parents are sorted by manifest; files of one name from two publications stay apart."""
    first = alice.publishes("one.ipynb", values={"clean": TABLE}, chain=NO_CHAIN)
    second = alice.publishes("two.ipynb", values={"clean": TABLE * 2}, chain=NO_CHAIN)
    opened = [carried(each, alice, "data/clean.parquet", to=bob) for each in (first, second)]
    disclosed = {each.id: "cited" for each in opened}
    model = bob.publishes("model.ipynb", values={"model": TABLE}, opened=opened[::-1], chain=NO_CHAIN)
    entities = [each for each in predicate_of(model, bob)["entities"] if "parent" in each]

    assert parents_of(opened, disclosed) == parents_of(opened[::-1], disclosed) == predicate_of(model, bob)["parents"]
    assert len({each["parent"]["manifest"] for each in entities}) == 2
    assert [each["name"] for each in entities] == ["data/clean.parquet", "data/clean.parquet (2)"]


def test_what_did_not_contribute_is_no_parent(alice, bob, clean):
    """A publication that was opened, and of which nothing that is published came, is not stated."""
    path = bob.records("model.ipynb", values={"model": TABLE}, opened=[])
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    with Record(bob.folder, key=bob.home.secret(RECORD_KEY)) as record:
        (session,) = record.sessions()
        last = record.lineage(session.id).runs[-1]
        later = replace(last, id=f"{session.id}:3", sequence=3, cell_id="later")
        record.add_run(later, artifacts=[replace(opened, id=f"{session.id}/{opened.id}")])
    model = publish(path, yes=True, home=bob.home, chain=NO_CHAIN, say=lambda _: None)

    assert predicate_of(model, bob)["parents"] == []


def test_a_hidden_input_names_no_parent(alice, bob, clean):
    """What is hidden is hidden whole: neither the input nor the parents tell where it came from, and Bob is told so."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    model = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[opened], chain=NO_CHAIN,
                          choices=Choices(hide=("data/clean.parquet",)))  # fmt: skip
    predicate = predicate_of(model, bob)

    assert predicate["parents"] == []
    assert clean.receipt.manifest not in json.dumps(predicate)
    assert any("is hidden: that it came from another's publication is not stated" in line for line in model.advice)


def test_an_unknown_signer_is_stated_and_said_before(alice, carol, clean):
    """The manifest says that the author was taken by choice; the preview says it, and what of the parent is public."""
    opened = carried(clean, alice, "data/clean.parquet", to=carol, any_signer=True)
    path = carol.records("model.ipynb", values={"model": TABLE}, opened=[opened])
    said: list[str] = []
    model = publish(path, yes=True, home=carol.home, chain=NO_CHAIN, say=said.append)
    (entity,) = [each for each in predicate_of(model, carol)["entities"] if "parent" in each]
    preview = " ".join("\n".join(said).split())

    assert entity["parent"]["anySigner"] is True
    assert "data/clean.parquet was taken from a signer whom you did not know: the manifest says so" in preview
    assert "Builds on 1 publication: its manifest's digest, content reference and author key are stated" in preview
    assert f"opened from a publication by {alice.key[:16]}…" in preview


def test_unchanged_work_on_the_same_parent_publishes_nothing_new(alice, bob, clean):
    """The workId holds the parents: the same once more is the old receipt, another parent is another work."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    model = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[opened], chain=NO_CHAIN)
    same = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[opened], chain=NO_CHAIN)
    again = alice.publishes("clean.ipynb", values={"clean": TABLE}, chain=NO_CHAIN, again=True)
    reopened = carried(again, alice, "data/clean.parquet", to=bob)
    other = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[reopened], chain=NO_CHAIN)

    assert (same.unchanged, same.reference) == (True, model.reference)
    assert not other.unchanged
    assert predicate_of(other, bob)["parents"][0]["manifest"] == again.receipt.manifest


# -- on the chain


def test_the_anchor_carries_the_edge_to_the_wallet_that_sealed_the_parent(alice, bob, clean):
    """The edge names Alice's wallet and manifest with relation 2; verify compares it, and a walk finds it."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    model = bob.publishes("model.ipynb", values={"model": TABLE}, opened=[opened])
    chain = open_embedded(bob.home.chain, create=False)
    subject = bytes.fromhex(clean.receipt.manifest)
    (edge,) = chain.edges_of(model.receipt.wallet, bytes.fromhex(model.receipt.manifest))
    (event,) = chain.lineage(clean.receipt.wallet, subject)

    assert (edge.attester, edge.subject, edge.relation) == (clean.receipt.wallet, subject, DERIVED)
    assert event.child.hex() == model.receipt.manifest
    assert check(verify(model.reference), "anchor").outcome == "pass"


# -- the line


def test_the_line_goes_from_work_to_work(alice, bob, carol, clean):
    """Carol sees Bob's and Alice's work, each by her own list, with what was taken from each."""
    model = bob.publishes("model.ipynb", values={"model": TABLE}, chain=NO_CHAIN,
                          opened=[carried(clean, alice, "data/clean.parquet", to=bob)])  # fmt: skip
    opened = carried(model, bob, "data/model.parquet", to=carol)
    carried(clean, alice, "clean.ipynb", to=carol, any_signer=True)
    path = carol.records("plot.ipynb", values={"plot": TABLE}, opened=[opened])
    line = Upstream.of(lineage(path, home=carol.home), title="plot.ipynb", home=carol.home)

    assert line.text.splitlines() == [
        "plot.ipynb",
        "└─ model.ipynb · Bob · level signed · data/model.parquet",
        f"   └─ clean.ipynb · {alice.key[:16]}…{alice.key[-4:]} (unknown) · level signed · data/clean.parquet",
    ]
    assert all(name in line.svg for name in ("plot.ipynb", "model.ipynb", "clean.ipynb", "Bob", "clean.parquet"))
    assert "cell run" not in line.svg
    told = line.to_json()
    assert [one["notebook"] for one in told["publications"]] == ["model.ipynb", "clean.ipynb"]
    assert told["publications"][0]["parents"][0]["manifest"] == clean.receipt.manifest
    assert line.summary == "plot.ipynb builds on 2 publications."
    assert set(line._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_the_line_says_where_it_ends_and_why(alice, bob, carol, clean):
    """Of an ancestor that is not at hand it tells what the work below states of it, and that it is not there."""
    model = bob.publishes("model.ipynb", values={"model": TABLE}, chain=NO_CHAIN,
                          opened=[carried(clean, alice, "data/clean.parquet", to=bob)])  # fmt: skip
    file = swarmprov.save(model.reference, carol.folder / "model.swarm", home=bob.home)
    report = verify(file, home=carol.home)

    assert (report.exit_code, check(report, "upstream").outcome) == (0, "not checked")
    assert "1 not in your store" in check(report, "upstream").detail
    text = str(report)
    assert f"author   {alice.key}" in text
    assert f"manifest {clean.receipt.manifest}" in text
    assert f"content  {clean.receipt.content}" in text
    assert "the line ends here: its publication is not in your store" in text
    assert report.to_json()["upstream"]["parents"][0]["taken"][0]["subject"] == "data/clean.parquet"


def test_a_revoked_ancestor_is_marked_and_fails_only_itself(alice, bob, clean):
    """After Alice took hers back, hers fails for Bob, and his stays what it is, with the mark on it."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    path = bob.records("model.ipynb", values={"model": TABLE}, opened=[opened])
    model = publish(path, yes=True, home=bob.home, say=lambda _: None)
    assert verify(clean.reference).ok
    alice.revokes(clean, on=bob.home)
    hers, his = verify(clean.reference), verify(model.reference)
    line = Upstream.of(lineage(path, home=bob.home), title="model.ipynb", home=bob.home)

    assert (hers.exit_code, hers.failed[0].name) == (1, "anchor")
    assert (his.exit_code, check(his, "upstream").outcome) == (0, "not checked")
    assert "REVOKED: clean.ipynb by Alice" in check(his, "upstream").detail
    assert "REVOKED: revoked on" in line.text
    assert "level none" in line.text
    assert "revoked or wrong" in line.svg
    assert "REVOKED" in line.summary


def test_a_superseded_ancestor_is_marked(alice, bob, clean):
    """Where the publication that follows it is at hand too, the line says so; one by another author is none."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    path = bob.records("model.ipynb", values={"model": TABLE}, opened=[opened])
    newer = alice.publishes("clean.ipynb", values={"clean": TABLE * 2}, chain=NO_CHAIN)
    before = Upstream.of(lineage(path, home=bob.home), title="", home=bob.home).text
    carried(newer, alice, "data/clean.parquet", to=bob)
    after = Upstream.of(lineage(path, home=bob.home), title="", home=bob.home).text

    assert "superseded" not in before
    assert f"superseded by {newer.reference}" in after


def test_a_damaged_copy_of_an_ancestor_ends_the_line(alice, bob, clean, monkeypatch):
    """What does not verify here is not shown as if it did."""
    from swarmprov_nb import upstream

    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    path = bob.records("model.ipynb", values={"model": TABLE}, opened=[opened])
    monkeypatch.setattr(upstream, "_stated_at", lambda *_: (None, "seals: there is no seal by the author"))
    line = Upstream.of(lineage(path, home=bob.home), title="model.ipynb", home=bob.home)

    assert "the copy in your store does not verify (seals: there is no seal by the author)" in line.text
    assert "level" not in line.text


def test_work_on_nobody_elses_says_so(bob):
    """Without a parent there is one line and no picture."""
    path = bob.records("model.ipynb", values={"model": TABLE})
    line = Upstream.of(lineage(path, home=bob.home), title="model.ipynb", home=bob.home)

    assert "builds on nobody else's publication" in line.text
    assert set(line._repr_mimebundle_()) == {"text/plain"}


def test_the_command_shows_the_line(alice, bob, clean, capsys):
    """As text, as JSON and as a picture; with what does not go with it, it says so."""
    opened = carried(clean, alice, "data/clean.parquet", to=bob)
    path = str(bob.records("model.ipynb", values={"model": TABLE}, opened=[opened]))
    capsys.readouterr()
    assert main(["show", path, "--upstream"]) == 0
    assert "clean.ipynb · Alice · level signed" in capsys.readouterr().out
    assert main(["show", path, "--upstream", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "swarmprov-upstream/1"
    assert main(["show", path, "--upstream", "--svg", str(bob.folder / "line.svg")]) == 0
    assert (bob.folder / "line.svg").read_text("utf-8").startswith("<svg")
    assert main(["show", path, "--upstream", "--table"]) == 2


# -- the record


def test_a_record_with_a_parent_is_of_version_2_and_one_without_stays_as_it_was(alice, bob, clean):
    """Older programs go on reading records that hold nothing new; marks of old rows hold."""
    bob.records("plain.ipynb", values={"model": TABLE})
    path = bob.folder / ".swarmprov" / "record.sqlite"

    assert _version(path) == 1
    assert "parent" not in _bodies(path)
    bob.records("model.ipynb", values={"model": TABLE}, opened=[carried(clean, alice, "clean.ipynb", to=bob)])
    assert _version(path) == 2
    for name in ("plain.ipynb", "model.ipynb"):
        assert lineage(bob.folder / name, home=bob.home).session.trusted
    (opened,) = [a for a in lineage(bob.folder / "model.ipynb", home=bob.home).artifacts if a.parent]
    assert opened.parent.manifest == clean.receipt.manifest


def test_a_parent_that_was_changed_behind_the_recorder_makes_the_record_foreign(alice, bob, clean):
    """Nobody slips another parent into a record that will be published."""
    path = bob.records("model.ipynb", values={"m": TABLE}, opened=[carried(clean, alice, "clean.ipynb", to=bob)])
    database = sqlite3.connect(bob.folder / ".swarmprov" / "record.sqlite")
    with database:
        database.execute("UPDATE artifacts SET body = replace(body, ?, ?)", (clean.receipt.manifest, "ab" * 32))
    database.close()

    assert not lineage(path, home=bob.home).session.trusted


def _version(path):
    database = sqlite3.connect(path)
    found = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return found


def _bodies(path):
    database = sqlite3.connect(path)
    found = " ".join(row[0] for row in database.execute("SELECT body FROM artifacts"))
    database.close()
    return found


# -- in a notebook


def test_a_cell_that_opens_is_recorded_with_its_parent(alice, clean, kernel, recorded, tmp_path):
    """The opened file is an input of its run, the saved file is none; what a pause opens is none."""
    home = Home(tmp_path / "home")
    trust(home, alice.key, "Alice")
    k = kernel({"open": "x"})
    swarmprov.save(clean.reference, tmp_path / "work" / "alice.swarm", home=alice.home)
    k.run("%load_ext swarmprov")
    k.run("import swarmprov")
    said = k.run("clean = swarmprov.open('alice.swarm', 'data/clean.parquet')", "open")
    k.run("listed = swarmprov.open('alice.swarm')", "list")
    k.run("again = listed.open('data/clean.parquet')", "again")
    k.run("total = clean['grams'].sum()\nopen('total.txt', 'w').write(str(total))", "sum")
    shown = k.run("%provenance --upstream")
    k.run("%provenance --pause")
    paused = k.run("other = swarmprov.open('alice.swarm', 'clean.ipynb')")
    k.run("%provenance --resume")
    k.run("last = 1")
    found = recorded()
    inputs: list[Artifact] = [each for each in found.artifacts if each.run is None]
    runs = {run.cell_id: run.id for run in found.runs}

    assert said.stdout == "data/clean.parquet: signed by Alice, level signed\n"
    assert [(each.name, each.parent and each.parent.author) for each in inputs] == [("data/clean.parquet", alice.key)]
    assert {use.run for use in found.uses if use.artifact == inputs[0].id} == {runs["open"], runs["again"]}
    assert "clean.ipynb · Alice · level signed · data/clean.parquet" in shown.text
    assert "data:image/svg+xml" in shown.bundle["text/html"]
    made = next(each for each in found.artifacts if each.name == "clean")
    assert made.run == runs["open"]
    assert "(not recorded: no cell run is under way)" in paused.stdout
