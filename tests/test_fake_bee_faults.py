"""Each switch of a FakeBee does what it says, so that a client's test means something."""

from __future__ import annotations

import base64
import socket
import struct
from http import HTTPStatus

import pytest
import requests
from bee_exchanges import Names
from bee_replay import read_head, receive_message, send_message, send_request

from swarmprov_nb.swarm import chunk_address, reference_of
from swarmprov_nb.testing import FakeBee

TIMEOUT = 30
HELLO = struct.pack("<Q", 5) + b"hello"
ADDRESS = chunk_address(5, b"hello")
ACK = ("binary", None, "")


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


def stamped(bee: FakeBee, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"Swarm-Postage-Batch-Id": bee.batch, "Swarm-Redundancy-Level": "0", **named}


def post(bee: FakeBee, path: str = "/chunks", data: bytes = HELLO, **more: str) -> requests.Response:
    return requests.post(bee.url + path, data=data, headers=stamped(bee, **more), timeout=TIMEOUT)


def get(bee: FakeBee, path: str) -> requests.Response:
    return requests.get(bee.url + path, timeout=TIMEOUT, allow_redirects=False)


def new_tag(bee: FakeBee) -> str:
    return str(requests.post(bee.url + "/tags", timeout=TIMEOUT).json()["uid"])


def open_stream(bee: FakeBee, **more: str) -> socket.socket:
    headers = stamped(bee, Connection="Upgrade", Upgrade="websocket", Sec_WebSocket_Key="k", **more)
    sock = socket.create_connection(("127.0.0.1", bee.port), timeout=TIMEOUT)
    request = {"method": "GET", "path": "/chunks/stream", "headers": headers, "body": {"kind": "none"}}
    send_request(sock, {"request": request}, Names())
    return sock


def stream(bee: FakeBee, chunks: list[bytes], **more: str) -> list[tuple[str, int | None, str]]:
    """Send chunks one after another; what came back for each, up to the first that was no acknowledgement."""
    came: list[tuple[str, int | None, str]] = []
    with open_stream(bee, **more) as sock:
        assert read_head(sock).status == HTTPStatus.SWITCHING_PROTOCOLS
        for chunk in chunks:
            body = {"kind": "base64", "value": base64.b64encode(chunk).decode()}
            send_message(sock, {"kind": "binary", "body": body}, Names())
            came.append(receive_message(sock))
            if came[-1] != ACK:
                break
    return came


def numbered(count: int) -> list[bytes]:
    return [struct.pack("<QI", 4, number) for number in range(count)]


def test_too_many(bee):
    """429 as many times as it says, and only on the paths of data."""
    bee.faults.too_many = 1

    assert get(bee, "/health").status_code == HTTPStatus.OK
    assert [post(bee).status_code for _ in range(2)] == [429, 201]


def test_server_error(bee):
    """500, with Bee's JSON, as many times as it says."""
    bee.faults.server_error = 2

    assert [post(bee).status_code for _ in range(3)] == [500, 500, 201]


def test_always(bee):
    """True means every time."""
    bee.faults.server_error = True

    assert {post(bee).status_code for _ in range(3)} == {500}


def test_slow(bee):
    """A slow node's answer does not come within a short time, and comes in the end."""
    bee.faults.slow = 0.5

    with pytest.raises(requests.ReadTimeout):
        requests.get(bee.url + "/health", timeout=0.1)
    assert get(bee, "/health").status_code == HTTPStatus.OK


def test_hang(bee):
    """A dead node takes the request and says nothing, until it is switched off or closed."""
    bee.faults.hang = True

    with pytest.raises(requests.ReadTimeout):
        requests.get(bee.url + "/health", timeout=0.2)


def test_cut_upload(bee):
    """The connection is reset in the middle of the body, and nothing of it is kept."""
    bee.faults.cut = 1
    tag = new_tag(bee)

    with pytest.raises(requests.ConnectionError):
        post(bee, "/bytes", bytes(100_000), Swarm_Tag=tag)
    assert get(bee, f"/tags/{tag}").json()["split"] == 0
    assert not bee.chunks


def test_cut_download(bee):
    """The connection is reset half-way through an answer of announced length."""
    post(bee)
    bee.faults.cut = 1

    with pytest.raises(requests.RequestException, match="Connection broken"):
        get(bee, f"/chunks/{ADDRESS.hex()}")
    assert get(bee, f"/chunks/{ADDRESS.hex()}").content == HELLO


