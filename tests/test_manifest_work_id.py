"""The workId: the same for unchanged work however often it ran, another for anything that matters."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest

from swarmprov_nb.drafting import draft
from swarmprov_nb.lineage import Declaration
from swarmprov_nb.manifest.work_id import work_id
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.planning import Choices
from swarmprov_nb.publishing import Publisher, plan_of
from swarmprov_nb.showing import lineage

EXAMPLE = json.loads((Path(__file__).parent / "goldens" / "manifest-example.json").read_text("utf-8"))
SOURCES = ["# Title", "1 + 1"]
HIDDEN = {e["id"]: "content-of-the-hidden" for e in EXAMPLE["predicate"]["entities"] if e["disclosure"] == "hidden"}


def _work(change=lambda predicate: None, *, sources=SOURCES, hidden=HIDDEN, **options):
    statement = copy.deepcopy(EXAMPLE)
    change(statement["predicate"])
    return work_id(statement, sources=sources, hidden=hidden, **options)


def _published(predicate):
    return next(e for e in predicate["entities"] if "contentId" in e and "subject" in e)


LONG_AGO = "2020-01-01T00:00:00.000Z"
ELSEWHERE = {"cpu": {"count": 96}, "os": {"system": "Darwin", "release": "9", "machine": "arm64"}}
SAME = {
    "session": lambda p: p["session"].update(id="00000000-0000-4000-8000-000000000000", startedAt=LONG_AGO),
    "times": lambda p: [run.update(startedAt=LONG_AGO, endedAt=LONG_AGO) for run in p["activities"]],
    "previous": lambda p: p.update(previous={"manifest": "11" * 32, "content": "22" * 32, "author": "did:key:z6Mk"}),
    "hardware": lambda p: p["environment"].update(ELSEWHERE),
    "git": lambda p: p["environment"].update(git={"commit": "d" * 40, "dirty": True}),
    "salts": lambda p: [e.update(commitment="77" * 32) for e in p["entities"] if "commitment" in e],
    "sizes": lambda p: _published(p).update(size=1),
    "omitted": lambda p: p["omitted"].update(activities=99),
}
OTHER = {
    "a source": lambda p: p["activities"][0]["source"].update(sha256="99" * 32),
    "a step": lambda p: p["activities"][0].update(step="other"),
    "a status": lambda p: p["activities"][0].update(status="error"),
    "an edge": lambda p: next(run for run in p["activities"] if run["informedBy"])["informedBy"].pop(),
    "a use": lambda p: next(run for run in p["activities"] if run["used"])["used"].pop(),
    "a content": lambda p: _published(p).update(contentId="other"),
    "a name": lambda p: _published(p).update(name="other"),
    "a licence": lambda p: _published(p).update(license="MIT"),
    "a package": lambda p: p["environment"]["packages"][0].update(version="99"),
    "Python": lambda p: p["environment"]["python"].update(version="3.99"),
    "an exporter": lambda p: p["exports"][0].update(version="99"),
    "a statement": lambda p: p["statements"].update(note="other"),
    "the author": lambda p: p["agents"][0].update(key="did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
    "a seed": lambda p: p["activities"][0].update(seeds=["other"]),
    "a remark on a cell": lambda p: p["notebook"].update(unrun=["c-x"]),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_changes_with_every_run_changes_nothing(change):
    """Times, uuids, hardware, git state, salts and the publication before."""
    assert _work(change) == _work()


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER.keys())
def test_what_matters_changes_it(change):
    """Sources, edges, contents, names, declarations, packages, exporters, author."""
    assert _work(change) != _work()


def test_sources_hidden_contents_and_outputs_matter():
    """Every cell counts, Markdown too, and so do its place, what is hidden, and whether outputs leave."""
    found = [
        _work(),
        _work(sources=["# Another title", "1 + 1"]),
        _work(sources=["1 + 1", "# Title"]),
        _work(sources=["# Title1 + 1"]),
        _work(sources=[*SOURCES, ""]),
        _work(hidden=dict.fromkeys(HIDDEN, "another content")),
        _work(outputs=True),
    ]
    assert len(set(found)) == len(found)


def _drafted(study, choices=None):
    publisher = Publisher.of(study.home)
    planned = plan_of(
        Notebook.read(study.notebook), lineage(study.notebook, home=study.home), publisher, choices=choices or Choices()
    )
    return draft(planned, author=publisher.key.did, previous=None, store=publisher.keeper.store)


def test_no_salt_moves_it(study):
    """With several hidden artifacts, whose places in the manifest follow their salts, it stays the same."""
    drafts = [_drafted(study, Choices(hide=("clean", "model"))) for _ in range(6)]
    assert len({each.work for each in drafts}) == 1
    assert len({str(dict(each.salts)) for each in drafts}) == 6


def test_no_salt_moves_it_within_one_run(study):
    """Two hidden artifacts of one run may change places in the manifest."""
    publisher = Publisher.of(study.home)
    recorded = lineage(study.notebook, home=study.home)
    clean = next(a for a in recorded.artifacts if a.name == "clean")
    personal = Declaration(personal_data="personal")
    twins = [replace(clean, id=f"{clean.id}-{n}", name=f"clean{n}", declaration=personal,
                     stored=replace(clean.stored, content_id=f"c{n}")) for n in range(3)]  # fmt: skip
    recorded = replace(recorded, artifacts=(*recorded.artifacts, *twins))
    found = set()
    for _ in range(8):
        planned = plan_of(Notebook.read(study.notebook), recorded, publisher, choices=Choices(all_runs=True))
        found.add(draft(planned, author=publisher.key.did, previous=None, store=publisher.keeper.store).work)
    assert len(found) == 1


def test_choices_are_part_of_it(study):
    """What leaves, and how, is work of its own."""
    found = [_drafted(study, choices).work for choices in (
        None, Choices(outputs=True), Choices(hide=("model",)), Choices(cite=("model",)),
    )]  # fmt: skip
    assert len(set(found)) == len(found)
