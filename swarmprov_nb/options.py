"""The options of magics and commands, each written once: what ``%publish`` takes, ``swarmprov publish`` takes."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Final, NoReturn

from swarmprov_nb.errors import UsageError

UPSTREAM: Final = "the publications that this work builds on, and theirs"
BINDER_HOST: Final = "https://mybinder.org"


class Parser(argparse.ArgumentParser):
    """An argument parser that explains itself in two lines instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the way to the help."""
        how = f"%{self.prog}?" if not self.add_help else f"{self.prog} --help"
        raise UsageError(f"{self.prog}: {message}.", f"See the options with examples by: {how}")


def parsed(parser: argparse.ArgumentParser, line: str) -> argparse.Namespace:
    """Parse a magic's line with quotes as in a shell; UsageError explains what cannot be meant."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%{parser.prog}: {error}.", 'Close the quotes: --dataset clean="Cleaned penguins"') from None
    if words in (["-h"], ["--help"]):
        raise UsageError(f"%{parser.prog} has no {words[0]}.", f"See the options with examples by: %{parser.prog}?")
    return parser.parse_args(words)


def line_options() -> Parser:
    """Return the options of ``%provenance``."""
    parser = _of_magic("provenance")
    parser.add_argument("name", nargs="?", help="artifact or step; artifact:NAME and step:NAME choose between the two")
    parser.add_argument("--table", action="store_true", help="a pandas frame instead of a picture")
    parser.add_argument("--all", action="store_true", help="every run, re-runs not folded")
    parser.add_argument("--html", metavar="FILE", help="write an interactive page that needs no network")
    parser.add_argument("--upstream", action="store_true", help=UPSTREAM)
    parser.add_argument("--pause", action="store_true", help="stop recording until --resume")
    parser.add_argument("--resume", action="store_true", help="record again")
    return parser


def cell_options() -> Parser:
    """Return the options of ``%%provenance``."""
    parser = _of_magic("provenance")
    parser.add_argument("name", nargs="?", help="the step's name")
    parser.add_argument("--dataset", action="append", default=[], metavar="VAR[=TITLE]", help="declare a dataset")
    parser.add_argument("--model", action="append", default=[], metavar="VAR[=TITLE]", help="declare a model")
    parser.add_argument("--figure", action="append", default=[], metavar="VAR[=TITLE]", help="declare a figure")
    parser.add_argument("--personal", action="append", default=[], metavar="VAR[=TITLE]",
                        help="declare a dataset of personal data: it stays hidden when published")  # fmt: skip
    parser.add_argument("--input", action="append", default=[], metavar="URI", help="where an input file came from")
    parser.add_argument("--note", metavar="TEXT", help="a remark on the step")
    parser.add_argument("--license", metavar="SPDX", help="licence of what is declared or written here")
    return parser


def publish_options(prog: str | None = None, *, to: argparse.ArgumentParser | None = None) -> argparse.ArgumentParser:
    """Return the options that a publish has everywhere, or add them to a command's parser."""
    parser = to or _of_magic(prog or "publish")
    if to is None:
        parser.add_argument("--widget", action="store_true", help="choose and publish with a form")
    parser.add_argument("--yes", action="store_true", help="publish after the preview, without asking")
    parser.add_argument("--again", action="store_true", help="publish even if nothing changed")
    parser.add_argument("--outputs", action="store_true", help="publish the notebook's outputs too")
    parser.add_argument("--old-sources", action="store_true", help="publish sources that the notebook no longer holds")
    parser.add_argument("--all-runs", action="store_true", help="state all cell runs, not only those that contribute")
    parser.add_argument("--hide", action="append", default=[], metavar="NAME", help="leave only a commitment to it")
    parser.add_argument("--cite", action="append", default=[], metavar="NAME", help="leave only its name and digests")
    parser.add_argument("--accept", action="append", default=[], metavar="ID", help="accept one finding")
    parser.add_argument("--license", metavar="SPDX", help="licence of the publication as a whole")
    parser.add_argument("--purpose", metavar="TEXT", help="what it was made for, stated in public")
    parser.add_argument("--contact", metavar="TEXT", help="whom to ask about it, stated in public")
    where_options(parser)
    return parser


def where_options(parser: argparse.ArgumentParser) -> None:
    """Add where a publication goes and who signs there; what is not named comes from the user's settings."""
    parser.add_argument("--store", metavar="URL", help="push it to a Bee node (http://127.0.0.1:1633) or gateway:URL")
    parser.add_argument("--batch", metavar="ID", help="the postage batch to use there (default: the one that fits)")
    chain_options(parser, "anchor it on this network: local (default), none, gnosis, base, …, or a URL")


def chain_options(parser: argparse.ArgumentParser, help_: str) -> None:
    """Add the network to write to, and the wallet that signs there."""
    parser.add_argument("--chain", metavar="NAME|URL", help=help_)
    parser.add_argument("--wallet", metavar="NAME", help="the wallet that signs there: see swarmprov keys list")
    parser.add_argument("--password-file", type=Path, metavar="FILE", help="its password, in a file of mode 0600")


def verify_options(prog: str | None = None, *, to: argparse.ArgumentParser | None = None) -> argparse.ArgumentParser:
    """Return the options that a verification has everywhere, or add them to a command's parser."""
    parser = to or _of_magic(prog or "verify")
    parser.add_argument("target", metavar="REFERENCE|FILE|NOTEBOOK", help="what to verify")
    parser.add_argument("--signer", metavar="KEY|LABEL", help="require this author")
    parser.add_argument("--any-signer", action="store_true", help="accept any author")
    parser.add_argument("--require", default="signed", metavar="LEVEL", help="signed (default) or anchored")
    parser.add_argument("--reference", metavar="REF", help="require that a saved file holds this publication")
    parser.add_argument("--store", metavar="FOLDER|URL", help="read from this store: a folder, a Bee node, gateway:URL")
    parser.add_argument("--chain", action="append", metavar="NAME|URL", help="ask this network (repeat for more)")
    return parser


def binder_options(*, to: argparse.ArgumentParser) -> None:
    """Add the options of ``swarmprov binder`` to its parser."""
    to.add_argument("folder", nargs="?", type=Path, default=Path(), help="your repository (default: this folder)")
    to.add_argument("--repository", metavar="OWNER/NAME", help="as on GitHub (default: that of git's origin)")
    to.add_argument("--notebook", metavar="PATH", help="the notebook to open (default: the only one)")
    to.add_argument("--publication", metavar="REF", help="carry it in a saved file beside the notebook")
    to.add_argument("--host", metavar="URL", default=BINDER_HOST, help=f"which Binder (default: {BINDER_HOST})")
    to.add_argument("--links", action="store_true", help="only set the repository's name in README.md's launch links")
    to.add_argument("--yes", action="store_true", help="replace files that are there already")


def _of_magic(prog: str) -> Parser:
    return Parser(prog=prog, add_help=False, allow_abbrev=False)
