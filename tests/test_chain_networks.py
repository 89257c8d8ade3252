"""The table of networks, and how little importing the room costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS, is_private, network_named
from swarmprov_nb.errors import UsageError


def test_embedded_network_is_private_and_says_what_it_does_not_prove():
    """The embedded chain is labelled, not public, and its id is none that a wallet or test node uses."""
    assert network_named("embedded") is EMBEDDED
    assert not EMBEDDED.public
    assert EMBEDDED.label == "local chain: proves nothing to others"
    assert EMBEDDED.chain_id not in {1, 100, 1337, 8453, 31337, 84532}
    assert EMBEDDED.chain_id < 2**53


def test_unknown_network_lists_the_names():
    """A wrong name is answered with the names that there are."""
    with pytest.raises(UsageError) as caught:
        network_named("atlantis")
    assert "atlantis" in caught.value.what
    assert all(network.name in caught.value.next_step for network in NETWORKS)


def test_only_private_networks_of_the_table_are_private():
    """An unknown chain id is never taken for a private one."""
    assert is_private(EMBEDDED.chain_id)
    assert not any(is_private(each) for each in (0, 1, 1337, 31337))


def test_importing_the_room_loads_no_ethereum_library():
    """Networks, anchors, wallets and the contract import in an environment without web3, eth_account and py-evm."""
    code = (
        "import sys, swarmprov_nb.chain, swarmprov_nb.chain.networks, swarmprov_nb.chain.anchors,"
        "swarmprov_nb.chain.wallet, swarmprov_nb.chain.contract, swarmprov_nb.chain.evm_anchors;"
        "print([m for m in sys.modules if m.split('.')[0] in"
        " {'web3', 'eth', 'eth_account', 'eth_abi', 'eth_keys', 'eth_utils', 'rlp'}])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
