"""Asking for a password, from wherever one can come, without the password ever standing in a frame that raises."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from swarmprov_nb.chain.sealed import sealed
from swarmprov_nb.errors import WalletError

T = TypeVar("T")

Opens: TypeAlias = Callable[[str], bool]
"""Tries a password. True where asking is over, False where it is wrong and another may be tried. It never raises."""

Ask: TypeAlias = Callable[[Opens], object]
"""Gets passwords from a person, a file or a keyring and tries them until asking is over; raises where there is none."""


def asked(ask: Ask, attempt: Callable[[str], T | None], *, late: Callable[[T], object] | None = None) -> T:
    """Return the first thing that `attempt` makes of a password that `ask` comes with; None says that it is wrong.

    >>> asked(lambda opens: [opens("wrong"), opens("right")], lambda password: 7 if password == "right" else None)
    7

    `ask` may try on any thread; what `attempt` still makes after it has given up goes to `late`. Raises what `ask` and
    `attempt` raise, and WalletError where no password was right.
    """
    turn = _Turn[T](late or (lambda _: None))

    def opens(password: str) -> bool:
        try:
            made = sealed(attempt, password)
        except BaseException as error:  # noqa: BLE001 - told where it was asked, not where the password has a name
            turn.fail(error.with_traceback(None))
            return True
        return made is not None and turn.take(made)

    try:
        ask(opens)
    except BaseException:
        turn.give_up()
        raise
    return turn.result()


class _Turn(Generic[T]):
    """What came of one asking; a thread that comes after its end changes nothing."""

    def __init__(self, late: Callable[[T], object]) -> None:
        self._late = late
        self._lock = threading.Lock()
        self._over = False
        self._made: list[T] = []
        self._failures: list[BaseException] = []

    def take(self, made: T) -> bool:
        """Keep the first thing made; True, since asking is over."""
        with self._lock:
            keep = not (self._over or self._made)
            if keep:
                self._made.append(made)
        if not keep:
            self._late(made)
        return True

    def fail(self, error: BaseException) -> None:
        """Keep what stopped an attempt."""
        with self._lock:
            self._failures.append(error)

    def give_up(self) -> None:
        """End it, and let go of what was made."""
        with self._lock:
            self._over = True
            made, self._made = self._made, []
        for each in made:
            self._late(each)

    def result(self) -> T:
        """End it, and return what was made."""
        with self._lock:
            self._over = True
            if self._made:
                return self._made.pop()
            failures, self._failures = self._failures, []
        if failures:
            raise failures[0]
        raise WalletError("The wallet's password is wrong.", "Try again: without it, nobody opens the wallet.")
