"""The magics ``%provenance``, ``%%provenance``, ``%publish`` and ``%verify``, and what ``%load_ext swarmprov`` does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand
from traitlets import Float, Int, default, observe

from swarmprov_nb.declarations import Declared, StepRequest, spdx
from swarmprov_nb.errors import SwarmprovError, VerificationFailed
from swarmprov_nb.lineage import Declaration
from swarmprov_nb.live.comm import close_live, open_live
from swarmprov_nb.options import cell_options, line_options, parsed, publish_options, verify_options
from swarmprov_nb.recording import active_recorder, start_recording, stop_recording

if TYPE_CHECKING:
    from swarmprov_nb.completing import Matcher

# The capture room knows this name: it is not part of the user's code. Completion after %pro does not offer it.
STEP_MAGIC: Final = "_provenance_step"

_matchers: list[Matcher] = []
_unloaded_in: list[int] = []  # the number of the cell that unloaded us last


def step_request(line: str) -> StepRequest:
    """Return what the line after ``%%provenance`` says."""
    options = parsed(cell_options(), line)
    license_ = spdx(options.license) if options.license else None
    declared = tuple(
        Declared(Declaration(title=title or None, license=license_), kind, name)
        for kind in ("dataset", "model", "figure")
        for name, _, title in (text.partition("=") for text in getattr(options, kind))
    )
    personal = tuple(
        Declared(Declaration(title=title or None, license=license_, personal_data="personal"), "dataset", name)
        for name, _, title in (text.partition("=") for text in options.personal)
    )
    return StepRequest(options.name, options.note, license_, tuple(options.input), (*declared, *personal))


@magics_class
class ProvenanceMagics(Magics):
    """``%provenance``, ``%%provenance``, ``%publish`` and ``%verify``; ``%config ProvenanceMagics`` sets options.

    The two of storing begin as the settings say (``config.toml``, ``SWARMPROV_*``) and hold for this kernel.
    """

    limit = Int(25, min=1, max=500, help="Most shapes that %provenance draws; the rest is folded.").tag(config=True)
    store_seconds = Float(min=0, help="Seconds that storing may take at the end of a cell run.").tag(config=True)
    max_artifact_bytes = Int(min=1, help="Bytes over which an artifact is not stored.").tag(config=True)

    @default("store_seconds")
    def _set_seconds(self) -> float:
        return active_recorder().settings.store_seconds

    @default("max_artifact_bytes")
    def _set_bytes(self) -> int:
        return active_recorder().settings.max_artifact_bytes

    @observe("store_seconds", "max_artifact_bytes")
    def _hold(self, change: Any) -> None:
        recorder = active_recorder()
        recorder.settings = replace(recorder.settings, **{change["name"]: change["new"]})

    @no_var_expand
    @line_cell_magic
    def provenance(self, line: str, cell: str | None = None) -> Any:
        """Show where things came from, or name a step and declare what it makes.

        Usage::

            %provenance                 draw the lineage of this notebook
            %provenance NAME            where NAME came from (artifact:NAME, step:NAME choose)
            %provenance --table         the same as a pandas frame
            %provenance --all           every run, re-runs not folded
            %provenance --html FILE     write an interactive page that needs no network
            %provenance --upstream      the publications that this builds on, and theirs
            %provenance --pause         stop recording; --resume goes on

            %%provenance [NAME] [--dataset VAR[=TITLE]] [--model VAR[=TITLE]] [--figure VAR[=TITLE]]
                         [--personal VAR[=TITLE]] [--input URI] [--note TEXT] [--license SPDX]

        Examples::

            %%provenance clean --dataset clean="Cleaned penguins" --license CC0-1.0
            clean = raw.dropna(subset=["Sex"])

            %%provenance train --model forest="Species classifier" --note "default settings"
            forest = RandomForestClassifier(random_state=7).fit(X, y)

            %%provenance join --personal patients="Patients with their answers"
            patients = people.merge(answers)

        Personal data are a dataset that stays hidden when published, with every copy and other version of it.
        The cell runs as always. Declared artifacts are stored when it ends, and one line says what they are.
        """
        if cell is not None:  # only reached from inside another magic: the first line is rewritten before it runs
            active_recorder().step(step_request(line))
            self.shell.run_cell(cell)
            return None
        options = parsed(line_options(), line)
        if options.pause or options.resume:
            engine = active_recorder().engine
            (engine.pause if options.pause else engine.resume)()
            print("recording paused; %provenance --resume goes on" if options.pause else "recording again")
            return None
        return self._shown(options)

    def _shown(self, options: Any) -> Any:
        """Return the lineage of this notebook as it was asked for, None where it was written to a file."""
        from swarmprov_nb.showing import picture, write_html

        recorder = active_recorder()
        lineage, title = recorder.record.lineage(recorder.session.id), recorder.title
        if options.upstream:
            from swarmprov_nb.upstream_picture import Upstream

            return Upstream.of(lineage, title=title, home=recorder.home)
        if options.html is not None:
            write_html(lineage, Path(options.html), title=title, focus=options.name, everything=options.all)
            print(f"{options.html} is written: open it in any browser.")
            return None
        drawn = picture(lineage, title=title, focus=options.name, everything=options.all, limit=self.limit)
        return drawn.table() if options.table else drawn

    @no_var_expand
    @line_magic(STEP_MAGIC)
    def provenance_step(self, line: str) -> None:
        """Note what ``%%provenance`` says about the cell under way; written by the first line's transformation."""
        active_recorder().step(step_request(line))

    @no_var_expand
    @line_magic
    def publish(self, line: str) -> Any:
        """Publish this notebook's data, models and manifest: a preview first, then --yes.

        Usage::

            %publish                    preview: what leaves, its size and cost, who signs, what was found
            %publish --yes              sign and store it
            %publish --outputs          keep the notebook's text outputs too
            %publish --widget           choose and publish with a form, where widgets show

        See ``swarmprov publish --help`` for the other options, which are the same.
        """
        recorder = active_recorder()
        if parsed(publish_options(), line).widget:
            from swarmprov_nb.widgets import PublishWidget

            return PublishWidget()
        from swarmprov_nb.live.unlock_link import page_in_cell
        from swarmprov_nb.publishing import publish_recorded

        return publish_recorded(recorder, line, page=page_in_cell(self.shell, recorder.home))

    @no_var_expand
    @line_magic
    def verify(self, line: str) -> Any:
        """Verify a publication from its reference, a saved file or a notebook; fails where it is not valid.

        Usage::

            %verify REFERENCE|FILE|NOTEBOOK [--signer KEY|LABEL] [--any-signer] [--require LEVEL]
        """
        from swarmprov_nb.verifying import verify_with

        options = parsed(verify_options("verify"), line)
        report = verify_with(options)
        print(report)
        if report.exit_code != 0:
            raise VerificationFailed(report.headline, report.advice)
        return None


