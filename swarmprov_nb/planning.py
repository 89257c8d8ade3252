"""Plan a publication: what would leave the machine, and what speaks against it. Nothing is signed or stored here."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from swarmprov_nb.config import Settings
from swarmprov_nb.declarations import spdx
from swarmprov_nb.errors import PublishRefused, UsageError
from swarmprov_nb.lineage import Artifact, CellRun, Lineage
from swarmprov_nb.lineage.graph import closure
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.manifest.disclosure import (
    CITED,
    EXTERNAL,
    HIDDEN,
    PUBLISHED,
    default_disclosure,
    publication_paths,
    safe_name,
    shown_name,
)
from swarmprov_nb.manifest.normal_form import Attachment, attachments, cell_id, normal_form
from swarmprov_nb.manifest.statement import LONG, MOST_PARENTS, parents_of
from swarmprov_nb.notebooks import Cell, Notebook
from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.labels import clean

if TYPE_CHECKING:
    from swarmprov_nb.manifest.findings import Finding
    from swarmprov_nb.scanning import Memory
    from swarmprov_nb.storing import Keeper


NO_LICENCE: Final = "no licence is stated for "
_LABEL: Final = 60
_FEW: Final = 8
_REMARKS: Final = {
    "edited": "edited since the last run",
    "failed": "failed",
    "outOfOrder": "run out of order",
    "unrun": "never run",
    "before": "ran before recording began, or in another session",
}


@dataclass(frozen=True)
class Choices:
    """What a person decides about one publication; the defaults are what a careful person would choose.

    `hide` and `cite` name artifacts (by name, path or id) that would otherwise be published; `accept` holds ids of
    findings. `license` (SPDX), `purpose` and `contact` are stated about the whole publication.
    """

    outputs: bool = False
    old_sources: bool = False
    all_runs: bool = False
    hide: tuple[str, ...] = ()
    cite: tuple[str, ...] = ()
    accept: tuple[str, ...] = ()
    license: str | None = None
    purpose: str | None = None
    contact: str | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that one publish would do, decided and checked.

    `lineage` is the closure of what is published; `files` are the published artifacts' paths by artifact id;
    `sources` maps the sha256 of an old source to its bytes; `accepted` are findings that a person let pass.
    """

    notebook: Notebook
    subject: str
    normal: bytes
    lineage: Lineage
    recorded: Lineage
    disclosures: Mapping[str, str]
    files: Mapping[str, str]
    sources: Mapping[str, bytes]
    attached: tuple[Attachment, ...]
    remarks: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]
    advice: tuple[str, ...]
    statements: Mapping[str, str] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)
    accepted: tuple[Finding, ...] = ()

    @property
    def outputs(self) -> bool:
        """Whether the notebook's outputs leave too."""
        return self.choices.outputs

    @property
    def published(self) -> tuple[Artifact, ...]:
        """The artifacts whose bytes leave, in the order of their paths."""
        return self._with(PUBLISHED)

    @property
    def cited(self) -> tuple[Artifact, ...]:
        """The artifacts whose name and digests leave."""
        return self._with(CITED)

    @property
    def hidden(self) -> tuple[Artifact, ...]:
        """The artifacts of which only a commitment leaves."""
        return self._with(HIDDEN)

    @property
    def items(self) -> int:
        """How many things are published: artifacts, the notebook, attachments and old sources."""
        return len(self.published) + 1 + len(self.attached) + len(self.sources)

    @property
    def size(self) -> int:
        """The bytes of what is published, before the manifest."""
        stored = sum(artifact.stored.size for artifact in self.published if artifact.stored)
        beside = [self.normal, *self.sources.values(), *(attachment.data for attachment in self.attached)]
        return stored + sum(map(len, beside))

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """The findings that stop a publish until they are removed or accepted one by one."""
        return tuple(finding for finding in self.findings if finding.confidence == "high")

    def _with(self, disclosure: str) -> tuple[Artifact, ...]:
        chosen = [a for a in self.lineage.artifacts if self.disclosures.get(a.id) == disclosure]
        return tuple(sorted(chosen, key=lambda a: self.files.get(a.id, shown_name(a))))


