"""A clock that steps back: the order of things stays, nothing becomes invalid, and no cap is got round."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import permutations

import pytest
from agreeing import require_agreement
from studies import make_study, write_notebook

from swarmprov_nb.anchoring import manifest_of
from swarmprov_nb.chain.evm_anchors import open_embedded
from swarmprov_nb.errors import PublishRefused
from swarmprov_nb.freeing import free
from swarmprov_nb.fsck import fsck
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.journal import Journal
from swarmprov_nb.lineage import Artifact, CellRun, Record, Session
from swarmprov_nb.publishing import Publisher, publish
from swarmprov_nb.receipts import Receipt, last_of, receipts
from swarmprov_nb.showing import lineage
from swarmprov_nb.spending import Purse
from swarmprov_nb.storing import put, user_store
from swarmprov_nb.verifying import verify

HOUR, DAY = 3600, 86_400
QUIET = {"yes": True, "say": lambda _: None}
BACK = "import time as t\nreal = t.time\nt.time = lambda: real() - {seconds}"
KEY = b"k" * 32


class Clock:
    """The clock of this process, to be set while what it is used for goes on."""

    def __init__(self) -> None:
        self._real, self.ahead = time.time, 0.0

    def __call__(self) -> float:
        return self._real() + self.ahead


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    return clock


# -- recording


def test_cell_runs_keep_their_order_and_are_published(kernel, recorded, tmp_path):
    """The clock steps back between runs and within one; both verifiers hold what is published for valid."""
    cells = {"one": "import pandas as pd\none = pd.DataFrame({'a': range(3)})",
             "two": "two = one * 2\n" + BACK.format(seconds=HOUR),
             "three": "three = two + 1\nthree.to_csv('three.csv')"}  # fmt: skip
    k = kernel(cells)
    k.run("%load_ext swarmprov")
    k.run(cells["one"], "one")
    k.run(cells["two"], "two")
    k.run(BACK.format(seconds=DAY).replace("real", "first"))
    k.run(cells["three"], "three")
    published = k.run("%publish --yes --chain none")
    runs = [run for run in recorded().runs if run.cell_id]
    reference = published.stdout.partition("reference")[2].split()[0]
    home = Home(tmp_path / "home")
    report = verify(reference, home=home)
    stated = manifest_of(Publisher.of(home, chain="none", store=None, batch=None, wallet=None), reference)

    assert [run.cell_id for run in runs] == ["one", "two", "three"]
    assert runs[1].ended < runs[1].started  # it is stated as it was: times are claims and prove no order
    assert runs[2].started < runs[0].started
    assert report.exit_code == 0
    require_agreement(report, user_store(home), bytes.fromhex(reference))
    sequences = [run["sequence"] for run in stated["predicate"]["activities"]]
    assert sequences == sorted(sequences)
    assert [edge.writer for edge in recorded().edges if edge.reader == runs[2].id] == [runs[1].id]


def test_the_newest_session_is_the_one_that_began_last(tmp_path, clock):
    """What the second kernel made is shown and published, though its clock was behind the first one's."""
    home = Home(tmp_path / "home")
    notebook = write_notebook(tmp_path / "study.ipynb", {"a": "x = 1"})
    with Record(tmp_path, key=home.secret(RECORD_KEY)) as record:
        for name, ahead in (("one", 0), ("two", -DAY), ("three", -2 * DAY), ("four", DAY), ("five", 0)):
            clock.ahead = ahead
            record.add_session(Session(name, "study.ipynb", time.time()))
            record.add_run(CellRun(f"{name}:1", name, 1, "x = 1", "00", "ok", 1.0, 2.0, cell_id="a"),
                           artifacts=[Artifact(f"{name}:1/x@1", f"{name}:1", "x", 1, "dataset")])  # fmt: skip
            assert lineage(notebook, home=home).session.id == name
        assert [session.id for session in record.sessions()] == ["one", "two", "three", "four", "five"]
        assert all(session.trusted for session in record.sessions())
        record.forget("study.ipynb")
        record.add_session(Session("six", "study.ipynb", time.time()))
        assert [session.id for session in record.sessions()] == ["six"]


def test_the_sessions_of_an_older_record_are_ordered_by_their_clocks(tmp_path):
    """Such a record does not know in which order they were added; what is added from now on comes after them."""
    with Record(tmp_path, key=KEY) as record:
        for name, started in (("b", 2.0), ("a", 1.0)):
            record.add_session(Session(name, "n.ipynb", started))
        record._db.execute("DROP TABLE session_order")
        assert [session.id for session in record.sessions()] == ["a", "b"]
        record.add_session(Session("c", "n.ipynb", 0.5))
        record.add_session(Session("d", "n.ipynb", 0.25))
        assert [session.id for session in record.sessions()] == ["a", "b", "c", "d"]


# -- publishing


class Stop(Exception):
    """A publish is stopped after a step, as by a kill."""


