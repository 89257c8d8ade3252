"""Commands of whoever is given a publication: verify, trust, get, save, load."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.options import verify_options


def _verify_options(command: argparse.ArgumentParser) -> None:
    verify_options(to=command)
    command.add_argument("--json", action="store_true", help="the report as JSON")


def _verify(options: argparse.Namespace) -> int:
    from swarmprov_nb.verifying import verify_with

    report = verify_with(options)
    print(json.dumps(report.to_json(), indent=1) if options.json else report)
    return report.exit_code


def _trust_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("key", metavar="KEY|list|remove", help="whose key, or what to do with the list")
    command.add_argument("name", nargs="?", metavar="KEY|LABEL", help="with remove: what to remove")
    command.add_argument("--as", dest="label", metavar="LABEL", help="the name by which you know the signer")
    command.add_argument("--wallet", action="append", default=[], metavar="0x…", help="a wallet known to be theirs")


def _trust(options: argparse.Namespace) -> int:
    from swarmprov_nb.signers import distrust, signers, trust

    home = Home.of_user()
    if options.key != "remove" and options.name is not None:
        raise UsageError(f"{options.name!r} is one word too many.", "Say: swarmprov trust KEY --as LABEL")
    if options.key == "list":
        for signer in signers(home).values():
            print(f"{signer.label:<20} {signer.key}")
        return 0
    if options.key == "remove":
        if options.name is None:
            raise UsageError("Nothing is named to remove.", "Say: swarmprov trust remove LABEL")
        print(f"{distrust(home, options.name).label} is no longer trusted.")
        return 0
    if options.label is None:
        raise UsageError("A key is trusted under a name that you choose.", "Say: swarmprov trust KEY --as LABEL")
    signer = trust(home, options.key, options.label, wallets=options.wallet)
    print(f"{signer.key} is {signer.label}, by your word.")
    return 0


def _get_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", metavar="REFERENCE|FILE", help="a publication, or a saved file")
    command.add_argument("folder", type=Path, help="a folder that is new or empty")
    command.add_argument("--store", metavar="FOLDER", help="read from this store")


def _get(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import get

    print(get(options.reference, options.folder, store=options.store))
    return 0


def _save_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", help="the publication")
    command.add_argument("file", type=Path, help="the file to write")
    command.add_argument("--store", metavar="FOLDER", help="read from this store")
    command.add_argument("--yes", action="store_true", help="overwrite the file if it is there")


def _save(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import save

    file = save(options.reference, options.file, overwrite=options.yes, store=options.store)
    print(f"{file}\nverify it anywhere by: swarmprov verify {file}")
    return 0


def _load_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="the saved file")


def _load(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import load

    reference = load(options.file)
    print(f"{reference}\nverify it by: swarmprov verify {reference}")
    return 0


COMMANDS: Final = (
    Command(
        "verify",
        "Verify a publication from one reference, a saved file or a notebook.",
        ("REFERENCE", "study.swarm --any-signer", "REFERENCE --signer Alice --json", "study.ipynb"),
        _verify_options,
        _verify,
    ),
    Command(
        "trust",
        "Say whose key it is; list or remove what you said.",
        ("did:key:z6Mk… --as Alice", "list", "remove Alice"),
        _trust_options,
        _trust,
    ),
    Command("get", "Download a publication's files, verified.", ("REFERENCE penguins",), _get_options, _get),
    Command("save", "Save a publication as one file.", ("REFERENCE study.swarm",), _save_options, _save),
    Command("load", "Put a saved publication into this machine's store.", ("study.swarm",), _load_options, _load),
)
