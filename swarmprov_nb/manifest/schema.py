"""The manifest's closed JSON Schema (2020-12), and the check against it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from swarmprov_nb.errors import VerificationFailed


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
    error = next(_validator().iter_errors(statement), None)
    if error is None:
        return
    place = "/".join(str(part) for part in error.absolute_path) or "(top)"
    deepest = min(error.context, key=lambda e: len(e.context or ()), default=error) if error.context else error
    raise VerificationFailed(
        f"manifest.json departs from its schema at {place[:200]}: {deepest.message[:200]}.",
        "It was not written by this format's rules: do not rely on it.",
    )


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema())
