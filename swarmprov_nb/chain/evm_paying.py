"""What costs coins: which wallet may sign where, the price, the user's cap, and signatures under all of these."""

from __future__ import annotations

import time

from swarmprov_nb.chain import evm_sending
from swarmprov_nb.chain.anchors import NotFunded, NotIncluded, OverCap, PreparedStale, PreparedTransaction
from swarmprov_nb.chain.contract import FACTORY_ADDRESS, FACTORY_CODE, deployment
from swarmprov_nb.chain.development import GIFT, fund_from_node, is_development
from swarmprov_nb.chain.evm_contract import DeployedContract
from swarmprov_nb.chain.evm_sending import Sending, next_nonce
from swarmprov_nb.chain.fees import Quote, about, prices, quote
from swarmprov_nb.chain.networks import EMBEDDED, Network
from swarmprov_nb.chain.rpc import Provider, ask_bytes, ask_number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.chain.wallet import Wallet
from swarmprov_nb.errors import ChainError, UsageError

_GAS_ROOM = 10  # a tenth on top of the node's estimate: state may change until the block


class Paying:
    """Prices and signatures on one network."""

    def __init__(
        self, network: Network, provider: Provider, contract: DeployedContract, version: str, *, loopback: bool
    ) -> None:
        self._network = network
        self._provider = provider
        self._contract = contract
        self._version = version
        self._loopback = loopback

    def balance(self, address: str) -> int:
        """What an address holds."""
        return ask_number(self._provider, "eth_getBalance", address, "latest")

    def gas(self, sender: str, to: str, data: bytes) -> int:
        """The gas to allow for a call. Raises `RpcError` where the node says that it would fail."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex()}
        estimate = ask_number(self._provider, "eth_estimateGas", call)
        return estimate + estimate // _GAS_ROOM

    def quote(self, to: str, data: bytes, gas: int) -> Quote:
        """What a call with that much gas may cost now."""
        return quote(self._provider, self._network, self._transaction(to, data, gas, nonce=2**16))

    def require_fit(self, wallet: Wallet) -> None:
        """Refuse a wallet that may not sign here, before anything is signed."""
        if self._network == EMBEDDED and not wallet.dev:
            raise UsageError(
                "A wallet of your own signs nothing for the embedded chain, which proves nothing.",
                "Leave out --wallet, or anchor on another network.",
            )
        if wallet.dev and not self._is_own_chain():
            raise UsageError(
                f"The dev wallet is for the embedded chain and development nodes on this machine, not for "
                f"{self._network.name}.",
                "Use a wallet of your own: swarmprov keys new.",
            )

    def require_own_chain(self) -> None:
        """Raise `NotDeployed` unless the contract is put here by itself at first use."""
        if not self._is_own_chain():
            raise self._contract.absent()

    def sign(self, unsigned: PreparedTransaction, data: bytes, wallet: Wallet, most: int | None) -> PreparedTransaction:
        """Sign a call of the contract with the account's next nonce, if the user can and will pay it."""
        gas = self.gas(wallet.address, unsigned.contract, data)
        nonce = next_nonce(self._provider, wallet.address)
        return self._signed(unsigned, self._transaction(unsigned.contract, data, gas, nonce), wallet, most)

    def sign_dearer(self, prepared: PreparedTransaction, wallet: Wallet, most: int | None) -> PreparedTransaction:
        """Sign the same again under its nonce, for an eighth more at least: nodes replace a transaction for no less."""
        if self._nonces_used(wallet.address) > prepared.nonce:
            raise PreparedStale("The nonce of this transaction is used.", "Submit it: it is included, or prepare anew.")
        old = Transaction.of_raw(prepared.raw)
        tip, most_fee = prices(self._provider, self._network)
        dearer = old.costing(tip=max(tip, _eighth_more(old.tip)), most_fee=max(most_fee, _eighth_more(old.most_fee)))
        return self._signed(prepared, dearer, wallet, most)

    def quote_deployment(self, address: str) -> Quote:
        """What putting the contract here may cost; `ChainError` where the factory is missing."""
        self._require_factory()
        return self.quote(FACTORY_ADDRESS, deployment(self._version), self._deployment_gas(address))

    def deploy(self, wallet: Wallet, most: int | None) -> str | None:
        """Put the contract where it belongs. Another wallet may do so at the same time: then theirs is there."""
        self._require_factory()
        self._wait_for_own(wallet.address)
        if self._contract.stands():
            return None
        try:
            gas = self._deployment_gas(wallet.address)
            nonce = next_nonce(self._provider, wallet.address)
            transaction = self._transaction(FACTORY_ADDRESS, deployment(self._version), gas, nonce)
            prepared = self._signed(self._deployment(wallet), transaction, wallet, most)
            Sending(self._provider, self._network, prepared, lambda: self._contract.stands() or None).settle()
        except (RpcError, ChainError):
            if not self._contract.stands():
                raise
            return None
        return prepared.hash

    def _deployment(self, wallet: Wallet) -> PreparedTransaction:
        return PreparedTransaction(
            network=self._network.name,
            chain_id=self._network.chain_id,
            contract=self._contract.address,
            action="deploy",
            attester=wallet.address,
            subject="",
            nonce=0,
            hash="",
            raw="",
        )

    def _wait_for_own(self, address: str) -> None:
        """Let pass what waits of this account: it may be the deployment of someone who was interrupted."""
        deadline = time.monotonic() + evm_sending.INCLUSION_SECONDS
        while next_nonce(self._provider, address) > (count := self._nonces_used(address)):
            if time.monotonic() > deadline:
                raise NotIncluded(
                    f"A transaction of {address} waits to be included (nonce {count}), maybe this very deployment.",
                    "Wait until it is, or replace it by the program that sent it; then deploy again.",
                )
            time.sleep(evm_sending.POLL_SECONDS)

    def _nonces_used(self, address: str) -> int:
        return ask_number(self._provider, "eth_getTransactionCount", address, "latest")

    def _signed(
        self, prepared: PreparedTransaction, transaction: Transaction, wallet: Wallet, most: int | None
    ) -> PreparedTransaction:
        from eth_utils.crypto import keccak

        self._gift(wallet)
        self._require_affordable(transaction, wallet, most)
        raw = wallet.sign_transaction(transaction.fields())
        signature = {"nonce": transaction.nonce, "hash": "0x" + keccak(raw).hex(), "raw": "0x" + raw.hex()}
        return PreparedTransaction(**{**prepared.to_json(), **signature})

    def _transaction(self, to: str, data: bytes, gas: int, nonce: int) -> Transaction:
        tip, most_fee = prices(self._provider, self._network)
        return Transaction(self._network.chain_id, nonce, tip, most_fee, gas, bytes.fromhex(to[2:]), data)

    def _require_affordable(self, transaction: Transaction, wallet: Wallet, most: int | None) -> None:
        """Refuse, before anything is signed, what may cost more than the user allows or has."""
        price = quote(self._provider, self._network, transaction)
        coin = self._network.coin
        if most is not None and price.total > most:
            raise OverCap(
                f"This may cost up to {price.text}, more than the {about(most)} {coin} that you allow.",
                "Wait for a lower price, or raise the cap in your configuration.",
            )
        if price.total and (held := self.balance(wallet.address)) < price.total:
            raise NotFunded(
                f"The wallet {wallet.address} holds {about(held)} {coin} on {self._network.name}, and this may cost up "
                f"to {price.text}.",
                f"Send it some {coin}, and publish again: it goes on from here.",
            )

    def _gift(self, wallet: Wallet) -> None:
        """Let a development node pay for whoever uses it."""
        if self._is_development() and self.balance(wallet.address) < GIFT // 2:
            fund_from_node(self._provider, wallet.address)

    def _deployment_gas(self, address: str) -> int:
        return self.gas(address, FACTORY_ADDRESS, deployment(self._version))

    def _require_factory(self) -> None:
        self._contract.require_chain()
        if ask_bytes(self._provider, "eth_getCode", FACTORY_ADDRESS, "latest") != FACTORY_CODE:
            raise ChainError(
                f"{self._network.name} has no CREATE2 factory at {FACTORY_ADDRESS}, through which the contract gets "
                "the same address on every chain.",
                "Put it there first (github.com/Arachnid/deterministic-deployment-proxy), or choose another network.",
            )

    def _is_own_chain(self) -> bool:
        return self._network == EMBEDDED or (not self._network.public and self._is_development())

    def _is_development(self) -> bool:
        return is_development(self._provider, self._network, loopback=self._loopback)


def _eighth_more(price: int) -> int:
    return price + price // 8 + 1
