"""Buying and topping up batches: sent once, and looked for where the answer is lost, never sent again.

Source: Bee ``pkg/api/postage.go``: POST /stamps/{amount}/{depth} answers once the transaction is mined, some ten blocks
before the batch is usable; PATCH /stamps/topup/{id}/{amount} likewise.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from swarmprov_nb.errors import StorageError, UsageError
from swarmprov_nb.swarm.bee.answer import Answer
from swarmprov_nb.swarm.bee.batch import Batch
from swarmprov_nb.swarm.bee.batch_id import parse_batch_id
from swarmprov_nb.swarm.bee.faults import fault, is_transient
from swarmprov_nb.swarm.bee.patience import wait
from swarmprov_nb.swarm.bee.postage import Price

if TYPE_CHECKING:
    from swarmprov_nb.swarm.bee.batches import Batches

_LOOK = 1.0
_MINUTES = 300.0
_NOT_YET = frozenset({"batch-unusable", "batch-unknown", "batch-foreign"})
_LOST = frozenset({"slow", "cut"})
Say = Callable[[str], None] | None
Check = Callable[[], None] | None


def buy(batches: Batches, price: Price, label: str, *, say: Say = None, check: Check = None) -> str:
    """Buy a batch and return its id once it is usable; see ``Batches.buy``.

    Raises
    ------
    StorageError
        It was not bought, may have been bought, or is bought and not usable yet; the message says which.
    """
    label = f"{label or 'swarmprov'} {secrets.token_hex(4)}"
    path = f"/stamps/{price.amount}/{price.depth}?label={quote(label, safe='')}"
    try:
        answer = batches.node.ask("POST", path, headers={"Immutable": "true"}, seconds=_MINUTES, check=check, once=True)
    except StorageError as error:
        if error.kind not in _LOST:
            raise
        return _await_usable(batches, _found(batches, label, check), say, check)
    if answer.status != HTTPStatus.CREATED:
        raise _refused(batches, answer, price)
    return _await_usable(batches, parse_batch_id(str(answer.json().get("batchID", ""))), say, check)


def _found(batches: Batches, label: str, check: Check) -> str:
    """Look for a purchase whose answer was lost."""
    shown, end = batches.node.shown, time.monotonic() + batches.node.patience.usable
    while time.monotonic() < end:
        try:
            found = next((batch.id for batch in batches.list() if batch.label == label), None)
        except StorageError as error:
            if not is_transient(error):
                raise
            found = None
        if found is not None:
            return found
        wait(_LOOK, check)
    raise fault(
        "funds",
        f"The answer of {shown} to a purchase was lost, and no batch labelled {label!r} has shown up.",
        "Look at the node's batches and its wallet before buying again: it may have been bought.",
    )


def _await_usable(batches: Batches, batch_id: str, say: Say, check: Check) -> str:
    begin = time.monotonic()
    while not _is_usable(batches, batch_id):
        waited = time.monotonic() - begin
        if waited > batches.node.patience.usable:
            raise fault(
                "batch-unusable",
                f"The batch {batch_id} is bought, and not usable after {waited:.0f} seconds.",
                "Use it later by its id; nothing has to be bought again.",
            )
        if say is not None:
            say(f"Batch {batch_id[:8]}… is bought; it is usable in about two minutes ({waited:.0f} s so far).")
        wait(_LOOK, check)
    return batch_id


def _is_usable(batches: Batches, batch_id: str) -> bool:
    try:
        return batches.get(batch_id).usable
    except StorageError as error:
        if error.kind in _NOT_YET or is_transient(error):
            return False
        raise


def top_up(batches: Batches, batch_id: str, price: Price, *, say: Say = None, check: Check = None) -> Batch:
    """Pay for more time of a batch; see ``Batches.top_up``.

    Raises
    ------
    UsageError
        The price is for another depth.
    StorageError
        It was not paid, or may have been; the message says which.
    """
    before = batches.get(batch_id)
    if before.depth != price.depth:
        raise UsageError("That price is for a batch of another depth.", "Ask for the price of this top-up again.")
    path = f"/stamps/topup/{before.id}/{price.amount}"
    try:
        answer = batches.node.ask("PATCH", path, seconds=_MINUTES, check=check, once=True)
    except StorageError as error:
        if error.kind not in _LOST:
            raise
    else:
        if answer.status not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
            raise _refused(batches, answer, price)
    return _await_payment(batches, before, say, check)


def _await_payment(batches: Batches, before: Batch, say: Say, check: Check) -> Batch:
    end = time.monotonic() + batches.node.patience.usable
    while True:
        now = batches.get(before.id)
        if now.amount > before.amount:
            return now
        if time.monotonic() > end:
            raise fault(
                "funds",
                f"The payment for batch {before.id[:8]}… has not shown up at {batches.node.shown}.",
                "Look at the batch and the node's wallet before paying again.",
            )
        if say is not None:
            say(f"Waiting for the payment for batch {before.id[:8]}… to arrive.")
        wait(_LOOK, check)


def _refused(batches: Batches, answer: Answer, price: Price) -> StorageError:
    shown, said = batches.node.shown, answer.message
    if "out of funds" in said:
        return _poor(batches, price)
    if "24h minimum" in said:
        return fault(
            "funds", "The price of storage has risen: that no longer pays for a day.", "Ask for the price again."
        )
    if answer.status in {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}:
        return fault(
            "mode",
            f"The node at {shown} has no connection to a chain, so it cannot buy.",
            "Run it as a light or full node with an RPC endpoint.",
        )
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return fault("busy", f"{shown} is busy with another purchase.", "Try again in a minute.")
    return answer.failure("paying for postage")


def _poor(batches: Batches, price: Price) -> StorageError:
    try:
        wallet = batches.wallet()
        has = f"it holds {wallet.bzz} BZZ and {wallet.coin} of the chain's coin"
        where = f" to {wallet.address}"
    except StorageError:
        has, where = "it does not tell what it holds", " there"
    return fault(
        "funds",
        f"The wallet of the node at {batches.node.shown} has too little for {price.bzz} BZZ and the fee: {has}.",
        f"Send BZZ, and a little of the chain's coin,{where} and try again.",
    )
