"""Commands that bring an own publication to other places: push, anchor, revoke, chain."""

from __future__ import annotations

import argparse
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import clear_progress, confirmed, progress, say
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.options import chain_options


def _push_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", metavar="REFERENCE|FILE", help="a publication of your store, or a saved file")
    command.add_argument("--store", metavar="URL", required=True, help="a Bee node's URL, or gateway:URL")
    command.add_argument("--batch", metavar="ID", help="the postage batch to use (default: the one that fits)")


def _push(options: argparse.Namespace) -> int:
    from swarmprov_nb.progress import Counted
    from swarmprov_nb.pushing import push

    done = push(options.reference, store=options.store, batch=options.batch, progress=Counted(progress))
    clear_progress()
    print(done)
    return 0


def _anchor_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", help="one of your publications: see swarmprov status")
    chain_options(command, "the network: gnosis, base, sepolia, …, a name of your settings, or a URL")
    command.add_argument("--faster", action="store_true", help="offer more for a transaction that waits")
    command.add_argument("--yes", action="store_true", help="pay without asking")


def _anchor(options: argparse.Namespace) -> int:
    from swarmprov_nb.anchoring import anchor
    from swarmprov_nb.publishing import publisher_of

    publisher = publisher_of(options, Home.of_user())

    def consent(cost: str) -> bool:
        say(f"Anchor {options.reference[:16]}… on {publisher.chain} by {publisher.wallet.address}: {cost}.")
        say("It is public, and cannot be recalled.")
        return confirmed("Anchor it?", yes=options.yes)

    done = anchor(options.reference, consent=consent, publisher=publisher, faster=options.faster)
    if done is None:
        raise UsageError("Nothing was anchored.", "Anchor it by adding --yes.")
    print(done)
    return 0


def _revoke_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", help="one of your publications: see swarmprov status")
    command.add_argument("--replacement", metavar="REF", help="your publication that takes its place")
    chain_options(command, "the network on which it is revoked: where it is anchored")
    command.add_argument("--yes", action="store_true", help="revoke without asking")


def _revoke(options: argparse.Namespace) -> int:
    from swarmprov_nb.anchoring import revoke
    from swarmprov_nb.publishing import publisher_of

    publisher = publisher_of(options, Home.of_user())

    def consent(cost: str) -> bool:
        say(f"Revoke {options.reference[:16]}… on {publisher.chain} by {publisher.wallet.address}: {cost}.")
        say("This cannot be undone: every verification that asks that network fails from then on.")
        return confirmed("Revoke it?", yes=options.yes)

    done = revoke(options.reference, replacement=options.replacement, consent=consent, publisher=publisher)
    if done is None:
        raise UsageError("Nothing was revoked.", "Revoke it by adding --yes.")
    print(f"✓ Revoked on {done.network.name}, block {done.revoked_block}: its verification fails there from now on.")
    return 0


def _chain_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=("list", "deploy"), help="list the networks, or deploy the contract on one")
    chain_options(command, "where to deploy: a name or a URL")
    command.add_argument("--yes", action="store_true", help="pay without asking")


def _chain(options: argparse.Namespace) -> int:
    from swarmprov_nb.deploying import deploy, networks

    home = Home.of_user()
    if options.action == "list":
        for line in networks(home):
            print(line)
        return 0
    if options.chain is None:
        raise UsageError("No network is named to deploy on.", "Name one: swarmprov chain deploy --chain NAME")
    from swarmprov_nb.publishing import publisher_of

    publisher = publisher_of(options, home)

    def consent(cost: str) -> bool:
        say(f"Deploy the contract on {publisher.chain} by {publisher.wallet.address}: {cost}.")
        return confirmed("Deploy it?", yes=options.yes)

    address = deploy(publisher, consent=consent)
    if address is None:
        raise UsageError("Nothing was deployed.", "Deploy it by adding --yes.")
    print(address)
    return 0


COMMANDS: Final = (
    Command(
        "push",
        "Push a publication to a Bee node or a gateway; its reference stays the same.",
        ("REFERENCE --store http://127.0.0.1:1633", "study.swarm --store gateway:https://gateway.example"),
        _push_options,
        _push,
    ),
    Command(
        "anchor",
        "Anchor one of your publications on a network; another wallet adds its seal.",
        ("REFERENCE --chain gnosis", "REFERENCE --chain gnosis --faster --yes"),
        _anchor_options,
        _anchor,
    ),
    Command(
        "revoke",
        "Take one of your publications back on a network, for good.",
        ("REFERENCE --chain gnosis", "REFERENCE --chain gnosis --replacement REF --yes"),
        _revoke_options,
        _revoke,
    ),
    Command(
        "chain",
        "List the networks, or deploy the contract where it is not yet.",
        ("list", "deploy --chain http://127.0.0.1:8545"),
        _chain_options,
        _chain,
    ),
)
