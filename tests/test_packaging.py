"""Wheel and sdist: what is in them, and that a fresh environment of each does what the README says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from studies import make_study

import swarmprov_nb
from swarmprov_nb.carrying import save
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish

ROOT = Path(__file__).parents[1]
FORBIDDEN = ("IPython", "ipykernel", "web3", "eth", "pandas", "numpy")
UNREACHABLE = ("connection broken by", "Max retries exceeded", "Temporary failure in name resolution")
MODULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "swarmprov_nb").rglob("*.py"))
SHOWN = [path for kind in ("*.js", "*.css", "*.html") for path in (ROOT / "swarmprov_nb").glob(f"[vw]*/{kind}")]
DATA = [
    *sorted(path.relative_to(ROOT).as_posix() for path in SHOWN),  # of view and widgets
    "swarmprov_nb/py.typed",
    "swarmprov_nb/manifest/provenance-v1.schema.json",
    "swarmprov_nb/chain/artifacts/SwarmProvenance.json",
]


SHARED = ".data/data/share/jupyter/labextensions/swarmprov-nb/"
MOST_JAVASCRIPT = 300_000


def run(*command, folder, home=None, timeout=280, **named):
    """Run a command in a folder, with a home of its own and nothing of this checkout on its path; `named` variables."""
    ours = ("PYTHON", "SWARMPROV_", "SKIP_JUPYTER_BUILDER")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    named |= {"SWARMPROV_HOME": str(home)} if home else {}
    command = [str(word) for word in command]
    return subprocess.run(
        command, cwd=folder, env={**kept, **named}, capture_output=True, text=True, check=False, timeout=timeout
    )


def needs_packages(ran):
    """Fail where building or installing failed, but skip where no package index can be reached."""
    said = ran.stdout + ran.stderr
    if ran.returncode and any(words in said for words in UNREACHABLE):
        pytest.skip("no package index can be reached, so nothing can be installed into a fresh environment")
    assert ran.returncode == 0, said


@dataclass
class Environment:
    """A fresh environment with the wheel or sdist in it."""

    folder: Path

    @classmethod
    def make(cls, folder, *requirements, **named):
        made = run(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder.parent)
        assert made.returncode == 0, made.stderr
        pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python", "install", "--quiet")
        needs_packages(run(*pip, *requirements, folder=folder.parent, timeout=900, **named))
        return cls(folder)

    def python(self, program, **where):
        return run(self.folder / "bin/python", "-c", program, **where)

    def swarmprov(self, *words, **where):
        return run(self.folder / "bin/swarmprov", *words, **where)

    @property
    def extension(self):
        return self.folder / "share/jupyter/labextensions/swarmprov-nb"


@dataclass
class Shared:
    """A saved publication, its reference, and the home of whoever published it."""

    home: Path
    reference: str
    file: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder with the sdist, and the wheel built from that sdist."""
    pytest.importorskip("build", reason="build is not installed: pip install 'swarmprov-nb[test]'")
    folder = tmp_path_factory.mktemp("dist")
    needs_packages(run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder))
    return folder


@pytest.fixture(scope="session")
def wheel(built):
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def sdist(built):
    (found,) = built.glob("*.tar.gz")
    return found


@pytest.fixture(scope="session")
def verifier(wheel, tmp_path_factory):
    """An environment that can verify, and nothing else."""
    folder = tmp_path_factory.mktemp("verifier") / "environment"
    return Environment.make(folder, "--no-deps", wheel, "-r", ROOT / "requirements/verify.txt")


@pytest.fixture
def sources(sdist, tmp_path):
    """What the sdist holds, in a folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "sources", filter="data")
    (folder,) = (tmp_path / "sources").iterdir()
    return folder


@pytest.fixture
def no_node(tmp_path):
    """A PATH on which there is a shell, and no Node.js."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "env", "uname", "dirname"):
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared")
    home = Home(folder / "home")
    study = make_study(home, folder / "work")
    reference = publish(study.notebook, yes=True, home=home, say=lambda _: None).reference
    return Shared(home.root, reference, save(reference, folder / "study.swarm", home=home))


