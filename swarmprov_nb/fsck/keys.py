"""Keys, wallets, trusted signers and settings looked through: none can be rebuilt, and none is touched."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.config import Settings
from swarmprov_nb.destinations import Destinations
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.fsck.damage import Damage, fault_in
from swarmprov_nb.home import RECORD_KEY, Home
from swarmprov_nb.keys import wallets
from swarmprov_nb.receipts import Receipt
from swarmprov_nb.scanning import FINDINGS_KEY
from swarmprov_nb.signers import AUTHOR_KEY, author_key, signers

_DEV: Final = "dev-wallet.key"
_KEY: Final = (
    "A key cannot be rebuilt: restore it from a backup. What was published stays as it is and verifies;"
    "\nwhat is published with another key bears another signer, whom nobody trusts yet."
)


def hurt_keys(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    """Look at what is secret: a key of the right form is told from another by what it signed."""
    for name in (AUTHOR_KEY, RECORD_KEY, FINDINGS_KEY):
        path = home.keys / name
        try:
            if path.exists():
                home.secret(name)
            elif known and name != FINDINGS_KEY:
                yield Damage(path, "it is missing", _KEY)
        except SwarmprovError as error:
            yield Damage(path, fault_in(path, error), _KEY)
        else:
            if name == AUTHOR_KEY and path.exists() and _is_another(home, known):
                yield Damage(path, "it is not the key that signed what was published from here", _KEY)
    yield from _dev_wallet(home, known)
    for wallet in wallets(home):
        if wallet.problem:
            yield Damage(wallet.path, "it is no wallet that can be opened", f"{wallet.problem}\n{_KEY}")


def _is_another(home: Home, known: Collection[Receipt]) -> bool:
    return bool(known) and author_key(home).did not in {receipt.author for receipt in known}


def _dev_wallet(home: Home, known: Collection[Receipt]) -> Iterator[Damage]:
    path = home.keys / _DEV
    local = [anchor for receipt in known for anchor in receipt.anchors if anchor["network"] == "embedded"]
    cure = "It is worth nothing and no publication needs it. Restore it, or move it away: another is made."
    if not path.exists():
        return
    try:
        address = DevWallet.open(home.keys).address
    except SwarmprovError as error:
        yield Damage(path, fault_in(path, error), cure)
        return
    if local and address not in {anchor.get("attester") for anchor in local}:
        yield Damage(path, "it is not the wallet that anchored on this machine's own chain", cure)


def hurt_lists(home: Home) -> Iterator[Damage]:
    """Look at the trusted signers and at the settings."""
    try:
        signers(home)
    except SwarmprovError as error:
        if str(home.signers) in error.what:
            cure = "Restore it from a backup; or move it away and trust each again: swarmprov trust KEY --as LABEL"
            yield Damage(home.signers, fault_in(home.signers, error), cure)
    try:
        Settings.of(home)
        Destinations.of(home)
    except SwarmprovError as error:
        yield Damage(home.config, fault_in(home.config, error), error.next_step)
