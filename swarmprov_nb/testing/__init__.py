"""For tests, of ours and of others: a lineage in a few readable lines, a storage in memory, and a Bee node."""

from __future__ import annotations

from swarmprov_nb.swarm.memory import MemoryStorage
from swarmprov_nb.testing.fake_bee import FakeBee
from swarmprov_nb.testing.lineage_builder import LineageBuilder, example_lineage, stored

__all__ = ["FakeBee", "LineageBuilder", "MemoryStorage", "example_lineage", "stored"]
