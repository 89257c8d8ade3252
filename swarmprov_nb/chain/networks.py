"""The chains that this package knows by name, and those that a user describes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Self

from swarmprov_nb.errors import UsageError

LARGEST_CHAIN_ID: Final = 2**53 - 1  # no signed JSON of ours holds more, and no chain has more


@dataclass(frozen=True)
class Network:
    """A chain, and whether a record on it proves anything to others.

    >>> EMBEDDED.public, network_of(100).coin
    (False, 'xDAI')

    `explorer` is a link with `{hash}` for a transaction, `rpcs` are endpoints that ask for no key, `op_stack` says that
    a data fee comes on top, `final_after` is how many seconds a block usually takes to be finalized.
    """

    name: str
    chain_id: int
    public: bool
    label: str
    coin: str = "ETH"
    explorer: str | None = None
    rpcs: tuple[str, ...] = ()
    op_stack: bool = False
    final_after: int | None = None

    @classmethod
    def custom(
        cls, chain_id: int, *, name: str = "", public: bool = False, label: str = "", coin: str = "ETH",
        explorer: str | None = None, rpcs: tuple[str, ...] = (), op_stack: bool = False,
    ) -> Self:  # fmt: skip
        """Describe a chain that is not in the table.

        >>> Network.custom(424242).label
        'private chain'

        Raises `UsageError` for a chain id that is none, or is the embedded chain's.
        """
        if not 0 < chain_id <= LARGEST_CHAIN_ID:
            raise UsageError(f"{chain_id} is no chain id.", "Give a whole number between 1 and 2^53.")
        if chain_id == EMBEDDED.chain_id:
            raise UsageError(
                f"The chain id {chain_id} is that of the embedded chain, which has no endpoint.",
                "Use --chain local, or another chain.",
            )
        name = name or f"chain-{chain_id}"
        label = label or (name if public else "private chain")
        return cls(name, chain_id, public, label, coin, explorer, rpcs, op_stack)

    def link(self, transaction: str) -> str | None:
        """Where a person can look a transaction up, None where there is no explorer.

        >>> network_of(100).link("0xab")
        'https://gnosisscan.io/tx/0xab'
        """
        return self.explorer.replace("{hash}", transaction) if self.explorer else None

    def as_private(self, label: str) -> Network:
        """Return this network as one on which a record proves nothing."""
        return replace(self, public=False, label=label)


# The chain id spells "swpv" and belongs to no chain: what is signed for the embedded chain is worth nothing elsewhere.
EMBEDDED = Network(
    name="embedded", chain_id=0x73777076, public=False, label="local chain: proves nothing to others", coin=""
)
ANVIL = Network(
    name="anvil", chain_id=31337, public=False, label="local chain: proves nothing to others", coin="test ETH",
    rpcs=("http://127.0.0.1:8545",),
)  # fmt: skip

# Names, ids, coins and endpoints as the networks' own documentation has them (docs.gnosischain.com, docs.base.org,
# ethereum.org); the second endpoint of each is another operator's. Seconds to finality: two epochs and a margin
# (Gnosis 16 slots of 5 s, Ethereum 32 of 12 s); on Base the block must be derived from a finalized block of Ethereum.
# A test network is public to read but may be wiped, and its blocks cost nothing: it gives no level unless the verifier
# says so in the configuration.
NETWORKS = (
    EMBEDDED,
    ANVIL,
    Network(
        name="gnosis", chain_id=100, public=True, label="Gnosis", coin="xDAI",
        explorer="https://gnosisscan.io/tx/{hash}",
        rpcs=("https://rpc.gnosischain.com", "https://gnosis-rpc.publicnode.com"), final_after=240,
    ),
    Network(
        name="chiado", chain_id=10200, public=False, label="test network Chiado: may be wiped", coin="Chiado xDAI",
        explorer="https://gnosis-chiado.blockscout.com/tx/{hash}",
        rpcs=("https://rpc.chiadochain.net", "https://gnosis-chiado-rpc.publicnode.com"), final_after=240,
    ),
    Network(
        name="base", chain_id=8453, public=True, label="Base",
        explorer="https://basescan.org/tx/{hash}",
        rpcs=("https://mainnet.base.org", "https://base-rpc.publicnode.com"), op_stack=True, final_after=1500,
    ),
    Network(
        name="base-sepolia", chain_id=84532, public=False, label="test network Base Sepolia: may be wiped",
        coin="Base Sepolia ETH", explorer="https://sepolia.basescan.org/tx/{hash}",
        rpcs=("https://sepolia.base.org", "https://base-sepolia-rpc.publicnode.com"), op_stack=True, final_after=1500,
    ),
    Network(
        name="ethereum", chain_id=1, public=True, label="Ethereum",
        explorer="https://etherscan.io/tx/{hash}",
        rpcs=("https://ethereum-rpc.publicnode.com", "https://eth.drpc.org"), final_after=1150,
    ),
    Network(
        name="sepolia", chain_id=11155111, public=False, label="test network Sepolia: may be wiped",
        coin="Sepolia ETH", explorer="https://sepolia.etherscan.io/tx/{hash}",
        rpcs=("https://ethereum-sepolia-rpc.publicnode.com", "https://sepolia.drpc.org"), final_after=1150,
    ),
)  # fmt: skip

DEVELOPMENT_IDS: Final = (ANVIL.chain_id, 1337)
"""Chain ids of development nodes: anvil's and hardhat's, and the older one of ganache and geth --dev."""


def network_of(chain_id: int) -> Network | None:
    """Look a network up by its chain id; None where the table has none.

    >>> network_of(8453).name
    'base'
    """
    return next((network for network in NETWORKS if network.chain_id == chain_id), None)


def is_private(chain_id: int) -> bool:
    """Whether what is signed for this chain id is worth nothing: the embedded chain's and those of development nodes.

    >>> is_private(EMBEDDED.chain_id), is_private(31337), is_private(1), is_private(11155111)
    (True, True, False, False)
    """
    return chain_id == EMBEDDED.chain_id or chain_id in DEVELOPMENT_IDS
