"""Where a node or a gateway is: a URL, of which only scheme, host and port are ever shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, quote, urlsplit

from swarmprov_nb.errors import UsageError

_HARMLESS = re.compile(r"[A-Za-z0-9.:_-]{1,60}")
_PORTS = {"http": 80, "https": 443}
_EXAMPLE = "Write it as http://HOST:PORT; a Bee node on this machine is at http://127.0.0.1:1633."


@dataclass(frozen=True)
class Endpoint:
    """Scheme, host and port of an HTTP server, and a path before all its paths, which may be secret.

    >>> Endpoint.parse("http://127.0.0.1:1633/")
    Endpoint(http://127.0.0.1:1633)
    """

    scheme: str
    host: str
    port: int
    prefix: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str, *, path_allowed: bool = False) -> Endpoint:
        """Read a URL; nothing is asked of the network.

        Raises
        ------
        UsageError
            It has no scheme, another than http and https, no host, an odd port, credentials, a query, or a path where
            none is meant. The message shows nothing of it that may be a secret.
        """
        text = text.strip()
        if "://" not in text:
            shown = f" {text}" if _HARMLESS.fullmatch(text) else ""
            raise UsageError(f"The address{shown} has no scheme.", _EXAMPLE)
        parts = _split(text)
        if parts.scheme not in _PORTS:
            raise UsageError(f"The scheme {parts.scheme}:// is not one of http:// and https://.", _EXAMPLE)
        if parts.username is not None or parts.password is not None:
            raise UsageError("The address has a user name or password in it, which would be kept and shown.", _EXAMPLE)
        if parts.query or parts.fragment or (parts.path.strip("/") and not path_allowed):
            raise UsageError(f"The address of {parts.hostname} has something after host and port.", _EXAMPLE)
        host, port = _host_and_port(parts)
        return cls(
            parts.scheme, host, port or _PORTS[parts.scheme], quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        )

    @property
    def shown(self) -> str:
        """Scheme, host and port: what messages say."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def host_header(self) -> str:
        """What a request's Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Endpoint({self.shown})"

    def __str__(self) -> str:
        return self.shown


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise UsageError("The address is no URL.", _EXAMPLE) from error


def _host_and_port(parts: SplitResult) -> tuple[str, int | None]:
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(f"The port of {parts.hostname} is no number from 1 to 65535.", _EXAMPLE) from error
    if not parts.hostname or not re.fullmatch(r"[\w.:%-]+", parts.hostname) or port == 0:
        raise UsageError("The address names no host, or one that cannot be, or port 0.", _EXAMPLE)
    return parts.hostname, port
