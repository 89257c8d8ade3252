"""``requirements.txt``: the packages of the recorded session, as pip takes them.

https://pip.pypa.io/en/stable/reference/requirements-file-format/. Names and versions come from a manifest, thus from
anyone: only what the packaging standards allow becomes a line of its own, so that no option can be slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from swarmprov_nb.exports.exporter import Exporter

VERSION: Final = "1"

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,200}[A-Za-z0-9])?")
_PINNED: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,200}")
_SEPARATORS: Final = re.compile(r"[-_.]+")


def render(statement: Mapping[str, Any], *, manifest_sha256: str) -> bytes:
    """Return the recorded packages as ``name==version`` lines; those installed from a folder only as comments.

    >>> environment = {
    ...     "python": {"version": "3.11.7", "implementation": "CPython"},
    ...     "packages": [{"name": "pandas", "version": "2.2.3"}, {"name": "mine", "version": "1", "editable": True}],
    ... }
    >>> print(render({"predicate": {"environment": environment}}, manifest_sha256="00").decode(), end="")
    # The packages of the recorded session, from the manifest with sha256 00.
    # CPython 3.11.7
    # mine 1 was installed from a folder and is on no index
    pandas==2.2.3
    """
    environment = statement["predicate"]["environment"]
    python = environment["python"]
    head = [
        f"# The packages of the recorded session, from the manifest with sha256 {manifest_sha256}.",
        f"# {_plain(python['implementation'])} {_plain(python['version'])}",
    ]
    packages = sorted(environment["packages"], key=lambda package: (_normalized(package["name"]), package["version"]))
    return "".join(f"{line}\n" for line in (*head, *map(requirement_line, packages))).encode()


REQUIREMENTS: Final = Exporter("requirements", VERSION, "requirements.txt", "text/plain; charset=utf-8", render)


def requirement_line(package: Mapping[str, Any]) -> str:
    """Return a package as pip takes it, or a comment where it is on no index or no name and version.

    >>> requirement_line({"name": "pandas", "version": "2.2.3"})
    'pandas==2.2.3'
    """
    name, version = package["name"], package["version"]
    if package.get("editable"):
        return f"# {_plain(name)} {_plain(version)} was installed from a folder and is on no index"
    if not _NAME.fullmatch(name) or not _PINNED.fullmatch(version):
        return f"# {_plain(name)} {_plain(version)} is no valid name and version"
    return f"{name}=={version}"


def _normalized(name: str) -> str:
    """Return a package's name as indexes compare it (https://packaging.python.org/en/latest/specifications/)."""
    return _SEPARATORS.sub("-", name).lower()


def _plain(text: str) -> str:
    """Return text that stays within its comment: printable ASCII, the rest escaped."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text[:200])
