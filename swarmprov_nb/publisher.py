"""The publisher: who publishes and where to, with keys, wallet, store and chain of one user."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.chain.networks import DEVELOPMENT_IDS, EMBEDDED
from swarmprov_nb.destinations import LOCAL, NO_CHAIN, Destinations
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.signers import author_key
from swarmprov_nb.storing import Keeper

if TYPE_CHECKING:
    from swarmprov_nb.chain.anchors import AnchorBackend
    from swarmprov_nb.chain.choosing import Endpoint
    from swarmprov_nb.chain.wallet import Wallet
    from swarmprov_nb.manifest.author_key import AuthorKey
    from swarmprov_nb.passwords import Page

DEV: Final = "dev"  # the name of the machine's own wallet

__all__ = ["LOCAL", "NO_CHAIN", "Publisher"]


@dataclass(frozen=True)
class Publisher:
    """Who publishes, and where to: keys, wallet, store and chain of one user.

    `chain` is the network's name, ``local`` or ``none``; `store` is ``local`` or a remote store as it may be shown.
    `remote` and `endpoint` are where they are reached, which may hold a key and is never shown.
    """

    home: Home
    keeper: Keeper
    key: AuthorKey
    wallet: Wallet
    chain: str = LOCAL
    store: str = LOCAL
    batch: str | None = None
    remote: str | None = field(default=None, repr=False)
    endpoint: Endpoint | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, home: Home, *, chain: str | None = None, store: str | None = None, batch: str | None = None,
        wallet: str | None = None, password_file: Path | None = None, page: Page | None = None,
    ) -> Publisher:  # fmt: skip
        """Open the user's keys and embedded store, made on first use, and what is named or in the user's settings.

        Only a chain that is given as a URL is asked here, which one it is. `page` asks for a keystore's password where
        a kernel has a front end. Raises UsageError for what cannot be meant, WalletError where there is no wallet.
        """
        stated = Destinations.of(home)
        home.private_folder(home.keys)
        remote = _remote(store or stated.store)
        named = chain or stated.chain
        endpoint = _endpoint(named, stated) if named not in (LOCAL, NO_CHAIN) else None
        return cls(
            home=home,
            keeper=Keeper(home),
            key=author_key(home),
            wallet=_wallet(home, wallet, named, endpoint, password_file=password_file, page=page),
            chain=endpoint.network.name if endpoint else named,
            store=_shown(remote) if remote else LOCAL,
            batch=batch or (stated.batch if store in (None, stated.store) else None),  # it is that store's
            remote=remote,
            endpoint=endpoint,
        )

    def anchors(self) -> AnchorBackend:
        """Open the chain to anchor on."""
        folder = self.home.private_folder(self.home.chain)
        if self.endpoint is not None:
            from swarmprov_nb.chain.choosing import open_anchors

            return open_anchors(self.endpoint, lock_folder=folder / "locks")
        from swarmprov_nb.chain.evm_anchors import open_embedded

        return open_embedded(folder)

    @property
    def network(self) -> str | None:
        """The name of the network that it anchors on, None where it anchors nowhere."""
        return {LOCAL: EMBEDDED.name, NO_CHAIN: None}.get(self.chain, self.chain)

    def unlocked(self) -> AbstractContextManager[None]:
        """Hold the wallet open for a block: a person is asked for its password once, however much is signed."""
        from swarmprov_nb.chain.keystore import unlocked

        return unlocked(self.wallet)


def _wallet(home: Home, name: str | None, chain: str, endpoint: Endpoint | None, **asking: Any) -> Wallet:
    """Return who signs there: the dev wallet where nothing is at stake, on any other network the user's own."""
    from swarmprov_nb.chain.wallet import DevWallet

    at_stake = endpoint is not None and not is_development(endpoint)
    if name == DEV and endpoint is not None and at_stake:
        raise UsageError(
            f"The dev wallet signs nothing for {endpoint.network.name}: its key lies unencrypted on the disk.",
            "Use a wallet of your own: swarmprov keys new NAME",
        )
    if name not in (None, DEV) and chain == LOCAL:
        raise UsageError(
            "Your own wallet signs nothing for this machine's chain, which proves nothing.",
            "Leave --wallet out, or name a network: --chain NAME",
        )
    if name == DEV or (name is None and not at_stake):
        return DevWallet.open(home.keys)
    from swarmprov_nb.keys import open_wallet

    public = endpoint is not None and endpoint.network.public
    return open_wallet(home, name, private_chains=[endpoint.network.chain_id] if endpoint and public else (), **asking)


def is_development(endpoint: Endpoint) -> bool:
    """Tell whether it may be a development node: the chain room looks closer before anything is signed."""
    network = endpoint.network
    return endpoint.loopback and network.chain_id in DEVELOPMENT_IDS and not network.public


def _remote(store: str) -> str | None:
    """Return where a store is, None for this machine's own; UsageError for what is neither."""
    if store == LOCAL:
        return None
    from swarmprov_nb.remotes import remote_url

    return remote_url(store)


def _shown(remote: str) -> str:
    from swarmprov_nb.remotes import shown_store

    return shown_store(remote)


def _endpoint(named: str, stated: Destinations) -> Endpoint:
    from swarmprov_nb.chain.choosing import choose

    return choose(named, stated.chains)
