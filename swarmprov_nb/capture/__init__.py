"""What a notebook's cell runs do, found out while they run: reads, writes, changes in place, files, hidden state.

Static reads come first; running is watched only where text cannot tell (:mod:`.tracking`). The engine turns one
outermost cell run into one :class:`Observation`; what becomes of it is for others to decide.
"""

from __future__ import annotations

from .engine import Engine as Engine
from .environment import environment as environment
from .observation import FileAccess as FileAccess
from .observation import Flow as Flow
from .observation import Observation as Observation
