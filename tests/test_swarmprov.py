"""The public name ``swarmprov``: every verb, whatever else has been imported."""

from __future__ import annotations

import inspect

import swarmprov
import swarmprov_nb.lineage as room


def test_every_public_name_is_something_to_call():
    """The verb `lineage` is not hidden by the room of that name, which publish, verify and the magics import."""
    assert inspect.ismodule(room)
    assert [name for name in swarmprov.__all__ if not callable(getattr(swarmprov, name))] == []
    assert swarmprov.lineage.__module__ == "swarmprov_nb.showing"
