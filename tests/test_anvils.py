"""The development nodes that other tests stand on."""

from __future__ import annotations

from anvils import anvil, node
from web3 import HTTPProvider

from swarmprov_nb.chain.contract import FACTORY_ADDRESS, FACTORY_CODE
from swarmprov_nb.chain.rpc import ask


def asked(url, method, *parameters):
    return ask(HTTPProvider(url), method, *parameters)


def test_a_node_is_anvil_with_the_factory(anvil_url):
    """A test's node says what it is, has chain id 31337, and the factory of every chain in its genesis."""
    assert asked(anvil_url, "web3_clientVersion").startswith("anvil/v1.7.1")
    assert asked(anvil_url, "eth_chainId") == hex(31337)
    assert asked(anvil_url, "eth_getCode", FACTORY_ADDRESS, "latest") == "0x" + FACTORY_CODE.hex()


def test_two_nodes_are_two_chains(anvil_url):
    """Flags go to the node as they are; each node has its own port and chain."""
    with anvil("--chain-id", "84532") as url:
        assert url != anvil_url
        asked(url, "evm_mine")
        assert (asked(url, "eth_chainId"), asked(url, "eth_blockNumber")) == (hex(84532), "0x1")
    assert asked(anvil_url, "eth_blockNumber") == "0x0"


def test_a_stopped_node_comes_back_and_a_killed_one_has_forgotten(tmp_path):
    """With --state, blocks are back after a stop; what came after it is lost by a kill."""
    flags = ("--state", str(tmp_path / "state.json"))
    with node(*flags) as running:
        asked(running.url, "evm_mine")
        running.stop()
    port = running.url.rpartition(":")[2]
    with node(*flags, "--port", port) as again:
        assert again.url == running.url
        assert asked(again.url, "eth_blockNumber") == "0x1"
        asked(again.url, "evm_mine")
        again.kill()
    with anvil(*flags) as url:
        assert asked(url, "eth_blockNumber") == "0x1"
