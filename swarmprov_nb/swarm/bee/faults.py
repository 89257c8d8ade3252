"""What can go wrong at a node, in words; each error has a ``kind`` that a program can tell apart."""

from __future__ import annotations

import socket
import ssl
from typing import Literal

from swarmprov_nb.errors import StorageError

Kind = Literal[
    "no-node",  # nothing answers: nothing was sent
    "cut",  # the connection broke
    "slow",  # no whole answer in time
    "busy",  # 429 and 5xx: again later
    "syncing",
    "certificate",
    "redirect",
    "not-bee",
    "garbage",
    "refused",
    "mode",
    "version",
    "peers",
    "no-batch",
    "batch-malformed",
    "batch-unknown",
    "batch-foreign",
    "batch-unusable",
    "batch-full",
    "batch-expired",
    "batch-small",
    "disk-full",
    "funds",
    "lost",
    "unpushed",
    "unfound",
    "tag-gone",
    "address",
    "stopped",
]
TRANSIENT: frozenset[str] = frozenset({"no-node", "cut", "slow", "busy", "syncing"})


def fault(kind: Kind, what: str, next_step: str) -> StorageError:
    """Make a StorageError of a kind.

    >>> fault("no-node", "Nothing answers at http://127.0.0.1:1.", "Start the node.").kind
    'no-node'
    """
    error = StorageError(what, next_step)
    error.kind = kind
    return error


def is_transient(error: StorageError) -> bool:
    """Whether the same request may succeed a little later."""
    return error.kind in TRANSIENT


def broken(shown: str, error: Exception) -> StorageError:
    """Say what a failed connection to ``shown`` means."""
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _untrusted(shown, error)
    if isinstance(error, TimeoutError):
        return slow(shown, "")
    if isinstance(error, ssl.SSLError | ConnectionError | EOFError | socket.gaierror):
        return _cut(shown, error)
    if isinstance(error, ValueError):
        return fault("garbage", f"{shown} answers something that is not HTTP.", "Check the address and its port.")
    reason = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
    return fault(
        "no-node", f"{shown} cannot be reached: {reason}.", "Check the address and the network, and try again."
    )


def _untrusted(shown: str, error: ssl.SSLError) -> StorageError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return fault(
            "certificate",
            f"The certificate of {shown} is not valid: {error.verify_message or 'it cannot be checked'}.",
            "Check the address, and ask whoever runs the node for one with a valid certificate.",
        )
    return fault(
        "not-bee", f"{shown} does not speak TLS.", "Write http:// if the node has no certificate, or check the port."
    )


def _cut(shown: str, error: Exception) -> StorageError:
    if isinstance(error, socket.gaierror):
        return fault("no-node", f"The host of {shown} is not known.", "Check the address for a slip.")
    if isinstance(error, ConnectionRefusedError):
        return fault(
            "no-node",
            f"Nothing answers at {shown}.",
            "Start the node there, or name another address; a Bee node usually has port 1633.",
        )
    return fault("cut", f"The connection to {shown} was cut.", "Check that the node still runs, and try again.")


def slow(shown: str, about: str) -> StorageError:
    """Say that an answer did not come in time."""
    return fault(
        "slow",
        f"{shown} gave no whole answer{about} in time.",
        "Try again later, or look at the node's log for what keeps it busy.",
    )
