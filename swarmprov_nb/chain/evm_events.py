"""The contract's events, read block by block: no indexer, no range scan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swarmprov_nb.chain.anchors import AnchoredEvent, AnchorEdge, DerivedEvent, LineageEvent, RevokedEvent
from swarmprov_nb.chain.contract import decode_event, event_topic
from swarmprov_nb.chain.rpc import Provider, ask, number, strange
from swarmprov_nb.errors import ChainError


class BlockEvents:
    """The events of one contract, asked for one block at a time."""

    def __init__(self, provider: Provider, contract: str) -> None:
        self._provider = provider
        self._contract = contract

    def anchored(self, block: int, attester: str, subject: bytes) -> AnchoredEvent:
        """The anchor that a block holds. Raises `ChainError` where the node does not have it."""
        found = self._events(block, [event_topic("Anchored"), _word(subject), _word(attester)])
        for _, event, _ in found:
            if isinstance(event, AnchoredEvent):
                return event
        raise _missing(block)

    def revoked(self, block: int, at: int, attester: str, subject: bytes) -> RevokedEvent:
        """The revocation that a block of that time holds. Raises `ChainError` where the node does not have it."""
        for log, name, values in self._logs(block, [event_topic("Revoked"), _word(subject), _word(attester)]):
            if name == "Revoked":
                transaction = str(log["transactionHash"])
                return RevokedEvent(attester, subject, values["replacement"], at, block, transaction)
        raise _missing(block)

    def edges(self, block: int, attester: str, subject: bytes) -> tuple[AnchorEdge, ...]:
        """The edges that an anchor in this block claimed, in its order, each once."""
        found = self._events(block, [event_topic("Derived"), None, None, _word(subject)])
        events = [event for _, event, _ in found if isinstance(event, DerivedEvent) and event.attester == attester]
        return tuple(dict.fromkeys(event.parent for event in events))

    def walk(self, last_block: int, attester: str, subject: bytes) -> Iterator[LineageEvent]:
        """The events of one head, newest first, each once.

        Each names the block of the one before it; several in one block name that block itself, so the walk goes on
        from the one that names an earlier block. A node that names a later block ends it: the walk only goes back.
        """
        block = last_block
        topics = [[event_topic("Anchored"), event_topic("Derived")], _word(subject), _word(attester)]
        while block:
            found = self._events(block, topics)
            if not found:
                raise _missing(block)
            yield from dict.fromkeys(event for _, event, _ in reversed(found))
            block = min((previous for _, _, previous in found if previous < block), default=0)

    def _events(self, block: int, topics: list[Any]) -> list[tuple[int, LineageEvent, int]]:
        """(position, event, block of the event before it) of one block, in their order."""
        return [
            (number(log["logIndex"]), _event(name, values, log), values["prevBlock"])
            for log, name, values in self._logs(block, topics)
        ]

    def _logs(self, block: int, topics: list[Any]) -> list[tuple[dict[str, Any], str, dict[str, Any]]]:
        """(log, name, fields) of the contract's events in one block, in their order."""
        wanted = {"address": self._contract, "fromBlock": hex(block), "toBlock": hex(block), "topics": topics}
        logs = ask(self._provider, "eth_getLogs", wanted)
        try:
            here = [each for each in logs if number(each["blockNumber"]) == block and self._is_ours(each)]
            here.sort(key=lambda each: number(each["logIndex"]))
            decoded = [(log, decode_event(log)) for log in here]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise strange("eth_getLogs") from error
        return [(log, *found) for log, found in decoded if found is not None]

    def _is_ours(self, log: dict[str, Any]) -> bool:
        return bool(log["address"].lower() == self._contract.lower() and isinstance(log["transactionHash"], str))


def _event(name: str, values: dict[str, Any], log: dict[str, Any]) -> LineageEvent:
    block, transaction = number(log["blockNumber"]), log["transactionHash"]
    attester = values["attester"]
    if name == "Anchored":
        subject, locator, kind = values["subject"], values["locator"], values["kind"]
        return AnchoredEvent(attester, subject, locator, kind, block, transaction, str(log.get("blockHash", "")))
    parent = AnchorEdge(values["parentAttester"], values["parent"], values["relation"])
    return DerivedEvent(parent, values["child"], attester, block, transaction)


def _word(value: bytes | str) -> str:
    return "0x" + (value.hex() if isinstance(value, bytes) else value[2:].lower().rjust(64, "0"))


def _missing(block: int) -> ChainError:
    return ChainError(
        f"The node does not have the events of block {block}, which the contract names.",
        "Ask another endpoint of this network.",
    )
