"""Work on a secret from which no exception takes the secret along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from swarmprov_nb.errors import SwarmprovError, WalletError

T = TypeVar("T")


def sealed(act: Callable[..., T], *secret: Any) -> T:
    """Return `act(*secret)`; what it raises leaves without frames, causes, and words of others.

    A traceback keeps the frames it came through, and tools print the locals of these: `%tb` in IPython's Verbose mode,
    `traceback.TracebackException(capture_locals=True)`, crash reporters. So what is raised here is raised anew, after
    everything that knows the secret is gone. Call it with values that have no name in the caller's own frame.

    >>> sealed(lambda text: text.encode("ascii"), "secrét")
    Traceback (most recent call last):
    swarmprov_nb.errors.WalletError: The wallet's key could not be used (UnicodeEncodeError).
    Try again; nothing was signed.

    Raises our own errors and KeyboardInterrupt as they are, and WalletError for whatever else `act` raises.
    """
    try:
        return act(*secret)
    except BaseException as error:  # noqa: BLE001 - a KeyboardInterrupt has frames too
        told = _bare(error)
    del act, secret
    raise told


def _bare(error: BaseException) -> BaseException:
    """Return an exception of which nothing leads back to where it was raised."""
    if isinstance(error, MemoryError):
        return WalletError("The wallet could not be opened: there is not enough memory.", "Free about 300 MB.")
    if not isinstance(error, SwarmprovError | KeyboardInterrupt | SystemExit):
        return WalletError(
            f"The wallet's key could not be used ({type(error).__name__}).", "Try again; nothing was signed."
        )
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