def test_lost_answer(bee):
    """What was asked is done, and the client does not hear of it."""
    bee.faults.lost_answer = 1

    with pytest.raises(requests.ConnectionError):
        post(bee)
    assert bee.received[ADDRESS] == 1
    assert ADDRESS in bee.pushed


def test_lying_chunk(bee):
    """Other bytes of the same length are served for an address."""
    post(bee)
    bee.faults.lying_chunk = {ADDRESS}
    lie = get(bee, f"/chunks/{ADDRESS.hex()}").content

    assert lie != HELLO
    assert len(lie) == len(HELLO)
    assert chunk_address(5, lie[8:]) != ADDRESS


def test_garbage(bee):
    """200 and bytes that mean nothing."""
    post(bee)
    bee.faults.garbage = 1
    answer = get(bee, f"/chunks/{ADDRESS.hex()}")

    assert answer.status_code == HTTPStatus.OK
    assert answer.content != HELLO


def test_endless(bee):
    """200 and a body that goes on: a client that reads it whole never ends."""
    bee.faults.endless = 1
    with requests.get(f"{bee.url}/chunks/{ADDRESS.hex()}", timeout=TIMEOUT, stream=True) as answer:
        read = sum(len(block) for block, _ in zip(answer.iter_content(1 << 16), range(40), strict=False))

    assert read > 1 << 20


def test_other_network(bee):
    """The node is on another chain, takes uploads, and nobody here gets them."""
    with FakeBee(peer=bee) as other:
        bee.faults.other_network = True
        post(bee)

        assert get(bee, "/wallet").json()["chainID"] != get(other, "/wallet").json()["chainID"]
        assert get(other, f"/chunks/{ADDRESS.hex()}").status_code == HTTPStatus.NOT_FOUND
        assert get(bee, f"/stewardship/{ADDRESS.hex()}").json() == {"isRetrievable": False}


def test_full_bucket(bee):
    """After as many chunks as it says: 402, and on the stream 1011, with what came before acknowledged."""
    bee.faults.full_bucket = 1
    assert [post(bee).status_code for _ in range(2)] == [201, 402]

    bee.faults.full_bucket = 2
    assert stream(bee, numbered(4)) == [ACK, ACK, ("close", 1011, "batch is overissued")]


def test_not_usable(bee):
    """A batch is listed as not usable, and refused as if it had been bought just now."""
    bee.faults.not_usable = True

    assert [stamp["usable"] for stamp in get(bee, "/stamps").json()["stamps"]] == [False]
    assert get(bee, f"/stamps/{bee.batch}").json()["message"] == "batch not usable"
    assert post(bee).status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_disk_full(bee):
    """Nothing can be written: 500, and on the stream 1011."""
    bee.faults.disk_full = 0

    assert post(bee).json() == {"code": 500, "message": "chunk write error"}
    assert post(bee, "/bytes", b"x").json() == {"code": 500, "message": "split write all failed"}
    assert stream(bee, numbered(1)) == [("close", 1011, "chunk write error")]


@pytest.mark.parametrize("status", [200, 502])
def test_html(bee, status):
    """A proxy before the node answers everything with a page."""
    bee.faults.html = status
    answers = [get(bee, "/health"), post(bee), get(bee, "/stamps")]

    assert {(answer.status_code, answer.headers["Content-Type"]) for answer in answers} == {
        (status, "text/html; charset=utf-8")
    }
    assert not bee.chunks


def test_redirect(bee):
    """Every request is sent elsewhere."""
    bee.faults.redirect = "https://elsewhere.example"
    answer = get(bee, "/chunks/ab?x=1")

    assert answer.status_code == HTTPStatus.TEMPORARY_REDIRECT
    assert answer.headers["Location"] == "https://elsewhere.example/chunks/ab?x=1"


def test_syncing(bee):
    """A node that starts is healthy and not ready, and serves no data."""
    bee.faults.syncing = True

    assert get(bee, "/health").status_code == HTTPStatus.OK
    assert get(bee, "/readiness").json()["status"] == "notReady"
    assert post(bee).status_code == get(bee, "/stamps").status_code == HTTPStatus.SERVICE_UNAVAILABLE


