"""Who last wrote each variable: bindings by identity, changes in place by change tokens, aliases by shared objects.

Only touched names and names that share a mutable object with them are looked at (co-variables): nothing else can have
changed.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import filterfalse
from typing import Any, Final

from swarmprov_nb.capture.budget import Budget
from swarmprov_nb.capture.columns import Columns
from swarmprov_nb.capture.kinds import is_a
from swarmprov_nb.capture.opaque import acted_on
from swarmprov_nb.capture.versions import Version, compare, fixed, look

_IPYTHON: Final = re.compile(r"_{1,3}$|_\d+$|_i{1,3}$|_i\d+$|_i?[ho]$|_[io]h$|_dh$|_exit_code$|__\w+__$")


@dataclass(frozen=True)
class Touch:
    """What a run may have done to names: `used` were loaded, `acted` loaded and not just shown, `assigned` bound.

    `changed` were stored into (``x[0] = 1``), `edited` had a method called that is known to change things, `imported`
    are bound by imports; `writing` allows changes to databases.
    """

    used: frozenset[str]
    acted: frozenset[str]
    assigned: frozenset[str]
    imported: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    writing: bool = True


@dataclass
class Outcome:
    """What a run did to names."""

    bound: list[str] = field(default_factory=list)
    mutated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


class Variables:
    """The ledger of one session's variables."""

    def __init__(self, namespace: dict[str, Any], hidden: Iterable[str] = ()) -> None:
        self._namespace = namespace
        self._hidden = frozenset(hidden)
        self._not_theirs: set[str] = set()  # names that are not the user's: IPython keeps one more a cell
        self._writers: dict[str, int] = {}
        self._itself: dict[str, int] = {}  # who last changed more of it than a part that other names share
        self._versions: dict[str, Version] = {}
        self._unsure: set[str] = set()
        self._imported: set[str] = set()
        self._columns = Columns()
        self._places = self.places()

    # -- questions -----------------------------------------------------------------------------------------------

    def visible(self, name: str) -> bool:
        """Whether the name is the user's."""
        return name not in self._hidden and not _IPYTHON.match(name)

    def places(self) -> dict[str, int]:
        """Return which object each of the user's names is bound to."""
        namespace, known = self._namespace.copy(), self._not_theirs
        names = list(filterfalse(known.__contains__, namespace))  # no Python for each of thousands of cells' names
        known.update(name for name in names if not self.visible(name))
        return {name: id(namespace[name]) for name in names if name not in known}

    def writer(self, name: str) -> int | None:
        """Return the run that last bound or changed the name."""
        return self._writers.get(name)

    def writers(self) -> dict[str, int]:
        """Return all last writers."""
        return dict(self._writers)

    def writers_of_wholes(self) -> dict[str, int]:
        """Return who wrote what has changed since only in a part that was reached through other names."""
        return dict(self._itself)

    def column_writers(self, asked: Mapping[str, set[str]]) -> dict[str, set[int]]:
        """Return who last wrote the columns asked for, by name of the frame; names that are no frames are left out."""
        found = {name: self._columns.writers(name, labels) for name, labels in asked.items()}
        return {name: writers for name, writers in found.items() if writers}

    def kind(self, name: str) -> str:
        """Return ``import`` for imported names and modules, else ``var``."""
        return "import" if name in self._imported else "var"

    def sure(self, name: str) -> bool:
        """Whether the last look saw all of the value."""
        return name not in self._unsure

    def is_current(self, name: str, sequence: int) -> bool:
        """Whether the name still holds what run `sequence` left."""
        if self._writers.get(name) != sequence or name not in self._namespace:
            return False
        value = self._namespace[name]
        if self._places.get(name) != id(value):
            return False
        known = self._versions.get(name)
        if known is None:
            return fixed(value)
        return not compare(value, known, look(value, Budget(3600))).changed

    # -- events --------------------------------------------------------------------------------------------------

    def between(self, names: Iterable[str], *, look_inside: bool) -> list[str]:
        """Forget the writers of what changed outside any cell; `names` are looked into when something may have run."""
        now = self.places()
        moved = [name for name, place in now.items() if self._places.get(name, place) != place]
        gone = [name for name in self._places if name not in now]
        changed = set(moved) | set(gone)
        if look_inside:
            budget = Budget(0.0)
            changed |= {name for name in names if name not in changed and self._changed_inside(name, budget)}
        for name in changed:
            self._forget(name)
        self._places = now
        return sorted(changed)

    def settle(self, sequence: int, touch: Touch, budget: Budget) -> Outcome:
        """Take over what run `sequence` did, and say it."""
        before, after = self._places, self.places()
        bound = {name for name, place in after.items() if name in touch.assigned or before.get(name) != place}
        outcome = Outcome(bound=sorted(bound), deleted=sorted(before.keys() - after.keys()))
        touched = (touch.used | bound) & after.keys()
        shared = self._shared({*touched, *outcome.deleted})
        fresh = {name: self._fresh(name, budget) for name in sorted(bound)}
        shared |= {each for version in fresh.values() if version is not None for each in version.owned}
        candidates = {name for name in after.keys() - bound if name in touched or self._links(name, shared)}
        frames = {name: self._versions[name].columns for name in candidates if name in self._versions}
        outcome.mutated = [name for name in sorted(candidates) if self._changed_inside(name, budget)]
        self._take(sequence, touch, bound, fresh)
        for name in {*bound, *outcome.mutated} & self._versions.keys():
            if self._versions[name].columns:
                self._columns.settle(sequence, name, frames.get(name, {}), self._versions[name].columns)
        outcome.mutated = sorted({*outcome.mutated, *self._stored_into(touch, bound)})
        self._note_wholes(outcome.mutated, touch)
        outcome.mutated = sorted({*outcome.mutated, *self._acted(touch, bound)})
        self._writers |= dict.fromkeys([*outcome.bound, *outcome.mutated], sequence)
        for name in outcome.deleted:
            self._forget(name)
        self._places = after
        return outcome

    # -- inside --------------------------------------------------------------------------------------------------

    def _note_wholes(self, mutated: Iterable[str], touch: Touch) -> None:
        """A change to a part, reached through another name, leaves what the last writer did to the rest."""
        wholes = {self._places.get(name) for name in touch.used}
        for name in mutated:
            if name in touch.used or self._places.get(name) in wholes or name not in self._writers:
                self._itself.pop(name, None)
            else:
                self._itself.setdefault(name, self._writers[name])

    def _forget(self, name: str) -> None:
        self._writers.pop(name, None)
        self._itself.pop(name, None)
        self._columns.forget(name)
        self._versions.pop(name, None)
        self._unsure.discard(name)
        self._imported.discard(name)

    def _shared(self, names: Iterable[str]) -> set[int]:
        return {each for name in names if name in self._versions for each in self._versions[name].owned}

    def _links(self, name: str, shared: set[int]) -> bool:
        version = self._versions.get(name)
        return version is not None and not version.owned.isdisjoint(shared)

    def _fresh(self, name: str, budget: Budget) -> Version | None:
        value = self._namespace[name]
        return None if fixed(value) or budget.spent else look(value, budget)

    def _take(self, sequence: int, touch: Touch, bound: set[str], fresh: Mapping[str, Version | None]) -> None:
        for name in bound:
            self._forget(name)
            self._writers[name] = sequence
            version = fresh[name]
            if version is not None:
                self._versions[name] = version
            elif not fixed(self._namespace[name]):
                self._unsure.add(name)
            if name in touch.imported or is_a(self._namespace[name], types.ModuleType):
                self._imported.add(name)

    def _changed_inside(self, name: str, budget: Budget) -> bool:
        value, old = self._namespace.get(name), self._versions.get(name)
        if fixed(value):
            return False
        if budget.spent:
            self._unsure.add(name)
            return False
        new = look(value, budget)
        if old is None:  # never looked at: this is the first sight of it
            self._versions[name] = new
            return False
        comparison = compare(value, old, new)
        (self._unsure.discard if comparison.sure else self._unsure.add)(name)
        keep_full = new.full is None and not comparison.changed
        self._versions[name] = Version(new.quick, old.full if keep_full else new.full)
        return comparison.changed

    def _stored_into(self, touch: Touch, bound: set[str]) -> set[str]:
        """Return the names that the text stores into, and the other names of those objects: no look is needed."""
        changed = touch.changed | {name for name in touch.edited if self._edit_counts(name)}
        names = {name for name in changed - bound if name in self._namespace}
        places = {id(self._namespace[name]) for name in names if name in self._versions}
        return names | {name for name in self._versions.keys() - bound if self._links(name, places)}

    def _edit_counts(self, name: str) -> bool:
        """Whether an edit is a change even where none is seen: nobody looked there, or a model was fitted again."""
        return name in self._unsure or hasattr(type(self._namespace.get(name)), "get_params")

    def _acted(self, touch: Touch, bound: set[str]) -> list[str]:
        """Return what drawing, writing or executing through opaque objects changed: they show nothing inside."""
        acted: set[int] = set()
        for name in touch.acted:
            version = self._versions.get(name)
            if version is not None and version.quick.opaque:
                acted |= acted_on(self._namespace[name], version.quick.opaque, writing=touch.writing)
        if not acted:
            return []
        return [
            name
            for name, version in self._versions.items()
            if name not in bound and not version.quick.opaque.isdisjoint(acted)
        ]
