"""Which chain is meant: names of the configuration and of the table, URLs, and what is said of a wrong one."""

from __future__ import annotations

import copy
import pickle

import pytest
from anvils import anvil
from rpc_doubles import NodeDouble

from swarmprov_nb.chain.anchors import NotDeployed
from swarmprov_nb.chain.choosing import Endpoint, choose, open_anchors
from swarmprov_nb.chain.networks import ANVIL, EMBEDDED, NETWORKS, Network, network_of
from swarmprov_nb.chain.rpc import NodeSilent
from swarmprov_nb.errors import ChainError, UsageError

KEY = "c0ffee5ecret"
NOBODY = "0x" + "11" * 20


def test_names_of_the_table():
    """A known name is its network, at endpoints that need no key."""
    for network in NETWORKS:
        if network is not EMBEDDED:
            assert choose(network.name) == Endpoint(network, network.rpcs)


def test_configuration_comes_before_the_table():
    """A user's endpoints take the place of the table's, and what they say of a network is what it is."""
    endpoint = choose("gnosis", {"gnosis": {"rpc": [f"https://one.example/{KEY}", "https://two.example"]}})
    assert endpoint.network == network_of(100)
    assert endpoint.shown == ("https://one.example", "https://two.example")
    trusted = choose("sepolia", {"sepolia": {"public": True}})
    assert (trusted.network.public, trusted.network.label) == (True, "sepolia")
    assert trusted.urls == network_of(11155111).rpcs
    labelled = choose("base", {"base": {"label": "Base, asked at my node", "explorer": "https://x.example/{hash}"}})
    assert labelled.network.label == "Base, asked at my node"
    assert labelled.network.link("0xab") == "https://x.example/0xab"
    assert labelled.network.op_stack


def test_chains_of_the_users_own():
    """A chain by its id is private unless marked public, and takes what the table knows of that id."""
    ours = choose("ours", {"ours": {"chain_id": 424242, "rpc": "http://127.0.0.1:1", "coin": "OUR"}})
    assert ours.network == Network("ours", 424242, public=False, label="private chain", coin="OUR")
    assert ours.loopback
    assert choose("lab", {"lab": {"chain_id": 31337, "public": True}}).network.label == "lab"
    second = choose("my-base", {"my-base": {"chain_id": 8453, "rpc": "https://rpc.example"}}).network
    assert (second.name, second.public, second.op_stack) == ("my-base", True, True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rpc": "https://rpc.example"}, "has no chain_id"),
        ({"chain_id": "1"}, "cannot have that chain_id"),
        ({"chain_id": True}, "cannot have that chain_id"),
        ({"chain_id": 0}, "no chain id"),
        ({"chain_id": EMBEDDED.chain_id}, "embedded chain"),
        ({"chain_id": 5, "rpc": 5}, "cannot have that rpc"),
        ({"chain_id": 5, "rpc": ["https://rpc.example", 5]}, "cannot have that rpc"),
        ({"chain_id": 5, "rpc": f"http://rpc.example/{KEY}"}, "neither secret nor safe"),
        ({"chain_id": 5, "public": "yes"}, "cannot have that public"),
        ({"chain_id": 5, "key": KEY}, "cannot have that key"),
    ],
)
def test_settings_that_are_none_are_usage_errors(settings, words):
    """A wrong setting is named with its chain, and its value is not shown."""
    with pytest.raises(UsageError, match=words) as caught:
        choose("ours", {"ours": settings})
    assert KEY not in str(caught.value)


def test_a_name_keeps_its_chain():
    """A configuration cannot call another chain by a known name, nor give the embedded chain an endpoint."""
    with pytest.raises(UsageError, match="another chain_id"):
        choose("gnosis", {"gnosis": {"chain_id": 31337}})
    with pytest.raises(UsageError, match="no chain named 'embedded'"):
        choose("embedded")
    for name in ("embedded", "local", "none", "../x", "a b", "", "x" * 41):
        with pytest.raises(UsageError, match="means something else"):
            choose(name, {name: {"chain_id": 5}})


def test_unknown_names_list_the_known():
    """A wrong name is answered with those that there are, one's own first."""
    with pytest.raises(UsageError) as caught:
        choose("atlantis", {"ours": {"chain_id": 5}})
    assert "ours, anvil, gnosis, chiado" in caught.value.next_step


def test_url_of_a_development_node(anvil_url, tmp_path):
    """A URL's node says which chain it is; the configuration's name and marks for that chain hold."""
    assert choose(anvil_url) == Endpoint(ANVIL, (anvil_url,))
    marked = choose(anvil_url, {"lab": {"chain_id": 31337, "public": True}})
    assert (marked.network.name, marked.network.public, marked.urls) == ("lab", True, (anvil_url,))
    assert open_anchors(choose(anvil_url), lock_folder=tmp_path).network == ANVIL


def test_copy_of_a_public_chain_is_not_public(tmp_path):
    """A development node that serves a public chain's id proves nothing, and no dev wallet signs for that id."""
    with anvil("--chain-id", "100") as url:
        network = choose(url).network
        assert (network.name, network.chain_id, network.public) == ("gnosis", 100, False)
        assert "copy of Gnosis" in network.label
        with pytest.raises(NotDeployed):
            open_anchors(choose(url), lock_folder=tmp_path).get(NOBODY, b"\x01" * 32)


def test_url_of_a_chain_that_nobody_knows():
    """An id outside the table is a private chain of that number."""
    with NodeDouble(result=hex(424242)) as double:
        network = choose(double.url).network
    assert (network.name, network.label, network.public) == ("chain-424242", "private chain", False)


def test_embedded_chain_id_is_refused_elsewhere():
    """A node that claims the embedded chain's id is not asked for anything."""
    with NodeDouble(result=hex(EMBEDDED.chain_id)) as double, pytest.raises(ChainError, match="belongs to no other"):
        choose(double.url)


def test_url_where_no_node_answers():
    """What is there instead of a node is said by its host only."""
    with NodeDouble(lambda handler, asked: handler.send(200, b"<html>")) as double:
        with pytest.raises(NodeSilent, match="a web page") as caught:
            choose(f"{double.url}/{KEY}")
        assert KEY not in str(caught.value)
        double.reply = lambda handler, asked: handler.refuses(asked, {"code": -32601, "message": "no such method"})
        with pytest.raises(ChainError, match="no such method"):
            choose(double.url)


def test_network_without_a_node_is_told(tmp_path):
    """A chain that is known by its id only cannot be asked, and the error says where to write its endpoint."""
    with pytest.raises(UsageError, match="No node of ours") as caught:
        open_anchors(choose("ours", {"ours": {"chain_id": 5}}), lock_folder=tmp_path)
    assert "[chains.ours]" in caught.value.next_step


def test_two_urls_are_a_quorum(anvil_url, tmp_path):
    """Where several nodes are configured all of them are asked, and one that is dead is named."""
    urls = [anvil_url, anvil_url.replace("127.0.0.1", "localhost"), "http://127.0.0.1:1"]
    endpoint = choose("lab", {"lab": {"chain_id": 31337, "rpc": urls}})
    backend = open_anchors(endpoint, lock_folder=tmp_path)
    assert backend.get(NOBODY, b"\x01" * 32) is None
    assert backend.notes() == ("No node answers at http://127.0.0.1:1.",)


def test_keys_in_urls_are_neither_shown_nor_pickled():
    """An endpoint shows its network, and its nodes by their hosts."""
    endpoint = Endpoint(ANVIL, (f"https://rpc.example/{KEY}",))
    assert KEY not in repr(endpoint) + str(endpoint) + str(endpoint.shown)
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            action(endpoint)
