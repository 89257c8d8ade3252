"""A key held in memory for the length of one publish: in a page of its own, and wiped."""

from __future__ import annotations

import mmap
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NoReturn, TypeVar

from swarmprov_nb.chain.sealed import sealed
from swarmprov_nb.errors import WalletError

T = TypeVar("T")
_KEY: Final = 32  # bytes
_WIPE_ON_FORK: Final = 18  # madvise(2), Linux 4.14; Python has no name for it


class HeldKey:
    """Lets work be done with a key that no attribute, repr, pickle or traceback shows, until it is wiped.

    >>> held = HeldKey(bytes(31) + bytes([7]))
    >>> held.use(lambda key: key[-1])
    7
    >>> held
    HeldKey(open)
    >>> held.wipe()
    >>> held
    HeldKey(wiped)

    Where the system allows, a core dump leaves its page out, and a forked child finds zeros there. It cannot be pickled
    or copied (TypeError).
    """

    def __init__(self, key: bytes) -> None:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        advice = [getattr(mmap, "MADV_DONTDUMP", None), _WIPE_ON_FORK if sys.platform == "linux" else None]
        for each in advice:
            if each is not None:
                with suppress(OSError):  # an older kernel: the page works all the same
                    page.madvise(each)
        page[:_KEY] = key
        self._page = page
        self._process = os.getpid()

    @property
    def is_open(self) -> bool:
        """Whether it can be used: not wiped, and in the process that opened it."""
        return not self._page.closed and os.getpid() == self._process

    def use(self, act: Callable[[bytes], T]) -> T:
        """Return what `act` makes of the key; it must not keep it.

        Raises WalletError after `wipe` and in a forked child, else as `sealed` does.
        """
        if not self.is_open:
            raise WalletError("The wallet is locked.", "Open it again with its password.")
        return sealed(self._used, act)

    def wipe(self) -> None:
        """Overwrite the key, and give its memory back. May be called again."""
        if not self._page.closed:
            self._page[:_KEY] = bytes(_KEY)
            self._page.close()

    def _used(self, act: Callable[[bytes], T]) -> T:
        return act(self._page[:_KEY])

    def __repr__(self) -> str:
        return f"HeldKey({'open' if self.is_open else 'wiped'})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A key is not pickled: it stays on this machine.")
