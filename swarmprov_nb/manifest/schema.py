"""The manifest's closed JSON Schema (2020-12), and the check against it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from swarmprov_nb.errors import VerificationFailed
from swarmprov_nb.manifest.json_schema import departures


@cache
def schema() -> dict[str, Any]:
    """Return the schema of version 1, as shipped."""
    text = files("swarmprov_nb.manifest").joinpath("provenance-v1.schema.json").read_text("utf-8")
    return dict(json.loads(text))


def check_schema(statement: Any) -> None:
    """Check a parsed manifest against the schema; VerificationFailed names the first place that departs from it.

    >>> check_schema({})  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    swarmprov_nb.errors.VerificationFailed: manifest.json departs from its schema at (top): '_type' is a required ...
    It was not written by this format's rules: do not rely on it.
    """
    found = next(departures(statement, schema()), None)
    if found is None:
        return
    place, how = found
    raise VerificationFailed(
        f"manifest.json departs from its schema at {'/'.join(map(str, place))[:200] or '(top)'}: {how[:200]}.",
        "It was not written by this format's rules: do not rely on it.",
    )
