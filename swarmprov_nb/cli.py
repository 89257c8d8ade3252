"""The command line: ``swarmprov run · show · publish · verify · trust · get · save · load · status · forget``.

Exit codes: 0 done; 1 something failed; 2 the command cannot be meant; 3 valid, but the signer is unknown or something
required could not be checked.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb import __version__
from swarmprov_nb.binder.launch_link import HOST
from swarmprov_nb.errors import RecordError, SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.options import Parser, publish_options, verify_options
from swarmprov_nb.report import one_line

if TYPE_CHECKING:
    from swarmprov_nb.planning import Plan

EXAMPLES: Final = """examples:
  swarmprov run study.ipynb                      run it, recorded; the file stays as it is
  swarmprov show study.ipynb                     its lineage as a tree
  swarmprov publish study.ipynb --execute        preview what would leave this machine
  swarmprov publish study.ipynb --yes            sign and store it
  swarmprov verify REFERENCE                     check everything from one reference
  swarmprov get REFERENCE folder                 verified download
  swarmprov save REFERENCE study.swarm           one file to carry to another machine

exit codes: 0 done, 1 failed, 2 wrong use, 3 valid but the signer is unknown or something could not be checked
"""
_WIDEST: Final = 60  # characters of a table's cell


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = Parser(
        prog="swarmprov",
        description="Make a notebook's data and models provable: record, show, publish, verify.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"swarmprov {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, (act, add_options, help_, examples) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=help_,
            description=help_,
            epilog="\n".join(["examples:", *(f"  swarmprov {name} {words}".rstrip() for words in examples)]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.set_defaults(act=act)
        add_options(command)
    return top


def _run_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("-o", "--output", type=Path, metavar="OUT", help="write the executed notebook here")
    command.add_argument("--timeout", type=float, metavar="SECONDS", help="longest time for one cell")
    command.add_argument("--yes", action="store_true", help="overwrite OUT if it is there")


def _show_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("name", nargs="?", metavar="ARTIFACT|STEP", help="show where this came from")
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the documented JSON format")
    form.add_argument("--table", action="store_true", help="one line an item")
    form.add_argument("--svg", type=Path, metavar="FILE", help="write the picture")
    form.add_argument("--html", type=Path, metavar="FILE", help="write an interactive page that needs no network")
    command.add_argument("--all", action="store_true", help="every run, re-runs not folded")


def _publish_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("--execute", action="store_true", help="run the notebook first")
    command.add_argument("--dry-run", action="store_true", help="preview only, also on a terminal")
    command.add_argument("--json", action="store_true", help="one JSON object on standard output")
    command.add_argument("--write-receipt", action="store_true", help="note the reference in the notebook's file")
    publish_options(to=command)


def _verify_options(command: argparse.ArgumentParser) -> None:
    verify_options(to=command)
    command.add_argument("--json", action="store_true", help="the report as JSON")


def _trust_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("key", metavar="KEY|list|remove")
    command.add_argument("name", nargs="?", metavar="KEY|LABEL", help="with remove: what to remove")
    command.add_argument("--as", dest="label", metavar="LABEL", help="the name by which you know the signer")
    command.add_argument("--wallet", action="append", default=[], metavar="0x…", help="a wallet known to be theirs")


def _get_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference", metavar="REFERENCE|FILE")
    command.add_argument("folder", type=Path, help="a folder that is new or empty")
    command.add_argument("--store", metavar="FOLDER", help="read from this store")


def _save_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("reference")
    command.add_argument("file", type=Path)
    command.add_argument("--store", metavar="FOLDER", help="read from this store")
    command.add_argument("--yes", action="store_true", help="overwrite the file if it is there")


def _load_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path)


def _status_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", type=Path, default=Path())
    command.add_argument("--json", action="store_true", help="the same as JSON")


def _binder_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", nargs="?", type=Path, default=Path(), help="your repository (default: this folder)")
    command.add_argument("--repository", metavar="OWNER/NAME", help="as on GitHub (default: that of git's origin)")
    command.add_argument("--notebook", metavar="PATH", help="the notebook to open (default: the only one)")
    command.add_argument("--publication", metavar="REF", help="carry it in a saved file beside the notebook")
    command.add_argument("--host", metavar="URL", default=HOST, help=f"which Binder (default: {HOST})")
    command.add_argument("--yes", action="store_true", help="replace files that are there already")


def _forget_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("notebook", type=Path, help="the .ipynb file")
    command.add_argument("--yes", action="store_true", help="delete without asking")


def _doctor_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="the same as JSON")


def _completion_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="whose script is printed")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. A user's mistake is told in two lines, never by a traceback."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        options, unknown = parser().parse_known_args(argv)
        if unknown:
            how = f"swarmprov {options.command} --help"
            raise UsageError(f"There is no option or argument {unknown[0]!r} here.", f"See what there is by: {how}")
        return int(options.act(options))
    except SwarmprovError as error:
        _complain(error.what, error.next_step)
        return error.exit_code
    except OSError as error:
        what = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
        _complain(what, "Check that you may write there and have room.")
        return 1
    except KeyboardInterrupt:
        _complain("interrupted.", "Run the same command again: it goes on where it stopped.")
        return 130


def _complain(what: str, next_step: str) -> None:
    """Print two lines, whatever a file or a stranger's text put into them."""
    said = what if what.startswith("swarmprov") else f"swarmprov: {what}"
    lines = [one_line(" ".join(text.split())) for text in (said, next_step)]
    _clear_progress()
    print(*lines, sep="\n", file=sys.stderr)


