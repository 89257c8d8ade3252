"""docs/bee.md says what the code computes and asks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from swarmprov_nb.swarm.bee.postage import amount_for, capacity, price_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/bee.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| ([\d.]+) ([MG]B) \| (\d+) \| ([\d.]+) BZZ \| ([\d.]+) BZZ \| ([\d.]+) BZZ \|$", PAGE, re.MULTILINE
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"depth {row[2]}")
def test_the_table_of_costs_is_what_the_formula_gives(row):
    """Size and price of each depth are computed anew."""
    size, unit, depth, *costs = row
    held = capacity(int(depth)) / {"MB": 1e6, "GB": 1e9}[unit]
    amounts = [amount_for(days, price=24000, block_seconds=5, minimum_blocks=17280) for days in (30, 365, 1825)]

    assert float(size) == pytest.approx(held, rel=0.01)
    assert [float(cost) for cost in costs] == [
        pytest.approx(float(price_of(int(depth), amount, 1).bzz), abs=0.005) for amount in amounts
    ]


def test_the_table_is_there():
    """Four depths are shown."""
    assert [int(row[2]) for row in ROWS] == [19, 20, 22, 25]


def test_every_path_that_is_asked_is_listed():
    """The page names each path of the node's API that the code uses, and none that it does not."""
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "swarmprov_nb/swarm/bee").glob("*.py"))
    used = set(re.findall(r'f?"(/[a-z]+)[/"?{]', code)) - {"/swarm"}
    (listed,) = re.findall(r"- It uses (.*?), follows", PAGE, re.DOTALL)

    assert set(re.findall(r"`(/[a-z]+)`", listed)) == used