def plan(
    notebook: Notebook, recorded: Lineage, *, keeper: Keeper, settings: Settings, choices: Choices,
    known_keys: tuple[bytes, ...] = (), memory: Memory | None = None,
) -> Plan:  # fmt: skip
    """Decide what a publish of this notebook would do.

    Raises PublishRefused where the record is foreign, nothing is there to publish, stored bytes are gone, or the
    source of a contributing run is no longer in the notebook; UsageError where a choice cannot be meant.
    """
    from swarmprov_nb.scanning import findings_in

    _require_own(recorded, notebook)
    _require_text(notebook)
    disclosures = _disclosures(recorded, choices)
    published = [artifact_id for artifact_id, kind in disclosures.items() if kind == PUBLISHED]
    if not published:
        raise _nothing_left(notebook, choices)
    lineage = recorded if choices.all_runs else closure(recorded, published)
    _require_bytes(lineage, disclosures, keeper)
    _require_few_parents(lineage, disclosures)
    attached = tuple(attachments(notebook))
    subject = publication_paths([_as_artifact(notebook.path)])["notebook"].removeprefix("files/")
    to_publish = [artifact for artifact in lineage.artifacts if disclosures.get(artifact.id) == PUBLISHED]
    plan = Plan(
        notebook=notebook,
        subject=subject,
        normal=normal_form(notebook, images_of=_figure_cells(lineage, disclosures), outputs=choices.outputs),
        lineage=lineage,
        recorded=recorded,
        disclosures=disclosures,
        files=publication_paths(to_publish, taken=[attachment_path(attachment) for attachment in attached]),
        sources=_old_sources(lineage, notebook, choices),
        attached=attached,
        remarks=_remarks(notebook, recorded),
        findings=(),
        advice=(),
        statements=_statements(settings, choices),
        choices=choices,
    )
    found = findings_in(plan, keeper, known_keys=known_keys, memory=memory)
    plan = replace(
        plan,
        findings=tuple(finding for finding in found if finding.id not in choices.accept),
        accepted=tuple(finding for finding in found if finding.id in choices.accept),
    )
    return replace(plan, advice=(*_idle_choices(plan), *_advice(plan)))


def _nothing_left(notebook: Notebook, choices: Choices) -> PublishRefused:
    if choices.hide or choices.cite:
        return PublishRefused(
            f"Nothing of {notebook.path.name} is left to publish: what it made is hidden or cited by your choice.",
            "Leave out or cite less (--hide, --cite).",
        )
    return PublishRefused(
        f"{notebook.path.name} has made nothing that could be published yet.",
        "Declare a dataset or model (%%provenance NAME --dataset VAR) or write a file, then run the cell again.",
    )


def attachment_path(attachment: Attachment) -> str:
    """Return where an attachment of a Markdown cell stands in the publication."""
    return f"files/{safe_name(f'attachment-{attachment.number}-{attachment.name}')}"


def is_named(artifact: Artifact, names: Collection[str]) -> bool:
    """Tell whether a choice means this artifact: by its name, its path or its id."""
    return not {artifact.name, shown_name(artifact), artifact.id}.isdisjoint(names)


def _require_text(notebook: Notebook) -> None:
    for number, cell in enumerate(notebook.cells, 1):
        try:
            cell.source.encode()
        except UnicodeEncodeError:
            raise PublishRefused(
                f"Cell {number} of {notebook.path.name} holds half a character, which no file can hold.",
                "Remove it from the cell, save, and run the cell again.",
            ) from None


def _require_own(recorded: Lineage, notebook: Notebook) -> None:
    if not recorded.session.trusted:
        raise PublishRefused(
            f"The record of {notebook.path.name} was not made by this user's swarmprov, or was changed since.",
            f"Run it here first: swarmprov publish {notebook.path.name} --execute",
        )


def _disclosures(recorded: Lineage, choices: Choices) -> dict[str, str]:
    """Decide how each artifact leaves: the defaults, then what the person chose by name."""
    decided = {a.id: kind for a in recorded.artifacts if (kind := default_disclosure(a, recorded)) is not None}
    for names, kind in ((choices.cite, CITED), (choices.hide, HIDDEN)):
        for name in names:
            chosen = [a for a in recorded.artifacts if is_named(a, [name]) and a.stored is not None]
            if not chosen:
                known = sorted({shown_name(a) for a in recorded.artifacts if a.id in decided})
                raise UsageError(f"There is no artifact {name!r} to leave out.", f"Name one of: {', '.join(known)}.")
            decided.update({artifact.id: kind for artifact in chosen})
    return {**decided, **dict.fromkeys(_personal(recorded, decided), HIDDEN)}


