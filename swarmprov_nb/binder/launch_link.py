"""The link that opens a notebook of a GitHub repository on a Binder, and what git knows of that repository.

The form of the link: https://mybinder.readthedocs.io/en/latest/reference/urls.html.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import quote

from swarmprov_nb.errors import UsageError
from swarmprov_nb.options import BINDER_HOST

_REPOSITORY: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_ORIGIN: Final = re.compile(r"(?:^|[/@])github\.com[:/]([^/\s]+/[^/\s]+?)(?:\.git)?/?$")
_HOST: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~-]+)*")
_GIT_TIMEOUT: Final = 5.0


def launch_link(repository: str | None, notebook: str, *, host: str = BINDER_HOST) -> str:
    """Return the link that opens a notebook, by its path in the repository OWNER/NAME, in JupyterLab.

    >>> launch_link("alice/penguins", "notebooks/my study.ipynb")
    'https://mybinder.org/v2/gh/alice/penguins/HEAD?urlpath=lab/tree/notebooks/my%2520study.ipynb'

    Raises UsageError where the name or the host is none.
    """
    name = checked(repository)
    if not _HOST.fullmatch(host):
        raise UsageError(f"{host[:80]!r} is no address of a Binder.", f"Give it like this: --host {BINDER_HOST}")
    path = quote("lab/tree/" + quote(notebook))  # Binder undoes one, JupyterLab the other
    return f"{host}/v2/gh/{name}/HEAD?urlpath={path}"


def checked(repository: str | None) -> str:
    """Return OWNER/NAME; UsageError where it is not known or is no such name.

    >>> checked("alice/penguins")
    'alice/penguins'
    """
    if repository is None:
        raise UsageError("The repository's name is not known.", "Give it: --repository OWNER/NAME (as on GitHub)")
    if not _REPOSITORY.fullmatch(repository):
        what = f"{repository[:80]!r} is no repository's name."
        raise UsageError(what, "Give it as on GitHub: --repository OWNER/NAME")
    return repository


def origin(folder: Path) -> str | None:
    """Return OWNER/NAME of the git remote ``origin`` where it is on GitHub, and nothing else of its address."""
    found = _ORIGIN.search(_git(folder, "remote", "get-url", "origin") or "")
    return found[1] if found else None


def top_of_checkout(folder: Path) -> Path | None:
    """Return the top of the git checkout that `folder` is in, None where it is in none."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    return Path(top).resolve() if top else None


def _git(folder: Path, *words: str) -> str | None:
    try:
        ran = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=_GIT_TIMEOUT, check=True,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return ran.stdout.strip() or None
