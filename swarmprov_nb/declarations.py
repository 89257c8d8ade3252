"""Declarations: what a person says about artifacts, as values; the words are checked when they are said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from swarmprov_nb.errors import UsageError
from swarmprov_nb.lineage import Declaration

PERSONAL_DATA: Final = ("none", "pseudonymous", "personal", "special")


@dataclass(frozen=True)
class Declared:
    """One declaration: of the variable or file `name`, or of whatever name `value` has when the cell run ends."""

    declaration: Declaration
    kind: str | None = None
    name: str | None = None
    value: Any = None


@dataclass(frozen=True)
class StepRequest:
    """What ``%%provenance`` says about one cell run."""

    name: str | None = None
    note: str | None = None
    license: str | None = None
    inputs: tuple[str, ...] = ()
    declared: tuple[Declared, ...] = field(default=())


def checked(declaration: Declaration) -> Declaration:
    """Return the declaration with its licence in SPDX's spelling; UsageError where a word cannot be meant."""
    if declaration.personal_data is not None and declaration.personal_data not in PERSONAL_DATA:
        raise UsageError(
            f"personal_data is {declaration.personal_data!r}.", f"Give one of: {', '.join(PERSONAL_DATA)}."
        )
    if declaration.license is None:
        return declaration
    return declaration.merged(Declaration(license=spdx(declaration.license)))


def spdx(expression: str) -> str:
    """Return a licence as a valid SPDX expression in its standard spelling; UsageError if it is none.

    >>> spdx("cc0-1.0")
    'CC0-1.0'
    """
    from license_expression import get_spdx_licensing

    licensing = get_spdx_licensing()
    try:
        info = licensing.validate(expression)
    except Exception:  # noqa: BLE001 - its parser raises many kinds
        info = None
    if info is None or info.errors:
        raise UsageError(
            f"{expression!r} is no SPDX licence expression.",
            "Give one from https://spdx.org/licenses, such as CC0-1.0, CC-BY-4.0 or MIT.",
        )
    return str(info.normalized_expression)
