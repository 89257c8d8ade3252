"""What a plan refuses before anything leaves, each in two sentences."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
from dataclasses import replace

import pytest
from studies import CELLS, SESSION, make_study, write_notebook

from swarmprov_nb.errors import PublishRefused, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Record
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.offer import offer
from swarmprov_nb.planning import Choices
from swarmprov_nb.previewing import preview
from swarmprov_nb.progress import STAGES, PublishCancelled, Told
from swarmprov_nb.publishing import NO_CHAIN, Publisher, carry_out, plan_of, publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.showing import lineage
from swarmprov_nb.verifying import verify

TOKEN = "ghp_" + "k2J8vQx4mN7bT1rY5wZ3" + "cD6fG9hL0pSaWq3E"


def _plan(study, **choices):
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    found = lineage(study.notebook, home=study.home)
    return plan_of(Notebook.read(study.notebook), found, publisher, choices=Choices(**choices))


def _record(study):
    return sqlite3.connect(study.folder / ".swarmprov" / "record.sqlite")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE runs SET body = replace(body, 'sorted(clean)', 'sorted(fake)')",
        "UPDATE runs SET body = replace(body, '\"ok\"', '\"error\"') WHERE sequence = 1",
        "UPDATE artifacts SET body = replace(body, 'The clean', 'The honest')",
        "UPDATE edges SET confidence = 'assumed'",
        "DELETE FROM edges WHERE name = 'seen'",
        "DELETE FROM uses",
        "UPDATE sessions SET environment = '{}'",
        "UPDATE runs SET mark = ''",
    ],
)
def test_a_record_with_a_changed_row_is_foreign(study, change):
    """Whatever row was touched by hand, the record is shown and never published."""
    with _record(study) as db:
        assert db.execute(change).rowcount
    db.close()
    with pytest.raises(PublishRefused, match="not made by this user's swarmprov, or was changed"):
        _plan(study)


def test_a_record_from_another_home_is_foreign(study, tmp_path):
    """A copied project is not published under one's own key."""
    other = Home(tmp_path / "other")
    shutil.copytree(study.home.store, other.private_folder(other.root) / "store")
    study.home = other
    with pytest.raises(PublishRefused, match="--execute"):
        _plan(study)


def test_a_source_that_is_gone_stops_it(study):
    """The source of a contributing run must be in the notebook, or leave as an old source by the person's word."""
    write_notebook(study.notebook, {**CELLS, "clean": "clean = []"})
    with pytest.raises(PublishRefused, match="no longer holds the source of: clean"):
        _plan(study)
    planned = _plan(study, old_sources=True)
    assert list(planned.sources.values()) == [CELLS["clean"].encode()]
    assert planned.remarks["edited"] == ("clean",)
    published = publish(study.notebook, yes=True, chain=NO_CHAIN, choices=Choices(old_sources=True), home=study.home,
                        say=lambda _: None)  # fmt: skip
    assert verify(published.reference, home=study.home).exit_code == 0


def test_bytes_that_are_gone_stop_it(study):
    """A store that was emptied cannot be published from."""
    shutil.rmtree(study.home.store)
    with pytest.raises(PublishRefused, match="no longer in the store"):
        _plan(study)


def test_a_notebook_that_made_nothing(tmp_path, study):
    """Where everything is hidden or cited there is nothing to publish."""
    with pytest.raises(PublishRefused, match="is left to publish: what it made is hidden or cited"):
        _plan(study, hide=("clean", "model"), cite=("summary.csv",))


def test_a_name_that_is_none(study):
    """A wrong name lists the right ones."""
    with pytest.raises(UsageError, match="clean") as told:
        _plan(study, hide=("cleen",))
    assert "cleen" in told.value.what


def test_a_finding_stops_it_until_it_is_accepted(tmp_path):
    """A token in a cell stops the publish, by its rule and place, until exactly it is accepted."""
    study = make_study(Home(tmp_path / "home"), tmp_path / "work", cells={**CELLS, "read": f"raw = 1\nkey = '{TOKEN}'"})
    planned = _plan(study)
    (finding,) = planned.stopping
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    with pytest.raises(PublishRefused) as told:
        carry_out(planned, publisher, progress=Told(lambda _: None))
    assert finding.id in told.value.next_step
    assert TOKEN not in str(told.value)
    assert receipts(study.home) == []
    assert _plan(study, accept=("0000",)).stopping == planned.stopping
    assert _plan(study, accept=(finding.id,)).stopping == ()


