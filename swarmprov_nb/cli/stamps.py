"""The command for a Bee node's postage batches."""

from __future__ import annotations

import argparse
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import confirmed, progress, say
from swarmprov_nb.destinations import LOCAL, Destinations
from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home

NODE: Final = "http://127.0.0.1:1633"


def _options(command: argparse.ArgumentParser) -> None:
    command.add_argument("action", choices=("list", "buy", "topup"), help="list batches, buy one, or pay for more time")
    command.add_argument("batch", nargs="?", metavar="ID", help="with topup: which batch")
    command.add_argument("--store", metavar="URL", help=f"the Bee node (default: that of your settings, else {NODE})")
    command.add_argument("--size", metavar="SIZE", default="1GB", help="with buy: how much is to be held (default 1GB)")
    command.add_argument("--days", type=float, default=90, metavar="N", help="for how many days (default 90)")
    command.add_argument("--label", default="swarmprov", metavar="TEXT", help="with buy: the batch's label at the node")
    command.add_argument("--yes", action="store_true", help="buy without asking, within the cap of your settings")


def _stamps(options: argparse.Namespace) -> int:
    from swarmprov_nb.stamps import batches_of, buy, bytes_in, in_lines, top_up

    home = Home.of_user()
    stated = Destinations.of(home).store
    batches = batches_of(options.store or (NODE if stated == LOCAL else stated))
    if options.action == "list":
        for line in in_lines(batches):
            print(line)
        return 0

    def consent(offer: str) -> bool:
        say(f"{offer}, from the node's own wallet.")
        return confirmed("Buy it?", yes=options.yes)

    if options.action == "buy":
        bought = buy(batches, size=bytes_in(options.size), days=options.days, label=options.label, home=home,
                     consent=consent, say=progress)  # fmt: skip
    elif options.batch is None:
        raise UsageError("No batch is named.", "See them by: swarmprov stamps list")
    else:
        done = top_up(batches, options.batch, days=options.days, home=home, consent=consent, say=progress)
        bought = None if done is None else done.id
    if bought is None:
        raise UsageError("Nothing was bought.", "Buy it by adding --yes.")
    print(bought)
    return 0


COMMANDS: Final = (
    Command(
        "stamps",
        "Postage of a Bee node: list its batches, buy one, pay for more time.",
        ("list", "buy --size 1GB --days 90", "topup ID --days 90 --yes"),
        _options,
        _stamps,
    ),
)
