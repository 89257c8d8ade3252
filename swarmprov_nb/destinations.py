"""Destinations: which store, chain and wallet the user's own ``config.toml`` names, and what may be spent there.

::

    store = "http://127.0.0.1:1633"     # where %publish pushes to; else only this machine's own store
    batch = "e4b1…"                     # the postage batch to use there; else the one that fits best
    chain = "gnosis"                    # where it anchors; else this machine's own chain
    wallet = "work"                     # which keystore signs there; else the only one

    [chains.gnosis]                     # networks that are asked at every verification
    rpc = ["https://one.example/KEY", "https://two.example"]

    [spend]                             # at most, in the network's coin; [spend.gnosis] for one network, [spend.bzz]
    per_publish = "0.01"
    per_day = "0.05"

Nothing of it is ever read from a project's folder: what came from others neither spends, signs nor sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from swarmprov_nb.config import read_toml
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home

LOCAL: Final = "local"
NO_CHAIN: Final = "none"


@dataclass(frozen=True)
class Destinations:
    """Where this user publishes to by default, and the networks that this user configured; its repr shows no URL.

    >>> import pathlib
    >>> Destinations.of(Home(pathlib.Path("/nowhere"))).store
    'local'

    Raises UsageError where ``config.toml`` cannot be read or says something that cannot be meant.
    """

    store: str = field(default=LOCAL, repr=False)  # a URL may hold a key
    batch: str | None = None
    chain: str = field(default=LOCAL, repr=False)
    wallet: str | None = None
    chains: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    spend: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, home: Home) -> Destinations:
        """Read them from the home's settings."""
        stated = read_toml(home.config)
        known = {each.name: stated[each.name] for each in fields(cls) if each.name in stated}
        for name, value in known.items():
            wanted, kind = (Mapping, "a table") if name in ("chains", "spend") else (str, "a text")
            if not isinstance(value, wanted):
                raise UsageError(f"{home.config} sets {name} to something that is not {kind}.", f"Give {name} {kind}.")
        for name, table in known.get("chains", {}).items():
            if not isinstance(table, Mapping):
                raise UsageError(f"{home.config} sets chains.{name} to something that is not a table.",
                                 f'Write [chains.{name}] and below it: rpc = "https://…"')  # fmt: skip
        return cls(**known)

    def networks(self) -> tuple[str, ...]:
        """Return which networks a verification asks where none is named: this machine's own, and those configured."""
        return (LOCAL, *(name for name in self.chains if name != LOCAL))