def test_attachments_leave_as_files_and_verify(study):
    """A picture inside a Markdown cell is published beside the notebook, named in it, and the whole verifies."""
    document = json.loads(study.notebook.read_text())
    document["cells"][0]["attachments"] = {"plot.png": {"image/png": "iVBORw0KGgo="}}
    study.notebook.write_text(json.dumps(document))
    assert [attachment.name for attachment in _plan(study).attached] == ["plot.png"]
    published = publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    assert verify(published.reference, home=study.home).exit_code == 0


def test_what_would_not_verify_is_not_signed(study, monkeypatch):
    """A manifest that breaks a rule is refused before the first signature, and leaves no journal."""
    import swarmprov_nb.publish_steps as room

    honest = room.draft

    def broken(*arguments, **options):
        drafted = honest(*arguments, **options)
        drafted.statement["predicate"]["activities"].reverse()
        return drafted

    monkeypatch.setattr(room, "draft", broken)
    with pytest.raises(SwarmprovError, match="would not verify"):
        publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=lambda _: None)
    assert not list(study.home.journal.glob("*.jsonl"))
    assert receipts(study.home) == []


def test_a_choice_that_changes_nothing_is_said(study):
    """Citing what has no part in it, and accepting a finding that is none, are answered in words."""
    planned = _plan(study, cite=("raw.csv",), hide=("clean", "model"), accept=("0000",))
    assert "there is no finding 0000 to accept" in planned.advice
    assert not [line for line in planned.advice if "not cited" in line]
    with Record(study.folder, key=study.home.secret("record.key")) as record:
        found = record.lineage(record.sessions()[0].id)
        lone = next(a for a in found.artifacts if a.name == "clean")
        run = replace(found.runs[-1], id=f"{SESSION}:9", sequence=9, source="lone = 1", source_sha256="0" * 64)
        record.add_run(run, artifacts=[replace(lone, id=f"{run.id}/lone@1", run=run.id, name="lone")])
    planned = _plan(study, cite=("lone",))
    assert "lone is not cited: nothing that is published came from it" in planned.advice


def test_words_about_the_whole_publication_enter_the_manifest(study):
    """Licence (in SPDX's spelling), purpose and contact are stated over the settings, and are looked through too."""
    choices = Choices(license="cc0-1.0", purpose="teaching", contact="ana@uni.example.edu")
    planned = _plan(study, license="cc0-1.0", purpose="teaching", contact="ana@uni.example.edu")
    assert planned.statements == {"license": "CC0-1.0", "purpose": "teaching", "contact": "ana@uni.example.edu"}
    assert not [line for line in planned.advice if "no licence is stated" in line]
    assert planned.findings == ()  # the address is there on purpose
    assert _plan(study, purpose=f"made with {TOKEN}").stopping[0].place == "purpose"
    with pytest.raises(UsageError, match="no SPDX licence"):
        _plan(study, license="my own")
    with pytest.raises(UsageError, match="over 10,000"):
        _plan(study, purpose="x" * 10_001)
    published = publish(study.notebook, yes=True, chain=NO_CHAIN, choices=choices, home=study.home, say=lambda _: None)
    statement = verify(published.reference, home=study.home).statement
    assert statement["predicate"]["statements"] == planned.statements


def test_what_was_looked_through_is_not_again(study, monkeypatch):
    """With a memory a second plan scans only what changed, and finds the same."""
    from swarmprov_nb.manifest import findings
    from swarmprov_nb.scanning import Memory

    publisher, memory = Publisher.of(study.home, chain=NO_CHAIN), Memory()

    def planned(**choices):
        notebook = Notebook.read(study.notebook)
        found = lineage(study.notebook, home=study.home)
        return plan_of(notebook, found, publisher, choices=Choices(**choices), memory=memory)

    first = planned()
    scanned = []
    honest = findings.scan
    monkeypatch.setattr(findings, "scan", lambda texts, **rest: scanned.append(1) or honest(texts, **rest))
    assert planned().findings == first.findings
    assert scanned == []
    planned(purpose="new words")
    assert scanned == [1]


