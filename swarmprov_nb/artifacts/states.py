"""What of an object's pickled state is not what it holds: versions, addresses, counters, where its seed came from.

Each rule names the library and the reason, since each leaves something out of a content id.
"""

from __future__ import annotations

import sys
from typing import Any

# scikit-learn: the version that fitted it; the memory address of a parameter, kept to warn only once
VOLATILE = frozenset({"_sklearn_version", "_stop_words_id"})

# scikit-learn's neighbour trees count their searches: n_trims, n_leaves, n_splits, n_calls
_TREES = ("sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree")
_COUNTERS = slice(7, 11)


def lasting(value: Any, state: Any) -> Any:
    """Return the part of an object's pickled state that says what the object holds.

    >>> lasting(object(), {"coef_": 1.5, "_sklearn_version": "1.9"})
    {'coef_': 1.5}
    """
    if isinstance(state, dict):
        return {key: item for key, item in state.items() if key not in VOLATILE}
    if isinstance(state, tuple) and type(value).__module__ in _TREES:
        return state[: _COUNTERS.start] + state[_COUNTERS.stop :]
    return state


def random_state(value: Any) -> Any:
    """Return what a NumPy ``RandomState`` will draw from, or the name of the one all share; None for anything else.

    >>> import numpy
    >>> random_state(numpy.random.mtrand._rand)
    'numpy.random.mtrand._rand'
    """
    random = sys.modules.get("numpy.random.mtrand")
    if random is None or type(value) is not random.RandomState:
        return None
    return "numpy.random.mtrand._rand" if value is random._rand else value.get_state(legacy=False)  # noqa: SLF001
