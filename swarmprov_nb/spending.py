"""Spending: caps from the user's own settings, and a ledger of what was promised, written before anything is sent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.checksum import checked, unchecked
from swarmprov_nb.destinations import Destinations
from swarmprov_nb.errors import PublishRefused, StorageError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.kept_lines import append_line, damaged, read_lines

PER_PUBLISH: Final = "0.01"
PER_DAY: Final = "0.05"
BZZ: Final = "bzz"
_OF_BZZ: Final = {"per_publish": "10", "per_day": "20"}
_DAY: Final = 24 * 3600
_EXACT: Final = Context(prec=120)  # digits: more than any amount has


def as_units(text: str, decimals: int) -> int:
    """Return a decimal text in its smallest unit, exactly.

    >>> as_units("0.01", 18)
    10000000000000000

    Raises UsageError for what is no amount.
    """
    try:
        units = Decimal(str(text)).scaleb(decimals, _EXACT)
    except InvalidOperation:
        units = Decimal(-1)
    if not units.is_finite() or units < 0:
        raise UsageError(f"{str(text)[:40]!r} is no amount.", 'Give a decimal number in quotes: "0.01"')
    return int(units)


def as_text(units: int, decimals: int) -> str:
    """Return an amount of smallest units as decimal text.

    >>> as_text(10_500_000_000_000_000, 18)
    '0.0105'
    """
    return f"{Decimal(units).scaleb(-decimals, _EXACT).normalize(_EXACT):f}"


@dataclass(frozen=True)
class Purse:
    """What may be spent in one coin of one network: so much for one publish, so much in 24 hours.

    >>> import pathlib
    >>> Purse.of(Home(pathlib.Path("/nowhere")), "gnosis", "xDAI").left() == as_units("0.01", 18)
    True
    """

    home: Home
    network: str
    coin: str
    per_publish: int
    per_day: int
    decimals: int = 18

    @classmethod
    def of(cls, home: Home, network: str, coin: str, *, decimals: int = 18) -> Purse:
        """Read the caps for a network: its own, else those for all, else small ones. BZZ has caps of its own."""
        stated = Destinations.of(home).spend
        own = stated.get(network, {})
        own = own if isinstance(own, Mapping) else {}
        defaults = _OF_BZZ if network == BZZ else {"per_publish": PER_PUBLISH, "per_day": PER_DAY}
        general = {} if network == BZZ else stated
        caps = {key: own.get(key, general.get(key, each)) for key, each in defaults.items()}
        return cls(home, network, coin, decimals=decimals, **{k: as_units(v, decimals) for k, v in caps.items()})

    def left(self) -> int:
        """The most that one publish may cost now, in the smallest unit."""
        return max(0, min(self.per_publish, self.per_day - self.spent()))

    def spent(self) -> int:
        """What was promised in the last 24 hours, in the smallest unit."""
        return sum(amount for _, amount in self._lately())

    def require(self, total: int, purpose: str) -> None:
        """Refuse what is over a cap, and say how the cap is raised.

        Raises PublishRefused.
        """
        if total <= self.left():
            return
        day = total <= self.per_publish
        cap, key = (self.per_day, "per_day") if day else (self.per_publish, "per_publish")
        spent = f", of which {self._shown(self.spent())} are spent" if day else ""
        raise PublishRefused(
            f"{purpose} may cost up to {self._shown(total)}: over your cap of {self._shown(cap)} "
            f"{'a day' if day else 'each'}{spent}.",
            f"If that is all right, set in {self.home.config}: [spend.{self.network}] "
            f'{key} = "{as_text(total + (self.spent() if day else 0), self.decimals)}"',
        )

    def promised(self, what: str) -> int:
        """What `what` may cost as it was written down in the last 24 hours, 0 where it was not."""
        return dict(self._lately()).get(what, 0)

    def promise(self, what: str, total: int) -> None:
        """Write down, before it is sent, that `what` may cost `total`; the same `what` is counted once.

        Raises PublishRefused where that is over a cap, StorageError where it cannot be written.
        """
        before = self.promised(what)
        self.require(max(0, total - before), what)
        entry = {"at": time.time(), "network": self.network, "what": what, "amount": str(max(total, before))}
        self.home.private_folder(self.home.root)
        try:
            append_line(ledger_of(self.home), checked(entry))
        except OSError as error:
            raise StorageError(
                f"The ledger {ledger_of(self.home)} cannot be written: {error.strerror}.",
                "Nothing was sent. Make room there, or wait for who keeps it locked; then publish again.",
            ) from error

    def _lately(self) -> Iterator[tuple[str, int]]:
        newest: dict[str, int] = {}
        since, at = time.time() - _DAY, 0.0
        for entry in ledger(self.home):
            at = max(at, entry["at"])  # it was written later: a clock that stepped back makes nothing older
            if entry["network"] == self.network and at >= since:
                newest[entry["what"]] = entry["amount"]
        yield from newest.items()

    def _shown(self, units: int) -> str:
        return f"{as_text(units, self.decimals)} {self.coin}"


def ledger_of(home: Home) -> Path:
    """Return the file of the ledger."""
    return home.root / "spending.jsonl"


def ledger(home: Home) -> Iterator[dict[str, Any]]:
    """Yield the ledger's entries; half a line that a kill left was promised and never sent.

    Raises SwarmprovError where it is damaged: nothing is spent until it is known again what was.
    """
    path = ledger_of(home)
    for number, line in enumerate(read_lines(path), 1):
        try:
            entry = unchecked(line)
            known = {"at": float(entry["at"]), "amount": int(entry["amount"])}
            yield {"network": str(entry["network"]), "what": str(entry["what"]), **known}
        except (KeyError, TypeError, ValueError) as error:
            raise damaged(path, number) from error
