"""Licences: the identifiers of https://spdx.org/licenses, for completion while somebody types."""

from __future__ import annotations

from functools import cache
from typing import Final

MOST: Final = 20
_USUAL: Final = {
    "CC0-1.0": "Creative Commons Zero: no rights reserved",
    "CC-BY-4.0": "Creative Commons Attribution",
    "CC-BY-SA-4.0": "Creative Commons Attribution, Share Alike",
    "CC-BY-NC-4.0": "Creative Commons Attribution, Non-Commercial",
    "ODbL-1.0": "Open Database License",
    "ODC-By-1.0": "Open Data Commons Attribution",
    "PDDL-1.0": "Open Data Commons Public Domain Dedication",
    "MIT": "MIT License",
    "BSD-3-Clause": "BSD 3-Clause License",
    "Apache-2.0": "Apache License 2.0",
    "GPL-3.0-or-later": "GNU General Public License 3 or later",
}


def licences_like(typed: str) -> list[dict[str, str]]:
    """Return at most 20 licences whose id or name holds what was typed, as ``{"id", "name"}``, the usual ones first.

    >>> licences_like("cc-by-4")
    [{'id': 'CC-BY-4.0', 'name': 'Creative Commons Attribution'}]
    """
    words = typed[:MOST].lower().split()
    found = [(id_, name) for id_, name in _all().items() if all(word in f"{id_} {name}".lower() for word in words)]
    start = words[0] if words else ""
    found.sort(key=lambda each: (each[0] not in _USUAL, not each[0].lower().startswith(start)))
    return [{"id": id_, "name": name} for id_, name in found[:MOST]]


@cache
def _all() -> dict[str, str]:
    """Return the name of each licence by its id; of an unusual one, what kind it is."""
    from license_expression import get_license_index

    listed = {
        entry["spdx_license_key"]: entry["category"]
        for entry in get_license_index()
        if entry.get("spdx_license_key") and not entry["is_exception"] and not entry["is_deprecated"]
    }
    rest = {key: listed[key] for key in sorted(listed, key=str.lower) if not key.startswith("LicenseRef-")}
    return {**_USUAL, **{key: name for key, name in rest.items() if key not in _USUAL}}
