"""How long looking at values may take after one cell: max(50 ms, a tenth of the cell's own time)."""

from __future__ import annotations

import time
from typing import Final

from swarmprov_nb.capture.walk import Token

_LEAST: Final = 0.05
_SHARE: Final = 0.1
_BYTES_PER_SECOND: Final = 4e9
_NODES_COST: Final = 0.08  # seconds for a walk that a quick one had to cut short


class Budget:
    """Time left for one cell run of `duration` seconds.

    >>> Budget(0.0).spent
    False
    """

    def __init__(self, duration: float) -> None:
        self._end = time.perf_counter() + max(_LEAST, _SHARE * duration)

    @property
    def spent(self) -> bool:
        """Whether nothing is left."""
        return time.perf_counter() > self._end

    def allows(self, quick: Token) -> bool:
        """Whether a full walk fits, judged by what the quick one left out."""
        cost = quick.skipped / _BYTES_PER_SECOND if quick.skipped else _NODES_COST
        return time.perf_counter() + cost < self._end
