"""What anchoring is, whatever the chain: requests, prepared transactions, records, and the backend seam."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol, Self, TypeAlias

from swarmprov_nb.chain.fees import Quote
from swarmprov_nb.chain.finality import State
from swarmprov_nb.chain.networks import Network
from swarmprov_nb.chain.wallet import Wallet
from swarmprov_nb.errors import ChainError, UsageError

SUBJECT_BYTES = 32
LARGEST_KIND = 2**16 - 1
LARGEST_RELATION = 2**8 - 1
MOST_TRIES = 8  # to get a nonce before another program does


@dataclass(frozen=True)
class AnchorEdge:
    """A claim that the anchored manifest came from `subject` (32 bytes), which `attester` anchored.

    `attester` is a checksummed address, zero where it is not known who anchored the parent; `relation` is 0 to 255.
    Raises `UsageError` for values out of these ranges.
    """

    attester: str
    subject: bytes
    relation: int

    def __post_init__(self) -> None:
        _require(len(self.subject) == SUBJECT_BYTES and any(self.subject), "An edge's subject is 32 bytes, not zero.")
        _require(0 <= self.relation <= LARGEST_RELATION, "An edge's relation is 0 to 255.")


@dataclass(frozen=True)
class AnchorRequest:
    r"""What to anchor: a manifest's sha256, where it may be found (or 32 zero bytes), its kind, what it came from.

    >>> AnchorRequest(subject=b"\x11" * 32, locator=bytes(32), kind=1).edges
    ()

    Raises `UsageError` for values that the contract would refuse.
    """

    subject: bytes
    locator: bytes
    kind: int
    edges: tuple[AnchorEdge, ...] = ()

    def __post_init__(self) -> None:
        _require(len(self.subject) == SUBJECT_BYTES and any(self.subject), "A subject is 32 bytes, not zero.")
        _require(len(self.locator) == SUBJECT_BYTES, "A locator is 32 bytes, zero for none.")
        _require(0 <= self.kind <= LARGEST_KIND, "A kind is 0 to 65535.")
        _require(all(edge.subject != self.subject for edge in self.edges), "A manifest is not its own parent.")


@dataclass(frozen=True)
class RevokeRequest:
    r"""What to revoke: a manifest's sha256, and that of the manifest which takes its place (or 32 zero bytes).

    >>> RevokeRequest(b"\x11" * 32).replacement == bytes(32)
    True

    Raises `UsageError` for values that the contract would refuse.
    """

    subject: bytes
    replacement: bytes = bytes(SUBJECT_BYTES)

    def __post_init__(self) -> None:
        _require(len(self.subject) == SUBJECT_BYTES and any(self.subject), "A subject is 32 bytes, not zero.")
        _require(len(self.replacement) == SUBJECT_BYTES, "A replacement is 32 bytes, zero for none.")
        _require(self.replacement != self.subject, "A manifest does not replace itself.")


@dataclass(frozen=True)
class PreparedTransaction:
    """A signed transaction that was not sent: write it down, then submit it, as often as needed.

    `hash` and `raw` are 0x-text. Both are empty where the chain already held what was asked for: nothing is to be sent,
    and `submit` answers with the record that is there.
    """

    network: str
    chain_id: int
    contract: str
    action: str
    attester: str
    subject: str
    nonce: int
    hash: str
    raw: str

    def to_json(self) -> dict[str, Any]:
        """A JSON object with these fields."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises `ChainError` for anything else."""
        types = {each.name: int if each.type == "int" else str for each in fields(cls)}
        if set(value) != set(types) or any(type(value[name]) is not types[name] for name in types):
            raise ChainError(
                "A journal entry is no prepared transaction of this version.", "Publish again with --again."
            )
        return cls(**value)


@dataclass(frozen=True)
class AnchorRecord:
    """What a chain holds for (attester, subject). Times are Unix seconds of blocks; None: has not happened.

    A record that was only revoked has no `anchored_at`. `state` says how settled the anchor is, or for such a record
    the revocation, when it was read, and `seconds_to_final` about how long it takes from there, where that is known.
    """

    attester: str
    subject: bytes
    anchored_at: int | None
    anchored_block: int | None
    revoked_at: int | None
    revoked_block: int | None
    kind: int
    network: Network
    contract: str
    state: State = field(compare=False)
    seconds_to_final: int | None = field(default=None, compare=False)

    @property
    def finalized(self) -> bool:
        """Whether the network counts it as irreversible."""
        return self.state == "finalized"

    @property
    def public(self) -> bool:
        """Whether it is on a network on which a record proves something to others."""
        return self.network.public


@dataclass(frozen=True)
class AnchoredEvent:
    """An anchor as its event tells it. `transaction` is 0x-text; so is `block_hash`, which a reorganisation changes."""

    attester: str
    subject: bytes
    locator: bytes
    kind: int
    block: int
    transaction: str
    block_hash: str = field(default="", compare=False)


@dataclass(frozen=True)
class RevokedEvent:
    """A revocation as its event tells it, `at` Unix seconds of its block; `replacement` is 32 bytes, zero for none."""

    attester: str
    subject: bytes
    replacement: bytes
    at: int
    block: int
    transaction: str


@dataclass(frozen=True)
class DerivedEvent:
    """A claim by `attester` that `child` came from `parent`. `transaction` is 0x-text."""

    parent: AnchorEdge
    child: bytes
    attester: str
    block: int
    transaction: str


LineageEvent: TypeAlias = AnchoredEvent | DerivedEvent


class PreparedStale(ChainError):
    """Another transaction took the nonce of a prepared one, which was not and cannot be included: prepare anew."""


