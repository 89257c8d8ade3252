"""What can go wrong, in two sentences: what happened, and what to do next.

::

    SwarmprovError
    ├── UsageError             an argument, option or name that cannot be meant (exit code 2)
    ├── RecordError            the lineage record is missing, foreign, corrupt or newer
    ├── ArtifactError          an object cannot be turned into bytes
    │   └── ArtifactTooLarge   it is over the size setting
    ├── MissingExtra           an optional package is not installed
    ├── InvalidReference       text that is no Swarm reference
    ├── StorageError           chunks, or files of the home, could not be written or read
    │   ├── ChunkNotFound      the store does not hold a chunk
    │   └── ChunkCorrupt       bytes do not hash to their address
    ├── NotAPublication        a reference that points at something else
    ├── ChainError             an anchor could not be made or read
    ├── WalletError            a wallet's key file cannot be used, or nobody gave its password
    ├── PublishRefused         findings, missing consent or missing sources stop a publish
    └── VerificationFailed     a publication is not what it claims (exit code 1)
"""

from __future__ import annotations


class SwarmprovError(Exception):
    """Base of every error of this package: what happened, and what to do next.

    >>> print(SwarmprovError("The record is locked.", "Close the other kernel and run the cell again."))
    The record is locked.
    Close the other kernel and run the cell again.
    """

    exit_code = 1

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(what, next_step)
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}\n{self.next_step}" if self.next_step else self.what

    def _render_traceback_(self) -> list[str]:
        """Show the two sentences in a notebook, and no traceback (IPython's display protocol)."""
        return [f"{type(self).__name__}: {self.what}", self.next_step]


class UsageError(SwarmprovError):
    """An argument, an option or a name cannot be meant."""

    exit_code = 2


class RecordError(SwarmprovError):
    """The lineage record is missing, foreign, corrupt or written by a newer version."""


class ArtifactError(SwarmprovError):
    """An object cannot be turned into bytes."""


class ArtifactTooLarge(ArtifactError):
    """An artifact is over the size setting."""


class MissingExtra(SwarmprovError):
    """An optional package is needed and not installed."""


class InvalidReference(SwarmprovError):
    """A text is no Swarm reference."""

    exit_code = 2


class StorageError(SwarmprovError):
    """Chunks, or files of the home, could not be written or read.

    ``kind`` says why in one word where a program must tell it apart.
    """

    kind = ""


class ChunkNotFound(StorageError):
    """The store does not hold a chunk that is needed."""


class ChunkCorrupt(StorageError):
    """Stored bytes do not hash to the address they were asked for by."""


class NotAPublication(SwarmprovError):
    """A reference points at something that is no publication of this format."""


class ChainError(SwarmprovError):
    """An anchor could not be made, found or read."""


class WalletError(SwarmprovError):
    """A wallet cannot be opened or made: its key file, its password, or whoever should be asked for it."""


class PublishRefused(SwarmprovError):
    """Something must be decided before anything may be published."""


class VerificationFailed(SwarmprovError):
    """A publication is not what it claims to be, or the required level was not reached."""
