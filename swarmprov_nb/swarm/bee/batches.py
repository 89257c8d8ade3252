"""A node's postage batches: which there are, which fits, what a new one costs; buying only where it is asked for.

Source: Bee ``pkg/api/postage.go`` and ``pkg/postage/postagecontract``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from swarmprov_nb.errors import StorageError
from swarmprov_nb.swarm.bee.answer import unknown, unusable
from swarmprov_nb.swarm.bee.batch import Batch
from swarmprov_nb.swarm.bee.batch_id import parse_batch_id
from swarmprov_nb.swarm.bee.faults import fault
from swarmprov_nb.swarm.bee.node import BeeNode
from swarmprov_nb.swarm.bee.postage import (
    BLOCK_SECONDS,
    MINIMUM_BLOCKS,
    Price,
    amount_for,
    decimal,
    depth_for,
    price_of,
)

_BLOCK = 5
_BUCKETS_LIMIT = 8 << 20
Read = TypeVar("Read")


@dataclass(frozen=True)
class Wallet:
    """What the node's wallet holds: ``plur`` of BZZ for storage, ``wei`` of the chain's coin for transactions."""

    plur: int
    wei: int
    chain_id: int
    address: str

    @property
    def bzz(self) -> str:
        """BZZ as decimal text."""
        return decimal(self.plur, 16)

    @property
    def coin(self) -> str:
        """The chain's coin (xDAI on Gnosis) as decimal text."""
        return decimal(self.wei, 18)