def test_an_offer_keeps_what_was_left_out_in_its_list(study):
    """An item hidden by its id stays listed, unticked, and in its place; what no choice decides cannot be unticked."""
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    before = offer(_plan(study), publisher)
    (summary,) = [item for item in before["items"] if item["name"] == "summary.csv"]
    after = offer(_plan(study, hide=(summary["id"],)), publisher)

    assert [item["id"] for item in after["items"]] == [item["id"] for item in before["items"]]
    assert [item["ticked"] for item in before["items"]] == [True, True, True, True, False]
    assert [item["ticked"] for item in after["items"]] == [True, False, True, True, False]
    assert [item["fixed"] for item in after["items"]] == [False, False, False, True, True]
    assert after["items"][1]["why"] == "left out: nothing of it leaves"
    assert after["total"]["items"] == before["total"]["items"] - 1
    assert after["choices"]["hide"] == [summary["id"]]
    assert json.loads(json.dumps(after)) == after
    assert "summary.csv" not in preview(_plan(study, hide=(summary["id"],)), publisher).split("signed by")[0]


def test_an_offer_says_where_a_finding_is(tmp_path):
    """A finding names its cell, and an accepted one stays listed, so that it can be taken back."""
    study = make_study(Home(tmp_path / "home"), tmp_path / "work", cells={**CELLS, "read": f"raw = 1\nkey = '{TOKEN}'"})
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    (found,) = offer(_plan(study), publisher)["findings"]
    assert (found["cell_id"], found["line"], found["stops"], found["accepted"]) == ("read", 2, True, False)
    (accepted,) = offer(_plan(study, accept=(found["id"],)), publisher)["findings"]
    assert (accepted["id"], accepted["stops"], accepted["accepted"]) == (found["id"], False, True)


def test_a_path_and_an_address_in_a_cell_are_shown_with_their_cell(tmp_path):
    """Neither stops the publish; an address that is declared as contact is there on purpose."""
    told = "# of ada@uni.org\nraw = open('/home/ada/raw.csv')"
    study = make_study(Home(tmp_path / "home"), tmp_path / "work", cells={**CELLS, "read": told})
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    found = offer(_plan(study), publisher)["findings"]
    assert [(each["rule"], each["cell_id"], each["line"]) for each in found] == [
        ("e-mail", "read", 1), ("absolute path", "read", 2)]  # fmt: skip
    assert not any(each["stops"] for each in found)
    (path,) = offer(_plan(study, contact="Ada <ada@uni.org>"), publisher)["findings"]
    assert path["rule"] == "absolute path"
    assert path["advice"].startswith("Write it relative to the notebook")


def test_advice_names_what_has_no_licence_once(study):
    """One line for all, without a command's words; the text preview adds them, and a licence for all settles it."""
    publisher = Publisher.of(study.home, chain=NO_CHAIN)
    planned = _plan(study)
    (said,) = [line for line in planned.advice if "no licence" in line]
    assert said == "no licence is stated for summary.csv: nobody may use it"
    assert "summary.csv: nobody may use it (--license SPDX" in preview(planned, publisher)
    assert not [line for line in _plan(study, license="MIT").advice if "no licence" in line]


def test_a_cell_with_a_number_that_was_not_seen_is_not_called_never_run(study):
    """Where the file has an execution count and the record no run, it ran before recording or elsewhere."""
    document = json.loads(study.notebook.read_text())
    extra = {"cell_type": "code", "metadata": {}, "outputs": []}
    document["cells"] += [{**extra, "id": "early", "source": "early = 1", "execution_count": 3},
                          {**extra, "id": "never", "source": "never = 1", "execution_count": None}]  # fmt: skip
    study.notebook.write_text(json.dumps(document))
    planned = _plan(study)
    assert planned.remarks["unrun"] == ("early", "never")
    assert "1 cell ran before recording began, or in another session: cell 6" in planned.advice
    assert "1 cell never run: cell 7" in planned.advice


