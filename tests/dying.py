"""A process that kills itself before one of its writes to a store: for tests that try each of them in turn."""

from __future__ import annotations

import os
import pathlib
import signal
from collections.abc import Callable
from typing import Any

from swarmprov_nb.swarm import pack_file, packs


def die_before(step: int, *methods: str) -> None:
    """Kill this process before the step-th write to a pack, sync to the disk, or call of one of these methods of Path.

    A process in which a test calls it has this folder on its path: ``sys.path.insert(0, "tests")`` in the root.
    """
    left = step

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*args: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **options)

        return counting

    for method in methods:
        setattr(pathlib.Path, method, counted(getattr(pathlib.Path, method)))
    pack_file.PackWriter._write = counted(pack_file.PackWriter._write)
    pack_file.make_durable = counted(pack_file.make_durable)
    packs.make_folder_durable = counted(packs.make_folder_durable)
