"""Disks that are full or take no writes: a small file system where one may be mounted, and limits elsewhere."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path

import pytest

NO_MOUNT = "mounting a tmpfs is not permitted here, so no disk can be made full or read-only"


class Disk:
    """A small file system in a folder, that can be filled and freed, and made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / ".filler"

    def fill(self, *, left: int = 0) -> None:
        """Leave so many bytes free, in whole pages."""
        self.free()
        with self._filler.open("wb", buffering=0) as file:
            while _takes(file, bytes(4096)):
                pass
            file.truncate(max(0, file.tell() - left))

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    @contextmanager
    def with_only(self, left: int) -> Iterator[None]:
        """Leave so many bytes free for a while."""
        self.fill(left=left)
        try:
            yield
        finally:
            self.free()

    def read_only(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.folder], check=True)

    def writable(self) -> None:
        subprocess.run(["mount", "-o", "remount,rw", self.folder], check=True)


@contextmanager
def mounted(folder: Path, *, megabytes: int = 4) -> Iterator[Disk]:
    """Mount a file system of so many megabytes on a folder; the test is skipped where that is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)]
    linux = sys.platform.startswith("linux")
    if not linux or subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
        pytest.skip(NO_MOUNT)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _takes(file: RawIOBase, data: bytes) -> bool:
    try:
        return bool(file.write(data))
    except OSError:
        return False


# -- where nothing may be mounted: files may not grow over a limit

LIMIT = """
import resource
NO_LIMIT = resource.RLIM_INFINITY
def files_up_to(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
"""  # for a kernel, of which a test cannot set it from outside


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Let no file of this process become larger: a write past it ends short or with an error, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