def _say(line: str) -> None:
    _clear_progress()
    print(line, file=sys.stderr, flush=True)


def _confirmed(question: str, *, yes: bool) -> bool:
    """Ask a person on a terminal; in a pipe only --yes counts."""
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    _say(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _run(options: argparse.Namespace) -> int:
    from swarmprov_nb.running import run
    from swarmprov_nb.view.captions import plural

    output = options.output
    if output is not None and output.exists() and not _confirmed(f"Overwrite {output}?", yes=options.yes):
        raise UsageError(f"{output} is there already.", "Overwrite it by adding --yes, or name another file.")
    ran = run(options.notebook, output=output, timeout=options.timeout, say=_progress)
    _say(f"Recorded: {plural(ran.cells, 'cell')}. See where things came from by: swarmprov show {options.notebook}")
    return 0


def _progress(text: str) -> None:
    """Rewrite one line on a terminal; say nothing in a pipe."""
    if sys.stderr.isatty():
        print(f"\r{text}\033[K", end="", file=sys.stderr, flush=True)


def _clear_progress() -> None:
    _progress("")


def _show(options: argparse.Namespace) -> int:
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.showing import lineage, picture, to_json, write_html

    found = lineage(options.notebook)
    if options.json:
        print(json.dumps(to_json(found, Notebook.read(options.notebook.absolute())), indent=1))
        return 0
    if options.html is not None:
        write_html(found, options.html, title=options.notebook.name, focus=options.name, everything=options.all)
        return 0
    drawn = picture(found, title=options.notebook.name, focus=options.name, everything=options.all)
    if options.svg is not None:
        try:
            options.svg.write_text(drawn.svg, "utf-8")
        except OSError as error:
            raise UsageError(f"{options.svg} cannot be written: {error.strerror}.", "Name another file.") from error
    else:
        print(_in_columns(drawn.table()) if options.table else drawn.text)
    return 0


def _in_columns(frame: Any) -> str:
    """Return a pandas frame as text: whole numbers whole, labels cut, and nothing where there is nothing."""
    from swarmprov_nb.view.labels import clean

    shown = frame.round(3).convert_dtypes().astype(object)
    shown = shown.where(shown.notna(), "").map(lambda value: clean(str(value), limit=_WIDEST))
    return str(shown.to_string(index=False))


def _publish(options: argparse.Namespace) -> int:
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.progress import Told
    from swarmprov_nb.publisher import Publisher
    from swarmprov_nb.publishing import choices_of, publish_if
    from swarmprov_nb.showing import lineage

    home, path = Home.of_user(), options.notebook.absolute()
    if options.execute:
        from swarmprov_nb.running import run

        _say(f"running {path.name} …")
        run(path, say=_progress)

    def consent(planned: Plan) -> bool:
        return not options.dry_run and _confirmed(f"Publish {planned.items} items?", yes=options.yes)

    publisher = Publisher.of(home, chain=options.chain)
    result = publish_if(consent, Notebook.read(path), lineage(path, home=home), publisher, choices=choices_of(options),
                        again=options.again, say=_say, progress=Told(_progress))  # fmt: skip
    if result is None:
        _say("Nothing was published." + ("" if options.dry_run else " Publish it by adding --yes."))
    else:
        _clear_progress()
        (_say if options.json else print)(str(result))
    if options.json:
        found = (result.reference, str(result.page), result.unchanged) if result else (None, None, False)
        print(json.dumps(dict(zip(("reference", "page", "unchanged"), found, strict=True))))
    if result is not None and options.write_receipt:
        from swarmprov_nb.receipt_note import write_receipt

        write_receipt(path, result.receipt)
    return 0


def _verify(options: argparse.Namespace) -> int:
    from swarmprov_nb.verifying import verify_with

    report = verify_with(options)
    print(json.dumps(report.to_json(), indent=1) if options.json else report)
    return report.exit_code


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


def _get(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import get

    print(get(options.reference, options.folder, store=options.store))
    return 0


def _save(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import save

    file = save(options.reference, options.file, overwrite=options.yes, store=options.store)
    print(f"{file}\nverify it anywhere by: swarmprov verify {file}")
    return 0


def _load(options: argparse.Namespace) -> int:
    from swarmprov_nb.carrying import load

    reference = load(options.file)
    print(f"{reference}\nverify it by: swarmprov verify {reference}")
    return 0


def _status(options: argparse.Namespace) -> int:
    from swarmprov_nb.status import status

    found = status(options.folder.absolute(), Home.of_user())
    print(json.dumps(found.to_json(), indent=1) if options.json else found)
    return 0


def _forget(options: argparse.Namespace) -> int:
    from swarmprov_nb.recording import forget

    if not _confirmed(f"Delete the record of {options.notebook}?", yes=options.yes):
        raise UsageError("Nothing was deleted.", "Say it by: swarmprov forget NOTEBOOK --yes")
    count = forget(options.notebook)
    if not count:
        raise RecordError(f"Nothing is recorded of {options.notebook}.", "See what is recorded by: swarmprov status")
    print(f"{count} session{'s' * (count != 1)} of {options.notebook} forgotten; publications stay.")
    return 0


def _binder(options: argparse.Namespace) -> int:
    from swarmprov_nb.binder import launch

    found = launch(options.folder, repository=options.repository, notebook=options.notebook,
                   publication=options.publication, host=options.host)  # fmt: skip
    if found.replaced:
        _say(found.differences)
        if not _confirmed(f"Replace {', '.join(found.replaced)}?", yes=options.yes):
            raise UsageError("Nothing was written: files would change, as shown.", "Replace them by adding --yes.")
    _say("\n".join(f"wrote {name}" for name in found.write()) or "Everything is there already.")
    _say("Commit and push these files, then put this into your README, or send the link in it:")
    print(found.badge)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from swarmprov_nb.doctor import diagnosis

    found = diagnosis(Home.of_user(), Path())
    print(json.dumps(found.to_json(), indent=1) if options.json else found)
    return found.exit_code


def _completion(options: argparse.Namespace) -> int:
    from swarmprov_nb.shell_completion import script

    print(script(parser(), options.shell))
    return 0


_Act = Callable[[argparse.Namespace], int]
_AddOptions = Callable[[argparse.ArgumentParser], None]

_COMMANDS: Final[dict[str, tuple[_Act, _AddOptions, str, tuple[str, ...]]]] = {
    "run": (
        _run,
        _run_options,
        "Execute a notebook, recorded; the file stays as it is.",
        ("study.ipynb", "study.ipynb -o executed.ipynb --timeout 600"),
    ),
    "show": (
        _show,
        _show_options,
        "Show where a notebook's data and models came from.",
        ("study.ipynb", "study.ipynb summary.csv", "study.ipynb --svg lineage.svg", "study.ipynb --html page.html"),
    ),
    "publish": (
        _publish,
        _publish_options,
        "Publish a notebook's data, models and signed manifest, after a preview.",
        ("study.ipynb", "study.ipynb --execute --yes", "study.ipynb --hide patients --cite raw.csv --yes"),
    ),
    "verify": (
        _verify,
        _verify_options,
        "Verify a publication from one reference, a saved file or a notebook.",
        ("REFERENCE", "study.swarm --any-signer", "REFERENCE --signer Alice --json", "study.ipynb"),
    ),
    "trust": (
        _trust,
        _trust_options,
        "Say whose key it is; list or remove what you said.",
        ("did:key:z6Mk… --as Alice", "list", "remove Alice"),
    ),
    "get": (_get, _get_options, "Download a publication's files, verified.", ("REFERENCE penguins",)),
    "save": (_save, _save_options, "Save a publication as one file.", ("REFERENCE study.swarm",)),
    "load": (_load, _load_options, "Put a saved publication into this machine's store.", ("study.swarm",)),
    "doctor": (_doctor, _doctor_options, "Say what works on this machine, and how to get the rest.", ("", "--json")),
    "completion": (
        _completion,
        _completion_options,
        "Print a script that completes commands, options and files in your shell; one line installs it.",
        (
            "bash >> ~/.bashrc",
            "zsh > ~/.zfunc/_swarmprov      a folder that $fpath names, before compinit",
            "fish > ~/.config/fish/completions/swarmprov.fish",
        ),
    ),
    "status": (_status, _status_options, "Say what is recorded and published here.", ("", "project --json")),
    "binder": (
        _binder,
        _binder_options,
        "Let others open a notebook of your repository on Binder: the files, and the link.",
        ("--repository OWNER/NAME", "study --notebook study.ipynb --publication REFERENCE", "--yes"),
    ),
    "forget": (
        _forget,
        _forget_options,
        "Delete the record of a notebook; publications stay.",
        ("study.ipynb", "study.ipynb --yes"),
    ),
}

if __name__ == "__main__":
    sys.exit(main())
