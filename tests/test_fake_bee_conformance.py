"""FakeBee answers as the recorded Bee nodes did: every recorded exchange that applies is sent and compared."""

from __future__ import annotations

from functools import cache

import pytest
from bee_exchanges import FOLDER
from bee_replay import AREAS, Replay, recorded

VERSIONS = ("2.8.1", "2.8.0")
# rooms that FakeBee has whole, but for what belongs to the full library by its own rules
WHOLE = AREAS - {"bytes", "bzz", "download"}
UNRECORDED = {("2.8.0", "many-peers"), ("2.8.0", "restart")}
LATER = ("area ", "redundancy: ", "needs ", "encrypted", "feeds", "access control", "own stamps", "single-owner chunks")

pytestmark = pytest.mark.skipif(
    not (FOLDER / "exchanges.jsonl").exists(), reason="the recordings of Bee nodes are not beside this checkout"
)


@cache
def replayed(version: str) -> Replay:
    return Replay(version).run()


@pytest.mark.parametrize(
    ("version", "area"),
    [(version, area) for version in VERSIONS for area in sorted(AREAS) if (version, area) not in UNRECORDED],
)
def test_answers_are_the_recorded_ones(version, area):
    """Status, headers and body of each answer are those of the node, but for what differs from run to run."""
    areas = {exchange["id"]: exchange["area"] for exchange in recorded(version)}
    replay = replayed(version)
    here = {name: wrong for name, wrong in replay.wrong.items() if areas[name] == area}

    assert here
    assert {name: wrong for name, wrong in here.items() if wrong} == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_waits_has_a_reason(version):
    """An exchange is left out only by a rule: what it needs is encrypted, redundant, a feed, or another's."""
    replay = replayed(version)
    entries = {exchange["id"]: exchange for exchange in recorded(version)}
    areas = {name: exchange["area"] for name, exchange in entries.items()}
    reasons = {name: reason for name, reason in replay.waiting.items() if areas[name] in WHOLE}

    assert set(replay.waiting) | set(replay.wrong) == set(entries)
    assert [reason for reason in replay.waiting.values() if not reason.startswith(LATER)] == []
    # level 1 and encryption are asked for in the areas of content only
    assert [name for name, reason in reasons.items() if reason.startswith(("redundancy", "encrypted", "area"))] == []
    print(f"\n{version}: {len(replay.wrong)} exchanges apply, {len(replay.waiting)} wait:")  # noqa: T201 - shown by -s
    for name, reason in replay.waiting.items():
        print(f"  {name}: {reason}")  # noqa: T201


def test_most_of_what_a_publisher_meets_applies():
    """The rules leave out no more than they did when they were made."""
    assert {version: len(replayed(version).wrong) for version in VERSIONS} == {"2.8.1": 554, "2.8.0": 528}
