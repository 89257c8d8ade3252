"""Commands on a notebook here: run, show, status, forget."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import confirmed, in_columns, progress, say
from swarmprov_nb.errors import RecordError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.options import UPSTREAM

if TYPE_CHECKING:
    from swarmprov_nb.lineage import Lineage


def _run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("-o", "--output", type=Path, metavar="OUT", help="write the executed notebook here")
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="longest time for one cell")
    command.add_argument("--yes", action="store_true", help="overwrite OUT if it is there")


def _run(options: argparse.Namespace) -> int:
    from swarmprov_nb.running import run
    from swarmprov_nb.view.captions import plural

    output = options.output
    if output is not None and output.exists() and not confirmed(f"Overwrite {output}?", yes=options.yes):
        raise UsageError(f"{output} is there already.", "Overwrite it by adding --yes, or name another file.")
    ran = run(options.notebook, output=output, timeout=options.timeout, say=progress)
    say(f"Recorded: {plural(ran.cells, 'cell')}. See where things came from by: swarmprov show {options.notebook}")
    return 0


def _show_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("name", nargs="?", metavar="ARTIFACT|STEP", help="show where this came from")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the documented JSON format")
    form.add_argument("--table", action="store_true", help="one line an item")
    form.add_argument("--svg", type=Path, metavar="FILE", help="write the picture")
    form.add_argument("--html", type=Path, metavar="FILE", help="write an interactive page that needs no network")
    command.add_argument("--all", action="store_true", help="every run, re-runs not folded")
    command.add_argument("--upstream", action="store_true", help=UPSTREAM)


def _show(options: argparse.Namespace) -> int:
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.showing import lineage, picture, to_json, write_html

    found = lineage(options.notebook)
    if options.upstream:
        return _show_upstream(found, options)
    if options.json:
        print(json.dumps(to_json(found, Notebook.read(options.notebook.absolute())), indent=1))
        return 0
    if options.html is not None:
        write_html(found, options.html, title=options.notebook.name, focus=options.name, everything=options.all)
        return 0
    drawn = picture(found, title=options.notebook.name, focus=options.name, everything=options.all)
    if options.svg is not None:
        _write(options.svg, drawn.svg)
    else:
        print(in_columns(drawn.table()) if options.table else drawn.text)
    return 0


def _show_upstream(found: Lineage, options: argparse.Namespace) -> int:
    from swarmprov_nb.upstream_picture import Upstream

    if options.table or options.html is not None or options.name is not None:
        raise UsageError("--upstream shows a line of publications.", "Give it alone, with --json or with --svg FILE.")
    line = Upstream.of(found, title=options.notebook.name, home=Home.of_user())
    if options.svg is not None:
        _write(options.svg, line.svg)
    else:
        print(json.dumps(line.to_json(), indent=1) if options.json else line.text)
    return 0


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.", "Name another file.") from error


def _status_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="where (default: this folder)")
    command.add_argument("--refresh", action="store_true", help="ask the stores how long publications are paid for")
    command.add_argument("--json", action="store_true", help="the same as JSON")


def _status(options: argparse.Namespace) -> int:
    from swarmprov_nb.status import refreshed, status

    home = Home.of_user()
    if options.refresh:
        refreshed(home)
    found = status(options.folder.absolute(), home)
    print(json.dumps(found.to_json(), indent=1) if options.json else found)
    return 0


def _forget_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("--yes", action="store_true", help="delete without asking")


def _forget(options: argparse.Namespace) -> int:
    from swarmprov_nb.recording import forget

    if not confirmed(f"Delete the record of {options.notebook}?", yes=options.yes):
        raise UsageError("Nothing was deleted.", "Say it by: swarmprov forget NOTEBOOK --yes")
    count = forget(options.notebook)
    if not count:
        raise RecordError(f"Nothing is recorded of {options.notebook}.", "See what is recorded by: swarmprov status")
    print(f"{count} session{'s' * (count != 1)} of {options.notebook} forgotten; publications stay.")
    return 0


COMMANDS: Final = (
    Command(
        "run",
        "Execute a notebook, recorded; the file stays as it is.",
        ("study.ipynb", "study.ipynb -o executed.ipynb --timeout 600"),
        _run_options,
        _run,
    ),
    Command(
        "show",
        "Show where a notebook's data and models came from.",
        (
            "study.ipynb",
            "study.ipynb summary.csv",
            "study.ipynb --svg lineage.svg",
            "study.ipynb --html page.html",
            "study.ipynb --upstream",
        ),
        _show_options,
        _show,
    ),
    Command("status", "Say what is recorded and published here.", ("", "project --json"), _status_options, _status),
    Command(
        "forget",
        "Delete the record of a notebook; publications stay.",
        ("study.ipynb", "study.ipynb --yes"),
        _forget_options,
        _forget,
    ),
)
