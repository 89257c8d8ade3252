"""Binder: this repository opens there and all its notebooks run; `swarmprov binder` does the same for anybody's own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from swarmprov_nb import __version__
from swarmprov_nb.binder import launch, links
from swarmprov_nb.binder.conda_environment import environment_file, is_private, own_requirement
from swarmprov_nb.binder.launch_link import launch_link, origin
from swarmprov_nb.cli import main
from swarmprov_nb.errors import StorageError, UsageError, VerificationFailed
from swarmprov_nb.home import Home
from swarmprov_nb.publishing import NO_CHAIN, publish
from swarmprov_nb.verifying import verify

ROOT = Path(__file__).parents[1]
UNREACHABLE = ("connection broken by", "Max retries exceeded", "Temporary failure in name resolution")
REPOSITORY = "alice/penguins"


def run(*command, folder, **named):
    """Run a command in a folder; of this process's settings of ours and of Python nothing is left."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "SWARMPROV_", "JUPYTER"))}
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=folder, env={**kept, **named}, capture_output=True, text=True, check=False, timeout=900
    )


def needs_packages(ran):
    """Fail where something could not be installed, but skip where no package index can be reached."""
    said = ran.stdout + ran.stderr
    if ran.returncode and any(words in said for words in UNREACHABLE):
        pytest.skip("no package index can be reached, so nothing can be installed into a fresh environment")
    assert ran.returncode == 0, said


def requirements(text):
    """Return Python and the pip requirements that an environment.yml names."""
    python, pip, packages = yaml.safe_load(text)["dependencies"]
    assert pip == "pip"
    return python, packages["pip"]


def everything(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if ".swarmprov" not in path.parts}


@pytest.fixture
def published(study):
    return publish(study.notebook, yes=True, chain=NO_CHAIN, home=study.home, say=str)


@pytest.fixture
def binder(study):
    """Plan the files for the study's folder."""
    return lambda **options: launch(study.folder, **{"repository": REPOSITORY, "home": study.home, **options})


# -- this repository


def test_this_repository_names_one_exact_python():
    """A range would make Binder solve everything anew; nothing else is asked of conda."""
    stated = yaml.safe_load((ROOT / "binder/environment.yml").read_text(encoding="utf-8"))

    assert stated["channels"] == ["conda-forge"]
    assert stated["dependencies"] == ["python=3.11", "pip"]


def test_this_repository_installs_itself_with_what_its_notebooks_need():
    """The script may be started, is well formed, installs the clone with its extras and asks no service."""
    script = ROOT / "binder/postBuild"
    text = script.read_text(encoding="utf-8")

    assert script.stat().st_mode & 0o111
    assert run("bash", "-n", script, folder=ROOT).returncode == 0
    assert '".[lab,tables,ml]"' in text
    assert re.search(r"https?:|token|secret=|password", text) is None


