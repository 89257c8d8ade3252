"""Completion of the command line in bash, zsh and fish: scripts that shtab makes from the parser itself.

Commands, options and their choices complete; files only where a file is meant, and then those that can be meant.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any, Final

from swarmprov_nb.chain.networks import EMBEDDED, NETWORKS
from swarmprov_nb.errors import MissingExtra
from swarmprov_nb.report import LEVELS

SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final = {
    "notebook": ("*.ipynb",),
    "target": ("*.ipynb", "*.swarm"),
    "file": ("*.swarm",),
    "output": ("*.ipynb",),
    "svg": ("*.svg",),
    "html": ("*.html",),
    "keystore": ("*",),
    "key_file": ("*",),
    "password_file": ("*",),
}
_FOLDERS: Final = ("folder", "store")
_CHAINS: Final = ("local", "none", *(network.name for network in NETWORKS if network != EMBEDDED))
_CHOICES: Final = {"--chain": _CHAINS, "--require": LEVELS[1:]}


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """Return the completion script of a command line for one of `SHELLS`.

    >>> parser = argparse.ArgumentParser(prog="swarmprov")
    >>> _ = parser.add_argument("notebook")
    >>> "*.ipynb" in script(parser, "bash")
    True

    Raises MissingExtra where shtab is missing or too old for the shell.
    """
    try:
        import shtab  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise MissingExtra("Completion scripts need shtab.", "Install it by: pip install shtab") from error
    if shell not in shtab.SUPPORTED_SHELLS or not hasattr(shtab, "glob"):
        raise MissingExtra(f"This shtab knows no {shell}.", "Renew it by: pip install --upgrade shtab")
    for action in _actions(parser):
        if action.choices is None:
            _taught(action, shtab)
    return str(shtab.complete(parser, shell))


def _taught(action: Any, shtab: Any) -> None:
    choices = next((_CHOICES[option] for option in action.option_strings if option in _CHOICES), None)
    if choices is not None:
        action.choices = choices
    elif action.dest in _FILES and action.nargs != 0:
        patterns = _FILES[action.dest]
        action.complete = shtab.glob(*patterns)
        if len(patterns) == 1:  # zsh takes one pattern in parentheses, as shtab writes it, for a list of qualifiers
            action.complete["zsh"] = f"_files -g '{patterns[0]}'"
    elif action.dest in _FOLDERS:
        action.complete = shtab.DIRECTORY


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to walk
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            for command in action.choices.values():
                yield from _actions(command)
