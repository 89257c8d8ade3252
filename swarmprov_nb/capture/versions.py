"""One variable's state as far as its changes are concerned: a quick change token, a full one where time allowed."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from swarmprov_nb.capture.budget import Budget
from swarmprov_nb.capture.walk import Token, token_of

_FIXED: Final = (int, float, complex, str, bytes, bool, type(None), types.ModuleType)


@dataclass(frozen=True)
class Version:
    """What was last seen of a value; `full` is the digest of a walk that left nothing out."""

    quick: Token
    full: int | None

    @property
    def owned(self) -> frozenset[int]:
        """The mutable objects inside, by id."""
        return self.quick.owned

    @property
    def columns(self) -> Mapping[object, int]:
        """The digest of each column of a data frame."""
        return self.quick.columns


@dataclass(frozen=True)
class Comparison:
    """Whether a value changed, and whether all of it was looked at."""

    changed: bool
    sure: bool


def fixed(value: Any) -> bool:
    """Whether nothing in the value can change in place.

    >>> fixed(3), fixed([3])
    (True, False)
    """
    return type(value) in _FIXED


def look(value: Any, budget: Budget) -> Version:
    """Return the version of a value as it is now."""
    quick = token_of(value)
    if quick.complete:
        return Version(quick, quick.digest)
    if not budget.allows(quick):
        return Version(quick, None)
    whole = token_of(value, quick=False)
    return Version(replace(quick, owned=whole.owned), whole.digest if whole.complete else None)


def compare(value: Any, old: Version, new: Version) -> Comparison:
    """Compare two versions of one value; private attributes that a library object gained are no change."""
    if old.full is not None and new.full is not None:
        if old.full == new.full:
            return Comparison(changed=False, sure=True)
        changed, sure = True, True
    else:
        changed, sure = old.quick.digest != new.quick.digest, False
    if changed and old.quick.private and _only_private(value, old):
        changed = False
    return Comparison(changed=changed, sure=sure)


def _only_private(value: Any, old: Version) -> bool:
    again = token_of(value, known=old.quick.private)
    if not again.complete and old.full is not None:
        again = token_of(value, quick=False, known=old.quick.private)
        return again.digest == old.full
    return again.digest == old.quick.digest