@pytest.fixture
def elsewhere(tmp_path):
    """A folder that has nothing to do with the publisher's."""
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel):
    """Every module, the data they read, the public name and the licence; no tests, no contracts, no benchmarks."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    about = [name for name in names if ".dist-info/" in name]
    extension = [name for name in names if SHARED in name]

    assert sorted(set(names) - set(about) - set(extension)) == sorted([*MODULES, *DATA, "swarmprov.py"])
    assert any(name.endswith("/licenses/LICENSE") for name in about)
    assert any(name.endswith("/entry_points.txt") for name in about)


def test_the_sdist_holds_what_a_contributor_needs(sdist):
    """Sources, tests, contracts with npm settings, notebooks and scripts; nothing that npm or a run left there."""
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    needed = {
        *MODULES, *DATA, "swarmprov.py", "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md",
        "labextension/.yarnrc.yml", "labextension/hatch_build.py", "labextension/package.json",
        "labextension/yarn.lock", "labextension/schema/plugin.json", "labextension/src/index.ts",
        "labextension/style/index.js", "swarmprov_nb/labextension/package.json",
        "contracts/.npmrc", "contracts/compile.mjs", "contracts/package.json", "contracts/package-lock.json",
        "contracts/src/SwarmProvenance.sol", "notebooks/quickstart.ipynb", "notebooks/data/penguins-raw.csv",
        "docs/formats.md", "requirements/verify.txt", "scripts/quickstart", "scripts/test", "scripts/python.sh",
        "tests/test_packaging.py", "tests/conftest.py", "tests/goldens/swarm.json", "benchmarks/capture.py",
    }  # fmt: skip

    assert needed <= names
    assert [name for name in names if "node_modules" in name or "__pycache__" in name or ".swarmprov/" in name] == []


def test_the_wheel_holds_the_lab_extension_once(wheel):
    """What Lab loads, its settings and who installed it; no source map, no package of others, and not much of it."""
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename.partition(SHARED)[2]: info.file_size for info in archive.infolist()}
        (about,) = [name for name in archive.namelist() if name.endswith(f"{SHARED}package.json")]
        described = json.loads(archive.read(about))
    scripts = {name: size for name, size in sizes.items() if name.endswith(".js")}

    assert {"install.json", "package.json", "schemas/swarmprov-nb/plugin.json", "static/style.js"} <= set(sizes)
    assert described["jupyterlab"]["_build"]["load"] in scripts
    assert [name for name in sizes if name.endswith((".map", ".ts", ".sha256")) or "node_modules" in name] == []
    assert 0 < sum(scripts.values()) < MOST_JAVASCRIPT


def test_lab_lists_what_the_wheel_brings(verifier, elsewhere):
    """The extension of a wheel that was installed anywhere is enabled, and Lab finds nothing wrong with it."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed: pip install 'swarmprov-nb[lab]'")
    place = verifier.folder / "share" / "jupyter"
    program = "from jupyterlab.labextensions import main; main()"
    ran = run(sys.executable, "-c", program, "list", folder=elsewhere, JUPYTER_PATH=str(place))

    assert listed(ran, place) == f"swarmprov-nb v{swarmprov_nb.__version__} enabled OK (python, swarmprov-nb)"


def listed(ran, place):
    """Return what `jupyter labextension list` says of ours at this place."""
    said = re.sub(r"\x1b\[\d+m", "", ran.stdout + ran.stderr)
    below = said.partition(f"{place}/labextensions")[2] or said.partition(f"{place.resolve()}/labextensions")[2]
    (line,) = [line.split() for line in below.partition("\n\n")[0].splitlines() if "swarmprov-nb v" in line]
    return " ".join(line)


def test_headless_installs_build_nothing(sources, no_node, tmp_path, elsewhere):
    """SKIP_JUPYTER_BUILDER=1 installs what was never built, without Node.js, and without the extension."""
    shutil.rmtree(sources / "swarmprov_nb/labextension")
    environment = Environment.make(
        tmp_path / "environment", "--no-deps", sources, PATH=no_node, SKIP_JUPYTER_BUILDER="1"
    )
    ran = environment.python("import swarmprov; print(swarmprov.__version__)", folder=elsewhere)

    assert ran.stdout.strip() == swarmprov_nb.__version__
    assert not environment.extension.exists()
    assert not (sources / "labextension/node_modules").exists()


def test_the_sdist_needs_no_node(sdist, no_node, tmp_path):
    """Its extension is built already: nothing is compiled, and all of it arrives."""
    environment = Environment.make(tmp_path / "environment", "--no-deps", sdist, PATH=no_node)

    assert (environment.extension / "install.json").is_file()
    assert (environment.extension / "static/style.js").is_file()


@pytest.mark.long
@pytest.mark.parametrize("has_node", [True, False], ids=["node", "no-node"])
def test_changed_sources_are_built_anew(has_node, sources, no_node, tmp_path):
    """After an edit `pip install .` builds the extension again, with the Node.js that is there or one of its own."""
    if has_node and shutil.which("node") is None:
        pytest.skip("Node.js is not installed: only building without it is tested")
    edited = sources / "labextension/src/commands.ts"
    edited.write_text(edited.read_text(encoding="utf-8").replace("Pause recording", "Rest a while"), encoding="utf-8")
    named = {} if has_node else {"PATH": no_node}
    environment = Environment.make(tmp_path / "environment", "--no-deps", sources, **named)
    scripts = [path.read_text(encoding="utf-8") for path in environment.extension.glob("static/*.js")]

    assert any("Rest a while" in script for script in scripts)
    assert not any("Pause recording" in script for script in scripts)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_lab_without_node_has_the_extension(kind, request, no_node, tmp_path, elsewhere):
    """A fresh environment with [lab], on a machine without Node.js: Lab lists the extension as enabled and OK."""
    package = request.getfixturevalue(kind)
    environment = Environment.make(tmp_path / "environment", f"{package}[lab]", PATH=no_node)
    ran = run(environment.folder / "bin/jupyter", "labextension", "list", folder=elsewhere, PATH=no_node)

    assert "enabled OK" in listed(ran, environment.folder / "share/jupyter")


