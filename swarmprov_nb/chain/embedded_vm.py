"""The embedded chain's rules: py-evm at Prague, one transaction a block, no fees, the CREATE2 factory at genesis."""

from __future__ import annotations

from swarmprov_nb.chain import embedded_engine  # noqa: F401 - before eth

# isort: split

from typing import Any

from eth.chains.base import MiningChain
from eth.consensus import ConsensusApplier, NoProofConsensus
from eth.constants import BLANK_ROOT_HASH, POST_MERGE_DIFFICULTY, POST_MERGE_MIX_HASH, POST_MERGE_NONCE, ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.forks import PragueVM
from eth_utils.address import to_canonical_address

from swarmprov_nb.chain.contract import FACTORY_ADDRESS, FACTORY_CODE
from swarmprov_nb.chain.networks import EMBEDDED

BLOCK_GAS_LIMIT = 30_000_000

# With one transaction a block and none above half the block (EIP-1559's target), a base fee that starts at zero stays
# at zero: a dev wallet needs no money, and there is no faucet and no key of one.
TRANSACTION_GAS_LIMIT = BLOCK_GAS_LIMIT // 2

_GENESIS = {
    "coinbase": ZERO_ADDRESS,
    "difficulty": POST_MERGE_DIFFICULTY,
    "extra_data": b"swarmprov",
    "gas_limit": BLOCK_GAS_LIMIT,
    "mix_hash": POST_MERGE_MIX_HASH,
    "nonce": POST_MERGE_NONCE,
    "receipt_root": BLANK_ROOT_HASH,
    "transaction_root": BLANK_ROOT_HASH,
    "timestamp": 1_700_000_000,
    "base_fee_per_gas": 0,
}


class LocalChain(MiningChain):
    """A chain of one machine: who may write the file may make blocks."""

    chain_id = EMBEDDED.chain_id
    vm_configuration = ConsensusApplier(NoProofConsensus).amend_vm_configuration(((0, PragueVM),))

    def create_header_from_parent(self, parent_header: Any, **params: Any) -> Any:
        """Keep the gas limit where genesis put it."""
        return super().create_header_from_parent(parent_header, **{**params, "gas_limit": parent_header.gas_limit})

    def validate_seal(self, header: Any) -> None:
        """Accept every block: there is no proof of anything in it."""


def create_genesis(database: AtomicDB) -> LocalChain:
    """Write the first block: the same on every machine."""
    factory = {"balance": 0, "nonce": 1, "code": FACTORY_CODE, "storage": {}}
    chain: LocalChain = LocalChain.from_genesis(database, _GENESIS, {to_canonical_address(FACTORY_ADDRESS): factory})
    return chain
