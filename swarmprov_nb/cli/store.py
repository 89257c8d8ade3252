"""The commands for what is kept on this machine: gc, fsck."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import confirmed, say
from swarmprov_nb.home import Home


def _gc_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--older-than", type=float, default=24.0, metavar="HOURS",
                         help="leave what was stored since (default 24)")  # fmt: skip
    command.add_argument("--yes", action="store_true", help="free it without asking")


def _gc(options: argparse.Namespace) -> int:
    from swarmprov_nb.freeing import free, spare
    from swarmprov_nb.view.captions import byte_size

    home, hours = Home.of_user(), max(0.0, options.older_than)
    found = spare(home, Path(), hours=hours)
    print(found)
    if found.nothing:
        return 0
    if not confirmed("Free it?", yes=options.yes):
        say("Nothing was freed. Free it by adding --yes.")
        return 0
    print(f"{byte_size(free(home, Path(), hours=hours))} freed.")
    return 0


def _fsck_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--repair", action="store_true",
                         help="rebuild what can be rebuilt without loss; the hurt file stays as NAME.hurt")  # fmt: skip


def _fsck(options: argparse.Namespace) -> int:
    from swarmprov_nb.fsck import fsck, repair

    home = Home.of_user()
    health = repair(home, Path(), say=print) if options.repair else fsck(home, Path())
    print(health)
    return health.exit_code


COMMANDS: Final = (
    Command(
        "gc",
        "Free what no publication and no artifact needs; shows it first, and asks.",
        ("", "--yes", "--older-than 0"),
        _gc_options,
        _gc,
    ),
    Command(
        "fsck",
        "Read all that is kept here: say what is hurt, which publication by it, and what can be rebuilt.",
        ("", "--repair"),
        _fsck_options,
        _fsck,
    ),
)
