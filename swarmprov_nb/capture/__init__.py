"""What a notebook's cell runs do, found out while they run: reads, writes, changes in place, files, hidden state.

Static reads come first; running is watched only where text cannot tell (`tracking`). The engine turns one
outermost cell run into one `Observation`; what becomes of it is for others to decide.
"""

from __future__ import annotations

from swarmprov_nb.capture.engine import Engine
from swarmprov_nb.capture.environment import environment
from swarmprov_nb.capture.observation import FileAccess, Flow, Observation

__all__ = ["Engine", "FileAccess", "Flow", "Observation", "environment"]
