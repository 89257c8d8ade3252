"""The publisher: who publishes and where to, with keys, wallet, store and chain of one user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.signers import author_key
from swarmprov_nb.storing import Keeper

if TYPE_CHECKING:
    from swarmprov_nb.chain.anchors import AnchorBackend
    from swarmprov_nb.chain.wallet import Wallet
    from swarmprov_nb.manifest.author_key import AuthorKey

LOCAL: Final = "local"
NO_CHAIN: Final = "none"


@dataclass(frozen=True)
class Publisher:
    """Who publishes, and where to: keys, wallet, store and chain of one user."""

    home: Home
    keeper: Keeper
    key: AuthorKey
    wallet: Wallet
    chain: str = LOCAL

    @classmethod
    def of(cls, home: Home, *, chain: str = LOCAL) -> Publisher:
        """Open the user's keys and embedded store; they are made on first use."""
        from swarmprov_nb.chain.wallet import DevWallet

        if chain not in (LOCAL, NO_CHAIN):
            raise UsageError(f"There is no chain {chain!r} here.", "Give --chain local or --chain none.")
        home.private_folder(home.keys)
        return cls(home, Keeper(home), author_key(home), DevWallet.open(home.keys), chain)

    def anchors(self) -> AnchorBackend:
        """Open the chain to anchor on."""
        from swarmprov_nb.chain.evm_anchors import open_embedded

        return open_embedded(self.home.private_folder(self.home.chain))