def test_the_readme_links_to_one_repository_and_to_notebooks_that_are_there():
    """Whoever sets the repository's name sets it for every launch link."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"/v2/gh/([^/\s]+/[^/\s]+)/[^/\s?]+(?:\?urlpath=lab/tree/(\S+))?", text)
    if not links:
        pytest.skip("README.md has no launch link")

    assert len({repository for repository, _ in links}) == 1
    assert [path for _, path in links if path and not (ROOT / path).exists()] == []


# -- a user's own repository


def test_two_files_and_a_link_are_made(study, binder):
    """Binder needs an environment and a script that may be started; the link names repository and notebook."""
    found = binder()

    assert found.write() == ["binder/environment.yml", "binder/postBuild"]
    assert (study.folder / "binder/postBuild").stat().st_mode & 0o111
    assert found.link == "https://mybinder.org/v2/gh/alice/penguins/HEAD?urlpath=lab/tree/study.ipynb"
    assert found.badge == f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({found.link})"


def test_planning_writes_nothing(study, binder):
    """Nothing is in the folder that was not there, until it is asked to be written."""
    before = everything(study.folder)
    binder()

    assert everything(study.folder) == before


def test_the_packages_are_those_recorded_with_the_notebook(binder):
    """The study was recorded on Python 3.11 with pandas 3.1.1, whatever is installed here."""
    python, packages = requirements(binder().files["binder/environment.yml"])

    assert (python, packages) == ("python=3.11", [f"swarmprov-nb[lab,tables,ml]=={__version__}", "pandas==3.1.1"])


def test_where_nothing_was_recorded_the_packages_are_those_installed(tmp_path):
    """A notebook that never ran recorded gets this environment."""
    (tmp_path / "new.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    found = launch(tmp_path, repository=REPOSITORY, home=Home(tmp_path / "home"))
    python, packages = requirements(found.files["binder/environment.yml"])

    assert python == f"python={sys.version_info[0]}.{sys.version_info[1]}"
    assert any(name.startswith("pandas==") for name in packages)
    assert [name for name in packages if name.lower().startswith(("pip=", "setuptools=", "wheel="))] == []


def test_no_package_of_ones_own_is_required():
    """What was installed from a folder is on no index: it is told in a comment, and nothing tries to install it."""
    packages = [
        {"name": "mine", "version": "1", "editable": True},
        {"name": "torch", "version": "2.1.0+cu118"},
        {"name": "Swarmprov_NB", "version": "9"},
    ]
    text = environment_file({"python": {"version": "3.12.1"}, "packages": packages}).decode()

    assert requirements(text)[1] == [f"swarmprov-nb[lab,tables,ml]=={__version__}", "torch==2.1.0"]
    assert "      # mine 1 was installed from a folder" in text


@pytest.mark.parametrize(("installer", "private"), [("pip", True), ("conda", False)])
def test_what_was_installed_from_an_address_is_private(tmp_path, monkeypatch, installer, private):
    """Its installer noted where it came from; conda does so for all of its own, and they are on an index."""
    about = tmp_path / "mine_own-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine-own\nVersion: 1.0\n")
    (about / "INSTALLER").write_text(f"{installer}\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert not is_private("mine-own")
    (about / "direct_url.json").write_text('{"url": "file:///elsewhere", "dir_info": {}}')
    assert is_private("mine-own") is private
    assert not is_private("pandas")
    assert not is_private("there-is-no-such-package")


COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSIONED = f"swarmprov-nb[lab,tables,ml]=={__version__}"


@pytest.mark.parametrize(
    ("installer", "origin", "wanted"),
    [
        ("pip", None, VERSIONED),
        ("conda", {"url": "file:///feedstock", "dir_info": {}}, VERSIONED),
        (
            "pip",
            {"url": "https://git.example/a/swarmprov.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"swarmprov-nb[lab,tables,ml] @ git+https://git.example/a/swarmprov.git@{COMMIT}",
        ),
        ("pip", {"url": "file:///elsewhere", "dir_info": {"editable": True}}, ""),
        ("pip", {"url": "file:///elsewhere.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ("pip", {"url": "https://ana:pw@git.example/a/b", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ""),
        ("pip", {"url": "https://git.example/a/b", "vcs_info": {"vcs": "git", "commit_id": "v1 --pre"}}, ""),
    ],
)
def test_swarmprov_itself_comes_from_where_binder_can_have_it(  # noqa: PLR0917 - fixtures and cases
    tmp_path, monkeypatch, binder, installer, origin, wanted
):
    """From an index or a public repository, by commit; else the advice says what to do. No password is taken along."""
    about = tmp_path / f"swarmprov_nb-{__version__}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: swarmprov-nb\nVersion: {__version__}\n")
    (about / "INSTALLER").write_text(f"{installer}\n")
    if origin:
        (about / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.syspath_prepend(tmp_path)
    found = binder()

    assert own_requirement() == wanted
    assert requirements(found.files["binder/environment.yml"])[1][0] == (wanted or VERSIONED)
    assert bool(found.advice) is not bool(wanted)


@pytest.mark.parametrize(
    "package",
    [
        {"name": "--extra-option", "version": "1"},
        {"name": "x\n  - evil", "version": "1"},
        {"name": "x", "version": "1\n      - evil==1"},
        {"name": "x", "version": "1 # ; evil"},
    ],
)
def test_a_strangers_package_name_is_no_requirement(package):
    """Names and versions of a publication become requirements only where they can be nothing else."""
    text = environment_file({"python": {"version": "3.11.7"}, "packages": [package]})

    assert requirements(text)[1] == [f"swarmprov-nb[lab,tables,ml]=={__version__}"]


@pytest.mark.parametrize("version", ["3.10.2", "3.14.0", "2", "3.11x.1", ""])
def test_a_python_that_cannot_run_us_is_refused(version):
    """Binder would build for minutes and then fail."""
    with pytest.raises(UsageError, match="does not run"):
        environment_file({"python": {"version": version}, "packages": []})


def test_a_publication_travels_as_a_saved_file(study, binder, published):
    """It stands beside the notebook, is the one that was named, and Binder verifies it when the image is made."""
    found = binder(publication=published.reference)
    written = found.write()
    report = verify(study.folder / "study.swarm", any_signer=True, home=study.home)

    assert written == ["binder/environment.yml", "binder/postBuild", "study.swarm"]
    assert (report.reference, report.ok) == (published.reference, True)
    assert "swarmprov verify --any-signer -- study.swarm" in found.files["binder/postBuild"].decode()
    assert binder(publication=published.reference).write() == []


def test_a_saved_file_is_carried_as_it_is(study, binder):
    """What travels may come from a saved file, and need not be in the store."""
    binder(publication=str(ROOT / "notebooks/penguins.swarm")).write()

    assert (study.folder / "study.swarm").read_bytes() == (ROOT / "notebooks/penguins.swarm").read_bytes()


def test_where_it_cannot_be_saved_nothing_is_written(study, binder, published):
    """The publication comes first: without it the rest would be half of something."""
    found = binder(publication=published.reference)
    shutil.rmtree(study.home.store)
    with pytest.raises(StorageError):
        found.write()
    assert not (study.folder / "binder").exists()


def test_a_publication_that_is_not_valid_is_not_carried(study, binder):
    """A copy that somebody changed is refused before anything is written."""
    file = ROOT / "notebooks/penguins.swarm"
    body = bytearray(file.read_bytes())
    at = body.index(b"penguin watcher")
    body[at] ^= 1
    (study.folder / "other.swarm").write_bytes(bytes(body[:-32]) + hashlib.sha256(body[:-42]).digest())
    with pytest.raises(VerificationFailed, match="Nothing was written"):
        binder(publication=str(study.folder / "other.swarm"))


def test_a_saved_file_of_another_publication_is_not_replaced_unasked(study, binder, published):
    """Which of the two it holds, and would hold, is told."""
    shutil.copy(ROOT / "notebooks/penguins.swarm", study.folder / "study.swarm")
    found = binder(publication=published.reference)

    assert found.replaced == ["study.swarm"]
    assert published.reference in found.differences


def test_the_scripts_words_are_one_word_each(study, binder, published):
    """A notebook's name that a shell would obey is a name in the script that Binder runs."""
    name = 'a\'; $(touch evil) `x` -- "b".ipynb'
    shutil.copy(study.notebook, study.folder / name)
    script = binder(publication=published.reference, notebook=name).files["binder/postBuild"].decode()

    assert shlex.split(script.splitlines()[-1])[-1] == name.replace(".ipynb", ".swarm")


