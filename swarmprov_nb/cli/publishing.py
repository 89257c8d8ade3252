"""The command that publishes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import clear_progress, confirmed, progress, say
from swarmprov_nb.home import Home
from swarmprov_nb.options import publish_options

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan


def _publish_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("--execute", action="store_true", help="run the notebook first")
    command.add_argument("--dry-run", action="store_true", help="preview only, also on a terminal")
    command.add_argument("--json", action="store_true", help="one JSON object on standard output")
    command.add_argument("--write-receipt", action="store_true", help="note the reference in the notebook's file")
    publish_options(to=command)


def _publish(options: argparse.Namespace) -> int:
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.progress import Told
    from swarmprov_nb.publishing import choices_of, publish_if, publisher_of
    from swarmprov_nb.showing import lineage

    home, path = Home.of_user(), options.notebook.absolute()
    if options.execute:
        from swarmprov_nb.running import run

        say(f"running {path.name} …")
        run(path, say=progress)

    def consent(planned: Plan) -> bool:
        return not options.dry_run and confirmed(f"Publish {planned.items} items?", yes=options.yes)

    publisher = publisher_of(options, home)
    result = publish_if(consent, Notebook.read(path), lineage(path, home=home), publisher, choices=choices_of(options),
                        again=options.again, say=say, progress=Told(progress))  # fmt: skip
    if result is None:
        say("Nothing was published." + ("" if options.dry_run else " Publish it by adding --yes."))
    else:
        clear_progress()
        (say if options.json else print)(str(result))
    if options.json:
        found = (result.reference, str(result.page), result.unchanged) if result else (None, None, False)
        print(json.dumps(dict(zip(("reference", "page", "unchanged"), found, strict=True))))
    if result is not None and options.write_receipt:
        from swarmprov_nb.receipt_note import write_receipt

        write_receipt(path, result.receipt)
    return 0


COMMANDS: Final = (
    Command(
        "publish",
        "Publish a notebook's data, models and signed manifest, after a preview.",
        ("study.ipynb", "study.ipynb --execute --yes", "study.ipynb --hide patients --cite raw.csv --yes"),
        _publish_options,
        _publish,
    ),
)