@pytest.mark.parametrize("chain", ["local", pytest.param("none", marks=pytest.mark.long)])
def test_a_publish_is_taken_up_by_a_clock_that_stepped_back_at_each_step(tmp_path, clock, monkeypatch, chain):
    """Each try goes on from the journal and not from the clock: one anchor, one receipt, and it verifies."""
    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "work")
    write, steps = Journal.write, []

    def written(self, step, entry):
        write(self, step, entry)
        steps.append(step)
        clock.ahead -= 40 * DAY
        raise Stop

    monkeypatch.setattr(Journal, "write", written)
    tries = 0
    while tries < 20:
        tries += 1
        try:
            result = publish(study.notebook, home=home, chain=chain, **QUIET)
            break
        except Stop:
            continue
    (receipt,) = receipts(home)
    assert len(steps) == len(set(steps)) == tries - 1 >= 4
    assert verify(result.reference, home=home).exit_code == 0
    assert fsck(home, study.folder).damage == ()
    if chain == "local":
        anchors = open_embedded(home.chain)
        assert len(list(anchors.lineage(receipt.wallet, bytes.fromhex(receipt.manifest)))) == 1
    clock.ahead = 0
    assert publish(study.notebook, home=home, chain=chain, **QUIET).unchanged
    assert verify(result.reference, home=home).exit_code == 0


def test_each_publication_names_the_one_before_it(tmp_path, clock):
    """Whatever the clock says, the line of a notebook's publications has no branch, and blocks follow each other."""
    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "work")
    text, made = study.notebook.read_text(), []
    for number, ahead in enumerate((0, -2 * DAY, -DAY, 0)):
        clock.ahead = ahead
        study.notebook.write_text(text.replace("# A study", f"# Study {number}"))
        made.append(publish(study.notebook, home=home, **QUIET).receipt)

    assert [receipt.previous for receipt in made] == [None, *(receipt.manifest for receipt in made[:-1])]
    assert [receipt.reference for receipt in receipts(home)] == [receipt.reference for receipt in made]
    blocks = [receipt.anchor["block"] for receipt in made]
    assert blocks == sorted(set(blocks))
    for receipt in made:
        assert verify(receipt.reference, home=home).exit_code == 0


def test_receipts_stand_in_the_order_of_their_line(tmp_path):
    """In whatever order their clocks are, each comes after the one that it supersedes; others go by their clocks."""
    home = Home(tmp_path / "home")
    for times in permutations((1.0, 2.0, 3.0)):
        line = [
            Receipt(reference=f"{n}" * 64, content="00" * 32, manifest=f"{n}" * 64, author="did", work=str(n),
                    wallet="0x" + "ab" * 20, notebook="n", published_at=at, items=1, size=1,
                    previous=f"{n - 1}" * 64 if n else None)
            for n, at in enumerate(times)
        ]  # fmt: skip
        others = [replace(line[0], reference=f"{n}" * 64, manifest=f"{n}" * 64, notebook="m", published_at=at)
                  for n, at in ((8, 0.5), (9, 9.0))]  # fmt: skip
        for receipt in (*line, *others):
            receipt.save(home)
        found = [receipt.reference[0] for receipt in receipts(home)]
        assert [each for each in found if each in "012"] == ["0", "1", "2"]
        assert (found[0], found[-1]) == ("8", "9")
        assert last_of(home, "n", "did").reference == line[-1].reference


def test_what_is_new_is_not_freed_by_a_clock_that_stepped_back(tmp_path, clock):
    """What was stored an hour ago stays for now, whether the clock is behind then or later."""
    home = Home(tmp_path / "home")
    study = make_study(home, tmp_path / "work")
    put(user_store(home), b"nobody needs this")
    for ahead in (-30 * DAY, -HOUR, 0, HOUR):
        clock.ahead = ahead
        assert free(home, study.folder) == 0
    clock.ahead = 2 * DAY
    assert free(home, study.folder) > 0


# -- spending


def test_a_day_is_not_over_because_the_clock_stepped_back(tmp_path, clock):
    """Spent with the clock right, with it behind, and with it right again: together no more than the cap."""
    home = Home(tmp_path / "home")
    home.private_folder(home.root)
    home.config.write_text('[spend]\nper_publish = "1"\nper_day = "2"\n')
    purse = Purse.of(home, "gnosis", "xDAI")
    one = purse.per_publish
    purse.promise("with the clock right", one)
    clock.ahead = -3 * DAY
    purse.promise("with the clock behind", one)
    for ahead in (-3 * DAY, -DAY, 0, 23 * HOUR):
        clock.ahead = ahead
        with pytest.raises(PublishRefused, match="a day, of which 2 xDAI are spent"):
            purse.promise("one too many", 1)
        assert purse.promised("with the clock behind") == one
    clock.ahead = 25 * HOUR
    purse.promise("on the next day", one)
    assert purse.spent() == one


def test_what_a_clock_that_was_ahead_wrote_counts_until_then(tmp_path, clock):
    """It is not known which clock was right, so it counts: whoever set it right may raise the cap, as is said."""
    home = Home(tmp_path / "home")
    purse = Purse.of(home, "gnosis", "xDAI")
    clock.ahead = 300 * DAY
    for number in range(5):
        purse.promise(f"ahead {number}", purse.per_publish)
    clock.ahead = 0
    with pytest.raises(PublishRefused) as refused:
        purse.promise("one too many", 1)
    assert "per_day" in refused.value.next_step