def test_the_launch_link_of_a_readme_is_kept_in_step(study, binder):
    """A README that defines [binder] gets the new link there; nothing else of it changes, and one without stays."""
    readme = study.folder / "README.md"
    readme.write_bytes(b"# Mine \xff\r\n[binder]: https://elsewhere.example\n[other]: x\n")
    found = binder()

    assert found.replaced == ["README.md"]
    found.write()
    assert readme.read_bytes() == f"[binder]: {found.link}\n[other]: x\n".encode().join([b"# Mine \xff\r\n", b""])
    readme.write_text("# Mine\n")
    assert "README.md" not in binder().files


def test_further_links_of_a_readme_keep_their_notebook(study, binder):
    """The repository's name is one setting, however many links there are."""
    readme = study.folder / "README.md"
    readme.write_text(
        "[binder-verify]: https://mybinder.org/v2/gh/OWNER/NAME/v1?urlpath=lab/tree/verify.ipynb\n"
        "[binder-all]: https://mybinder.org/v2/gh/OWNER/NAME/HEAD\n[binder-docs]: https://x.example/v2\n"
    )
    binder().write()

    assert readme.read_text() == (
        "[binder-verify]: https://mybinder.org/v2/gh/alice/penguins/HEAD?urlpath=lab/tree/verify.ipynb\n"
        "[binder-all]: https://mybinder.org/v2/gh/alice/penguins/HEAD\n[binder-docs]: https://x.example/v2\n"
    )


