"""Cells that only ask swarmprov something: they are no work, so views and remarks leave them out."""

from __future__ import annotations

import re
from typing import Final

_OURS: Final = re.compile(r"%(provenance|publish|verify|(re|un)?load_ext +swarmprov(_nb)?)(?!\w)")


def only_asks(source: str) -> bool:
    r"""Say whether a cell holds nothing but our own line magics and comments.

    >>> only_asks("# where from?\n%provenance clean"), only_asks("%publish\nx = 1"), only_asks("%%provenance clean")
    (True, False, False)
    """
    lines = [line.strip() for line in source.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    return bool(said) and all(_OURS.match(line) for line in said)
