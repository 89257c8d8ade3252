"""The doctor's look at software: Python, packages, extras, Jupyter's front ends and our extension in them.

Versions are read from what pip installed; nothing of it is imported, and no server is started.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from swarmprov_nb import __version__
from swarmprov_nb.doctor.check import BROKEN, NOTE, OK, Check

PACKAGE: Final = "swarmprov-nb"
EXTENSION: Final = "swarmprov-nb"  # the name in labextension/package.json
_WIDGETS: Final = "@jupyter-widgets/jupyterlab-manager"
_EXTRAS: Final = {
    "fast": "publishing and verifying run with slower code",
    "tables": "tables are kept as text, not as Parquet",
    "ml": "scikit-learn models and Matplotlib figures are not kept",
}


def software() -> Iterator[Check]:
    """Yield a line for each thing that is or could be installed."""
    yield _system()
    yield from _package()
    for extra, without in _EXTRAS.items():
        yield _extra(extra, without)
    yield from _front_ends()
    yield _kernel()
    yield Check("not needed", OK, "Node.js, a browser of our own, and any network")


def _system() -> Check:
    name = platform.system()
    said = f"{name} {platform.machine()}"
    if name in ("Linux", "Darwin"):
        return Check("system", OK, said)
    return Check("system", BROKEN, f"{said} is not supported", "Use Linux or macOS; on Windows, WSL 2.")


def _package() -> Iterator[Check]:
    version = platform.python_version()
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        yield Check("Python", OK, version)
        yield Check("swarmprov", NOTE, f"{__version__}, run from its folder: packages were not looked at",
                    "pip install swarmprov-nb")  # fmt: skip
        return
    wanted = found.metadata["Requires-Python"] or ""
    if _fits(version, wanted):
        yield Check("Python", OK, version)
    else:
        yield Check("Python", BROKEN, f"{version} is not in {wanted}", "Make an environment with a Python in it.")
    if found.version != __version__:
        said = f"{__version__} runs, {found.version} is what pip installed"
        yield Check("swarmprov", BROKEN, said, "pip install --force-reinstall swarmprov-nb")
    else:
        yield Check("swarmprov", OK, __version__)
    wrong = list(_wrong(None))
    if wrong:
        yield Check("packages", BROKEN, "; ".join(wrong), "pip install --upgrade swarmprov-nb")
    else:
        yield Check("packages", OK, "all that swarmprov needs")


def _extra(extra: str, without: str) -> Check:
    wrong = list(_wrong(extra))
    if not wrong:
        return Check(f"extra {extra}", OK, "installed")
    return Check(f"extra {extra}", NOTE, f"{'; '.join(wrong)}: {without}", f"pip install 'swarmprov-nb[{extra}]'")


def _wrong(extra: str | None) -> Iterator[str]:
    """Yield what is wrong with the packages that an extra needs; None stands for what is always needed."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires(PACKAGE) or []
    except metadata.PackageNotFoundError:
        yield "not looked at"
        return
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        for_all = marker is None or marker.evaluate({"extra": ""})
        if for_all if extra is None else not for_all and marker is not None and marker.evaluate({"extra": extra}):
            yield from _unfit(requirement.name, str(requirement.specifier))


def _unfit(name: str, specifier: str) -> Iterator[str]:
    version = _version(name)
    if version is None:
        yield f"{name} is not installed"
    elif not _fits(version, specifier):
        yield f"{name} {version} is not in {specifier}"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _fits(version: str, specifier: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version, prereleases=True)


def _front_ends() -> Iterator[Check]:
    versions = {name: _version(package) for name, package in (("JupyterLab", "jupyterlab"), ("Notebook", "notebook"))}
    found = {name: version for name, version in versions.items() if version is not None}
    if not found:
        yield Check("front ends", NOTE, "neither JupyterLab nor Notebook is installed beside this kernel",
                    "pip install 'swarmprov-nb[lab]', or use the one that starts this kernel")  # fmt: skip
        return
    said = ", ".join(f"{name} {version}" for name, version in found.items())
    old = [text for text in _wrong("lab") if " is not in " in text]
    if old:
        yield Check("front ends", NOTE, f"{'; '.join(old)}: the panel may not load", "pip install 'swarmprov-nb[lab]'")
    else:
        yield Check("front ends", OK, said)
    yield _extension()
    yield _widgets()


def _extension() -> Check:
    installed = _labextension(EXTENSION)
    if installed is None:
        return Check("Lab extension", NOTE, "not installed: magics work, panel and button are missing",
                     "pip install --force-reinstall swarmprov-nb (without SKIP_JUPYTER_BUILDER)")  # fmt: skip
    if EXTENSION in _disabled():
        return Check("Lab extension", NOTE, "installed and disabled", f"jupyter labextension enable {EXTENSION}")
    if installed != __version__:
        said = f"{installed} is installed for swarmprov {__version__}"
        return Check("Lab extension", BROKEN, said, "pip install --force-reinstall swarmprov-nb, then reload the page")
    return Check("Lab extension", OK, f"{installed}, enabled")


def _widgets() -> Check:
    if _labextension(_WIDGETS) is not None:
        return Check("widgets", OK, "JupyterLab can show them")
    return Check("widgets", NOTE, "JupyterLab has no widget manager here: %publish shows text",
                 "pip install jupyterlab_widgets")  # fmt: skip


def _labextension(name: str) -> str | None:
    """Return the version of a prebuilt Lab extension, or None; the first folder on Jupyter's path wins."""
    from jupyter_core.paths import jupyter_path

    for folder in jupyter_path("labextensions"):
        stated = _json(Path(folder) / name / "package.json")
        if stated is not None:
            return str(stated.get("version", "of no version"))
    return None


def _disabled() -> set[str]:
    """Return the names of the extensions that Lab's page settings switch off; nearer settings win."""
    from jupyter_core.paths import SYSTEM_CONFIG_PATH, jupyter_config_path

    switched: dict[str, bool] = {}
    for folder in reversed([*jupyter_config_path(), *SYSTEM_CONFIG_PATH]):
        stated = (_json(Path(folder) / "labconfig" / "page_config.json") or {}).get("disabledExtensions", {})
        switched |= dict.fromkeys(stated, True) if isinstance(stated, list) else stated
    settings = _json(Path(sys.prefix) / "share/jupyter/lab/settings/page_config.json") or {}
    stated = settings.get("disabledExtensions", {})
    switched = (dict.fromkeys(stated, True) if isinstance(stated, list) else stated) | switched
    return {name for name, off in switched.items() if off}


def _kernel() -> Check:
    from jupyter_core.paths import jupyter_path

    named = []
    for folder in jupyter_path("kernels"):
        for file in sorted(Path(folder).glob("*/kernel.json")):
            argv = (_json(file) or {}).get("argv") or [""]
            if _is_this_python(str(argv[0])):
                named.append(file.parent.name)
    if named:
        return Check("kernel", OK, f"{named[0]!r} runs this Python")
    if _version("ipykernel") is not None and _version("jupyterlab") is not None:
        return Check("kernel", OK, "the front end beside it runs this Python")
    return Check("kernel", NOTE, "no kernel that Jupyter knows runs this Python",
                 "python -m ipykernel install --user --name swarmprov")  # fmt: skip


def _is_this_python(command: str) -> bool:
    found = shutil.which(command)
    return found is not None and (found == sys.executable or Path(found).parent == Path(sys.executable).parent)


def _json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
