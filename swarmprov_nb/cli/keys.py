"""The command for wallets of one's own: keys new, import, list, remove, show-address."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import confirmed, say
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.options import Parser

if TYPE_CHECKING:
    from swarmprov_nb.chain.keystore_folder import Keystore

FIRST: Final = "main"  # what a wallet is called that nobody names
_SEEN: Final = "On a command line a key stays in the shell's history, and other users can see it."


def _options(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    _named(actions, "new", "make a wallet with a key of its own", _new, passwords=True)
    taken = _named(actions, "import", "take over a wallet that you have", _import, passwords=True)
    source = taken.add_mutually_exclusive_group()
    source.add_argument("--keystore", type=Path, metavar="FILE", help="from another program's keystore, version 3")
    source.add_argument("--key-file", type=Path, metavar="FILE", help="from a file with the key in hex (chmod 600)")
    taken.add_argument("rest", nargs="*", help=argparse.SUPPRESS)  # a key in these is refused, and not repeated
    taken.add_argument("--key", "--private-key", help=argparse.SUPPRESS)
    listed = actions.add_parser("list", help="your wallets, and which one is meant", allow_abbrev=False)
    listed.add_argument("--json", action="store_true", help="the same as JSON")
    listed.set_defaults(act_on_keys=_list)
    removed = actions.add_parser("remove", help="delete a wallet for ever", allow_abbrev=False)
    removed.add_argument("name", help="which wallet")
    removed.add_argument("--yes", action="store_true", help="delete without asking")
    removed.set_defaults(act_on_keys=_remove)
    _named(actions, "show-address", "the address of a wallet", _show_address, default=None)


def _named(
    actions: Any, name: str, help_: str, act: Any, *, passwords: bool = False, default: str | None = FIRST
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=help_, allow_abbrev=False)
    meant = f"its name (default: {default})" if default else "its name (default: the one that is meant)"
    parser.add_argument("name", nargs="?", default=default, help=meant)
    if passwords:
        parser.add_argument("--password-file", type=Path, metavar="FILE", help="read its password here (chmod 600)")
        parser.add_argument("--remember", action="store_true", help="keep its password in the system's keyring")
    parser.set_defaults(act_on_keys=act)
    return parser


def _act(options: argparse.Namespace) -> int:
    return int(options.act_on_keys(options, Home.of_user()))


def _new(options: argparse.Namespace, home: Home) -> int:
    from swarmprov_nb.keys import new
    from swarmprov_nb.passwords import new_password

    _require_keyring(options)
    made = new(home, options.name, lambda: new_password(options.password_file))
    return _told(options, home, made, "made")


def _import(options: argparse.Namespace, home: Home) -> int:
    from swarmprov_nb.chain.keystore_folder import Keystore
    from swarmprov_nb.keys import from_key, from_keystore
    from swarmprov_nb.passwords import asking, hidden, in_file, new_password

    if options.rest or options.key is not None:
        raise UsageError(f"No key is taken from an argument. {_SEEN}", "Type it at the prompt, or give --key-file FILE")
    _require_keyring(options)
    source, file = options.keystore, options.key_file
    if source is not None:
        ask = asking(Keystore(source.name, "", source), file=options.password_file)
        made = from_keystore(home, options.name, source, ask)
    else:
        made = from_key(
            home,
            options.name,
            lambda: in_file(file, "key") if file else hidden("Private key (it is not shown): "),
            lambda: new_password(options.password_file),
        )
    return _told(options, home, made, "taken over")


def _require_keyring(options: argparse.Namespace) -> None:
    if options.remember:
        from swarmprov_nb.passwords import require_keyring

        require_keyring()


def _told(options: argparse.Namespace, home: Home, made: Keystore, done: str) -> int:
    """Print the address, and say what nobody may forget."""
    say(f"The wallet {made.name!r} is {done}.")
    print(made.address)
    say(f"Back this file up, and keep its password: {made.path}")
    say("Without both of them nobody can open it again, and nobody can give you another key for this address.")
    if options.remember:
        from swarmprov_nb.keys import open_wallet

        say("To remember the password it is asked for once more.")
        with open_wallet(home, made.name, password_file=options.password_file, remember=True).unlocked():
            say("The system's keyring remembers it.")
    return 0


def _list(options: argparse.Namespace, home: Home) -> int:
    from swarmprov_nb.errors import SwarmprovError
    from swarmprov_nb.keys import chosen, wallets

    found = wallets(home)
    try:
        meant = chosen(home).name
    except SwarmprovError:
        meant = None
    if options.json:
        lines = [{"name": each.name, "address": each.address or None, "default": each.name == meant, "problem":
                  each.problem} for each in found]  # fmt: skip
        print(json.dumps(lines, indent=1))
        return 0
    for each in found:
        print(f"{each.name:<20} {each.address or each.problem}{'  (default)' if each.name == meant else ''}")
    if not found:
        say("You have no wallet of your own yet. Make one by: swarmprov keys new")
    return 0


def _remove(options: argparse.Namespace, home: Home) -> int:
    from swarmprov_nb.keys import remove, wallets

    known = {each.name: each for each in wallets(home)}
    if (wallet := known.get(options.name)) is not None:
        say(f"This loses {wallet.address or 'it'} and its key for ever, unless you have a copy of {wallet.path}")
        if not confirmed(f"Delete the wallet {wallet.name!r}?", yes=options.yes):
            raise UsageError("Nothing was deleted.", "Say it by: swarmprov keys remove NAME --yes")
    removed = remove(home, options.name)
    print(f"The wallet {removed.name!r} is deleted.")
    return 0


def _show_address(options: argparse.Namespace, home: Home) -> int:
    from swarmprov_nb.keys import chosen

    print(chosen(home, options.name).address)
    return 0


COMMANDS: Final = (
    Command(
        "keys",
        "Make, import, list and remove wallets of your own, which sign on public chains.",
        (
            "new field",
            "import field --keystore UTC--2026-01-02--0x….json",
            "import field                 asks for the key, hidden",
            "list",
            "show-address field",
            "remove field",
        ),
        _options,
        _act,
    ),
)
