r"""Absolute paths in what an author wrote: they tell a user's name or how a machine is laid out.

Places that are alike on every machine (``/usr``, ``/dev``, ``/tmp``, Colab's ``/content``) tell nothing. What else
begins with a slash is a path where its first part is a root that people keep data under, or its last part names a file;
``/api/v1/users`` is neither.
"""

from __future__ import annotations

import re
from typing import Final

from swarmprov_nb.manifest.finding_rule import Confidence, Rule

RELATIVE: Final = "Write it relative to the notebook, or leave it if it tells nothing."

_PART = r"[^\s/\\\"'<>|:*?`,;(){}\[\]#&=$^]+"
_POSIX = rf"(?<![\w/.:~}}\])%*+?\\$<-])/(?P<root>{_PART})(?:/{_PART})+"
_HOME = rf"(?<![\w/.:~)-])~[\w.-]{{0,64}}(?:/{_PART})+"
_DRIVE = rf"(?<![A-Za-z0-9_])[A-Za-z]:(?:\\{{1,2}}|/(?!/)){_PART}(?:(?:\\{{1,2}}|/){_PART})+"
_FILE = r"(?<![A-Za-z])(?i:file)://[^\s\"'<>`)]+"
_PATTERN: Final = re.compile(f"{_FILE}|{_DRIVE}|{_HOME}|{_POSIX}")
_LITERAL: Final = re.compile(r"(?P<quote>[\"'])(?P<path>[^\"'\n]+)(?P=quote)")

_ALIKE: Final = "dev proc sys usr bin sbin lib lib64 etc tmp content kaggle"
_ROOTS: Final = """
    home users root mnt media volumes data datasets scratch work workspace srv export nfs private project projects
    storage share shared lustre gpfs cluster opt var groups
"""
_NAMES_FILE: Final = re.compile(r"\.(?!(?:html?|css|js|php|svg)$)[A-Za-z][A-Za-z0-9]{0,7}$")


def _judge(match: re.Match[str]) -> Confidence | None:
    root = (match["root"] or "").lower()
    if not root:
        return "low"
    if root in _ALIKE.split():
        return None
    return "low" if root in _ROOTS.split() or _NAMES_FILE.search(match[0]) else None


PATHS: Final = (Rule("absolute path", _PATTERN, ("/", "\\"), RELATIVE, _judge),)


def without_folders(line: str) -> str:
    """Return a line of source with each absolute path cut to its last part.

    >>> without_folders("raw = pd.read_csv('/home/ana/my study/raw.csv')")
    "raw = pd.read_csv('raw.csv')"
    >>> without_folders("requests.get('https://host.org/home/index/a.csv')")
    "requests.get('https://host.org/home/index/a.csv')"
    """

    def literal(match: re.Match[str]) -> str:
        begins = _PATTERN.match(match["path"])
        shown = _last(match["path"]) if begins and _judge(begins) else match["path"]
        return f"{match['quote']}{shown}{match['quote']}"

    line = _LITERAL.sub(literal, line)
    return _PATTERN.sub(lambda match: _last(match[0]) if _judge(match) else match[0], line)


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]