def test_missing_chunk(bee):
    """A chunk is found nowhere, though it was stored."""
    post(bee)
    bee.faults.missing_chunk = {ADDRESS}
    path = f"/chunks/{ADDRESS.hex()}"

    assert get(bee, path).status_code == HTTPStatus.NOT_FOUND
    assert requests.head(bee.url + path, timeout=TIMEOUT).status_code == HTTPStatus.NOT_FOUND
    assert get(bee, f"/stewardship/{ADDRESS.hex()}").json() == {"isRetrievable": False}


def test_wrong_reference(bee):
    """An upload is answered with another address."""
    bee.faults.wrong_reference = True

    assert post(bee).json()["reference"] != ADDRESS.hex()
    assert post(bee, "/bytes", b"x").json()["reference"] != reference_of(b"x").hex()


def test_lost_chunk(bee):
    """A chunk is acknowledged and thrown away, as one with a badly placed stamp is."""
    bee.faults.lost_chunk = 1

    assert post(bee).status_code == HTTPStatus.CREATED
    assert bee.received[ADDRESS] == 1
    assert not bee.chunks
    assert not bee.pushed


def test_push_held(bee):
    """Tags stand still while nothing is pushed, and end when it is."""
    bee.faults.push_held = True
    tag = post(bee, "/bytes", bytes(5000)).headers["Swarm-Tag"]
    before = get(bee, f"/tags/{tag}").json()
    bee.push(1)
    between = get(bee, f"/tags/{tag}").json()
    bee.faults.push_held = False
    after = get(bee, f"/tags/{tag}").json()

    assert [(told["split"], told["synced"]) for told in (before, between, after)] == [(3, 0), (3, 1), (3, 3)]


def test_no_stream(bee):
    """The upgrade is refused, as by a proxy that knows no WebSocket; single chunks go."""
    bee.faults.no_stream = True
    with open_stream(bee) as sock:
        assert read_head(sock).status == HTTPStatus.BAD_REQUEST

    assert post(bee).status_code == HTTPStatus.CREATED


def test_cut_stream(bee):
    """The stream breaks after so many messages; those before it count in the tag, as on a real node."""
    bee.faults.cut_stream = 2
    tag = new_tag(bee)

    assert stream(bee, numbered(4), Swarm_Tag=tag) == [ACK, ACK, ("end", None, "")]
    assert get(bee, f"/tags/{tag}").json()["split"] == 2


def test_slow_stream(bee):
    """Acknowledgements come late, one by one."""
    bee.faults.slow_stream = 0.5
    with open_stream(bee) as sock:
        read_head(sock)
        sock.settimeout(0.1)
        body = {"kind": "base64", "value": base64.b64encode(HELLO).decode()}
        send_message(sock, {"kind": "binary", "body": body}, Names())
        with pytest.raises(TimeoutError):
            sock.recv(2)
        sock.settimeout(TIMEOUT)
        assert receive_message(sock) == ACK


def test_restart_after_in_a_stream_with_a_tag(bee):
    """The node is killed in mid-upload: what a stream with a tag had acknowledged is gone, and its tag is at zero."""
    bee.faults.restart_after = 2
    tag = new_tag(bee)

    assert stream(bee, numbered(4), Swarm_Tag=tag) == [ACK, ACK, ("end", None, "")]
    assert wait_for(bee)["split"] == 0
    assert not bee.chunks
    assert sum(bee.received.values()) == 2


def test_restart_after_in_a_stream_without(bee):
    """Without a tag each chunk is pushed before it is acknowledged, so it outlives the node."""
    bee.faults.restart_after = 2

    assert stream(bee, numbered(4)) == [ACK, ACK, ("end", None, "")]
    assert {chunk_address(4, chunk[8:]) for chunk in numbered(2)} == set(bee.pushed)


def test_restart_after_posting(bee):
    """Single chunks that were answered survive, with or without a tag."""
    bee.faults.restart_after = 2
    tag = new_tag(bee)
    for chunk in numbered(2):
        post(bee, data=chunk, Swarm_Tag=tag)
    with pytest.raises(requests.ConnectionError):
        post(bee, Swarm_Tag=tag)

    told = wait_for(bee)
    assert (told["split"], told["synced"]) == (2, 2)
    assert len(bee.chunks) == 2


def wait_for(bee: FakeBee) -> dict[str, int]:
    """Ask for the first tag until the node is there again."""
    session = requests.Session()
    session.mount(
        "http://", requests.adapters.HTTPAdapter(max_retries=requests.adapters.Retry(20, backoff_factor=0.05))
    )
    with session:
        return session.get(f"{bee.url}/tags/1", timeout=TIMEOUT).json()