def rewrite_first_line(lines: list[str]) -> list[str]:
    r"""Turn a first line ``%%provenance …`` into a call, so that the cell itself runs as always.

    >>> rewrite_first_line(["%%provenance clean\n", "x = 1\n"])
    ["get_ipython().run_line_magic('_provenance_step', 'clean')\n", 'x = 1\n']
    """
    if not lines or not lines[0].startswith("%%provenance"):
        return lines
    rest = lines[0].removeprefix("%%provenance").strip()
    if rest.startswith("?") or (lines[0].rstrip().endswith("?") and len(lines) == 1):
        return lines
    return [f"get_ipython().run_line_magic({STEP_MAGIC!r}, {rest!r})\n", *lines[1:]]


def load_ipython_extension(shell: Any) -> None:
    """Register the magics and start recording."""
    from swarmprov_nb import __version__
    from swarmprov_nb.completing import Matcher

    try:
        recorder = start_recording(shell)
    except SwarmprovError as error:
        raise IPythonUsageError(str(error)) from None
    if recorder is None:
        return
    open_live(shell, recorder)
    shell.register_magics(ProvenanceMagics)
    shell.input_transformers_cleanup.append(rewrite_first_line)
    matcher = Matcher(shell, recorder)
    matcher.install()
    _matchers.append(matcher)
    if _unloaded_in != [shell.execution_count]:  # %reload_ext, which unloads first, has said it before
        print(f"swarmprov {__version__} records {recorder.title}. %provenance shows it.")


def unload_ipython_extension(shell: Any) -> None:
    """Stop recording and take back every hook."""
    close_live()
    if not stop_recording():
        return
    _unloaded_in[:] = [shell.execution_count]
    shell.configurables[:] = [each for each in shell.configurables if not isinstance(each, ProvenanceMagics)]
    shell.input_transformers_cleanup.remove(rewrite_first_line)
    _matchers.pop().remove()
    for kind in ("line", "cell"):
        for name in ("provenance", STEP_MAGIC, "publish", "verify"):
            shell.magics_manager.magics[kind].pop(name, None)
