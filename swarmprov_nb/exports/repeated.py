"""What a manifest repeats: one long name that is used over and over would make gigabytes of a short manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from swarmprov_nb.errors import VerificationFailed

MOST: Final = 1 << 23
_SHOWN: Final = ("title", "name", "subject")
_EACH: Final = 64  # what surrounds a name, wherever it is written


def require_bounded(statement: Mapping[str, Any]) -> None:
    """Raise VerificationFailed where exports would name the same things without end.

    >>> require_bounded({"predicate": {"activities": [], "entities": []}})
    """
    if sum(_repeated(statement["predicate"])) > MOST:
        what = "Its flows would repeat the names of cell runs and artifacts without end: nothing is rendered."
        raise VerificationFailed(what, "Do not rely on it: no honest notebook has so many flows of so long names.")


def _repeated(predicate: Mapping[str, Any]) -> Iterator[int]:
    """Yield the length of what stands wherever something is named by its id."""
    activities, entities = predicate["activities"], predicate["entities"]
    runs = {run["id"]: _EACH + len(run["step"]) for run in activities}
    artifacts = {each["id"]: _EACH + sum(len(each.get(key, "")) for key in _SHOWN) for each in entities}
    for run in activities:
        yield from (artifacts.get(use["entity"], 0) for use in run["used"])
        yield from (runs.get(flow["activity"], 0) for flow in run["informedBy"])
    for entity in entities:
        yield runs.get(entity.get("generatedBy", ""), 0)
        yield from (artifacts.get(other, 0) for other in entity.get("alternateOf", ()))
