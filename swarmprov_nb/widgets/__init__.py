"""Widgets for notebooks: publish with one button, verify by reference or saved file, both told by the kernel.

>>> sorted(__all__)
['PublishWidget', 'VerifyWidget']

They are imported on first use: anywidget is needed by nobody who has no notebook.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_WHERE = {"PublishWidget": "swarmprov_nb.widgets.publish", "VerifyWidget": "swarmprov_nb.widgets.verify"}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, kept in one place


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(name)
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