def test_a_fork_sets_the_name_in_all_links_at_once(study):
    """Notebook, version and Binder of each stay; nothing else is written, and other links are let alone."""
    readme = study.folder / "README.md"
    readme.write_text(
        "[binder]: https://mybinder.org/v2/gh/OWNER/NAME/HEAD?urlpath=lab/tree/study.ipynb\r\n"
        "[binder-verify]: https://binder.example/hub/v2/gh/OWNER/NAME/v1?urlpath=lab/tree/verify.ipynb\n"
        "[other]: https://mybinder.org/v2/gh/OWNER/NAME/HEAD\n",
        newline="",
    )
    before = everything(study.folder)
    found = links(study.folder, repository=REPOSITORY)

    assert (found.replaced, found.write()) == (["README.md"], ["README.md"])
    assert everything(study.folder) == before
    assert readme.read_bytes().decode() == (
        "[binder]: https://mybinder.org/v2/gh/alice/penguins/HEAD?urlpath=lab/tree/study.ipynb\r\n"
        "[binder-verify]: https://binder.example/hub/v2/gh/alice/penguins/v1?urlpath=lab/tree/verify.ipynb\n"
        "[other]: https://mybinder.org/v2/gh/OWNER/NAME/HEAD\n"
    )
    assert links(study.folder, repository=REPOSITORY).write() == []


def test_our_own_links_are_one_setting():
    """In a fork of this repository one command names it in every launch link."""
    (text,) = links(ROOT, repository="bob/fork").files.values()

    assert set(re.findall(rb"/v2/gh/([^/]+/[^/]+)/", text)) == {b"bob/fork"}
    assert text.count(b"/v2/gh/") == (ROOT / "README.md").read_bytes().count(b"/v2/gh/") > 1


def test_links_are_not_set_where_there_are_none_or_no_name(study):
    """What is missing is said, with what makes it."""
    with pytest.raises(UsageError, match="no launch link"):
        links(study.folder, repository=REPOSITORY)
    (study.folder / "README.md").write_text("[binder]: https://mybinder.org/v2/gh/a/b/HEAD\n")
    with pytest.raises(UsageError, match="name is not known"):
        links(study.folder)


# -- what is refused


@pytest.mark.parametrize("name", ["../other.ipynb", "/etc/hostname", "none.ipynb", "raw.csv"])
def test_only_a_notebook_in_the_folder_is_opened(study, binder, name):
    """What lies elsewhere, is not there or is no notebook is refused."""
    shutil.copy(study.notebook, study.folder.parent / "other.ipynb")
    with pytest.raises(UsageError):
        binder(notebook=name)


def test_nothing_is_written_through_a_link_that_leads_out(study, binder, tmp_path):
    """A folder `binder` that is really somewhere else stays as it is."""
    (tmp_path / "elsewhere").mkdir()
    (study.folder / "binder").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="outside"):
        binder()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_one_of_several_notebooks_must_be_named(study, binder):
    """Checkpoints do not count; a second notebook does."""
    (study.folder / ".ipynb_checkpoints").mkdir()
    shutil.copy(study.notebook, study.folder / ".ipynb_checkpoints/study-checkpoint.ipynb")
    assert binder().link.endswith("/study.ipynb")
    shutil.copy(study.notebook, study.folder / "second.ipynb")
    with pytest.raises(UsageError, match="2 notebooks"):
        binder()


def test_a_folder_without_a_notebook_is_none_of_ours(tmp_path):
    """There is nothing to open."""
    with pytest.raises(UsageError, match="no notebook"):
        launch(tmp_path, repository=REPOSITORY)
    with pytest.raises(UsageError, match="no folder"):
        launch(tmp_path / "none", repository=REPOSITORY)


def test_binder_takes_no_second_folder(study, binder):
    """With .binder and binder side by side repo2docker stops; so do we, and say what to do."""
    (study.folder / ".binder").mkdir()
    with pytest.raises(UsageError, match=r"\.binder already"):
        binder()


@pytest.mark.parametrize(
    "name",
    ["penguins", "a/b/c", "-a/b", "a/..", "a/b?x", "a/b\n", "a b/c", "https://github.com/a/b", "a/" + "b" * 101, ""],
)
def test_a_name_that_is_no_repository_is_refused(binder, name):
    """It would make a link that leads somewhere else."""
    with pytest.raises(UsageError):
        binder(repository=name)


@pytest.mark.parametrize("host", ["mybinder.org", "javascript:alert(1)", "https://x.example/?a", "https://x)](y", ""])
def test_a_host_that_is_no_address_is_refused(host):
    """It stands in a link that others follow."""
    with pytest.raises(UsageError, match="no address"):
        launch_link(REPOSITORY, "study.ipynb", host=host)


def test_another_binder_may_be_named(binder):
    """Institutes run their own."""
    found = binder(host="https://binder.example:8000/hub")

    assert found.link.startswith("https://binder.example:8000/hub/v2/gh/alice/penguins/")
    assert "https://binder.example:8000/hub/badge_logo.svg" in found.badge


