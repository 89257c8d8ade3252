"""Scan: look through every text that a plan would send out for secrets, and through no text twice."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from swarmprov_nb.manifest.findings import Finding
    from swarmprov_nb.planning import Plan
    from swarmprov_nb.storing import Keeper

FINDINGS_KEY: Final = "findings.key"  # makes the ids of findings tell nothing of what was found
CONTACT: Final = "contact"
_Texts = Iterable[tuple[str, str]]


@dataclass
class Memory:
    """What was found in texts that were looked through before, as long as the same keys are looked for."""

    found: dict[tuple[str, str], tuple[Finding, ...]] = field(default_factory=dict)
    sought: Any = None

    def seeking(self, sought: Any) -> None:
        """Forget everything where something else is looked for than before."""
        if sought != self.sought:
            self.found.clear()
            self.sought = sought


@dataclass(frozen=True)
class _Source:
    """Something with text in it: what people call it, what tells its content apart, and how to read it."""

    place: str
    digest: str
    texts: Callable[[], _Texts]
    written: bool = False  # by the author, in the notebook or about it


def findings_in(
    plan: Plan, keeper: Keeper, *, known_keys: tuple[bytes, ...], memory: Memory | None = None
) -> tuple[Finding, ...]:
    """Return what looks like a secret or an address in all that would leave, each once, in the order of the texts."""
    from swarmprov_nb.manifest.finding_paths import PATHS
    from swarmprov_nb.manifest.finding_rules import RULES
    from swarmprov_nb.manifest.findings import scan

    memory = memory or Memory()
    own, key = _own(plan), keeper.home.secret(FINDINGS_KEY)
    memory.seeking((own, known_keys, key))
    found: dict[str, Finding] = {}
    for source in _sources(plan, keeper):
        name = (source.place, source.digest)
        if name not in memory.found:
            rules = (*RULES, *PATHS) if source.written else RULES
            memory.found[name] = scan(source.texts(), known_keys=known_keys, own_digests=own, key=key, rules=rules)
        for finding in memory.found[name]:
            found.setdefault(finding.id, finding)
    return tuple(found.values())


def _contacts(plan: Plan) -> Iterator[str]:
    """Yield the words of what was declared as contact: an address among them is there on purpose, wherever it is."""
    declared = [artifact.declaration.contact for artifact in plan.recorded.artifacts]
    for contact in filter(None, (plan.statements.get(CONTACT), *declared)):
        yield from (word.strip("<>()[],;.\"'").lower().removeprefix("mailto:") for word in contact.split())


def _own(plan: Plan) -> frozenset[str]:
    """Return the digests and references that we made ourselves, and the contacts: they are there on purpose."""
    stored = [artifact.stored for artifact in plan.recorded.artifacts if artifact.stored]
    references = [each.reference for each in stored if each.reference]
    digests = (*(each.sha256 for each in stored), *(run.source_sha256 for run in plan.recorded.runs))
    return frozenset((*digests, *references, *_contacts(plan)))


def _sources(plan: Plan, keeper: Keeper) -> Iterator[_Source]:
    """Yield every text that would leave, with the place that a person knows it by."""
    from swarmprov_nb.manifest.findings import texts_of_stream

    for number, cell in enumerate(plan.notebook.cells, 1):
        yield _text(f"cell {number}", cell.source)
    if plan.outputs:
        digest = hashlib.sha256(plan.normal).hexdigest()
        yield _Source(plan.subject, digest, lambda: texts_of_stream(plan.subject, [plan.normal]))
    for digest, source in plan.sources.items():
        yield _text(f"old source {digest[:8]}", source.decode("utf-8", "replace"))
    for run in plan.lineage.runs:
        yield _text(f"step {run.step}", "\n".join(filter(None, (run.step, run.note))))
    for artifact in (*plan.published, *plan.cited):
        said = [str(value) for value in (artifact.origin, *vars(artifact.declaration).values()) if value]
        yield _text(f"declaration of {artifact.name}", "\n".join(said))
    for name, text in plan.statements.items():
        yield _text(name, text)
    for artifact in plan.published:
        if (stored := artifact.stored) is not None:
            path = plan.files[artifact.id]
            yield _Source(path, stored.sha256, lambda p=path, s=stored: texts_of_stream(p, keeper.read(s)))  # type: ignore[misc]


def _text(place: str, text: str) -> _Source:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _Source(place, digest, lambda: [(place, text)], written=True)
