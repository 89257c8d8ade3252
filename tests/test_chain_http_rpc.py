"""A node over HTTP: what is there instead of one is said in words, in bounded time and memory, and no key is shown."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import pickle
import socket
import time
import traceback

import pytest
from rpc_doubles import NodeDouble, without_certificate

from swarmprov_nb.chain import http_rpc
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.rpc import NodeSilent, ask, ask_bytes, ask_number, ask_object, number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.rpc_urls import checked_url, is_loopback, shown_url
from swarmprov_nb.errors import UsageError

KEY = "c0ffee5ecret"


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(http_rpc, "PAUSES", (0.0, 0.0))
    monkeypatch.setattr(http_rpc, "LONGEST_PAUSE", 0.0)


def refused_port():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return held.getsockname()[1]


def test_answers_come_back():
    """A result is a result, a refusal an `RpcError` with its data, and an answer has the request's own id."""
    with NodeDouble(result="0x64") as double:
        node = HttpRpc(double.url)
        assert ask_number(node, "eth_chainId") == ask_number(node, "eth_chainId") == 100
        assert [body["id"] for body in double.bodies] == [1, 2]
        error = {"code": 3, "message": "reverted", "data": "0x8782a307"}
        double.reply = lambda handler, asked: handler.send(
            200, json.dumps({"id": asked["id"], "error": error}).encode()
        )
        with pytest.raises(RpcError, match="reverted") as caught:
            ask(node, "eth_call", {})
        assert (caught.value.code, caught.value.data.hex()) == (3, "8782a307")


@pytest.mark.parametrize("status", [400, 404, 500])
def test_refusal_of_a_node_with_an_http_error_is_its_refusal(status):
    """Some nodes send a refusal with an HTTP error: what they say is what counts."""

    def refuse(handler, asked):
        handler.send(
            status, json.dumps({"id": asked["id"], "error": {"code": -1, "message": "no such block"}}).encode()
        )

    with NodeDouble(refuse) as double, pytest.raises(RpcError, match="no such block"):
        ask(HttpRpc(double.url), "eth_getBlockByNumber", "0x1", False)


def wrong_id(handler, asked):
    handler.answers({"id": asked["id"] + 1}, "0x1")


def packed(handler, asked):
    body = gzip.compress(json.dumps({"id": asked["id"], "result": "0x1"}).encode())
    handler.send(200, body, Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda handler, asked: handler.send(200, b"<html>Log in</html>"), "a web page"),
        (lambda handler, asked: handler.send(502, b" \n<h1>Bad gateway"), "a web page.*502"),
        (lambda handler, asked: handler.send(401, b"{}"), "refuses to answer.*401.*wants a key"),
        (lambda handler, asked: handler.send(403, b"<html>"), "refuses to answer.*403"),
        (lambda handler, asked: handler.send(429, b"slow down"), "asked too often.*429"),
        (lambda handler, asked: handler.send(302, Location="https://evil.example"), "redirects elsewhere.*302"),
        (lambda handler, asked: handler.send(503, b"later"), "answers with an error.*503"),
        (lambda handler, asked: handler.send(404, b"no"), "answers with an error.*404"),
        (lambda handler, asked: handler.send(200, b"no"), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, b"[" * 10**6), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, b'{"\\"}":' * 10**5), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, b"\xff\xfe"), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, b""), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, b"[]"), "no JSON-RPC"),
        (lambda handler, asked: handler.send(200, json.dumps({"id": asked["id"]}).encode()), "no JSON-RPC"),
        (wrong_id, "no JSON-RPC"),
        (packed, "no JSON-RPC"),
    ],
)
def test_what_is_no_node_is_told_in_words(reply, words):
    """Web pages, gateways, refusals, redirects and garbage are told apart, by the host only."""
    with NodeDouble(reply) as double, pytest.raises(NodeSilent, match=words) as caught:
        ask(HttpRpc(double.url + "/v3/" + KEY), "eth_chainId")
    assert double.url in caught.value.what
    assert KEY not in str(caught.value)


def test_nothing_there_is_told():
    """A port where nobody listens is a sentence."""
    with pytest.raises(NodeSilent, match="No node answers"):
        ask(HttpRpc(f"http://127.0.0.1:{refused_port()}"), "eth_chainId")