def _personal(recorded: Lineage, decided: Mapping[str, str]) -> Iterator[str]:
    """Yield what is hidden whatever is chosen: declared personal data, its other versions, copies of its content."""
    declared = [a for a in recorded.artifacts if (a.declaration.personal_data or "none") != "none"]
    names = {artifact.name for artifact in declared}
    contents = {a.stored.content_id for a in recorded.artifacts if a.stored and a.name in names}
    for artifact in recorded.artifacts:
        spoken_of = artifact.stored is not None and decided.get(artifact.id, EXTERNAL) != EXTERNAL
        if spoken_of and (artifact.name in names or (artifact.stored and artifact.stored.content_id in contents)):
            yield artifact.id


def _require_bytes(found: Lineage, disclosures: Mapping[str, str], keeper: Keeper) -> None:
    for artifact in found.artifacts:
        stored = artifact.stored
        if disclosures.get(artifact.id) == PUBLISHED and (stored is None or not keeper.holds(stored)):
            raise PublishRefused(
                f"The bytes of {artifact.title} are no longer in the store.", "Run the cell that makes it again."
            )


def _require_few_parents(found: Lineage, disclosures: Mapping[str, str]) -> None:
    count = len(parents_of(found.artifacts, disclosures))
    if count > MOST_PARENTS:
        raise PublishRefused(
            f"This builds on {count} publications, and an anchor carries {MOST_PARENTS}.",
            "Publish parts of it first, and open those.",
        )


def _old_sources(found: Lineage, notebook: Notebook, choices: Choices) -> dict[str, bytes]:
    """Return the sources of contributing runs that the notebook no longer holds; refuse them unless asked for."""
    present = {cell.source_sha256 for cell in notebook.code}
    missing = {run.source_sha256: run for run in found.runs if run.source_sha256 not in present}
    if missing and not choices.old_sources:
        names = ", ".join(f"{run.step} [{run.execution_count or run.sequence}]" for run in missing.values())
        raise PublishRefused(
            f"{notebook.path.name} no longer holds the source of: {names}.",
            "Save it and run those cells again — or choose to publish old sources too (--old-sources).",
        )
    return {digest: run.source.encode() for digest, run in sorted(missing.items())}


def _figure_cells(found: Lineage, disclosures: Mapping[str, str]) -> set[str]:
    runs = {run.id: run for run in found.runs}
    figures = [a for a in found.artifacts if a.kind == "figure" and disclosures.get(a.id) == PUBLISHED and a.run]
    return {runs[a.run].cell_id or "" for a in figures if a.run in runs}


def _remarks(notebook: Notebook, recorded: Lineage) -> dict[str, tuple[str, ...]]:
    """Say which cells were edited since they ran, never ran, failed, or ran in another order than they stand."""
    last = _last_runs(recorded)
    order = 0
    named: dict[str, list[str]] = {key: [] for key in ("edited", "failed", "outOfOrder", "unrun")}
    for cell in notebook.code:
        if only_asks(cell.source):  # else the cell that publishes would be stated as never run, and publish twice
            continue
        latest = last.get(cell_id(cell)) or last.get(cell.source_sha256)
        name = _remark(cell, latest, order)
        if name:
            named[name].append(cell_id(cell))
        order = max(order, latest.sequence if latest else 0)
    return {key: tuple(cells) for key, cells in named.items() if cells}


def _last_runs(recorded: Lineage) -> dict[str, CellRun]:
    """Return the last run of each cell, by its id and by its source."""
    last: dict[str, CellRun] = {}
    for run in recorded.runs:
        last[run.source_sha256] = run
        if run.cell_id:
            last[run.cell_id] = run
    return last


def _said_remarks(plan: Plan) -> Iterator[str]:
    """Say the remarks, each cell by its run's number where it has one; what ran unseen is not called never run."""
    last, cells = _last_runs(plan.recorded), {cell_id(cell): cell for cell in plan.notebook.cells}
    for key, named in plan.remarks.items():
        before = [name for name in named if key == "unrun" and cells[name].execution_count is not None]
        for remark, some in (("before", before), (key, [name for name in named if name not in before])):
            runs = [(cells[name], last.get(name) or last.get(cells[name].source_sha256)) for name in some]
            numbers = [
                f"[{run.execution_count}]" if run and run.execution_count else f"cell {cell.index + 1}"
                for cell, run in runs
            ]
            if some:
                yield f"{plural(len(some), 'cell')} {_REMARKS[remark]}: {', '.join(numbers)}"


def _remark(cell: Cell, run: CellRun | None, order: int) -> str | None:
    if run is None:
        return "unrun"
    if run.source_sha256 != cell.source_sha256:
        return "edited"
    if run.status != "ok":
        return "failed"
    return "outOfOrder" if run.sequence < order else None


