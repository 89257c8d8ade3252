"""Upstream: the line across people, from a piece of work to the publications that it builds on, and theirs.

Each is looked for in the stores at hand by the sha256 of its manifest, and its statement is checked: manifest,
envelope, seals, rules, and what chains say. Its files are not read again: `swarmprov verify` does that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from swarmprov_nb.anchor_check import check_anchor
from swarmprov_nb.checking import Evidence, run_checks
from swarmprov_nb.errors import SwarmprovError
from swarmprov_nb.home import Home
from swarmprov_nb.lineage import Artifact
from swarmprov_nb.manifest.author_key import to_did
from swarmprov_nb.manifest.reading import to_lineage
from swarmprov_nb.manifest.rules import RULES
from swarmprov_nb.outcome import FAIL, NOT_CHECKED, PASS, Check
from swarmprov_nb.publication_shelf import Shelf
from swarmprov_nb.signers import signers
from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.labels import clean

STATEMENT_CHECKS: Final = frozenset({"collection", "manifest", "envelope", "files", "seals", *RULES})
MOST: Final = 500  # ancestors that are looked for
DEEPEST: Final = 100
NOT_HERE: Final = "its publication is not in your store"
_TOO_LONG: Final = f"only {MOST} publications, {DEEPEST} one above another, are looked for"
_LABEL: Final = 60


@dataclass(frozen=True)
class Taken:
    """A file that was taken from a publication: its path there, its sha256, and whether from an unknown signer."""

    subject: str
    sha256: str
    any_signer: bool = False


@dataclass(frozen=True)
class Ancestor:
    """One publication of the line: what the work below states of it, and what is known of it here.

    `label` is by the user's own list; `level` is None where it is not at hand, and then `ends` says why the line ends.
    `faults` are what the work below states of it and is not so.
    """

    manifest: str
    content: str
    author: str
    taken: tuple[Taken, ...]
    label: str | None = None
    claims: str | None = None
    notebook: str | None = None
    reference: str | None = None
    level: str | None = None
    revoked: str | None = None
    superseded: str | None = None
    faults: tuple[str, ...] = ()
    ends: str | None = None
    parents: tuple[Ancestor, ...] = field(default=(), repr=False)

    @property
    def signer(self) -> str:
        """Who signed it: the own list's label, else the key; a name in the publication is a claim."""
        if self.label is not None:
            return self.label
        claimed = f", claims to be {clean(self.claims, limit=_LABEL)}" if self.claims else ""
        return f"{self.author[:16]}…{self.author[-4:]} (unknown{claimed})"

    @property
    def title(self) -> str:
        """What people call it: the path of its notebook."""
        return clean(self.notebook or "a publication", limit=_LABEL)

    @property
    def marks(self) -> tuple[str, ...]:
        """What a person should know of it before they build on it."""
        said = (f"REVOKED: {self.revoked}" if self.revoked else None,
                f"superseded by {self.superseded}" if self.superseded else None,
                *(f"WRONG: {fault}" for fault in self.faults))  # fmt: skip
        return tuple(mark for mark in said if mark)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; unknown ones are null, and the parents are named by their manifests."""
        return {
            "manifest": self.manifest,
            "content": self.content,
            "author": self.author,
            "label": self.label,
            "claimsToBe": self.claims,
            "notebook": self.notebook,
            "reference": self.reference,
            "level": self.level,
            "revoked": self.revoked,
            "superseded": self.superseded,
            "ends": self.ends,
            "parents": [parent.link() for parent in self.parents],
        }

    def link(self) -> dict[str, Any]:
        """Return what the work below took from it, and what it states of it that is not so, as JSON values."""
        taken = [{"subject": t.subject, "sha256": t.sha256, "anySigner": t.any_signer} for t in self.taken]
        return {"manifest": self.manifest, "taken": taken, "faults": list(self.faults)}


def whole_line(line: Iterable[Ancestor]) -> tuple[Ancestor, ...]:
    """Return the publications of a line, nearest first, each once, though several may build on one."""
    found: dict[str, Ancestor] = {}
    pending = list(line)
    for one in pending:  # grows while it is read
        if one.manifest not in found:
            found[one.manifest] = one
            pending += one.parents
    return tuple(found.values())


def line_to_json(line: Sequence[Ancestor]) -> dict[str, Any]:
    """Return a line as JSON values: ``parents`` of the work, and ``publications``, all of the line, each once."""
    return {"parents": [one.link() for one in line], "publications": [one.to_json() for one in whole_line(line)]}


def check_upstream(line: Sequence[Ancestor]) -> Check:
    """Say whether what a publication states of its parents is so, as far as they are at hand; marks are no failure."""
    faults = [f"of {one.title}: {fault}" for one in line for fault in one.faults]
    if faults:
        return Check("upstream", FAIL, f"its parents are not what it states: {'; '.join(faults)}")
    everyone = whole_line(line)
    away = sum(one.level is None for one in everyone)
    revoked = [f"REVOKED: {one.title} by {one.signer}" for one in everyone if one.revoked]
    above = f", {len(everyone)} in the whole line" if len(everyone) > len(line) else ""
    state = f"{away} not in your store" if away else "what is stated of them is so"
    detail = "; ".join([f"builds on {plural(len(line), 'publication')}{above}", state, *revoked])
    return Check("upstream", NOT_CHECKED if away or revoked else PASS, detail)


def upstream(
    artifacts: Iterable[Artifact], *, home: Home, storage: Any = None, chains: Sequence[str] = ()
) -> tuple[Ancestor, ...]:
    """Return the publications that inputs among these artifacts were opened from, each with its own line above it.

    They are looked for in `storage`, if one is given, and in the user's own store. Nothing that is found there is
    believed but what verifies.
    """
    return _Line(Shelf.of(home, storage), home, tuple(chains)).above(artifacts)


def line_of(evidence: Evidence, *, home: Home, chains: Sequence[str] = ()) -> tuple[Ancestor, ...]:
    """Return the line above a publication whose statement has been checked."""
    assert evidence.statement is not None
    if not evidence.statement["predicate"]["parents"]:
        return ()
    return upstream(to_lineage(evidence.statement).artifacts, home=home, storage=evidence.storage, chains=chains)


class _Line:
    """One walk up the line; what was found for a manifest is found once."""

    def __init__(self, shelf: Shelf, home: Home, chains: tuple[str, ...]) -> None:
        self._shelf = shelf
        self._home = home
        self._chains = chains
        self._labels = {key: signer.label for key, signer in signers(home).items()}
        self._known: dict[str, Ancestor] = {}
        self._digests: dict[str, dict[str, str]] = {}
        self._depth = 0

    def above(self, artifacts: Iterable[Artifact]) -> tuple[Ancestor, ...]:
        taken: dict[str, list[Artifact]] = defaultdict(list)
        for artifact in artifacts:
            if artifact.parent is not None and artifact.stored is not None:
                taken[artifact.parent.manifest].append(artifact)
        return tuple(self._parent(manifest, taken[manifest]) for manifest in sorted(taken))

    def _parent(self, manifest: str, artifacts: list[Artifact]) -> Ancestor:
        said = artifacts[0].parent
        assert said is not None
        stated = Ancestor(manifest, said.content, said.author, (), label=self._labels.get(said.author))
        known = self._known.get(manifest) or self._looked_up(stated)
        taken = {Taken(p.subject, a.stored.sha256, p.any_signer) for a in artifacts if (p := a.parent) and a.stored}
        files = tuple(sorted(taken, key=lambda each: (each.subject, each.sha256, each.any_signer)))
        faults = tuple(self._contradictions(known, stated, files))
        return replace(known, content=stated.content, author=stated.author, label=stated.label, taken=files,
                       faults=faults)  # fmt: skip

    def _looked_up(self, stated: Ancestor) -> Ancestor:
        if len(self._known) >= MOST or self._depth >= DEEPEST:
            return replace(stated, ends=_TOO_LONG)
        self._depth += 1
        self._known[stated.manifest] = known = self._found(stated)
        self._depth -= 1
        return known

    def _found(self, stated: Ancestor) -> Ancestor:
        """Look the publication up, check its statement, ask the chains, and go on above it."""
        copies = self._shelf.copies(stated.manifest)
        if not copies:
            return replace(stated, ends=NOT_HERE)
        evidence, fault = _best_of(copies)
        if fault is not None or evidence.statement is None:
            return replace(stated, ends=f"the copy in your store does not verify ({fault})")
        statement = evidence.statement
        self._digests[stated.manifest] = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
        anchor, _, public = check_anchor(evidence, self._home, chains=self._chains)
        assert evidence.author is not None
        return replace(
            stated,
            content=evidence.content.hex(),
            author=to_did(evidence.author),
            claims=statement["predicate"]["agents"][0].get("name"),
            notebook=statement["predicate"]["notebook"]["subject"],
            reference=evidence.root.hex(),
            level="none" if anchor.outcome == FAIL else "anchored" if public else "signed",
            revoked=anchor.detail if anchor.outcome == FAIL else None,
            superseded=self._superseded(stated.manifest, evidence.author),
            parents=self.above(to_lineage(statement).artifacts),
        )

    def _superseded(self, manifest: str, author: bytes) -> str | None:
        """Return the reference of a publication at hand by the same author that follows this one, if it verifies."""
        for place in self._shelf.followers(manifest):
            evidence, fault = _stated_at(*place)
            if fault is None and evidence.author == author:
                return evidence.root.hex()
        return None

    def _contradictions(self, known: Ancestor, stated: Ancestor, taken: Iterable[Taken]) -> Iterator[str]:
        """Yield what the work below states of this publication and is not so."""
        if known.level is None:
            return
        if known.author != stated.author:
            yield "another key signed it than is stated"
        if known.content != stated.content:
            yield "its content reference is another than is stated"
        digests = self._digests.get(stated.manifest, {})
        for file in taken:
            if file.subject not in digests:
                yield f"it holds no {file.subject}"
            elif digests[file.subject] != file.sha256:
                yield f"its {file.subject} is another file than was used"


def _best_of(copies: Iterable[tuple[Any, bytes]]) -> tuple[Evidence, str | None]:
    """Check copies until one holds: a bad one, which anybody could have sent, does not stand before a good one."""
    checked = None
    for place in copies:
        found = _stated_at(*place)
        if found[1] is None:
            return found
        checked = checked or found
    assert checked is not None
    return checked


def _stated_at(storage: Any, root: bytes) -> tuple[Evidence, str | None]:
    """Check the statement of a publication, not its files; returns what was established, and what failed."""
    evidence = Evidence(storage, root)
    try:
        failed = next((c for c in run_checks(evidence, only=STATEMENT_CHECKS) if c.outcome == FAIL), None)
    except SwarmprovError as error:
        return evidence, error.what.rstrip(".")
    return evidence, None if failed is None else f"{failed.name}: {failed.detail}"
