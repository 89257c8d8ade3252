"""Which families there are, newest first: registered ones, those of entry points, then our own."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from swarmprov_nb.artifacts.arrays import Arrays
from swarmprov_nb.artifacts.family import Family
from swarmprov_nb.artifacts.figures import Figures
from swarmprov_nb.artifacts.models import Models
from swarmprov_nb.artifacts.tables import Tables

GROUP = "swarmprov.families"

_OURS: tuple[Family, ...] = (Tables(), Arrays(), Models(), Figures())
_registered: list[Family] = []


def register(family: Family) -> None:
    """Put a family before all others; one of the same name is replaced.

    >>> import swarmprov
    >>> from swarmprov_nb.artifacts.arrays import Arrays
    >>> swarmprov.register_family(Arrays())

    A family (`swarmprov_nb.artifacts.Family`) recognises one kind of object, describes it, names its content and
    writes it down.
    """
    _registered[:] = [family, *(other for other in _registered if other.name != family.name)]


def family_of(value: Any, *, declared: bool = False) -> Family | None:
    """Return the first family that recognises the object, or None.

    With `declared` a family may take more than it recognises unasked: an estimator that is not fitted, say.

    >>> family_of("text") is None
    True
    """
    for family in (*_registered, *_installed(), *_OURS):
        matches = getattr(family, "declarable", family.matches) if declared else family.matches
        if matches(value):
            return family
    return None


@cache
def _installed() -> tuple[Family, ...]:
    """Load the families that other installed packages offer, once; one that fails to load is said and left out."""
    found: list[Family] = []
    for point in entry_points(group=GROUP):
        try:
            found.append(point.load()())
        except Exception as error:  # noqa: BLE001 - another package's code must not stop a cell
            warnings.warn(f"The artifact family {point.name} could not be loaded: {error}", stacklevel=2)
    return tuple(found)