# -- what git knows


@pytest.fixture
def checkout(study):
    run("git", "init", "--quiet", folder=study.folder)
    return study


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/alice/penguins.git", REPOSITORY),
        ("https://github.com/alice/penguins", REPOSITORY),
        ("git@github.com:alice/penguins.git", REPOSITORY),
        ("ssh://git@github.com/alice/penguins.git", REPOSITORY),
        ("https://alice:password@github.com/alice/penguins.git", REPOSITORY),
        ("https://elsewhere.example/alice/penguins.git", None),
        ("https://notgithub.com/alice/penguins.git", None),
    ],
)
def test_the_name_is_that_of_the_remote(checkout, address, name):
    """Where origin is on GitHub, its OWNER/NAME is known; a password in the address is not taken along."""
    run("git", "remote", "add", "origin", address, folder=checkout.folder)

    assert origin(checkout.folder) == name


def test_without_a_remote_the_name_must_be_given(checkout):
    """It is asked for."""
    with pytest.raises(UsageError, match="name is not known"):
        launch(checkout.folder, home=checkout.home)


def test_a_folder_inside_a_repository_is_refused(checkout):
    """Binder reads its files at the top of the repository only."""
    (checkout.folder / "part").mkdir()
    shutil.copy(checkout.notebook, checkout.folder / "part")
    with pytest.raises(UsageError, match="inside a repository"):
        launch(checkout.folder / "part", repository=REPOSITORY, home=checkout.home)


# -- the command


def test_the_command_writes_and_prints_the_badge(study, capsys):
    """The badge alone is on standard output, so that it can go into a file."""
    code = main(["binder", str(study.folder), "--repository", REPOSITORY])
    said = capsys.readouterr()

    assert (code, said.out.count("\n")) == (0, 1)
    assert said.out.startswith("[![Open on Binder](")
    assert "wrote binder/postBuild" in said.err


def test_the_command_replaces_nothing_unasked(study, capsys):
    """What would change is shown, nothing is written, and --yes does it."""
    words = ["binder", str(study.folder), "--repository", REPOSITORY]
    main(words)
    mine = study.folder / "binder/postBuild"
    mine.write_text("#!/bin/sh\necho mine\x1b[2J\n")
    (study.folder / "binder/environment.yml").unlink()
    capsys.readouterr()

    assert main(words) == 2
    said = capsys.readouterr()
    assert ("-echo mine�[2J" in said.err, "+jupyter labextension list" in said.err, said.out) == (True, True, "")
    assert "mine" in mine.read_text()
    assert not (study.folder / "binder/environment.yml").exists()
    assert main([*words, "--yes"]) == 0
    assert "mine" not in mine.read_text()


def test_the_command_sets_links_once_it_is_told_to(study, capsys):
    """The change is shown and waits for --yes; then nothing is on standard output, for there is no badge to copy."""
    readme = study.folder / "README.md"
    readme.write_text("[binder]: https://mybinder.org/v2/gh/a/b/HEAD\n")
    words = ["binder", str(study.folder), "--links", "--repository", REPOSITORY]

    assert main(words) == 2
    assert f"+[binder]: https://mybinder.org/v2/gh/{REPOSITORY}/HEAD" in capsys.readouterr().err
    assert (main([*words, "--yes"]), capsys.readouterr().out) == (0, "")
    assert readme.read_text() == f"[binder]: https://mybinder.org/v2/gh/{REPOSITORY}/HEAD\n"


# -- the real thing


@pytest.fixture(scope="module")
def repo2docker(tmp_path_factory):
    """Repo2docker in an environment of its own."""
    folder = tmp_path_factory.mktemp("repo2docker")
    assert run(sys.executable, "-m", "venv", "--without-pip", "tools", folder=folder).returncode == 0
    pip = (sys.executable, "-m", "pip", "--python", folder / "tools/bin/python", "install", "--quiet")
    needs_packages(run(*pip, "jupyter-repo2docker", folder=folder))
    return folder / "tools/bin/jupyter-repo2docker"


def tracked(goal):
    """Copy what is under version control, as a clone on Binder has it, to a new folder."""
    listed = run("git", "ls-files", "-z", folder=ROOT)
    if listed.returncode:
        pytest.skip("this is no git checkout, so nobody can say what Binder would get")
    for name in filter(None, listed.stdout.split("\0")):
        (goal / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, goal / name)
    return goal


