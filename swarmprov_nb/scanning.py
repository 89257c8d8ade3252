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


def findings_in(
    plan: Plan, keeper: Keeper, *, known_keys: tuple[bytes, ...], memory: Memory | None = None
) -> tuple[Finding, ...]:
    """Return what looks like a secret or an address in all that would leave, each once, in the order of the texts."""
    from swarmprov_nb.manifest.findings import scan

    memory = memory or Memory()
    own, key = _own(plan), keeper.home.secret(FINDINGS_KEY)
    memory.seeking((own, known_keys, key))
    found: dict[str, Finding] = {}
    for source in _sources(plan, keeper):
        name = (source.place, source.digest)
        if name not in memory.found:
            memory.found[name] = scan(source.texts(), known_keys=known_keys, own_digests=own, key=key)
        for finding in memory.found[name]:
            found.setdefault(finding.id, finding)
    return tuple(finding for finding in found.values() if not _is_meant(finding))


def _is_meant(finding: Finding) -> bool:
    """An address given as contact is there on purpose."""
    return finding.place == CONTACT and finding.rule == "e-mail"


def _own(plan: Plan) -> frozenset[str]:
    """Return the digests and references that we made ourselves: they only look like secrets."""
    stored = [artifact.stored for artifact in plan.recorded.artifacts if artifact.stored]
    references = [each.reference for each in stored if each.reference]
    return frozenset((*(each.sha256 for each in stored), *references, *(r.source_sha256 for r in plan.recorded.runs)))


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
    return _Source(place, digest, lambda: [(place, text)])
