"""What looks like a secret: all rules, those first that are sure by form alone.

A rule is tried only where one of its `needles` stands in the text, so that a megabyte of numbers costs next to nothing.
"""

from __future__ import annotations

from typing import Final

from swarmprov_nb.manifest.finding_issued import ISSUED
from swarmprov_nb.manifest.finding_keys import KEYS, PEM
from swarmprov_nb.manifest.finding_rule import Rule
from swarmprov_nb.manifest.finding_written import EMAIL, IN_ADDRESS, WRITTEN

RULES: Final[tuple[Rule, ...]] = (PEM, *ISSUED, IN_ADDRESS, *KEYS, *WRITTEN, EMAIL)
