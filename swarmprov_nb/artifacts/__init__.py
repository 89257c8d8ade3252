"""Objects to bytes, and names for what they hold: one module a family.

A *family* knows one kind of object: how to recognise it, describe it, name its content and write it down. Tables,
arrays, models and figures ship here; another library adds its own with `register_family`, or without a line of ours
through the entry point group ``swarmprov.families``.

A *content id* names what an object holds, over logical types and not one library's dtypes; the sha256 of the stored
bytes is another thing, and differs where a library's new version writes other bytes for the same content.
"""

from __future__ import annotations

from swarmprov_nb.artifacts.family import Description, Encoded, Family
from swarmprov_nb.artifacts.registry import family_of
from swarmprov_nb.artifacts.registry import register as register_family
from swarmprov_nb.artifacts.stored import Snapshot, snapshot, snapshot_file

__all__ = [
    "Description",
    "Encoded",
    "Family",
    "Snapshot",
    "family_of",
    "register_family",
    "snapshot",
    "snapshot_file",
]
