"""The contract as it stands on one network: whether it is there and is ours, and what its views say."""

from __future__ import annotations

from typing import Any

from swarmprov_nb.chain.anchors import NotDeployed
from swarmprov_nb.chain.contract import allowed_contract, decode_answer, encode_call
from swarmprov_nb.chain.networks import Network
from swarmprov_nb.chain.rpc import Provider, ask_bytes, ask_number
from swarmprov_nb.errors import ChainError


class DeployedContract:
    """One version of the contract on one network. Every look checks chain id and code first."""

    def __init__(self, network: Network, provider: Provider, version: str) -> None:
        self._network = network
        self._provider = provider
        self._version = version
        self._allowed = allowed_contract(version)

    @property
    def address(self) -> str:
        """Where it stands, on every chain."""
        return self._allowed.address

    def stands(self) -> bool:
        """Whether it is there. Raises `ChainError` for another chain, or for other code at its address."""
        from eth_utils.crypto import keccak

        self.require_chain()
        code = ask_bytes(self._provider, "eth_getCode", self.address, "latest")
        if code and "0x" + keccak(code).hex() != self._allowed.code_hash:
            raise ChainError(
                f"The code at {self.address} on {self._network.name} is not that of our contract.",
                "Anchor and verify on another network, and report this.",
            )
        return bool(code)

    def require_chain(self) -> None:
        """Raise `ChainError` where the endpoint serves another chain."""
        chain_id = ask_number(self._provider, "eth_chainId")
        if chain_id != self._network.chain_id:
            raise ChainError(
                f"The endpoint serves chain {chain_id}, not {self._network.name} ({self._network.chain_id}).",
                "Give the endpoint of that network.",
            )

    def absent(self) -> NotDeployed:
        """The error for a network where it is needed and not there."""
        return NotDeployed(
            f"The contract, version {self._version}, is not deployed on {self._network.name}.",
            f"Choose a network where it is, or put it there: swarmprov chain deploy --chain {self._network.name}.",
        )

    def view(self, name: str, attester: str, subject: bytes) -> dict[str, Any]:
        """The fields of `recordOf` or `headOf`."""
        call = {"to": self.address, "data": "0x" + encode_call(name, [attester, subject]).hex()}
        return decode_answer(name, ask_bytes(self._provider, "eth_call", call, "latest"))
