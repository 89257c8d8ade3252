"""Tab completion for the magics: variables, steps, artifacts and options, and nothing else between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swarmprov_nb.recording import Recorder


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
            words = self._words(context.full_text[: context.cursor_position].splitlines() or [""])
            return {
                "completions": [SimpleCompletion(word, type="magic") for word in words],
                "suppress": bool(words),
                "matched_fragment": context.token,
            }

        self._matcher = swarmprov
        self._shell.Completer.custom_matchers.append(swarmprov)

    def remove(self) -> None:
        """Take the matcher out again."""
        if self._matcher in self._shell.Completer.custom_matchers:
            self._shell.Completer.custom_matchers.remove(self._matcher)

    def _words(self, lines: list[str]) -> list[str]:
        line = lines[-1].lstrip()
        if len(lines) > 1 or not line.startswith(("%provenance ", "%%provenance ", "%publish ", "%verify ")):
            return []
        *before, typed = line.split(" ")
        return sorted(word for word in self._choices(before) if word.startswith(typed))

    def _choices(self, before: list[str]) -> list[str]:
        from swarmprov_nb import options

        magic = before[0]
        if magic == "%%provenance":
            if before[-1] in ("--dataset", "--model", "--figure"):
                return [name for name in list(self._shell.user_ns) if not name.startswith("_")]
            return _options(options.cell_options())
        if magic == "%provenance":
            return [*_options(options.line_options()), *self._names()]
        return _options(options.publish_options() if magic == "%publish" else options.verify_options())

    def _names(self) -> list[str]:
        lineage = self._recorder.record.lineage(self._recorder.session.id)
        return [*{run.step for run in lineage.runs if " " not in run.step}, *{item.name for item in lineage.artifacts}]


def _options(parser: Any) -> list[str]:
    return [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001