def _idle_choices(plan: Plan) -> Iterator[str]:
    """Yield which choices change nothing: a person who made them expects that they do."""
    part = [artifact for artifact in plan.lineage.artifacts if artifact.stored is not None]
    for name in plan.choices.cite:
        if not any(is_named(artifact, [name]) for artifact in part):
            artifact = next(a for a in plan.recorded.artifacts if is_named(a, [name]))
            yield f"{clean(shown_name(artifact), limit=_LABEL)} is not cited: nothing that is published came from it"
    known = {finding.id for finding in plan.accepted}
    for name in plan.choices.accept:
        if name not in known:
            yield f"there is no finding {clean(name, limit=_LABEL)} to accept"


def _advice(plan: Plan) -> Iterator[str]:
    """Yield what a person should know before publishing, though it stops nothing."""
    yield from _unlicensed(plan)
    for artifact in plan.published:
        name = clean(shown_name(artifact), limit=_LABEL)
        if artifact.note:
            yield f"{name}: {artifact.note}"
        if artifact.stored:
            yield from (f"{name}: {warning}" for warning in artifact.stored.warnings)
        later = [a for a in plan.recorded.artifacts if a.name == artifact.name and a.version > artifact.version]
        if later:
            yield f"{name} was changed later in the notebook; the version stored by its step is published"
    yield from _from_personal(plan)
    yield from _opened(plan)
    unstored = [a for a in plan.recorded.artifacts if a.declared and a.stored is None]
    for artifact in unstored:
        yield f"{clean(artifact.name, limit=_LABEL)} is not published: {artifact.note or 'its bytes were not stored'}"
    yield from _said_remarks(plan)
    recorded_as = plan.recorded.session.notebook
    if recorded_as not in (None, plan.notebook.path.name):
        yield f"this work was recorded under the name {clean(str(recorded_as), limit=_LABEL)}"
    kept = {artifact.name for artifact in plan.lineage.artifacts}  # an older version of such a name is no news
    stays = [a.name for a in plan.recorded.artifacts if a.declared and a.stored is not None and a.name not in kept]
    for name in dict.fromkeys(stays):
        yield f"{clean(name, limit=_LABEL)} stays here: nothing that is published came from it"
    gaps = [run for run in plan.lineage.runs if run.gap]
    yield from (f"step {run.step} was not seen whole: {run.gap}" for run in gaps)


def _opened(plan: Plan) -> Iterator[str]:
    """Say what is not as usual with what was opened from others' publications."""
    for artifact in (each for each in plan.lineage.artifacts if each.parent is not None):
        name = clean(shown_name(artifact), limit=_LABEL)
        if plan.disclosures.get(artifact.id) == HIDDEN:
            yield f"{name} is hidden: that it came from another's publication is not stated"
        elif artifact.parent and artifact.parent.any_signer:
            yield f"{name} was taken from a signer whom you did not know: the manifest says so"


def _from_personal(plan: Plan) -> Iterator[str]:
    """Say what is published and came from personal data: a mean of one person is that person's value."""
    personal = frozenset(_personal(plan.recorded, plan.disclosures))
    for artifact in plan.published if personal else ():
        if not personal.isdisjoint(each.id for each in closure(plan.recorded, [artifact.id]).artifacts):
            name = clean(shown_name(artifact), limit=_LABEL)
            yield f"{name} comes from personal data that stay hidden: see that it tells nothing of a person"


def _unlicensed(plan: Plan) -> Iterator[str]:
    """Say in one line what has no licence; one for the whole publication settles it."""
    names = [clean(shown_name(a), limit=_LABEL) for a in plan.published if a.declaration.license is None]
    names = list(dict.fromkeys(names))
    if names and "license" not in plan.statements:
        more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
        yield f"{NO_LICENCE}{', '.join(names[:_FEW])}{more}: nobody may use {'it' if len(names) == 1 else 'them'}"


def _statements(settings: Settings, choices: Choices) -> dict[str, str]:
    """Return what is stated about the whole publication: what was chosen now, over the settings."""
    stated = {key: getattr(settings, key) for key in ("license", "contact", "note", "publisher")}
    chosen = {key: getattr(choices, key) for key in ("license", "contact", "purpose")}
    stated |= {key: value for key, value in chosen.items() if value}
    for key, value in stated.items():
        if value and len(value) > LONG:
            raise UsageError(f"The {key} is over {LONG:,} characters long.", "Say it shorter, or put it in a cell.")
    if chosen["license"]:
        stated["license"] = spdx(chosen["license"])
    return {key: value for key, value in stated.items() if value}


def _as_artifact(path: Path) -> Artifact:
    return Artifact("notebook", None, path.name, 1, "file", path=path.name)
