"""IPython's results as variables: ``_``, ``__``, ``___`` and ``_7`` flow from the run that displayed them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from swarmprov_nb.capture.observation import Flow

_NUMBERED: Final = re.compile(r"_(\d+)$")


class Outputs:
    """Which run displayed which result."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._runs: dict[int, int] = {}

    def settle(self, sequence: int, execution_count: int | None) -> None:
        """Take note of the result of a run, if it had one."""
        if execution_count is not None and execution_count in self._namespace.get("_oh", {}):
            self._runs[execution_count] = sequence

    def flows(self, names: Iterable[str]) -> list[Flow]:
        """Return the flows through those of `names` that are results."""
        found = ((name, self._count(name)) for name in sorted(names))
        return [Flow(self._runs[count], name, "var", "exact") for name, count in found if count in self._runs]

    def _count(self, name: str) -> int:
        numbered = _NUMBERED.match(name)
        if numbered:
            return int(numbered[1])
        counts = sorted(self._namespace.get("_oh", {}))
        if name not in {"_", "__", "___"} or len(counts) < len(name):
            return -1
        count = counts[-len(name)]
        return count if self._namespace.get(name) is self._namespace["_oh"][count] else -1
