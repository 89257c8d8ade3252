"""The table of networks, and how little importing the room costs."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

from swarmprov_nb.chain.choosing import SETTINGS, choose
from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS, Network, is_private, network_of
from swarmprov_nb.errors import UsageError


def test_embedded_network_is_private_and_says_what_it_does_not_prove():
    """The embedded chain is labelled, not public, and its id is none that a wallet or test node uses."""
    assert not EMBEDDED.public
    assert EMBEDDED.label == "local chain: proves nothing to others"
    assert EMBEDDED.chain_id not in {1, 100, 1337, 8453, 31337, 84532}
    assert EMBEDDED.chain_id < 2**53


def test_only_chains_without_value_are_private():
    """The embedded chain's id and those of development nodes are worth nothing; no other is taken for one."""
    assert all(is_private(each) for each in (EMBEDDED.chain_id, 1337, 31337))
    assert not any(is_private(each) for each in (0, 1, 100, 10200, 8453, 84532, 11155111, 424242))


@pytest.mark.parametrize(
    ("name", "chain_id", "public", "coin", "op_stack"),
    [
        ("embedded", 0x73777076, False, "", False),
        ("anvil", 31337, False, "test ETH", False),
        ("gnosis", 100, True, "xDAI", False),
        ("chiado", 10200, False, "Chiado xDAI", False),
        ("base", 8453, True, "ETH", True),
        ("base-sepolia", 84532, False, "Base Sepolia ETH", True),
        ("ethereum", 1, True, "ETH", False),
        ("sepolia", 11155111, False, "Sepolia ETH", False),
    ],
)
def test_the_table(name, chain_id, public, coin, op_stack):
    """What is signed, paid and believed depends on these; test networks may be wiped and give no level."""
    network = network_of(chain_id)
    assert network in NETWORKS
    assert network.name == name
    assert (network.public, network.coin, network.op_stack) == (public, coin, op_stack)


def test_public_networks_have_two_https_endpoints_and_an_explorer():
    """A network that can be asked is asked at two operators, over HTTPS, and a transaction has a link."""
    for network in NETWORKS[2:]:
        assert len({url.split("/")[2] for url in network.rpcs}) == 2
        assert all(url.startswith("https://") for url in network.rpcs)
        assert network.link("0xab").endswith("/tx/0xab")
        assert network.final_after
    assert EMBEDDED.link("0xab") is None


def test_the_page_about_chains_names_them_all():
    """docs/chains.md has every network of the table with its id, and every setting of a chain."""
    text = (Path(__file__).parents[1] / "docs" / "chains.md").read_text(encoding="utf-8")
    table = text.partition("## Which")[2].partition("Any other")[0]
    for network in NETWORKS:
        assert f"`{'local' if network is EMBEDDED else network.name}`" in table
        assert str(network.chain_id) in table
    example = tomllib.loads(textwrap.dedent(re.search(r"(?:    .*\n|\n)*    \[chains\.ours\]\n(?:    .*\n)+", text)[0]))
    for name, settings in example["chains"].items():
        assert choose(name, {name: settings}).network.public
    assert set(example["chains"]["ours"]) == set(SETTINGS)


def test_custom_networks_are_private_unless_said_otherwise():
    """A chain that a user describes proves nothing unless they mark it public; the embedded chain's id is refused."""
    assert Network.custom(424242) == Network("chain-424242", 424242, public=False, label="private chain")
    assert Network.custom(424242, name="ours", public=True).label == "ours"
    for chain_id in (0, -1, 2**53, EMBEDDED.chain_id):
        with pytest.raises(UsageError):
            Network.custom(chain_id)


def test_importing_the_room_loads_no_ethereum_library():
    """Networks, anchors, wallets and the contract import in an environment without web3, eth_account and py-evm."""
    code = (
        "import sys, swarmprov_nb.chain, swarmprov_nb.chain.networks, swarmprov_nb.chain.anchors,"
        "swarmprov_nb.chain.wallet, swarmprov_nb.chain.contract, swarmprov_nb.chain.evm_anchors;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " {'web3', 'eth', 'eth_account', 'eth_abi', 'eth_keys', 'eth_utils', 'rlp'}])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
