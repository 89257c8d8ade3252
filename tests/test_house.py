"""The rules of the house, held against every file: see CONTRIBUTING.md."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import swarmprov_nb
from swarmprov_nb import errors
from swarmprov_nb.errors import SwarmprovError

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "swarmprov_nb"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What every room may import, with the version in the package itself: errors, and how JSON is read and a file shared.
EVERYBODYS = {"bounded_json", "errors", "file_lock", "shared_database"}
# What a room may import of ours besides that and itself.
ROOMS = {
    "lineage": set(),
    "capture": {"lineage"},
    "artifacts": {"lineage"},
    "manifest": {"lineage", "notebooks"},
    "view": {"lineage"},
    "exports": {"lineage", "manifest", "view"},
    "swarm": set(),
    "chain": set(),
}
FRONT = {"magics", "cli", "completing", "__main__"}  # what people meet; nothing else may import it
# who may import it, besides the front
BEHIND = {"live": {"widgets"}, "widgets": set(), "doctor": set(), "binder": set(), "fsck": set()}

HEAVY = {
    *("IPython", "anywidget", "eth", "eth_account", "ipywidgets", "matplotlib", "networkx", "numba", "numpy"),
    *("pandas", "pyarrow", "pyvis", "scipy", "skops", "sklearn", "web3"),
}
# Modules that are themselves imported only where needed: in IPython, with the fast extra, for an embedded chain.
LAZY = re.compile(
    r"magics|completing|capture\.(hooks|shell)|swarm\.\w+_numba|chain\.embedded\w*|widgets\.(told|publish|verify)"
)


def name_of(path: Path) -> str:
    """Return a module's dotted name below swarmprov_nb; the package itself is the empty name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def imported(path: Path, *, everywhere: bool) -> list[str]:
    """Return the dotted names imported when a module is imported; with `everywhere` also those inside functions."""
    package = ["swarmprov_nb", *path.relative_to(PACKAGE).parent.parts]
    return list(_imports(tree_of(path), package, everywhere=everywhere))


def _imports(node: ast.AST, package: list[str], *, everywhere: bool) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            start = package[: len(package) - child.level + 1] if child.level else []
            origin = [*start, *([child.module] if child.module else [])]
            yield from (".".join([*origin, alias.name]) for alias in child.names)
        elif everywhere or not (isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_types(child)):
            yield from _imports(child, package, everywhere=everywhere)


def ours(path: Path, *, everywhere: bool) -> Iterator[str]:
    """Yield the names that a module imports of ours, below swarmprov_nb."""
    for name in imported(path, everywhere=everywhere):
        first, _, rest = name.partition(".")
        if first == "swarmprov_nb":
            yield rest


def is_file_or_folder(first: str) -> bool:
    return (PACKAGE / first).is_dir() or (PACKAGE / f"{first}.py").exists()


def tracked() -> list[Path]:
    """Return the files under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout, so no file is tracked")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_version_is_the_installed_one():
    """What the package says is what the installed distribution says."""
    try:
        installed = importlib.metadata.version("swarmprov-nb")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("swarmprov-nb runs from its folder here and is not installed")

    assert installed == swarmprov_nb.__version__


def test_version_is_the_newest_in_the_changelog():
    """The newest heading of the changelog is this version."""
    changelog = ROOT / "CHANGELOG.md"
    if not changelog.exists():
        pytest.skip("CHANGELOG.md is not in this checkout")
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+\S*?)\]?(?:\s|$)", changelog.read_text(encoding="utf-8"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == swarmprov_nb.__version__


def test_version_is_the_extension_s():
    """The Lab extension, of which Lab and its settings editor show the version, has the package's."""
    described = json.loads((ROOT / "labextension/package.json").read_text(encoding="utf-8"))
    installed = json.loads((ROOT / "labextension/install.json").read_text(encoding="utf-8"))
    settings = json.loads((ROOT / "labextension/schema/plugin.json").read_text(encoding="utf-8"))

    assert described["version"] == swarmprov_nb.__version__
    assert installed["packageName"] == described["name"] == "swarmprov-nb"
    assert settings.get("version", swarmprov_nb.__version__) == swarmprov_nb.__version__


def test_no_tracked_file_names_a_registry_or_a_machine():
    """A registry is the choice of whoever installs, and no path holds on another machine."""
    words = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "yarn" + "pkg.com")
    paths = (r"(?<![\w.])/" + "work/", r"(?<![\w.])/" + "tmp/w/", "/" + r"root/\.")
    settings = ("index-" + r"url(?! https://\w+\.example)",)  # .example is nobody's: tests of what we refuse name it
    forbidden = re.compile("|".join([*map(re.escape, words), *paths, *settings]).encode())
    found = {str(path.relative_to(ROOT)): forbidden.findall(path.read_bytes()) for path in tracked()}

    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("room", BEHIND)
def test_only_the_front_knows_the_rooms_behind_it(room):
    """Verbs work without panel, widgets and commands: they know nothing of these rooms."""
    allowed = {"", room, *BEHIND[room], *FRONT}
    wrong = [
        name_of(path)
        for path in MODULES
        if name_of(path).partition(".")[0] not in allowed
        for name in ours(path, everywhere=True)
        if name.partition(".")[0] == room
    ]

    assert wrong == []


@pytest.mark.parametrize("room", ROOMS)
def test_imports_of_a_room_point_one_way(room):
    """A room knows itself, what is everybody's, and what lies below it."""
    allowed = {"", *EVERYBODYS, room, *ROOMS[room]}
    wrong = [
        (name_of(path), name)
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for name in ours(path, everywhere=True)
        if (first := name.partition(".")[0]) not in allowed and is_file_or_folder(first)
    ]

    assert wrong == []


