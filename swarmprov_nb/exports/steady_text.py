"""Text that every supported Python draws alike: a page must have the same bytes wherever it is rendered again.

The picture is laid out by Unicode properties, which each Python takes from its own Unicode version. Characters that
Python 3.11 (Unicode 14.0) does not know yet and Python 3.13 (Unicode 15.1) does are drawn as U+FFFD.
"""

from __future__ import annotations

import re
from typing import Any, Final

_NEW: Final = """
    0cf3 0ece 2ffc-2fff 31ef 10efd-10eff 1123f-11241 11b00-11b09 11f00-11f10 11f12-11f3a 11f3e-11f59 1342f 13439-13455
    1b132 1b155 1d2c0-1d2d3 1df25-1df2a 1e030-1e06d 1e08f 1e4d0-1e4f9 1f6dc 1f774-1f776 1f77b-1f77f 1f7d9 1fa75-1fa77
    1fa87-1fa88 1faad-1faaf 1fabb-1fabd 1fabf 1face-1facf 1fada-1fadb 1fae8 1faf7-1faf8 2b739 2ebf0-2ee5d 31350-323af"""


def _class(ranges: str) -> str:
    ends = (part.split("-") for part in ranges.split())
    return "".join(f"{chr(int(first, 16))}-{chr(int(last[-1] if last else first, 16))}" for first, *last in ends)


_NEWER: Final = re.compile(f"[{_class(_NEW)}]")


def steady(value: Any) -> Any:
    r"""Return a JSON value with every newer character in its texts replaced; keys stay.

    >>> steady({"step": ["a \U0001fae8"]})
    {'step': ['a \ufffd']}
    """
    if isinstance(value, str):
        return _NEWER.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {key: steady(item) for key, item in value.items()}
    return [steady(item) for item in value] if isinstance(value, list) else value
