"""Commands that help: doctor, completion."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from swarmprov_nb.cli.command import Command
from swarmprov_nb.home import Home


def _doctor_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="the same as JSON")


def _doctor(options: argparse.Namespace) -> int:
    from swarmprov_nb.doctor import diagnosis

    found = diagnosis(Home.of_user(), Path())
    print(json.dumps(found.to_json(), indent=1) if options.json else found)
    return found.exit_code


def _completion_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="whose script is printed")


def _completion(options: argparse.Namespace) -> int:
    from swarmprov_nb.cli import parser
    from swarmprov_nb.shell_completion import script

    print(script(parser(), options.shell))
    return 0


COMMANDS: Final = (
    Command(
        "doctor", "Say what works on this machine, and how to get the rest.", ("", "--json"), _doctor_options, _doctor
    ),
    Command(
        "completion",
        "Print a script that completes commands, options and files in your shell; one line installs it.",
        (
            "bash >> ~/.bashrc",
            "zsh > ~/.zfunc/_swarmprov      a folder that $fpath names, before compinit",
            "fish > ~/.config/fish/completions/swarmprov.fish",
        ),
        _completion_options,
        _completion,
    ),
)
