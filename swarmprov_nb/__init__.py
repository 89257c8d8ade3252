"""Make a notebook's data and models provable.

Four verbs: *record* what cells do (``%load_ext swarmprov``), *show* the lineage (``%provenance``), *publish* data,
models and one signed manifest (``%publish``), *verify* all of it from one reference (``%verify``).

>>> import swarmprov
>>> swarmprov.__version__ == __version__
True

Everything below is imported on first use, so that ``import swarmprov`` and ``%load_ext swarmprov`` stay fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "PublishWidget": "swarmprov_nb.widgets",
    "VerifyWidget": "swarmprov_nb.widgets",
    "dataset": "swarmprov_nb.declaring",
    "declare": "swarmprov_nb.declaring",
    "forget": "swarmprov_nb.recording",
    "get": "swarmprov_nb.carrying",
    "lineage": "swarmprov_nb.showing",
    "load": "swarmprov_nb.carrying",
    "model": "swarmprov_nb.declaring",
    "open": "swarmprov_nb.opening",
    "publish": "swarmprov_nb.publishing",
    "push": "swarmprov_nb.pushing",
    "register_family": "swarmprov_nb.artifacts",
    "run": "swarmprov_nb.running",
    "save": "swarmprov_nb.carrying",
    "verify": "swarmprov_nb.verifying",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, kept in one place


def load_ipython_extension(shell: Any) -> None:
    """Start recording: ``%load_ext swarmprov_nb`` is the same as ``%load_ext swarmprov``."""
    from swarmprov_nb.magics import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Stop recording and remove every hook."""
    from swarmprov_nb.magics import unload_ipython_extension as unload

    unload(shell)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