def test_certificate_that_nobody_vouches_for_is_refused(tmp_path):
    """Over TLS the certificate must be valid; nothing is asked without."""
    with without_certificate(tmp_path) as double, pytest.raises(NodeSilent, match="certificate"):
        ask(HttpRpc(double.url), "eth_chainId")
    assert double.bodies == []


def test_gigabytes_are_not_read(monkeypatch):
    """An endless answer is cut off at the limit, and said to be none."""
    monkeypatch.setattr(http_rpc, "MOST_BYTES", 2**20)
    sent = []

    def endless(handler, asked):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        for _ in range(4096):
            handler.wfile.write(b"0" * 2**20)
            sent.append(1)

    with NodeDouble(endless) as double, pytest.raises(NodeSilent, match="more than 1 MiB"):
        ask(HttpRpc(double.url), "eth_chainId")
    assert len(sent) < 64


def hangs(handler, asked):
    handler.server_double.closing.wait(30)


def trickles(handler, asked):
    handler.send_response(200)
    handler.end_headers()
    while not handler.server_double.closing.wait(0.05):
        handler.wfile.write(b" ")


@pytest.mark.parametrize("reply", [hangs, trickles])
def test_answer_that_does_not_come_is_not_waited_for(monkeypatch, reply):
    """Neither silence nor a byte now and then keeps anyone waiting beyond the limit, and it is not asked again."""
    monkeypatch.setattr(http_rpc, "ANSWER_SECONDS", 0.5)
    with NodeDouble() as double:

        def late(handler, asked):
            handler.server_double = double
            reply(handler, asked)

        double.reply = late
        begun = time.monotonic()
        with pytest.raises(NodeSilent, match="did not answer within"):
            ask(HttpRpc(double.url), "eth_chainId")
    assert time.monotonic() - begun < 15
    assert len(double.bodies) == 1


def flaky(times, reply):
    """Answer badly so many times, then well."""
    left = [times]

    def answer(handler, asked):
        left[0] -= 1
        if left[0] >= 0:
            reply(handler, asked)
        else:
            handler.answers(asked, "0x1")

    return answer


def cut(handler, asked):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


@pytest.mark.parametrize(
    "reply", [cut, lambda handler, asked: handler.send(503), lambda handler, asked: handler.send(429, Retry_After="1")]
)
def test_reads_are_tried_again_and_transactions_are_not(reply):
    """What changes nothing is asked again a little later, twice at most; a transaction is sent once."""
    with NodeDouble(flaky(2, reply)) as double:
        node = HttpRpc(double.url)
        assert ask_number(node, "eth_chainId") == 1
        assert len(double.bodies) == 3
        double.reply = flaky(1, reply)
        with pytest.raises(NodeSilent):
            ask(node, "eth_sendRawTransaction", "0x02")
        assert double.methods[3:] == ["eth_sendRawTransaction"]
        double.reply = flaky(3, reply)
        with pytest.raises(NodeSilent):
            ask(node, "eth_chainId")


@pytest.mark.parametrize(
    ("asked", "result"),
    [
        (ask_number, "100"), (ask_number, 100), (ask_number, None), (ask_number, "0x"), (ask_number, "-0x1"),
        (ask_number, "0xzz"), (ask_number, ["0x1"]), (ask_bytes, "0x1"), (ask_bytes, "ff"), (ask_bytes, None),
        (ask_bytes, 5), (ask_object, "0x1"), (ask_object, []), (ask_object, 1),
    ],
)  # fmt: skip
def test_answers_of_another_kind_are_told(asked, result):
    """A quantity, bytes or an object is what was asked for; anything else is no traceback."""
    with NodeDouble(result=result) as double, pytest.raises(NodeSilent, match="no answer to it"):
        asked(HttpRpc(double.url), "eth_chainId")


def test_key_in_the_url_is_never_shown(caplog, monkeypatch):
    """Neither repr, errors with their context, logs of any level nor pickles hold more than scheme and host."""
    caplog.set_level(logging.DEBUG)
    with NodeDouble() as double:
        url = double.url.replace("://", f"://user:{KEY}@") + f"/v3/{KEY}?k={KEY}"
        node = HttpRpc(url)
        assert ask_number(node, "eth_chainId") == 1
        assert double.headers[0]["Authorization"].startswith("Basic ")
        with pytest.raises(TypeError):
            pickle.dumps(node)
        monkeypatch.setattr(http_rpc, "ANSWER_SECONDS", 0.2)
        double.reply = lambda handler, asked: double.closing.wait(20)
        shown = [repr(node), str(node), node.place]
        for broken in (node, HttpRpc(url.replace(str(double.server.server_port), str(refused_port())))):
            with pytest.raises(NodeSilent) as caught:
                ask(broken, "eth_chainId")
            shown.append("".join(traceback.format_exception(caught.value)))
    assert KEY not in "".join([*shown, caplog.text])


