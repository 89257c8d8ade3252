"""py-evm, imported so that it leaves the interpreter's recursion limit as it was.

It lifts the limit to 100,000, for contracts that call each other deeply; ours calls none. With such a limit deeply
nested JSON, from anyone, would end the whole process where else it is refused. Import this before `eth`.
"""

from __future__ import annotations

import sys
from importlib import import_module

_limit = sys.getrecursionlimit()
import_module("eth")
sys.setrecursionlimit(_limit)
