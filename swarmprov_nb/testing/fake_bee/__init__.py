"""A Bee node for tests: it behaves as Bee 2.8.1 (or 2.8.0) and computes every answer.

`FakeBee` is the node; `Faults` are its switches. As a process of its own:
``python -m swarmprov_nb.testing.fake_bee --port 1633 --folder STATE``.
"""

from __future__ import annotations

from swarmprov_nb.testing.fake_bee.fake import FakeBee
from swarmprov_nb.testing.fake_bee.faults import Faults

__all__ = ["FakeBee", "Faults"]
