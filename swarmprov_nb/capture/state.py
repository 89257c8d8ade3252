"""Hidden state as pseudo-variables: global random generators, working directory, environment. Digests only."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

from swarmprov_nb.capture.observation import Flow

_READS: Final = {
    "<cwd>": frozenset({"getcwd", "cwd", "curdir"}),
    "<environ>": frozenset({"environ", "getenv", "expandvars", "expanduser"}),
}


def _numpy() -> Any:
    module = sys.modules.get("numpy.random.mtrand")
    generator = getattr(module, "_rand", None)
    if generator is None:
        return None
    state = generator.get_state(legacy=False)
    return hash((state["state"]["key"].tobytes(), state["state"]["pos"], state["has_gauss"]))


def _torch() -> Any:
    module = sys.modules.get("torch")
    get_state = getattr(module, "get_rng_state", None)
    return hash(get_state().numpy().tobytes()) if get_state is not None else None


def _directory() -> Any:
    try:
        return hash(os.getcwd())  # noqa: PTH109 - one system call a cell
    except OSError:
        return None


_DIGESTS: Final[dict[str, Callable[[], Any]]] = {
    "<np.random>": _numpy,
    "<random>": lambda: hash(random.getstate()),
    "<torch>": _torch,
    "<cwd>": _directory,
    "<environ>": lambda: hash(frozenset(os.environ.items())),
}


class HiddenState:
    """Who last moved each pseudo-variable.

    >>> HiddenState().settle(1, attributes=(), seeded=())
    []
    """

    def __init__(self) -> None:
        self._digests = self._look()
        self._writers: dict[str, int] = {}

    @staticmethod
    def _look() -> dict[str, Any]:
        return {name: digest() for name, digest in _DIGESTS.items()}

    def between(self) -> None:
        """Forget the writers of what moved outside any cell."""
        now = self._look()
        for name, digest in now.items():
            if self._digests.get(name) not in {None, digest}:
                self._writers.pop(name, None)
        self._digests = now

    def settle(self, sequence: int, *, attributes: Iterable[str], seeded: Iterable[str]) -> list[Flow]:
        """Return the flows into run `sequence`; `seeded` generators got a new state that owes nothing to the old."""
        names, fresh, now, flows = set(attributes), set(seeded), self._look(), []
        for name, digest in now.items():
            before, writer = self._digests[name], self._writers.get(name)
            moved = before is not None and before != digest
            reads = bool(names & _READS[name]) if name in _READS else moved and name not in fresh
            if reads and writer is not None:
                flows.append(Flow(writer, name, "state", "exact"))
            if moved or (name in fresh and digest is not None):
                self._writers[name] = sequence
        self._digests = now
        return flows
