"""The doctor says what works and what to do next, changes nothing, and tells nothing that is private."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import metadata
from pathlib import Path

import pytest
from studies import make_study

from swarmprov_nb import __version__
from swarmprov_nb.chain.embedded_database import APPLICATION_ID
from swarmprov_nb.cli import main
from swarmprov_nb.doctor import diagnosis
from swarmprov_nb.doctor.places import CHAIN_APPLICATION
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import publish


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def look(home, tmp_path):
    """Return the doctor's line of that name."""

    def line(name, folder=tmp_path):
        (found,) = [check for check in diagnosis(home, folder).checks if check.name == name]
        return found

    return line


@pytest.fixture
def installed(monkeypatch):
    """Pretend versions of packages; None is not installed."""
    real = metadata.version

    def pretend(**versions):
        def version(name):
            if name not in versions:
                return real(name)
            if versions[name] is None:
                raise metadata.PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(metadata, "version", version)

    return pretend


@pytest.fixture
def jupyter_folders(installed, tmp_path, monkeypatch):
    """JupyterLab is installed, and Jupyter's folders are `data` and `config` in the test's own."""
    installed(jupyterlab="4.6.0", notebook="7.6.0")
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *names: [str(tmp_path.joinpath("data", *names))])
    monkeypatch.setattr("jupyter_core.paths.jupyter_config_path", lambda: [str(tmp_path / "config")])
    monkeypatch.setattr(sys, "prefix", str(tmp_path))


def tree(folder):
    return {path: (path.stat().st_mode, path.stat().st_mtime_ns) for path in [folder, *sorted(folder.rglob("*"))]}


def test_a_new_machine_is_healthy_and_stays_empty(home, tmp_path, monkeypatch):
    """Where nothing was ever done, nothing is broken, and no home, key or file is made; no network is asked."""
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("the doctor asked the network"))

    found = diagnosis(home, tmp_path)

    assert [check for check in found.checks if check.state == "broken"] == []
    assert found.exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_used_machine_is_read_without_a_trace(home, tmp_path):
    """A home with keys, store, chain and receipts, and a recorded folder, are told and left to the bit."""
    study = make_study(home, tmp_path / "work")
    publish(study.notebook, home=home, yes=True)
    before = tree(tmp_path / "home"), sorted((tmp_path / "work").rglob("*"))

    found = diagnosis(home, study.folder)

    lines = {check.name: check.said for check in found.checks}
    assert found.exit_code == 0
    assert "readable by you alone" in lines["keys"]
    assert "in 1 pack" in lines["store"] or "packs" in lines["store"]
    assert lines["chain"].startswith("readable")
    assert lines["record here"].startswith("readable")
    assert (tree(tmp_path / "home"), sorted((tmp_path / "work").rglob("*"))) == before


@pytest.mark.parametrize(("mode", "path"), [(0o755, "keys"), (0o644, "keys/record.key"), (0o640, "keys/record.key")])
def test_open_keys_are_told_with_the_command_that_closes_them(home, look, mode, path):
    """A key that others may read is broken, and the next step is the command."""
    home.secret("record.key")
    (home.root / path).chmod(mode)

    found = look("keys")

    assert found.state == "broken"
    assert found.next_step == f"chmod {'700' if path == 'keys' else '600'} '{home.root / path}'"


def test_a_foreign_store_is_told(home, look):
    """A folder that is no store, and a store of another version, are broken."""
    home.store.mkdir(parents=True)
    assert look("store").state == "ok"
    (home.store / "thesis.txt").write_text("mine")
    assert "is no store" in look("store").said
    (home.store / "store").write_text("swarmprov store 9\n")
    assert "another version" in look("store").said


@pytest.mark.parametrize("name", ["chain", "record here"])
def test_damaged_and_foreign_databases_are_told(home, look, tmp_path, name):
    """A file that is no database, or another program's, is broken; an empty one is not."""
    path = home.chain / "chain.sqlite" if name == "chain" else tmp_path / ".swarmprov" / "record.sqlite"
    path.parent.mkdir(parents=True)
    path.touch()
    assert look(name).state == "ok"
    path.write_bytes(b"no database at all, but long enough to be read as one" * 40)
    assert "cannot be read" in look(name).said
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 7")
        db.execute("CREATE TABLE t (x)")
    assert "belongs to another program" in look(name).said


def test_chain_files_are_known_by_the_chains_own_number():
    """The doctor knows a chain by the number that the chain writes, without loading it."""
    assert CHAIN_APPLICATION == APPLICATION_ID


@pytest.mark.parametrize("folder", ["missing", "/proc"])
def test_a_folder_that_cannot_be_written_is_told(look, tmp_path, folder):
    """Where no recording can be written, that is broken."""
    if not Path(folder).exists() and folder != "missing":
        pytest.skip("this system has no /proc")

    found = look("this folder", tmp_path / folder)

    assert found.state == "broken"
    assert found.next_step == "Move the notebook to a folder that you may write."


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    """A home below a file is broken, and the way out is named."""
    (tmp_path / "file").touch()

    (found,) = [check for check in diagnosis(Home(tmp_path / "file" / "home"), tmp_path).checks if check.name == "home"]

    assert found.state == "broken"
    assert "SWARMPROV_HOME" in found.next_step


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write where nobody may")
def test_a_read_only_home_is_told(home, look):
    """A home that may not be written is broken."""
    home.root.mkdir(mode=0o500)

    assert look("home").state == "broken"


