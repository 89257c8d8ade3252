"""A node over HTTP: JSON-RPC requests in bounded time and memory, and in words what is wrong where no node answers.

The format is JSON-RPC 2.0 as in the Ethereum execution API (github.com/ethereum/execution-apis). No provider of
web3.py is used: theirs sends transactions again by itself, and shows URLs in errors.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

from swarmprov_nb.bounded_json import loads
from swarmprov_nb.chain.deadlines import within
from swarmprov_nb.chain.rpc import NodeSilent
from swarmprov_nb.chain.rpc_urls import checked_url, is_loopback, shown_url

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 6.0
ANSWER_SECONDS = 20.0  # for the whole answer, however it trickles
MOST_BYTES = 8 * 2**20  # the longest answer that we ask for is a block's logs, far below this
PAUSES = (0.3, 1.5)  # seconds before a read is tried again
LONGEST_PAUSE = 5.0  # however long a node asks to be left alone

# A read changes nothing, so it may be asked again. A transaction is never sent again from here: `evm_sending` decides.
_READS: Final = ("eth_get", "eth_call", "eth_chainId", "eth_blockNumber", "eth_estimateGas", "eth_feeHistory",
                 "eth_maxPriorityFeePerGas", "eth_accounts", "web3_clientVersion")  # fmt: skip
_PASSING: Final = frozenset({429, 500, 502, 503, 504})
_REFUSED: Final = frozenset({401, 403})
_CHUNK: Final = 2**16


@dataclass(frozen=True)
class _Reply:
    """What came over HTTP, or what went wrong in words: what and next step, and whether trying again may help."""

    status: int = 0
    body: bytes = b""
    pause: float = 0.0
    fault: tuple[str, str] | None = None
    passing: bool = False


class HttpRpc:
    """A provider over HTTP: `HttpRpc("http://127.0.0.1:8545").make_request("eth_chainId", [])`.

    Follows no redirect, accepts no bad certificate, believes only an answer with the request's own id, and gives up
    after `ANSWER_SECONDS`. `place` is all of the URL that is ever shown. Raises `UsageError` for a URL that must not be
    asked, and from requests `NodeSilent`, which says what is at the address instead of a node.
    """

    def __init__(self, url: str) -> None:
        self._url = checked_url(url)
        self._ids = itertools.count(1)
        self._idle: list[requests.Session] = []
        self.place = shown_url(self._url)
        self.loopback = is_loopback(self._url)

    def __repr__(self) -> str:
        return f"HttpRpc({self.place})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A node's address is not pickled: it may hold a key.")

    def make_request(self, method: Any, params: Any) -> Any:
        """Answer one JSON-RPC request."""
        number = next(self._ids)
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode()
        pauses = PAUSES if str(method).startswith(_READS) else ()
        reply = self._post(body)
        for pause in pauses:
            if not reply.passing:
                break
            time.sleep(min(max(pause, reply.pause), LONGEST_PAUSE))
            reply = self._post(body)
        answer = None if reply.fault else _answer(reply.body, number)
        if answer is None or reply.status in _REFUSED or reply.status == 429:  # noqa: PLR2004  named in _spoken
            raise NodeSilent(*(reply.fault or self._spoken(reply)))
        return answer

    def _post(self, body: bytes) -> _Reply:
        import requests
        import urllib3

        given_up = threading.Event()
        try:
            return within(ANSWER_SECONDS, lambda: self._exchange(body, given_up.is_set))
        except TimeoutError:
            given_up.set()
            return _Reply(fault=self._late())
        except requests.exceptions.SSLError:
            what = f"The certificate of {self.place} is not valid, so nobody knows who answers there."
            return _Reply(fault=(what, "Check the address and this machine's clock; it is not asked without one."))
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            return _Reply(fault=self._late())
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            reset = any(word in str(error) for word in ("aborted", "broken", "reset"))
            what = f"{self.place} cut the connection." if reset else f"No node answers at {self.place}."
            return _Reply(fault=(what, "Check the address, that the node runs, and your network."), passing=True)

    def _exchange(self, body: bytes, given_up: Callable[[], bool]) -> _Reply:
        """Post once and read the answer to its end, in a thread that may be left behind."""
        session = self._session()
        with _unlogged(), session.post(
            self._url, data=body, headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
            timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False, stream=True,
        ) as response:  # fmt: skip
            chunks, size = [], 0
            if response.headers.get("Content-Encoding", "identity") != "identity":
                return _Reply(fault=self._garbage())  # not asked for: a few bytes could unpack to gigabytes
            for chunk in response.raw.stream(_CHUNK, decode_content=False):
                chunks.append(chunk)
                size += len(chunk)
                if size > MOST_BYTES or given_up():
                    what = f"{self.place} sends more than {MOST_BYTES // 2**20} MiB, which is no answer of a node."
                    return _Reply(fault=(what, "Check the address, or ask another node."))
            status, pause = response.status_code, _seconds(response.headers.get("Retry-After"))
        self._idle.append(session)
        return _Reply(status, b"".join(chunks), pause, passing=status in _PASSING)

    def _session(self) -> requests.Session:
        """An idle session with its open connection, or a new one; one that failed is not used again."""
        import requests

        try:
            return self._idle.pop()
        except IndexError:
            session = requests.Session()
            session.trust_env = not self.loopback  # a proxy is for other machines
            session.auth = None if "@" in self._url else _unsigned  # else ~/.netrc is read, and sent
            return session

    def _spoken(self, reply: _Reply) -> tuple[str, str]:
        """Say what an answer that is no JSON-RPC means."""
        if reply.status in _REFUSED:
            what = f"{self.place} refuses to answer (HTTP {reply.status}): it wants a key, or another one."
            return what, "Put the URL with your key into the configuration, or ask another node."
        if reply.status == 429:  # noqa: PLR2004  "Too Many Requests" (RFC 6585)
            return f"{self.place} is asked too often (HTTP 429).", "Wait a minute, or use a node of your own."
        if 300 <= reply.status < 400:  # noqa: PLR2004  redirection (RFC 9110)
            what = f"{self.place} redirects elsewhere (HTTP {reply.status}), which is not followed."
            return what, "Give the URL that it leads to, if you trust that one."
        if reply.body.lstrip()[:1] == b"<":
            what = f"{self.place} answers with a web page, not as a node (HTTP {reply.status})."
            return what, "Check the address; a proxy or a log-in page may be in between."
        if reply.status >= 400:  # noqa: PLR2004  errors (RFC 9110)
            what = f"{self.place} answers with an error (HTTP {reply.status})."
            return what, "Check the address, or try again later."
        return self._garbage()

    def _garbage(self) -> tuple[str, str]:
        return f"What {self.place} answers is no JSON-RPC.", "Check the address, or ask another node."

    def _late(self) -> tuple[str, str]:
        what = f"{self.place} did not answer within {ANSWER_SECONDS:.0f} seconds."
        return what, "Check the address and your network, or ask another node."


def _answer(body: bytes, number: int) -> dict[str, Any] | None:
    """The JSON-RPC answer to request `number`, None for anything else."""
    try:
        answer = loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict) or answer.get("id") != number:
        return None
    return answer if isinstance(answer.get("error"), dict) or "result" in answer else None


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdecimal() else 0.0


def _unsigned(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Authenticate by nothing."""
    return request


class _Quiet(logging.Filter):
    """Keeps what urllib3 logs about our own requests, paths and keys included, out of every log."""

    def __init__(self) -> None:
        super().__init__()
        self.asking = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002  logging's signature
        """Whether a record may pass."""
        return not getattr(self.asking, "now", False)

    def __enter__(self) -> None:
        self.asking.now = True

    def __exit__(self, *_: object) -> None:
        self.asking.now = False


_quiet = _Quiet()


def _unlogged() -> _Quiet:
    logger = logging.getLogger("urllib3.connectionpool")
    if _quiet not in logger.filters:
        logger.addFilter(_quiet)
    return _quiet
