"""URLs of nodes and gateways: what is accepted, what is refused, and that nothing secret is ever shown."""

from __future__ import annotations

import pickle

import pytest

from swarmprov_nb.errors import UsageError
from swarmprov_nb.swarm import is_remote, open_remote
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, GatewayStorage


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:1633", "http://127.0.0.1:1633"),
        (" http://127.0.0.1:1633/ ", "http://127.0.0.1:1633"),
        ("HTTP://LocalHost:1633", "http://localhost:1633"),
        ("http://node.example", "http://node.example:80"),
        ("https://node.example", "https://node.example:443"),
        ("http://[::1]:1633", "http://[::1]:1633"),
    ],
)
def test_a_node_s_url_shows_as_scheme_host_and_port(url, shown):
    """What people paste becomes one form, which messages say."""
    assert BeeNode.at(url).shown == shown
    assert repr(BeeNode.at(url)) == f"BeeNode('{shown}')"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("127.0.0.1:1633", "127.0.0.1:1633 has no scheme"),
        ("localhost", "localhost has no scheme"),
        ("", "no scheme"),
        ("ftp://127.0.0.1:1633", "ftp://"),
        ("ws://127.0.0.1:1633", "ws://"),
        ("http://127.0.0.1:1633/bytes", "after host and port"),
        ("http://127.0.0.1:1633?x=1", "after host and port"),
        ("http://127.0.0.1:1633#x", "after host and port"),
        ("http://127.0.0.1:99999", "port"),
        ("http://127.0.0.1:port", "port"),
        ("http://127.0.0.1:0", "port 0"),
        ("http://", "no host"),
        ("http://[::1", "no URL"),
        ("http://a b/", "no host"),
    ],
)
def test_a_url_that_cannot_be_a_node_s_is_refused_with_an_example(url, says):
    """A slip in the address is a usage error that shows how it is written."""
    with pytest.raises(UsageError) as refused:
        BeeNode.at(url)

    assert says in refused.value.what
    assert "http://127.0.0.1:1633" in refused.value.next_step


@pytest.mark.parametrize(
    "url",
    [
        "http://me:s3cretkey@127.0.0.1:1633",
        "http://s3cretkey@127.0.0.1:1633",
        "http://127.0.0.1:1633/s3cretkey",
        "http://127.0.0.1:1633?key=s3cretkey",
        "127.0.0.1/s3cretkey?x",
    ],
)
def test_a_secret_in_a_url_is_not_repeated(url):
    """What is refused may hold a key, and the message does not."""
    with pytest.raises(UsageError) as refused:
        BeeNode.at(url)

    assert "s3cretkey" not in str(refused.value)


def test_a_gateway_s_path_is_used_and_never_shown():
    """A gateway may stand below a path that is a key; repr and pickled text of the shown parts leave it out."""
    gateway = GatewayStorage("https://gateway.example/s3cretkey/swarm/")

    assert gateway.endpoint.prefix == "/s3cretkey/swarm"
    assert "s3cretkey" not in f"{gateway!r} {gateway.endpoint!r} {gateway.endpoint}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("http://127.0.0.1:1633", BeeStorage),
        ("https://node.example", BeeStorage),
        ("gateway:https://gateway.example/x", GatewayStorage),
        ("Gateway:http://127.0.0.1:9", GatewayStorage),
    ],
)
def test_a_text_opens_the_store_that_it_names(text, kind):
    """A URL is a Bee node, gateway:URL a gateway."""
    assert is_remote(text)
    assert type(open_remote(text)) is kind


@pytest.mark.parametrize("text", ["store", "/home/me/store", "httpd", ""])
def test_a_folder_is_no_remote_store(text):
    """What names no URL is not taken for one."""
    assert not is_remote(text)
    with pytest.raises(UsageError):
        open_remote(text)


@pytest.mark.parametrize("batch", ["", "zz" * 32, "ab" * 31, "ab" * 33])
def test_a_batch_id_that_is_none_is_refused_before_anything_is_asked(batch):
    """A malformed batch id is a usage error, wherever the node is."""
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        open_remote("http://127.0.0.1:9", batch=batch)


def test_a_node_can_be_pickled_without_its_connections():
    """A node travels to a worker process; its open connections do not."""
    node = BeeNode.at("http://127.0.0.1:1633")

    assert pickle.loads(pickle.dumps(node)) == node