class Batches:
    """Postage batches of a node; only ``buy`` and ``top_up`` spend.

    >>> Batches(BeeNode.at("http://127.0.0.1:1633"))
    Batches('http://127.0.0.1:1633')
    """

    def __init__(self, node: BeeNode) -> None:
        self.node = node

    def __repr__(self) -> str:
        return f"Batches({self.node.shown!r})"

    def list(self) -> list[Batch]:
        """Batches that the node owns and that have not expired, the one that lasts longest first.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        listed = self.node.json("/stamps", "listing its postage batches").get("stamps")
        batches = [self._batch(body) for body in listed] if isinstance(listed, list) else []
        return sorted(batches, key=_lasting, reverse=True)

    def get(self, batch_id: str) -> Batch:
        """One batch of the node.

        Raises
        ------
        StorageError
            The node has no such batch (``kind`` tells whether another node has it), or it is not usable yet.
        UsageError
            The id cannot be meant.
        """
        batch_id = parse_batch_id(batch_id)
        answer = self.node.insist(
            "GET", f"/stamps/{batch_id}", "telling of a postage batch", accept=(200, 400, 404, 422)
        )
        if answer.status == HTTPStatus.OK:
            return self._batch(answer.json())
        if answer.status == HTTPStatus.NOT_FOUND:
            raise self._missing(batch_id)
        if "not usable" in answer.message:
            raise unusable(self.node.shown)
        raise answer.failure("telling of a postage batch")

    def _missing(self, batch_id: str) -> StorageError:
        # since Bee 2.8.1; older ones say 404 to the path
        answer = self.node.insist(
            "GET", f"/batches/{batch_id}", "telling of a postage batch", accept=(200, 400, 404, 405)
        )
        if answer.status == HTTPStatus.OK:
            return fault(
                "batch-foreign",
                f"The postage batch {batch_id[:8]}… belongs to another node than {self.node.shown}.",
                "Name one of this node's own batches, or the node that bought it.",
            )
        return unknown(self.node.shown)

    def _batch(self, body: Any) -> Batch:
        def buckets() -> Mapping[int, int]:
            return self._buckets(str(body["batchID"]))

        return self._read(lambda: Batch.of(body, buckets))

    def _buckets(self, batch_id: str) -> dict[int, int]:
        path = f"/stamps/{parse_batch_id(batch_id)}/buckets"
        body = self.node.json(path, "showing a batch's buckets", limit=_BUCKETS_LIMIT)
        return self._read(lambda: {int(b["bucketID"]): int(b["collisions"]) for b in body["buckets"]})

    def _read(self, make: Callable[[], Read]) -> Read:
        try:
            return make()
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise fault(
                "garbage", f"{self.node.shown} answers with a batch that is none.", "Check that it is a Bee node."
            ) from error

    def best(self, addresses: Iterable[bytes], *, days: float | None = None) -> tuple[Batch | None, dict[str, str]]:
        """Choose a batch that holds these chunks and lasts ``days``; of several the one that lasts longest.

        Immutable ones come first, as a mutable one can later overwrite. The second value says by batch id why not.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        wanted = set(addresses)
        reasons: dict[str, str] = {}
        for batch in sorted(self.list(), key=lambda batch: (not batch.immutable, -_lasting(batch))):
            fit = batch.fits(wanted, days=days)
            if fit.ok:
                return batch, reasons
            reasons[batch.id] = fit.why
        return None, reasons

    def price(self, wanted: Iterable[bytes] | int, days: float) -> Price:
        """Price of the smallest new batch for these chunks, or so many bytes, and days; nothing is bought.

        Raises
        ------
        UsageError
            Less than a day.
        StorageError
            The node does not tell the price of storage.
        """
        return price_of(depth_for(wanted), self.amount(days), days)

    def price_of_top_up(self, batch_id: str, days: float) -> Price:
        """Price of so many days more for a batch; nothing is bought.

        Raises
        ------
        UsageError
            Less than a day.
        StorageError
            As ``get`` and ``price``.
        """
        batch = self.get(batch_id)
        price = price_of(batch.depth, self.amount(days), days)
        return price if batch.expires is None else price_of(batch.depth, price.amount, days, now=batch.expires)

    def amount(self, days: float) -> int:
        """PLUR for each chunk that pay for so many days at today's price of storage.

        Raises
        ------
        UsageError, StorageError
            As ``price``.
        """
        chain = self.node.json("/chainstate", "telling the price of storage")
        price = self._read(lambda: int(chain["currentPrice"]))
        minimum = self._read(lambda: int(chain.get("minimumValidityBlocks", MINIMUM_BLOCKS)))
        return amount_for(days, price=price, block_seconds=self._block_seconds(), minimum_blocks=minimum)

    def _block_seconds(self) -> int:
        try:
            return BLOCK_SECONDS.get(self.wallet().chain_id, _BLOCK)
        except StorageError as error:
            # before Bee 2.8.1 a node without swap, which is the default there, shows no wallet and buys all the same
            if error.kind != "refused":
                raise
            return _BLOCK

    def wallet(self) -> Wallet:
        """Balances of the node's wallet.

        Raises
        ------
        StorageError
            The node does not tell.
        """
        body = self.node.json("/wallet", "telling its balances")
        return self._read(
            lambda: Wallet(
                # null where the node does not know the token
                int(body["bzzBalance"] or 0),
                int(body["nativeTokenBalance"]),
                int(body["chainID"]),
                str(body["walletAddress"]),
            )
        )

    def buy(
        self,
        price: Price,
        label: str = "",
        *,
        say: Callable[[str], None] | None = None,
        check: Callable[[], None] | None = None,
    ) -> str:
        """Buy a batch at a price that was shown, and return its id once it is usable; this spends the node's BZZ.

        Raises
        ------
        StorageError
            The wallet holds too little, the node refuses, or the batch is not usable in time; the message says what was
            spent.
        """
        from swarmprov_nb.swarm.bee.buying import buy

        return buy(self, price, label, say=say, check=check)

    def top_up(
        self,
        batch_id: str,
        price: Price,
        *,
        say: Callable[[str], None] | None = None,
        check: Callable[[], None] | None = None,
    ) -> Batch:
        """Pay for more time, at a price that ``price_of_top_up`` showed; this spends the node's BZZ.

        Returns the batch as the node shows it once the payment has arrived.

        Raises
        ------
        StorageError
            The wallet holds too little, the node refuses, or the payment does not arrive in time.
        """
        from swarmprov_nb.swarm.bee.buying import top_up

        return top_up(self, batch_id, price, say=say, check=check)


def _lasting(batch: Batch) -> float:
    return math.inf if batch.expires is None else batch.expires.timestamp()
