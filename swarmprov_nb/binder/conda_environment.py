"""``environment.yml``: the Python and the packages of a session as conda and Binder install them.

https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html describes the format. Names
and versions may come from a stranger's manifest: only what the packaging standards allow becomes a requirement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, Final

from swarmprov_nb import __version__
from swarmprov_nb.errors import UsageError
from swarmprov_nb.exports.requirements import requirement_line

EXTRAS: Final = "lab,tables,ml"
_OURS: Final = "swarmprov-nb"
PYTHONS: Final = ("3.11", "3.12", "3.13")
# conda brings its own; ours is named with its extras
_LEFT_OUT: Final = frozenset({"pip", "setuptools", "wheel", _OURS})
_RELEASED: Final = f"{_OURS}[{EXTRAS}]=={__version__}"
_REPOSITORY: Final = re.compile(r"https://[\w.-]+(?::\d+)?/[\w./~-]+")  # without a user's name or password
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BUILD: Final = re.compile(r"\+[^\s#]+$")


def environment_file(environment: Mapping[str, Any]) -> bytes:
    """Return the ``environment.yml`` of a recorded environment, with this swarmprov in it.

    >>> packages = [{"name": "pandas", "version": "2.2.3"}, {"name": "mine", "version": "1", "editable": True}]
    >>> text = environment_file({"python": {"version": "3.11.7"}, "packages": packages}).decode()
    >>> print(text.partition("dependencies:")[2].replace(__version__, "0.0"))
    <BLANKLINE>
      - python=3.11
      - pip
      - pip:
          - swarmprov-nb[lab,tables,ml]==0.0
          # mine 1 was installed from a folder and is on no index
          - pandas==2.2.3
    <BLANKLINE>

    Python is named by its minor version, which Binder has ready. Packages that no index has are comments; builds for
    one machine (``2.1+cu118``) become the version that they are builds of. Raises UsageError where Python is one that
    this package does not run on.
    """
    head = [
        "# What Binder installs. Python is named so that Binder takes the environment that it has ready for it.",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python={_minor(str(environment['python']['version']))}",
        "  - pip",
        "  - pip:",
        f"      - {own_requirement() or _RELEASED}",
    ]
    return "".join(f"{line}\n" for line in (*head, *_packages(environment["packages"]))).encode()


def _minor(version: str) -> str:
    minor = ".".join(version.split(".")[:2])
    if minor not in PYTHONS:
        raise UsageError(
            f"The session ran on Python {version[:20]!r}, where swarmprov does not run.",
            f"Run the notebook again, recorded, on Python {', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}.",
        )
    return minor


def _packages(packages: list[Mapping[str, Any]]) -> Iterator[str]:
    for package in sorted(packages, key=lambda package: str(package["name"]).lower()):
        if re.sub(r"[-_.]+", "-", package["name"]).lower() in _LEFT_OUT:
            continue
        line = requirement_line({**package, "editable": package.get("editable") or is_private(package["name"])})
        yield f"      {line}" if line.startswith("#") else f"      - {_BUILD.sub('', line)}"


def own_requirement() -> str:
    """Return how pip gets this swarmprov elsewhere; empty where it was installed from a folder of this machine.

    That is by version from an index, or by commit from the public repository that it was installed from.
    """
    if not is_private(_OURS):
        return _RELEASED
    origin = json.loads(metadata.distribution(_OURS).read_text("direct_url.json") or "{}")
    address, commit = str(origin.get("url", "")), str(origin.get("vcs_info", {}).get("commit_id", ""))
    if not (_REPOSITORY.fullmatch(address) and _COMMIT.fullmatch(commit)):
        return ""
    return f"{_OURS}[{EXTRAS}] @ git+{address}@{commit}"


def is_private(name: str) -> bool:
    """Tell whether a package is installed here from a folder, an address or a repository, not from an index.

    https://packaging.python.org/en/latest/specifications/direct-url/; conda writes such a file for its own packages.
    """
    try:
        found = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return False
    by_conda = (found.read_text("INSTALLER") or "").strip() == "conda"
    return found.read_text("direct_url.json") is not None and not by_conda
