"""The command line: ``swarmprov run · show · publish · verify · …``; each file here holds commands that go together.

Exit codes: 0 done; 1 something failed; 2 the command cannot be meant; 3 valid, but the signer is unknown or something
required could not be checked. 130 after Ctrl-C and 141 where nobody reads any more (``| head``), as shells have it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

from swarmprov_nb import __version__
from swarmprov_nb.cli import binder, helping, keys, network, notebooks, publishing, stamps, store, verifying
from swarmprov_nb.cli.command import Command
from swarmprov_nb.cli.console import complain
from swarmprov_nb.errors import SwarmprovError, UsageError
from swarmprov_nb.options import Parser

COMMANDS: Final = (
    *notebooks.COMMANDS,
    *publishing.COMMANDS,
    *network.COMMANDS,
    *stamps.COMMANDS,
    *verifying.COMMANDS,
    *keys.COMMANDS,
    *helping.COMMANDS,
    *store.COMMANDS,
    *binder.COMMANDS,
)
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
    for command in COMMANDS:
        _add(commands, command)
    return top


def _add(commands: Any, command: Command) -> None:
    examples = [f"  swarmprov {command.name} {words}".rstrip() for words in command.examples]
    options = commands.add_parser(
        command.name,
        help=command.help,
        description=command.help,
        epilog="\n".join(["examples:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    options.set_defaults(act=command.act)
    command.add_options(options)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. A user's mistake is told in two lines, never by a traceback."""
    try:
        try:
            return _run(argv)
        finally:
            sys.stdout.flush()  # where nobody reads any more it is said here, and not as Python ends
    except BrokenPipeError:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe: with the signal's default instead, a node
        # that closes its connection would end the whole process
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _run(argv: Sequence[str] | None) -> int:
    try:
        options, unknown = parser().parse_known_args(argv)
        if unknown:
            how = f"swarmprov {options.command} --help"
            raise UsageError(f"There is no option or argument {unknown[0]!r} here.", f"See what there is by: {how}")
        return int(options.act(options))
    except SwarmprovError as error:
        complain(error.what, error.next_step)
        return error.exit_code
    except BrokenPipeError:
        raise  # of the output: rooms that speak to nodes say themselves that a connection ended
    except OSError as error:
        what = f"{error.filename or 'A file'} cannot be used: {error.strerror or error}."
        complain(what, "Check that you may write there and have room.")
        return 1
    except KeyboardInterrupt:
        complain("interrupted.", "Run the same command again: it goes on where it stopped.")
        return 130
