"""A command of the command line: its name, what it is for, examples, options, and the function that does it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One command; `act` takes the parsed options and returns the exit code.

    >>> Command("hello", "Say hello.", ("",), lambda parser: None, lambda options: 0).name
    'hello'
    """

    name: str
    help: str
    examples: tuple[str, ...]
    add_options: Callable[[argparse.ArgumentParser], None]
    act: Callable[[argparse.Namespace], int]
