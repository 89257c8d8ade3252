"""Writes docs/reference.md: the public surface in one page, from docstrings, option parsers and the Lab schema.

Run as ``python scripts/reference.py > docs/reference.md``; a test compares the two.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import swarmprov
import swarmprov_nb
from swarmprov_nb import cli, config, destinations, errors, options, testing
from swarmprov_nb.magics import ProvenanceMagics

ROOT = Path(__file__).parents[1]
LAB = ROOT / "labextension"
WIDGETS = ("PublishWidget", "VerifyWidget")
OPENING = """# Reference

All that you may rely on, in one page. It is made from the docstrings and the options themselves; to change it, change
those and run `python scripts/reference.py > docs/reference.md`. How it all goes together is in the
[README](../README.md), what is signed in [formats.md](formats.md).

[In a notebook](#in-a-notebook) · [On the command line](#on-the-command-line) · [In Python](#in-python) ·
[Widgets](#widgets) · [In JupyterLab](#in-jupyterlab) · [Settings](#settings) ·
[Environment variables](#environment-variables) · [Exit codes](#exit-codes) · [Errors](#errors) ·
[For your own tests](#for-your-own-tests)"""
MAGICS = "`%load_ext swarmprov` starts recording, `%unload_ext swarmprov` stops it."
SETTINGS = """In `config.toml` in your data folder (`swarmprov doctor` names it). All of them may be left out.
What `[chains]` may say of a network is in [chains.md](chains.md)."""
VARIABLES = (
    ("SWARMPROV_HOME", "the folder of keys, store, chain and receipts, instead of your data folder"),
    ("SWARMPROV_STORE", "where to read from if `--store` names none: a folder, a Bee node's URL or `gateway:URL`"),
    ("SWARMPROV_NOTEBOOK", "the notebook that a kernel runs for, where the front end does not say it"),
)


def page() -> str:
    """Return the whole page."""
    parts = (OPENING, *_magics(), *_commands(), *_python(), *_lab(), *_settings(), *_endings(), *_for_tests())
    return "\n\n".join(parts) + "\n"


def _magics() -> Iterator[str]:
    yield f"## In a notebook\n\n{MAGICS}"
    parsers = {
        "provenance": (options.line_options(), options.cell_options()),
        "publish": (options.publish_options(),),
        "verify": (options.verify_options(),),
    }
    for name, of_magic in parsers.items():
        yield f"### `%{name}`\n\n{_prose(inspect.getdoc(getattr(ProvenanceMagics, name)) or '')}"
        for parser, sign in zip(of_magic, ("%", "%%"), strict=False):
            yield _options(parser, head=f"{sign}{name}")
    traits = [ProvenanceMagics.class_traits()[name] for name in ("limit", "store_seconds", "max_artifact_bytes")]
    rows = [(f"`{trait.name}`", trait.help) for trait in traits]
    yield f"### `%config ProvenanceMagics`\n\n{_table(('option', 'what it sets, for this kernel'), rows)}"


def _commands() -> Iterator[str]:
    yield "## On the command line\n\n`swarmprov COMMAND --help` says the same."
    for command in cli.COMMANDS:
        parser = options.Parser(prog=f"swarmprov {command.name}")
        command.add_options(parser)
        examples = "\n".join(f"swarmprov {command.name} {words}".rstrip() for words in command.examples)
        yield f"### `swarmprov {command.name}`\n\n{command.help}\n\n{_fenced(examples, 'console')}"
        yield from _options_of_all(parser)


def _options_of_all(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the options of a command; of one that has commands of its own, of each of those."""
    below = [action for action in _actions(parser) if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    if not below:
        yield _options(parser)
    for action in below:
        said = {choice.dest: choice.help for choice in action._choices_actions}  # noqa: SLF001 - argparse shows them nowhere
        for name, each in action.choices.items():
            yield f"`{each.prog}`: {said[name]}.\n\n{_options(each)}"


def _python() -> Iterator[str]:
    words = inspect.getdoc(swarmprov_nb) or ""
    yield f"## In Python\n\n{_prose(words.partition('>>>')[0])}"
    yield from (_named(name, getattr(swarmprov, name)) for name in swarmprov.__all__ if name not in WIDGETS)
    yield "## Widgets"
    yield from (_named(name, getattr(swarmprov, name)) for name in WIDGETS)


def _lab() -> Iterator[str]:
    schema = json.loads((LAB / "schema/plugin.json").read_text("utf-8"))
    rows = [
        (f"`{name}`", f"**{each['title']}.** {each['description']} Default: `{json.dumps(each['default'])}`.")
        for name, each in schema["properties"].items()
    ]
    yield f"## In JupyterLab\n\n{schema['description']} Settings, in the settings editor under *{schema['title']}*:"
    yield _table(("setting", "what it does"), rows)
    sources = "".join((LAB / f"src/{name}.ts").read_text("utf-8") for name in ("commands", "graph"))
    labels = re.findall(r"label: trans\.__\('([^']+)'", sources)
    yield "Commands, in the palette:\n\n" + "\n".join(f"- {label}" for label in labels)


def _settings() -> Iterator[str]:
    yield f"## Settings\n\n{SETTINGS}"
    for module in (config, destinations):
        yield _prose(inspect.getdoc(module) or "")
    yield "## Environment variables"
    of_settings = (f"SWARMPROV_{field.name.upper()}" for field in fields(config.Settings))
    rows = [*VARIABLES, *((name, f"the setting `{name[10:].lower()}`") for name in of_settings)]
    yield _table(("variable", "what it says"), [(f"`{name}`", said) for name, said in rows])


def _endings() -> Iterator[str]:
    codes = (inspect.getdoc(cli) or "").partition("Exit codes: ")[2]
    yield f"## Exit codes\n\n{_prose(codes)}"
    yield f"## Errors\n\n{_prose(inspect.getdoc(errors) or '')}"


def _for_tests() -> Iterator[str]:
    yield f"## For your own tests\n\n{_prose(inspect.getdoc(testing) or '')}"
    first = {name: (inspect.getdoc(getattr(testing, name)) or "").partition("\n\n")[0] for name in testing.__all__}
    yield _table(("name", "what it is"), [(f"`swarmprov_nb.testing.{name}`", line) for name, line in first.items()])


# -- how things are said


def _named(name: str, value: Any) -> str:
    called = textwrap.fill(f"swarmprov.{name}({', '.join(_parameters(value))})", 100, subsequent_indent="    ")
    return f"### `{name}`\n\n{_fenced(called, 'python')}\n\n{_prose(inspect.getdoc(value) or '')}"


def _parameters(value: Any) -> Iterator[str]:
    """Yield the parameters with their defaults, and a star before the first that is given by name only."""
    starred = False
    for each in inspect.signature(value).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        default = each.default
        said = default.__name__ if callable(default) and default is not each.empty else repr(default)
        said = "…" if said == "<lambda>" else said
        yield each.name if default is each.empty else f"{each.name}={said}"


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [
        each
        for each in parser._actions  # noqa: SLF001 - argparse shows them nowhere
        if each.dest != "help" and each.help != argparse.SUPPRESS
    ]


def _options(parser: argparse.ArgumentParser, *, head: str = "option") -> str:
    rows = [(f"`{_spelled(action)}`", action.help or "") for action in _actions(parser)]
    return _table((head, "what it does"), rows) if rows else "It has no options."


def _spelled(action: argparse.Action) -> str:
    """Return an option as it is written, with the value that it takes."""
    chosen = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    value = str(action.metavar or chosen or action.dest)
    if not action.option_strings:
        return f"[{value}]" if action.nargs == "?" else value
    return ", ".join(action.option_strings) + ("" if action.nargs == 0 else f" {value}")


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *((first.replace("|", "\\|"), second.replace("|", "\\|")) for first, second in rows)]
    return "\n".join(f"| {first} | {second} |" for first, second in lines)


def _prose(docstring: str) -> str:
    """Return a docstring as Markdown: literal blocks and examples fenced, everything else flowing."""
    said: list[str] = []
    for block in re.split(r"\n\n(?!    )", docstring):
        before, mark, literal = block.rpartition("::\n\n")
        if mark:
            said += [_flowing(before + ":") if before else "", _fenced(inspect.cleandoc(literal))]
        elif block.startswith(">>>"):
            said.append(_fenced(re.sub(r"  # doctest: .*", "", block), "python"))
        else:
            said.append(_flowing(block))
    return "\n\n".join(filter(None, said))


def _flowing(text: str) -> str:
    words = " ".join(text.replace("``", "`").split())
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def _fenced(text: str, language: str = "text") -> str:
    return f"```{language}\n{text}\n```"


if __name__ == "__main__":
    print(page(), end="")
