"""Carry: get a publication's files, save it as one file, load it into another store; nothing unverified is written."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from swarmprov_nb.errors import SwarmprovError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.own_files import note_own
from swarmprov_nb.publication import collection, is_safe_path, listing
from swarmprov_nb.storing import user_store
from swarmprov_nb.verifying import Accepted, examine, located


def get(target: str | Path, folder: str | Path, *, store: str | Path | None = None, home: Home | None = None) -> Path:
    """Write the verified files of a publication into a new folder; returns the folder.

    >>> import swarmprov
    >>> swarmprov.get("4c9c…f295", "penguins")  # doctest: +SKIP

    Nothing is written outside `folder`, and nothing at all unless every file verifies. Raises VerificationFailed where
    the publication is not valid, UsageError where the folder is there already and not empty.
    """
    home = home or Home.of_user()
    storage, root = located(str(target), store=store, home=home)
    goal = Path(folder).absolute()
    if goal.exists() and (not goal.is_dir() or any(goal.iterdir())):
        raise UsageError(f"{goal} is there already.", "Name a folder that is new or empty.")
    report = examine(storage, root, accepted=Accepted(any_signer=True), home=home)
    if report.failed:
        raise VerificationFailed(f"Nothing was written. {report.headline}", report.advice)
    try:
        _write_folder(storage, root, goal)
    except OSError as error:
        raise SwarmprovError(
            f"{goal} cannot be written: {error.strerror}.", "Name a folder on a disk with room that you may write to."
        ) from error
    note_own(goal)
    return goal


def _write_folder(storage: Any, root: bytes, goal: Path) -> None:
    """Write beside the goal, then rename: a kill leaves no half folder under the name that was asked for."""
    from swarmprov_nb.swarm import read_file
    from swarmprov_nb.swarm.drafts import draft

    files = listing(storage, root)
    unsafe = [path for path in files if not is_safe_path(path)]
    if unsafe:
        raise VerificationFailed(f"{unsafe[0]!r} is no safe path.", "Nothing was written.")
    goal.parent.mkdir(parents=True, exist_ok=True)
    with draft(goal, partial(Path.mkdir, mode=0o700)) as work:
        for path, address in files.items():
            file = work / path
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as stream:
                for piece in read_file(storage, address):
                    stream.write(piece)
        work.chmod(0o755)
        if goal.exists():
            goal.rmdir()
        work.rename(goal)


def save(
    target: str | Path, file: str | Path, *, overwrite: bool = False, store: str | Path | None = None,
    home: Home | None = None,
) -> Path:  # fmt: skip
    """Save a publication as one file that verifies on a machine that has nothing else; returns its path.

    >>> import swarmprov
    >>> swarmprov.save("4c9c…f295", "penguins.swarm")  # doctest: +SKIP

    Raises NotAPublication where the reference names something else, UsageError where the file is there already.
    """
    from swarmprov_nb.swarm import save as save_chunks

    storage, root = located(str(target), store=store, home=home or Home.of_user())
    if Path(file).exists() and not overwrite:
        raise UsageError(f"{file} is there already.", "Name another file, or overwrite it by --yes (overwrite=True).")
    listing(storage, root)
    save_chunks(storage, root, Path(file), overwrite=overwrite)
    note_own(Path(file))
    return Path(file)


def load(file: str | Path, *, home: Home | None = None) -> str:
    """Put a saved publication into the user's store; returns its reference, in hex.

    >>> import swarmprov
    >>> swarmprov.load("penguins.swarm")  # doctest: +SKIP

    Raises StorageError where the file is damaged, NotAPublication where it holds something else.
    """
    from swarmprov_nb.swarm import SavedFile
    from swarmprov_nb.swarm import load as load_chunks

    saved = SavedFile(Path(file))
    files = listing(saved, saved.root)
    if collection(files) != saved.root:
        raise VerificationFailed(f"{os.fspath(file)} is not what its files give.", "Ask for the original file.")
    store = user_store(home or Home.of_user())
    with store.in_use():
        root = load_chunks(Path(file), store)
        store.pin(root, keep=True)
    return root.hex()
