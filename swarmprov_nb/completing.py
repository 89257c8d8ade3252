"""Tab completion for the magics: variables, steps, artifacts, files, words and options, where each can stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from swarmprov_nb.recording import Recorder

_MAGICS: Final = ("%provenance", "%%provenance", "%publish", "%verify")
_MADE: Final = ("--dataset", "--model", "--figure", "--personal")
_SUFFIXES: Final = {"--html": (".html",), "--store": ("/",)}  # of files; the slash stands for folders
_KINDS: Final = ("artifact:", "step:")


class Matcher:
    """A completer for lines that start with one of our magics; installed in a shell and taken out again."""

    def __init__(self, shell: Any, recorder: Recorder) -> None:
        self._shell = shell
        self._recorder = recorder
        self._matcher: Any = None

    def install(self) -> None:
        """Add the matcher to the shell's completer (IPython's matcher API v2)."""
        from IPython.core.completer import SimpleCompletion, context_matcher

        @context_matcher()  # type: ignore[untyped-decorator, unused-ignore]
        def swarmprov(context: Any) -> dict[str, Any]:
            typed, words = self._words(context.full_text[: context.cursor_position].splitlines() or [""])
            return {
                "completions": [SimpleCompletion(word, type="magic") for word in words],
                "suppress": bool(words),
                "matched_fragment": typed,
            }

        self._matcher = swarmprov
        self._shell.Completer.custom_matchers.append(swarmprov)

    def remove(self) -> None:
        """Take the matcher out again."""
        if self._matcher in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._matcher)

    def _words(self, lines: list[str]) -> tuple[str, list[str]]:
        """Return what is typed of the last word, and what it can become."""
        magic, *before = lines[-1].lstrip().split(" ")
        if not before or magic not in _MAGICS or (len(lines) > 1 and magic.startswith("%%")):
            return "", []
        typed = before.pop()
        asked = typed.casefold()
        found = (word for word in self._choices(magic, before, typed) if word.casefold().startswith(asked))
        return typed, sorted(dict.fromkeys(found))

    def _choices(self, magic: str, before: list[str], typed: str) -> Iterable[str]:
        parser = _parser(magic)
        option = before[-1] if before else ""
        if option in self._values:
            return self._values[option]()
        if any(option in action.option_strings and action.nargs != 0 for action in parser._actions):  # noqa: SLF001
            return _paths(typed, *_SUFFIXES.get(option, ()))  # or a text of the user's own
        options = [name for action in parser._actions for name in action.option_strings]  # noqa: SLF001
        if magic == "%verify":
            return [*options, *_paths(typed, ".ipynb", ".swarm")]
        return [*options, *self._names()] if magic == "%provenance" else options

    @property
    def _values(self) -> dict[str, Callable[[], Iterable[str]]]:
        """What can stand after an option."""
        return {
            **dict.fromkeys(_MADE, self._variables),
            **dict.fromkeys(("--hide", "--cite"), self._artifacts),
            "--license": _licences,
            "--require": _levels,
            "--signer": self._signers,
            "--chain": lambda: ("local", "none"),
        }

    def _variables(self) -> list[str]:
        return [name for name in list(self._shell.user_ns) if not name.startswith("_")]

    def _artifacts(self) -> list[str]:
        return [artifact.name for artifact in self._lineage().artifacts if " " not in artifact.name]

    def _names(self) -> list[str]:
        """Return artifacts and steps by name, and with their kind, which tells apart two of one name."""
        steps = [run.step for run in self._lineage().runs if run.step and " " not in run.step]
        artifacts = self._artifacts()
        named = [f"{kind}{name}" for kind, names in zip(_KINDS, (artifacts, steps), strict=True) for name in names]
        return [*artifacts, *steps, *named]

    def _lineage(self) -> Any:
        return self._recorder.record.lineage(self._recorder.session.id)

    def _signers(self) -> list[str]:
        from swarmprov_nb.signers import signers

        return [signer.label for signer in signers(self._recorder.home).values() if " " not in signer.label]


def _parser(magic: str) -> ArgumentParser:
    from swarmprov_nb import options

    if magic == "%provenance":
        return options.line_options()
    if magic == "%%provenance":
        return options.cell_options()
    return options.publish_options() if magic == "%publish" else options.verify_options("verify")


def _paths(typed: str, *suffixes: str) -> list[str]:
    """Return the files with one of these suffixes that `typed` may become, and the folders on the way to others."""
    if not suffixes:
        return []
    folder = typed.rpartition("/")[0] + "/" if "/" in typed else ""
    try:
        entries = list(Path(folder or ".").expanduser().iterdir())
    except OSError:
        return []
    named = (f"{folder}{entry.name}{'/' * entry.is_dir()}" for entry in entries if not entry.name.startswith("."))
    return [name for name in named if name.endswith((*suffixes, "/")) and " " not in name]


def _levels() -> tuple[str, ...]:
    from swarmprov_nb.report import LEVELS

    return LEVELS[1:]


@cache
def _licences() -> tuple[str, ...]:
    from license_expression import get_spdx_licensing

    symbols = get_spdx_licensing().known_symbols
    return tuple(key for key, symbol in symbols.items() if not symbol.is_exception and not key.startswith("LicenseRef"))
