"""Binder: the files with which others open a repository's notebook in a browser, and the link that they follow.

What ``binder/environment.yml`` and ``binder/postBuild`` are for is described in
https://repo2docker.readthedocs.io/en/latest/configuration/.
"""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.binder.conda_environment import environment_file, own_requirement
from swarmprov_nb.binder.launch_link import checked, launch_link, origin, top_of_checkout
from swarmprov_nb.binder.readme_links import README, relinked, renamed
from swarmprov_nb.errors import RecordError, StorageError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.options import BINDER_HOST
from swarmprov_nb.outcome import one_line

_ENVIRONMENT: Final = "binder/environment.yml"
_POST_BUILD: Final = "binder/postBuild"
_SCRIPT: Final = 0o755
_NO_INDEX: Final = (
    "This swarmprov was installed from a folder or a file. Binder takes the same version from its package index; where "
    "that has none, install it by `pip install git+https://…` and run this again: then Binder takes it from there too."
)


@dataclass(frozen=True)
class Launch:
    """What makes a repository open on Binder: files by their path in it, a publication to carry, and the link.

    The publication `reference` is read from `source`, a store or a file, and carried in the file `saved`. Nothing is
    written before `write`; `advice` says what must be done besides.
    """

    folder: Path
    files: dict[str, bytes]
    link: str = ""
    badge: str = ""
    advice: str = ""
    saved: str | None = None
    reference: str | None = None
    source: str | None = None
    home: Home | None = None

    @property
    def replaced(self) -> list[str]:
        """The files that are there already and would be other ones."""
        held = [name for name, data in self.files.items() if _bytes(self.folder / name) not in (None, data)]
        return held + ([self.saved] if self.saved and self._holds() not in (None, self.reference) else [])

    @property
    def differences(self) -> str:
        """What would change in the files that are there already, as a unified diff."""
        parts = [self._difference(name) for name in self.replaced if name != self.saved]
        if self.saved in self.replaced:
            parts.append(f"{self.saved} holds {self._holds() or 'something else'}, and would hold {self.reference}")
        return "\n".join(one_line(line) for part in parts for line in part.splitlines())

    def write(self) -> list[str]:
        """Write what is not there as it should be; returns the paths written. Replaces what `replaced` names."""
        written = [name for name, data in self.files.items() if _bytes(self.folder / name) != data]
        if self.saved and self.source and self._holds() != self.reference:
            from swarmprov_nb.carrying import save

            save(self.source, self.folder / self.saved, overwrite=True, home=self.home)  # first: it may fail
            written.append(self.saved)
        for name in self.files.keys() & set(written):
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self.files[name])
        if _POST_BUILD in self.files:
            (self.folder / _POST_BUILD).chmod(_SCRIPT)
        return written

    def _difference(self, name: str) -> str:
        old, new = (_bytes(self.folder / name) or b"").decode("utf-8", "replace"), self.files[name].decode()
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name, f"{name} (new)", lineterm="", n=1)
        return "\n".join(lines)

    def _holds(self) -> str | None:
        """Return the reference of the publication in the saved file, empty where it is none, None where no file is."""
        from swarmprov_nb.swarm import SavedFile

        path = self.folder / str(self.saved)
        try:
            return SavedFile(path).root.hex() if path.exists() else None
        except StorageError:
            return ""


def launch(
    folder: str | Path = ".", *, repository: str | None = None, notebook: str | None = None,
    publication: str | None = None, host: str = BINDER_HOST, home: Home | None = None,
) -> Launch:  # fmt: skip
    """Return the files and the link with which Binder opens a notebook of the repository in `folder`.

    >>> launch("study", repository="alice/penguins", notebook="penguins.ipynb").write()  # doctest: +SKIP
    ['binder/environment.yml', 'binder/postBuild']

    `repository` is OWNER/NAME on GitHub, by default that of the git remote ``origin``; `notebook` the one to open, by
    default the only one. The packages are those of the `publication`, which is then carried in a saved file beside the
    notebook; else those recorded with the notebook; else those installed here. Raises UsageError for what cannot be
    meant or leads out of the folder, VerificationFailed where the publication is not valid.

    A README.md that defines the link ``[binder]`` gets this one there; further ones, ``[binder-…]``, keep the notebook
    that they open, and get the repository.
    """
    home, top = home or Home.of_user(), _repository_folder(Path(folder))
    opened = _notebook(top, notebook)
    link = launch_link(repository or origin(top), opened, host=host)
    reference, environment = _published(publication, home) if publication else (None, _environment(top / opened, home))
    saved = Path(opened).with_suffix(".swarm").as_posix() if publication else None
    files = {_ENVIRONMENT: environment_file(environment), _POST_BUILD: _post_build(saved)}
    readme = _text(top / README)
    if renamed(readme, "")[1] or relinked(readme, link) != readme:
        files[README] = _encoded(relinked(readme, link))
    for name in (*files, *([saved] if saved else [])):
        _inside(top, name)
    badge = f"[![Open on Binder]({host}/badge_logo.svg)]({link})"
    advice = "" if own_requirement() else _NO_INDEX
    return Launch(top, files, link, badge, advice, saved=saved, reference=reference, source=publication, home=home)


