"""Where a publish goes: which store, chain and wallet are chosen, and what comes of asking there, in words.

Nothing is remembered in a notebook: it begins with the user's own settings in each kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.costing import Cost, cost_of
from swarmprov_nb.destinations import LOCAL, NO_CHAIN, Destinations
from swarmprov_nb.errors import ChainError, StorageError, SwarmprovError
from swarmprov_nb.keys import wallets
from swarmprov_nb.live.publish_options import Options, chains, stores
from swarmprov_nb.means import Means, means_of
from swarmprov_nb.publisher import DEV, Publisher, is_development

if TYPE_CHECKING:
    from swarmprov_nb.chain.choosing import Endpoint
    from swarmprov_nb.home import Home
    from swarmprov_nb.passwords import Page
    from swarmprov_nb.planning import Plan

WITHOUT_NODE: Final = (
    "Without a Bee node: publish on this machine, save it to one file (swarmprov save) and hand that on; whoever has "
    "it can verify it. Or push through a gateway that takes chunks, if you know one: nothing that it says is believed."
)
_ASKING: Final = "asking…"
_BEST: Final = "the best that fits"
_DEV_LABEL: Final = "this machine's dev wallet"


@dataclass(frozen=True)
class Answer:
    """What came of asking: who would publish, what it would cost, and what is wrong with store, chain or wallet."""

    publisher: Publisher | None
    endpoint: Endpoint | None = None
    cost: Cost = field(default_factory=Cost)
    means: Means = field(default_factory=Means)
    batches: Mapping[str, str] = field(default_factory=dict)  # of the store, by id: what they hold and how long
    problems: Mapping[str, SwarmprovError] = field(default_factory=dict)

    @property
    def stopped(self) -> str:
        """Why nothing can be published there now; empty where it can."""
        return next((f"{error.what} {error.next_step}" for error in self.problems.values()), "")


class Where:
    """What is chosen of one user's stores, chains and wallets. Raises UsageError where the settings cannot be read."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._begin(Destinations.of(home))

    def _begin(self, stated: Destinations) -> None:
        self._stated = stated
        self._options: dict[str, Options] = {"store": stores(stated), "chain": chains(stated)}
        self._wallet: str | None = None  # None: whichever the user's settings mean
        self._batch: str | None = None  # the same

    def renew(self) -> None:
        """Begin again where the user's settings have changed since."""
        if (stated := Destinations.of(self._home)) != self._stated:
            self._begin(stated)

    @property
    def is_here(self) -> bool:
        """Whether nothing outside this machine is asked."""
        return self._options["store"].text == LOCAL and self._options["chain"].text in (LOCAL, NO_CHAIN)

    def choose(self, kind: str, *, id_: str | None = None, text: str | None = None) -> None:
        """Choose a store, batch, chain or wallet by its id, or a store or chain by the URL that a person typed.

        What cannot be chosen is told beside the choice.
        """
        if kind == "wallet":
            self._wallet = id_ or None
        elif kind == "batch":
            self._batch = id_ or None
        elif (options := self._options.get(kind)) is not None:
            before = options.chosen
            if text is not None:
                options.add(text)
            elif id_ is not None:
                options.choose(id_)
            if options.chosen != before:
                self._forget(kind)

    def _forget(self, kind: str) -> None:
        """Forget what depends on a store, or on a chain: whose batch it is, and which wallets may sign."""
        if kind == "store":
            self._batch = None
        else:
            self._wallet = None

    def ask(self, planned: Plan, *, page: Page | None = None) -> Answer:
        """Ask store and chain whether they could take the plan, and at what cost; it may take seconds."""
        found: list[Endpoint] = []
        kind = "store"
        try:
            store = self._checked_store()
            kind = "chain"
            chain = self._checked_chain(found)
            kind = "wallet"
            publisher = Publisher.of(self._home, store=store, chain=chain, batch=self._batch, wallet=self._wallet,
                                     page=page)  # fmt: skip
        except SwarmprovError as error:
            return Answer(None, found[0] if found else None, problems={kind: error})
        cost, means = cost_of(planned, publisher), Means()
        problems = dict(cost.problems)
        refused = problems.get("store")
        if self._batch is not None and isinstance(refused, StorageError) and refused.kind.startswith("batch-"):
            problems["batch"] = problems.pop("store")
        try:
            means = means_of(publisher)
        except ChainError as error:
            problems.setdefault("chain", error)
        told = Cost(cost.anchor, cost.storage)
        return Answer(publisher, publisher.endpoint, told, means, _batches(publisher), problems)

    def told(self, answer: Answer | None) -> dict[str, Any]:
        """Return what front ends are told: what can be chosen, and of what is chosen whether it is ready."""
        told = {kind: {**options.told(), "test": self._test(kind, answer)} for kind, options in self._options.items()}
        wallet = {"id": self._signing(answer), "options": self._wallets(answer), "test": self._test("wallet", answer)}
        return {**told, "batch": self._batch_told(answer), "wallet": wallet, "note": WITHOUT_NODE}

    def _batch_told(self, answer: Answer | None) -> dict[str, Any]:
        """Return the postage batches to choose from: at first it is the settings' own, or the one that fits best."""
        found = answer.batches if answer is not None else {}
        stated = self._stated.batch if self._options["store"].text == self._stated.store else None
        begin = {"id": "", "label": f"{stated[:8]}… (your settings)" if stated else _BEST}
        options = [begin, *({"id": id_, "label": label} for id_, label in found.items())] if found else []
        chosen = self._batch or ""
        if chosen and chosen not in found:  # while it is asked, or the node has it no more
            options = [*(options or [begin]), {"id": chosen, "label": f"{chosen[:8]}…"}]
        return {"id": chosen, "options": options, "test": self._test("batch", answer)}

    def places(self, answer: Answer | None) -> dict[str, Any]:
        """Return store and chain by the names that are told in every phase."""
        from swarmprov_nb.costing import chain_label, store_label

        if answer is not None and answer.publisher is not None:
            by = answer.publisher
            return {"store": {"name": by.store, "label": store_label(by)},
                    "chain": {"name": by.chain, "label": chain_label(by)}}  # fmt: skip
        labels = {kind: each.label.partition(" (")[0] for kind, each in self._options.items()}
        local = {"store": "local store", "chain": "local chain"}
        here = {kind: each.text == LOCAL for kind, each in self._options.items()}
        return {kind: {"name": self._options[kind].chosen, "label": local[kind] if here[kind] else labels[kind]}
                for kind in labels}  # fmt: skip

    def signer(self, answer: Answer) -> dict[str, Any]:
        """Return what is told of who signs: name, address, what the wallet holds where, and what its caps leave."""
        by = answer.publisher
        if by is None:
            return {}
        return {"did": by.key.did, "wallet": by.wallet.address, "dev": by.wallet.dev, "name": self._signing(answer),
                "network": by.network or "", "holds": answer.means.holds, "left": answer.means.left}  # fmt: skip

    def _checked_store(self) -> str:
        from swarmprov_nb.remotes import remote_url

        text = self._options["store"].text
        return text if text == LOCAL else remote_url(text)

    def _checked_chain(self, found: list[Endpoint]) -> str:
        """Return the chain that is chosen, once it is one; what it is goes to `found`."""
        from swarmprov_nb.chain.choosing import choose

        text = self._options["chain"].text
        if text not in (LOCAL, NO_CHAIN):
            found.append(choose(text, self._stated.chains))
        return text

    def _test(self, kind: str, answer: Answer | None) -> dict[str, str]:
        """Say in words whether a choice is ready."""
        here = kind in ("wallet", "batch") or self._options[kind].text in (LOCAL, NO_CHAIN)
        if answer is None:
            return _said("", "") if here else _said("asking", _ASKING)
        if (error := answer.problems.get(kind)) is not None:
            return _said("fail", f"{error.what} {error.next_step}")
        if here or answer.publisher is None or (kind == "store" and not answer.cost.storage):
            return _said("", "")
        return _said("pass", f"ready: {answer.cost.storage if kind == 'store' else self._anchoring(answer)}")

    @staticmethod
    def _anchoring(answer: Answer) -> str:
        network = answer.endpoint.network if answer.endpoint is not None else None
        return f"{network.name}{'' if network.public else f' ({network.label})'}" if network is not None else ""

    def _signing(self, answer: Answer | None) -> str:
        """Return the name of the wallet that signs, empty where that is not decided."""
        if answer is None or answer.publisher is None:
            return self._wallet or ""
        if answer.publisher.wallet.dev:
            return DEV
        address = answer.publisher.wallet.address
        return next((each.name for each in wallets(self._home) if each.address == address), "")

    def _wallets(self, answer: Answer | None) -> list[dict[str, str]]:
        """Return the wallets that may sign for the chosen chain."""
        chain = self._options["chain"].text
        endpoint = answer.endpoint if answer is not None else None
        dev = [{"id": DEV, "label": _DEV_LABEL}]
        if chain == LOCAL:
            return dev
        own = [{"id": each.name, "label": f"{each.name} {_short(each.address)}"} for each in wallets(self._home)]
        at_stake = chain != NO_CHAIN and not (endpoint is not None and is_development(endpoint))
        return own if at_stake else [*dev, *own]


def _batches(publisher: Publisher) -> dict[str, str]:
    """Return the store's batches; where it does not tell, that is said of the store already."""
    from swarmprov_nb.stamps import to_choose

    try:
        return to_choose(publisher.remote) if publisher.remote is not None else {}
    except SwarmprovError:
        return {}


def _said(tone: str, text: str) -> dict[str, str]:
    return {"tone": tone, "text": text}


def _short(address: str) -> str:
    return f"{address[:6]}…{address[-4:]}" if address else "(cannot be used)"