class Underpriced(ChainError):
    """The network asks for more than a prepared transaction offers: replace it, or wait."""


class NotIncluded(ChainError):
    """A transaction was sent and is not in a block yet: submit it again later, it is the same one."""


class OverCap(ChainError):
    """A transaction may cost more than the user allows, and was not signed."""


class NotFunded(ChainError):
    """A wallet holds less than a transaction may cost, which was not signed."""


class NotDeployed(ChainError):
    """The contract does not stand on this network yet."""


class AnchorBackend(Protocol):
    """A place where manifests are anchored. Errors are `ChainError`, for wrong arguments `UsageError`."""

    @property
    def network(self) -> Network:
        """The network of the table that it writes to and reads from."""
        ...

    def turn(self, address: str) -> AbstractContextManager[None]:
        """Hold while preparing and submitting: no other process here uses this account's nonces meanwhile."""
        ...

    def quote(self, request: AnchorRequest | RevokeRequest, address: str) -> Quote:
        """What it may cost this address at most; nothing where the chain already holds it."""
        ...

    def balance(self, address: str) -> int:
        """What an address holds, in the coin's smallest unit."""
        ...

    def prepare(self, request: AnchorRequest, wallet: Wallet, *, most: int | None = None) -> PreparedTransaction:
        """Sign an anchor and send nothing.

        Raises `OverCap` where it may cost more than `most`, `NotFunded` where the wallet holds less; nothing is signed.
        """
        ...

    def prepare_revoke(
        self, subject: bytes, replacement: bytes, wallet: Wallet, *, most: int | None = None
    ) -> PreparedTransaction:
        """Sign a revocation and send nothing; `replacement` is 32 bytes, zero for none. Raises as `prepare` does."""
        ...

    def replace(self, prepared: PreparedTransaction, wallet: Wallet, *, most: int | None = None) -> PreparedTransaction:
        """Sign the same again under the same nonce at a higher price, and send nothing: one of the two is included.

        Raises as `prepare` does, and `PreparedStale` where the nonce was taken.
        """
        ...

    def submit(self, prepared: PreparedTransaction, *, watch: Callable[[State], None] | None = None) -> AnchorRecord:
        """Send, and wait until it is included. Any number of times gives one transaction and the same record.

        `watch` hears of each state, and may raise to stop waiting: nothing is lost. Raises `PreparedStale` where it can
        no longer be included and nothing of it is on the chain, `NotIncluded` or `Underpriced` where it is not included
        in time.
        """
        ...

    def state(self, what: AnchorRecord | PreparedTransaction | str) -> State:
        """How settled a record is now, or a transaction, by its hash. Raises `ChainError` for one that failed."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a person should know of the network's answers: endpoints that are silent, a clock that is wrong."""
        ...

    def get(self, attester: str, subject: bytes) -> AnchorRecord | None:
        """The record, None if there is none."""
        ...

    def anchored_event(self, attester: str, subject: bytes) -> AnchoredEvent | None:
        """The anchor's event with locator and transaction; None where there is no anchor."""
        ...

    def revocation(self, attester: str, subject: bytes) -> RevokedEvent | None:
        """The revocation, with when it was and what takes its place; None where there is none."""
        ...

    def edges_of(self, attester: str, subject: bytes) -> tuple[AnchorEdge, ...]:
        """The edges that the anchor claimed, in its order, each once."""
        ...

    def lineage(self, attester: str, subject: bytes, *, limit: int = 1000) -> Iterator[LineageEvent]:
        """What the chain says about (attester, subject), newest first: its anchor, and who claims to descend from it.

        Anyone may claim to descend from anything: filter by the attesters that you know.
        """
        ...

    def estimate(self, request: AnchorRequest) -> int:
        """The gas that anchoring this would take, for an attester who has not anchored it."""
        ...


def anchor(
    backend: AnchorBackend,
    request: AnchorRequest,
    wallet: Wallet,
    journal: Callable[[PreparedTransaction], None],
    *,
    most: int | None = None,
    watch: Callable[[State], None] | None = None,
) -> AnchorRecord:
    """Prepare, write down, submit; anew where another process took the nonce. The record that is then on the chain.

    `journal` is called with each prepared transaction before it is sent. Raises as `prepare` and `submit` do.
    """
    return _settled(backend, lambda: backend.prepare(request, wallet, most=most), wallet, journal, watch)


def revoke(
    backend: AnchorBackend,
    request: RevokeRequest,
    wallet: Wallet,
    journal: Callable[[PreparedTransaction], None],
    *,
    most: int | None = None,
    watch: Callable[[State], None] | None = None,
) -> AnchorRecord:
    """Prepare, write down, submit a revocation, as `anchor` does."""

    def prepare() -> PreparedTransaction:
        return backend.prepare_revoke(request.subject, request.replacement, wallet, most=most)

    return _settled(backend, prepare, wallet, journal, watch)


def _settled(
    backend: AnchorBackend,
    prepare: Callable[[], PreparedTransaction],
    wallet: Wallet,
    journal: Callable[[PreparedTransaction], None],
    watch: Callable[[State], None] | None,
) -> AnchorRecord:
    for _ in range(MOST_TRIES):
        with backend.turn(wallet.address):
            prepared = prepare()
            journal(prepared)
            try:
                return backend.submit(prepared, watch=watch)
            except PreparedStale:
                continue
    raise ChainError(
        f"The node of {backend.network.name} says again and again that the nonce of {wallet.address} is used.",
        "See that no other program sends with this wallet, or ask another node.",
    )


def _require(met: bool, rule: str) -> None:  # noqa: FBT001  reads as a sentence
    if not met:
        raise UsageError(rule, "Check the values that are to be anchored.")
