"""The report of a verification: what its checks add up to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from swarmprov_nb.errors import UsageError, VerificationFailed
from swarmprov_nb.outcome import FAIL, Check, one_line

if TYPE_CHECKING:
    from swarmprov_nb.upstream import Ancestor
    from swarmprov_nb.view import Picture

LEVELS: Final = ("none", "signed", "anchored")


def _told(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items()}
    return [_told(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Report:
    """What a verification found. `ok` is true where the required level was reached by an accepted signer.

    `level` is what was proved: none, signed or anchored. `exit_code`: 0 ok, 1 something failed, 3 valid but the signer
    is unknown or something required could not be checked. `upstream` are the publications that it builds on.
    """

    reference: str
    checks: tuple[Check, ...]
    level: str
    exit_code: int
    author: str | None = None
    label: str | None = None
    claims: str | None = None
    manifest_sha256: str | None = None
    content: str | None = None
    wallets: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    statement: Mapping[str, Any] | None = field(default=None, repr=False)
    upstream: tuple[Ancestor, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether everything that was required holds."""
        return self.exit_code == 0

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.outcome == FAIL)

    def require(self, level: str) -> Report:
        """Return this report if it is ok and proves `level` (signed, anchored); else raise VerificationFailed."""
        if level not in LEVELS:
            raise UsageError(f"There is no level {level!r}.", "Require signed or anchored.")
        if not self.ok or LEVELS.index(self.level) < LEVELS.index(level):
            raise VerificationFailed(f"{self.headline} Required was {level}.", self.advice)
        return self

    @property
    def headline(self) -> str:
        """The result in one line."""
        if self.failed:
            count = len(self.failed)
            return f"{count} of {len(self.checks)} checks failed: {', '.join(check.name for check in self.failed)}."
        if self.exit_code:
            return f"Valid, level {self.level}, but {'the signer is unknown' if self.label is None else 'not enough'}."
        return f"Valid: level {self.level}, signed by {self.label or self.author}."

    @property
    def advice(self) -> str:
        """What to do next."""
        if [check.name for check in self.failed] == ["notebook"]:
            return "The publication is valid; the file is not what was published. Publish it anew, or get the old one."
        if self.failed and self.failed[0].name == "chunks":
            return "This copy is damaged: read another by --store FOLDER, or from a saved file (swarmprov load FILE)."
        if self.failed:
            return "Do not rely on this publication; ask its publisher for the original reference."
        if self.exit_code and self.label is None:
            return f"If you know whose key this is: swarmprov trust {self.author} --as NAME"
        if self.exit_code:
            return "Ask the networks that you need by --chain, or require a lower level."
        return "It shows that this key vouches for these bytes, not who made them first."

    @property
    def closing(self) -> str:
        """What a valid publication does and does not show; empty where it is not valid."""
        said = "Signed: this key vouches. Captured: by the publisher's recorder. Seals may have been left out."
        return "" if self.failed else said

    def picture(self) -> Picture:
        """Return the publication's lineage, drawn from its verified manifest; VerificationFailed if it is not valid."""
        from swarmprov_nb.manifest.reading import to_lineage
        from swarmprov_nb.view import Picture

        if self.failed or self.statement is None:
            raise VerificationFailed("Nothing is drawn from a publication that is not valid.", self.advice)
        statement = dict(self.statement)
        return Picture(to_lineage(statement), title=statement["predicate"]["notebook"]["subject"])

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values; ``docs/formats.md`` describes them."""
        return {
            "format": "swarmprov-report/1",
            "reference": self.reference,
            "ok": self.ok,
            "level": self.level,
            "exitCode": self.exit_code,
            "author": self.author,
            "label": self.label,
            "claimsToBe": self.claims,
            "manifest": self.manifest_sha256,
            "content": self.content,
            "wallets": list(self.wallets),
            "networks": list(self.networks),
            "upstream": self._upstream_json(),
            "checks": [{key: text for key, text in vars(check).items() if text is not None} for check in self.checks],
        }

    def told(self) -> dict[str, Any]:
        """Return the report as JSON values for people to look at: each text a line that says only what it says."""
        said = {"headline": self.headline, "advice": self.advice, "closing": self.closing}
        return {**{key: _told(value) for key, value in self.to_json().items()}, **said}

    def _upstream_json(self) -> dict[str, Any]:
        from swarmprov_nb.upstream import line_to_json

        return line_to_json(self.upstream)

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        from swarmprov_nb.upstream_text import upstream_lines

        yield f"Verification of {self.reference}"
        yield from (f"  {check}" for check in self.checks)
        if self.upstream:
            yield "Builds on"
            yield from (f"  {line}" for line in upstream_lines(self.upstream, in_full=True))
        yield f"{self.headline}"
        yield f"  {self.advice}"
        if not self.failed:
            yield f"  {self.closing}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002
        return {"text/plain": str(self)}
