"""Every file that can be judged alone, by whoever reads it: keys, lists, settings, journals, the ledger, an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.config import Settings
from swarmprov_nb.destinations import Destinations
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.file_lock import locked_within
from swarmprov_nb.fsck import database
from swarmprov_nb.fsck.damage import Damage, fault_in, move_all_aside, move_aside
from swarmprov_nb.home import RECORD_KEY, Home, damaged, write_once
from swarmprov_nb.journal import Journal, steps_of
from swarmprov_nb.keys import wallets
from swarmprov_nb.scanning import FINDINGS_KEY
from swarmprov_nb.signers import AUTHOR_KEY, read_list
from swarmprov_nb.spending import ledger
from swarmprov_nb.storing import stored_of
from swarmprov_nb.swarm.bee.upload_journal import whole_size
from swarmprov_nb.view.captions import plural

KEY: Final = (
    "A key cannot be rebuilt: restore it from a backup. What was published stays as it is and verifies;"
    "\nwhat is published with another key bears another signer, whom nobody trusts yet."
)
DEV_WALLET: Final = "It is worth nothing and no publication needs it. Restore it, or move it away: another is made."
_SIGNERS: Final = "Restore it from a backup; or move it away and trust each again: swarmprov trust KEY --as LABEL"
_BEGUN: Final = (
    "What stands before the damage is kept by: swarmprov fsck --repair"
    "\nThen publish that notebook again: it goes on from there. Nothing that was published is hurt."
)
_PUSH: Final = (
    "It is moved aside by: swarmprov fsck --repair"
    "\nThe next push asks the node what it has, and sends the rest. Nothing that was published is hurt."
)
_NOTES: Final = (
    "What stands before the damage is kept by: swarmprov fsck --repair"
    "\nThe next push goes on from there. Nothing that was published is hurt."
)
LEDGER: Final = (
    "It cannot be rebuilt: what was promised in the last 24 hours counts against your caps. Look up your wallet;"
    "\nthen move the file away: nothing counts as spent from there on."
)
_CONTENTS: Final = "It is an index that fills again as things are stored: swarmprov fsck --repair moves it aside."


def hurt_files(home: Home) -> Iterator[Damage]:
    """Read each file as its reader does; what a kill left of one that grows is as it should be."""
    for kind in _KINDS:
        for path in sorted(home.root.glob(kind.pattern)):
            try:
                kind.read(home, path)
            except SwarmprovError as error:
                mend = partial(kind.mend, path) if kind.mend else None
                yield Damage(path, fault_in(path, error), kind.cure or error.next_step, mend=mend)


def _secret(home: Home, path: Path) -> None:
    home.secret(path.name)


def _journal(_: Home, path: Path) -> None:
    Journal(path)


def _settings(home: Home, _: Path) -> None:
    Settings.of(home)
    Destinations.of(home)


def _wallet(home: Home, path: Path) -> None:
    for wallet in wallets(home):
        if wallet.path == path and wallet.problem:
            raise SwarmprovError(f"{path} is damaged: it is no wallet that can be opened.", f"{wallet.problem}\n{KEY}")


def _upload(_: Home, path: Path) -> None:
    """Look at what an upload noted, unless it is under way."""
    with path.open("rb") as file:
        if not locked_within(file.fileno(), 0, share=True):
            return
        data = file.read()
    if (whole := whole_size(data)) < len(data):
        raise damaged(path, f"from byte {whole} on it is not as it was written")


def _contents(_: Home, path: Path) -> None:
    database.require_whole(path, "contents")
    wrong = sum(not _is_stated(*row) for row in database.rows(path, "SELECT content_id, stored FROM contents"))
    if wrong:
        raise damaged(path, f"{plural(wrong, 'row')} of it cannot be read")


def _is_stated(content_id: object, text: object) -> bool:
    try:
        return stored_of(str(text)).content_id == content_id
    except ValueError:
        return False


def _cut(path: Path) -> None:
    """Put the steps before the damage into a new file, and the hurt one aside."""
    kept: list[tuple[str, Any]] = []
    try:
        kept.extend(steps_of(path))
    except SwarmprovError:
        move_aside(path)
    journal = Journal(path)
    for step, entry in kept:
        journal.write(step, entry)


def _cut_upload(path: Path) -> None:
    """Keep the notes before the damage, from which the next push goes on, and put the hurt ones aside."""
    data = path.read_bytes()
    move_aside(path)
    if whole := whole_size(data):
        write_once(path, data[:whole])


@dataclass(frozen=True)
class _Kind:
    """Files of one kind: where, who reads them, and the cure; without one it is what their reader says."""

    pattern: str
    read: Callable[[Home, Path], object]
    cure: str = ""
    mend: Callable[[Path], object] | None = None


_KINDS: Final = (
    *(_Kind(f"keys/{name}", _secret, KEY) for name in (AUTHOR_KEY, RECORD_KEY, FINDINGS_KEY)),
    _Kind("keys/dev-wallet.key", lambda home, _: DevWallet.open(home.keys), DEV_WALLET),
    _Kind("keys/wallets/*.json", _wallet),
    _Kind("signers.json", lambda home, _: read_list(home), _SIGNERS),
    _Kind("config.toml", _settings),
    _Kind("journal/*.jsonl", _journal, _BEGUN, _cut),
    _Kind("journal/seals/*.jsonl", _journal, _BEGUN, _cut),
    _Kind("journal/push/*.jsonl", _journal, _PUSH, move_aside),
    _Kind("journal/push/*.upload", _upload, _NOTES, _cut_upload),
    _Kind("spending.jsonl", lambda home, _: list(ledger(home)), LEDGER),
    _Kind("contents.sqlite", _contents, _CONTENTS, move_all_aside),
)
