"""Trusted signers: which key is whose, by the user's own word. Only ``swarmprov trust`` writes the list.

Names inside publications are claims. A wallet or a claimed name that the list binds to another key is a warning that
the report shows: *changed signer*.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home, damaged, read_json, write_json
from swarmprov_nb.manifest.author_key import AuthorKey, from_did

AUTHOR_KEY = "author.key"
OWN_LABEL = "me"
# letters of other scripts, folded, that are drawn as Latin ones, and what is taken for an i or an o
_ALIKE = dict(
    str.maketrans(
        "\u0430\u0432\u0435\u04bb\u0456\u0458\u043a\u043c\u043d\u043e\u0440\u0441\u051b\u0455\u0442\u0443\u051d\u0445\u0501\u0475\u04cf"
        "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u0131\u0251\u0261l10",
        "abehijkmhopcqstywxdviabezhikmnoptyxiagiio",
    )
)
_WALLET = re.compile(r"0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class Signer:
    """A key (``did:key:…``) with the user's label, and the wallets known to be the same person's."""

    key: str
    label: str
    wallets: tuple[str, ...] = ()


def author_key(home: Home) -> AuthorKey:
    """Return the user's author key, made on first use."""
    return AuthorKey(home.secret(AUTHOR_KEY))


def signers(home: Home) -> dict[str, Signer]:
    """Return the trusted signers by key; the own key is among them once it exists.

    >>> signers(Home(__import__("pathlib").Path("/nowhere")))
    {}
    """
    listed = read_list(home)
    found = {key: Signer(key, entry["label"], tuple(entry.get("wallets", ()))) for key, entry in listed.items()}
    if (home.keys / AUTHOR_KEY).exists():
        own = author_key(home).did
        found.setdefault(own, Signer(own, OWN_LABEL))
    return found


def trust(home: Home, key: str, label: str, *, wallets: Sequence[str] = ()) -> Signer:
    """Put a key under a label on the list, with wallets (0x…) known to be the same person's.

    Raises UsageError where the key or a wallet is none, or the label names another key.
    """
    from_did(key)
    for wallet in wallets:
        if not _WALLET.fullmatch(wallet):
            raise UsageError(f"{wallet[:60]!r} is no wallet address.", "Give 0x and 40 hex digits: --wallet 0x…")
    if not label.strip() or _folded(label).strip().startswith("did:") or not label.isprintable():
        raise UsageError("The label is empty or looks like a key.", "Give a name that you recognise: --as Alice")
    if plain(label) == OWN_LABEL and key not in signers(home):
        raise UsageError(f"{OWN_LABEL!r} is your own key's label.", "Give a name that you recognise: --as Alice")
    for known in signers(home).values():
        if known.key != key and (known.label == label or plain(known.label) == plain(label) != ""):
            raise UsageError(
                f"{known.label!r} already stands for another key, {known.key}.",
                "Choose another label, or remove the old one by: swarmprov trust remove LABEL",
            )
    home.private_folder(home.root)
    listed = read_list(home)
    known_wallets = [*listed.get(key, {}).get("wallets", []), *(wallet.lower() for wallet in wallets)]
    listed[key] = {"label": label, "wallets": list(dict.fromkeys(known_wallets))}
    write_json(home.signers, listed)
    return Signer(key, label, tuple(listed[key]["wallets"]))


def plain(name: str) -> str:
    """Return a name without what the eye passes over: case, width, spaces, what cannot be seen, and whose letter it is.

    >>> plain("Ada  Lovelace") == plain("ADA\u00adLOVELACE ") == plain("\u0410d\u0430 Love1ace")
    True
    """
    return "".join(character for character in _folded(name).translate(_ALIKE) if character.isalnum())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def distrust(home: Home, name: str) -> Signer:
    """Take a key, named by itself or by its label, off the list; UsageError where it is not on it."""
    listed = read_list(home)
    key = next((key for key, entry in listed.items() if name in (key, entry["label"])), None)
    if key is None and name in {signer.label for signer in signers(home).values()} | signers(home).keys():
        raise UsageError("That is your own key, which is always trusted.", "Remove others by their label.")
    if key is None:
        raise UsageError(f"{name!r} is not on your list of signers.", "See it by: swarmprov trust list")
    entry = listed.pop(key)
    write_json(home.signers, listed)
    return Signer(key, entry["label"])


def read_list(home: Home) -> dict[str, Any]:
    """Return the list as the file has it; SwarmprovError where that is damaged."""
    listed: dict[str, Any] = read_json(home.signers, {})
    try:
        for key, entry in listed.items():
            from_did(key)
            if not (isinstance(entry["label"], str) and isinstance(entry.get("wallets", []), list)):
                raise damaged(home.signers, f"it has no label for {key[:80]}")
    except (UsageError, AttributeError, KeyError, TypeError):
        raise damaged(home.signers, "an entry is no signer") from None
    return listed


def resolve(home: Home, name: str) -> str:
    """Return the key that a label or a ``did:key`` means; UsageError where neither is known."""
    for signer in signers(home).values():
        if signer.label == name:
            return signer.key
    if not name.startswith("did:"):
        raise UsageError(
            f"No trusted signer is labelled {name!r}.", "See the labels by: swarmprov trust list — or give the did:key."
        )
    from_did(name)
    return name