def test_the_wheel_says_what_it_is(wheel):
    """Its version is the package's, and its command is swarmprov."""
    import swarmprov

    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        metadata = archive.read(about).decode()
        commands = archive.read(about.replace("METADATA", "entry_points.txt")).decode()

    assert f"Version: {swarmprov.__version__}\n" in metadata
    assert "Requires-Python: <3.14,>=3.11\n" in metadata
    assert "swarmprov = swarmprov_nb.cli:main" in commands


def test_verifying_needs_no_jupyter_no_web3_and_no_pandas(verifier, elsewhere):
    """The environment for verifying has none of them, and what runs there is what was installed."""
    look = f"import importlib.util as u, json; print(json.dumps([n for n in {FORBIDDEN!r} if u.find_spec(n)]))"
    found = verifier.python(look, folder=elsewhere)
    origin = verifier.python("import swarmprov_nb; print(swarmprov_nb.__file__)", folder=elsewhere)

    assert json.loads(found.stdout) == []
    assert origin.stdout.startswith(str(verifier.folder))


def test_a_saved_publication_verifies_on_a_machine_that_has_nothing_else(verifier, shared, elsewhere):
    """From the file alone, in another folder and home: valid, and the anchor is not checked."""
    ran = verifier.swarmprov("verify", shared.file, "--any-signer", "--json", folder=elsewhere, home=elsewhere / "home")
    report = json.loads(ran.stdout)
    outcomes = {check["name"]: check["outcome"] for check in report["checks"]}

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (report["reference"], report["level"], report["ok"]) == (shared.reference, "signed", True)
    assert outcomes["anchor"] == "not checked"
    assert "fail" not in outcomes.values()


def test_an_unknown_signer_is_exit_code_3(verifier, shared, elsewhere):
    """Without --any-signer the same file is valid, but its signer unknown, and the report says how to trust them."""
    ran = verifier.swarmprov("verify", shared.file, folder=elsewhere, home=elsewhere / "home")

    assert ran.returncode == 3
    assert "swarmprov trust did:key:" in ran.stdout


def test_a_tampered_file_fails(verifier, shared, elsewhere):
    """One flipped byte in the middle of a saved publication: exit code 1, two lines, no traceback."""
    data = bytearray(shared.file.read_bytes())
    data[len(data) // 2] ^= 1
    (elsewhere / "tampered.swarm").write_bytes(data)
    ran = verifier.swarmprov("verify", "tampered.swarm", "--any-signer", folder=elsewhere, home=elsewhere / "home")

    assert (ran.returncode, ran.stdout) == (1, "")
    assert len(ran.stderr.splitlines()) == 2


def test_a_reference_verifies_from_a_named_store(verifier, shared, elsewhere):
    """--store reads from another's store, and the packages for reading a chain are not missed."""
    words = ("verify", shared.reference, "--any-signer", "--store", shared.home / "store")
    ran = verifier.swarmprov(*words, folder=elsewhere, home=elsewhere / "home")
    beside = verifier.swarmprov(*words, folder=elsewhere, home=shared.home)  # here the chain is, but nothing to read it

    assert (ran.returncode, ran.stderr) == (0, "")
    assert beside.returncode == 0, beside.stderr
    assert "- anchor" in beside.stdout
    assert "the packages for reading a chain are not installed" in beside.stdout


def test_saved_files_can_be_carried_on_there(verifier, shared, elsewhere):
    """get, load and save work in the environment for verifying too."""
    home = elsewhere / "home"
    got = verifier.swarmprov("get", shared.file, "files", folder=elsewhere, home=home)
    loaded = verifier.swarmprov("load", shared.file, folder=elsewhere, home=home)
    saved = verifier.swarmprov("save", shared.reference, "again.swarm", folder=elsewhere, home=home)

    assert [ran.returncode for ran in (got, loaded, saved)] == [0, 0, 0], got.stderr + loaded.stderr + saved.stderr
    assert (elsewhere / "files/manifest.json").is_file()
    assert (elsewhere / "again.swarm").read_bytes() == shared.file.read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_fresh_install_takes_the_quickstart_all_the_way(kind, request, tmp_path, elsewhere):
    """With [tables,ml] the notebook runs recorded, is published and verifies from its reference in another folder."""
    package = request.getfixturevalue(kind)
    environment = Environment.make(tmp_path / "environment", f"{package}[tables,ml]")
    with tarfile.open(request.getfixturevalue("sdist")) as archive:
        archive.extractall(tmp_path, filter="data")
    (notebook,) = tmp_path.glob("*/notebooks/quickstart.ipynb")
    home = tmp_path / "home"
    published = environment.swarmprov(
        "publish", notebook, "--execute", "--yes", "--json", folder=notebook.parent, home=home
    )
    assert published.returncode == 0, published.stderr
    reference = json.loads(published.stdout)["reference"]
    verified = environment.swarmprov("verify", reference, folder=elsewhere, home=home)

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "✓ anchor" in verified.stdout
