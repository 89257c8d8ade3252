"""What may be spent: caps from the user's own settings, and a ledger that a kill cannot cheat."""

from __future__ import annotations

import json
import time

import pytest

from swarmprov_nb.checksum import unchecked
from swarmprov_nb.errors import PublishRefused, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.spending import BZZ, Purse, as_text, as_units

XDAI = 10**18


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    home.private_folder(home.root)
    return home


def purse(home, network="gnosis", coin="xDAI", **more):
    return Purse.of(home, network, coin, **more)


def test_small_caps_hold_where_nothing_is_set(home):
    """Nobody who set nothing pays more than a hundredth of a coin, or a twentieth a day."""
    purse(home).require(XDAI // 100, "Anchoring")

    with pytest.raises(PublishRefused, match=r"over your cap of 0\.01 xDAI each") as refused:
        purse(home).require(XDAI // 100 + 1, "Anchoring")
    assert "[spend.gnosis]" in refused.value.next_step
    assert str(home.config) in refused.value.next_step


def test_a_network_s_own_cap_is_before_the_one_for_all(home):
    """[spend.gnosis] says it for Gnosis, [spend] for the others, and BZZ is another coin."""
    home.config.write_text('[spend]\nper_publish = "0.2"\nper_day = "1"\n[spend.gnosis]\nper_publish = "0.5"\n')

    assert purse(home).left() == XDAI // 2
    assert purse(home, "base", "ETH").left() == XDAI // 5
    assert purse(home, BZZ, "BZZ", decimals=16).left() == 10 * 10**16


def test_what_was_promised_today_counts(home):
    """The day's cap is for all publishes of 24 hours together; what was promised before that no longer counts."""
    home.config.write_text('[spend]\nper_publish = "0.02"\nper_day = "0.03"\n')
    purse(home).promise("first", XDAI // 50)

    assert purse(home).left() == XDAI // 100
    with pytest.raises(PublishRefused, match=r"over your cap of 0\.03 xDAI a day, of which 0\.02 xDAI are spent"):
        purse(home).promise("second", XDAI // 50)
    ledger = home.root / "spending.jsonl"
    entry = unchecked(json.loads(ledger.read_text()))
    ledger.write_text(json.dumps({**entry, "at": time.time() - 90_000}) + "\n")
    assert purse(home).left() == XDAI // 50


def test_the_same_work_is_promised_once(home):
    """A resume promises what it promised before; a replacement at a higher price only the difference."""
    home.config.write_text('[spend]\nper_publish = "0.02"\nper_day = "0.03"\n')
    for amount in (XDAI // 100, XDAI // 100, XDAI // 50):
        purse(home).promise("anchor ab", amount)

    assert purse(home).spent() == purse(home).promised("anchor ab") == XDAI // 50


def test_a_torn_line_of_the_ledger_counts_for_nothing(home):
    """A kill inside a write leaves half a line: what it was for was not sent."""
    purse(home).promise("first", 5)
    with (home.root / "spending.jsonl").open("a") as stream:
        stream.write('{"at": 99999999999, "network": "gnosis", "what": "x", "amou')

    assert purse(home).spent() == 5


def test_a_promise_after_a_torn_line_counts(home):
    """What a kill left of a line does not swallow the next."""
    purse(home).promise("first", 5)
    with (home.root / "spending.jsonl").open("a") as stream:
        stream.write('{"at": 99999999999, "netw')
    purse(home).promise("second", 7)

    assert purse(home).spent() == 12


@pytest.mark.parametrize("at", range(0, 130, 13))
def test_nothing_is_spent_by_a_damaged_ledger(home, at):
    """Where a bit of it changed it is not known what was spent, so nothing is until somebody looks."""
    purse(home).promise("anchor ab on gnosis", XDAI // 1000)
    ledger = home.root / "spending.jsonl"
    data = bytearray(ledger.read_bytes())
    data[at] ^= 4
    ledger.write_bytes(data)

    with pytest.raises(SwarmprovError, match=r"spending\.jsonl is damaged in line 1"):
        purse(home).promise("another", 1)


def test_a_ledger_of_an_older_version_counts(home):
    """Lines without a checksum are taken as they are."""
    (home.root / "spending.jsonl").write_text(
        json.dumps({"at": time.time(), "network": "gnosis", "what": "x", "amount": "5"}) + "\n"
    )

    assert purse(home).spent() == 5


def test_the_ledger_is_private(home):
    """What somebody pays for is nobody's business."""
    purse(home).promise("first", 5)

    assert (home.root / "spending.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "free", "-1", "nan", "inf", "0x10"])
def test_what_is_no_amount_is_refused(home, text):
    """A cap that cannot be read is an error, never no cap."""
    home.config.write_text(f'[spend]\nper_publish = "{text}"\n')

    with pytest.raises(UsageError, match="is no amount"):
        purse(home)


def test_amounts_are_exact():
    """No float stands between a text and its units."""
    assert as_units("0.000000000000000001", 18) == 1
    assert as_text(as_units("123456789.987654321987654321", 18), 18) == "123456789.987654321987654321"
    assert as_text(0, 16) == "0"
    assert as_text(10**40 + 1, 18) == "10000000000000000000000.000000000000000001"