@pytest.mark.long
@pytest.mark.parametrize("whose", ["ours", "a user's"])
def test_repo2docker_takes_the_files(repo2docker, tmp_path, study, binder, whose):
    """It would make an image on its own environment of that Python, with our packages, and run postBuild."""
    folder = tracked(tmp_path / "clone") if whose == "ours" else study.folder
    if whose != "ours":
        binder().write()
    ran = run(repo2docker, "--no-build", "--debug", ".", folder=folder)
    said = ran.stdout + ran.stderr

    assert ran.returncode == 0, said
    assert "Building conda environment for python=3.11\n" in said
    assert "RUN ./binder/postBuild" in said
    assert "binder/environment.yml" in said


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """What Binder makes of this repository: a fresh environment of the Python named, in which postBuild ran."""
    python = shutil.which("python3.11") if sys.version_info[:2] != (3, 11) else sys.executable
    if python is None or run(python, "-c", "import ensurepip, venv", folder=ROOT).returncode:
        pytest.skip("binder/environment.yml names Python 3.11, and there is none here that makes environments")
    folder = tmp_path_factory.mktemp("image")
    clone = tracked(folder / "clone")
    assert run(python, "-m", "venv", "environment", folder=folder).returncode == 0
    named = in_image(folder)
    needs_packages(run("./binder/postBuild", folder=clone, **named))
    return clone, named


def in_image(folder):
    """Return the settings under which everything in the image runs: its own programs first, and a home of its own."""
    homes = {name: str(folder / name.lower()) for name in ("HOME", "IPYTHONDIR", "SWARMPROV_HOME")}
    (folder / "home").mkdir()
    return {**homes, "PATH": f"{folder / 'environment/bin'}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(1200)  # everything is installed
def test_the_image_has_the_extension_and_no_leftovers(image):
    """Lab lists our extension as it should be; what only its build needed is gone."""
    clone, named = image
    listed = run("jupyter", "labextension", "list", folder=clone, **named)
    plain = re.sub(r"\x1b\[\d+m", "", listed.stdout + listed.stderr)

    assert re.search(r"swarmprov-nb v\S+ enabled +OK", plain), plain
    assert not (clone / "labextension/node_modules").exists()


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(1200)
def test_the_quickstart_runs_and_publishes_in_the_image(image):
    """From the first cell to a verified reference, with nothing but what postBuild installed."""
    clone, named = image
    words = ("publish", "notebooks/quickstart.ipynb", "--execute", "--yes", "--json")
    ran = run("swarmprov", *words, folder=clone, **named)
    assert ran.returncode == 0, ran.stderr
    reference = json.loads(ran.stdout)["reference"]
    checked = run("swarmprov", "verify", reference, folder=clone.parent, **named)

    assert checked.returncode == 0, checked.stdout
    assert "Valid: level signed, signed by me." in checked.stdout


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(1200)
def test_the_strangers_file_is_verified_in_the_image(image):
    """verify.ipynb runs there to its end, as its reader would run it."""
    clone, named = image
    ran = run("jupyter", "execute", "--inplace", "verify.ipynb", folder=clone / "notebooks", **named)
    assert ran.returncode == 0, ran.stderr

    assert "signed by Penguin watcher." in (clone / "notebooks/verify.ipynb").read_text(encoding="utf-8")


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(1200)
def test_a_users_own_repository_opens_there_too(image, study, binder, published):
    """What `swarmprov binder` wrote installs from an index that has this version, and its postBuild verifies."""
    clone, named = image
    wheels = clone.parent / "wheels"
    build = ("python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, clone)
    needs_packages(run(*build, folder=clone.parent, **named))
    found = binder(publication=published.reference)
    found.write()
    _, packages = requirements(found.files["binder/environment.yml"])
    assert run("python", "-m", "venv", "own", folder=clone.parent, **named).returncode == 0
    own = {**named, "PATH": f"{clone.parent / 'own/bin'}{os.pathsep}{os.environ['PATH']}"}
    install = ("python", "-m", "pip", "install", "--quiet", "--find-links", wheels)
    needs_packages(run(*install, *packages, folder=study.folder, **own))
    built = run("./binder/postBuild", folder=study.folder, **own)

    assert built.returncode == 0, built.stdout + built.stderr
    assert re.search(r"swarmprov-nb v\S+ \S*enabled", re.sub(r"\x1b\[\d+m", "", built.stdout + built.stderr))
    assert "Valid: level signed" in built.stdout