def links(folder: str | Path = ".", *, repository: str | None = None) -> Launch:
    """Return the README.md of a repository with another repository's name in all its launch links, and nothing else.

    >>> links("study", repository="bob/penguins").write()  # doctest: +SKIP
    ['README.md']

    `repository` is by default that of the git remote ``origin``: a fork's links then lead to the fork. Raises
    UsageError where there is no launch link.
    """
    top = Path(folder).absolute().resolve()
    text, count = renamed(_text(_inside(top, README)), checked(repository or origin(top)))
    if not count:
        raise UsageError(
            f"{README} in {folder} has no launch link.",
            "Write one in, as a line of its own: [binder]: LINK. `swarmprov binder` without --links makes it.",
        )
    return Launch(top, {README: _encoded(text)})


def _repository_folder(folder: Path) -> Path:
    top = folder.absolute().resolve()
    if not top.is_dir():
        raise UsageError(f"There is no folder {folder}.", "Name the folder of your repository: swarmprov binder FOLDER")
    real = top_of_checkout(top)
    if real not in (None, top):
        raise UsageError(
            f"{folder} is a folder inside a repository, and Binder reads what is at its top.",
            f"Say: swarmprov binder {shlex.quote(str(real))}",
        )
    if (top / ".binder").exists():
        raise UsageError(
            "The repository has a folder .binder already, and Binder takes no second one.",
            "Rename it: git mv .binder binder — then run this again.",
        )
    return top


def _notebook(top: Path, named: str | None) -> str:
    """Return the path of the notebook to open, as the repository has it."""
    if named is not None:
        path = _inside(top, named)
        if path.suffix != ".ipynb" or not path.is_file():
            raise UsageError(f"There is no notebook {named} in {top}.", "Name one there: --notebook PATH")
        return path.relative_to(top).as_posix()
    hidden = (path.relative_to(top) for path in sorted(top.rglob("*.ipynb")))
    found = [path.as_posix() for path in hidden if not any(part.startswith(".") for part in path.parts)]
    if not found:
        raise UsageError(f"There is no notebook in {top}.", "Name the folder of your repository, or add one to it.")
    if len(found) > 1:
        raise UsageError(f"There are {len(found)} notebooks here.", f"Name one: --notebook {shlex.quote(found[0])}")
    return found[0]


def _inside(top: Path, name: str) -> Path:
    """Return the path of `name`, below `top` also behind every link; UsageError where it leads out."""
    path = (top / name).resolve()
    if not path.is_relative_to(top):
        raise UsageError(f"{name} is outside {top}.", "Name something in the repository, and no link that leads out.")
    return path


def _published(publication: str, home: Home) -> tuple[str, dict[str, Any]]:
    """Verify a publication; return its reference and the environment that it states."""
    from swarmprov_nb.verifying import verify

    report = verify(publication, any_signer=True, home=home)
    if report.failed or report.statement is None:
        raise VerificationFailed(f"Nothing was written. {report.headline}", report.advice)
    return report.reference, dict(report.statement["predicate"]["environment"])


def _environment(notebook: Path, home: Home) -> dict[str, Any]:
    """Return the environment recorded with a notebook, else that of this process."""
    from swarmprov_nb.capture import environment
    from swarmprov_nb.showing import lineage

    try:
        recorded = dict(lineage(notebook, home=home).session.environment)
    except RecordError:
        recorded = {}
    return recorded if recorded.get("packages") else environment(notebook.parent)


def _post_build(saved: str | None) -> bytes:
    lines = [
        "#!/usr/bin/env bash",
        "# Binder runs this once, when it makes the image. No secret, no service, no account.",
        "set -euo pipefail",
        "jupyter labextension list",
        f"swarmprov verify --any-signer -- {shlex.quote(saved)}" if saved else "swarmprov --version",
    ]
    return "".join(f"{line}\n" for line in lines).encode()


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _text(path: Path) -> str:
    return (_bytes(path) or b"").decode("utf-8", "surrogateescape")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
