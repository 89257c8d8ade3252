"""The command that lets others open a notebook on Binder."""

from __future__ import annotations

import argparse
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import confirmed, say
from swarmprov_nb.errors import UsageError
from swarmprov_nb.options import binder_options


def _binder(options: argparse.Namespace) -> int:
    from swarmprov_nb.binder import launch, links

    found = (
        links(options.folder, repository=options.repository)
        if options.links
        else launch(options.folder, repository=options.repository, notebook=options.notebook,
                    publication=options.publication, host=options.host)
    )  # fmt: skip
    if found.replaced:
        say(found.differences)
        if not confirmed(f"Replace {', '.join(found.replaced)}?", yes=options.yes):
            raise UsageError("Nothing was written: files would change, as shown.", "Replace them by adding --yes.")
    say("\n".join(f"wrote {name}" for name in found.write()) or "Everything is there already.")
    if found.advice:
        say(found.advice)
    if found.badge:
        say("Commit and push these files, then put this into your README, or send the link in it:")
        print(found.badge)
    return 0


COMMANDS: Final = (
    Command(
        "binder",
        "Let others open a notebook of your repository on Binder: the files, and the link.",
        ("--repository OWNER/NAME", "study --notebook study.ipynb --publication REFERENCE", "--links"),
        lambda command: binder_options(to=command),
        _binder,
    ),
)
