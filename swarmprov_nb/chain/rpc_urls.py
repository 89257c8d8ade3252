"""URLs of nodes: which are meant, which are safe, and how they are shown, since one may hold a key."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from swarmprov_nb.errors import UsageError

_LONGEST = 2048


def checked_url(text: str) -> str:
    """Return a node's URL, if it is one that may be asked.

    >>> checked_url("http://127.0.0.1:8545")
    'http://127.0.0.1:8545'

    Only HTTPS leaves this machine: whoever is in between could else answer in the node's name. Raises `UsageError`,
    which never shows more than scheme and host.
    """
    text = text.strip()
    parts = _split(text)
    if parts.scheme in ("ws", "wss"):
        raise UsageError("A node is asked over HTTP, not over a WebSocket.", "Give its https:// URL.")
    if parts.scheme not in ("http", "https"):
        raise UsageError(
            "The node's URL does not begin with http:// or https://.",
            "Give it whole, for instance http://127.0.0.1:8545, or the name of a network.",
        )
    if not parts.hostname or parts.fragment:
        raise _malformed()
    if parts.scheme == "http" and not is_loopback(text):
        raise UsageError(
            f"{shown_url(text)} is on another machine, and http:// is neither secret nor safe from changes.",
            "Give an https:// URL, or reach the node through a tunnel on 127.0.0.1.",
        )
    return text


def shown_url(url: str) -> str:
    """Scheme, host and port of a URL: what may be printed, as the rest may hold a key.

    >>> shown_url("https://user:pass@rpc.example:8443/v3/KEY?k=KEY")
    'https://rpc.example:8443'
    """
    parts = _split(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def is_loopback(url: str) -> bool:
    """Whether a URL is of this machine.

    >>> is_loopback("http://localhost:8545"), is_loopback("http://127.0.0.1.example:8545")
    (True, False)
    """
    host = _split(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(text: str) -> SplitResult:
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise _malformed()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        parts = None
    if parts is None:
        raise _malformed()
    return parts


def _malformed() -> UsageError:
    return UsageError("The node's URL is malformed.", "Give scheme, host and port, for instance http://127.0.0.1:8545.")
