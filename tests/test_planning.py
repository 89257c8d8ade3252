"""What a plan refuses before anything leaves, each in two sentences."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest
from studies import CELLS, make_study, write_notebook

from swarmprov_nb.errors import PublishRefused, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.planning import Choices
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
        carry_out(planned, publisher, say=lambda _: None)
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
    import swarmprov_nb.publishing as room

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