@pytest.mark.parametrize(("free", "state"), [(10**12, "ok"), (5 * 10**8, "note"), (10**6, "broken")])
def test_little_room_is_told(look, monkeypatch, free, state):
    """Under a gigabyte is worth a word; under 50 MB nothing works."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 0, free))

    assert look("disk").state == state


def test_a_clock_that_is_behind_is_told(home, look, tmp_path, monkeypatch):
    """A clock before the newest publication is broken."""
    study = make_study(home, tmp_path / "work")
    publish(study.notebook, home=home, yes=True)
    assert look("clock").state == "ok"
    monkeypatch.setattr("time.time", lambda: 1e9)

    assert look("clock").said == "2001-09-09 01:46 UTC is before what was done here already"


def test_bad_settings_are_told(home, look):
    """A settings file that cannot be read is broken, in the words of its own error."""
    home.root.mkdir()
    home.config.write_text("max_artifact_bytes = ")

    assert look("settings").state == "broken"
    assert look("settings").next_step == "Mend it, or move it away."


@pytest.mark.parametrize(("extra", "package"), [("tables", "pyarrow"), ("ml", "skops"), ("fast", "numba")])
def test_a_missing_extra_is_optional(look, installed, extra, package):
    """What is optional is a note with the command that installs it."""
    installed(**{package: None})

    found = look(f"extra {extra}")

    assert found.state == "note"
    assert found.said.startswith(f"{package} is not installed")
    assert found.next_step == f"pip install 'swarmprov-nb[{extra}]'"


def test_a_missing_or_old_package_is_broken(look, installed):
    """What swarmprov cannot do without is broken, with name and range."""
    installed(networkx=None, rfc8785="0.0.1")

    assert look("packages").state == "broken"
    assert "networkx is not installed" in look("packages").said
    assert "rfc8785 0.0.1 is not in" in look("packages").said


def test_front_ends_out_of_range_and_absent_are_notes(look, installed):
    """An old Lab, or none, breaks nothing: magics work."""
    installed(jupyterlab="3.6.1", notebook=None)
    assert look("front ends").said == "jupyterlab 3.6.1 is not in <5,>=4.4: the panel may not load"
    installed(jupyterlab=None, notebook=None)
    assert look("front ends").state == "note"


@pytest.mark.parametrize(
    ("version", "settings", "told"),
    [
        (None, {}, ("note", "not installed: magics work, panel and button are missing")),
        (__version__, {}, ("ok", f"{__version__}, enabled")),
        ("0.0.1", {}, ("broken", f"0.0.1 is installed for swarmprov {__version__}")),
        (__version__, {"disabledExtensions": {"swarmprov-nb": True}}, ("note", "installed and disabled")),
        (__version__, {"disabledExtensions": ["swarmprov-nb"]}, ("note", "installed and disabled")),
        (__version__, {"disabledExtensions": {"swarmprov-nb": False}}, ("ok", f"{__version__}, enabled")),
    ],
)
@pytest.mark.usefixtures("jupyter_folders")
def test_the_lab_extension_is_found_where_lab_finds_it(look, tmp_path, version, settings, told):
    """Installed, of this version and enabled: read from Jupyter's folders, without a server."""
    data = tmp_path / "data"
    if version:
        (data / "labextensions/swarmprov-nb").mkdir(parents=True)
        (data / "labextensions/swarmprov-nb/package.json").write_text(json.dumps({"version": version}))
    (tmp_path / "config/labconfig").mkdir(parents=True)
    (tmp_path / "config/labconfig/page_config.json").write_text(json.dumps(settings))

    found = look("Lab extension")

    assert (found.state, found.said) == told


def test_a_kernel_of_this_python_is_found(look, installed, tmp_path, monkeypatch):
    """A kernel specification that starts this Python is named; without one the command that makes it is."""
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *names: [str(tmp_path.joinpath(*names))])
    installed(jupyterlab=None)
    assert look("kernel").next_step == "python -m ipykernel install --user --name swarmprov"
    (tmp_path / "kernels/study").mkdir(parents=True)
    (tmp_path / "kernels/study/kernel.json").write_text(json.dumps({"argv": [sys.executable, "-m", "x"]}))

    assert look("kernel").said == "'study' runs this Python"


def test_a_checkout_that_is_not_installed_is_a_note(look, monkeypatch):
    """Run from its folder, swarmprov says that packages were not looked at."""

    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)

    assert look("swarmprov").state == "note"


def test_a_report_can_be_pasted(tmp_path, monkeypatch, capsys):
    """Neither the home folder, which names the user, nor any key stands in the report, as text or as JSON."""
    person = tmp_path / "ana.maria"
    home = Home(person / "data" / "swarmprov")
    (person / "work").mkdir(parents=True)
    key = home.secret("record.key")
    (home.keys / "record.key").chmod(0o644)
    home.config.write_text("[broken")
    monkeypatch.setenv("HOME", str(person))
    monkeypatch.setenv("SWARMPROV_HOME", str(home.root))
    monkeypatch.chdir(person / "work")

    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert main(["doctor", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)

    assert "chmod 600 ~/'data/swarmprov/keys/record.key'" in text
    assert "~/data/swarmprov/config.toml" in text
    assert not any(word in text + json.dumps(document) for word in ("ana.maria", key.hex(), repr(key)))
    assert (document["format"], document["healthy"]) == ("swarmprov-doctor/1", False)
    assert {"name", "state", "said", "next_step"} == set(document["checks"][0])


def test_the_command_loads_nothing_heavy(tmp_path):
    """The doctor imports none of the packages that it looks for."""
    program = """
import sys
from pathlib import Path
from swarmprov_nb.doctor import diagnosis
from swarmprov_nb.home import Home
print(diagnosis(Home(Path.cwd() / "home"), Path()).exit_code)
print(*sorted({"IPython", "eth", "jupyterlab", "networkx", "numpy", "pandas", "web3"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert ran.stdout == "0\n\n"