def test_other_requests_are_logged_as_ever(caplog):
    """Only our own requests are kept out of the log of urllib3."""
    caplog.set_level(logging.DEBUG)
    with NodeDouble() as double:
        assert ask_number(HttpRpc(double.url), "eth_chainId") == 1
    logging.getLogger("urllib3.connectionpool").debug("someone else's")
    assert [record.message for record in caplog.records if record.name.startswith("urllib3")] == ["someone else's"]


def test_loopback_is_asked_without_a_proxy(monkeypatch, tmp_path):
    """A proxy is for other machines, and no password of ~/.netrc goes to a node."""
    (tmp_path / "netrc").write_text(f"default login user password {KEY}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{refused_port()}")
    with NodeDouble() as double:
        assert ask_number(HttpRpc(double.url), "eth_chainId") == 1
        assert "Authorization" not in double.headers[0]


def test_connection_is_kept():
    """Many requests go over one connection."""
    ports = set()

    def remember(handler, asked):
        ports.add(handler.client_address[1])
        handler.answers(asked, "0x1")

    with NodeDouble(remember) as double:
        node = HttpRpc(double.url)
        for _ in range(5):
            ask(node, "eth_chainId")
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:8545", "does not begin with http"),
        ("localhost:8545", "does not begin with http"),
        ("ftp://127.0.0.1", "does not begin with http"),
        ("wss://rpc.example/c0ffee5ecret", "not over a WebSocket"),
        ("http://rpc.example/c0ffee5ecret", "neither secret nor safe"),
        ("http://127.0.0.1.example/c0ffee5ecret", "neither secret nor safe"),
        ("http://127.0.0.1:c0ffee5ecret", "malformed"),
        ("http://127.0.0.1:99999999", "malformed"),
        ("https://", "malformed"),
        ("https://rpc.example/#c0ffee5ecret", "malformed"),
        ("https://rpc.example/a b", "malformed"),
        ("http://127.0.0.1\\@evil.example", "malformed"),
        ("https://[::1", "malformed"),
        ("https://rpc.example/" + "x" * 3000, "malformed"),
    ],
)
def test_urls_that_must_not_be_asked(url, words):
    """Only HTTPS leaves the machine; what is no URL is said without showing it."""
    with pytest.raises(UsageError, match=words) as caught:
        HttpRpc(url)
    assert "c0ffee5ecret" not in str(caught.value)


def test_urls_are_shown_by_scheme_and_host():
    """What may be printed of a URL holds no key, wherever in the URL that was."""
    assert shown_url(f"https://u:{KEY}@rpc.example:8443/v3/{KEY}?{KEY}") == "https://rpc.example:8443"
    assert shown_url("http://[::1]:8545/x") == "http://[::1]:8545"
    assert checked_url(" http://[::1]:8545 ") == "http://[::1]:8545"
    assert all(is_loopback(url) for url in ("http://127.9.9.9", "http://[::1]:1", "http://localhost"))
    assert not is_loopback("http://localhost.example")


def test_threads_that_are_left_behind_hold_nothing_up(monkeypatch):
    """A request that was given up is over as soon as its server ends."""
    monkeypatch.setattr(http_rpc, "ANSWER_SECONDS", 0.2)
    with NodeDouble() as double:
        double.reply = lambda handler, asked: double.closing.wait(20)
        node = HttpRpc(double.url)
        with contextlib.suppress(NodeSilent):
            ask(node, "eth_chainId")
        double.reply = lambda handler, asked: handler.answers(asked, "0x5")
        monkeypatch.setattr(http_rpc, "ANSWER_SECONDS", 20.0)
        assert ask_number(node, "eth_chainId") == 5


@pytest.mark.parametrize("text", ["0x1" + "0" * 64, "0x" + "f" * 1_000_000, "-0x1", "12", "0x", None, 1])
def test_what_is_no_quantity_is_refused(text):
    """Words of a chain have 256 bits; a longer number would be computed with, and written, for ever."""
    with pytest.raises(NodeSilent):
        number(text)
    assert number("0x" + "f" * 64) == 2**256 - 1
