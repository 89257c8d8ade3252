"""Routes of a comm: on which thread of a kernel the messages of a front end are handled."""

from __future__ import annotations

from typing import Any


def keep_subshell(comm: Any) -> None:
    """Have messages to this comm handled on the subshell that the front end names, also while a cell runs.

    ipykernel 7.4 sends them where the comm itself last spoke from, which is the main thread: a button would wait for
    the running cell. Our handlers run on any thread. Kernels without that rule ignore what is set here.
    """
    comm._reply_subshell_for = lambda _data, subshell: subshell  # noqa: SLF001 - no public way (ipykernel/comm/comm.py)
