"""The public name: ``import swarmprov`` and ``%load_ext swarmprov`` forward, lazily, to ``swarmprov_nb``."""

from __future__ import annotations

from typing import Any

import swarmprov_nb

__all__ = swarmprov_nb.__all__
__version__ = swarmprov_nb.__version__


def load_ipython_extension(shell: Any) -> None:
    """Start recording: what ``%load_ext swarmprov`` calls."""
    from swarmprov_nb.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Stop recording and remove every hook: what ``%unload_ext swarmprov`` calls."""
    from swarmprov_nb.magics import unload_ipython_extension as unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in __all__:  # asked there directly: once the room `lineage` is imported, it hides the verb of that name
        return swarmprov_nb.__getattr__(name)
    return getattr(swarmprov_nb, name)


def __dir__() -> list[str]:
    return sorted([*__all__, "load_ipython_extension", "unload_ipython_extension"])
