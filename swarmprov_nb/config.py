"""Settings: what the user's ``config.toml`` says, and what a project's ``[tool.swarmprov]`` may say.

::

    license = "CC-BY-4.0"               # of what you declare and publish, where none is named
    contact = "ada@example.org"         # whom to ask about it, stated in public
    note = "Pilot study"                # a remark on each publication, stated in public
    publisher = "Ada Example"           # the name that you claim

    max_artifact_bytes = 4294967296     # a larger artifact is not stored
    store_seconds = 20.0                # what storing may take at the end of one cell run; what remains waits

A project may only set words (``license``, ``contact``, ``note``, ``publisher``): nothing in a folder that came from
somebody else can spend, sign or send. Sizes and budgets come from the home's ``config.toml`` or from ``SWARMPROV_*``:
each of these keys in capitals, as ``SWARMPROV_LICENSE``.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from swarmprov_nb.errors import UsageError
from swarmprov_nb.home import Home

_PROJECT_MAY_SET = frozenset({"license", "contact", "note", "publisher"})


@dataclass(frozen=True)
class Settings:
    """What a person may set, with the defaults.

    `max_artifact_bytes` bounds one artifact; `store_seconds` is how long storing may take at the end of one cell run
    before what remains waits for the publish.
    """

    max_artifact_bytes: int = 4 << 30
    store_seconds: float = 20.0
    license: str | None = None
    contact: str | None = None
    note: str | None = None
    publisher: str | None = None

    @classmethod
    def of(cls, home: Home, project: Path | None = None) -> Settings:
        """Read the settings of `home`, then the words of the project around `project`, then the environment."""
        settings = cls().updated(read_toml(home.config), home.config)
        if project is not None and (file := _project_file(project)) is not None:
            stated = read_toml(file).get("tool", {}).get("swarmprov", {})
            settings = settings.updated({k: v for k, v in stated.items() if k in _PROJECT_MAY_SET}, file)
        named = {field.name: os.environ.get(f"SWARMPROV_{field.name.upper()}") for field in fields(cls)}
        return settings.updated({key: value for key, value in named.items() if value}, Path("the environment"))

    def updated(self, stated: dict[str, Any], source: Path) -> Settings:
        """Return these settings with those of `stated` that exist; UsageError where a value cannot be meant."""
        known = {field.name: type(getattr(Settings(), field.name)) for field in fields(self)}
        values: dict[str, Any] = {}
        for key in known.keys() & stated.keys():
            try:
                values[key] = known[key](stated[key]) if known[key] in (int, float) else str(stated[key])
            except (TypeError, ValueError):
                raise UsageError(
                    f"{source} sets {key} to {stated[key]!r}, which is no number.", f"Give {key} a number or remove it."
                ) from None
        return replace(self, **values)


def _project_file(folder: Path) -> Path | None:
    candidates = (parent / "pyproject.toml" for parent in (folder.absolute(), *folder.absolute().parents))
    return next((file for file in candidates if file.is_file()), None)


def read_toml(path: Path) -> dict[str, Any]:
    """Return what a TOML file says, nothing where there is none; UsageError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Mend it, or move it away.") from error
