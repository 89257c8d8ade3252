"""What can be wrong with a node or with what stands before it: switches, all off at first."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

Times = int | bool


@dataclass
class Faults:
    """Switches of a FakeBee. A `Times` is True for always, or the number of times that are left.

    Before anything else, for every path: ``hang`` reads a request and never answers; ``html`` answers as a proxy does,
    with a page and this status; ``redirect`` sends every request to another URL; ``slow`` waits so many seconds before
    each answer.

    For the paths that begin with one of ``only``: ``too_many`` answers 429 and ``server_error`` 500; ``garbage``
    answers 200 with bytes that mean nothing, and ``endless`` 200 with a body without end; ``cut`` resets the
    connection half-way through an upload's body or a download's answer; ``lost_answer`` does what was asked and
    resets the connection.

    Of the node: ``syncing`` (readiness 400, all else 503); ``not_usable`` (every batch as if bought just now);
    ``full_bucket`` (after so many more chunks every bucket is full: 402, on the stream close 1011); ``disk_full``
    (likewise, nothing can be written: 500, close 1011); ``lying_chunk`` (addresses, or True for all, of which other
    bytes are served); ``missing_chunk`` (addresses that this node finds nowhere); ``wrong_reference`` (uploads are
    answered with another address); ``lost_chunk`` (chunks are acknowledged and thrown away); ``other_network`` (the
    node is on another chain, and what it pushes reaches none of our peers); ``no_swap`` (it runs without swap, as by
    default: 2.8.0 then shows no wallet); ``push_held`` (nothing is pushed: tags
    stand still until it is False again and something asks); ``no_stream`` (no WebSocket gets through);
    ``cut_stream`` (after so many more messages the stream's connection is reset); ``slow_stream`` (waits so many
    seconds before each acknowledgement); ``restart_after`` (after so many more chunks the node is killed and starts
    again after ``restart_seconds``).

    >>> faults = Faults(too_many=2)
    >>> [faults.take("too_many") for _ in range(3)]
    [True, True, False]
    """

    hang: bool = False
    html: int = 0
    redirect: str = ""
    slow: float = 0.0
    only: tuple[str, ...] = ("/chunks", "/bytes", "/bzz", "/v1/chunks", "/v1/bytes", "/v1/bzz")
    too_many: Times = 0
    server_error: Times = 0
    garbage: Times = 0
    endless: Times = 0
    cut: Times = 0
    lost_answer: Times = 0
    syncing: bool = False
    not_usable: bool = False
    full_bucket: int | None = None
    disk_full: int | None = None
    lying_chunk: bool | set[bytes] = False
    missing_chunk: set[bytes] = field(default_factory=set)
    wrong_reference: bool = False
    lost_chunk: Times = 0
    other_network: bool = False
    no_swap: bool = False
    push_held: bool = False
    no_stream: bool = False
    cut_stream: int | None = None
    slow_stream: float = 0.0
    restart_after: int | None = None
    restart_seconds: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def take(self, name: str) -> bool:
        """Whether a `Times` is due now; counts it."""
        with self._lock:
            left = getattr(self, name)
            if left is True or not left:
                return bool(left)
            setattr(self, name, left - 1)
            return True

    def count_down(self, name: str) -> bool:
        """Whether a number of chunks that may still come is used up; counts one, and stays at zero."""
        with self._lock:
            left = getattr(self, name)
            if left is None:
                return False
            if left <= 0:
                return True
            setattr(self, name, left - 1)
            return False

    def applies(self, path: str) -> bool:
        """Whether the faults of single requests concern this path."""
        return path.startswith(self.only)

    def lies_about(self, address: bytes) -> bool:
        """Whether other bytes are served for an address."""
        return self.lying_chunk is True or (isinstance(self.lying_chunk, set) and address in self.lying_chunk)
