"""Completion scripts, asked in the real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from swarmprov_nb import shell_completion
from swarmprov_nb.cli import main
from swarmprov_nb.errors import MissingExtra

ASK_BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
_shtab_swarmprov
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a notebook, a saved publication, something else, and a folder."""
    place = tmp_path / "work"
    (place / "data").mkdir(parents=True)
    for name in ("study.ipynb", "my study.ipynb", "study.swarm", "notes.txt"):
        (place / name).touch()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def scripted(tmp_path, capsys):
    """Write the script of a shell into a file, as the command prints it; skip where the shell is not installed."""

    def write(shell):
        if shutil.which(shell) is None:
            pytest.skip(f"{shell} is not installed")
        assert main(["completion", shell]) == 0
        file = tmp_path / f"completion.{shell}"
        file.write_text(capsys.readouterr().out)
        return file

    return write


def said(*command):
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stderr == ""
    return [line for line in ran.stdout.splitlines() if line]


CASES = [
    (["sh"], {"show"}),
    (["completion", ""], {"bash", "zsh", "fish"}),
    (["verify", "--require", ""], {"signed", "anchored"}),
    (["publish", "study.ipynb", "--chain", "ch"], {"chiado"}),
    (["show", "study.ipynb", "--ht"], {"--html"}),
    (["load", ""], {"study.swarm", "data"}),
    (["run", ""], {"study.ipynb", "my study.ipynb", "data"}),
    (["verify", "study"], {"study.ipynb", "study.swarm"}),
    (["get", "REF", "da"], {"data"}),
]


@pytest.mark.parametrize(("words", "wanted"), CASES, ids=lambda value: " ".join(sorted(value)))
@pytest.mark.usefixtures("folder")
def test_bash_completes(scripted, words, wanted):
    """bash offers commands, options, choices and the files that can be meant, and no others."""
    assert set(said("bash", "-c", ASK_BASH, "bash", str(scripted("bash")), "swarmprov", *words)) == wanted


@pytest.mark.parametrize(("words", "wanted"), CASES, ids=lambda value: " ".join(sorted(value)))
@pytest.mark.usefixtures("folder")
def test_fish_completes(scripted, tmp_path, monkeypatch, words, wanted):
    """So does fish."""
    monkeypatch.setenv("HOME", str(tmp_path))
    line = " ".join(["swarmprov", *words])

    found = said("fish", "--private", "-c", f"source {scripted('fish')}; complete -C '{line}'")

    assert {text.partition("\t")[0].rstrip("/") for text in found} == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("sh", "ow"),
        ("show study.ipynb --ht", "ml"),
        ("load ", "study.swarm"),
        ("verify study.s", "warm"),
        ("verify --require anch", "ored"),
    ],
)
def test_zsh_completes(scripted, folder, tmp_path, words, wanted):
    """zsh, asked by the Tab key of a terminal, completes what is begun."""
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    functions = tmp_path / "zfunc"
    functions.mkdir()
    scripted("zsh").rename(functions / "_swarmprov")
    env = {**os.environ, "PS1": "> ", "TERM": "dumb", "ZDOTDIR": str(tmp_path)}
    (folder / "data").rmdir()
    shell = pexpect.spawn("zsh", ["-f"], cwd=str(folder), env=env, timeout=60, encoding="utf-8", dimensions=(30, 160))
    shell.sendline(f"fpath=({functions} $fpath); autoload -Uz compinit; compinit -u -D; print rea''dy")
    shell.expect("ready")
    shell.expect("> ")
    shell.send(f"swarmprov {words}\t")
    shell.expect(wanted)
    shell.close(force=True)


@pytest.mark.parametrize("shell", shell_completion.SHELLS)
def test_scripts_are_well_formed(scripted, shell):
    """Each shell reads its script to the end."""
    assert said(shell, "-n", str(scripted(shell))) == []


def test_help_names_the_line_that_installs_each(capsys):
    """The help of the command shows one line for each shell."""
    with pytest.raises(SystemExit):
        main(["completion", "--help"])

    lines = capsys.readouterr().out.partition("examples:\n")[2].splitlines()
    assert [line.split()[2] for line in lines if line] == ["bash", "zsh", "fish"]
    assert all(">" in line for line in lines if line)


def test_an_old_shtab_is_told(monkeypatch):
    """A shtab that knows no fish, and none at all, are told in two sentences."""
    import shtab

    from swarmprov_nb.cli import parser

    monkeypatch.setattr(shtab, "SUPPORTED_SHELLS", ["bash", "zsh"])
    with pytest.raises(MissingExtra, match="knows no fish"):
        shell_completion.script(parser(), "fish")
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(MissingExtra, match="need shtab"):
        shell_completion.script(parser(), "bash")