def test_nothing_imports_what_people_meet():
    """Magics and command line stand in front: only the package's own loader knows them."""
    wrong = [
        (name_of(path), name)
        for path in MODULES
        if name_of(path).partition(".")[0] not in {"", *FRONT}
        for name in ours(path, everywhere=True)
        if name.partition(".")[0] in FRONT
    ]

    assert wrong == []


def test_heavy_packages_are_imported_where_they_are_needed():
    """No module imports a heavy package, or one of ours that does, when it is itself imported."""
    wrong = []
    for path in MODULES:
        if LAZY.fullmatch(name_of(path)):
            continue
        heavy = [name for name in imported(path, everywhere=False) if name.partition(".")[0] in HEAVY]
        through = [name for name in ours(path, everywhere=False) if LAZY.match(name)]
        wrong += [(name_of(path), name) for name in heavy + through]

    assert wrong == []


def test_importing_everything_loads_nothing_heavy():
    """A fresh process that imports all of ours but the lazy modules has loaded no heavy package."""
    names = [f"swarmprov_nb.{name_of(path)}".rstrip(".") for path in MODULES if not LAZY.fullmatch(name_of(path))]
    program = f"""
import importlib, sys
for name in {["swarmprov", *names]!r}:
    try:
        importlib.import_module(name)
    except ImportError as error:  # what cannot be imported at all is found by its own tests
        assert "swarmprov_nb" in str(error), error
print(*sorted({HEAVY!r} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (ran.stdout.split(), ran.stderr) == ([], "")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: name_of(path) or "swarmprov_nb")
def test_every_module_is_short_and_says_what_it_is_for(path):
    """A module has a docstring, postponed annotations, at most 450 lines, and no function over 60."""
    tree = tree_of(path)
    if not tree.body:
        pytest.skip(f"{name_of(path)} is empty")
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if node.end_lineno - node.lineno >= 60]

    assert ast.get_docstring(tree)
    assert "from __future__ import annotations" in map(ast.unparse, tree.body)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450
    assert long == []


OURS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, SwarmprovError)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: name_of(path) or "swarmprov_nb")
def test_every_error_names_the_next_step(path):
    """Wherever an error of ours is made it gets two texts, and neither is empty: what happened, and what to do next."""
    made = [
        node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in OURS
    ]
    starred = [node for node in made if any(isinstance(each, ast.Starred) for each in node.args)]
    wrong = [
        f"line {node.lineno}: {ast.unparse(node)[:100]}"
        for node in made
        if node not in starred
        and (len(node.args) < 2 or any(isinstance(each, ast.Constant) and not each.value for each in node.args))
    ]

    assert wrong == []


def undocumented(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """Yield the public functions, classes and methods in `node` that have no docstring."""
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or child.name.startswith("_"):
            continue
        marks = {ast.unparse(mark).rpartition(".")[2] for mark in child.decorator_list}
        if not ast.get_docstring(child) and not marks & {"overload", "override", "setter"}:
            yield child.name
        if isinstance(child, ast.ClassDef):
            yield from (f"{child.name}.{name}" for name in undocumented(child))


def test_every_public_name_is_documented():
    """Every public function, class and method says what it is for."""
    missing = [f"{name_of(path)}.{name}" for path in MODULES for name in undocumented(tree_of(path))]

    assert missing == []


def verify_lists() -> tuple[list[str], list[str]]:
    """Return what requirements/verify.txt lists: what we verify with, and what that needs."""
    text = (ROOT / "requirements/verify.txt").read_text(encoding="utf-8")
    blocks = [[line.partition("#")[0].strip() for line in block.splitlines()] for block in text.split("\n\n")]
    first, second = [lines for lines in ([line for line in block if line] for block in blocks) if lines]
    return first, second


def test_verify_requirements_are_those_of_the_project():
    """The first list of requirements/verify.txt is the first block of the dependencies, word for word."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"# verifying:[^\n]*\n(.*?)# recording", text, re.DOTALL)
    assert block is not None
    stated = re.findall(r'"([^"]+)"', block[1])

    assert verify_lists()[0] == stated
    assert set(stated) <= set(tomllib.loads(text)["project"]["dependencies"])


def add_needs(name: str, needed: set[str]) -> None:
    """Add to `needed` all that the installed distribution `name` requires here, and what that requires."""
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        below = canonicalize_name(requirement.name)
        if below not in needed and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            needed.add(below)
            add_needs(below, needed)


def test_verify_requirements_are_whole():
    """The second list of requirements/verify.txt is what the first needs in turn, since --no-deps looks up none."""
    direct, further = ({canonicalize_name(Requirement(line).name) for line in lines} for lines in verify_lists())
    needed: set[str] = set()
    for name in direct:
        add_needs(name, needed)

    assert needed - direct <= further  # others may be needed on other Pythons and versions


def test_the_map_of_the_house_is_true():
    """CONTRIBUTING.md names every room of the package, and each file that it names is there."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:\w+/)*\w+\.(?:py|md|txt|ts))`", text)
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    assert len(named) > 30
    assert [name for name in named if not ((PACKAGE / name).exists() or (ROOT / name).exists())] == []
    assert {room for room in rooms if f"{room}/" not in text} == set()


def test_hooks_are_local():
    """The pre-commit hooks run what is installed and fetch nothing."""
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")

    assert set(re.findall(r"repo:\s*(\S+)", text)) == {"local"}


@pytest.mark.parametrize(
    "name", ["scripts/quickstart", "scripts/test", "scripts/python.sh", "binder/postBuild", ".ci/run"]
)
def test_shell_scripts_are_well_formed(name):
    """bash reads every script to its end, and those that people start may be started."""
    ran = subprocess.run(["bash", "-n", name], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert name.endswith(".sh") or (ROOT / name).stat().st_mode & 0o111
