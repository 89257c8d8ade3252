"""Share: what a front end is told holds no path of this machine, no user name and no encrypted reference."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from swarmprov_nb.home import Home

_SECRET: Final = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{128}(?![0-9a-fA-F])")  # a reference that holds a key
_SHORTEST: Final = 2


def shareable(value: Any, home: Home) -> Any:
    """Return JSON values with each private path in their texts replaced by a word for it.

    >>> shareable({"what": "There is no store in /srv/ours/store."}, Home(Path("/srv/ours")))
    {'what': 'There is no store in SWARMPROV_HOME/store.'}
    """
    if isinstance(value, str):
        return _replaced(value, home)
    if isinstance(value, Mapping):
        return {_replaced(key, home): shareable(each, home) for key, each in value.items()}
    return [shareable(each, home) for each in value] if isinstance(value, list | tuple) else value


def _replaced(text: str, home: Home) -> str:
    if "/" in text or "\\" in text:
        for pattern, word in _private(home, Path.cwd()):
            text = pattern.sub(word, text)
    return _SECRET.sub("…", text) if len(text) >= 128 else text  # noqa: PLR2004 - the length of such a reference


@cache
def _private(home: Home, folder: Path) -> tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]:
    """Return what is private here, the longest first, each with the word for it."""
    places = {str(folder): ".", str(home.root): "SWARMPROV_HOME", str(Path.home()): "~"}
    ordered = sorted(places.items(), key=lambda place: -len(place[0]))
    known = [
        (re.compile(rf"(?<![\w.~-]){re.escape(path)}(?![\w-])"), word)
        for path, word in ordered
        if len(path) >= _SHORTEST
    ]
    return (*known, (re.compile(rf"(?<=/)(?:home/|Users/)?{re.escape(_user())}(?=/)"), "…"))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a process whose user has no name
        return "nobody"