class Stop:
    """Progress that cancels when a stage is about to begin."""

    def __init__(self, at):
        self.at, self.stages, self.said = at, [], []

    def stage(self, name):
        self.stages.append(name)

    def bytes(self, done, total):
        self.said.append((done, total))

    def detail(self, words, link=None):
        pass

    def check(self):
        if len(self.stages) == self.at:
            raise PublishCancelled


def test_progress_names_every_stage_and_counts_every_byte(study):
    """Stages come in order; the bytes end at the total, which is what the publication holds."""
    progress = Stop(at=99)
    planned, publisher = _plan(study), Publisher.of(study.home)
    carry_out(planned, publisher, progress=progress)
    assert tuple(progress.stages) == tuple(stage for stage in STAGES if stage != "push")
    done, total = progress.said[-1]
    assert done == total > planned.size
    assert [each[0] for each in progress.said] == sorted(each[0] for each in progress.said)


def test_what_no_verifier_would_read_is_not_published(study, monkeypatch):
    """What a verifier takes for a few chunks without end is refused before it is anchored, with what to do."""
    for bound in ("_FREE_BYTES", "_REPEATS"):
        monkeypatch.setattr(f"swarmprov_nb.checking.{bound}", 0)
    publisher = Publisher.of(study.home)
    with pytest.raises(PublishRefused, match="repeated") as told:
        carry_out(_plan(study), publisher, progress=Told(lambda _: None))

    assert "compressed" in told.value.next_step
    assert receipts(study.home) == []


@pytest.mark.parametrize("at", range(6))
def test_a_cancelled_publish_goes_on_from_there(study, at):
    """Cancelled before any stage nothing is published; the next publish gives one publication with one anchor."""
    planned, publisher = _plan(study), Publisher.of(study.home)
    with pytest.raises(PublishCancelled):
        carry_out(planned, publisher, progress=Stop(at=at))
    assert receipts(study.home) == []
    entries = [path.read_text() for path in study.home.journal.glob("*.jsonl")]
    result = carry_out(planned, publisher, progress=Stop(at=99))
    (receipt,) = receipts(study.home)
    assert not result.unchanged
    assert all(result.receipt.manifest == sha256_of_manifest(text) for text in entries)
    assert len(list(publisher.anchors().lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))) == 1


def sha256_of_manifest(journal):
    entries = dict(json.loads(line) for line in journal.splitlines())
    return hashlib.sha256(base64.b64decode(entries["manifest"]["manifest"])).hexdigest()


def test_nothing_is_anchored_that_is_not_whole(tmp_path, study):
    """A chunk below the root that is gone stops the publish before its anchor, and names the file."""
    planned, publisher = _plan(study), Publisher.of(study.home)
    honest = publisher.keeper.store.has
    leaf = bytes.fromhex(planned.published[0].stored.reference)
    stages = Stop(at=99)

    def has(addresses):
        held = honest(addresses)
        return [
            each and (address != leaf or "store" not in stages.stages)
            for each, address in zip(held, addresses, strict=True)
        ]

    publisher.keeper.store.has = has
    with pytest.raises(PublishRefused, match=r"data/clean\.json are no longer whole"):
        carry_out(planned, publisher, progress=stages)
    assert receipts(study.home) == []


def test_own_work_comes_before_what_another_home_recorded_later(study, tmp_path):
    """Two people who record one notebook in one folder each publish their own session."""
    from dataclasses import replace

    from studies import SESSION

    from swarmprov_nb.home import RECORD_KEY, Home
    from swarmprov_nb.lineage import Record
    from swarmprov_nb.showing import lineage

    other = Home(tmp_path / "other")
    own = lineage(study.notebook, home=study.home)
    with Record(study.folder, key=other.secret(RECORD_KEY)) as record:
        record.add_session(replace(own.session, id="9" + SESSION[1:], started=own.session.started + 60))
        run = replace(own.runs[0], id="9:1", session="9" + SESSION[1:])
        record.add_run(run, artifacts=[replace(own.artifacts[-1], id="9:1/x@1", run="9:1")])

    assert lineage(study.notebook, home=study.home).session.id == SESSION
    assert lineage(study.notebook, home=other).session.id == "9" + SESSION[1:]
