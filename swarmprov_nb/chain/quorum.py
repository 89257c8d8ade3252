"""Several nodes of one network asked at once: what matters is believed only where all that answer agree."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from swarmprov_nb.chain.deadlines import gathered
from swarmprov_nb.chain.rpc import NodeSilent, number, strange
from swarmprov_nb.errors import ChainError, UsageError

ANSWER_SECONDS = 30.0  # for all of them; each has limits of its own below this
SILENT_SECONDS = 120.0  # that one which did not answer is left alone, so that it costs its time once
PAUSES = (0.5, 2.0)  # before they are asked again: nodes see a new block one after the other
MOST_BEHIND = 600  # seconds that the newest block of one may be older than that of another

_ABOUT: Final = {
    "eth_chainId": "which chain this is",
    "eth_getCode": "the contract's code",
    "eth_call": "the record",
    "eth_getLogs": "the events",
    "eth_getBlockByNumber": "a block and its time",
    "eth_getTransactionReceipt": "the transaction's receipt",
    "eth_getTransactionByHash": "the transaction",
}
_ALIKE: Final = {
    "eth_getBlockByNumber": ("number", "hash", "timestamp", "baseFeePerGas"),
    "eth_getTransactionReceipt": ("transactionHash", "blockHash", "blockNumber", "status"),
    "eth_getTransactionByHash": ("hash",),
    "eth_getLogs": ("address", "topics", "data", "blockNumber", "transactionHash", "logIndex"),
}
_TAGS: Final = ("latest", "safe", "finalized")


class Disagreement(ChainError):
    """Nodes of one network say different things, so that nothing can be believed."""


class Member(Protocol):
    """A node of the quorum: `HttpRpc`."""

    place: str

    def make_request(self, method: Any, params: Any) -> Any:
        """A JSON-RPC object with `result` or `error`."""
        ...


class Quorum:
    """A provider over several nodes of one network.

    Records, code, chain id, blocks, logs and receipts are asked of all, at one block that all have; those that do not
    answer are left out and named in `notes`, and those that answer must agree: else `Disagreement` names them. What is
    merely advice (gas, fees) comes from the first that answers. A transaction is sent to all.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        if not members:
            raise UsageError("A quorum needs a node.", "Give at least one endpoint.")
        self._members = tuple(members)
        self._silent: dict[str, tuple[float, str]] = {}

    def __repr__(self) -> str:
        return f"Quorum({', '.join(member.place for member in self._members)})"

    @property
    def notes(self) -> tuple[str, ...]:
        """Who does not answer, and why, in words."""
        return tuple(why for _, why in self._silent.values())

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer one JSON-RPC request."""
        if method == "eth_sendRawTransaction":
            return _accepted(self._all(method, params))
        if method == "eth_getTransactionCount" and params[-1] == "pending":
            return _least(self._all(method, params))
        if method == "eth_blockNumber" or (method == "eth_getBlockByNumber" and params[0] in _TAGS):
            return self._lowest(method, params)
        ask = self._matters(method, params)
        return self._first(method, params) if ask is None else self._agreed(method, ask)

    def _matters(self, method: str, params: Sequence[Any]) -> Callable[[], dict[str, Any]] | None:
        """How to ask all for what all must agree on; None for mere advice."""
        if method in ("eth_getTransactionReceipt", "eth_getTransactionByHash"):
            return lambda: _unless_missing(self._all(method, params))
        if params and params[-1] == "latest" and method.startswith(("eth_get", "eth_call")):
            return lambda: self._all(method, [*params[:-1], self._common_head()])
        if method in ("eth_chainId", "eth_getBlockByNumber", "eth_getLogs"):
            return lambda: self._all(method, params)
        return None

    def _agreed(self, method: str, ask: Callable[[], dict[str, Any]]) -> Any:
        """What all say, asked again where they differ: the newest blocks reach nodes one after the other."""
        for pause in (*PAUSES, None):
            answers = ask()
            told = {place: answer for place, answer in answers.items() if "error" not in answer}
            if not told:
                return next(iter(answers.values()))
            if len({_essence(method, answer.get("result")) for answer in told.values()}) == 1:
                self._name_refusals(method, answers)
                return next(iter(told.values()))
            if pause is not None:
                time.sleep(pause)
        raise Disagreement(
            f"{' and '.join(told)} do not agree about {_ABOUT.get(method, method)}.",
            "Take out of the configuration the one that you trust less, or ask others; until then nothing is believed.",
        )

    def _lowest(self, method: str, params: Sequence[Any]) -> Any:
        """The earliest of the blocks with a tag, if all agree on that block: none is believed to be further."""
        answers = self._all(method, params)
        told = {place: answer for place, answer in answers.items() if "error" not in answer}
        if not told:
            return next(iter(answers.values()))
        self._name_refusals(method, answers)
        missing = [answer for answer in told.values() if answer["result"] is None]
        if missing:
            return missing[0]
        lowest = hex(min(_height(answer["result"]) for answer in told.values()))
        if method == "eth_blockNumber":
            return {"result": lowest}
        if params[0] == "latest":
            self._require_level(told)
        return self.make_request("eth_getBlockByNumber", [lowest, *params[1:]])

    def _common_head(self) -> str:
        """The newest block that all have."""
        answers = self._all("eth_getBlockByNumber", ["latest", False])
        blocks = [answer["result"] for answer in answers.values() if answer.get("result") is not None]
        if not blocks:
            raise strange("eth_getBlockByNumber")
        self._require_level(answers)
        return hex(min(_height(block) for block in blocks))

    def _require_level(self, answers: Mapping[str, Any]) -> None:
        """Refuse to go on where one is far behind: at its newest block much has not happened yet."""
        times = {
            place: number(answer["result"].get("timestamp"), "eth_getBlockByNumber")
            for place, answer in answers.items()
            if isinstance(answer.get("result"), Mapping)
        }
        if times and max(times.values()) - min(times.values()) > MOST_BEHIND:
            slow, fast = min(times, key=times.__getitem__), max(times, key=times.__getitem__)
            minutes = (times[fast] - times[slow]) // 60
            raise Disagreement(
                f"{slow} is {minutes} minutes behind {fast}.",
                "Take the one out of the configuration that is wrong, or wait until it has caught up.",
            )

    def _first(self, method: str, params: Sequence[Any]) -> Any:
        """The answer of the first that gives one."""
        refusal = None
        for member in self._listening():
            try:
                answer = member.make_request(method, params)
            except NodeSilent as error:
                self._hush(member.place, error.what)
            else:
                if isinstance(answer, Mapping) and "error" not in answer:
                    return answer
                refusal = refusal or answer
        if refusal is None:
            raise self._nobody()
        return refusal

    def _all(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        """The answers of all that give one, by place; `NodeSilent` where none does."""
        members = self._listening()
        asked = [lambda member=member: member.make_request(method, list(params)) for member in members]
        answers: dict[str, Any] = {}
        for member, answer in zip(members, gathered(ANSWER_SECONDS, asked), strict=True):
            if isinstance(answer, NodeSilent):
                self._hush(member.place, answer.what)
            elif isinstance(answer, TimeoutError):
                self._hush(member.place, f"{member.place} did not answer in time.")
            elif isinstance(answer, BaseException):
                raise answer
            elif isinstance(answer, Mapping) and ("result" in answer or "error" in answer):
                answers[member.place] = answer
            else:
                self._hush(member.place, f"What {member.place} answers is no JSON-RPC.")
        if not answers:
            raise self._nobody()
        return answers

    def _listening(self) -> list[Member]:
        """Those not found silent lately; all of them where that leaves nobody."""
        now = time.monotonic()
        heard = [each for each in self._members if self._silent.get(each.place, (0.0, ""))[0] <= now]
        return heard or list(self._members)

    def _hush(self, place: str, why: str) -> None:
        self._silent[place] = (time.monotonic() + SILENT_SECONDS, why)

    def _name_refusals(self, method: str, answers: Mapping[str, Any]) -> None:
        """Tell who refused to say what the others said."""
        for place, answer in answers.items():
            if "error" in answer:
                self._silent[place] = (0.0, f"{place} does not say {_ABOUT.get(method, method)}.")

    def _nobody(self) -> NodeSilent:
        reasons = " ".join(self.notes)
        return NodeSilent(f"None of the nodes answers. {reasons}", "Check your network, or give other endpoints.")


def _accepted(answers: Mapping[str, Any]) -> Any:
    """An acceptance if anyone gives one; else what says that it is known; else the first refusal."""
    refusals = [answer for answer in answers.values() if "error" in answer]
    taken = [answer for answer in answers.values() if "error" not in answer]
    known = [answer for answer in refusals if "known" in str(answer["error"]).lower()]
    return (taken or known or refusals)[0]


def _unless_missing(answers: dict[str, Any]) -> dict[str, Any]:
    """All answers, or only the empty ones where there are such: what not all have is not settled."""
    missing = {place: answer for place, answer in answers.items() if answer.get("result", answer) is None}
    return missing or answers


def _least(answers: Mapping[str, Any]) -> Any:
    """The lowest count: too low, a nonce is found taken and another is tried; too high, it would wait for ever."""
    told = [answer for answer in answers.values() if "error" not in answer]
    if not told:
        return next(iter(answers.values()))
    return min(told, key=lambda answer: number(answer["result"], "eth_getTransactionCount"))


def _height(result: Any) -> int:
    return number(result.get("number") if isinstance(result, Mapping) else result, "eth_getBlockByNumber")


def _essence(method: str, result: Any) -> str:
    """What must be equal in an answer: nodes write and add the rest as they like."""
    fields = _ALIKE.get(method)
    if fields is None or result is None:
        return str(result).lower()
    listed = result if isinstance(result, list) else [result]
    if not all(isinstance(each, Mapping) for each in listed):
        raise strange(method)
    return str([[each.get(field) for field in fields] for each in listed]).lower()
